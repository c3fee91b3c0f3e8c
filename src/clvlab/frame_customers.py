"""Customers of a frame, counted where its rows are: of a Spark frame on the cluster, by what counts them here."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import polars as pl
from polars import selectors as cs

from clvlab.customer_days import brought_together
from clvlab.customers.summary import counted_until, measured
from clvlab.errors import ParamsError
from clvlab.money import exact_sum
from clvlab.sources import spark
from clvlab.sources.memory import open_frame
from clvlab.sources.zones import check_zone
from clvlab.transactions.judging import EachByItself, typed_columns
from clvlab.transactions.rules import RULES, ZeroAmounts
from clvlab.units import check_time_unit, parse_day

_COUNTED = ("customer_id", "date", "amount", "order_id")


@dataclass(frozen=True, eq=False)
class FrameSummary:
    """The customers of a frame's rows, and the account of these.

    Attributes
    ----------
    customers : the columns of `clvlab.columns.CUSTOMERS`; a Spark frame for a Spark frame, in no order, else a polars
        one, sorted by customer_id
    """

    customers: Any
    _account: Callable[[], pl.DataFrame] = field(repr=False)

    @cached_property
    def quality(self) -> pl.DataFrame:
        """rule, rows, share (of the rows read), amount: read = accepted + refused. Computed when it is asked for."""
        parts = (
            self._account()
            .group_by("rule")
            .agg(pl.col("rows").sum(), exact_sum(pl.col("amount")), there=pl.col("amount").count())
        )
        order = {rule: place for place, rule in enumerate(["read", "accepted", "merged", *RULES])}
        whole = parts.sort(pl.col("rule").replace_strict(order, return_dtype=pl.Int64))
        n_read = max(whole.filter(rule="read")["rows"].sum(), 1)
        amount = pl.when(pl.col("there") > 0).then("amount")
        return whole.select("rule", "rows", share=pl.col("rows") / n_read, amount=amount)


def summarise_frame(
    frame: Any,
    cutoff: str | date,
    time_unit: str = "day",
    columns: Mapping[str, str] | None = None,
    *,
    time_zone: str | None = None,
    zero_amounts: ZeroAmounts = "keep",
    guests: Iterable[Any] = (),
    largest_amount: float | None = None,
    currency: str | None = None,
) -> FrameSummary:
    """One row per customer, as of the end of the day `cutoff`, of a frame whose days and numbers are no texts.

    Nothing of a Spark frame is collected: its rows are brought together by customer on the cluster, and judged and
    counted there, when rows of the result are asked for, in the cluster's Python, which has to have this package.
    Rows are refused by what each says itself. What only all rows of a log together tell is not looked for: how texts
    are to be read, a row that is the sum of the others, repetitions, and whatever `read_transactions` warns of.

    Parameters
    ----------
    frame
        a Spark, pandas, polars or Arrow frame, the rows of a log
    cutoff
        last day that counts, a date or "1997-09-30"
    time_unit
        unit of `recency` and `T`: day, week (7 days) or month (30.4375 days)
    columns
        our name -> the frame's name, as in `read_transactions`
    time_zone
        the zone on whose days moments count, such as "Asia/Shanghai"
    zero_amounts
        keep or refuse rows with an amount of 0
    guests
        ids that are nobody, besides the usual words
    largest_amount
        rows of amounts beyond it, on either side of 0, are refused
    currency
        the log's currency, where it has a column of currencies

    Returns
    -------
    A `FrameSummary`: the customers, as `summarise_customers` gives them, and the account of the rows.

    Raises
    ------
    DataError : a day or a number is a text
    MissingColumnsError : a column is not there
    ParamsError : an argument is wrong, or `currency` is not given where it is needed

    Examples
    --------
    >>> import clvlab as cl
    >>> found = cl.summarise_frame(cl.datasets.cdnow(sample=True).data, "1997-09-30", "week")
    >>> found.customers.height, found.quality["rows"].to_list()
    (2357, [6919, 6919, 0])
    """
    day, unit = parse_day("cutoff", cutoff), check_time_unit(time_unit)
    zone = None if time_zone is None else check_zone(time_zone)
    whole = None if spark.is_frame(frame) else _whole(frame)
    none = spark.collected(frame.limit(0)) if whole is None else whole.clear()
    mapping = typed_columns(columns or {}, none)
    if "currency" in mapping and currency is None:
        raise ParamsError(
            f"The frame has currencies in {mapping['currency']!r}. Give `currency`: the one that all are."
        )
    judging = EachByItself(mapping, currency, zone, zero_amounts, guests, largest_amount)

    def passed(rows: pl.DataFrame) -> pl.DataFrame:
        return judging.sorted_out(rows).accepted.select(cs.by_name(_COUNTED, require_all=False)).collect()

    def counted(rows: pl.DataFrame) -> pl.DataFrame:
        return measured(counted_until(brought_together(rows.lazy(), rows.height), day), day, unit)

    def account(rows: pl.DataFrame) -> pl.DataFrame:
        return judging.sorted_out(rows).quality.select("rule", "rows", "amount")

    if whole is not None:
        return FrameSummary(counted(passed(whole)), lambda: account(whole))
    read = frame.select(*(spark.quoted(name) for name in mapping.values()))
    customers = spark.mapped(spark.mapped(read, passed), counted, together="customer_id")
    return FrameSummary(customers, lambda: spark.collected(spark.mapped(read, account)))


def _whole(frame: Any) -> pl.DataFrame:
    table = open_frame(frame, "The frame")
    return table.rows.select(table.columns).collect()
