"""Tiers: customers cut by one number, best first; by shares of customers, fixed bounds, natural breaks or ABC."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl

from clvlab.errors import ParamsError
from clvlab.frames import CustomerSummary
from clvlab.grouping.decision import PROSPECTS, Case, Condition, DecisionList
from clvlab.grouping.measures import measured, sources
from clvlab.grouping.strategy import Strategy
from clvlab.rfm import share_bounds


class Cut(ABC):
    """A way to cut numbers into tiers."""

    @abstractmethod
    def bounds(self, values: pl.Series, n_tiers: int) -> tuple[float, ...]:
        """The values at which tiers 2, 3, ... begin, lowest tier first; fewer where the values run out."""


@dataclass(frozen=True)
class Shares(Cut):
    """Tiers that hold these shares of the customers, best first; equal customers stay together.

    >>> Shares((0.2, 0.3, 0.5)).bounds(pl.Series(range(1, 11)), 3)
    (6.0, 9.0)
    """

    shares: tuple[float, ...]

    def bounds(self, values: pl.Series, n_tiers: int) -> tuple[float, ...]:
        if len(self.shares) != n_tiers or min(self.shares) <= 0 or abs(sum(self.shares) - 1) > 1e-9:
            raise ParamsError(
                f"shares is {self.shares}; give {n_tiers} positive shares, best tier first, that add up to 1."
            )
        return share_bounds(values, self.shares[::-1])


@dataclass(frozen=True)
class EqualShares(Cut):
    """Tiers that hold as nearly as ties allow the same number of customers."""

    def bounds(self, values: pl.Series, n_tiers: int) -> tuple[float, ...]:
        return share_bounds(values, [1] * n_tiers)


@dataclass(frozen=True)
class FixedBounds(Cut):
    """Tiers that begin at these values, in the user's units, so that they mean the same in every period."""

    values: tuple[float, ...]

    def bounds(self, _values: pl.Series, n_tiers: int) -> tuple[float, ...]:
        bounds = tuple(sorted(float(value) for value in self.values))
        if len(bounds) != n_tiers - 1 or any(low >= high for low, high in pairwise(bounds)):
            raise ParamsError(f"bounds are {self.values}; for {n_tiers} tiers give {n_tiers - 1} distinct numbers.")
        return bounds


@dataclass(frozen=True)
class NaturalBreaks(Cut):
    """Tiers with the least variance within: k-means in one dimension, near Jenks' natural breaks."""

    def bounds(self, values: pl.Series, n_tiers: int) -> tuple[float, ...]:
        from sklearn.cluster import KMeans

        points = values.sort().to_numpy().astype(float)
        k = min(n_tiers, len(np.unique(points)))
        if k < 2:
            return ()
        labels = KMeans(k, n_init=10, random_state=0).fit_predict(points.reshape(-1, 1))
        return tuple(sorted(float(points[labels == label].min()) for label in range(k)))[1:]


@dataclass(frozen=True)
class CumulativeShare(Cut):
    """ABC: going from the best customer down, tier A is whoever it takes to reach the first share of the total.

    Customers whose number is zero or less bring nothing and are in the last tier.

    >>> CumulativeShare((0.8, 0.95)).bounds(pl.Series([50, 30, 10, 6, 4]), 3)
    (6.0, 30.0)
    """

    shares: tuple[float, ...] = (0.8, 0.95)

    def bounds(self, values: pl.Series, n_tiers: int) -> tuple[float, ...]:
        shares = (0.0, *self.shares, 1.0)
        if len(self.shares) != n_tiers - 1 or any(low >= high for low, high in pairwise(shares)):
            raise ParamsError(
                f"shares is {self.shares}; for {n_tiers} tiers give {n_tiers - 1} rising shares below 1."
            )
        worth = values.filter(values > 0).sort(descending=True)
        # A hair of slack: the sum up to a customer may miss its share of the total in the last bits.
        before = (worth.cum_sum() / worth.sum() + 1e-12).shift(1, fill_value=0.0)
        least = [worth.filter(before < share).to_list()[-1:] for share in reversed(self.shares)]
        return tuple(float(bound) for bounds in least for bound in bounds)


EQUAL_SHARES = EqualShares()


@dataclass(frozen=True)
class Tiers(Strategy):
    """Customers cut by one number of theirs, best first.

    Parameters
    ----------
    metric
        a numeric column of the customer table or a measure (see `clvlab.grouping.measures`)
    groups
        codes of the tiers, best first
    cut
        `EqualShares`, `Shares`, `FixedBounds`, `NaturalBreaks` or `CumulativeShare`
    buyers_only
        prospects are a group of their own; False for attributes, which prospects have too
    ordered
        whether a higher number is better, so that tiers have ranks

    Where the numbers are too alike to fill every tier, the upper ones are left out.
    """

    metric: str
    groups: tuple[str, ...]
    cut: Cut = EQUAL_SHARES
    buyers_only: bool = True
    ordered: bool = True

    @property
    def needs(self) -> frozenset[str]:
        return sources({self.metric}) | ({"n_purchases"} if self.buyers_only else frozenset())

    def fit(self, customers: CustomerSummary) -> DecisionList:
        customers.require(self.needs, self.name)
        table = measured(customers, {self.metric, "n_purchases"} if self.buyers_only else {self.metric})
        known = table.filter(pl.col("n_purchases") > 0) if self.buyers_only else table
        bounds = self.cut.bounds(known[self.metric].drop_nulls(), len(self.groups))
        cases = tier_cases(self.metric, self.groups, bounds, ordered=self.ordered)
        return DecisionList((PROSPECTS, *cases) if self.buyers_only else cases)


def tier_cases(
    metric: str, groups: Sequence[str], bounds: Sequence[float], *, ordered: bool = True
) -> tuple[Case, ...]:
    """Cases from the best tier down; `bounds` begin tiers 2, 3, ... from the lowest."""
    empty = len(groups) - 1 - len(bounds)
    edges = [None, *reversed(bounds), None]
    cases = []
    for place, (high, low) in enumerate(pairwise(edges), start=empty):
        conditions = [Condition(metric, ">=", low)] if low is not None else []
        conditions += [Condition(metric, "<", high)] if high is not None else []
        conditions += [Condition(metric, "known")] if not conditions else []
        cases.append(Case(groups[place], place + 1 if ordered else None, tuple(conditions)))
    return tuple(cases)
