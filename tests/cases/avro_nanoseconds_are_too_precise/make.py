"""Writes input.avro, with fastavro. Run by hand."""
import fastavro

schema = {"type": "record", "name": "row", "fields": [
    {"name": "id", "type": "int"},
    {"name": "at", "type": {"type": "long", "logicalType": "timestamp-nanos"}}]}
rows = [{"id": 1, "at": 1_700_000_000_123_456_000}, {"id": 2, "at": 1_700_000_000_123_456_789}, {"id": 3, "at": -1}]
with open("input.avro", "wb") as out:
    fastavro.writer(out, schema, rows)
