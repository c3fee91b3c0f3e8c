"""What a comparison of strategies yields: tidy tables, and how they came about."""

from dataclasses import dataclass
from datetime import date
from importlib import import_module
from typing import Any

import pandas as pd
import polars as pl

from clvlab.displays import Displayed
from clvlab.wording import Language


@dataclass(frozen=True, eq=False)
class Board(Displayed):
    """Strategies judged against each other by what the customers did next.

    Figures of foresight are means over `n_deals` deals of the customers, and over windows where there are several.

    Attributes
    ----------
    data : strategy, metric, value, low, high; intervals hold with 95 %, each by itself; null where a metric has none
    differences : strategy, versus, value, low, high, error: paired differences of the Gini. The intervals hold with
        95 % for all groupings against each other at once, and for all of them at once against chance (`one_group`)
        or a ranking; `error` is the standard error
    ranking : what the recommendation follows from, see `clvlab.comparison.recommend`, and in which share of the
        deals each strategy came `first`
    bar : strategy, versus, metric, value, low, high, money: what each grouping reaches more than a ranking of the
        customers by last year's spend or its rate; money over all customers, where the log knows it
    outcomes : strategy, group, place, measure, n, value, low, high: what each group did in the holdout
    reach : strategy, share, contacts, reached, low, high, spend: holdout spend reached by contacting the best
        `share`; the strategies `oracle` and `random` are the bounds
    allocation : strategy, group, place, customers, expected_spend, share_customers, share_budget
    agreement : strategy, other, agreement (adjusted mutual information)
    crossings : strategy, versus, n_groups, gini, gain, low, high: the best strategy crossed with each other, and what
        that adds to it; the intervals hold for all at once
    windows : strategy, cutoff, end, gini, rank: each window by itself
    ageing : strategy, cutoff, gini, gini_aged: of each cutoff but the first, the Gini of the rule fitted there, and
        of the rule fitted one holdout earlier
    trees : strategy, leaf, condition, group, customers, share: each grouping told by a tree of depth 3
    cards : strategy, group, rank, condition: the rules applied
    assignments : customer_id, and each strategy's group of the customer
    left_out : strategy, missing (columns), reason: strategies that the data cannot serve
    judged_by : spend, or purchases where the log knows no money; then whatever is said of spend is of purchases
    cutoff, end : groups are formed up to `cutoff` and judged on (cutoff, end], in the latest window
    n_customers : customers with a purchase by the cutoff
    n_deals, n_rounds, seed : of the deals and the bootstrap
    acceptable_loss : in money, by which the simplest of the equals was chosen; None where a loss of Gini was bounded
    """

    data: pl.DataFrame
    differences: pl.DataFrame
    ranking: pl.DataFrame
    bar: pl.DataFrame
    outcomes: pl.DataFrame
    reach: pl.DataFrame
    allocation: pl.DataFrame
    agreement: pl.DataFrame
    crossings: pl.DataFrame
    windows: pl.DataFrame
    ageing: pl.DataFrame
    trees: pl.DataFrame
    cards: pl.DataFrame
    assignments: pl.DataFrame
    left_out: pl.DataFrame
    judged_by: str
    cutoff: date
    end: date
    n_customers: int
    n_deals: int
    n_rounds: int
    acceptable_loss: float | None
    seed: int

    @property
    def recommended(self) -> str | None:
        """The strategy that the rule recommends; None where none is shown to tell more than chance."""
        return next(iter(self.ranking.filter("recommended")["strategy"]), None)

    @property
    def best(self) -> str:
        """The strategy of the highest Gini, among those shown to tell more than chance where there are such."""
        return str(self.ranking["strategy"][0])

    def metric(self, name: str) -> pl.DataFrame:
        """One metric, best value first: strategy, value, low, high."""
        chosen = self.data.filter(pl.col("metric") == name).drop("metric")
        return chosen.sort("value", descending=True, nulls_last=True)

    def to_pandas(self) -> pd.DataFrame:
        """`data` as a pandas frame."""
        return self.data.to_pandas()

    def plot(self, *, lang: Language = "en") -> Any:
        """A chart of how well the best strategies, and the yardsticks, predict: their Gini with its interval.

        An Altair chart, in English or Chinese ("zh"), to show, to change, and to save (`.save("board.svg")`).
        """
        return import_module("clvlab.pictures").of_board(self, lang)

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
