"""Purchase behaviour: how often and for how much customers buy, and who is new."""

from dataclasses import dataclass, field
from typing import Literal

import polars as pl

from clvlab.errors import ParamsError
from clvlab.frames import CustomerSummary
from clvlab.grouping.decision import PROSPECTS, Case, Condition, DecisionList
from clvlab.grouping.measures import measured, sources
from clvlab.grouping.strategy import Strategy
from clvlab.grouping.tiers import reaching
from clvlab.shares import share_bounds


@dataclass(frozen=True)
class PurchaseBehaviour(Strategy):
    """Frequent buyers, rare buyers, and new customers.

    "Low-frequency customer" (低频购买客户) has two readings: to some it is whoever buys rarely but for large amounts,
    to others whoever buys rarely. `low_frequency="large_apart"` keeps rare buyers of large amounts as a group of
    their own; `"plain"` has one group of rare buyers.

    Parameters
    ----------
    low_frequency
        which reading
    frequent
        fewest purchases of a frequent buyer, or None for the `frequent_share` of buyers who buy most
    large
        least spend that is a large amount, or None for the `large_share` of buyers who spend most
    new_days
        whoever first bought at most this many days ago, and is not yet frequent, is new
    frequency, amount
        columns that are read; `purchases_last_year` and `spend_last_year` look at a year only
    """

    low_frequency: Literal["large_apart", "plain"] = "large_apart"
    frequent: float | None = None
    frequent_share: float = 0.25
    large: float | None = None
    large_share: float = 0.25
    new_days: int = 90
    frequency: str = "n_purchases"
    amount: str = "total_spend"
    name: str = field(default="purchase_behaviour", kw_only=True)

    def __post_init__(self) -> None:
        if self.low_frequency not in ("large_apart", "plain"):
            raise ParamsError(f"low_frequency is {self.low_frequency!r}. Choose large_apart or plain.")

    @property
    def needs(self) -> frozenset[str]:
        return sources({self.frequency, self.amount, "n_purchases", "days_since_first"})

    def fit(self, customers: CustomerSummary) -> DecisionList:
        customers.require(self.needs, self.name)
        buyers = measured(customers, {"n_purchases", self.frequency, self.amount}).filter(pl.col("n_purchases") > 0)
        often = _best(self.frequency, self.frequent, buyers, self.frequent_share)
        much = _best(self.amount, self.large, buyers, self.large_share)
        new = Condition("days_since_first", "<=", self.new_days)
        rare = (often.negated, new.negated)
        frequent = Case("freq_high", 1, (often,))
        if self.low_frequency == "plain":
            rest: tuple[Case, ...] = Case("new", 2, (often.negated, new)), Case("freq_low", 3, rare)
        else:
            rest = (
                Case("freq_low_big", 2, (*rare, much)),
                Case("new", 3, (often.negated, new)),
                Case("freq_low", 4, (*rare, much.negated)),
            )
        return DecisionList((PROSPECTS, frequent, *rest))


def _best(column: str, bound: float | None, buyers: pl.DataFrame, share: float) -> Condition:
    """Who reaches the bound, or else is among the best `share` of buyers; nobody where all are equal."""
    values = buyers[column].drop_nulls()
    return reaching(column, share_bounds(values, [1 - share, share]) if bound is None else (bound,), values)
