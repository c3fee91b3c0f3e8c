"""What models share in which customers may act, or cancel, only at given times: once a period.

The times between which a customer is free to do as they please do not count: a subscription is renewed or cancelled
once a period, a donor asked once a year gives or does not.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from clvlab.arrays import Flags, Vector
from clvlab.errors import DataError, MissingColumnsError, ParamsError
from clvlab.models.fitted_model import Estimate, FittedModel, check_penalty
from clvlab.models.numerics import maximum
from clvlab.models.numerics.jets import Number
from clvlab.models.numerics.maximum import Likelihood
from clvlab.models.numerics.population import Population
from clvlab.models.purchase_history import Customers, PurchaseHistories, table_of
from clvlab.models.purchase_model import decay_rate
from clvlab.units import Span

LARGEST_DISCOUNT = 1e-6  # of a period: with less, what never ends has no value that could be told


@dataclass(frozen=True, eq=False)
class PeriodLikelihood(Likelihood):
    """A likelihood of whole periods, between which there are no customers to be taken together."""

    def coarse(self) -> Self:
        """The same customers."""
        return self


@dataclass(frozen=True)
class DiscreteModel(FittedModel, ABC):
    """A model of customers who may act once a `period`, a length of time with its unit, such as "1 month".

    A subclass states `names`, `meanings` and the `columns` of its table, all whole numbers; `log_likelihood_of`,
    `log_prior_of`, and what keeps a row from being a history: `impossible`.
    """

    _behind: ClassVar[frozenset[str]] = frozenset({"columns", "discount", "impossible", "read", "start"})

    columns: ClassVar[tuple[str, ...]]
    start: ClassVar[tuple[float, ...]]
    """Parameters from which the maximum can be reached."""

    period: str = field(kw_only=True)

    @property
    def _facts(self) -> str:
        return f"{super()._facts}; period {self.period}"

    def __post_init__(self) -> None:
        super().__post_init__()
        if Span.parse(self.period).days <= 0:
            raise ParamsError(f"period is {self.period!r}; a period takes some time, such as '1 month'.")

    @classmethod
    def fit(
        cls,
        customers: Customers,
        *,
        period: str,
        weights: ArrayLike | None = None,
        penalty: float = 0.0,
        prior: bool = False,
    ) -> Self:
        """Fit by maximum likelihood, or with a weak prior.

        Parameters
        ----------
        customers
            a pandas or polars frame with the columns of this model, one row per customer
        period
            how long it is from one time to act to the next: "1 month", "1 year"
        weights
            how many customers each row stands for; 1 by default
        penalty
            subtracts penalty * sum(ln(parameter)^2) from the log-likelihood
        prior
            whether a weak prior counts, so that few or one-sided customers have an answer, too, with wide intervals:
            standard logistic distributions of the logarithms of a mean's odds and of how much customers are alike

        Raises
        ------
        DataError : a value that cannot be a history, with its column and row
        ConvergenceError : the data cannot identify a parameter; it says which
        """
        check_penalty(penalty, prior=prior)
        table = cls.read(customers)
        population = Population.of(table.columns, table.weights(weights))
        if population.n_distinct == 0:
            raise DataError(f"{cls.__name__} needs customers; the table has none.", code="no_buyers")
        likelihood = PeriodLikelihood(
            cls.log_likelihood_of, cls.names, population, penalty, cls.meanings, cls.log_prior_of, prior
        )
        found = maximum.maximise(likelihood, np.log(cls.start))
        return cls(*np.exp(found.point).tolist(), period=period, estimate=Estimate.at(found, likelihood))

    @classmethod
    @abstractmethod
    def log_likelihood_of(cls, parameters: Sequence[Number], population: Population) -> Number:
        """Log-likelihood of all customers, in numbers or jets."""

    @classmethod
    @abstractmethod
    def log_prior_of(cls, log_parameters: Sequence[Number], population: Population) -> Number:
        """Log-density of the weak prior, in numbers or jets."""

    @staticmethod
    @abstractmethod
    def impossible(*columns: Vector) -> dict[str, tuple[Flags, str]]:
        """Column -> which rows cannot be, and why."""

    @classmethod
    def read(cls, customers: Customers) -> PurchaseHistories:
        """The columns of this model; DataError names column, row and value of what cannot be a history."""
        table = table_of(customers)
        if missing := set(cls.columns) - set(table.columns):
            hint = "`clvlab.summarise_opportunities` makes such a table."
            raise MissingColumnsError("The customer table", missing, table.columns, hint=hint)
        columns = [_whole(table, name) for name in cls.columns]
        for name, (wrong, why) in cls.impossible(*columns).items():
            if wrong.any():
                row = int(wrong.argmax())
                raise DataError(f"Column {name!r}, row {row}: {table[name][row]} {why}.")
        return PurchaseHistories(columns, np.ones(table.height, dtype=bool))

    def discount(self, annual_discount_rate: float) -> float:
        """What a period later is worth of what it is worth at once: (1 + d)^-years."""
        return float(np.exp(-decay_rate(annual_discount_rate, "day") * Span.parse(self.period).days))


def check_count(name: str, n: int) -> int:
    """The whole number of 0 or more that `n` is; ParamsError otherwise."""
    if isinstance(n, bool | str) or n is None or n != int(n) or n < 0:
        raise ParamsError(f"{name} is {n!r}; it is a whole number, 0 or more.")
    return int(n)


def never_ending(discount: float) -> float:
    """The discount itself; ParamsError where what never ends has no finite value."""
    if 1 - discount < LARGEST_DISCOUNT:
        raise ParamsError("annual_discount_rate is 0: what has no end has a finite value only if discounted.")
    return discount


def _whole(table: pl.DataFrame, name: str) -> Vector:
    """A column of whole numbers of 0 or more; truth is 1."""
    column = table[name].cast(pl.Float64, strict=False)
    values = column.to_numpy()
    wrong = ~(np.isfinite(values) & (values >= 0) & (values == np.rint(values)))
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(f"Column {name!r}, row {row}: {table[name][row]} is not a whole number of 0 or more.")
    return np.asarray(values, dtype=float)
