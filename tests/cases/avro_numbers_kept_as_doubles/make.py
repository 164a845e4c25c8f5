"""Writes input.avro, with fastavro. Run by hand."""
import fastavro

schema = {"type": "record", "name": "row", "fields": [{"name": "id", "type": ["null", "double"]}, {"name": "price", "type": "float"}]}
rows = [{"id": 1.0, "price": 0.1}, {"id": None, "price": 16777216.0}, {"id": 2.5, "price": 1}, {"id": float("nan"), "price": 1},
        {"id": 9007199254740993.0, "price": 1.005}]
with open("input.avro", "wb") as out:
    fastavro.writer(out, schema, rows)
