"""Warnings of a log that can be read, but perhaps does not say what it seems to say."""

import polars as pl

from clvlab.sources import OURS
from clvlab.sources.doubts import warn
from clvlab.sources.texts import cut_short, spelled_apart

_EXAMPLES = 3


def warn_of_ids(rows: pl.LazyFrame) -> None:
    """Warn of ids that may be one customer's, and of ids that may be several customers'."""
    seen = rows.group_by(id=pl.col(OURS + "customer_id")).agg(rounded=pl.col(OURS + "rounded_id").any())
    ids = seen.drop_nulls("id").collect(engine="streaming")
    if alike := spelled_apart(ids["id"], _EXAMPLES):
        warn("ids_alike", examples="; ".join(" and ".join(map(repr, spellings)) for spellings in alike))
    cut = pl.concat([cut_short(ids["id"]), ids.filter("rounded")["id"]]).unique().sort()
    if len(cut):
        warn("ids_cut", ids=len(cut), examples=_few(cut))


def warn_of_unread(rows: pl.LazyFrame) -> None:
    """Warn of quantities and costs that are not numbers."""
    found = rows.collect_schema()
    for name in ("quantity", "cost"):
        unread = pl.col(f"{OURS}unread_{name}")
        if unread.meta.output_name() in found:
            count, first = (
                rows.select(n=unread.count(), first=unread.drop_nulls().first()).collect(engine="streaming").row(0)
            )
            if count:
                warn("unread", values=count, column=name, example=repr(first))


def _few(values: pl.Series) -> str:
    return ", ".join(map(repr, values.head(_EXAMPLES)))
