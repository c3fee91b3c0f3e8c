"""Ids that are nobody: guests, anonymous buyers, whoever walks in."""

from collections.abc import Iterable
from typing import Any

import polars as pl

from clvlab.sources import OURS
from clvlab.sources.doubts import warn
from clvlab.sources.texts import fold_ids, is_among
from clvlab.transactions.words import words

_TIMES_MORE, _SHARE, _ENOUGH = 10, 0.05, 20


def is_guest(rows: pl.LazyFrame, customers: pl.Series, guests: Iterable[Any]) -> pl.Expr:
    """Whether a row's id is nobody's: one of the words for guests, or of the ids that are given.

    `customers` are the words among ids, see `words_among`: no word for a guest is a code.
    """
    given = [_plain(str(guest)) for guest in ((guests,) if isinstance(guests, str) else guests)]
    customer = pl.col(OURS + "customer_id")
    ids = rows.select(customer).unique().collect(engine="streaming").to_series() if given else customers
    plain = ids.str.to_lowercase().str.replace_all(r"[\s_-]+", " ")
    return is_among(customer, ids.filter(plain.is_in([*words("guests"), *given])))


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
