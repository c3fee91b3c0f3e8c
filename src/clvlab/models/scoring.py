"""By which models, on which terms and into which groups the customers of a table are scored."""

from dataclasses import dataclass, replace
from typing import Protocol

import polars as pl

from clvlab.errors import MissingColumnsError
from clvlab.frames import CustomerSummary
from clvlab.models import purchase_history
from clvlab.models.lifetime_value import lifetime_value
from clvlab.models.predictors import ValuePredictor
from clvlab.models.purchase_model import Horizon
from clvlab.models.spend_model import SpendModel


class Grouping(Protocol):
    """What puts each customer into a group, whoever else there is: a rule, as a strategy yields it."""

    @property
    def needs(self) -> frozenset[str]:
        """The columns of the customer table that `assign` reads."""

    def assign(self, customers: CustomerSummary) -> pl.DataFrame:
        """customer_id, group, rank, one row per customer, in their order."""


@dataclass(frozen=True, eq=False)
class Scoring:
    """By which models, on which terms and into which groups customers are scored; see `Scores.score_frame`.

    Attributes
    ----------
    like : nobody, with the day, the time unit and the clock of those that are scored
    """

    model: ValuePredictor
    spend: SpendModel | None
    rule: Grouping | None
    horizon: Horizon
    annual_discount_rate: float
    margin: float
    like: CustomerSummary

    def of(self, table: pl.DataFrame) -> pl.DataFrame:
        """The scores of a table's customers, in their order."""
        if "customer_id" not in table.columns:
            hint = "Scores are told apart by it."
            raise MissingColumnsError("The frame that is scored", ["customer_id"], table.columns, hint=hint)
        customers = replace(self.like, data=table)
        scores = self._values(customers)
        if self.rule is None:
            return scores
        known = table.with_columns(pl.col("customer_id").cast(pl.String), *scores.drop("customer_id"))
        groups = self.rule.assign(replace(customers, data=known))
        return scores.hstack(groups.select("group", "rank"))

    def _values(self, customers: CustomerSummary) -> pl.DataFrame:
        if self.spend is not None:
            rate, margin = self.annual_discount_rate, self.margin
            return lifetime_value(self.model, self.spend, customers, self.horizon, rate, margin)
        values = {
            "p_alive": self.model.p_alive(customers),
            "expected_purchases": self.model.expected_purchases(customers, self.horizon),
        }
        return purchase_history.with_ids(pl.DataFrame(values).fill_nan(None), customers)
