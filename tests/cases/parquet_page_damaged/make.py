"""Writes input.parquet, with pyarrow. Run by hand."""
import pyarrow as pa
import pyarrow.parquet as pq

table = pa.table({"id": pa.array(range(1000), pa.int64())})
pq.write_table(table, "input.parquet", write_page_checksum=True, compression="none", use_dictionary=False)
with open("input.parquet", "r+b") as file:
    file.seek(2000)
    file.write(b"\x01")
