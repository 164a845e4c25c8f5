"""Writes input.parquet, with pyarrow. Run by hand."""
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq

record = pa.struct([("a", pa.int64()), ("b", pa.list_(pa.struct([("c", pa.string()), ("d", pa.binary())]))), ("at", pa.timestamp("ms"))])
table = pa.table({
    "id": range(4),
    "list": pa.array([None, [], [None], [0.5, None, 1e300]], pa.list_(pa.float64())),
    "map": pa.array([None, [], [("k", None), ("say \"x\"", 1)], [("", 2)]], pa.map_(pa.string(), pa.int32())),
    "record": pa.array([None, {"a": None, "b": None, "at": None}, {"a": 1, "b": [], "at": datetime(2024, 2, 29)},
                        {"a": 2, "b": [{"c": "x", "d": b"\x00\xff"}, None], "at": None}], record),
    "deep": pa.array([None, [], [[], None, [[1], []]], [[[None, 2]]]], pa.list_(pa.list_(pa.list_(pa.int8())))),
})
pq.write_table(table, "input.parquet")
