"""What every purchase model can do once its likelihood and its few closed forms are stated.

Symbols, as in the papers and everywhere in this package:

    x    frequency  repeat purchase days                     count, >= 0
    t_x  recency    age at the last purchase, 0 if x == 0    time units, 0 <= t_x <= T
    T    T          age at the cutoff                        time units, >= 0
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from clvlab.errors import ConvergenceError, DataError
from clvlab.frames import CustomerSummary
from clvlab.models import engine, histories
from clvlab.models.engine import Likelihood
from clvlab.models.fitted import Estimate, FittedModel
from clvlab.models.histories import Customers, Histories
from clvlab.models.jets import Number, Vector
from clvlab.models.quadrature import legendre
from clvlab.models.tuples import Tuples
from clvlab.units import DAYS_PER, TimeUnit, check_time_unit, horizon_in

HISTORY = ("frequency", "recency", "T")
Horizon = str | float
N_TIMES = 16  # nodes of the time integral of a discounted value


@dataclass(frozen=True)
class PurchaseModel(FittedModel, ABC):
    """How often customers buy, and whether they still do. There is no unfitted one: call `fit`.

    A customer table is a `CustomerSummary`, or a pandas or polars frame with frequency, recency and T; the times of a
    plain frame are in `time_unit` (in the model's own, where a prediction does not say). Prospects, who have not
    bought yet (n_purchases 0), are skipped by `fit` and have NaN for a prediction. A horizon is a length with its
    unit ("39 weeks") or a number in the table's unit.
    """

    r: float
    alpha: float
    time_unit: TimeUnit = field(kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_time_unit(self.time_unit)

    @classmethod
    def fit(
        cls,
        customers: Customers,
        *,
        time_unit: TimeUnit | None = None,
        weights: ArrayLike | None = None,
        penalty: float = 0.0,
    ) -> Self:
        """Fit by maximum likelihood.

        Parameters
        ----------
        customers : frequency, recency, T; a CustomerSummary or a plain frame
        time_unit : unit of a plain frame's recency and T
        weights : how many customers each row stands for; 1 by default
        penalty : subtracts penalty * sum(ln(parameter)^2) from the log-likelihood, parameters in the data's own
            units: a normal prior on each log-parameter with mean 0 and standard deviation 1 / sqrt(2 penalty)

        Raises
        ------
        DataError : a value that cannot be a history, with its column and row
        ConvergenceError : the data cannot identify a parameter; it says which
        """
        unit = histories.unit_of(customers, time_unit)
        table = histories.read(customers, HISTORY, unit, unit)
        tuples = Tuples.of(table.columns, table.weights(weights))
        cls._refuse_uninformative(tuples)
        likelihood = Likelihood(cls._log_likelihood, cls.names, tuples, penalty)
        found = engine.fit(likelihood, np.log(cls._start(tuples)))
        return cls(*np.exp(found.point).tolist(), time_unit=unit, estimate=Estimate.at(found, likelihood))

    def p_alive(self, customers: Customers, *, time_unit: TimeUnit | None = None) -> Vector:
        """Probability that each customer is still a customer at the cutoff; one per row, NaN for prospects."""
        table = self._read(customers, time_unit)
        return table.spread(self._p_alive(*table.columns))

    def expected_purchases(
        self, customers: Customers, horizon: Horizon, *, time_unit: TimeUnit | None = None
    ) -> Vector:
        """Expected purchases of each customer in (T, T + horizon]; one per row, NaN for prospects."""
        table, t = self._read(customers, time_unit), self._length(customers, horizon, time_unit)
        x, _, T = table.columns
        per_alive = on_distinct(lambda x, T: self._purchases_if_alive(t, x, T), x, T)
        return table.spread(self._p_alive(*table.columns) * per_alive)

    def expected_purchases_new(self, horizon: Horizon | Sequence[Horizon]) -> float | Vector:
        """Expected repeat purchases of a new customer within the horizon after the first purchase.

        One number, or one per horizon where several are given; plain numbers are in the model's time unit.
        """
        if isinstance(horizon, (str, int, float)):
            return float(self._purchases_new(horizon_in(horizon, self.time_unit)))
        return np.array([float(self._purchases_new(horizon_in(each, self.time_unit))) for each in horizon])

    def discounted_purchases(
        self,
        customers: Customers,
        horizon: Horizon,
        annual_discount_rate: float,
        *,
        time_unit: TimeUnit | None = None,
    ) -> Vector:
        """Expected purchases in (T, T + horizon], each worth (1 + d)^-years, counted from T; NaN for prospects."""
        table, t = self._read(customers, time_unit), self._length(customers, horizon, time_unit)
        decay = np.log1p(annual_discount_rate) * DAYS_PER[self.time_unit] / DAYS_PER["year"]
        x, _, T = table.columns
        per_alive = on_distinct(lambda x, T: self._discounted_if_alive(t, decay, x, T), x, T)
        return table.spread(self._p_alive(*table.columns) * per_alive)

    @staticmethod
    @abstractmethod
    def _log_likelihood(parameters: Sequence[Number], tuples: Tuples) -> Number:
        """Log-likelihood of each tuple (x, t_x, T), in numbers or jets."""

    @staticmethod
    @abstractmethod
    def _start(tuples: Tuples) -> Vector:
        """Parameters, scaled to the data, from which the maximum can be reached."""

    @abstractmethod
    def _p_alive(self, x: Vector, t_x: Vector, T: Vector) -> Vector:
        """P(alive at T | history)."""

    @abstractmethod
    def _purchases_if_alive(self, t: float, x: Vector, T: Vector) -> Vector:
        """E[purchases in (T, T + t] | alive at T, history]."""

    @abstractmethod
    def _purchases_new(self, t: float) -> float:
        """E[repeat purchases in (0, t]] of a new customer."""

    @abstractmethod
    def _rate_if_alive(self, u: Vector, x: Vector, T: Vector) -> Vector:
        """Expected purchases per time unit at T + u, given alive at T and the history."""

    def _discounted_if_alive(self, t: float, decay: float, x: Vector, T: Vector) -> Vector:
        """Integral of e^(-decay u) * rate over u in (0, t), by Gauss-Legendre in ln(1 + u / (alpha + T))."""
        nodes, weights = legendre(N_TIMES)
        longest = np.log1p(t / (self.alpha + T))
        total = np.zeros_like(T)
        for node, weight in zip(nodes, weights, strict=True):
            u = (self.alpha + T) * np.expm1(node * longest)
            du = (self.alpha + T + u) * longest * weight
            total += np.exp(-decay * u) * self._rate_if_alive(u, x, T) * du
        return total

    @classmethod
    def _refuse_uninformative(cls, tuples: Tuples) -> None:
        if len(tuples) == 0:
            raise DataError(f"{cls.__name__} needs customers who have bought; the table has none.")
        if tuples.mean(0) == 0:
            raise ConvergenceError(
                f"None of {tuples.n_customers:g} customers has a repeat purchase, so that no parameter of "
                f"{cls.__name__} ({', '.join(cls.names)}) can be identified. Use a longer history.",
                cls.names,
            )

    def _read(self, customers: Customers, time_unit: TimeUnit | None) -> Histories:
        unit = self._unit(customers, time_unit)
        return histories.read(customers, HISTORY, unit, self.time_unit)

    def _unit(self, customers: Customers, time_unit: TimeUnit | None) -> TimeUnit:
        if time_unit is None and not isinstance(customers, CustomerSummary):
            return self.time_unit
        return histories.unit_of(customers, time_unit)

    def _length(self, customers: Customers, horizon: Horizon, time_unit: TimeUnit | None) -> float:
        """The horizon in the model's unit."""
        unit = self._unit(customers, time_unit)
        return horizon_in(horizon, unit) * DAYS_PER[unit] / DAYS_PER[self.time_unit]


def on_distinct(function: Callable[..., Vector], *columns: Vector) -> Vector:
    """function(*columns), computed once for each distinct tuple."""
    names = [f"c{i}" for i in range(len(columns))]
    rows = pl.DataFrame(dict(zip(names, columns, strict=True)))
    # Sorted, so that the order of the rows cannot reach the last digit.
    distinct = rows.unique().sort(names)
    values = pl.Series("value", function(*(column.to_numpy() for column in distinct.get_columns())))
    found = rows.join(distinct.with_columns(values), on=names, how="left", maintain_order="left")
    return found["value"].to_numpy()
