"""Writes input.parquet, with pyarrow. Run by hand."""
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq

moments = [datetime(9999, 12, 31, 23, 59, 59, 999999), datetime(1, 1, 1), datetime(1970, 1, 1), datetime(1816, 3, 29, 5, 56, 8, 66277), None]
table = pa.table({"id": range(5), "at": pa.array(moments, pa.timestamp("us"))})
pq.write_table(table, "input_1.parquet", use_deprecated_int96_timestamps=True)
nanos = pa.array([1, 1_700_000_000_123_456_000, -1], pa.int64()).cast(pa.timestamp("ns"))
pq.write_table(pa.table({"id": range(3), "at": nanos}), "input_2.parquet", use_deprecated_int96_timestamps=True, use_dictionary=False)
