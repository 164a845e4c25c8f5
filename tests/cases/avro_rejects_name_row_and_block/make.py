"""Writes input.avro, with fastavro. Run by hand."""
import fastavro

schema = {"type": "record", "name": "row", "fields": [
    {"name": "id", "type": "long"},
    {"name": "color", "type": ["null", {"type": "enum", "name": "c", "symbols": ["RED", "ULTRAMARINE"]}]}]}
rows = [{"id": id * 1000, "color": "RED"} for id in range(30, 36)]
rows[1]["color"] = None
rows += [{"id": 1, "color": "ULTRAMARINE"}]
with open("input.avro", "wb") as out:
    fastavro.writer(out, schema, rows, sync_interval=8)
