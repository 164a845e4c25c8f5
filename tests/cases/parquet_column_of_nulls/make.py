"""Writes input.parquet, with pyarrow. Run by hand."""
import pyarrow as pa
import pyarrow.parquet as pq

table = pa.table({"id": [1, 2], "a": pa.nulls(2), "b": pa.array([None, None], pa.string())})
pq.write_table(table, "input.parquet")
