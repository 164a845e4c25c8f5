"""Writes input.parquet, with pyarrow. Run by hand."""
import pyarrow as pa
import pyarrow.parquet as pq

table = pa.table({"id": [n * 1000 for n in range(30, 37)], "color": ["red", "red", None, "red", "red", "red", "green"]})
pq.write_table(table, "input.parquet", row_group_size=3)
