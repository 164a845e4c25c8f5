"""Writes input.parquet, with pyarrow. Run by hand."""
import pyarrow as pa
import pyarrow.parquet as pq

days = pa.array([-719162, 2932896, -719163, 2932897, 2**31 - 1, -2**31], pa.int32()).cast(pa.date32())
pq.write_table(pa.table({"id": range(6), "day": days}), "input.parquet")
