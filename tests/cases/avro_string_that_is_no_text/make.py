"""Writes input.avro, with fastavro. Run by hand."""
import fastavro

schema = {"type": "record", "name": "row", "fields": [{"name": "id", "type": "int"}, {"name": "name", "type": "string"}]}
rows = [{"id": 1, "name": "Zoë"}, {"id": 2, "name": "Zo?"}, {"id": 3, "name": "a!b"}, {"id": 4, "name": ""}]
with open("input.avro", "wb") as out:
    fastavro.writer(out, schema, rows)
with open("input.avro", "r+b") as file:
    bytes = file.read()
    file.seek(0)
    file.write(bytes.replace(b"Zo?", b"Zo\xeb").replace(b"a!b", b"a\0b"))
