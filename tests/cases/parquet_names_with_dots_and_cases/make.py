"""Writes input.parquet, with pyarrow. Run by hand."""
import pyarrow as pa
import pyarrow.parquet as pq

table = pa.table([pa.array([1]), pa.array([{"b": 2}]), pa.array([3]), pa.array([4]), pa.array([5]), pa.array([6])],
                 names=["a.b", "a", "x", "X", " Order No ", "__index_level_0__"])
pq.write_table(table, "input.parquet")
