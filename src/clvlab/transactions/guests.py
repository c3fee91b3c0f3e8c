"""Ids that are nobody: guests, anonymous buyers, whoever walks in."""

from collections.abc import Iterable
from typing import Any

import polars as pl

from clvlab.sources import OURS
from clvlab.sources.doubts import warn
from clvlab.sources.texts import fold_ids, is_among
from clvlab.transactions.words import words

_TIMES_MORE, _SHARE, _ENOUGH = 10, 0.05, 20


def is_guest(rows: pl.LazyFrame, guests: Iterable[Any]) -> pl.Expr:
    """Whether a row's id is nobody's: one of the words for guests, or of the ids that are given."""
    given = [_plain(str(guest)) for guest in ((guests,) if isinstance(guests, str) else guests)]
    customer = pl.col(OURS + "customer_id")
    ids = rows.select(id=customer)
    if not given:
        # No word for a guest has a digit.
        ids = ids.filter(~pl.col("id").str.contains("[0-9]"))
    plain = pl.col("id").str.to_lowercase().str.replace_all(r"[\s_-]+", " ")
    nobody = ids.unique().collect(engine="streaming").filter(plain.is_in([*words("guests"), *given]))
    return is_among(customer, nobody["id"])


def warn_of_giants(ids: pl.DataFrame) -> None:
    """Warn of an id with ten times as many rows as any other, perhaps no customer; `ids` as by `doubts.ids_of`."""
    counts = ids.filter(pl.col("rows") > 0)
    if counts.height < _ENOUGH:
        return
    first, second = counts.top_k(2, by="rows").iter_rows(named=True)
    if first["rows"] >= _TIMES_MORE * second["rows"] and first["rows"] >= _SHARE * int(counts["rows"].sum()):
        warn("one_id_above_all", id=repr(first["id"]), rows=first["rows"], next=second["rows"])


def _plain(guest: str) -> str:
    folded = fold_ids(pl.Series([guest])).item()
    return " ".join((folded or "").lower().replace("-", " ").replace("_", " ").split())
