"""Writes input.avro, with fastavro. Run by hand."""
from decimal import Decimal

import fastavro

tree = {"type": "record", "name": "tree", "fields": [
    {"name": "value", "type": ["null", {"type": "bytes", "logicalType": "decimal", "precision": 5, "scale": 2}]},
    {"name": "children", "type": {"type": "array", "items": "tree"}}]}
schema = {"type": "record", "name": "row", "fields": [
    {"name": "id", "type": "int"},
    {"name": "tags", "type": {"type": "array", "items": ["null", "string", "int"]}},
    {"name": "map", "type": {"type": "map", "values": ["null", "double", "bytes"]}},
    {"name": "tree", "type": tree},
]}
leaf = {"value": None, "children": []}
rows = [
    {"id": 1, "tags": ["a", None, 3, 'say "x"\n'], "map": {"k": 0.1, "z": None, "": b"\x00\xff"},
     "tree": {"value": Decimal("-1.50"), "children": [leaf, {"value": Decimal("0"), "children": [leaf]}]}},
    {"id": 2, "tags": [], "map": {}, "tree": leaf},
]
with open("input.avro", "wb") as out:
    fastavro.writer(out, schema, rows)
