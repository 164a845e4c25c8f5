"""Writes input.avro, with fastavro. Run by hand."""
import io

import fastavro

schema = {"type": "record", "name": "row", "fields": [{"name": "id", "type": "int"}]}
with open("input.avro", "wb") as out:
    for id in [1, 2]:
        file = io.BytesIO()
        fastavro.writer(file, schema, [{"id": id}])
        out.write(file.getvalue())
