"""Makes the files of `make bench-load`: clean rows of ten columns as Parquet, which Sluice reads fast.

    load_rows.py fill|delivery --rows N [--part K] [--data DIR]     prints the file's path

`fill` is what the table holds before: N rows with the ids 0 to N - 1 in 30 days, in files of at most 5 million rows, of which
`--part` is the number. `delivery` is what comes into a table of N
rows: a million rows in the last 6 of these days. Half of them have ids that the table has, spread over all of it, and a
quarter of these are older than the table's row; the other half have ids from N on.

A row is made of its number alone (generate.py says how), so every machine makes the same rows.
"""

import argparse
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from generate import COUNTRIES, DATA, DOMAINS, Draws, customer_names, mailbox_names, note_texts

VERSION = 1
DELIVERY_ROWS = 1_000_000
# A file of the fill has no more rows.
PART_ROWS = 5_000_000
KNOWN_ROWS = DELIVERY_ROWS // 2
# One in so many of the known ids comes with a row that is older than the table's.
OLDER_ONE_IN = 4
DAYS = 30
DELIVERY_DAYS = 6
FIRST_DAY = np.datetime64("2026-11-01", "D")
GROUP_ROWS = 500_000
# Whoever draws for one row draws less often than this.
DELIVERY_DRAWS = 32

SCHEMA = pa.schema([
    ("id", pa.int64()),
    ("customer", pa.string()),
    ("email", pa.string()),
    ("country", pa.string()),
    ("store", pa.int16()),
    ("sale_date", pa.date32()),
    ("units", pa.int32()),
    ("amount", pa.decimal128(12, 2)),
    ("note", pa.string()),
    ("updated_at", pa.timestamp("us")),
])


class Texts:
    """What a field can be, written out once."""

    def __init__(self) -> None:
        self.customers = pa.array([name.strip() for name in customer_names()])
        self.mailboxes = pa.array(mailbox_names())
        self.domains = pa.array([f"@{domain}" for domain in DOMAINS])
        self.countries = pa.array(COUNTRIES)
        self.notes = pa.array([None, *note_texts()])


def drawn(draws: Draws, texts: pa.Array) -> pa.Array:
    """One of the texts for each row."""
    return texts.take(pa.array(draws.below(len(texts))))


def amounts(cents: np.ndarray) -> pa.Array:
    """Decimals with two digits, each 16 bytes of which the upper 8 are zero."""
    halves = np.zeros((len(cents), 2), dtype="<i8")
    halves[:, 0] = cents
    return pa.Array.from_buffers(pa.decimal128(12, 2), len(cents), [None, pa.py_buffer(halves)])


def batch(texts: Texts, ids: np.ndarray, days: np.ndarray, newer: np.ndarray, skip: int) -> pa.RecordBatch:
    """Rows with these ids on these days of the month. `newer` is how many days they are changed after the first writing."""
    draws = Draws(ids, skip)
    number = pc.cast(pa.array(draws.below(1000)), pa.string())
    email = pc.binary_join_element_wise(drawn(draws, texts.mailboxes), number, drawn(draws, texts.domains), "")
    note = np.where(draws.one_in(2), 0, draws.below(len(texts.notes)))
    seconds = FIRST_DAY.astype("datetime64[us]") + draws.below(86_400) * np.timedelta64(1, "s")
    columns = [
        pa.array(ids),
        drawn(draws, texts.customers),
        email,
        drawn(draws, texts.countries),
        pa.array(draws.below(400).astype(np.int16)),
        pa.array(FIRST_DAY + days),
        pa.array(draws.below(24).astype(np.int32)),
        amounts(draws.below(100_000)),
        texts.notes.take(pa.array(note)),
        pa.array(seconds + newer * np.timedelta64(1, "D")),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


def fill(texts: Texts, numbers: np.ndarray, _rows: int) -> pa.RecordBatch:
    """Rows of the table as it is before."""
    return batch(texts, numbers, numbers % DAYS, np.full(len(numbers), 10), 0)


def delivery(texts: Texts, numbers: np.ndarray, rows: int) -> pa.RecordBatch:
    """Rows that come into a table of so many."""
    ids = np.where(numbers < KNOWN_ROWS, numbers * rows // KNOWN_ROWS, rows + numbers - KNOWN_ROWS)
    days = DAYS - DELIVERY_DAYS + numbers % DELIVERY_DAYS
    newer = np.where((numbers < KNOWN_ROWS) & (numbers % OLDER_ONE_IN == 0), 5, 15)
    return batch(texts, ids, days, newer, DELIVERY_DRAWS)


def file(what: str, rows: int, part: int, data: Path) -> Path:
    """The file, made unless it is there."""
    first_part, end_part = part * PART_ROWS, min((part + 1) * PART_ROWS, rows)
    make, start, end = {"fill": (fill, first_part, end_part), "delivery": (delivery, 0, DELIVERY_ROWS)}[what]
    path = data / f"load-v{VERSION}-{what}-{rows}-{part}.parquet"
    if not path.exists():
        data.mkdir(parents=True, exist_ok=True)
        unfinished, texts = path.with_name(path.name + ".part"), Texts()
        with pq.ParquetWriter(unfinished, SCHEMA, compression="snappy") as writer:
            for first in range(start, end, GROUP_ROWS):
                writer.write_batch(make(texts, np.arange(first, min(first + GROUP_ROWS, end)), rows))
        os.replace(unfinished, path)
    return path


def main() -> None:
    """Makes one file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["fill", "delivery"])
    parser.add_argument("--rows", type=int, required=True, help="of the table")
    parser.add_argument("--part", type=int, default=0, help="of the fill")
    parser.add_argument("--data", type=Path, default=DATA)
    options = parser.parse_args()
    print(file(options.what, options.rows, options.part, options.data))


if __name__ == "__main__":
    main()
