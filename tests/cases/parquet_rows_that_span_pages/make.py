"""Writes input.parquet, with pyarrow. Run by hand."""
import pyarrow as pa
import pyarrow.parquet as pq

table = pa.table({
    "id": range(40),
    "list": pa.array([[n] * (n % 7) for n in range(40)], pa.list_(pa.int32())),
    "pair": pa.array([[{"a": n, "b": "b" * (n % 5)} for _ in range(n % 11)] for n in range(40)],
                     pa.list_(pa.struct([("a", pa.int64()), ("b", pa.string())]))),
})
pq.write_table(table, "input_1.parquet", data_page_size=16, write_batch_size=5, use_dictionary=False)
pq.write_table(table, "input_2.parquet", data_page_size=16, write_batch_size=5, use_dictionary=True, data_page_version="2.0")
