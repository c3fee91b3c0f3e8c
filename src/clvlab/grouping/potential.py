"""Potential: who is expected to bring more than before."""

from dataclasses import dataclass, field

import polars as pl

from clvlab.errors import ParamsError
from clvlab.frames import CustomerSummary
from clvlab.grouping.decision import PROSPECTS, Case, Condition, DecisionList
from clvlab.grouping.measures import measured, sources
from clvlab.grouping.strategy import PROSPECT, Strategy
from clvlab.shares import share_bounds


@dataclass(frozen=True)
class Potential(Strategy):
    """Customers by expected less past value: high potential, steady, fading.

    The gain is `clv` over the horizon less `spend_last_year`, so that a horizon of a year compares like with like.

    Parameters
    ----------
    share
        share of the buyers, those with the largest gains, who have high potential if they gain at all
    pipeline
        add the open opportunities of the attribute `pipeline` to the gain; a prospect whose pipeline reaches the
        bound has high potential too
    """

    share: float = 0.2
    pipeline: bool = False
    name: str = field(default="potential", kw_only=True)

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise ParamsError(f"share is {self.share}; give a share of the buyers between 0 and 1.")

    @property
    def needs(self) -> frozenset[str]:
        return sources({self._gain, "n_purchases"})

    @property
    def _gain(self) -> str:
        return "clv_gain_with_pipeline" if self.pipeline else "clv_gain"

    def fit(self, customers: CustomerSummary) -> DecisionList:
        customers.require(self.needs, self.name)
        gain = self._gain
        gains = measured(customers, {gain, "n_purchases"}).filter(pl.col("n_purchases") > 0)[gain].drop_nulls()
        bounds = share_bounds(gains, [1 - self.share, self.share])
        large = Condition(gain, ">=", bounds[0]) if bounds and bounds[0] > 0 else Condition(gain, ">", 0)
        bought, below = Condition("n_purchases", ">", 0), large.negated
        prospect = (Condition("n_purchases", "==", 0), below) if self.pipeline else PROSPECTS.conditions
        return DecisionList(
            (
                Case("potential", 1, (large,)),
                Case("steady", 2, (bought, Condition(gain, ">=", 0), below)),
                Case("fading", 3, (bought, Condition(gain, "<", 0))),
                Case(PROSPECT, None, prospect),
            )
        )
