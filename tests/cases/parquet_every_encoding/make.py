"""Writes the inputs, with pyarrow. Run by hand."""
import pyarrow as pa
import pyarrow.parquet as pq

numbers = range(20)
texts = [None if n % 5 == 0 else f"text {n // 3}" for n in numbers]
table = pa.table({
    "plain": texts, "dict": texts, "delta": [None if n % 7 == 0 else n**9 * (-1) ** n for n in numbers], "length": texts,
    "shared": texts, "split": [n / 3 for n in numbers], "flag": [n % 3 == 0 for n in numbers],
})
encodings = {"plain": "PLAIN", "delta": "DELTA_BINARY_PACKED", "length": "DELTA_LENGTH_BYTE_ARRAY",
             "shared": "DELTA_BYTE_ARRAY", "split": "BYTE_STREAM_SPLIT"}
for version in ["1.0", "2.0"]:
    pq.write_table(table, f"input_{version}.parquet", use_dictionary=["dict"], data_page_version=version,
                   column_encoding={**encodings, "flag": "RLE" if version == "2.0" else "PLAIN"})
