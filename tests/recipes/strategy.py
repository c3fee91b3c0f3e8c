"""Tenure: who has been buying for long, and who has not."""

from dataclasses import dataclass, field

from clvlab.frames import CustomerSummary
from clvlab.grouping.decision import PROSPECTS, Case, Condition, DecisionList
from clvlab.grouping.measures import sources
from clvlab.grouping.strategy import Strategy


@dataclass(frozen=True)
class Tenure(Strategy):
    """Customers whose purchases span at least `days`, and all others."""

    days: int = 365
    name: str = field(default="tenure", kw_only=True)

    @property
    def needs(self) -> frozenset[str]:
        return sources({"n_purchases", "days_first_to_last"})

    def fit(self, customers: CustomerSummary) -> DecisionList:
        customers.require(self.needs, self.name)
        long = Condition("days_first_to_last", ">=", self.days)
        return DecisionList((PROSPECTS, Case("long_standing", 1, (long,)), Case("recent_buyer", 2, (long.negated,))))
