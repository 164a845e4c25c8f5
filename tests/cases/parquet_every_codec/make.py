"""Writes the inputs, with pyarrow. Run by hand."""
import pyarrow as pa
import pyarrow.parquet as pq

for number, codec in enumerate(["none", "snappy", "gzip", "zstd", "lz4"]):
    table = pa.table({"id": [number, None], "name": [codec * 5, None]})
    for version in ["1.0", "2.0"]:
        pq.write_table(table, f"input_{number}_{codec}_{version}.parquet", compression=codec, data_page_version=version)
