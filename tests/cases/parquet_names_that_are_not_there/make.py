"""Writes input.parquet, with pyarrow. Run by hand."""
import pyarrow as pa
import pyarrow.parquet as pq

table = pa.table([pa.array([1]), pa.array([1]), pa.array([1]), pa.array([{"c": 1}])], names=["Id", "ID", "amount", "a"])
pq.write_table(table, "input.parquet")
