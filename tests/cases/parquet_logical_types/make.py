"""Writes input.parquet, with pyarrow. Run by hand."""
from datetime import date, datetime, time
from decimal import Decimal
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq

def column(kind, *values):
    return pa.array([*values, None], kind)

table = pa.table({
    "tiny": column(pa.int8(), -128, 127),
    "u32": column(pa.uint32(), 0, 2**32 - 1),
    "flag": column(pa.bool_(), True, False),
    "half": column(pa.float16(), 0.5, -65504.0),
    "float": column(pa.float32(), 0.1, 3e38),
    "price": column(pa.decimal128(9, 2), Decimal("1.50"), Decimal("-9999999.99")),
    "wide": column(pa.decimal128(38, 10), Decimal("1e-10"), Decimal("-1234567890123456789012345678.0123456789")),
    "day": column(pa.date32(), date(1969, 12, 31), date(9999, 12, 31)),
    "t_ms": column(pa.time32("ms"), time(0), time(23, 59, 59, 999000)),
    "t_ns": column(pa.time64("ns"), time(12), time(0, 0, 0, 1)),
    "at": column(pa.timestamp("us"), datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999999)),
    "text": column(pa.string(), "", "Zoë"),
    "uuid": column(pa.uuid(), UUID(int=1).bytes, UUID(int=2**128 - 1).bytes),
    "fixed": column(pa.binary(3), b"abc", b"xyz"),
})
pq.write_table(table, "input.parquet")
