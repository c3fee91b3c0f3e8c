"""Warnings of a log that can be read, but perhaps does not say what it seems to say."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import polars as pl

from clvlab.frames import TransactionLog
from clvlab.sources import OURS
from clvlab.sources.doubts import warn
from clvlab.sources.numbers import CREDIT, read_numbers
from clvlab.sources.texts import cut_short, is_among, spelled_apart
from clvlab.transactions.rules import hint
from clvlab.wording import Name

_EXAMPLES = 3
_FEW = 3  # rows that could be slips
_MANY_AMOUNTS, _OUT_OF_PROPORTION = 10, 1000
_MANY_ROWS, _MOST, _HARDLY_ANY = 10, 0.5, 0.1
_MILLIONTH = 1e-6  # the unit in which money is added up
_ENOUGH_ROWS, _MUCH = 20, 0.2
_MANY_DAYS, _FAR, _TIMES_FARTHER = 20, 90, 5


def ids_of(judged: pl.LazyFrame, rejected: pl.DataFrame, log: TransactionLog) -> pl.DataFrame:
    """id, rounded (whether digits of it are lost), rows (that pass): each id of the rows, refused ones too."""
    identity, is_rounded = pl.col(OURS + "customer_id").alias("id"), pl.col(OURS + "rounded_id")
    passed = pl.concat(part.customers.rename({"customer_id": "id"}) for part in log.days)
    others = rejected.select(identity).unique().drop_nulls().join(passed, on="id", how="anti")
    ids = pl.concat([passed, others.with_columns(rows=pl.lit(0, pl.Int64))])
    if is_rounded.meta.output_name() not in judged.collect_schema():
        return ids.with_columns(rounded=pl.lit(value=False))
    rounded = judged.filter(is_rounded).select(identity).unique().collect(engine="streaming")
    return ids.with_columns(rounded=is_among(pl.col("id"), rounded["id"]))


def warn_of_ids(ids: pl.DataFrame) -> None:
    """Warn of ids that may be one customer's, and of ids that may be several customers'; `ids` as by `ids_of`."""
    if alike := spelled_apart(ids["id"], _EXAMPLES):
        warn("ids_alike", examples="; ".join(" / ".join(map(repr, spellings)) for spellings in alike))
    cut = pl.concat([cut_short(ids["id"]), ids.filter("rounded")["id"]]).unique().sort()
    if len(cut):
        warn("ids_cut", ids=len(cut), examples=_few(cut))


def warn_of_days(accepted: pl.LazyFrame) -> None:
    """Warn of dates after today, and of a few rows far before or after all others."""
    counts = _rows_by_day(accepted, OURS + "day")
    coming = counts.filter(pl.col("day") > date.today())
    if coming.height:
        warn("dates_after_today", rows=coming["rows"].sum(), last=coming["day"][-1])
    elif lone := _lone_end(counts):
        warn("lone_last_day", **lone)
    if lone := _lone_end(counts.reverse()):
        warn("lone_first_day", **lone)


def last_settled_day(accepted: pl.LazyFrame) -> date:
    """The last day of a log's accepted rows that is neither after today nor far after all others."""
    counts = _rows_by_day(accepted, "date")
    past = counts.filter(pl.col("day") <= date.today())
    settled = past if past.height else counts
    lone = _lone_end(settled)
    last: date = lone["before"] if lone else settled["day"][-1]
    return last


def _rows_by_day(rows: pl.LazyFrame, column: str) -> pl.DataFrame:
    return rows.group_by(day=pl.col(column)).agg(rows=pl.len()).sort("day").collect(engine="streaming")


def _lone_end(counts: pl.DataFrame) -> dict[str, Any] | None:
    """The last of the days, the rows there, the day before and the gap, where they are few and far from the rest."""
    gaps = counts["day"].diff().dt.total_days().abs().to_list()
    for end in range(1, min(_FEW, counts.height - _MANY_DAYS) + 1):
        rows, gap = counts["rows"].tail(end).sum(), gaps[-end]
        if rows <= _FEW and gap > max(_FAR, _TIMES_FARTHER * max(gaps[1:-end])):
            return {"rows": rows, "day": counts["day"][-1], "before": counts["day"][-end - 1], "gap": gap}
    return None


def warn_of_amounts(accepted: pl.LazyFrame, texts: pl.DataFrame, decimal: str) -> None:
    """Warn of an amount out of all proportion, and of amounts that are nothing, or credits, or perhaps in thousands.

    `texts` are the different texts of amounts.
    """
    if OURS + "amount" in accepted.collect_schema():
        _warn_of_sizes(accepted)
        _warn_of_signs(texts["text"], decimal)


def _warn_of_sizes(accepted: pl.LazyFrame) -> None:
    """Warn of an amount out of all proportion, and of amounts that are nothing."""
    sizes = accepted.select(size=pl.col(OURS + "amount").abs())
    tiny = (pl.col("size") > 0) & (pl.col("size") < _MILLIONTH)
    rows, n_tiny = sizes.select(n=pl.len(), tiny=tiny.sum()).collect(engine="streaming").row(0)
    largest = sizes.top_k(2, by="size").collect(engine="streaming")["size"].to_list()
    if rows >= _MANY_AMOUNTS and largest[0] >= _OUT_OF_PROPORTION * largest[1] > 0:
        warn("amount_out_of_proportion", largest=largest[0], next=largest[1])
    if n_tiny:
        warn("amounts_below_millionth", rows=n_tiny)
    elif largest[:1] == [0]:
        warn("amounts_all_zero", rows=rows)


def _warn_of_signs(texts: pl.Series, decimal: str) -> None:
    """Warn of credits, which are read as negative, and of points that may separate thousands."""
    credited = texts.filter(texts.str.contains(CREDIT))
    credited = credited.filter(read_numbers(credited, decimal) < 0)
    if len(credited):
        warn("credits_negative", examples=_few(credited))
    pointed = texts.filter(texts.str.contains(r"\d\.\d"))
    if decimal == "." and len(pointed) >= _MANY_AMOUNTS and pointed.str.contains(r"^\D*\d{1,3}(\.\d{3})\D*$").all():
        warn("points_of_thousands", examples=_few(pointed))


def warn_of_bulk(judged: pl.LazyFrame) -> None:
    """Warn of a file most of whose rows are refused, where hardly any are elsewhere; else of such a month.

    Where neither is so, warn if more than a fifth of all rows is refused. Guests do not count.
    """
    rule = pl.col(OURS + "rule")
    judged = judged.filter(rule.ne_missing("guest"))
    if not judged.select(rule.count()).collect(engine="streaming").item():
        return
    figures = {"rows": pl.len(), "refused": rule.count(), "rule": rule.drop_nulls().mode().first()}
    files = judged.group_by(part=pl.col(OURS + "file")).agg(**figures).collect(engine="streaming")
    if refused_files := list(_refused_alone(files)):
        for part in refused_files:
            warn("file_refused", **part)
        return
    months = judged.group_by(part=pl.col(OURS + "day").dt.strftime("%Y-%m")).agg(**figures)
    refused_months = _refused_alone(months.drop_nulls("part").collect(engine="streaming"))
    if large := [part for part in refused_months if part["rows"] >= _MANY_ROWS]:
        for part in large:
            warn("month_refused", **part)
        return
    [whole] = judged.select(**figures).collect(engine="streaming").iter_rows(named=True)
    if whole["rows"] >= _ENOUGH_ROWS and whole["refused"] > _MUCH * whole["rows"]:
        warn("much_refused", **_named(whole), hint=hint(whole["rule"]))


def _refused_alone(parts: pl.DataFrame) -> Iterator[dict[str, Any]]:
    """The parts most of whose rows are refused, where hardly any of the rows of the others are."""
    rows, refused = parts["rows"].sum(), parts["refused"].sum()
    for part in parts.sort("part").iter_rows(named=True) if parts.height > 1 else ():
        elsewhere = (refused - part["refused"]) / max(rows - part["rows"], 1)
        if part["refused"] > _MOST * part["rows"] and elsewhere < _HARDLY_ANY:
            yield _named(part)


def _named(part: dict[str, Any]) -> dict[str, Any]:
    """The figures with the rule as a name, which each language says in its own words."""
    return {**part, "rule": Name("refusals", part["rule"])}


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
