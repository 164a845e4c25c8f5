"""Writes input.avro, with fastavro. Run by hand."""
import fastavro

schema = {"type": "record", "name": "row", "fields": [{"name": "id", "type": "int"}]}
with open("input.avro", "wb") as out:
    fastavro.writer(out, schema, [{"id": id} for id in range(100)], sync_interval=40)
    out.truncate(out.tell() - 20)
