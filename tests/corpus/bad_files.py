"""Files that fight back, and what becomes of each: so many accepted rows, or words of the refusal.

Each is made of a small sound log of `N` rows by one thing that goes wrong in files as people export them, or as
somebody who means harm would write them.
"""

import gzip
import io
import os
import random
import struct
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

import polars as pl
import xlsxwriter

HEADER = ("customer_id", "date", "amount")
ROWS = tuple(
    (f"c{k % 30:02}", str(date(2023, 1, 3) + timedelta(days=6 * k)), f"{10 + (7 * k) % 40}.50") for k in range(120)
)
N = len(ROWS)
LAST = "2024-12-31"


@dataclass(frozen=True)
class Bad:
    """A file that fights back.

    Attributes
    ----------
    make : writes it into a folder, and returns the source that names it
    outcome : how many rows are accepted, or a pattern of the refusal
    settings : keys of the params that go with it
    """

    make: Callable[[Path], str]
    outcome: int | str
    settings: Mapping[str, object]


def table(rows=ROWS, header=HEADER, separator=",", end="\n"):
    """The rows as text with separators."""
    return end.join(separator.join(row) for row in [header, *rows]) + end


def days(write):
    """The rows with another way of writing days."""
    return table([(who, write(date.fromisoformat(day)), money) for who, day, money in ROWS])


def amounts(write):
    """The rows with another way of writing amounts."""
    return table([(who, day, write(float(money))) for who, day, money in ROWS])


def ids(write):
    """The rows with another way of writing ids."""
    return table([(write(who), day, money) for who, day, money in ROWS])


def with_row(*row, at=60):
    """The rows, and another one among them."""
    return table([*ROWS[:at], row, *ROWS[at:]])


def _file(content, name="log.csv"):
    """A maker of a file of this content; what takes long to make is a function, called when the file is wanted."""

    def make(folder: Path) -> str:
        data = content() if callable(content) else content
        (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)
        return str(folder / name)

    return make


def _zipped(members, name="log.zip"):
    return _file(partial(_zip_bytes, members), name)


def _zip_bytes(members):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return packed.getvalue()


def _encrypted():
    """An archive whose member says that it is encrypted."""
    data = bytearray(_zip_bytes({"orders.csv": table()}))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + place] |= 1
    return bytes(data)


def _parquet(frame=None):
    packed = io.BytesIO()
    (pl.DataFrame(ROWS, HEADER, orient="row") if frame is None else frame).write_parquet(packed)
    return packed.getvalue()


def _damaged(data, places):
    changed = bytearray(data)
    for place in places:
        changed[place] ^= 0xFF
    return bytes(changed)


def _book(*sheets):
    """A workbook whose sheets have these cells: (row, column, value)."""
    packed = io.BytesIO()
    with xlsxwriter.Workbook(packed, {"in_memory": True, "default_date_format": "yyyy-mm-dd"}) as book:
        for cells in sheets:
            sheet = book.add_worksheet()
            for row, column, value in cells:
                sheet.write(row, column, value)
    return packed.getvalue()


def _cells(rows=ROWS, header=HEADER):
    return [(y, x, value) for y, row in enumerate([header, *rows]) for x, value in enumerate(row)]


def _typed_cells():
    rows = [
        (who, datetime.fromisoformat(day) if k % 2 else day, float(money)) for k, (who, day, money) in enumerate(ROWS)
    ]
    return [*_cells(rows)[:30], (10, 0, 7), *_cells(rows)[31:]]


def _with_blank_ids():
    return _cells([(who if k % 3 == 0 else None, day, money) for k, (who, day, money) in enumerate(ROWS)])


def _folder(folder: Path) -> str:
    return str(folder)


def _fifo(folder: Path) -> str:
    os.mkfifo(folder / "pipe.csv")
    return str(folder / "pipe.csv")


def _device(_: Path) -> str:
    return "/dev/zero"


def _dangling(folder: Path) -> str:
    (folder / "log.csv").symlink_to(folder / "gone.csv")
    return str(folder / "log.csv")


def _circle(folder: Path) -> str:
    (folder / "log.csv").symlink_to(folder / "log.csv")
    return str(folder / "log.csv")


def _loops(folder: Path) -> str:
    _file(table())(folder)
    for name in ("one", "two"):
        (folder / name).symlink_to(folder)
    return f"{folder}/**/*.csv"


def _latest(folder: Path) -> str:
    _file(table(), "orders_2024.csv")(folder)
    (folder / "latest.csv").symlink_to(folder / "orders_2024.csv")
    return f"{folder}/*.csv"


def _two_headers(folder: Path) -> str:
    _file(table(), "a.csv")(folder)
    _file(table().replace("amount", "umsatz"), "b.csv")(folder)
    return f"{folder}/*.csv"


def _no_match(folder: Path) -> str:
    return f"{folder}/*.parquet"


def _nul(folder: Path) -> str:
    return f"{folder}/a\0b.csv"


def _long_name(folder: Path) -> str:
    return f"{folder}/{'x' * 300}.csv"


def _wide():
    extra = [f"c{n}" for n in range(20_000)]
    return table([(*row, *extra) for row in ROWS[:12]], (*HEADER, *extra))


def _minguo(day):
    return f"民國{day.year - 1911}年{day.month}月{day.day}日"


def _arabic(text):
    return str(text).translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))


def _week(day, fmt="%G-W%V-%u"):
    return day.strftime(fmt)


def _seconds(day):
    return int(datetime(day.year, day.month, day.day, 12).timestamp())


_NOISE = random.Random(1).randbytes(3000)
_CHINESE = table(header=("客户编号", "下单日期", "实付金额")).replace("c0", "客户")
_MAPPED = {"columns": {"customer_id": "客户编号", "date": "下单日期", "amount": "实付金额"}}
_MULLER = ids(lambda who: f"Müller {who}")
_EARLIER = [(f"c{k % 30:02}", str(date(2013, 1, 3) + timedelta(30 * k)), "5") for k in range(121)]
_RETURNED = [(who, LAST, f"-{money}") for who, _, money in ROWS[:2]]
_BOMB = bytes(300 * 1024**2)


def _bad(make, outcome, **settings):
    return Bad(make if callable(make) else _file(make), outcome, settings)


FILES: Mapping[str, Bad] = {
    # What is in the file
    "empty": _bad("", "is empty"),
    "blank lines": _bad("\n\n \n", "is empty|has no column"),
    "header alone": _bad(table([]), "no rows below its header"),
    "one column": _bad("x\n1\n2\n", "has no column 'customer_id'"),
    "no header": _bad(table()[len("customer_id,date,amount\n") :], "has no column 'customer_id'"),
    "zeros": _bad(bytes(5000), "is a binary file"),
    "noise": _bad(_NOISE, "is a binary file"),
    "picture": _bad(b"\x89PNG\r\n\x1a\n" + _NOISE, "is a binary file"),
    "page": _bad("<!doctype html><html><body><table><tr><td>1</td></tr></table></body></html>\n", "has no column"),
    "json": _bad('{"customer_id": "a", "date": "2024-01-31", "amount": 1}\n' * 9, "has no column"),
    "pdf": _bad(b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n" + _NOISE, "is a binary file"),
    "our prefix": _bad(table(header=("customer_id", "date", "clvlab.row")), "the prefix 'clvlab.' is taken"),
    "twenty thousand columns": _bad(_wide(), 12),
    "a long field": _bad(table([*ROWS, ("x" * 200_000, LAST, "1")]), N + 1),
    "a field without end": _bad(table([("x", LAST, '"' + "y" * 17_000_000)]) + table(), "field larger than|unclosed"),
    # Encodings
    "utf-16": _bad(table().encode("utf-16"), N),
    "utf-16 without a mark": _bad(table().encode("utf-16-le"), N),
    "utf-8 with a mark": _bad(table().encode("utf-8-sig"), N),
    "gb18030": _bad(_CHINESE.encode("gb18030"), N, **_MAPPED),
    "latin-1": _bad(_MULLER.encode("latin-1"), N),
    "a stray byte": _bad(_MULLER.encode().replace(b"c07", b"c\xff07", 1), N),
    "a letter cut in half": _bad((table() + "é,2024-12-30,5\n").encode().replace(b"\xc3\xa9", b"\xc3"), N + 1),
    "wrong encoding set": _bad(_MULLER.encode("latin-1"), "is not text in", encoding="utf-8"),
    # Separators, quotes, lines
    "semicolons": _bad(table(separator=";"), N),
    "tabs": _bad(table(separator="\t"), N),
    "bars": _bad(table(separator="|"), N),
    "sep=": _bad("sep=;\n" + table(separator=";"), N),
    "old line ends": _bad(table(end="\r"), N),
    "line ends of both kinds": _bad(table().replace("\n", "\r\n", 40), N),
    "no end of the last line": _bad(table().removesuffix("\n"), N),
    "lines above the header": _bad("Sales 2024\nmade by,me\n\n" + table(), N),
    "a total below": _bad(table([*ROWS, ("Total", LAST, "9999")]), N),
    "a sum below": _bad(table([*ROWS, ("sum of all", LAST, str(sum(float(row[2]) for row in ROWS)))]), N),
    "a quote inside": _bad(with_row('the "best" one', LAST, "1"), N + 1),
    "a quote that is never closed": _bad(with_row('"x', LAST, "1"), 60),
    "too many fields": _bad(with_row("x", LAST, "1", "2"), N),
    "too few fields": _bad(with_row("x", LAST), N),
    "a name twice": _bad(table(header=("customer_id", "amount", "amount")), "has no column 'date'|more than one"),
    "blank names": _bad(table([(*row, "", "x") for row in ROWS], (*HEADER, "", "")), N),
    # Ids
    "formulas": _bad(ids(lambda who: f"=cmd|' /C calc'!{who}"), N),
    "markup": _bad(ids(lambda who: f"<script>alert('{who}')</script>"), N),
    "escapes": _bad(ids(lambda who: f"\x1b[2J{who}"), N),
    "right to left": _bad(ids(lambda who: f"\u202e{who}"), N),
    "ids of ten thousand letters": _bad(ids(lambda who: "x" * 10_000 + who), N),
    "names of nobody": _bad(table([*ROWS, *(((who, LAST, "1")) for who in ("nan", "-", "NULL", "无", r"\N"))]), N),
    "guests": _bad(table([*ROWS, ("guest", LAST, "1"), ("散客", LAST, "1")]), N),
    "an id above all": _bad(table([*ROWS, *[("till", LAST, "1")] * 900]), N + 900),
    "ids in scientific notation": _bad(ids(lambda who: f"3.91E+{who[1:]}"), N),
    # Days
    "days left open": _bad(days(lambda _: "01/02/2024"), "do not settle the order of day and month"),
    "days in both orders": _bad(table([("a", "31/01/2024", "1"), ("b", "01/31/2024", "1")]), "mix orders of day and"),
    "no day at all": _bad(days(lambda _: "soon"), "rows are refused"),
    "the null date of databases": _bad(with_row("x", "1900-01-01", "1"), N),
    "the last date of databases": _bad(with_row("x", "9999-12-31", "1"), N),
    "the first date": _bad(with_row("x", "0001-01-01", "1"), N),
    "1970": _bad(with_row("x", "1970-01-01", "1"), N + 1),
    "a day to come": _bad(with_row("x", "2042-03-05", "1"), N + 1),
    "a day that is none": _bad(with_row("x", "2024-02-30", "1"), N),
    "years of another calendar": _bad(days(lambda day: f"{day.year - 621}/{day:%m/%d}"), "rows are refused"),
    "seconds": _bad(days(lambda day: str(_seconds(day))), N),
    "thousandths of seconds": _bad(days(lambda day: str(1000 * _seconds(day))), N),
    "spreadsheet days": _bad(days(lambda day: str((day - date(1899, 12, 30)).days)), N),
    "years of the republic": _bad(days(_minguo), N),
    "arabic digits": _bad(days(_arabic), N),
    "weeks and days": _bad(days(_week), N),
    "weeks": _bad(days(lambda day: _week(day, "%G-W%V")), N),
    "eleven years": _bad(table([*_EARLIER, *ROWS]), N + 121),
    # Amounts
    "decimal commas": _bad(amounts(lambda amount: f'"{amount}"'.replace(".", ",")), "decimal mark ','"),
    "nothing but zeros": _bad(amounts(lambda _: "0"), N),
    "next to nothing": _bad(amounts(lambda amount: f"{amount / 1e9:.12f}"), N),
    "infinity": _bad(table([*ROWS, ("x", LAST, "inf"), ("x", LAST, "-Infinity"), ("x", LAST, "NaN")]), N),
    "beyond all": _bad(table([*ROWS, ("x", LAST, "1e16"), ("x", LAST, "1e308"), ("x", LAST, "9" * 400)]), N),
    "an amount out of proportion": _bad(with_row("x", LAST, "5000000"), N + 1),
    "amounts in words": _bad(amounts(lambda _: "much"), "rows are refused"),
    "sales as negative amounts": _bad(amounts(lambda amount: f"-{amount}"), "amounts are negative"),
    "credits and debits": _bad(amounts(lambda amount: f"{amount:.2f} {'CR' if amount == 11.5 else 'DR'}"), N),
    "thousands by points": _bad(amounts(lambda amount: f"{amount / 10:.3f}"), N),
    "two currencies": _bad(amounts(lambda amount: f"{'$€'[int(amount) % 2]}{amount}"), "not in one currency"),
    "money that adds up to nothing": _bad(table([*ROWS[:2], *_RETURNED]), 4),
    # Archives
    "gz": _bad(_file(gzip.compress(table().encode()), "log.csv.gz"), N),
    "zip as a Mac makes it": _bad(_zipped({"./orders.csv": table(), ".DS_Store": b"\0", "__MACOSX/._a": b"\0"}), N),
    "zip with escapes in a name": _bad(_zipped({"\x1b[2Jorders.csv": table()}), N),
    "zip that climbs": _bad(_zipped({"../../../tmp/orders.csv": table()}), N),
    "zip of nothing": _bad(_zipped({}), "is an archive without a file|cannot be|binary"),
    "zip of leftovers": _bad(_zipped({".DS_Store": b"\0"}), "is an archive without a file"),
    "zip in zip": _bad(_zipped({"inner.zip": _zip_bytes({"orders.csv": table()})}), "an archive inside an archive"),
    "zip that swells": _bad(_zipped({"orders.csv": _BOMB}), "unpacks to more than a hundred times"),
    "gz that swells": _bad(_file(partial(gzip.compress, _BOMB), "log.gz"), "unpacks to more than a hundred times"),
    "gz cut short": _bad(_file(gzip.compress(table().encode())[:-40], "log.gz"), "cannot be read"),
    "zip cut short": _bad(_file(_zip_bytes({"orders.csv": table()})[:-30], "log.zip"), "cannot be unpacked"),
    "zip encrypted": _bad(_file(_encrypted(), "log.zip"), "cannot be unpacked: .*encrypted"),
    "zip of two headers": _bad(_zipped({"a.csv": table(), "b.csv": table().replace("amount", "x")}), "has no column"),
    # Workbooks
    "workbook": _bad(_file(_book(_cells()), "log.xlsx"), N),
    "workbook of mixed cells": _bad(_file(_book(_typed_cells()), "log.xlsx"), N),
    "workbook of merged ids": _bad(_file(_book(_with_blank_ids()), "log.xlsx"), N // 3),
    "a stray cell in the last corner": _bad(
        _file(partial(_book, [*_cells(), (1_048_575, 16_383, "x")]), "log.xlsx"), "takes far more memory"
    ),
    "a stray cell far below": _bad(
        _file(partial(_book, [*_cells(), (1_048_575, 90, "x")]), "log.xlsx"), "takes far more memory"
    ),
    "two sheets": _bad(_file(_book(_cells(), _cells()), "log.xlsx"), "2 sheets with rows"),
    "no sheet": _bad(_file(_book([]), "log.xlsx"), "no sheet with rows"),
    "workbook cut short": _bad(_file(_book(_cells())[:-200], "log.xlsx"), "cannot be (unpacked|read)"),
    "workbook that swells": _bad(
        _zipped({"xl/workbook.xml": "<workbook/>", "xl/worksheets/sheet1.xml": _BOMB}, "log.xlsx"), "unpacks to more"
    ),
    "workbook of noise": _bad(_zipped({"xl/workbook.xml": _NOISE}, "log.xlsx"), "cannot be read as a workbook"),
    "old workbook of noise": _bad(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + _NOISE, "cannot be read as a workbook"),
    # Parquet
    "parquet": _bad(_file(_parquet(), "log.parquet"), N),
    "parquet cut short": _bad(_parquet()[:-100], "cannot be read"),
    "parquet of four letters": _bad(b"PAR1", "cannot be read"),
    "parquet with damaged pages": _bad(_damaged(_parquet(), range(20, 200, 7)), "cannot be read"),
    "parquet with a huge footer": _bad(_parquet()[:-8] + struct.pack("<I", 2**31 - 1) + b"PAR1", "cannot be read"),
    "parquet of lists": _bad(
        _parquet(pl.DataFrame({"customer_id": ["a"], "date": [LAST], "amount": [[1.0]]})), "holds List"
    ),
    "parquet without rows": _bad(_parquet(pl.DataFrame(schema=dict.fromkeys(HEADER, pl.String))), "no rows below"),
    # What the source names
    "a folder": _bad(_folder, "is a folder"),
    "a pipe": _bad(_fifo, "is not a plain file"),
    "a device": _bad(_device, "is not a plain file"),
    "a link to nowhere": _bad(_dangling, "There is no file"),
    "a link to itself": _bad(_circle, "There is no file|cannot be read"),
    "links in a circle": _bad(_loops, N),
    "a file under two names": _bad(_latest, N),
    "a glob of two headers": _bad(_two_headers, "has no column 'amount'"),
    "a glob of nothing": _bad(_no_match, "There is no file"),
    "a name with a NUL": _bad(_nul, "is not a path"),
    "a name without end": _bad(_long_name, "There is no file|cannot be read"),
    "a name with escapes": _bad(_file(table(), "\x1b[2Jlog\n.csv"), N),
}  # fmt: skip


def seeds(longest: int = 20_000) -> list[bytes]:
    """The contents of those that are short enough to be damaged further."""
    found = []
    for bad in FILES.values():
        with tempfile.TemporaryDirectory() as folder:
            bad.make(Path(folder))
            files = [path for path in Path(folder).iterdir() if path.is_file() and not path.is_symlink()]
            found += [path.read_bytes() for path in files if path.stat().st_size <= longest]
    return found
