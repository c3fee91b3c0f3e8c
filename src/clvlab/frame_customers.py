"""Customers of a frame, counted where its rows are: of a Spark frame on the cluster, by what counts them here."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import polars as pl
from polars import selectors as cs

from clvlab.customer_days import brought_together
from clvlab.customers.summary import counted_until, measured
from clvlab.displays import Displayed
from clvlab.errors import counted
from clvlab.sources import SourceTable, spark
from clvlab.sources.memory import open_frame
from clvlab.sources.zones import check_zone
from clvlab.transactions.judging import EachByItself, counted_columns
from clvlab.transactions.rules import ZeroAmounts, one_account
from clvlab.transactions.signs import Signs
from clvlab.units import TimeUnit, check_time_unit, parse_day

_COUNTED = ("customer_id", "date", "amount", "order_id")


@dataclass(frozen=True, eq=False)
class FrameSummary(Displayed):
    """The customers of a frame's rows, and the account of these.

    Attributes
    ----------
    customers : the columns of `clvlab.columns.CUSTOMERS`; a Spark frame for a Spark frame, in no order, else a polars
        one, sorted by customer_id
    cutoff : last day that counts
    time_unit : unit of `recency` and `T`: day, week or month
    """

    customers: Any
    cutoff: date
    time_unit: TimeUnit
    _accounts: Callable[[], list[pl.DataFrame]]

    @cached_property
    def quality(self) -> pl.DataFrame:
        """rule, rows, share (of the rows read), amount: read = accepted + refused. Computed when it is asked for."""
        return one_account(self._accounts())

    @property
    def _facts(self) -> str:
        is_here = isinstance(self.customers, pl.DataFrame)
        who = counted(self.customers.height, "customer") if is_here else "customers of a Spark frame"
        return f"{who} as of {self.cutoff}, times in {self.time_unit}s; account in `.quality`"

    @property
    def _shown(self) -> pl.DataFrame | None:
        return self.customers if isinstance(self.customers, pl.DataFrame) else None


def summarise_frame(
    frame: Any,
    cutoff: str | date,
    time_unit: str = "day",
    columns: Mapping[str, str] | None = None,
    *,
    time_zone: str | None = None,
    signs: Signs = "keep",
    zero_amounts: ZeroAmounts = "keep",
    guests: Iterable[Any] = (),
    largest_amount: float | None = None,
) -> FrameSummary:
    """One row per customer, as of the end of the day `cutoff`, of a frame whose days and numbers are no texts.

    Nothing of a Spark frame is collected: its rows are brought together by customer on the cluster, and judged and
    counted there, when rows of the result are asked for, in the cluster's Python, which has to have this package.
    Rows are refused by what each says itself. What only several rows of a log together tell is not looked for: how
    texts are to be read, whether sales are negative, a row that is the total of others, repetitions, and whatever
    `read_transactions` warns of.

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
    signs
        keep takes negative amounts for returns; turn is for a ledger that writes sales so
    zero_amounts
        keep or refuse rows with an amount of 0
    guests
        ids that are nobody, besides the usual words
    largest_amount
        rows of amounts beyond it, on either side of 0, are refused

    Returns
    -------
    A `FrameSummary`: the customers, as `summarise_customers` gives them (none, where nobody has come by then), and
    the account of the rows.

    Raises
    ------
    DataError : a day or an amount is a text
    MissingColumnsError : a column is not there
    ParamsError : an argument is wrong, or the frame has a column of currencies

    Examples
    --------
    >>> import clvlab as cl
    >>> found = cl.summarise_frame(cl.datasets.cdnow(sample=True).data, "1997-09-30", "week")
    >>> found.customers.height, found.quality["rows"].to_list()
    (2357, [6919, 6919, 0])
    """
    day, unit = parse_day("cutoff", cutoff), check_time_unit(time_unit)
    zone = None if time_zone is None else check_zone(time_zone)
    nobody = (guests,) if isinstance(guests, str) else tuple(guests)
    judging = EachByItself(zone, signs, zero_amounts, nobody, largest_amount)

    def passed(rows: pl.DataFrame) -> pl.DataFrame:
        return judging.sorted_out(rows).accepted.select(cs.by_name(_COUNTED, require_all=False)).collect()

    def counted_of(rows: pl.DataFrame) -> pl.DataFrame:
        return measured(counted_until(brought_together(rows.lazy(), rows.height), day), day, unit)

    def account(rows: pl.DataFrame) -> pl.DataFrame:
        return judging.sorted_out(rows).quality.select("rule", "rows", "amount")

    if not spark.is_frame(frame):
        table = open_frame(frame, "The frame")
        ours = counted_columns(columns or {}, table)
        rows = table.rows.select(pl.col(theirs).alias(name) for theirs, name in ours.items()).collect()
        return FrameSummary(counted_of(passed(rows)), day, unit, lambda: [account(rows)])
    none, facts = spark.without_rows(frame)
    chosen = spark.chosen(frame, counted_columns(columns or {}, SourceTable.of(none.lazy(), "The frame", facts)))
    customers = spark.mapped(spark.mapped(chosen, passed), counted_of, together="customer_id")

    def accounts() -> list[pl.DataFrame]:
        return [account(spark.collected(chosen.limit(0))), spark.collected(spark.mapped(chosen, account))]

    return FrameSummary(customers, day, unit, accounts)
