"""The data of a comparison: customers as of the cutoff, and what they did in the holdout."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import polars as pl

from clvlab.arrays import Vector
from clvlab.comparison.outcomes import Outcomes
from clvlab.customers import (
    AttributeTable,
    CalendarFit,
    exact_profit,
    read_attributes,
    refuse_perishable,
    split_holdout,
    summarise_customers,
)
from clvlab.errors import DataError
from clvlab.frames import CustomerSummary, Holdout, TransactionLog
from clvlab.units import parse_day

MIN_CUSTOMERS = 50
MIN_SPENDERS = 10
"""Of fewer none may be among the judged of one deal or another, which then has no figures."""
QUARTER = timedelta(days=91)


@dataclass(frozen=True, eq=False)
class Split:
    """A log cut in two at a day.

    Attributes
    ----------
    customers : as of the cutoff, prospects and attributes included
    holdout : what they did in (cutoff, end]
    tables : the attribute tables
    calendar : what fits the calendar at each day, by which the times of models run
    """

    log: TransactionLog
    customers: CustomerSummary
    holdout: Holdout
    tables: tuple[AttributeTable, ...]
    seed: int
    calendar: CalendarFit | None = None

    @classmethod
    def read(
        cls,
        log: TransactionLog,
        cutoff: str | date,
        end: str | date,
        attributes: Any,
        time_unit: str,
        seed: int,
        calendar: CalendarFit | None = None,
    ) -> "Split":
        """Cut the log; DataError where it cannot be judged."""
        tables = tuple(read_attributes(attributes)) if attributes is not None else ()
        refuse_perishable(tables)
        return cls._at(log, cutoff, end, tables, time_unit, seed, calendar)

    def earlier(self, windows: int) -> "Split":
        """The same log cut so many holdouts earlier, the holdout as long; DataError where it cannot be judged."""
        back = windows * (self.holdout.end - self.holdout.cutoff)
        cutoff, end = self.holdout.cutoff - back, self.holdout.end - back
        return self._at(self.log, cutoff, end, self.tables, self.customers.time_unit, self.seed, self.calendar)

    @classmethod
    def _at(
        cls,
        log: TransactionLog,
        cutoff: str | date,
        end: str | date,
        tables: tuple[AttributeTable, ...],
        time_unit: str,
        seed: int,
        calendar: CalendarFit | None,
    ) -> "Split":
        clock = None if calendar is None else calendar(log, parse_day("cutoff", cutoff))
        customers, holdout = split_holdout(log, cutoff, end, time_unit, tables or None, calendar=clock)
        split = cls(log, customers, holdout, tables, seed, calendar)
        refuse_unjudgeable(split.outcomes, holdout)
        return split

    def with_customers(self, customers: CustomerSummary) -> "Split":
        """The same split with further columns of the customers."""
        return replace(self, customers=customers)

    @cached_property
    def buyers(self) -> CustomerSummary:
        """Customers with a purchase up to the cutoff: those who are judged."""
        return buyers_of(self.customers)

    @cached_property
    def outcomes(self) -> Outcomes:
        """What the buyers did, dealt into parts for the first time."""
        return outcomes_of(self.buyers, self.holdout, self.seed)

    def deal(self, number: int) -> Outcomes:
        """The same outcomes dealt again; the first deal has the number 0."""
        first = self.outcomes
        return Outcomes.deal(first.spend, first.bought, self.seed, number) if number else first

    @property
    def judged_by(self) -> str:
        """The outcome that counts: `spend`, or `purchases` where the log knows no money."""
        return judged_by(self.holdout)

    @cached_property
    def measures(self) -> Mapping[str, Vector]:
        """What groups are reported by: the buyers' figures in the holdout, NaN where not known.

        spend, or purchases where the log knows no money; repurchase (0 or 1); satisfaction, the last answer in the
        holdout, where surveys are dated; profit, where the log has costs, and where the cost of each of their rows is
        known.
        """
        found = {self.judged_by: self.outcomes.spend, "repurchase": self.outcomes.bought}
        ids = self.buyers.data.select("customer_id")
        within = pl.col("date").is_between(self.holdout.cutoff, self.holdout.end, closed="right")
        for table in self.tables:
            if table.is_dated and "satisfaction" in table.columns:
                answers = table.data.filter(within).sort("date").drop_nulls("satisfaction")
                last = answers.group_by("customer_id").agg(pl.col("satisfaction").last().cast(pl.Float64))
                found["satisfaction"] = _aligned(ids, last)
        if "cost" in self.log.accepted.collect_schema():
            rows = self.log.accepted.filter(within).group_by("customer_id")
            profit = rows.agg(profit=exact_profit()).collect()
            nothing = ids.join(profit, on="customer_id", how="anti").with_columns(profit=0.0)
            found["profit"] = _aligned(ids, pl.concat([profit, nothing]))
        return found

    def later(self) -> CustomerSummary:
        """The customers a quarter after the cutoff, or at the end of a shorter holdout."""
        day = min(self.holdout.cutoff + QUARTER, self.holdout.end)
        clock = None if self.calendar is None else self.calendar(self.log, day)
        return summarise_customers(self.log, day, self.customers.time_unit, self.tables or None, calendar=clock)


def buyers_of(customers: CustomerSummary) -> CustomerSummary:
    """Customers with a purchase up to the cutoff: those who are judged."""
    return replace(customers, data=customers.data.filter(pl.col("n_purchases") > 0))


def judged_by(holdout: Holdout) -> str:
    """The outcome that counts: `spend`, or `purchases` where the log knows no money."""
    return "spend" if "holdout_spend" in holdout.data.columns else "purchases"


def outcomes_of(buyers: CustomerSummary, holdout: Holdout, seed: int) -> Outcomes:
    """What the buyers did in the holdout, dealt into parts for the first time."""
    did = buyers.data.select("customer_id").join(holdout.data, on="customer_id", how="left", maintain_order="left")
    bought = (did["holdout_purchases"].fill_null(0) > 0).cast(pl.Float64)
    counted = did[f"holdout_{judged_by(holdout)}"].fill_null(0).cast(pl.Float64)
    return Outcomes.deal(counted.to_numpy(), bought.to_numpy(), seed)


def refuse_unjudgeable(outcomes: Outcomes, holdout: Holdout) -> None:
    """Raise DataError where too few customers bought, before or in the holdout, to learn on some and judge others."""
    spend = outcomes.spend
    if spend.size < MIN_CUSTOMERS:
        raise DataError(
            f"{spend.size} customers bought up to {holdout.cutoff}; {MIN_CUSTOMERS} or more are needed to "
            "learn on some and judge on others. Choose a later cutoff, or a larger log."
        )
    if min(spend.sum(), spend[outcomes.judged].sum()) <= 0:
        nothing = "spent nothing" if judged_by(holdout) == "spend" else "bought nothing"
        raise DataError(
            f"Less returns, the customers of {holdout.cutoff} {nothing} from then to {holdout.end}, so that "
            "there is nothing to judge by. Choose another cutoff."
        )
    if (spenders := int((spend > 0).sum())) < MIN_SPENDERS:
        raise DataError(
            f"Of {spend.size} customers {spenders} bought again from {holdout.cutoff} to {holdout.end}; "
            f"{MIN_SPENDERS} or more are needed to judge by. Choose an earlier cutoff, or a longer holdout."
        )


def _aligned(ids: pl.DataFrame, figures: pl.DataFrame) -> Vector:
    """The figures in the order of `ids`, NaN where there is none."""
    joined = ids.join(figures, on="customer_id", how="left", maintain_order="left")
    return joined.to_series(1).fill_null(float("nan")).to_numpy()
