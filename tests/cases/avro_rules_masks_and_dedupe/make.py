"""Writes input.avro, with fastavro. Run by hand."""
from datetime import datetime, timezone

import fastavro


schema = {"type": "record", "name": "row", "fields": [
    {"name": "id", "type": ["null", "long"]}, {"name": "name", "type": "string"}, {"name": "email", "type": ["null", "string"]},
    {"name": "price", "type": ["null", "double"]}, {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}}]}
def row(id, name, email, price, day):
    return {"id": id, "name": name, "email": email, "price": price, "at": datetime(2024, 1, day, tzinfo=timezone.utc)}
rows = [row(1, "  Zoë ", "zoe@example.org", 0.125, 1), row(2, "-", None, None, 2), row(1, "n/a", "z", 1, 3), row(None, "x", "secret", 1, 4)]
with open("input.avro", "wb") as out:
    fastavro.writer(out, schema, rows)
