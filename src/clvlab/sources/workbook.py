"""One sheet of a workbook."""

import logging
import re
import zipfile
from pathlib import Path
from typing import Any, Literal

import fastexcel
import polars as pl

from clvlab.errors import UnsettledError
from clvlab.sources.cells import DAY_CELL, NUMBER_CELL
from clvlab.sources.faults import fault
from clvlab.sources.headers import distinct, header_at
from clvlab.sources.settings import FileSettings
from clvlab.sources.table import SourceTable
from clvlab.sources.texts import printable
from clvlab.sources.trial import sheets_with_rows

# Of a blank column it warns that it cannot tell its type, which is no news to anybody.
logging.getLogger("fastexcel").setLevel(logging.ERROR)

_SAMPLE_ROWS = 200
_NUMBER, _MOMENT = r"^-?\d+(\.\d+)?$", r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}"


def open_sheet(path: Path, name: str, settings: FileSettings) -> SourceTable:
    """The sheet that is named, or the only one that has rows.

    Raises
    ------
    DataError : no such sheet, or no rows at all
    UnsettledError : several sheets with rows, and none named
    """
    try:
        filled = sheets_with_rows(path, name, settings.sheet)
        book = fastexcel.read_excel(path)
        # Where the trial failed, what is wrong shows below.
        known = book.sheet_names if filled is None else filled
        chosen = settings.sheet if settings.sheet is not None else _only_sheet(known, name)
        if chosen not in book.sheet_names:
            raise fault("no_sheet", file=name, sheet=repr(chosen), sheets=", ".join(map(repr, book.sheet_names)))
        top = pl.DataFrame(
            book.load_sheet(chosen, header_row=None, skip_rows=0, n_rows=_SAMPLE_ROWS, dtypes="string")
        )
        header_row = _header_row(name, top, settings)
        names, repeated = distinct((text or "").strip("\ufeff \t\r\n'") for text in top.row(header_row))
        rows = _rows(book, chosen, header_row, names)
    except fastexcel.FastExcelError as error:
        raise fault("not_a_workbook", file=name, reason=printable(str(error).splitlines()[0])) from None
    facts: dict[str, Any] = {"format": "workbook", "sheet": chosen}
    facts |= {"header_row": header_row + 1} if header_row else {}
    facts |= {"repeated": repeated} if repeated else {}
    facts |= {"counts_from": 1904} if _counts_from_1904(path) else {}
    return SourceTable.of(rows.lazy(), name, facts, made=set(rows.columns) - set(names))


def _header_row(name: str, top: pl.DataFrame, settings: FileSettings) -> int:
    """The row of the sheet, from 0, that names the columns."""
    if top.is_empty():
        raise fault("no_columns", file=name)
    if settings.header_row is None:
        return header_at(top.rows(), settings.columns)
    at = settings.header_row - 1
    if not (at < top.height and any(top.row(at))):
        raise fault("no_header", file=name, row=settings.header_row)
    return at


def _rows(book: fastexcel.ExcelReader, sheet: str, header_row: int, names: list[str]) -> pl.DataFrame:
    """The rows below the header that are not blank, and next to mixed columns their cells of each kind."""
    rows = _load(book, sheet, header_row, names)
    mixed = [name for name, dtype in rows.schema.items() if dtype == pl.String and _may_be_mixed(rows[name])]
    if mixed:
        booleans, moments = (_load(book, sheet, header_row, names, dtype) for dtype in ("boolean", "datetime"))
        rows = rows.with_columns(
            cells for name in mixed for cells in _cells(rows[name], booleans[name], moments[name])
        )
    return rows.filter(~pl.all_horizontal(pl.col(names).is_null()))


def _load(
    book: fastexcel.ExcelReader,
    sheet: str,
    header_row: int,
    names: list[str],
    dtype: Literal["boolean", "datetime"] | None = None,
) -> pl.DataFrame:
    """The rows below the header, each column in the type that all its cells have, else as text."""
    try:
        # All rows decide a column's type: by default a later text in a column of numbers would become null.
        loaded = book.load_sheet(sheet, header_row=header_row, schema_sample_rows=None, dtypes=dtype)
    except fastexcel.UnsupportedColumnTypeCombinationError:
        loaded = book.load_sheet(sheet, header_row=header_row, dtypes="string")
    rows = pl.DataFrame(loaded)
    rows.columns = names
    return rows


def _may_be_mixed(texts: pl.Series) -> bool:
    return texts.str.contains(rf"{_NUMBER}|{_MOMENT}").any()


def _cells(texts: pl.Series, as_boolean: pl.Series, as_moment: pl.Series) -> list[pl.Series]:
    """The cells of a column of texts that were numbers, and those that were dates, as far as there are any.

    A cell that is a number can be had as a boolean and as a moment, one that is a date as a moment alone, and a text
    that looks like either as neither.
    """
    is_number = as_boolean.is_not_null() & texts.str.contains(_NUMBER)
    numbers = pl.select(pl.when(is_number).then(texts.cast(pl.Float64, strict=False))).to_series()
    days = pl.select(pl.when(as_boolean.is_null()).then(as_moment.cast(pl.Datetime("us")))).to_series()
    found = [numbers.alias(NUMBER_CELL + texts.name), days.alias(DAY_CELL + texts.name)]
    return [cells for cells in found if cells.null_count() < len(cells)]


def _counts_from_1904(path: Path) -> bool:
    """Whether the days of the workbook's numbers are counted from 1904, as on early Macs."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as parts:
        if "xl/workbook.xml" not in parts.namelist():
            return False
        return re.search(rb'date1904="(1|true)"', parts.read("xl/workbook.xml")) is not None


def _only_sheet(filled: list[str], name: str) -> str:
    if not filled:
        raise fault("no_rows_in_sheets", file=name)
    if len(filled) > 1:
        raise UnsettledError(
            f"{name} has {len(filled)} sheets with rows: {', '.join(map(repr, filled))}. "
            f"Say which one: `sheet: {filled[0]}`.",
            "sheet",
            filled,
        )
    return filled[0]
