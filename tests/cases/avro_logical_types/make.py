"""Writes input.avro, with fastavro. Run by hand."""
from datetime import date, datetime, time, timezone
from decimal import Decimal
from uuid import UUID

import fastavro

def logical(kind, name, **more):
    return {"type": kind, "logicalType": name, **more}

fixed = {"type": "fixed", "name": "f16", "size": 16, "logicalType": "decimal", "precision": 20, "scale": 5}
schema = {"type": "record", "name": "row", "fields": [
    {"name": "id", "type": "int"},
    {"name": "bytes_dec", "type": logical("bytes", "decimal", precision=10, scale=2)},
    {"name": "fixed_dec", "type": fixed},
    {"name": "day", "type": logical("int", "date")},
    {"name": "t_millis", "type": logical("int", "time-millis")},
    {"name": "t_micros", "type": logical("long", "time-micros")},
    {"name": "at_millis", "type": logical("long", "timestamp-millis")},
    {"name": "at_micros", "type": logical("long", "timestamp-micros")},
    {"name": "at_nanos", "type": logical("long", "timestamp-nanos")},
    {"name": "local", "type": logical("long", "local-timestamp-micros")},
    {"name": "uuid_text", "type": logical("string", "uuid")},
]}
moment = datetime(2024, 2, 29, 23, 59, 59, 999000, tzinfo=timezone.utc)
micros = moment.replace(microsecond=999999)
rows = [
    {"id": 1, "bytes_dec": Decimal("12345678.90"), "fixed_dec": Decimal("-0.00001"), "day": date(1969, 12, 31),
     "t_millis": time(23, 59, 59, 999000), "t_micros": time(0, 0, 0, 1), "at_millis": moment, "at_micros": micros,
     "at_nanos": 1709251199999999000, "local": datetime(1900, 1, 1), "uuid_text": UUID(int=7)},
    {"id": -2, "bytes_dec": Decimal("-0.01"), "fixed_dec": Decimal("999999999999999.99999"), "day": date(1, 1, 1),
     "t_millis": time(0), "t_micros": time(12), "at_millis": datetime(1, 1, 1, tzinfo=timezone.utc), "at_micros": micros,
     "at_nanos": -1000, "local": datetime(9999, 12, 31, 23, 59, 59, 999999), "uuid_text": UUID(int=2**128 - 1)},
]
with open("input.avro", "wb") as out:
    fastavro.writer(out, schema, rows)
