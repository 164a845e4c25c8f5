"""Writes input.parquet, with pyarrow. Run by hand."""
import pyarrow as pa
import pyarrow.parquet as pq

pq.write_table(pa.table({"id": range(1000)}), "input.parquet")
with open("input.parquet", "r+b") as file:
    bytes = file.read()
    file.seek(0)
    file.truncate()
    file.write(bytes[-600:])
