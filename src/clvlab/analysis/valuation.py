"""The value models of a run: what the data can identify, and what it says each customer is worth."""

import warnings
from dataclasses import dataclass
from typing import Any, TypeVar

import polars as pl

from clvlab.analysis.section import Finding
from clvlab.errors import ClvlabError, ClvlabWarning, ConvergenceError, DataError
from clvlab.frames import CustomerSummary
from clvlab.models import (
    PURCHASE_MODELS,
    BgNbd,
    GammaGamma,
    PurchaseModel,
    lifetime_value,
    value_intervals,
)
from clvlab.params import ReportParams
from clvlab.wording import Name

LEVEL = 0.9
"""The probability with which a report's interval of a value holds it."""

M = TypeVar("M", PurchaseModel, GammaGamma)


@dataclass(frozen=True)
class ValueModels:
    """The purchase and the spend model of one customer table, and the terms on which they value customers.

    Attributes
    ----------
    refused : purchase models that the data cannot identify, tried before `purchases`
    notes : what the models warn of, and why one is missing
    """

    purchases: PurchaseModel | None
    spend: GammaGamma | None
    params: ReportParams
    refused: tuple[type[PurchaseModel], ...] = ()
    notes: tuple[Finding, ...] = ()

    @classmethod
    def fit(
        cls, customers: CustomerSummary, params: ReportParams, preferred: type[PurchaseModel] = BgNbd
    ) -> "ValueModels":
        """Fit the preferred purchase model, else the first that the data identify, and the spend model."""
        has_spend = "monetary_value" in customers.data.columns
        spend, notes = _fitted(GammaGamma, customers) if has_spend else (None, ())
        refused: tuple[type[PurchaseModel], ...] = ()
        reasons: list[Finding] = []
        for model in (preferred, *(each for each in PURCHASE_MODELS if each is not preferred)):
            purchases, said = _fitted(model, customers)
            if purchases is not None:
                return cls(purchases, spend, params, refused, (*said, *notes))
            refused = (*refused, model)
            reasons.extend(said)
        # The others fail for the same want of data as the first.
        return cls(None, spend, params, refused, tuple(reasons[:1]))

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


def _fitted(model: type[M], customers: CustomerSummary) -> tuple[M | None, tuple[Finding, ...]]:
    """The fitted model and what it warns of, or None and why the data cannot identify it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            fitted = model.fit(customers)
        except (ConvergenceError, DataError) as error:
            return None, (_told(error, model),)
    return fitted, tuple(_told(warning.message, model) for warning in caught)


def _told(problem: object, model: type[M]) -> Finding:
    """What a model complains of, for a sentence; its own words where there is no such sentence."""
    if isinstance(problem, ClvlabError | ClvlabWarning) and problem.code:
        return Finding.of(f"caveats.{problem.code}", model=Name("models", model.__name__), **problem.figures)
    return Finding.of("caveats.other", words=str(problem))
