"""What a comparison of strategies yields: tidy tables, and how they came about."""

from dataclasses import dataclass
from datetime import date

import pandas as pd
import polars as pl

from clvlab.displays import Displayed


@dataclass(frozen=True, eq=False)
class Board(Displayed):
    """Strategies judged against each other by what the customers did next.

    Attributes
    ----------
    data : strategy, metric, value, low, high; intervals run 95 %, null where a metric has none
    differences : strategy, versus, value, low, high: paired differences of the Gini of holdout spend
    ranking : what the recommendation follows from, see `clvlab.comparison.recommend`
    outcomes : strategy, group, place, measure, n, value, low, high: what each group did in the holdout
    reach : strategy, share, contacts, reached, low, high, spend: holdout spend reached by contacting the best
        `share`; the strategies `oracle` and `random` are the bounds
    allocation : strategy, group, place, customers, expected_spend, share_customers, share_budget
    agreement : strategy, other, agreement (adjusted mutual information)
    crossings : strategy, versus, n_groups, gini, gain, low, high: the best strategy crossed with each other, and what
        that adds to the better of the two
    trees : strategy, leaf, condition, group, customers, share: each grouping told by a tree of depth 3
    cards : strategy, group, rank, condition: the rules applied
    assignments : customer_id, and each strategy's group of the customer
    left_out : strategy, missing (columns), reason: strategies that the data cannot serve
    cutoff, end : groups are formed up to `cutoff` and judged on (cutoff, end]
    n_customers, n_judged : customers with a purchase by the cutoff, and how many of them were judged
    n_rounds, seed : of the bootstrap
    """

    data: pl.DataFrame
    differences: pl.DataFrame
    ranking: pl.DataFrame
    outcomes: pl.DataFrame
    reach: pl.DataFrame
    allocation: pl.DataFrame
    agreement: pl.DataFrame
    crossings: pl.DataFrame
    trees: pl.DataFrame
    cards: pl.DataFrame
    assignments: pl.DataFrame
    left_out: pl.DataFrame
    cutoff: date
    end: date
    n_customers: int
    n_judged: int
    n_rounds: int
    seed: int

    @property
    def recommended(self) -> str:
        """The strategy that the rule recommends."""
        return str(self.ranking.filter("recommended")["strategy"][0])

    @property
    def best(self) -> str:
        """The strategy of the highest Gini of holdout spend among those that are not dominated."""
        return str(self.ranking.filter(pl.col("dominated_by").is_null())["strategy"][0])

    def metric(self, name: str) -> pl.DataFrame:
        """One metric, best value first: strategy, value, low, high."""
        chosen = self.data.filter(pl.col("metric") == name).drop("metric")
        return chosen.sort("value", descending=True, nulls_last=True)

    def to_pandas(self) -> pd.DataFrame:
        """`data` as a pandas frame."""
        return self.data.to_pandas()

    @property
    def _facts(self) -> str:
        return (
            f"{self.data['strategy'].n_unique()} strategies, formed on {self.n_customers:,} customers up to "
            f"{self.cutoff} and judged until {self.end}; recommended: {self.recommended!r}"
        )

    @property
    def _shown(self) -> pl.DataFrame:
        """A row for each strategy, a column for each metric."""
        return self.data.pivot("metric", index="strategy", values="value")
