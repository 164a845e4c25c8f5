"""Writes input.parquet, with pyarrow. Run by hand."""
import pyarrow as pa
import pyarrow.parquet as pq


people = pa.array([{"name": "a", "age": 1}, None, {"name": None, "age": 3}])
pq.write_table(pa.table({"person": people}), "input.parquet", row_group_size=1)
