"""The value models of a run: what the data can identify, and what it says each customer is worth."""

import warnings
from dataclasses import dataclass
from typing import Any, TypeVar

import polars as pl

from clvlab.errors import ConvergenceError, DataError
from clvlab.frames import CustomerSummary
from clvlab.models import BgNbd, GammaGamma, PurchaseModel, lifetime_value, value_intervals
from clvlab.params import ReportParams

LEVEL = 0.9
"""The probability with which a report's interval of a value holds it."""

M = TypeVar("M", PurchaseModel, GammaGamma)


@dataclass(frozen=True)
class ValueModels:
    """The purchase and the spend model of one customer table, and the terms on which they value customers.

    `notes` are the models' warnings, and the reasons where one of them is missing.
    """

    purchases: PurchaseModel | None
    spend: GammaGamma | None
    params: ReportParams
    notes: tuple[str, ...] = ()

    @classmethod
    def fit(
        cls, customers: CustomerSummary, params: ReportParams, model: type[PurchaseModel] = BgNbd
    ) -> "ValueModels":
        """Fit what the data can identify."""
        notes: list[str] = []
        purchases = _fitted(model, customers, notes)
        has_spend = "monetary_value" in customers.data.columns
        spend = _fitted(GammaGamma, customers, notes) if has_spend else None
        return cls(purchases, spend, params, tuple(dict.fromkeys(notes)))

    def value(self, customers: CustomerSummary, interval: float | None = None) -> pl.DataFrame:
        """customer_id, p_alive, expected_purchases, expected_spend, clv over the horizon; null where unknown.

        With an interval also clv_low and clv_high, where there are both models.
        """
        if self.purchases is None:
            return _unknown(customers, "p_alive", "expected_purchases", "expected_spend", "clv")
        if self.spend is None:
            expected = self.purchases.expected_purchases(customers, horizon=self.params.horizon)
            return _unknown(customers, "expected_spend", "clv").select(
                "customer_id",
                pl.Series("p_alive", self.purchases.p_alive(customers)).fill_nan(None),
                pl.Series("expected_purchases", expected).fill_nan(None),
                "expected_spend",
                "clv",
            )
        return lifetime_value(self.purchases, self.spend, customers, interval=interval, **self._terms)

    def by_group(self, customers: CustomerSummary, groups: pl.DataFrame) -> pl.DataFrame | None:
        """group, customers, clv, clv_low, clv_high, the last row "total"; None unless there are both models."""
        if self.purchases is None or self.spend is None:
            return None
        return value_intervals(self.purchases, self.spend, customers, groups=groups, level=LEVEL, **self._terms)

    @property
    def _terms(self) -> dict[str, Any]:
        return {
            "horizon": self.params.horizon,
            "annual_discount_rate": self.params.annual_discount_rate,
            "margin": self.params.margin,
        }


def _unknown(customers: CustomerSummary, *columns: str) -> pl.DataFrame:
    nothing = (pl.lit(None, pl.Float64).alias(name) for name in columns)
    return customers.data.select("customer_id", *nothing)


def _fitted(model: type[M], customers: CustomerSummary, notes: list[str]) -> M | None:
    """The fitted model, or None where the data cannot identify it; what it warns of goes to `notes`."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            return model.fit(customers)
        except (ConvergenceError, DataError) as error:
            notes.append(str(error))
            return None
        finally:
            notes.extend(str(warning.message) for warning in caught)
