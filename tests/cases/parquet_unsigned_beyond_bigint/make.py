"""Writes input.parquet, with pyarrow. Run by hand."""
import pyarrow as pa
import pyarrow.parquet as pq

numbers = pa.array([0, 2**63 - 1, 2**63, 2**64 - 1], pa.uint64())
pq.write_table(pa.table({"a": numbers, "b": numbers}), "input_1.parquet")
pq.write_table(pa.table({"a": pa.array([1], pa.uint64()), "b": pa.array([2**64 - 1], pa.uint64())}), "input_2.parquet")
