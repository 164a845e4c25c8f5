"""Writes input.parquet, with pyarrow. Run by hand."""
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq


table = pa.table({
    "id": [1, 2, 1, None], "name": ["  Zoë ", "-", "n/a", "x"], "email": ["zoe@example.org", None, "z", "secret"],
    "price": [0.125, None, 1.0, 1.0], "at": pa.array([datetime(2024, 1, day) for day in [1, 2, 3, 4]], pa.timestamp("ms")),
})
pq.write_table(table, "input.parquet", row_group_size=2)
