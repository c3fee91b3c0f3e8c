"""Texts that mean nothing, and ids."""

import polars as pl

MISSING = ("", "nan", "null", "none", "na", "n/a", "#n/a", "nat", "<na>")


def is_missing(text: pl.Expr) -> pl.Expr:
    """Whether a text is null, blank or a word for nothing, such as nan."""
    return text.is_null() | text.str.strip_chars().str.to_lowercase().is_in(MISSING)


def clean_ids(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Ids as text, null where missing; whole numbers lose the ".0" of a float column, text keeps its zeros."""
    if dtype.is_float():
        whole = column.is_finite() & (column == column.round()) & (column.abs() < 2**53)
        text = (
            pl.when(whole).then(column.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(column.cast(pl.String))
        )
    else:
        text = column.cast(pl.String).str.strip_chars()
    return pl.when(~is_missing(text)).then(text)
