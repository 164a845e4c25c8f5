"""Writes input.avro, with fastavro. Run by hand."""
import fastavro

schema = {"type": "record", "name": "row", "fields": [{"name": "id", "type": "int"}]}
with open("input.avro", "wb") as out:
    fastavro.writer(out, schema, [])
