"""Parquet and Avro, made from fixed seeds by writers that owe `sluice try` nothing: the rows that it reads are theirs.

Each file goes into one process with a dataset that names some of its columns, in an order of its own, and into another
with the dataset that `sluice infer` proposes. What stands in the lake is compared value by value. Damaged files are
read as they were, or as pyarrow reads them, or are refused by name.

What Sluice has no column for is not made here: NaN and infinity, NUL in a text, moments finer than microseconds, and
bytes of no length, which are null in a varbyte.
"""

import io
import json
import random
import struct
import subprocess
import uuid
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import NamedTuple

import duckdb
import fastavro
import pyarrow
import pyarrow.parquet as parquet
import pytest
from conftest import SLUICE
from typed_values import Kind, array, binary, clock, day, drawn, eighths, five, flag, floating
from typed_values import mapping, moment, number, record, text, whole

TABLES = 24
DAMAGED = 40
PROCESS_SECONDS = 60


class Given(NamedTuple):
    """A file, the dataset's types, its values as others have them, and which columns are single or half."""

    content: bytes
    columns: dict[str, str]
    values: dict[str, list]
    singles: set[str] = frozenset()


# ---- What was read


def plain(value):
    """A value as JSON has it, which is how both sides are compared; floats as the numbers they say."""
    match value:
        case float():
            return Decimal(repr(value))
        case bytes():
            return value.hex()
        case datetime() if value.tzinfo:
            return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
        case datetime() | time():
            return value.isoformat(timespec="microseconds")
        case date() | uuid.UUID():
            return str(value)
        case dict():
            return {str(key): plain(inner) for key, inner in value.items()}
        case list() | tuple():
            return [plain(inner) for inner in value]
        case _:
            return value


def comparable(values: list, column: str, is_single: bool, is_read: bool) -> list:
    """As it is read, a super is JSON and a time is text. A single is told by its shortest text; -0 is 0."""
    if column == "super" and is_read:
        return [text and json.loads(text, parse_float=Decimal) for text in values]
    if column == "time" and is_read:
        values = [text and time.fromisoformat(text) for text in values]
    if column == "timestamptz" and not is_read:
        values = [value and value.astimezone(UTC).replace(tzinfo=None) for value in values]
    if is_single:
        values = [value and struct.unpack("<f", struct.pack("<f", value))[0] for value in values]
    return [(value + 0.0).hex() if isinstance(value, float) else plain(value) for value in values]


def values_of(column: pyarrow.ChunkedArray) -> list:
    """Nanoseconds are cut to microseconds, for Python knows no finer ones: here there are none."""
    kind = column.type
    if pyarrow.types.is_timestamp(kind) and kind.unit == "ns":
        column = column.cast(pyarrow.timestamp("us", kind.tz))
    if pyarrow.types.is_time64(kind) and kind.unit == "ns":
        column = column.cast(pyarrow.time64("us"))
    return column.to_pylist(maps_as_pydicts="strict" if pyarrow.types.is_nested(kind) else None)


def sluice(*arguments) -> subprocess.CompletedProcess:
    assert SLUICE.exists(), f"{SLUICE} is not there; `make test` builds it"
    return subprocess.run([SLUICE, *arguments], capture_output=True, text=True, timeout=PROCESS_SECONDS)


def lake(folder: Path) -> pyarrow.Table:
    parts = sorted(folder.glob("out/lake/**/*.parquet"))
    return pyarrow.concat_tables(parquet.ParquetFile(part).read() for part in parts)


def dataset_of(kind: str, columns: dict[str, str]) -> str:
    lines = [f'  {name}: {{type: "{column}"}}' for name, column in columns.items()]
    return "\n".join(["dataset: typed", "landing: typed/", f"format: {kind}", "columns:", *lines, ""])


def check(folder: Path, dataset: str, file: Path, given: Given, columns: dict[str, str]) -> None:
    """Tries a file with a dataset of these columns: no row is a reject, and every value is what was given."""
    folder.mkdir(parents=True)
    (folder / "dataset.yaml").write_text(dataset)
    ran = sluice("try", folder / "dataset.yaml", file, "--out", folder / "out", "--json")
    assert ran.returncode == 0, (file, ran.stderr)
    rows = len(next(iter(given.values.values())))
    report = json.loads(ran.stdout)
    assert report["rejected"] == 0 and report["accepted"] == report["read"] == rows, (file, report)
    read = lake(folder) if rows else None
    for name, column in columns.items() if rows else ():
        found = comparable(read[name].to_pylist(), column, name in given.singles, True)
        expected = comparable(given.values[name], column, name in given.singles, False)
        wrong = [(row, *pair) for row, pair in enumerate(zip(found, expected, strict=True)) if pair[0] != pair[1]]
        assert not wrong, (file, name, column, len(wrong), "row, found, expected:", wrong[0])


def is_read_as_given(chance: random.Random, folder: Path, kind: str, given: Given) -> None:
    """By a dataset that names some of its columns, and by the one that `infer` proposes."""
    folder.mkdir()
    file = folder / f"input.{kind}"
    file.write_bytes(given.content)
    names = chance.sample(list(given.columns), chance.randint(1, len(given.columns)))
    named = {name: given.columns[name] for name in names}
    check(folder / "named", dataset_of(kind, named), file, given, named)
    inferred = sluice("infer", file)
    assert inferred.returncode == 0, (file, inferred.stderr)
    check(folder / "inferred", inferred.stdout, file, given, given.columns)


def each(folder: Path, count: int, work: Callable[[random.Random, Path], None]) -> None:
    """Works with as many seeds, each with a folder of its own, two at a time."""
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda seed: work(random.Random(seed), folder / str(seed)), range(count)))


# ---- Parquet


def decimals(chance: random.Random) -> Kind:
    precision = chance.randint(1, 38)
    scale = chance.randint(0, min(precision, 37))
    widths = [(pyarrow.decimal32, 9), (pyarrow.decimal64, 18), (pyarrow.decimal128, 38), (pyarrow.decimal256, 76)]
    make = chance.choice([make for make, most in widths if precision <= most])
    return Kind(make(precision, scale), f"decimal({precision},{scale})", number(precision, scale))


def moments(chance: random.Random) -> Kind:
    unit, zone = chance.choice(["s", "ms", "us", "ns"]), chance.choice([None, "UTC", "Europe/Berlin", "+05:30"])
    return Kind(pyarrow.timestamp(unit, zone), "timestamptz" if zone else "timestamp", moment(unit, zone and UTC))


LEAVES = [
    Kind(pyarrow.bool_(), "boolean", flag),
    *[Kind(pyarrow.type_for_alias(f"int{bits}"), "bigint", whole(bits)) for bits in (8, 16, 32, 64)],
    *[Kind(pyarrow.type_for_alias(f"uint{bits}"), "decimal(20,0)", whole(bits, False)) for bits in (8, 16, 32, 64)],
    Kind(pyarrow.float64(), "double", floating("d")),
    Kind(pyarrow.date32(), "date", day),
    Kind(pyarrow.date64(), "date", day),
    Kind(pyarrow.time32("ms"), "time", clock("ms")),
    Kind(pyarrow.time64("us"), "time", clock("us")),
    Kind(pyarrow.string(), "varchar(65535)", text),
    Kind(pyarrow.large_string(), "varchar(65535)", text),
    Kind(pyarrow.binary(), "varbyte(100)", binary),
    Kind(pyarrow.binary(5), "varbyte(5)", five),
]
FLAT = [
    *LEAVES,
    Kind(pyarrow.int16(), "smallint", whole(16)),
    Kind(pyarrow.int32(), "integer", whole(32)),
    Kind(pyarrow.float16(), "real", floating("e")),
    Kind(pyarrow.float32(), "real", floating("f")),
    Kind(pyarrow.time32("s"), "time", clock("s")),
    Kind(pyarrow.time64("ns"), "time", clock("ns")),
    Kind(pyarrow.large_binary(), "varbyte(100)", binary),
    Kind(pyarrow.dictionary(pyarrow.int8(), pyarrow.string()), "varchar(65535)", text),
]
# Of these the shortest text is the number, and nothing is finer than microseconds.
INSIDE = [*LEAVES, Kind(pyarrow.float32(), "real", eighths), Kind(pyarrow.float16(), "real", lambda _: -2.5)]
INSIDE += [Kind(pyarrow.timestamp("ms"), "timestamp", moment("ms"))]
INSIDE += [Kind(pyarrow.timestamp("us", "UTC"), "timestamptz", moment("us", UTC))]


def nested(chance: random.Random, depth: int = 0) -> Kind:
    if depth and chance.random() < 0.2 + 0.3 * depth:
        return chance.choice([*INSIDE, decimals(chance)])
    inner = [nested(chance, depth + 1) for _ in range(chance.randint(1, 3))]
    match chance.randrange(3):
        case 0:
            make = chance.choice([pyarrow.list_, pyarrow.large_list])
            return Kind(make(inner[0].type), "super", array(inner[0].value))
        case 1:
            fields = {name: kind for name, kind in zip(["a", 'say "b"', "ẞ.c"], inner)}
            return Kind(pyarrow.struct([(name, kind.type) for name, kind in fields.items()]), "super", record(fields))
    key, value = chance.choice([(pyarrow.string(), text), (pyarrow.int32(), whole(32))])
    entries = mapping(value, inner[0].value)
    return Kind(pyarrow.map_(key, inner[0].type), "super", lambda chance: list(entries(chance).items()))


def table_of(chance: random.Random, rows: int) -> tuple[pyarrow.Table, dict[str, str], set[str]]:
    """A table of random columns, the dataset's types, and which columns are of single precision or less."""
    kinds = [decimals(chance), decimals(chance), moments(chance), moments(chance), nested(chance)]
    kinds += chance.sample(FLAT, 7)
    chance.shuffle(kinds)
    kinds = {f"c{place}": kind for place, kind in enumerate(kinds)}
    table = pyarrow.table({name: pyarrow.array(drawn(chance, k.value, rows), k.type) for name, k in kinds.items()})
    singles = {name for name, kind in kinds.items() if kind.type in (pyarrow.float16(), pyarrow.float32())}
    return table, {name: kind.column for name, kind in kinds.items()}, singles


def has(table: pyarrow.Table, *marks: str) -> bool:
    """Whether a type of the table, or one inside of it, is written with one of these."""
    return any(mark in str(kind) for kind in table.schema.types for mark in marks)


ENCODINGS = {
    "BOOLEAN": ["PLAIN", "RLE"],
    "INT32": ["PLAIN", "DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT"],
    "INT64": ["PLAIN", "DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT"],
    "INT96": ["PLAIN"],
    "FLOAT": ["PLAIN", "BYTE_STREAM_SPLIT"],
    "DOUBLE": ["PLAIN", "BYTE_STREAM_SPLIT"],
    "BYTE_ARRAY": ["PLAIN", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY"],
    "FIXED_LEN_BYTE_ARRAY": ["PLAIN", "BYTE_STREAM_SPLIT", "DELTA_BYTE_ARRAY"],
}
CODECS = ["none", "snappy", "gzip", "zstd", "lz4"]


def written(table: pyarrow.Table, **options) -> bytes:
    out = io.BytesIO()
    parquet.write_table(table, out, **options)
    return out.getvalue()


def by_pyarrow(chance: random.Random) -> Given:
    """A table, laid out in one of the many ways that pyarrow knows."""
    table, columns, singles = table_of(chance, chance.choice([0, 1, 7, 100, 500, 1500]))
    options = {
        "compression": chance.choice(CODECS),
        "version": chance.choice(["2.4", "2.6"]),
        "data_page_version": chance.choice(["1.0", "2.0"]),
        "data_page_size": chance.choice([1, 100, 5_000, 1 << 20]),
        "write_batch_size": chance.choice([1, 10, 1024]),
        "row_group_size": chance.choice([3 if table.num_rows < 200 else 150, 64, 400, 1 << 20]),
        "dictionary_pagesize_limit": chance.choice([50, 1 << 20]),
        "write_statistics": chance.random() < 0.5,
        "write_page_index": chance.random() < 0.5,
        "write_page_checksum": chance.random() < 0.5,
        "store_schema": chance.random() < 0.5,
        "store_decimal_as_integer": chance.random() < 0.5,
        "use_deprecated_int96_timestamps": not has(table, "tz=") and chance.random() < 0.3,
        "use_compliant_nested_type": chance.random() < 0.7,
    }
    match chance.randrange(4):
        case 0:
            leaves = parquet.ParquetFile(io.BytesIO(written(table.slice(0, 0), **options))).schema
            leaves = [leaves.column(place) for place in range(len(leaves))]
            options["column_encoding"] = {leaf.path: chance.choice(ENCODINGS[leaf.physical_type]) for leaf in leaves}
            options["use_dictionary"] = False
        case 1:
            options["use_dictionary"] = False
    values = {name: values_of(table[name]) for name in columns}
    return Given(written(table, **options), columns, values, singles)


def by_duckdb(chance: random.Random) -> Given:
    """Such a table and columns of DuckDB's own types, laid out by DuckDB, with the values that it finds there."""
    table, columns, singles = table_of(chance, chance.choice([0, 1, 300, 5000]))
    unknown = [name for name in columns if has(table.select([name]), "halffloat", "decimal256")]
    table = table.drop_columns(unknown).append_column("i", pyarrow.array(range(table.num_rows)))
    own = {
        "id": ("md5((i % 40)::varchar)::uuid", "varchar(36)"),
        "mood": ("['sad', 'ok', 'né'][1 + i % 3]::enum('sad', 'ok', 'né')", "varchar(65535)"),
        "fixed": ("[i, null, -i]::integer[3]", "super"),
        "huge": ("(i - 20) * 10::hugeint ** 20", "double"),
    }
    # Between numbers of 32 bits its V2 writes differences of 33, which pyarrow refuses as Sluice does.
    version = "V2" if chance.random() < 0.7 and not has(table, "int32") else "V1"
    options = {
        "compression": chance.choice(["uncompressed", "snappy", "gzip", "zstd", "lz4_raw"]),
        "row_group_size": chance.choice([2048, 100_000]),
        "dictionary_size_limit": chance.choice([1, 50, 10_000]),
        "parquet_version": version,
    }
    with closing(duckdb.connect(config={"threads": 1})) as connection, NamedTemporaryFile(suffix=".parquet") as file:
        connection.register("given", table)
        made = ", ".join(f"{value} AS {name}" for name, (value, _) in own.items())
        laid = ", ".join(f"{option} '{value}'" for option, value in options.items())
        connection.sql(f"COPY (SELECT * EXCLUDE i, {made} FROM given) TO '{file.name}' (FORMAT parquet, {laid})")
        content = Path(file.name).read_bytes()
        found = connection.sql(f"FROM '{file.name}'").to_arrow_table()
    columns = {name: column for name, column in columns.items() if name not in unknown}
    columns |= {name: column for name, (_, column) in own.items()}
    return Given(content, columns, {name: values_of(found[name]) for name in columns}, singles - set(unknown))


# ---- Avro

PRIMITIVE = {
    "boolean": ("boolean", flag),
    "int": ("integer", whole(32)),
    "long": ("bigint", whole(64)),
    "float": ("real", floating("f")),
    "double": ("double", floating("d")),
    "bytes": ("varbyte(100)", binary),
    "string": ("varchar(65535)", text),
}
LOGICAL = {
    "uuid": ("string", "varchar(36)", lambda chance: uuid.UUID(bytes=chance.randbytes(16))),
    "date": ("int", "date", day),
    "time-millis": ("int", "time", clock("ms")),
    "time-micros": ("long", "time", clock("us")),
    "timestamp-millis": ("long", "timestamptz", moment("ms", UTC)),
    "timestamp-micros": ("long", "timestamptz", moment("us", UTC)),
    "local-timestamp-millis": ("long", "timestamp", moment("ms")),
    "local-timestamp-micros": ("long", "timestamp", moment("us")),
    "of-nobody": ("long", "bigint", whole(64)),
}


def avro_decimal(chance: random.Random, name: str) -> Kind:
    precision = chance.randint(1, 38)
    scale = chance.randint(0, min(precision, 37))
    kept = chance.choice([{"type": "bytes"}, {"type": "fixed", "name": name, "size": chance.choice([16, 17, 20])}])
    kept |= {"logicalType": "decimal", "precision": precision, "scale": scale}
    return Kind(kept, f"decimal({precision},{scale})", number(precision, scale))


def avro_leaf(chance: random.Random, name: str, is_inside: bool = False) -> Kind:
    """Any type that is not nested, with this name if it needs one."""
    kinds = [Kind(kept, *rest) for kept, rest in PRIMITIVE.items() if not (is_inside and kept == "float")]
    kinds += [Kind({"type": kept, "logicalType": what}, *rest) for what, (kept, *rest) in LOGICAL.items()]
    kinds += [Kind({"type": "fixed", "name": name, "size": 5}, "varbyte(5)", five), avro_decimal(chance, name)]
    symbols = ["A", "b_1", "NULL"]
    kinds += [Kind({"type": "enum", "name": name, "symbols": symbols}, "varchar(9)", lambda c: c.choice(symbols))]
    return chance.choice([*kinds, Kind("float", "real", eighths)])


def avro_nested(chance: random.Random, name: str, depth: int = 0) -> Kind:
    if depth and chance.random() < 0.2 + 0.3 * depth:
        return avro_leaf(chance, name, is_inside=True)
    names = [f"{name}_{place}" for place in range(chance.randint(1, 3))]
    inner = {name: avro_nested(chance, name, depth + 1) for name in names}
    fields = [{"name": field, "type": ["null", kind.type]} for field, kind in inner.items()]
    first = next(iter(inner.values()))
    return chance.choice([
        Kind({"type": "array", "items": fields[0]["type"]}, "super", array(first.value)),
        Kind({"type": "map", "values": fields[0]["type"]}, "super", mapping(text, first.value)),
        Kind({"type": "record", "name": name, "fields": fields}, "super", record(inner)),
    ])


def reblocked(content: bytes, codec: str) -> bytes:
    """A file without a codec, each of its blocks compressed by pyarrow: fastavro would want a package more for it."""
    compress = pyarrow.Codec({"snappy": "snappy", "zstandard": "zstd"}[codec]).compress
    blocks = fastavro.block_reader(io.BytesIO(content))
    meta = {key: value.encode() for key, value in blocks.metadata.items()} | {"avro.codec": codec.encode()}
    marker, out = content[-16:], io.BytesIO(b"Obj\x01")
    out.seek(0, io.SEEK_END)
    fastavro.schemaless_writer(out, {"type": "map", "values": "bytes"}, meta)
    out.write(marker)
    for block in blocks:
        body = block.bytes_.getvalue()
        crc = zlib.crc32(body).to_bytes(4) if codec == "snappy" else b""
        for part in (block.num_records, compress(body, asbytes=True) + crc):
            fastavro.schemaless_writer(out, "bytes" if isinstance(part, bytes) else "long", part)
        out.write(marker)
    return out.getvalue()


def by_fastavro(chance: random.Random, rows: int | None = None, codec: str | None = None) -> Given:
    """Records of random types, in blocks of any size; null may stand first or second in a union, or nowhere."""
    rows = chance.choice([0, 1, 7, 100, 500, 1500]) if rows is None else rows
    kinds = {f"c{place}": avro_leaf(chance, f"c{place}") for place in range(9)}
    kinds |= {"n1": avro_nested(chance, "n1"), "n2": avro_nested(chance, "n2")}
    unions = {name: chance.choice([["null", kind.type], [kind.type, "null"]]) for name, kind in kinds.items()}
    bare = {name for name in kinds if chance.random() < 0.3}
    fields = [{"name": name, "type": kinds[name].type if name in bare else union} for name, union in unions.items()]
    nulls = {name: (0.0,) if name in bare else (0.1, 0.7, 1.0) for name in kinds}
    values = {name: drawn(chance, kind.value, rows, nulls[name]) for name, kind in kinds.items()}
    records = [dict(zip(values, row)) for row in zip(*values.values())]
    codec = codec or chance.choice(["null", "deflate", "bzip2", "snappy", "zstandard"])
    is_own, out = codec in ("null", "deflate", "bzip2"), io.BytesIO()
    options = {"codec": codec if is_own else "null", "sync_interval": chance.choice([1, 300, 16_000])}
    fastavro.writer(out, {"type": "record", "name": "Row", "namespace": "a.b", "fields": fields}, records, **options)
    content = out.getvalue() if is_own else reblocked(out.getvalue(), codec)
    found = list(fastavro.reader(io.BytesIO(out.getvalue())))
    values = {name: [record[name] for record in found] for name in kinds}
    singles = {name for name, kind in kinds.items() if kind.type == "float"}
    return Given(content, {name: kind.column for name, kind in kinds.items()}, values, singles)


@pytest.mark.parametrize("write", [by_pyarrow, by_duckdb, by_fastavro])
def test_what_another_writer_wrote_is_read_as_it_was_given(tmp_path: Path, write: Callable) -> None:
    kind = "avro" if write is by_fastavro else "parquet"
    each(tmp_path, TABLES, lambda chance, folder: is_read_as_given(chance, folder, kind, write(chance)))


def test_a_proposed_dataset_takes_every_decimal_that_its_file_can_hold(tmp_path: Path) -> None:
    given = {f"d{digits}": [Decimal("9" * digits), Decimal("-" + "9" * digits)] for digits in range(1, 39)}
    columns = {name: pyarrow.array(values, pyarrow.decimal128(int(name[1:]), 0)) for name, values in given.items()}
    file = tmp_path / "input.parquet"
    file.write_bytes(written(pyarrow.table(columns)))
    check(tmp_path / "inferred", sluice("infer", file).stdout, file, Given(b"", {}, given), dict.fromkeys(given, ""))


# ---- Damage


def damaged(chance: random.Random, content: bytes, start: int = 0) -> bytes:
    """A file without its end, or with some of its bits turned, or some bytes lost, behind its start."""
    place = chance.randrange(start, len(content))
    match chance.randrange(4):
        case 0:
            return content[:place]
        case 1:
            return content[:place] + content[place + chance.choice([1, 8, 100]) :]
    content = bytearray(content)
    for _ in range(chance.choice([1, 1, 3])):
        content[place] ^= 1 << chance.randrange(8)
        place = chance.randrange(start, len(content))
    return bytes(content)


def is_sound_or_refused(folder: Path, kind: str, given: Given, content: bytes, readings: Callable) -> None:
    """A damaged file is refused by name, or some of its rows are rejects, or its values are one of these readings."""
    folder.mkdir()
    file = folder / f"input.{kind}"
    file.write_bytes(content)
    (folder / "dataset.yaml").write_text(dataset_of(kind, given.columns))
    ran = sluice("try", folder / "dataset.yaml", file, "--out", folder / "out", "--json")
    inferred = sluice("infer", file)
    for ended in (ran, inferred):
        assert ended.returncode in (0, 1) and "panicked" not in ended.stderr, (file, ended.returncode, ended.stderr)
        assert ended.returncode == 0 or str(file) in ended.stderr or "rejects" in ended.stderr, (file, ended.stderr)
    report = json.loads(ran.stdout)
    assert report["read"] == report["accepted"] + report["rejected"], (file, report)
    if ran.returncode == 0 and not report["rejected"]:
        read = lake(folder) if report["read"] else None
        found = {name: read[name].to_pylist() if report["read"] else [] for name in given.columns}
        known = [text_of_all(given, values, False) for values in readings(content, report["read"])]
        assert not known or text_of_all(given, found, True) in known, (file, "other values, without a word")


def text_of_all(given: Given, values: dict[str, list], is_read: bool) -> dict[str, list]:
    return {n: comparable(values[n], column, n in given.singles, is_read) for n, column in given.columns.items()}


def damaged_parquet(chance: random.Random, folder: Path) -> None:
    """Pages have checksums, but neither their headers nor the footer: these may be others, for pyarrow too."""
    table, columns, singles = table_of(chance, 60)
    options = {"compression": chance.choice(CODECS), "data_page_version": chance.choice(["1.0", "2.0"])}
    content = written(table, write_page_checksum=True, data_page_size=200, row_group_size=40, **options)
    given = Given(content, columns, {name: values_of(table[name]) for name in columns}, singles)

    def readings(content: bytes, _) -> Iterator[dict[str, list]]:
        yield given.values
        with suppress(pyarrow.ArrowException, OSError, KeyError):
            other = parquet.ParquetFile(io.BytesIO(content), page_checksum_verification=True).read()
            yield {name: values_of(other[name]) for name in columns}

    is_sound_or_refused(folder, "parquet", given, damaged(chance, content), readings)


def damaged_avro(chance: random.Random, folder: Path) -> None:
    """A file that was cut off behind a block is a file. Of the codecs these two have checksums."""
    codec = chance.choice(["null", "deflate", "bzip2", "snappy", "zstandard"])
    given = by_fastavro(chance, 60, codec)
    header = given.content.index(given.content[-16:]) + 16
    content = damaged(chance, given.content, chance.choice([0, header]))
    is_same_header = content[:header] == given.content[:header]

    def readings(content: bytes, rows: int) -> Iterator[dict[str, list]]:
        if codec in ("bzip2", "snappy") and is_same_header:
            is_cut = given.content.startswith(content)
            yield {name: values[: rows if is_cut else None] for name, values in given.values.items()}

    is_sound_or_refused(folder, "avro", given, content, readings)


@pytest.mark.parametrize("damage", [damaged_parquet, damaged_avro])
def test_a_damaged_file_is_refused_by_name_or_read_as_it_was(tmp_path: Path, damage: Callable) -> None:
    each(tmp_path, DAMAGED, damage)
