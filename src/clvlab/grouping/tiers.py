"""Tiers: customers cut by one number, best first; by shares of customers, fixed bounds, natural breaks or ABC."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite

import numpy as np
import polars as pl

from clvlab.errors import ParamsError
from clvlab.frames import CustomerSummary
from clvlab.grouping.decision import PROSPECTS, Case, Condition, DecisionList
from clvlab.grouping.measures import measured, sources
from clvlab.grouping.strategy import Strategy
from clvlab.shares import bounds_at, share_bounds, spread, ties


class Cut(ABC):
    """A way to cut numbers into tiers."""

    @abstractmethod
    def bounds(self, values: pl.Series, n_tiers: int) -> tuple[float, ...]:
        """The values at which tiers 2, 3, ... begin, lowest tier first; none where all values are equal."""


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
        if len(bounds) != n_tiers - 1 or not all(map(isfinite, bounds)) or len({*bounds}) < len(bounds):
            raise ParamsError(f"bounds are {self.values}; for {n_tiers} tiers give {n_tiers - 1} distinct numbers.")
        return bounds


@dataclass(frozen=True)
class NaturalBreaks(Cut):
    """Tiers with the least variance within: k-means in one dimension, near Jenks' natural breaks.

    Fewer distinct values than tiers are spread evenly from the lowest tier to the best.
    """

    def bounds(self, values: pl.Series, n_tiers: int) -> tuple[float, ...]:
        from sklearn.cluster import KMeans

        distinct = ties(values)
        k = min(n_tiers, distinct.height)
        if k < 2:
            return ()
        points = distinct["least"].to_numpy().reshape(-1, 1)
        labels = KMeans(k, n_init=10, random_state=0).fit_predict(points, sample_weight=distinct["n"].to_numpy())
        lowest = np.flatnonzero(np.diff(labels, prepend=-1))
        return bounds_at(distinct, [int(lowest[place]) for place in spread(k, n_tiers)])


@dataclass(frozen=True)
class CumulativeShare(Cut):
    """ABC: going from the best customer down, tier A is whoever brings, as nearly as can be, the total's first share.

    Equal customers stay together, in the tier in which the middle of what they bring falls. The best are in the first
    tier, and the worst, where there are better ones, in the last; so are those whose number is zero or less.

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
        distinct = ties(values)
        worth = distinct.select(pl.col("least").clip(0) * pl.col("n")).to_series().to_numpy()
        if not worth.any():
            return ()
        lower = (np.cumsum(worth) - worth / 2) / worth.sum()
        # A hair of slack: a sum may miss its share of the total in the last bits.
        tiers = np.searchsorted(1 - np.array(self.shares[::-1]), lower - 1e-12, side="right")
        tiers[0] = 0
        tiers[-1] = n_tiers - 1
        return bounds_at(distinct, [int(begin) for begin in np.searchsorted(tiers, np.arange(1, n_tiers))])


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

    The best customers are in the best tier and the worst in the last; where the numbers are too alike to fill every
    tier, those between are left out. Customers who are all alike are in the last tier.
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
    """Cases from the best tier down, without empty tiers.

    `bounds` begin tiers 2, 3, ... from the lowest; a tier that begins where the next one does is empty. No bounds:
    everybody is in the lowest.
    """
    edges = [None, *reversed(bounds), None]
    cases = []
    for place, (high, low) in enumerate(pairwise(edges), start=len(groups) - 1 - len(bounds)):
        if low is not None and low == high:
            continue
        conditions = [Condition(metric, ">=", low)] if low is not None else []
        conditions += [Condition(metric, "<", high)] if high is not None else []
        conditions += [Condition(metric, "known")] if not conditions else []
        cases.append(Case(groups[place], place + 1 if ordered else None, tuple(conditions)))
    return tuple(cases)


def reaching(metric: str, bounds: Sequence[float], values: pl.Series) -> Condition:
    """Who reaches the highest bound; where there is none, since all values are equal, who exceeds them: nobody."""
    if bounds:
        return Condition(metric, ">=", bounds[-1])
    return Condition(metric, ">", max(ties(values)["most"], default=0.0))
