"""Writes input.avro, with fastavro. Run by hand."""
import fastavro


schema = {"type": "record", "name": "row", "fields": [
    {"name": "id", "type": "int"}, {"name": "bytes", "type": ["null", "bytes"]},
    {"name": "fixed", "type": {"type": "fixed", "name": "f3", "size": 3}}, {"name": "text", "type": "bytes"},
    {"name": "duration", "type": {"type": "fixed", "name": "f12", "size": 12, "logicalType": "duration"}}]}
months = (14).to_bytes(4, "little") + (3).to_bytes(4, "little") + (1500).to_bytes(4, "little")
rows = [
    {"id": 1, "bytes": b"\x00\xff", "fixed": b"abc", "text": "Köln".encode(), "duration": months},
    {"id": 2, "bytes": b"", "fixed": b"\0\0\0", "text": b"", "duration": bytes(12)},
    {"id": 3, "bytes": None, "fixed": b"abc", "text": "Köln".encode("latin-1"), "duration": months},
    {"id": 4, "bytes": b"12345", "fixed": b"abc", "text": b"x", "duration": months},
]
with open("input.avro", "wb") as out:
    fastavro.writer(out, schema, rows)
