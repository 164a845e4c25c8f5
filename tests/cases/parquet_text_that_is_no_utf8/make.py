"""Writes input.parquet, with pyarrow. Run by hand."""
import pyarrow as pa
import pyarrow.parquet as pq

names = pa.array([b"Bonn", b"K\xf6ln", b"Ulm", b"K\xf6ln"], pa.binary())
names = pa.Array.from_buffers(pa.string(), 4, names.buffers())
pq.write_table(pa.table({"id": range(4), "name": names}), "input.parquet")
