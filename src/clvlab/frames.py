"""The tables as they travel from step to step: the log, the customer table, the holdout.

Each is frozen and carries what its columns alone cannot say: where rows were refused, on which day the table
was drawn up, in which unit its times are. Like all that holds frames, each compares by identity: whether two frames
are equal has more than one answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from importlib import import_module
from types import MappingProxyType, UnionType
from typing import Any, get_args

import pandas as pd
import polars as pl

from clvlab.clock import STEADY, Ahead, Clock
from clvlab.customer_days import CustomerDays, brought_together
from clvlab.displays import Displayed, listed
from clvlab.errors import MissingColumnsError, ParamsError, counted
from clvlab.units import DAYS_PER, TimeUnit
from clvlab.wording import Language


@dataclass(frozen=True, eq=False)
class TransactionLog(Displayed):
    """Accepted rows of a transaction log, and the refused ones, each with the rule that refused it.

    Attributes
    ----------
    accepted : lazily read rows with the columns of `clvlab.columns.LOG` that the source has
    rejected : refused rows as they were in the source, plus `rule` (and file and row number)
    quality : tidy; rule, rows, share (of the rows read), amount; read = accepted + refused + merged (+ filtered,
        where rows were left out by their values)
    detected : what was found out about the source (files, encoding, separator, date format, ...)
    attributes : tables of attributes that the source comes with, for `attributes=` of `summarise_customers`
    """

    accepted: pl.LazyFrame
    rejected: pl.DataFrame
    quality: pl.DataFrame
    detected: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    attributes: tuple[pl.DataFrame, ...] = ()

    @cached_property
    def data(self) -> pl.DataFrame:
        """The accepted rows, collected."""
        return self.accepted.collect()

    @cached_property
    def days(self) -> list[CustomerDays]:
        """The accepted rows by customer and day; of a long log in parts, each with some customers."""
        return brought_together(self.accepted, self.n_rows)

    def knowing(self, days: list[CustomerDays]) -> "TransactionLog":
        """This log, whose `days` have been made already."""
        self.__dict__["days"] = days
        return self

    def until(self, end: date) -> "TransactionLog":
        """The log as it was known at the end of the day `end`; the account stays that of all rows."""
        known = replace(self, accepted=self.accepted.filter(pl.col("date") <= end))
        known.__dict__.update(ids=self.ids, places=self.places)
        return known.knowing([part.until(end) for part in self.days])

    @cached_property
    def ids(self) -> pl.Series:
        """All customers of the log, sorted."""
        return pl.concat([part.customers["customer_id"] for part in self.days]).sort()

    @cached_property
    def places(self) -> list[pl.Series]:
        """Of the customers of each of `days`, their places among `ids`."""
        return [self.ids.search_sorted(part.customers["customer_id"]).cast(pl.UInt32) for part in self.days]

    @cached_property
    def fingerprints(self) -> dict[date, str]:
        """Last day -> fingerprint of the rows up to it, as far as `clvlab.inputs.fingerprint` knows them."""
        return {}

    @property
    def n_rows(self) -> int:
        """How many rows are accepted."""
        return int(self.quality.filter(rule="accepted")["rows"].sum())

    @property
    def has_amounts(self) -> bool:
        """Whether the log knows money."""
        return "amount" in self.accepted.collect_schema()

    def to_pandas(self) -> pd.DataFrame:
        """The accepted rows as a pandas frame."""
        return self.data.to_pandas()

    def plot(self, *, lang: Language = "en") -> Any:
        """A chart of the money of each month, from first purchases and from later ones: a month that lacks is seen.

        An Altair chart, in English or Chinese ("zh"), to show, to change, and to save (`.save("months.svg")`).
        """
        return import_module("clvlab.pictures").of_log(self, lang)

    @property
    def _facts(self) -> str:
        rows = dict(self.quality.select("rule", "rows").iter_rows())
        columns = listed(self.accepted.collect_schema().names())
        return (
            f"{counted(rows.get('accepted', 0), 'row')} accepted, {self.rejected.height:,} refused "
            f"(see `.rejected`, `.quality`); columns {columns}"
        )

    @property
    def _shown(self) -> pl.DataFrame:
        return self.accepted.head(5).collect()


@dataclass(frozen=True, eq=False)
class CustomerSummary(Displayed):
    """One row per customer as of a day, with the columns of `clvlab.columns.CUSTOMERS` and any attributes.

    Prospects (customers without a purchase) have 0 purchases and 0 spend and nulls elsewhere.

    Attributes
    ----------
    data : one row per customer, sorted by customer_id
    cutoff : last day that counts
    time_unit : unit of `recency` and `T`: day, week or month
    calendar : the clock by which `recency` and `T` are measured, as `clvlab.Calendar`; None where they are plain time
    returned : of the money of all customers' purchases, the share that went back on other days, 0 to 1
    """

    data: pl.DataFrame
    cutoff: date
    time_unit: TimeUnit
    calendar: Clock | None = None
    returned: float = 0.0

    def __len__(self) -> int:
        return self.data.height

    @property
    def age(self) -> pl.Expr:
        """Plain time from the first purchase to the cutoff, in the time unit: T, where there is no calendar."""
        return in_units((pl.lit(self.cutoff) - pl.col("first_purchase")).dt.total_days(), self.time_unit)

    def ahead(self, time_unit: TimeUnit) -> Ahead:
        """How the clock of these customers runs from the cutoff on."""
        return STEADY if self.calendar is None else self.calendar.ahead(self.cutoff, DAYS_PER[time_unit])

    def require(self, needed: frozenset[str] | set[str], who: str) -> None:
        """Raise MissingColumnsError unless every column that `who` needs is there."""
        missing = set(needed) - set(self.data.columns)
        if missing:
            raise MissingColumnsError(
                f"The customer table, which {who} reads,",
                missing,
                self.data.columns,
                hint="Add them by `attributes=` or from a log that has them.",
            )

    def with_columns(self, other: pl.DataFrame) -> "CustomerSummary":
        """The same customers with further columns, joined on customer_id."""
        return replace(self, data=joined(self.data, other))

    def to_pandas(self) -> pd.DataFrame:
        """The table as a pandas frame."""
        return self.data.to_pandas()

    def plot(self, what: str = "map", *, lang: Language = "en") -> Any:
        """A chart of the customers who have bought.

        Parameters
        ----------
        what
            "map" (how many have which recency and frequency score), "orders" (how many bought how often) or
            "concentration" (which share of spend the best customers bring)
        lang
            language of its words, "en" or "zh"

        Returns
        -------
        An Altair chart, to show, to change, and to save (`.save("map.svg")`).
        """
        return import_module("clvlab.pictures").of_customers(self, what, lang)

    @property
    def _facts(self) -> str:
        return (
            f"{counted(self.data.height, 'customer')} as of {self.cutoff}, recency and T in "
            f"{'' if self.calendar is None else 'operational '}{self.time_unit}s; "
            f"columns {listed(self.data.columns, 12)}"
        )

    @property
    def _shown(self) -> pl.DataFrame:
        return self.data.head(5)


@dataclass(frozen=True, eq=False)
class Holdout(Displayed):
    """What the calibration's customers did after its cutoff.

    Attributes
    ----------
    data : customer_id, holdout_purchases (purchase days), holdout_spend (currency, net); one row for each
        customer of the calibration, in its order
    cutoff, end : the holdout is (cutoff, end]
    time_unit : unit of `duration`
    daily : date, repeat_purchases (all buyers of the calibration together), from the log's first day to
        `end`, days without a purchase included; for tracking
    previous : customer_id, previous_purchases, previous_spend: what the same customers did in as long a period up to
        the cutoff; for the baseline that expects the same again. None where it is not known
    """

    data: pl.DataFrame
    cutoff: date
    end: date
    time_unit: TimeUnit
    daily: pl.DataFrame
    previous: pl.DataFrame | None = None

    @property
    def days(self) -> int:
        """Length of the holdout in days."""
        return (self.end - self.cutoff).days

    def to_pandas(self) -> pd.DataFrame:
        """The table as a pandas frame."""
        return self.data.to_pandas()

    @property
    def _facts(self) -> str:
        purchases = counted(int(self.data["holdout_purchases"].sum()), "purchase")
        return (
            f"what {counted(self.data.height, 'customer')} did after {self.cutoff} and up to {self.end} "
            f"({counted(self.days, 'day')}): {purchases}; columns {listed(self.data.columns)}"
        )

    @property
    def _shown(self) -> pl.DataFrame:
        return self.data.head(5)


def joined(customers: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    """Customers, each once, with the columns that another table has of them; null where it does not have them.

    Ids are looked up only where the two have not the same in one order.
    """
    if customers["customer_id"].equals(other["customer_id"]) and customers["customer_id"].null_count() == 0:
        further = other.drop("customer_id")
        if not set(further.columns) & set(customers.columns):
            return customers.hstack(further)
    return customers.join(other, on="customer_id", how="left", maintain_order="left")


def in_units(days: pl.Expr, time_unit: TimeUnit) -> pl.Expr:
    """Days in a unit, to the last digit, by which whole ones can be told to be whole.

    By a plain number polars divides with its reciprocal, which is off by a bit for every third number.
    """
    return days / (days * 0 + DAYS_PER[time_unit])


def check_kind(name: str, given: object, kind: type | UnionType, example: str) -> None:
    """Raise ParamsError unless an argument is of its kind: what was given, and how to make what is wanted.

    >>> check_kind("log", "orders.csv", TransactionLog, "clvlab.read_transactions")
    Traceback (most recent call last):
    clvlab.errors.ParamsError: `log` is of type str; it must be a TransactionLog, as `clvlab.read...` makes it...
    """
    if not isinstance(given, kind):
        wanted = " or ".join(each.__name__ for each in get_args(kind) or (kind,))
        raise ParamsError(
            f"`{name}` is of type {type(given).__name__}; it must be a {wanted}, as `{example}` makes it. "
            "Check the order of the arguments."
        )
