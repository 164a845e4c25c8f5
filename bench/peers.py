"""The same work as Sluice's, by others: each reads the messy sales file, cleans it and drops bad and repeated rows.

    peers.py duckdb csv|json INPUT OUT     DuckDB with two threads; writes OUT/dt=<day>/*.parquet, compressed with snappy
    peers.py lxml xml INPUT OUT            a loop over lxml's iterparse; writes no rows (in its favour)

Prints one line of JSON: `seconds`, counted from when the libraries are loaded, `accepted`, and what else is known.

A row is bad when its id or its date is missing, or when a field is not what its type says. Of the rows with one id it
does not matter which is kept (see generate.py), so both may take whichever is cheapest for them.
"""

import json
import sys
import time
from pathlib import Path

COLUMNS = ["id", "customer", "email", "country", "store", "sale_date", "units", "amount", "note", "updated_at"]


def duckdb_query(form: str, path: str, out: str) -> str:
    """The fastest of the ways that were tried, all with the same result; bench/README.md says which they were."""
    columns = "{" + ", ".join(f"'{column}': 'VARCHAR'" for column in COLUMNS) + "}"
    source = {
        "csv": f"""read_csv('{path}', header = true, auto_detect = false, delim = ',', quote = '"', escape = '"',
            columns = {columns})""",
        "json": f"read_json('{path}', format = 'newline_delimited', columns = {columns})",
    }[form]
    return f"""
        COPY (
            SELECT DISTINCT ON (id) {", ".join(COLUMNS)}, sale_date AS dt
            FROM (
                SELECT
                    try_cast(id AS BIGINT) AS id,
                    lower(trim(customer)) AS customer,
                    lower(trim(email)) AS email,
                    lower(trim(country)) AS country,
                    try_cast(store AS SMALLINT) AS store,
                    CASE WHEN substr(sale_date, 5, 1) = '-' THEN try_cast(sale_date AS DATE)
                        ELSE CAST(try_strptime(sale_date, '%d/%m/%Y') AS DATE) END AS sale_date,
                    try_cast(units AS INTEGER) AS units,
                    try_cast(amount AS DECIMAL(12, 2)) AS amount,
                    trim(note) AS note,
                    try_cast(updated_at AS TIMESTAMP) AS updated_at,
                    store AS store_text, units AS units_text, amount AS amount_text, updated_at AS updated_text
                FROM {source}
            )
            WHERE id IS NOT NULL AND sale_date IS NOT NULL
                AND (store IS NOT NULL OR store_text IS NULL)
                AND (units IS NOT NULL OR units_text IS NULL)
                AND (amount IS NOT NULL OR amount_text IS NULL)
                AND (updated_at IS NOT NULL OR updated_text IS NULL)
        ) TO '{out}/lake' (FORMAT parquet, COMPRESSION snappy, PARTITION_BY (dt))
    """


def by_duckdb(form: str, path: str, out: str) -> dict:
    """DuckDB, free to keep no order."""
    import duckdb

    started = time.perf_counter()
    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    connection.execute("SET preserve_insertion_order = false")
    (accepted,) = connection.execute(duckdb_query(form, path, out)).fetchone()
    return {"seconds": time.perf_counter() - started, "accepted": accepted}


def by_lxml(form: str, path: str, _out: str) -> dict:
    """One row after the other. Fields are taken by their position, which is quicker than by their names."""
    from datetime import date, datetime
    from decimal import Decimal, InvalidOperation

    from lxml import etree

    assert form == "xml", f"lxml reads no {form}"

    def typed(texts: list[str | None]) -> tuple:
        key, customer, email, country, store, day, units, amount, note, updated_at = texts
        return (
            int(key),
            customer and customer.strip().lower(),
            email and email.strip().lower(),
            country and country.strip().lower(),
            store and int(store),
            date.fromisoformat(day if day[4:5] == "-" else f"{day[6:]}-{day[3:5]}-{day[:2]}"),
            units and int(units),
            amount and Decimal(amount),
            note and note.strip(),
            updated_at and datetime.fromisoformat(updated_at),
        )

    started = time.perf_counter()
    read = rejected = duplicate = 0
    seen, days = set(), {}
    for _, sale in etree.iterparse(path, tag="sale"):
        read += 1
        texts = [field.text for field in sale]
        sale.clear()
        while sale.getprevious() is not None:
            del sale.getparent()[0]
        try:
            row = typed(texts)
        except (ValueError, TypeError, InvalidOperation):
            rejected += 1
            continue
        if row[0] in seen:
            duplicate += 1
            continue
        seen.add(row[0])
        rows, total = days.get(row[5], (0, Decimal(0)))
        days[row[5]] = rows + 1, total + (row[7] or 0)
    return {
        "seconds": time.perf_counter() - started,
        "read": read,
        "accepted": len(seen),
        "rejected": rejected,
        "duplicate": duplicate,
        "days": {str(day): [rows, str(total)] for day, (rows, total) in sorted(days.items())},
    }


PEERS = {"duckdb": by_duckdb, "lxml": by_lxml}


def main() -> None:
    """One peer, one file."""
    if len(sys.argv) != 5 or sys.argv[1] not in PEERS or not Path(sys.argv[3]).is_file():
        sys.exit(__doc__)
    peer, form, path, out = sys.argv[1:]
    print(json.dumps(PEERS[peer](form, path, out)))


if __name__ == "__main__":
    main()
