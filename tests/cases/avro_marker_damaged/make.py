"""Writes input.avro, with fastavro. Run by hand."""
import fastavro

schema = {"type": "record", "name": "row", "fields": [{"name": "id", "type": "int"}]}
with open("input.avro", "wb") as out:
    fastavro.writer(out, schema, [{"id": id} for id in range(100)], sync_interval=40, sync_marker=b"0123456789abcdef")
with open("input.avro", "r+b") as file:
    file.seek(-200, 2)
    tail = file.read()
    file.seek(-200, 2)
    file.write(tail.replace(b"0123456789abcdef", b"0123456789abcdeF", 1))
