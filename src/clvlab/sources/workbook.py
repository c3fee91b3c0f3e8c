"""One sheet of a workbook."""

from pathlib import Path

import fastexcel
import polars as pl

from clvlab.errors import DataError, UnsettledError
from clvlab.sources.table import SourceTable


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
        # All rows decide a column's type: by default a later text in a column of numbers would become null.
        rows = pl.DataFrame(book.load_sheet(chosen, schema_sample_rows=None))
    except fastexcel.FastExcelError as error:
        raise DataError(f"{name} cannot be read as a workbook: {str(error).splitlines()[0]}.") from None
    return SourceTable.of(rows.lazy(), name, {"format": "workbook", "sheet": chosen})


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
