"""Writes input.avro, with fastavro. Run by hand."""
import fastavro

schema = {"type": "record", "name": "row", "fields": [
    {"name": "id", "type": "int"}, {"name": "text", "type": ["null", "string"]}, {"name": "number", "type": ["null", "string"]}]}
rows = [{"id": 1, "text": "", "number": ""}, {"id": 2, "text": None, "number": None}, {"id": 3, "text": " ", "number": "3"}]
with open("input.avro", "wb") as out:
    fastavro.writer(out, schema, rows)
