"""The file of one customer: everything known of them, from the first purchase to why they are due for a contact."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from importlib import import_module
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl

from clvlab.arrays import Vector
from clvlab.clock import Days
from clvlab.columns import CUSTOMERS, LAST_CONTACT, RESULTS, names
from clvlab.customers import DERIVED, derivable, derive, is_personal
from clvlab.customers.purchase_days import customer_days
from clvlab.displays import Named, number
from clvlab.errors import DataError, counted
from clvlab.frames import CustomerSummary, TransactionLog, in_units
from clvlab.grouping import OneGroup, RandomGroups, Strategy, strategies
from clvlab.grouping.strategy import ASSIGNMENT
from clvlab.models import ValueModels
from clvlab.money import exact_sum
from clvlab.playbook import Playbook, shipped
from clvlab.wording import Language, LowValue, Words

GROUPS = {"strategy": pl.String(), **{name: dtype for name, dtype in ASSIGNMENT.items() if name != "customer_id"}}
_OURS = frozenset(names((*CUSTOMERS, *DERIVED, *RESULTS)))


@dataclass(frozen=True, eq=False)
class CustomerFiles:
    """What the files of single customers are drawn from.

    Attributes
    ----------
    table : one row per customer, with all that a run found out
    log : the log behind it
    as_of : last day that counts
    customers : the customer table that strategies and models read; None where there is none, as in a comparison
    models : the value models; None likewise
    strategy : the run's own
    due : who is listed for a contact and why; None where there is no such list
    words : the run's language, in which files are shown unless another is asked for, and its currency
    horizon : of values
    playbook, low_value : what is done with each group, and with customers of low value
    """

    table: pl.DataFrame
    log: TransactionLog
    as_of: date
    customers: CustomerSummary | None = None
    models: ValueModels | None = None
    strategy: Strategy | None = None
    due: pl.DataFrame | None = None
    words: Words = field(default_factory=lambda: Words("en"))
    horizon: str | float | None = None
    playbook: Playbook = field(default_factory=shipped)
    low_value: LowValue | None = None

    def of(self, customer_id: str, *, personal: bool = False) -> "CustomerFile":
        """The file of one customer; DataError where there is none of that id."""
        rows = self.table.filter(pl.col("customer_id") == str(customer_id))
        if rows.is_empty():
            examples = ", ".join(map(repr, self.table["customer_id"].head(3)))
            raise DataError(
                f"No customer {customer_id!r} among {self.table.height:,}. Ids are text, such as {examples}."
            )
        return CustomerFile(MappingProxyType(rows.row(0, named=True)), self, personal)

    @cached_property
    def personal(self) -> frozenset[str]:
        """The attributes that say who a customer is."""
        return frozenset(name for name in self.attributes if is_personal(self.table[name]))

    @cached_property
    def attributes(self) -> tuple[str, ...]:
        """The columns that are neither the log's nor the run's; those of a comparison are groupings."""
        if self.customers is None:
            return ()
        return tuple(name for name in self.table.columns if name not in _OURS)

    @cached_property
    def equipped(self) -> CustomerSummary | None:
        """The customers with every column that the log can give."""
        return None if self.customers is None else derive(self.log, self.customers, derivable(self.log))

    @cached_property
    def groups(self) -> pl.DataFrame:
        """customer_id, strategy, group, rank: by every strategy whose columns there are, fitted to these customers.

        The run's own comes first, by the rule of the run.
        """
        if self.customers is None:
            return self._assigned()
        own = [] if self.strategy is None else [self._own(self.strategy)]
        named = [] if self.strategy is None else [self.strategy.name]
        rest = (self._fitted(each) for each in strategies.values() if each.name not in named)
        found = [*own, *(groups for groups in rest if groups is not None)]
        return pl.concat(found) if found else pl.DataFrame(schema={"customer_id": pl.String, **GROUPS})

    def _assigned(self) -> pl.DataFrame:
        """The groups that a comparison gave, a column for each grouping."""
        listed = self.table.select("customer_id", *(name for name in self.table.columns if name not in _OURS))
        long = listed.unpivot(index="customer_id", variable_name="strategy", value_name="group")
        return long.with_columns(pl.col("group").cast(pl.String), rank=pl.lit(None, pl.Int64))

    def _own(self, strategy: Strategy) -> pl.DataFrame:
        return self.table.select("customer_id", pl.lit(strategy.name).alias("strategy"), "group", "rank")

    def _fitted(self, strategy: Strategy) -> pl.DataFrame | None:
        """None where columns are missing, the customers are too few or too much alike, or it groups by no column."""
        known, of_nothing = self.equipped, isinstance(strategy, OneGroup | RandomGroups)
        if of_nothing or known is None or not strategy.needs <= set(known.data.columns):
            return None
        with suppress(DataError), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assigned = strategy.assign(known)
            return assigned.select("customer_id", pl.lit(strategy.name).alias("strategy"), "group", "rank")
        return None


@dataclass(frozen=True, eq=False)
class CustomerFile(Named[Any]):
    """One customer: a mapping of column -> value, as in the table of all customers, and what lies behind it."""

    row: Mapping[str, Any]
    files: CustomerFiles
    personal: bool = False

    _behind = frozenset({"files", "listed", "row"})

    _thing = "column"

    @property
    def _named(self) -> Mapping[str, Any]:
        return self.row

    @property
    def customer_id(self) -> str:
        """Who it is."""
        return str(self.row["customer_id"])

    @cached_property
    def timeline(self) -> pl.DataFrame:
        """date, is_purchase, amount (the day's net money), bought, returned, n_orders: each day in the log, in order.

        `returned` is negative or 0; a day that returns bring to nothing or less is no purchase. A log without amounts
        has none of the three.
        """
        own = replace(self.files.log, accepted=self._rows.lazy())
        days = customer_days(own, self.files.as_of).rename({"spend": "amount"}, strict=False)
        by_day = self._rows.group_by("date").agg(**_money(self._rows), n_orders=_orders(self._rows))
        money = ("amount", "bought", "returned") if own.has_amounts else ()
        joined = days.join(by_day, on="date", maintain_order="left")
        return joined.select("date", "is_purchase", *money, "n_orders")

    @cached_property
    def _rows(self) -> pl.DataFrame:
        """The customer's rows of the log."""
        own = pl.col("customer_id") == self.customer_id
        return self.files.log.accepted.filter(own, pl.col("date") <= self.files.as_of).collect()

    @cached_property
    def alive(self) -> pl.DataFrame:
        """date, p_alive: on each day from the first purchase on, of what they had done by that day.

        The model that reads it is the run's own, which knows all until the report's day: these are no past forecasts.
        Without a model, or a purchase, there are no rows.
        """
        known, models = self.files.customers, self.files.models
        days = self.timeline.filter("is_purchase")["date"]
        if known is None or models is None or models.purchases is None or days.is_empty():
            return pl.DataFrame(schema={"date": pl.Date, "p_alive": pl.Float64})
        history = _history(days, known)
        own = known.data.filter(customer_id=self.customer_id).drop("frequency", "recency", "T")
        rows = replace(known, data=own.join(history, how="cross"))
        return history.select("date", p_alive=models.purchases.p_alive(rows))

    @cached_property
    def groups(self) -> pl.DataFrame:
        """strategy, group, rank (1 = best): by every strategy whose columns there are, the run's own first."""
        return self.files.groups.filter(customer_id=self.customer_id).drop("customer_id")

    @property
    def attributes(self) -> dict[str, Any]:
        """Attribute -> value, those that say who it is only if they were asked for."""
        hidden = frozenset() if self.personal else self.files.personal
        left_out = {LAST_CONTACT, *hidden}
        return {name: self.row[name] for name in self.files.attributes if name not in left_out}

    @cached_property
    def preferences(self) -> pl.DataFrame:
        """category, rows, amount (net): what the customer buys, most first; none where the log has no categories."""
        rows = self._rows
        if "category" not in rows.columns:
            return pl.DataFrame(schema={"category": pl.String, "rows": pl.Int64})
        money = {"amount": exact_sum(pl.col("amount"))} if "amount" in rows.columns else {}
        found = rows.drop_nulls("category").group_by("category").agg(rows=pl.len().cast(pl.Int64), **money)
        most = [*money, "rows"]
        return found.sort(*most, "category", descending=[*(True for _ in most), False])

    @property
    def value(self) -> dict[str, Any]:
        """clv, clv_low, clv_high over the run's horizon; without an interval None for both bounds."""
        return {name: self.row.get(name) for name in ("clv", "clv_low", "clv_high")}

    @property
    def last_contact(self) -> date | None:
        """The day of the last contact; None where it is not known."""
        day = self.row.get(LAST_CONTACT)
        return day if isinstance(day, date) else None

    @property
    def next_order(self) -> tuple[date, date] | None:
        """Between which days the next order is to be expected, if there is one; None where nothing can be said."""
        first, last = (self.row.get(name) for name in ("next_from", "next_to"))
        return None if first is None or last is None else (first, last)

    @cached_property
    def due(self) -> dict[str, Any] | None:
        """The customer's row of the due list, with `why` (late, again, unknown); None for whoever is not on it."""
        rows = self.listed
        return None if rows is None or rows.is_empty() else rows.row(0, named=True)

    @cached_property
    def listed(self) -> pl.DataFrame | None:
        """The rows of the due list that are the customer's: one, or none; None where there is no list."""
        return None if self.files.due is None else self.files.due.filter(customer_id=self.customer_id)

    def plot(self, what: str = "timeline", *, lang: Language | None = None) -> Any:
        """A chart of the customer.

        Parameters
        ----------
        what
            "timeline" (what was bought and returned on which day) or "alive" (P(alive) from day to day)
        lang
            language of its words, "en" or "zh"; None for the run's

        Returns
        -------
        An Altair chart, to show, to change, and to save (`.save("customer.svg")`).
        """
        return import_module("clvlab.pictures").of_customer(self, what, lang or self.files.words.lang)

    def show(self, lang: Language | None = None) -> Any:
        """The file as a card and tables, in English ("en") or Chinese ("zh"); None for the run's language."""
        return import_module("clvlab.presentation.customer_file").page_of(self, lang or self.files.words.lang)

    def _repr_html_(self) -> str:
        html: str = self.show()._repr_html_()
        return html

    @property
    def _facts(self) -> str:
        return f"{self.customer_id!r} as of {self.files.as_of}: {'; '.join(self._known)}"

    @property
    def _known(self) -> Iterator[str]:
        row = self.row
        if row.get("n_purchases") is not None:
            bought = counted(row["n_purchases"], "purchase")
            yield f"{bought}, the last on {row['last_purchase']}" if row.get("last_purchase") else bought
        if row.get("total_spend") is not None:
            yield f"spend {number(row['total_spend'])}"
        if row.get("p_alive") is not None:
            yield f"P(alive) {number(row['p_alive'])}"
        if row.get("clv") is not None:
            low, high = row.get("clv_low"), row.get("clv_high")
            interval = "no interval" if low is None or high is None else f"{number(low)} to {number(high)}"
            yield f"value {number(row['clv'])} ({interval})"
        if row.get("group") is not None:
            yield f"group {row['group']!r}"
        if self.files.due is not None:
            yield f"due ({self.due['why']})" if self.due else "not due"


def _money(rows: pl.DataFrame) -> dict[str, pl.Expr]:
    """What was bought and what went back, where there are amounts."""
    if "amount" not in rows.columns:
        return {}
    amount = pl.col("amount")
    return {"bought": exact_sum(amount.filter(amount >= 0)), "returned": exact_sum(amount.filter(amount < 0))}


def _orders(rows: pl.DataFrame) -> pl.Expr:
    """How many orders there are, by their numbers; without a number a day is one. Returns are none."""
    day = pl.col("date").cast(pl.String)
    order = pl.coalesce("order_id", day) if "order_id" in rows.columns else day
    bought = pl.col("amount") >= 0 if "amount" in rows.columns else pl.lit(True)
    return order.filter(bought).n_unique().cast(pl.Int64)


def _history(days: pl.Series, known: CustomerSummary) -> pl.DataFrame:
    """date, frequency, recency, T: on each day from the first purchase to the cutoff what was known on that day."""
    every = np.arange(np.datetime64(days[0]), np.datetime64(known.cutoff) + 1)
    bought = days.to_numpy().astype("datetime64[D]")
    n_bought = np.searchsorted(bought, every, side="right")
    first, last = np.full_like(every, bought[0]), bought[n_bought - 1]
    elapsed = _days if known.calendar is None else known.calendar.elapsed
    recency, age = (pl.Series(elapsed(first, until)) for until in (last, every))
    return pl.DataFrame({"date": every, "frequency": n_bought - 1, "recency": recency, "T": age}).with_columns(
        in_units(pl.col("recency", "T"), known.time_unit)
    )


def _days(since: Days, until: Days) -> Vector:
    days: Vector = (until - since).astype(float)
    return days
