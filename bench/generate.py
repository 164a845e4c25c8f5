"""Makes the messy sales file of the benchmark: the same rows as CSV, JSON lines and XML.

    generate.py csv|json|xml [--rows N] [--data DIR]     prints the file's path

A row depends on its number alone, by a hash of it: the same rows come out on every machine and for every format, and a
shorter file is the beginning of a longer one. A repeated id is a sale that was sent twice: the two rows differ in how
they are written (blanks, case, date format, a fault in one of them) and are the same when cleaned, so that it does not
matter which of them is kept, and programs that keep the one or the other can be compared to the cent.

What a field can be is written out once, as a list of texts in the form of the format; a row is then ten looks into ten
lists, which keeps 5 million rows under half a minute and memory small. A file is written under another name and moved
when it is whole, so that one that is there is complete. Its name holds VERSION, which must grow with every change of
what is written.
"""

import argparse
import json
import os
import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np

VERSION = 1
ROWS = 5_000_000
DATA = Path("target/bench/data")
BLOCK_ROWS = 1 << 16

COLUMNS = ["id", "customer", "email", "country", "store", "sale_date", "units", "amount", "note", "updated_at"]
NUMBERS = {"id", "store", "units", "amount"}
FIRST_ID = 7_000_000_000

# Names of the customers. Upper case and back again gives the same text by simple and by full Unicode rules (no final
# sigma, no dotted I), so that programs that follow the one or the other agree on the cleaned rows.
NAMES = [
    # share, given names, family names
    (0.48, "Anna Ben Clara David Emma Frank Grace Henry Irene Jack Kate Liam Mary Noah Olive Paul Ruth Sam Tina Victor",
     "Adams Baker Carter Dixon Evans Fisher Garcia Hughes Irving Jones Keller Lopez Miller Novak Owens Parker Quinn "
     "Rossi Smith Taylor Walker Young"),
    (0.20, "André Zoë Jürgen Søren Małgorzata Åsa Łukasz Chloé José Núria Ágnes Jiří Gülay Renée Håkon Šárka",
     "Müller Çelik Lefèvre Dvořák Nuñez Østergård Szabó Żukowski Ångström Böhm Muñoz Gonçalves Kovačević Ødegaard"),
    (0.10, "Анна Борис Вера Дмитрий Елена Игорь Мария Ольга Павел Юлия",
     "Иванов Петрова Смирнов Кузнецова Попов Волкова Соколов Козлов Морозова Лебедев"),
    (0.07, "Μαρία Ελένη Κατερίνα Σοφία Άννα Δήμητρα Ιωάννα Χριστίνα",
     "Παπαδοπούλου Γεωργίου Δημητρίου Ιωάννου Νικολάου Βασιλείου Αντωνίου"),
    (0.06, "伟 芳 娜 敏 静 健一 陽子 直樹 美咲", "王 李 张 刘 陈 佐藤 鈴木 高橋 田中"),
    (0.05, "محمد فاطمة علي مريم أحمد ليلى", "الحسن حداد منصور خليل ناصر"),
    (0.04, "דוד שרה יעקב רחל משה", "כהן לוי מזרחי פרץ ביטון"),
]
COUNTRIES = "de fr it es pl nl be at ch se no dk fi ie pt gr cz hu ro bg gb us ca br mx jp kr in au za".split()
DOMAINS = ["mail.example", "Post.example", "shop.example", "EXAMPLE.org", "box.example"]
PRODUCTS = "Coffee Tea Bread Butter Honey Apples Pears Cheese Olives Pasta Rice Soap Candles Batteries Umbrella".split()
REMARKS = ["gift", "fragile", "second visit", "paid in cash", "loyalty card", "ring twice", "no bag"]

# How many ways there are to write a text: see styles.
STYLES = 8
DAYS = [f"2026-11-{day:02}" for day in range(1, 31)]
AMOUNTS = [f"{sign}{cents // 100}.{cents % 100:02}" for sign in ("", "-") for cents in range(100_000)]
NO_NUMBERS = ["n/a", "two", "1x", "--", "12,50", "?", "1O", "EUR 5"]
NO_DATES = ["2026-02-30", "31/11/2026", "2026-13-01", "yesterday", "00/00/0000", "2026-11-", "11/31/2026"]


def rows_file(form: str, rows: int, data: Path) -> Path:
    """The file of so many rows, made unless it is there."""
    path = data / f"sales-v{VERSION}-{rows}.{FORMS[form].suffix}"
    if not path.exists():
        data.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(path.name + ".part")
        with open(unfinished, "wb", buffering=0) as file:
            for block in blocks(FORMS[form], rows):
                file.write(block.encode())
        os.replace(unfinished, path)
    return path


class Csv:
    """RFC 4180: a field is quoted where it must be."""

    suffix, head, foot = "csv", ",".join(COLUMNS) + "\n", ""
    row = ",".join(["%s"] * len(COLUMNS)) + "\n"

    @staticmethod
    def field(_column: str, text: str) -> str:
        return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\n') else text


class Json:
    """One object a line. An empty field is null; a number is one where it is one, else a text."""

    suffix, head, foot = "jsonl", "", ""
    row = "{" + ",".join(f'"{column}":%s' for column in COLUMNS) + "}\n"

    @staticmethod
    def field(column: str, text: str) -> str:
        if not text:
            return "null"
        if column in NUMBERS and text not in NO_NUMBERS:
            return text
        return json.dumps(text, ensure_ascii=False)


class Xml:
    """One element a row, one element a field. An empty field is an empty element."""

    suffix, foot = "xml", "</sales>\n"
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<sales>\n'
    row = "<sale>" + "%s" * len(COLUMNS) + "</sale>\n"

    @staticmethod
    def field(column: str, text: str) -> str:
        return f"<{column}>{escape(text)}</{column}>" if text else f"<{column}/>"


FORMS = {"csv": Csv, "json": Json, "xml": Xml}


class Draws:
    """Random numbers of some rows: each is a hash (splitmix64) of the row's number and of how many were drawn before."""

    def __init__(self, numbers: np.ndarray, skip: int):
        self.numbers, self.drawn = numbers.astype(np.uint64) * np.uint64(64), skip

    def below(self, limit: int | np.ndarray) -> np.ndarray:
        """A number from 0 to below the limit for each row."""
        self.drawn += 1
        with np.errstate(over="ignore"):
            z = (self.numbers + np.uint64(self.drawn)) * np.uint64(0x9E3779B97F4A7C15)
            z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            z = (z ^ (z >> np.uint64(31))) >> np.uint64(32)
        return (z * np.asarray(limit, dtype=np.uint64) >> np.uint64(32)).astype(np.int64)

    def one_in(self, count: int) -> np.ndarray:
        """True for about one row of so many."""
        return self.below(count) == 0


def blocks(form, rows: int) -> Iterator[str]:
    """The text of the file, piece by piece."""
    yield form.head
    render = renderer(form)
    for first in range(0, rows, BLOCK_ROWS):
        yield render(np.arange(first, min(first + BLOCK_ROWS, rows)))
    yield form.foot


def renderer(form) -> Callable[[np.ndarray], str]:
    """What turns row numbers into the text of these rows."""

    def texts(column: str, values: Iterable[str]) -> np.ndarray:
        return np.array([form.field(column, value) for value in values], dtype=object)

    # Ids, emails and times are put together from parts; the form of a whole one says what goes around them.
    before_id, behind_id = form.field("id", "7").split("7")
    no_id = form.field("id", "")
    before_email, behind_email = form.field("email", "@").split("@")
    mailboxes = np.array([before_email + text for text in mailbox_names()], dtype=object)
    domains = np.array([f"@{text}{behind_email}" for text in DOMAINS], dtype=object)
    before_time, behind_time = form.field("updated_at", "@").split("@")
    days = np.array([before_time + day for day in DAYS], dtype=object)
    times = np.array([f" {s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}{behind_time}" for s in range(86_400)], dtype=object)
    customers, countries = texts("customer", customer_names()), texts("country", country_codes())
    stores = texts("store", map(str, range(1, 401)))
    dates = texts("sale_date", [*DAYS, *(f"{day:02}/11/2026" for day in range(1, 31)), *NO_DATES])
    units = texts("units", [*map(str, range(1, 25)), *NO_NUMBERS])
    amounts = texts("amount", [*AMOUNTS, "", *NO_NUMBERS])
    notes = texts("note", ["", *note_texts()])

    def render(numbers: np.ndarray) -> str:
        # What is drawn for the row says how it is written; what is drawn for the sale says what it means.
        row = Draws(numbers, 0)
        sources = np.where(row.one_in(50), row.below(np.maximum(numbers, 1)), numbers)
        sale = Draws(sources, 32)
        day = sale.below(30)
        amount = np.where(sale.one_in(50), 100_000, 0) + sale.below(sale.below(100_000) + 1)
        amount = np.where(sale.one_in(200), len(AMOUNTS), amount)
        note = np.where(sale.one_in(2), 0, sale.below(len(notes)))
        updated = np.minimum(day + sale.below(3), 29)

        date = np.where(row.below(10) < 3, day + 30, day)
        date = np.where(row.one_in(200), 60 + row.below(len(NO_DATES)), date)
        unit = np.where(row.one_in(250), 24 + row.below(len(NO_NUMBERS)), sale.below(24))
        amount = np.where(row.one_in(300), len(AMOUNTS) + 1 + row.below(len(NO_NUMBERS)), amount)
        columns = [
            ids(sources, row.one_in(100)),
            customers[sale.below(len(customers) // STYLES) * STYLES + row.below(STYLES)],
            emails(sale, row),
            countries[sale.below(len(countries) // STYLES) * STYLES + row.below(STYLES)],
            stores[sale.below(len(stores))],
            dates[date],
            units[unit],
            amounts[amount],
            notes[note],
            days[updated] + times[sale.below(len(times))],
        ]
        return "".join(map(form.row.__mod__, zip(*columns)))

    def ids(sources: np.ndarray, empty: np.ndarray) -> list[str]:
        pairs = zip((sources + FIRST_ID).tolist(), empty.tolist())
        return [no_id if is_empty else f"{before_id}{number}{behind_id}" for number, is_empty in pairs]

    def emails(sale: Draws, row: Draws) -> list[str]:
        mailbox = sale.below(len(mailboxes) // STYLES) * STYLES + row.below(STYLES)
        parts = zip(mailboxes[mailbox], sale.below(1000).tolist(), domains[sale.below(len(domains))])
        return [f"{name}{number}{domain}" for name, number, domain in parts]

    return render


def customer_names() -> list[str]:
    """Names in several scripts, each in several styles."""
    chance = random.Random("customers")
    names = []
    for _ in range(4096):
        _, given, family = chance.choices(NAMES, [share for share, _, _ in NAMES])[0]
        name = f"{chance.choice(given.split())} {chance.choice(family.split())}"
        names += [padded(chance, text) for text in styles(name)]
    return names


def mailbox_names() -> list[str]:
    """The beginnings of email addresses, each in several styles."""
    givens, families = NAMES[0][1].split(), NAMES[0][2].split()
    return [text for given in givens for family in families for text in styles(f"{given[0]}.{family}")]


def country_codes() -> list[str]:
    """Codes of countries, each in several styles."""
    return [text for code in COUNTRIES for text in [*styles(code)[1:], f" {code}"]]


def styles(text: str) -> list[str]:
    """STYLES ways to write it: as it is, all large, all small, upside down."""
    return [text, text, text, text.upper(), text.upper(), text.lower(), text.lower(), text.swapcase()]


def padded(chance: random.Random, text: str) -> str:
    """With up to three blanks before and behind, mostly none."""
    return " " * chance.choice([0, 0, 0, 1, 2]) + text + " " * chance.choice([0, 0, 0, 1, 3])


def note_texts() -> list[str]:
    """Remarks with commas, quotes, both or none."""
    chance = random.Random("notes")
    notes = []
    for _ in range(4000):
        product, remark, number = chance.choice(PRODUCTS), chance.choice(REMARKS), chance.randrange(2, 500)
        notes.append(chance.choice([
            f"{product} {number}",
            f"{product}, {remark}",
            f'{product} "{remark}"',
            f'"{product}", {number} g, {remark}',
            f"{remark} & {product} <{number}>",
            f"{remark} {number}",
        ]))
    return notes


def main() -> None:
    """Makes one file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("form", choices=FORMS)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--data", type=Path, default=DATA)
    options = parser.parse_args()
    print(rows_file(options.form, options.rows, options.data))


if __name__ == "__main__":
    main()
