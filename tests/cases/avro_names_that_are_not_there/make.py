"""Writes input.avro, with fastavro. Run by hand."""
import fastavro

schema = {"type": "record", "name": "row", "fields": [
    {"name": "Id", "type": "int"}, {"name": "customer", "type": "string"}, {"name": "more", "type": "string"},
    {"name": "address", "type": {"type": "record", "name": "a", "fields": [{"name": "city", "type": "string"}]}}]}
with open("input.avro", "wb") as out:
    fastavro.writer(out, schema, [{"Id": 1, "customer": "c", "more": "", "address": {"city": "x"}}])
