"""Values of columns, made by chance: each function takes a source of chance, or makes one that does.

Of every type they have the ends of its range, zero, and what is in between.
"""

import math
import random
import struct
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import pyarrow

TEXTS = ["", "x", "NULL", "null", " ", "  x ", "\t", "\r\n", "\n", '"', "\\", "{", "[1]", "'", ",", "\x01", "0"]
TEXTS += ["é", "e\u0301", "ẞ", "日本", "😀", "\u00a0", "\u2028", "\x85", "\ufeff", "\ufffd", "\U0010ffff", "x" * 300]

EPOCH = datetime(1970, 1, 1)


Value = Callable[[random.Random], object]


class Kind(NamedTuple):
    """The type of a column: in its file, in the dataset, and how a value of it is made."""

    type: pyarrow.DataType | str | dict
    column: str
    value: Value


def text(chance: random.Random) -> str:
    return "".join(chance.choices(TEXTS, k=chance.choice([0, 1, 1, 2, 5])))


def binary(chance: random.Random) -> bytes:
    return chance.randbytes(chance.choice([1, 1, 7, 30]))


def five(chance: random.Random) -> bytes:
    return chance.randbytes(5)


def flag(chance: random.Random) -> bool:
    return chance.random() < 0.5


def whole(bits: int, signed: bool = True) -> Value:
    least, most = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    return lambda chance: chance.choice([least, most, max(least, -1), 0, 1, *[chance.randint(least, most)] * 3])


def floating(code: str) -> Value:
    """Any finite number of the precision that `struct` gives this letter, with all of its exponents."""

    def value(chance: random.Random) -> float:
        made = struct.unpack(f"<{code}", chance.randbytes(struct.calcsize(code)))[0]
        return chance.choice([0.0, -0.0, 1.0, -1.5, made, made, made]) if math.isfinite(made) else value(chance)

    return value


def eighths(chance: random.Random) -> float:
    """A number of which the shortest text is all there is, in single precision too."""
    return chance.randint(-99_999, 99_999) / 8


def number(precision: int, scale: int) -> Value:
    """So many digits, but of 19 only as far as 64 bits go: Redshift keeps these in them."""
    most = 10**precision - 1 if precision != 19 else (1 << 63) - 1
    return lambda chance: Decimal(f"{chance.choice([0, 1, most, -most, chance.randint(-most, most)])}E-{scale}")


def day(chance: random.Random) -> date:
    return chance.choice([date.min, date.max, date(1969, 12, 31), date.fromordinal(chance.randint(1, 3_652_059))])


def moment(unit: str, zone=None) -> Value:
    """Of the years 1 to 9999, but for a day at either end that a zone may lead out of; nanoseconds reach less far."""
    years = (1700, 2260) if unit == "ns" else (1, 9999)
    first, last = datetime(years[0], 1, 2), datetime(years[1], 12, 30)
    step = timedelta(microseconds={"s": 1_000_000, "ms": 1_000}.get(unit, 1))

    def value(chance: random.Random) -> datetime:
        made = first + step * chance.randint(0, (last - first) // step)
        return chance.choice([EPOCH, EPOCH - step, made, made]).replace(tzinfo=zone)

    return value


def clock(unit: str) -> Value:
    """A time of day is that of any day."""
    made = moment(unit)
    return lambda chance: made(chance).time()


def maybe(chance: random.Random, value: Value, nulls: float = 0.2):
    return None if chance.random() < nulls else value(chance)


def array(value: Value) -> Value:
    return lambda chance: [maybe(chance, value) for _ in range(chance.choice([0, 1, 1, 2, 5]))]


def mapping(key: Value, value: Value) -> Value:
    return lambda chance: {key(chance): maybe(chance, value) for _ in range(chance.choice([0, 1, 3]))}


def record(fields: dict[str, Kind]) -> Value:
    return lambda chance: {name: maybe(chance, kind.value) for name, kind in fields.items()}


def drawn(chance: random.Random, value: Value, rows: int, nulls: tuple = (0.0, 0.1, 0.7, 1.0)) -> list:
    """Values of one column: with nulls or none, many of them the same or few, in runs or not."""
    share, pool = chance.choice(nulls), [value(chance) for _ in range(chance.choice([1, 5, rows]))]
    values = []
    while len(values) < rows:
        values += [maybe(chance, lambda _: chance.choice(pool), share)] * chance.choice([1, 1, 1, 20])
    return values[:rows]
