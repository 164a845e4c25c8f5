"""Writes input.parquet. Run by hand."""
with open("input.parquet", "w") as out:
    out.write("id\n" + "1\n" * 20)
