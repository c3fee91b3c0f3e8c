"""Text files with separators: CSV and its kin.

A plain file, in UTF-8 and with sound quotes, is scanned where it lies. Any other is first rewritten as one: decoded,
and its quotes read as Python's csv module reads them. A row that does not fit its header keeps its place and gets a
flaw: `too_many_fields`, or `unclosed_quote` where an unsound quote has swallowed lines that look like rows.
"""

import csv
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from clvlab.errors import ParamsError
from clvlab.scratch import scratch_file
from clvlab.sources.doubts import warn
from clvlab.sources.encodings import FoundEncoding, check_encoding, find_encoding
from clvlab.sources.faults import fault
from clvlab.sources.headers import distinct, header_at
from clvlab.sources.settings import FileSettings
from clvlab.sources.table import FLAW, OURS, SourceTable

if TYPE_CHECKING:
    from _csv import Reader

_EXTRA = OURS + "extra"
_SEPARATORS = (",", ";", "\t", "|")
_SAMPLE_RECORDS = 200
_LONGEST_FIELD = 16 * 1024**2  # characters


@dataclass(frozen=True)
class Layout:
    """How a text file is laid out.

    Attributes
    ----------
    encoding, separator : how its text becomes fields
    damaged : whether some of it does not decode
    header : the record that names the columns
    preface : how many records come before it: blank lines, Excel's "sep=;", what the table is
    header_row : the line of the file on which the header begins, from 1
    """

    encoding: str
    damaged: bool
    separator: str
    header: tuple[str, ...]
    preface: int
    header_row: int

    @property
    def columns(self) -> list[str]:
        """The header's names, trimmed and told apart."""
        return distinct(self._bare)[0]

    @property
    def repeated(self) -> list[str]:
        """The names that are in the header more than once."""
        return distinct(self._bare)[1]

    @property
    def _bare(self) -> list[str]:
        return [text.strip("\ufeff \t\r\n'") for text in self.header]


def open_text(path: Path, name: str, settings: FileSettings, *, lazily: bool) -> SourceTable:
    """The table of a text file; what is not given is detected, and is in the table's facts.

    Lazily, the file is scanned anew by every step; otherwise its rows are in memory.

    Raises
    ------
    DataError : the file is binary, not in the encoding, or has no columns
    ParamsError : the encoding is unknown, or the separator not a single character
    """
    separator, encoding = settings.separator, settings.encoding
    if separator is not None and (len(separator) != 1 or separator in '"\r\n\0'):
        raise fault("bad_separator", ParamsError, separator=repr(separator))
    found = FoundEncoding(check_encoding(encoding)) if encoding is not None else find_encoding(path, name)
    layout = _layout(path, name, found, settings)
    facts: dict[str, Any] = {"format": "text", "encoding": layout.encoding, "separator": layout.separator}
    facts |= {"header_row": layout.header_row} if layout.header_row > 1 else {}
    facts |= {"repeated": layout.repeated} if layout.repeated else {}
    _warn_of_encoding(name, found)
    return SourceTable.of(_rows(path, name, layout, lazily=lazily), name, facts, is_large=lazily)


def _warn_of_encoding(name: str, found: FoundEncoding) -> None:
    if found.damaged:
        warn("damaged_text", file=name, encoding=found.encoding, places=found.damaged)
    elif not found.is_sure:
        warn("doubtful_encoding", file=name, encoding=found.encoding)


def _layout(path: Path, name: str, found: FoundEncoding, settings: FileSettings) -> Layout:
    """The separator that gives the header at least two fields and most rows as many as the header."""
    fits: list[tuple[float, int, Layout]] = []
    for candidate in _SEPARATORS if settings.separator is None else (settings.separator,):
        with _records(path, name, found.encoding, candidate, damaged=found.damaged > 0) as records:
            try:
                lines, sample = _numbered(records, _SAMPLE_RECORDS + (settings.header_row or 0))
            except csv.Error as error:
                raise fault("not_separated", file=name, reason=error) from None
        if not any(sample):
            raise fault("empty", file=name)
        preface = _preface(name, lines, sample, settings)
        header, *rows = filter(None, sample[preface:])
        share = sum(len(row) == len(header) for row in rows) / len(rows) if rows else 1.0
        layout = Layout(found.encoding, found.damaged > 0, candidate, tuple(header), preface, lines[preface])
        fits.append((share if len(header) > 1 else 0.0, len(header), layout))
    return max(fits, key=lambda fit: fit[:2])[2]


def _numbered(records: "Reader", at_most: int) -> tuple[list[int], list[list[str]]]:
    """The first records, and for each the line of the file on which it begins."""
    lines, sample, line = [], [], 1
    for record in islice(records, at_most):
        lines.append(line)
        sample.append(record)
        line = records.line_num + 1
    return lines, sample


def _preface(name: str, lines: list[int], sample: list[list[str]], settings: FileSettings) -> int:
    """How many records come before the header."""
    if settings.header_row is None:
        names_separator = next((at for at, record in enumerate(sample) if record), 0)
        skipped = names_separator + 1 if _names_separator(sample[names_separator]) else 0
        if not any(sample[skipped:]):
            raise fault("empty", file=name)
        return skipped + header_at(sample[skipped:], settings.columns)
    at = next((at for at, line in enumerate(lines) if line == settings.header_row), None)
    if at is None or not sample[at]:
        raise fault("no_header", file=name, row=settings.header_row)
    return at


def _names_separator(record: list[str]) -> bool:
    """Whether it is the line "sep=;" by which Excel names the separator."""
    return re.fullmatch(r"\ufeff?sep=\W?", "".join(record), re.IGNORECASE) is not None


@contextmanager
def _records(
    path: Path, name: str, encoding: str, separator: str, *, damaged: bool, strict: bool = False
) -> "Iterator[Reader]":
    """The records of a file; a blank line is an empty record."""
    with path.open(
        encoding="utf-8-sig" if encoding == "utf-8" else encoding,
        errors="replace" if damaged else "strict",
        newline="",
    ) as file:
        usual = csv.field_size_limit(_LONGEST_FIELD)
        try:
            yield csv.reader(file, delimiter=separator, strict=strict)
        except UnicodeError as error:
            raise fault("not_in_encoding", file=name, encoding=encoding, reason=error) from None
        finally:
            csv.field_size_limit(usual)


def _rows(path: Path, name: str, layout: Layout, *, lazily: bool) -> pl.LazyFrame:
    is_utf8 = layout.encoding in ("utf-8", "utf-8-sig") and not layout.damaged
    if is_utf8 and layout.preface == 0 and _ends_lines_plainly(path):
        try:
            return _scan(path, layout, skip_rows=1, sound=True, lazily=lazily)
        except pl.exceptions.PolarsError:
            pass  # unsound quotes, which the csv module reads more leniently
    target = scratch_file()
    sound = _rewrite(path, name, layout, target)
    rows = _scan(target, layout, skip_rows=0, sound=sound, lazily=lazily)
    if not lazily:
        target.unlink()
    return rows


def _ends_lines_plainly(path: Path) -> bool:
    """Whether the first line ends as polars expects, and is not blank."""
    with path.open("rb") as file:
        first = file.readline(1024 * 1024)
    return bool(first.strip()) and b"\r" not in first.removesuffix(b"\n").removesuffix(b"\r")


def _rewrite(path: Path, name: str, layout: Layout, target: Path) -> bool:
    """Write the rows below the header as plain CSV; return whether all quotes were sound."""
    try:
        _write_plain(path, name, layout, target, strict=True)
        return True
    except csv.Error:
        pass
    try:
        _write_plain(path, name, layout, target, strict=False)
    except csv.Error as error:
        raise fault("not_separated", file=name, reason=error) from None
    return False


def _write_plain(path: Path, name: str, layout: Layout, target: Path, *, strict: bool) -> None:
    with (
        _records(path, name, layout.encoding, layout.separator, damaged=layout.damaged, strict=strict) as records,
        target.open("w", encoding="utf-8", newline="") as file,
    ):
        below = islice(records, layout.preface + 1, None)
        csv.writer(file, delimiter=layout.separator, lineterminator="\n").writerows(filter(None, below))


def _scan(path: Path, layout: Layout, *, skip_rows: int, sound: bool, lazily: bool) -> pl.LazyFrame:
    """Scan a plain file once in full, so that what is wrong with it shows here."""
    rows = pl.scan_csv(
        path,
        has_header=False,
        skip_rows=skip_rows,
        schema={**dict.fromkeys(layout.columns, pl.String()), _EXTRA: pl.String()},
        separator=layout.separator,
        truncate_ragged_lines=True,
        missing_columns="insert",
        extra_columns="ignore",
        glob=False,
    )
    rows = rows.with_columns(_flaw(layout, sound=sound)).drop(_EXTRA)
    if not lazily:
        return rows.collect().lazy()
    rows.select(pl.all().count()).collect(engine="streaming")
    return rows


def _flaw(layout: Layout, *, sound: bool) -> pl.Expr:
    too_many = pl.when(pl.col(_EXTRA).str.strip_chars() != "").then(pl.lit("too_many_fields"))
    if sound:
        return too_many.alias(FLAW)
    a_row = rf"\n([^\n{layout.separator}]*\{layout.separator}){{{len(layout.header) - 1}}}"
    swallowed = pl.any_horizontal(pl.col(layout.columns).str.contains(a_row))
    return pl.coalesce(pl.when(swallowed).then(pl.lit("unclosed_quote")), too_many).alias(FLAW)
