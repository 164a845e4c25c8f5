"""Writes input.parquet, with pyarrow. Run by hand."""
import pyarrow as pa
import pyarrow.parquet as pq

names = [b"Bonn", "Köln".encode(), "Köln".encode("latin-1"), b"", None, b"a\0b"]
pq.write_table(pa.table({"id": range(6), "name": pa.array(names, pa.binary())}), "input.parquet")
