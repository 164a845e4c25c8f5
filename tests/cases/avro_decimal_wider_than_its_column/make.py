"""Writes input.avro, with fastavro. Run by hand."""
from decimal import Decimal, getcontext

import fastavro

getcontext().prec = 60
schema = {"type": "record", "name": "row", "fields": [
    {"name": "id", "type": "int"},
    {"name": "a", "type": {"type": "bytes", "logicalType": "decimal", "precision": 20, "scale": 3}},
    {"name": "b", "type": {"type": "fixed", "name": "f", "size": 20, "logicalType": "decimal", "precision": 46, "scale": 0}}]}
most = Decimal(10**38 - 1)
rows = [
    {"id": 1, "a": Decimal("999.990"), "b": most},
    {"id": 2, "a": Decimal("999.999"), "b": most},
    {"id": 3, "a": Decimal("-1000"), "b": most},
    {"id": 4, "a": Decimal("-0.010"), "b": Decimal(10**38)},
    {"id": 5, "a": Decimal("0"), "b": -most},
]
with open("input.avro", "wb") as out:
    fastavro.writer(out, schema, rows)
