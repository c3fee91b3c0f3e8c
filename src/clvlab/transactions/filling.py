"""Cells that are merged in a spreadsheet: written once, and blank in the rows below."""

from collections.abc import Collection, Mapping
from dataclasses import replace

import polars as pl

from clvlab.columns import LOG, names
from clvlab.errors import ParamsError, did_you_mean
from clvlab.sources import OURS, SourceTable
from clvlab.sources.cells import DAY_CELL, NUMBER_CELL
from clvlab.sources.table import ROW
from clvlab.sources.texts import is_text

_FILLED = OURS + "filled."


def filled_down(
    table: SourceTable, mapping: Mapping[str, str], columns: Collection[str]
) -> tuple[SourceTable, dict[str, str]]:
    """The table with blank cells of these columns (by our names) filled from above, and the mapping to them.

    The source's own columns stay as they are; a word for nothing, such as "N/A", is not blank.
    """
    for name in columns:
        if name not in names(LOG):
            raise ParamsError(
                f"fill_down has {name!r}, which is not a column of a log.{did_you_mean(name, names(LOG))} "
                f"Known: {', '.join(names(LOG))}."
            )
    rows, mapped = table.rows, dict(mapping)
    schema = rows.collect_schema()
    for ours in columns:
        if ours not in mapping:
            continue
        column = mapping[ours]
        text = pl.col(column)
        is_blank = text.cast(pl.String).str.strip_chars() == "" if is_text(schema[column]) else pl.lit(False)
        above = pl.when(~is_blank.fill_null(True) & text.is_not_null()).then(pl.col(ROW) - 1).forward_fill()
        cells = [name for name in (NUMBER_CELL + column, DAY_CELL + column) if name in schema]
        rows = rows.with_columns(
            pl.col(column).gather(above).alias(_FILLED + column),
            *(pl.col(name).gather(above).alias(name.removesuffix(column) + _FILLED + column) for name in cells),
        )
        mapped[ours] = _FILLED + column
    return replace(table, rows=rows), mapped
