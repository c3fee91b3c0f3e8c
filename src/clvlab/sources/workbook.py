"""One sheet of a workbook."""

import re
import zipfile
from pathlib import Path
from typing import Any

import fastexcel
import polars as pl

from clvlab.errors import DataError, UnsettledError
from clvlab.sources.cells import DAY_CELL, NUMBER_CELL
from clvlab.sources.headers import distinct
from clvlab.sources.table import SourceTable

_NUMBER, _MOMENT = r"^-?\d+(\.\d+)?$", r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}"


def open_sheet(path: Path, name: str, sheet: str | None) -> SourceTable:
    """The sheet that is named, or the only one that has rows.

    Raises
    ------
    DataError : no such sheet, or no rows at all
    UnsettledError : several sheets with rows, and none named
    """
    try:
        book = fastexcel.read_excel(path)
        chosen = sheet if sheet is not None else _only_sheet(book, name)
        if chosen not in book.sheet_names:
            raise DataError(f"{name} has no sheet {chosen!r}. Sheets: {', '.join(map(repr, book.sheet_names))}.")
        names, repeated, rows = _rows(book, chosen)
    except fastexcel.FastExcelError as error:
        raise DataError(f"{name} cannot be read as a workbook: {str(error).splitlines()[0]}.") from None
    facts: dict[str, Any] = {"format": "workbook", "sheet": chosen, "repeated": repeated}
    if _counts_from_1904(path):
        facts["counts_from"] = 1904
    return SourceTable.of(rows.lazy(), name, facts, made=set(rows.columns) - set(names))


def _rows(book: fastexcel.ExcelReader, sheet: str) -> tuple[list[str], list[str], pl.DataFrame]:
    """The names of the columns, those that were there more than once, and the rows that are not blank."""
    names, repeated = distinct(_header(book, sheet))
    rows = _load(book, sheet, names)
    mixed = [name for name, dtype in rows.schema.items() if dtype == pl.String and _may_be_mixed(rows[name])]
    if mixed:
        booleans, moments = (_load(book, sheet, names, dtype) for dtype in ("boolean", "datetime"))
        rows = rows.with_columns(
            cells for name in mixed for cells in _cells(rows[name], booleans[name], moments[name])
        )
    return names, repeated, rows.filter(~pl.all_horizontal(pl.col(names).is_null()))


def _header(book: fastexcel.ExcelReader, sheet: str) -> list[str]:
    """The first row that has cells, as it is in the sheet."""
    top = pl.DataFrame(book.load_sheet(sheet, header_row=None, n_rows=1, dtypes="string"))
    return [(text or "").strip() for text in top.row(0)] if top.height else []


def _load(
    book: fastexcel.ExcelReader, sheet: str, names: list[str], dtype: fastexcel.DType | None = None
) -> pl.DataFrame:
    """The rows below the header, each column in the type that all its cells have, else as text."""
    try:
        # All rows decide a column's type: by default a later text in a column of numbers would become null.
        rows = pl.DataFrame(book.load_sheet(sheet, schema_sample_rows=None, dtypes=dtype))
    except fastexcel.UnsupportedColumnTypeCombinationError:
        rows = pl.DataFrame(book.load_sheet(sheet, dtypes="string"))
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


def _only_sheet(book: fastexcel.ExcelReader, name: str) -> str:
    filled = [sheet for sheet in book.sheet_names if book.load_sheet(sheet, n_rows=1).height]
    if not filled:
        raise DataError(f"{name} has no sheet with rows.")
    if len(filled) > 1:
        raise UnsettledError(
            f"{name} has {len(filled)} sheets with rows: {', '.join(map(repr, filled))}. "
            f"Say which one: `sheet: {filled[0]}`.",
            "sheet",
            filled,
        )
    return str(filled[0])
