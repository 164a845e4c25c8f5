"""Writes input.parquet, with pyarrow. Run by hand."""
import pyarrow as pa
import pyarrow.parquet as pq

pq.write_table(pa.table({"id": [1]}), "input.parquet", compression="brotli")
