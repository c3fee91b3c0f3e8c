"""Purchase models whose rates depend on what customers are: their industry, region, age ...

A customer with attributes z buys at e^(gamma'z) times the rate of a customer whose attributes are all at their
reference, and leaves e^(delta'z) times as readily:

    alpha_i = alpha e^(-gamma'z)
    a_i     = a e^(delta'z)         BG/NBD, MBG/NBD: the mean odds of leaving at a purchase
    beta_i  = beta e^(-delta'z)     Pareto/NBD: the mean rate of leaving

[1] Fader & Hardie (2007), "Incorporating time-invariant covariates into the Pareto/NBD and BG/NBD models". There a
    and b have coefficients of their own; one for the odds a / b can be put into a sentence.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
import polars as pl
from numpy.typing import ArrayLike
from scipy import special

from clvlab.arrays import Matrix, Vector
from clvlab.displays import Displayed, listed, number
from clvlab.errors import ParamsError
from clvlab.frames import CustomerSummary
from clvlab.models import purchase_history
from clvlab.models.attributes import Attributes
from clvlab.models.numerics import maximum
from clvlab.models.numerics.maximum import Expansion, Likelihood
from clvlab.models.numerics.population import Population
from clvlab.models.purchase_history import Customers
from clvlab.models.purchase_model import HISTORY, Horizon, PurchaseModel
from clvlab.models.regular import RegularBetaGeometric
from clvlab.units import TimeUnit

MOST_KINDS = 10_000  # different combinations of attributes: each is a population of its own, and takes a few ms
MOST_LEVELS = 100  # of an attribute in text, each of which has a coefficient
REDUNDANT = 1e-6  # what is left of a standardised term that follows from others


@dataclass(frozen=True, eq=False)
class JointLikelihood:
    """The likelihood of several populations, whose log-parameters are linear in common ones.

    Attributes
    ----------
    names : the common parameters
    parts : the likelihood of each population
    maps : what turns the common parameters into each population's log-parameters
    """

    names: tuple[str, ...]
    parts: tuple[Likelihood, ...]
    maps: tuple[Matrix, ...]

    @property
    def meanings(self) -> tuple[str, ...]:
        """What the parameters of the model say, which come first."""
        return self.parts[0].meanings

    @property
    def n_customers(self) -> float:
        """Sum of the weights of all populations."""
        return sum(part.n_customers for part in self.parts)

    @property
    def n_distinct(self) -> int:
        """Number of distinct customers of all populations."""
        return sum(part.n_distinct for part in self.parts)

    def coarse(self) -> Self:
        """Every population coarser."""
        return replace(self, parts=tuple(part.coarse() for part in self.parts))

    def expand(self, point: Vector) -> Expansion:
        """The sum of all populations' log-likelihoods, by the chain rule."""
        value, gradient, hessian = 0.0, np.zeros(point.size), np.zeros((point.size, point.size))
        for part, to_own in zip(self.parts, self.maps, strict=True):
            own = part.expand(to_own @ point)
            value += own.value
            gradient += to_own.T @ own.gradient
            hessian += to_own.T @ own.hessian @ to_own
        return Expansion(point, value, gradient, hessian)


@dataclass(frozen=True)
class RatioTest:
    """A likelihood-ratio test: how improbable the gain would be if the additional attributes explained nothing."""

    statistic: float
    degrees: int
    p_value: float


@dataclass(frozen=True, eq=False)
class CovariateModel(Displayed):
    """A fitted purchase model with attributes. There is no unfitted one: call `fit`.

    Attributes
    ----------
    reference : the model of a customer whose attributes are all at their reference (numbers at 0)
    plain : the model fitted to the same customers without attributes
    purchase, dropout : the attributes that act on the rate of purchases, and on leaving
    gamma, delta : their coefficients, in the order of the attributes' terms
    log_likelihood : at the maximum, comparable with that of `plain`
    covariance : of the reference's log-parameters, gamma and delta
    """

    reference: PurchaseModel
    plain: PurchaseModel
    purchase: Attributes
    dropout: Attributes
    gamma: Vector
    delta: Vector
    log_likelihood: float
    covariance: Matrix = field(repr=False)

    @property
    def _facts(self) -> str:
        acting = {"on purchases": self.purchase.terms, "on leaving": self.dropout.terms}
        told = "; ".join(f"{where}: {listed(columns)}" for where, columns in acting.items() if columns)
        return (
            f"{type(self.reference).__name__} with attributes, {told}; log-likelihood {number(self.log_likelihood)}"
        )

    @property
    def _shown(self) -> pl.DataFrame:
        return self.coefficients()

    @classmethod
    def fit(
        cls,
        model: type[PurchaseModel],
        customers: Customers,
        *,
        purchase: Sequence[str] = (),
        dropout: Sequence[str] = (),
        time_unit: TimeUnit | None = None,
        weights: ArrayLike | None = None,
    ) -> Self:
        """Fit `model` (BgNbd, MbgNbd, ParetoNbd; Nbd without `dropout`) by maximum likelihood.

        Parameters
        ----------
        model
            the class whose parameters depend on attributes
        customers
            frequency, recency, T and the attributes; a CustomerSummary or a plain frame
        purchase, dropout
            columns that act on the rate of purchases, and on leaving: numbers without gaps, or text, of which a
            missing one is a level of its own; at most 100 levels, and 10,000 different combinations
        time_unit, weights
            as in `PurchaseModel.fit`
        """
        if not (purchase or dropout):
            raise ParamsError(
                f"Name attributes by `purchase` or `dropout`; without any, {model.__name__}.fit serves."
            )
        if issubclass(model, RegularBetaGeometric):
            raise ParamsError(f"{model.__name__} takes no attributes: use BgNbd or MbgNbd, which it is at k = 1.")
        if dropout and model.leaving is None:
            raise ParamsError(f"Nobody leaves in {model.__name__}: `dropout` cannot act on it.")
        plain = model.fit(customers, time_unit=time_unit, weights=weights)
        table = purchase_history.table_of(customers)
        histories = purchase_history.read_histories(customers, HISTORY, plain.time_unit, plain.time_unit)
        buyers, columns, weight = table.filter(histories.is_buyer), histories.columns, histories.weights(weights)
        if weight is not None:
            counts = weight > 0
            buyers, columns, weight = buyers.filter(counts), [column[counts] for column in columns], weight[counts]
        of_purchase, of_dropout, z = _described(buyers, purchase, dropout)
        # On a common scale no unit of an attribute leads the search astray.
        centre, scale = z.mean(axis=0), z.std(axis=0)
        likelihood = _joint_likelihood(model, columns, (z - centre) / scale, weight, of_purchase, of_dropout)
        found = maximum.maximise(likelihood, np.concatenate([plain.log_parameters, np.zeros(scale.size)]))
        to_units = _to_units(model, centre, scale, len(of_purchase.terms))
        own, point = len(model.names), to_units @ found.point
        values = dict(zip(model.names, np.exp(point[:own]).tolist(), strict=True))
        gamma, delta = np.split(point[own:], [len(of_purchase.terms)])
        return cls(
            reference=replace(plain, **values, estimate=None),
            plain=plain,
            purchase=of_purchase,
            dropout=of_dropout,
            gamma=gamma,
            delta=delta,
            log_likelihood=found.value,
            covariance=to_units @ found.covariance @ to_units.T,
        )

    @property
    def aic(self) -> float:
        """Akaike's information criterion; lower is better."""
        return 2 * len(self.covariance) - 2 * self.log_likelihood

    @property
    def bic(self) -> float:
        """Schwarz's information criterion, with the number of customers as sample size; lower is better."""
        return len(self.covariance) * float(np.log(self.plain.n_customers)) - 2 * self.log_likelihood

    def coefficients(self, level: float = 0.95) -> pl.DataFrame:
        """The effect of each attribute, with Wald intervals.

        acts_on (purchases, leaving), term, coefficient, standard_error, low, high, and factor = e^coefficient: what
        one more unit, or this level instead of the reference, multiplies the rate (or odds) by.
        """
        if not 0 < level < 1:
            raise ParamsError(f"level is {level}; it must lie between 0 and 1.")
        values = np.concatenate([self.gamma, self.delta])
        errors = np.sqrt(np.diag(self.covariance))[len(self.reference.names) :]
        reach = special.ndtri((1 + level) / 2) * errors
        return pl.DataFrame(
            {
                "acts_on": ["purchases"] * self.gamma.size + ["leaving"] * self.delta.size,
                "term": [*self.purchase.terms, *self.dropout.terms],
                "coefficient": values,
                "standard_error": errors,
                "low": values - reach,
                "high": values + reach,
                "factor": np.exp(values),
            }
        )

    def likelihood_ratio_test(self, restricted: "CovariateModel | None" = None) -> RatioTest:
        """Test against a model with fewer attributes, fitted to the same customers; with none by default."""
        fewer = 0 if restricted is None else restricted.gamma.size + restricted.delta.size
        before = self.plain.log_likelihood if restricted is None else restricted.log_likelihood
        degrees = self.gamma.size + self.delta.size - fewer
        if degrees < 1 or (restricted is not None and restricted.plain != self.plain):
            raise ParamsError("A likelihood-ratio test needs a model with fewer attributes, of the same customers.")
        statistic = max(2 * (self.log_likelihood - before), 0.0)
        return RatioTest(statistic, degrees, float(special.chdtrc(degrees, statistic)))

    def p_alive(self, customers: Customers, *, time_unit: TimeUnit | None = None) -> Vector:
        """Probability that each customer is still a customer at the cutoff; NaN for prospects."""
        return self._by_kind(customers, lambda model, part: model.p_alive(part, time_unit=time_unit))

    def expected_purchases(
        self, customers: Customers, horizon: Horizon, *, time_unit: TimeUnit | None = None
    ) -> Vector:
        """Expected purchases of each customer in (T, T + horizon]; NaN for prospects."""
        return self._by_kind(
            customers, lambda model, part: model.expected_purchases(part, horizon, time_unit=time_unit)
        )

    def discounted_purchases(
        self,
        customers: Customers,
        horizon: Horizon | None,
        annual_discount_rate: float,
        *,
        time_unit: TimeUnit | None = None,
    ) -> Vector:
        """Expected purchases within the horizon (None: ever), each worth (1 + d)^-years; NaN for prospects."""
        return self._by_kind(
            customers,
            lambda model, part: model.discounted_purchases(part, horizon, annual_discount_rate, time_unit=time_unit),
        )

    def purchases_ahead(
        self,
        customers: Customers,
        horizon: Horizon,
        annual_discount_rate: float,
        *,
        time_unit: TimeUnit | None = None,
    ) -> dict[str, Vector]:
        """All that a value rests on: p_alive, expected_purchases and discounted_purchases."""
        return {
            "p_alive": self.p_alive(customers, time_unit=time_unit),
            "expected_purchases": self.expected_purchases(customers, horizon, time_unit=time_unit),
            "discounted_purchases": self.discounted_purchases(
                customers, horizon, annual_discount_rate, time_unit=time_unit
            ),
        }

    def probability_of_purchases(
        self, n: int, customers: Customers, horizon: Horizon, *, time_unit: TimeUnit | None = None
    ) -> Vector:
        """Probability that each customer buys exactly `n` times in (T, T + horizon]; NaN for prospects."""
        return self._by_kind(
            customers, lambda model, part: model.probability_of_purchases(n, part, horizon, time_unit=time_unit)
        )

    def probability_of_none(
        self, customers: Customers, horizon: Horizon, *, time_unit: TimeUnit | None = None
    ) -> Vector:
        """Probability that each customer does not buy in (T, T + horizon]; NaN for prospects."""
        return self.probability_of_purchases(0, customers, horizon, time_unit=time_unit)

    def model_of(self, z: Vector) -> PurchaseModel:
        """The model of the customers with these numbers, one for each term of `purchase`, then of `dropout`."""
        for_purchase, for_dropout = np.split(z, [self.gamma.size])
        changed: dict[str, Any] = {"alpha": self.reference.alpha * float(np.exp(-self.gamma @ for_purchase))}
        if self.reference.leaving is not None:
            name, power = self.reference.leaving
            changed[name] = self.reference.parameters[name] * float(np.exp(power * self.delta @ for_dropout))
        return replace(self.reference, **changed)

    def _by_kind(self, customers: Customers, predict: Callable[[PurchaseModel, Customers], Vector]) -> Vector:
        """The predictions of each customer's own model."""
        table = purchase_history.table_of(customers)
        rows = np.flatnonzero(purchase_history.buyers_of(table))
        buyers = table[rows]
        z = np.concatenate([self.purchase.matrix(buyers), self.dropout.matrix(buyers)], axis=1)
        kinds, index = np.unique(z, axis=0, return_inverse=True)
        predictions = np.full(table.height, np.nan)
        for i, kind in enumerate(kinds):
            own = rows[index == i]
            part: Customers = table[own]
            if isinstance(customers, CustomerSummary):
                part = replace(customers, data=table[own])
            predictions[own] = predict(self.model_of(kind), part)
        return predictions


def _described(
    buyers: pl.DataFrame, purchase: Sequence[str], dropout: Sequence[str]
) -> tuple[Attributes, Attributes, Matrix]:
    """The attributes of either side, and the customers' numbers: one column for each term of both."""
    _refuse_many_kinds(buyers, {*purchase, *dropout})
    of_purchase, of_dropout = Attributes.of(buyers, purchase), Attributes.of(buyers, dropout)
    sides = [of_purchase.matrix(buyers), of_dropout.matrix(buyers)]
    for attributes, side in zip((of_purchase, of_dropout), sides, strict=True):
        _refuse_redundant(attributes.terms, side)
    return of_purchase, of_dropout, np.concatenate(sides, axis=1)


def _joint_likelihood(
    model: type[PurchaseModel],
    columns: Sequence[Vector],
    z: Matrix,
    weights: Vector | None,
    purchase: Attributes,
    dropout: Attributes,
) -> JointLikelihood:
    kinds, index = np.unique(z, axis=0, return_inverse=True)
    names = (*model.names, *(f"{t} (purchases)" for t in purchase.terms), *(f"{t} (leaving)" for t in dropout.terms))
    parts, maps = [], []
    for i, kind in enumerate(kinds):
        own = index == i
        population = Population.of([column[own] for column in columns], None if weights is None else weights[own])
        parts.append(Likelihood(model.log_likelihood_of, model.names, population, meanings=model.meanings))
        maps.append(_map_to_own(model, kind, len(purchase.terms)))
    return JointLikelihood(names, tuple(parts), tuple(maps))


def _refuse_many_kinds(buyers: pl.DataFrame, names: set[str]) -> None:
    for name in sorted(names & set(buyers.columns)):
        n_levels = buyers[name].n_unique()
        if not buyers[name].dtype.is_numeric() and n_levels > MOST_LEVELS:
            raise ParamsError(
                f"Attribute {name!r} has {n_levels} levels; at most {MOST_LEVELS} can be told apart. Join rare ones."
            )
    n_kinds = buyers.select(names & set(buyers.columns)).n_unique()
    if n_kinds > MOST_KINDS:
        raise ParamsError(
            f"The attributes have {n_kinds} different combinations; at most {MOST_KINDS} can be fitted. Turn numbers "
            "into bands, or leave an attribute out."
        )


def _refuse_redundant(terms: Sequence[str], z: Matrix) -> None:
    """ParamsError for a term that follows from those before it: no data can tell their coefficients apart."""
    left = np.abs(np.diag(np.linalg.qr((z - z.mean(axis=0)) / z.std(axis=0), mode="r")))
    redundant = [term for term, size in zip(terms, left, strict=True) if size < REDUNDANT * np.sqrt(len(z))]
    if redundant:
        raise ParamsError(
            f"{', '.join(redundant)} follows from the other attributes ({', '.join(terms)}), so that their "
            "coefficients cannot be told apart. Leave one of them out."
        )


def _to_units(model: type[PurchaseModel], centre: Vector, scale: Vector, n_purchase: int) -> Matrix:
    """What turns parameters for (z - centre) / scale into those for z: the inverse of `_map_to_own` in that."""
    own = len(model.names)
    to_units = np.eye(own + scale.size)
    to_units[:own] = _map_to_own(model, -centre / scale, n_purchase)
    to_units[own:, own:] /= scale
    return to_units


def _map_to_own(model: type[PurchaseModel], z: Vector, n_purchase: int) -> Matrix:
    """What turns (reference's log-parameters, gamma, delta) into the log-parameters of customers with these z."""
    own = len(model.names)
    to_own = np.zeros((own, own + z.size))
    to_own[:, :own] = np.eye(own)
    to_own[model.names.index("alpha"), own : own + n_purchase] = -z[:n_purchase]
    if model.leaving is not None:
        name, power = model.leaving
        to_own[model.names.index(name), own + n_purchase :] = power * z[n_purchase:]
    return to_own
