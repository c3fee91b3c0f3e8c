"""Any column as text, the texts that mean nothing, and ids."""

import polars as pl

from clvlab.errors import DataError

MISSING = ("", "nan", "null", "none", "na", "n/a", "#n/a", "nat", "<na>")
_READABLE = (pl.Boolean, pl.Null, pl.Date, pl.Datetime)


def is_text(dtype: pl.DataType) -> bool:
    """Whether a column of this type holds texts."""
    return isinstance(dtype, pl.String | pl.Categorical | pl.Enum)


def as_text(column: str, dtype: pl.DataType, table: str) -> pl.Expr:
    """A column as trimmed text, null where it says nothing; whole numbers without the ".0" of a float column.

    Raises
    ------
    DataError : the column holds lists, binary data or the like
    """
    value = pl.col(column)
    if is_text(dtype):
        return missing_to_null(value.cast(pl.String))
    if dtype.is_float():
        whole = (value == value.round()) & (value.abs() < 2**53)
        text = value.cast(pl.Int64, strict=False).cast(pl.String)
        return pl.when(value.is_not_nan()).then(pl.when(whole).then(text).otherwise(value.cast(pl.String)))
    if dtype.is_numeric() or isinstance(dtype, _READABLE):
        return value.cast(pl.String)
    raise DataError(f"Column {column!r} of {table} holds {dtype}. Text, numbers or dates are expected.")


def missing_to_null(text: pl.Expr) -> pl.Expr:
    """The trimmed text; null where it is blank or a word for nothing, such as nan."""
    bare = text.str.strip_chars()
    return pl.when(~bare.str.to_lowercase().is_in(MISSING)).then(bare)


def spelled_apart(ids: pl.Series, limit: int = 3) -> list[tuple[str, ...]]:
    """Ids that differ in leading zeros or a trailing ".0" alone, and so may be one customer's.

    >>> spelled_apart(pl.Series(["7", "007", "7.0", "8"]))
    [('007', '7', '7.0')]
    """
    plain = pl.col("id").str.replace(r"\.0+$", "").str.strip_chars_start("0")
    groups = ids.unique().alias("id").to_frame().group_by(plain.alias("plain")).agg(pl.col("id").sort())
    alike = groups.filter(pl.col("id").list.len() > 1).sort("plain")
    return [tuple(spellings) for spellings in alike["id"].head(limit)]
