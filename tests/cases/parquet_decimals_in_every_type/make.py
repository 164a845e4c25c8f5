"""Writes input.parquet, with pyarrow. Run by hand."""
from decimal import Decimal, getcontext

import pyarrow as pa
import pyarrow.parquet as pq

getcontext().prec = 80
table = pa.table({
    "a": pa.array([Decimal("-0.01"), Decimal("9999999.99"), None], pa.decimal128(9, 2)),
    "b": pa.array([Decimal("-99999999999999.9999"), Decimal("0.0001"), Decimal("1")], pa.decimal128(18, 4)),
    "c": pa.array([Decimal("-1"), Decimal(10**35) + Decimal("0.25"), Decimal("0.00")], pa.decimal128(38, 2)),
    "d": pa.array([Decimal(-5), Decimal(10**38 - 1), Decimal(10**70)], pa.decimal256(76, 0)),
})
pq.write_table(table, "input_1.parquet", store_decimal_as_integer=True)
pq.write_table(table, "input_2.parquet", store_decimal_as_integer=False, use_dictionary=False)
