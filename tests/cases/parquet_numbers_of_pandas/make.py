"""Writes input.parquet, with pyarrow. Run by hand."""
import pyarrow as pa
import pyarrow.parquet as pq

table = pa.table({
    "id": pa.array([1.0, None, 2.0, 2.5, 1e15], pa.float64()),
    "price": pa.array([0.1, 19.99, None, 1.0, 0.005], pa.float32()),
    "ratio": pa.array([1e-300, 0.1 + 0.2, float("nan"), None, -0.0], pa.float64()),
    "__index_level_0__": range(5),
})
pq.write_table(table, "input.parquet")
