"""Writes the inputs, with pyarrow. Run by hand."""
import pyarrow as pa
import pyarrow.parquet as pq

schema = pa.schema([("id", pa.int64())])
pq.write_table(schema.empty_table(), "input_1.parquet")
pq.ParquetWriter("input_2.parquet", schema).close()
with pq.ParquetWriter("input_3.parquet", schema) as writer:
    for ids in [[], [1, 2], [], [3]]:
        writer.write_table(pa.table({"id": pa.array(ids, pa.int64())}))
