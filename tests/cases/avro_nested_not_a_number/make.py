"""Writes input.avro, with fastavro. Run by hand."""
import fastavro


schema = {"type": "record", "name": "row", "fields": [
    {"name": "id", "type": "int"}, {"name": "list", "type": {"type": "array", "items": "float"}}, {"name": "x", "type": "double"}]}
rows = [{"id": 1, "list": [0.1], "x": 1}, {"id": 2, "list": [1, float("nan")], "x": 1}, {"id": 3, "list": [], "x": float("inf")}]
with open("input.avro", "wb") as out:
    fastavro.writer(out, schema, rows)
