"""Writes the inputs, with fastavro, cramjam and zstandard. Run by hand."""
import io
import zlib

import fastavro

schema = {"type": "record", "name": "row", "fields": [{"name": "id", "type": "int"}, {"name": "name", "type": "string"}]}
for number, codec in enumerate(["null", "deflate", "snappy", "zstandard", "bzip2"]):
    with open(f"input_{number}_{codec}.avro", "wb") as out:
        fastavro.writer(out, schema, [{"id": number, "name": codec * 5}] * 2, codec=codec)

def long(value):
    out = b""
    value = (value << 1) ^ (value >> 63)
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])

# apache/avro's library for Python cuts zlib's header and one byte of four of its checksum.
plain = io.BytesIO()
fastavro.writer(plain, schema, [], codec="deflate", sync_marker=b"0123456789abcdef")
row = io.BytesIO()
fastavro.schemaless_writer(row, schema, {"id": 5, "name": "deflate, by avro"})
block = zlib.compress(row.getvalue())[2:-1]
with open("input_5_python.avro", "wb") as out:
    out.write(plain.getvalue() + long(1) + long(len(block)) + block + b"0123456789abcdef")
