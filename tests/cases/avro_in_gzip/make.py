"""Writes input.avro, with fastavro. Run by hand."""
import gzip

import fastavro


schema = {"type": "record", "name": "row", "fields": [{"name": "id", "type": "int"}]}
with gzip.open("input.avro", "wb") as out:
    fastavro.writer(out, schema, [{"id": id} for id in range(5)], codec="deflate")
