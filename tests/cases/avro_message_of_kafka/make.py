"""Writes input.avro, with fastavro. Run by hand."""
import fastavro

schema = {"type": "record", "name": "row", "fields": [{"name": "id", "type": "int"}]}
with open("input.avro", "wb") as out:
    out.write(b"\0" + (17).to_bytes(4, "big"))
    fastavro.schemaless_writer(out, schema, {"id": 1})
