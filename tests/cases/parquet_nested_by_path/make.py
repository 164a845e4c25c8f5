"""Writes input.parquet, with pyarrow. Run by hand."""
import pyarrow as pa
import pyarrow.parquet as pq

land = pa.struct([("code", pa.string())])
home = pa.struct([pa.field("city", pa.string()), pa.field("land", land), pa.field("must", pa.int32(), nullable=False)])
rows = [
    {"city": "Bonn", "land": {"code": "de"}, "must": 7},
    {"city": None, "land": None, "must": 8},
    None,
    {"city": "", "land": {"code": None}, "must": 0},
]
table = pa.table({"ID": range(4), "home": pa.array(rows, home)})
pq.write_table(table, "input.parquet")
