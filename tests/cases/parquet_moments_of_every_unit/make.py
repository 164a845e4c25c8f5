"""Writes input.parquet, with pyarrow. Run by hand."""
import pyarrow as pa
import pyarrow.parquet as pq

def column(values, kind):
    return pa.array(values, pa.int64()).cast(kind)

table = pa.table({
    "ms": column([-1, 0, 0], pa.timestamp("ms")),
    "us": column([-1, 1_700_000_000_123_456, 0], pa.timestamp("us")),
    "ns": column([-1000, 1_700_000_000_123_456_000, 0], pa.timestamp("ns")),
    "utc": column([0, 1, 0], pa.timestamp("us", "Asia/Tokyo")),
    "far": column([0, 0, 2**62], pa.timestamp("us")),
})
pq.write_table(table, "input.parquet")
