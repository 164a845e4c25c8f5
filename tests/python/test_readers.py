"""Ugly files, made from fixed seeds, read by `sluice try` and by readers that owe it nothing: rows and texts are the same.

Every column is a varchar, so that what is compared is the text of each field. Many files go into one process. Broken
files go one into each: there is no one right reading of them, but every row is accounted for and the process ends well.
"""

import csv
import io
import json
import random
import subprocess
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import duckdb
import pyarrow.csv
import pyarrow.parquet
import pytest
from conftest import PATIENCE_SECONDS, SLUICE

FILES = 150
BROKEN = 25
COLUMNS = ("a", "b", "c")

# What fields are made of. A lone quote is not here: what it means unquoted is not agreed upon.
TEXTS = ["", "", "x", "0", "1.50", " ", "  x ", "NULL", "null", "é", "ẞ", "日本", "😀", "e\u0301", "\u00a0", "\u2028", "\u0085"]
TEXTS += ["\ufeff", "-", "a b", "#", "\\", "\\n", "&", "<", ">", "]]", "{", "[", ":", "'", "/", "=", "\t", "x" * 300]
FOR_CSV = [*TEXTS, ",", ";", '"', '""', "\n", "\r\n", "\r", "\n\n", ",,", '","', '\n"']

Row = tuple[str | None, ...]
Files = list[tuple[bytes, list[Row]]]


def text_of(chance: random.Random, pieces: list[str]) -> str:
    return "".join(chance.choices(pieces, k=chance.choice([0, 1, 1, 1, 2, 5])))


def run(folder: Path, dataset: str, contents: list[bytes]) -> subprocess.CompletedProcess:
    """Tries the dataset on these files, in this order."""
    assert SLUICE.exists(), f"{SLUICE} is not there; `make test` builds it"
    folder.mkdir(exist_ok=True)
    (folder / "dataset.yaml").write_text(f"dataset: ugly\nlanding: ugly/\n{dataset}\n")
    files = [folder / f"{number:04}.input" for number in range(len(contents))]
    for file, content in zip(files, contents):
        file.write_bytes(content)
    command = [SLUICE, "try", folder / "dataset.yaml", *files, "--out", folder / "out", "--json"]
    return subprocess.run(command, capture_output=True, timeout=PATIENCE_SECONDS)


def read(folder: Path, dataset: str, contents: list[bytes]) -> list[list[Row]]:
    """The rows of each file, in order, as they stand in Parquet."""
    ran = run(folder, dataset, contents)
    assert ran.returncode == 0, ran.stderr.decode()
    report = json.loads(ran.stdout)
    assert report["rejected"] == 0 and report["accepted"] == report["read"], report
    parts = sorted(folder.glob("out/lake/**/*.parquet"))
    assert len(parts) == 1, "so few rows are one file, in their order"
    table = pyarrow.parquet.ParquetFile(parts[0]).read(list(COLUMNS))
    rows = iter(list(zip(*(table.column(name).to_pylist() for name in COLUMNS))))
    files = [[next(rows) for _ in range(given["rows"])] for given in report["inputs"]]
    assert next(rows, None) is None, "rows that are no file's"
    return files


def columns(**more: str) -> str:
    return "columns:\n" + "\n".join(f"  {name}: {{type: varchar(65535){more.get(name, '')}}}" for name in COLUMNS)


def same(contents: list[bytes], read: list[list[Row]], expected: list[list[Row]]) -> None:
    for content, rows, others in zip(contents, read, expected, strict=True):
        assert rows == others, content


def empty_is_null(rows: list) -> list[Row]:
    return [tuple(text or None for text in row) for row in rows]


def csv_field(chance: random.Random, text: str, special: str) -> str:
    must = any(mark in text for mark in special) or text.startswith("\ufeff")
    return '"' + text.replace('"', '""') + '"' if must or chance.random() < 0.2 else text


def csv_file(chance: random.Random, delimiter: str) -> bytes:
    """Records whose lines end in one way, or each in its own; the last one's end may be missing, lines may be blank."""
    ends = chance.choice([["\n"], ["\r\n"], ["\r"], ["\n", "\r\n"], ["\n", "\n\n", "\r\n"]])
    pieces = [text for text in FOR_CSV if text != "\ufeff"]
    lines = []
    for _ in range(chance.randint(1, 6)):
        fields = [csv_field(chance, text_of(chance, pieces), f'{delimiter}"\r\n') for _ in COLUMNS]
        lines += [delimiter.join(fields), chance.choice(ends)]
    if chance.random() < 0.3:
        lines.pop()
    return "".join(lines).encode()


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_is_read_as_pythons_csv_and_pyarrow_read_it(tmp_path: Path, delimiter: str) -> None:
    chance = random.Random(ord(delimiter))
    contents = [csv_file(chance, delimiter) for _ in range(FILES)]
    dataset = f"format: csv\ncsv: {{header: false, delimiter: {json.dumps(delimiter)}}}\n{columns()}"
    rows = read(tmp_path / "csv", dataset, contents)

    def by_python(content: bytes) -> list[Row]:
        reader = csv.reader(io.StringIO(content.decode(), newline=""), delimiter=delimiter, strict=True)
        return empty_is_null([row for row in reader if row])

    def by_pyarrow(content: bytes) -> list[Row]:
        table = pyarrow.csv.read_csv(
            io.BytesIO(content),
            pyarrow.csv.ReadOptions(column_names=COLUMNS, use_threads=False),
            pyarrow.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(COLUMNS, pyarrow.string())),
        )
        return empty_is_null(list(zip(*(table.column(name).to_pylist() for name in COLUMNS))))

    same(contents, rows, [by_python(content) for content in contents])
    same(contents, rows, [by_pyarrow(content) for content in contents])


def json_value(chance: random.Random) -> str | int | bool | None:
    return chance.choice([None, True, False, chance.randint(-(10**20), 10**20), *[text_of(chance, FOR_CSV)] * 12])


def json_record(chance: random.Random) -> dict:
    """Its keys in any order, some missing, some that no column names."""
    record = {name: json_value(chance) for name in [*COLUMNS, "other"] if chance.random() < 0.9}
    if chance.random() < 0.3:
        record["deep"] = {"a": [json_value(chance), {"b": json_value(chance)}], "}": "]"}
    keys = list(record)
    chance.shuffle(keys)
    return {key: record[key] for key in keys}


def json_row(record: dict) -> Row:
    def text(value: str | int | bool | None) -> str | None:
        return value if value is None or isinstance(value, str) else json.dumps(value)

    return tuple(text(record.get(name)) for name in COLUMNS)


def json_style(chance: random.Random) -> dict:
    blank = chance.choice(["", " ", "\t"])
    return {"ensure_ascii": chance.random() < 0.5, "separators": (f"{blank},{blank}", f"{blank}:{blank}")}


def json_lines(chance: random.Random, records: list[dict]) -> str:
    end = chance.choice(["\n", "\r\n", "\n\n", " \n"])
    return end.join(json.dumps(record, **json_style(chance)) for record in records) + chance.choice(["", end])


def json_array(chance: random.Random, records: list[dict]) -> str:
    return chance.choice(["", "\n "]) + json.dumps(records, indent=chance.choice([None, 0, 2]), **json_style(chance))


def json_path(chance: random.Random, records: list[dict]) -> str:
    around = {"items": [1, {"a": "no record"}], "data": {"page": None, "items": records, "next": "]}"}, "a": "b"}
    return json.dumps(around, indent=chance.choice([None, 1]), **json_style(chance))


@pytest.mark.parametrize("write", [json_lines, json_array, json_path])
def test_json_is_read_as_pythons_json_reads_it(tmp_path: Path, write) -> None:
    chance = random.Random(write.__name__)
    given = [[json_record(chance) for _ in range(chance.randint(1, 6))] for _ in range(FILES)]
    contents = [write(chance, records).encode() for records in given]
    where = "json: {records: data.items}\n" if write is json_path else ""
    rows = read(tmp_path / "json", f"format: json\n{where}{columns()}", contents)
    same(contents, rows, [[json_row(record) for record in records] for records in given])


def test_json_lines_are_read_as_duckdb_reads_them(tmp_path: Path) -> None:
    chance = random.Random(5)
    given = [[json_record(chance) for _ in range(chance.randint(1, 6))] for _ in range(FILES)]
    contents = [json_lines(chance, records).encode() for records in given]
    rows = read(tmp_path / "json", f"format: json\n{columns()}", contents)
    whole = tmp_path / "whole.json"
    whole.write_bytes(b"\n".join(contents))
    names = {name: "VARCHAR" for name in COLUMNS}
    query = f"SELECT a, b, c FROM read_json('{whole}', format = 'newline_delimited', columns = {names})"
    assert [row for file in rows for row in file] == duckdb.sql(query).fetchall()


FOR_XML = [text for text in FOR_CSV if text != "\ufeff"]


def xml_text(chance: random.Random, text: str) -> str:
    """A text in one of the ways in which XML can write it."""
    way = chance.randrange(4)
    if way == 0 and "]]" not in text:
        return f"<![CDATA[{text}]]>"
    if way == 1:
        return "".join(chance.choice([f"&#{ord(mark)};", f"&#x{ord(mark):x};"]) for mark in text)
    if way == 2:
        middle = len(text) // 2
        return escape(text[:middle]) + chance.choice(["<!-- <b> -->", "<?go on?>"]) + escape(text[middle:])
    return escape(text, {"'": "&apos;", '"': "&quot;"})


def xml_file(chance: random.Random) -> str:
    blank = chance.choice(["", "\n", "\r\n  ", "\t"])
    rows = []
    for _ in range(chance.randint(1, 6)):
        attribute = f" id={quoteattr(text_of(chance, FOR_XML))}" if chance.random() < 0.8 else ""
        fields = ["<other><b>not this</b></other>"]
        if chance.random() < 0.8:
            fields.append(chance.choice(["<b/>", *[f"<b x='>'>{xml_text(chance, text_of(chance, FOR_XML))}</b>"] * 5]))
        if chance.random() < 0.8:
            fields.append(f"<deep>{blank}<c>{xml_text(chance, text_of(chance, FOR_XML))}</c>{blank}</deep>")
        chance.shuffle(fields)
        rows.append(f"<r{attribute}>{blank}{blank.join(fields)}</r >")
    first = chance.choice(["", "<?xml version='1.0'?>", '<?xml version="1.0" encoding="UTF-8"?>\n<!-- <r/> -->'])
    return f"{first}<rows>{blank}{blank.join(rows)}{blank}</rows>{blank}"


def xml_rows(content: bytes) -> list[Row]:
    """Of white space only, as XML has it, a field is null."""
    rows = ElementTree.fromstring(content).iter("r")
    texts = ((row.get("id"), row.findtext("b"), row.findtext("deep/c")) for row in rows)
    return [tuple(text if text and text.strip(" \t\r\n") else None for text in row) for row in texts]


XML = "format: xml\nxml: {row: r}\n" + columns(a=", from: '@id'", c=", from: deep/c")


def test_xml_is_read_as_pythons_elementtree_reads_it(tmp_path: Path) -> None:
    chance = random.Random(7)
    contents = [xml_file(chance).encode() for _ in range(2 * FILES)]
    same(contents, read(tmp_path / "xml", XML, contents), [xml_rows(content) for content in contents])


def damage(chance: random.Random, content: bytes) -> bytes:
    """Bytes taken out, put in, put twice or changed, or the end cut off."""
    for _ in range(chance.randint(1, 4)):
        start = chance.randint(0, len(content))
        end = start + chance.choice([1, 1, 5, 40])
        wild = bytes([chance.choice(b'",;\'\n\r\t\0\\{}[]:<>&/!?-\xff\xc3\xef\xbb\x1f')])
        part = content[start:end]
        put = chance.choice([b"", wild, wild + part, part + part, part[::-1]])
        content = content[:start] + put + (content[end:] if chance.random() < 0.9 else b"")
    return content


BREAKABLE = {
    "csv": (lambda chance: csv_file(chance, ","), f"format: csv\ncsv: {{header: false}}\n{columns()}"),
    "csv detected": (lambda chance: csv_file(chance, ";"), f"format: csv\ncsv: detect\n{columns()}"),
    "json": (
        lambda chance: json_lines(chance, [json_record(chance) for _ in range(5)]).encode(),
        f"format: json\n{columns()}",
    ),
    "xml": (lambda chance: xml_file(chance).encode(), XML),
}


@pytest.mark.parametrize("kind", BREAKABLE)
def test_a_broken_file_is_accounted_for_or_refused(tmp_path: Path, kind: str) -> None:
    make, dataset = BREAKABLE[kind]
    chance = random.Random(kind)
    contents = [damage(chance, make(chance)) for _ in range(BROKEN)]

    def attempt(number: int) -> subprocess.CompletedProcess:
        return run(tmp_path / str(number), dataset, [contents[number]])

    with ThreadPoolExecutor(2) as pool:
        for content, ran in zip(contents, pool.map(attempt, range(BROKEN)), strict=True):
            assert ran.returncode in (0, 1), (content, ran.stderr)
            assert b"panicked" not in ran.stderr, (content, ran.stderr)
            report = json.loads(ran.stdout)
            terms = (report[term] for term in ("accepted", "rejected", "duplicate", "filtered"))
            assert report["read"] == sum(terms), (content, report)
            assert (ran.returncode == 0) == (report.get("error") is None), (content, report)
