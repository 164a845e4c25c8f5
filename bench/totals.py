"""What is in a folder of Parquet files, day by day, so that the results of two programs can be compared.

    totals.py FOLDER

Prints one line of JSON: `days`, each with its rows, the sum of its amounts, and a fingerprint of all its rows: the sum of
a hash of every row's ten fields, which no order of rows or of files changes.
"""

import json
import sys
from pathlib import Path

import duckdb

QUERY = """
    SELECT dt, count(*), CAST(coalesce(sum(amount), 0) AS VARCHAR), CAST(sum(CAST(hash(
        CAST(id AS BIGINT), CAST(customer AS VARCHAR), CAST(email AS VARCHAR), CAST(country AS VARCHAR),
        CAST(store AS SMALLINT), CAST(sale_date AS DATE), CAST(units AS INTEGER), CAST(amount AS DECIMAL(12, 2)),
        CAST(note AS VARCHAR), CAST(updated_at AS TIMESTAMP)
    ) AS HUGEINT)) AS VARCHAR)
    FROM read_parquet(?, hive_partitioning = true, hive_types = {'dt': VARCHAR})
    GROUP BY dt ORDER BY dt
"""


def main() -> None:
    """One folder."""
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        sys.exit(__doc__)
    rows = duckdb.execute(QUERY, [f"{sys.argv[1]}/**/*.parquet"]).fetchall()
    print(json.dumps({"days": {day: [count, amount, fingerprint] for day, count, amount, fingerprint in rows}}))


if __name__ == "__main__":
    main()
