"""What is asked of a model by whoever uses or judges its predictions, whichever model it is."""

from typing import Protocol

from clvlab.arrays import Vector
from clvlab.models.purchase_history import Customers
from clvlab.models.purchase_model import Horizon
from clvlab.units import TimeUnit


class PurchasePredictor(Protocol):
    """Predicts how often each customer buys: every purchase model, with attributes or without."""

    def expected_purchases(
        self, customers: Customers, horizon: Horizon, *, time_unit: TimeUnit | None = None
    ) -> Vector:
        """Expected purchases of each customer in (T, T + horizon]; one per row, NaN for prospects."""


class ValuePredictor(PurchasePredictor, Protocol):
    """Predicts what a value rests on: every purchase model, with attributes or without."""

    def p_alive(self, customers: Customers, *, time_unit: TimeUnit | None = None) -> Vector:
        """Probability that each customer is still a customer at the cutoff; one per row, NaN for prospects."""

    def discounted_purchases(
        self,
        customers: Customers,
        horizon: Horizon | None,
        annual_discount_rate: float,
        *,
        time_unit: TimeUnit | None = None,
    ) -> Vector:
        """Expected purchases within the horizon (None: ever), each worth (1 + d)^-years; NaN for prospects."""

    def purchases_ahead(
        self,
        customers: Customers,
        horizon: Horizon,
        annual_discount_rate: float,
        *,
        time_unit: TimeUnit | None = None,
    ) -> dict[str, Vector]:
        """p_alive, expected_purchases and discounted_purchases at once."""


class SpendPredictor(Protocol):
    """Predicts what each customer spends per purchase."""

    def expected_spend(self, customers: Customers) -> Vector:
        """Expected value of each customer's future purchases; one per row, NaN for prospects."""
