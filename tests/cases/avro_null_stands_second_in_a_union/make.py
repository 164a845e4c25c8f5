"""Writes input.avro, with fastavro. Run by hand."""
import fastavro

schema = {"type": "record", "name": "row", "fields": [
    {"name": "a", "type": ["null", "long"]},
    {"name": "b", "type": ["long", "null"]},
    {"name": "c", "type": ["boolean", "null", "string", "double"]},
]}
rows = [{"a": 1, "b": None, "c": "text"}, {"a": None, "b": 2, "c": 1.5}, {"a": 3, "b": 3, "c": True}, {"a": None, "b": None, "c": None}]
with open("input.avro", "wb") as out:
    fastavro.writer(out, schema, rows)
