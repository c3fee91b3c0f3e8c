"""Purchase models whose rates depend on what customers are: their industry, region, age ...

A customer with attributes z buys at e^(gamma'z) times the rate of a customer whose attributes are all at their
reference, and leaves e^(delta'z) times as readily:

    alpha_i = alpha e^(-gamma'z)
    a_i     = a e^(delta'z)         BG/NBD, MBG/NBD: the mean odds of leaving at a purchase
    beta_i  = beta e^(-delta'z)     Pareto/NBD: the mean rate of leaving

[1] Fader & Hardie (2007), "Incorporating time-invariant covariates into the Pareto/NBD and BG/NBD models". There a
    and b have coefficients of their own; one for the odds a / b can be put into a sentence.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ClassVar, Self, get_args

import numpy as np
import polars as pl
from numpy.typing import ArrayLike
from scipy import special

from clvlab.arrays import Matrix, Positions, Vector
from clvlab.clock import Ahead
from clvlab.displays import Displayed, listed, number
from clvlab.errors import ClvlabError, ParamsError
from clvlab.frames import CustomerSummary
from clvlab.models import purchase_history
from clvlab.models.attributes import Attributes, kinds_of
from clvlab.models.bg_nbd import BgNbd
from clvlab.models.fitted_model import check_penalty
from clvlab.models.joint_likelihood import JointLikelihood
from clvlab.models.mbg_nbd import MbgNbd
from clvlab.models.nbd import Nbd
from clvlab.models.numerics import maximum
from clvlab.models.numerics.maximum import Likelihood
from clvlab.models.numerics.population import Population
from clvlab.models.pareto_nbd import ParetoNbd
from clvlab.models.purchase_history import Customers
from clvlab.models.purchase_model import HISTORY, Horizon, PurchaseModel
from clvlab.models.regular import RegularBetaGeometric
from clvlab.models.scores import Scores
from clvlab.models.uncertainty import Draws, Method, from_bootstrap, from_likelihood, from_normal
from clvlab.units import TimeUnit

SAVED = (BgNbd, MbgNbd, ParetoNbd, Nbd)  # what `from_dict` knows by name
WITH_ATTRIBUTES = "WithAttributes"  # after the name of a model's class
BANDS = 4
SMALLEST_LEVEL, SMALLEST_SHARE = 30, 0.02  # of which a level is told apart: customers, and share of the buyers
MOST_KINDS = 10_000  # different combinations of attributes: each is a population of its own, and takes a few ms
REDUNDANT = 1e-6  # what is left of a standardised term that follows from others


@dataclass(frozen=True)
class RatioTest:
    """A likelihood-ratio test: how improbable the gain would be if the additional attributes explained nothing."""

    statistic: float
    degrees: int
    p_value: float


@dataclass(frozen=True, eq=False)
class CovariateModel(Displayed, Scores):
    """A fitted purchase model with attributes. There is no unfitted one: call `fit`.

    Attributes
    ----------
    reference : the model of a customer whose attributes are all at their reference (numbers at 0)
    plain : the model fitted to the same customers without attributes
    purchase, dropout : the attributes that act on the rate of purchases, and on leaving
    gamma, delta : their coefficients, in the order of the attributes' terms
    log_likelihood : at the maximum, comparable with that of `plain`, without penalty and prior
    covariance : of the reference's log-parameters, gamma and delta
    penalty, coefficient_penalty, prior : as given to `fit`
    likelihood : the function that was maximised, with its customers; None for a model read by `from_dict`
    """

    reference: PurchaseModel
    plain: PurchaseModel
    purchase: Attributes
    dropout: Attributes
    gamma: Vector
    delta: Vector
    log_likelihood: float
    covariance: Matrix = field(repr=False)
    penalty: float = 0.0
    coefficient_penalty: float = 0.0
    prior: bool = False
    likelihood: JointLikelihood | None = field(default=None, repr=False)

    _behind: ClassVar[frozenset[str]] = frozenset(
        {
            "ahead",
            "at_draws",
            "horizon_length",
            "leaving",
            "lets_one_time_buyers_leave",
            "likelihood",
            "model_of",
            "numbers_of",
            "unit_of",
        }
    )

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
        penalty: float = 0.0,
        coefficient_penalty: float = 0.0,
        prior: bool = False,
        bands: int | None = None,
        smallest_level: float = 0.0,
    ) -> Self:
        """Fit `model` (BgNbd, MbgNbd, ParetoNbd; Nbd without `dropout`) by maximum likelihood, or with a weak prior.

        Parameters
        ----------
        model
            the class whose parameters depend on attributes
        customers
            frequency, recency, T and the attributes; a CustomerSummary or a plain frame
        purchase, dropout
            columns that act on the rate of purchases, and on leaving: numbers or text, of which a missing one is a
            level of its own; at most 100 levels, and 10,000 different combinations
        time_unit, weights
            as in `PurchaseModel.fit`
        penalty
            as in `PurchaseModel.fit`, of the parameters of a customer whose attributes are all at their means
        coefficient_penalty
            subtracts coefficient_penalty * sum(coefficient^2) from the log-likelihood, coefficients being those of a
            level instead of the reference, and of one standard deviation of a number: a normal prior with mean 0 and
            standard deviation 1 / sqrt(2 coefficient_penalty)
        prior
            whether a weak prior counts, as in `PurchaseModel.fit`, so that a level in which nobody bought again has
            an answer, too; of each of these coefficients it is a standard logistic distribution, with half its mass
            within a factor of 3 of 1. What follows from other attributes has an answer then, too
        bands
            into how many bands of about equally many customers numbers are cut; None leaves them numbers
        smallest_level
            levels of fewer customers are one, `(other)`

        Raises
        ------
        DataError : a value that cannot be a history or an attribute, with its column and row
        ConvergenceError : the data cannot identify a parameter or coefficient; it says which
        """
        _refuse_impossible(model, purchase, dropout)
        check_penalty(penalty, prior=prior)
        check_penalty(coefficient_penalty, prior=prior)
        plain = model.fit(customers, time_unit=time_unit, weights=weights, penalty=penalty, prior=prior)
        buyers, columns, weight = _buyers(customers, plain.time_unit, weights)
        read = partial(Attributes.of, buyers, weights=weight, bands=bands, smallest_level=smallest_level)
        of_purchase, of_dropout = read(purchase), read(dropout)
        sides = [of_purchase.matrix(buyers), of_dropout.matrix(buyers)]
        if not (prior or coefficient_penalty):
            _refuse_redundant(of_purchase.terms, sides[0])
            _refuse_redundant(of_dropout.terms, sides[1])
        z = np.concatenate(sides, axis=1)
        likelihood = replace(
            _joint_likelihood(model, columns, z, weight, of_purchase, of_dropout),
            penalty=penalty,
            coefficient_penalty=coefficient_penalty,
            has_prior=prior,
        )
        return cls._at_maximum(likelihood, plain, of_purchase, of_dropout)

    @classmethod
    def _at_maximum(
        cls, likelihood: JointLikelihood, plain: PurchaseModel, purchase: Attributes, dropout: Attributes
    ) -> Self:
        """The model that maximises the likelihood, its parameters for attributes as they are."""
        start = np.concatenate([plain.log_parameters, np.zeros(len(likelihood.names) - len(plain.names))])
        found = maximum.maximise(likelihood, start)
        to_units = _to_units(likelihood.model, purchase, dropout)
        own, point = len(plain.names), to_units @ found.point
        values = dict(zip(plain.names, np.exp(point[:own]).tolist(), strict=True))
        gamma, delta = np.split(point[own:], [len(purchase.terms)])
        return cls(
            reference=replace(plain, **values, estimate=None),
            plain=plain,
            purchase=purchase,
            dropout=dropout,
            gamma=gamma,
            delta=delta,
            log_likelihood=likelihood.at(found.point),
            covariance=to_units @ found.covariance @ to_units.T,
            penalty=likelihood.penalty,
            coefficient_penalty=likelihood.coefficient_penalty,
            prior=likelihood.has_prior,
            likelihood=likelihood,
        )

    @property
    def name(self) -> str:
        """What tables call a model of this kind."""
        return f"{type(self.reference).__name__}{WITH_ATTRIBUTES}"

    @property
    def time_unit(self) -> TimeUnit:
        """The unit of the model's times."""
        return self.reference.time_unit

    @property
    def n_customers(self) -> float:
        """How many customers the model was fitted on: the sum of their weights."""
        return self.plain.n_customers

    @property
    def leaving(self) -> tuple[str, float] | None:
        """As of the model without attributes."""
        return self.reference.leaving

    def lets_one_time_buyers_leave(self) -> bool:
        """As of the model without attributes."""
        return self.reference.lets_one_time_buyers_leave()

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters: of the reference, then the factor of each term, on purchases and on leaving."""
        return _names(type(self.reference), self.purchase, self.dropout)

    @property
    def log_parameters(self) -> Vector:
        """Their natural logarithms: a coefficient is the logarithm of a factor."""
        return np.concatenate([self.reference.log_parameters, self.gamma, self.delta])

    @property
    def aic(self) -> float:
        """Akaike's information criterion; lower is better."""
        return 2 * len(self.covariance) - 2 * self.log_likelihood

    @property
    def bic(self) -> float:
        """Schwarz's information criterion, with the number of customers as sample size; lower is better."""
        return len(self.covariance) * float(np.log(self.n_customers)) - 2 * self.log_likelihood

    def confidence_intervals(self, level: float = 0.95) -> pl.DataFrame:
        """Wald intervals of the reference's parameters and of each term's factor: parameter, estimate, low, high."""
        reach = self._reach(level)
        return pl.DataFrame(
            {
                "parameter": self.names,
                "estimate": np.exp(self.log_parameters),
                "low": np.exp(self.log_parameters - reach),
                "high": np.exp(self.log_parameters + reach),
            }
        )

    @property
    def standard_errors(self) -> dict[str, float]:
        """Parameter -> standard error of its estimate, by the delta method."""
        errors = np.exp(self.log_parameters) * np.sqrt(np.diag(self.covariance))
        return dict(zip(self.names, errors.tolist(), strict=True))

    def _reach(self, level: float) -> Vector:
        if not 0 < level < 1:
            raise ParamsError(f"level is {level}; it must lie between 0 and 1.")
        reach: Vector = special.ndtri((1 + level) / 2) * np.sqrt(np.diag(self.covariance))
        return reach

    def coefficients(self, level: float = 0.95) -> pl.DataFrame:
        """The effect of each attribute, with Wald intervals.

        acts_on (purchases, leaving), term, coefficient, standard_error, low, high, and factor = e^coefficient: what
        one more unit, or this level instead of the reference, multiplies the rate (or odds) by.
        """
        own = len(self.reference.names)
        values, reach = np.concatenate([self.gamma, self.delta]), self._reach(level)[own:]
        return pl.DataFrame(
            {
                "acts_on": ["purchases"] * self.gamma.size + ["leaving"] * self.delta.size,
                "term": [*self.purchase.terms, *self.dropout.terms],
                "coefficient": values,
                "standard_error": np.sqrt(np.diag(self.covariance))[own:],
                "low": values - reach,
                "high": values + reach,
                "factor": np.exp(values),
            }
        )

    def likelihood_ratio_test(self, restricted: "CovariateModel | None" = None) -> RatioTest:
        """Test against a model with fewer attributes, fitted to the same customers; with none by default.

        The smaller model must be nested in this one: of the same kind, held by the same penalties or prior, its
        attributes among this one's, with the same levels, and its customers the same, attribute by attribute. A
        penalty or a prior holds coefficients back, so that the gain is less than at the likelihood's own maximum, and
        the test on the cautious side.

        Raises
        ------
        ParamsError : the smaller model is not nested in this one, or one of them was read without its customers
        """
        if restricted is not None and not self._contains(restricted):
            raise ParamsError(
                "A likelihood-ratio test needs a model with fewer attributes, all among those of the larger model, "
                "fitted to the same customers in the same way."
            )
        fewer = 0 if restricted is None else restricted.gamma.size + restricted.delta.size
        before = self.plain.log_likelihood if restricted is None else restricted.log_likelihood
        degrees = self.gamma.size + self.delta.size - fewer
        statistic = max(2 * (self.log_likelihood - before), 0.0)
        return RatioTest(statistic, degrees, float(special.chdtrc(degrees, statistic)))

    def _contains(self, smaller: "CovariateModel") -> bool:
        """Whether the smaller model is this one with the coefficients of some terms at 0."""
        if self.likelihood is None or smaller.likelihood is None:
            raise ParamsError("A model was read without its customers: fit both to compare them.")
        held = [(each.penalty, each.coefficient_penalty, each.prior) for each in (self, smaller)]
        sides = [(smaller.purchase, self.purchase), (smaller.dropout, self.dropout)]
        return (
            type(self.reference) is type(smaller.reference)
            and held[0] == held[1]
            and all(few.is_among(many) for few, many in sides)
            and len(smaller.names) < len(self.names)
            and self.likelihood.knows_all_of(smaller.likelihood)
        )

    def draws(self, n: int = 1_000, seed: int = 0, *, method: Method = "likelihood") -> Draws:
        """Draws of the parameters that these customers allow: of the reference's, and of the factor of each term.

        As `draws` of a model without attributes; the weak prior of `fit` holds what the data leave open, or the
        penalties in its place.
        """
        if n < 1 or method not in get_args(Method):
            raise ParamsError(
                f"draws: n is {n}, method {method!r}; n must be 1 or more, method likelihood or bootstrap."
            )
        # On a common scale, on which the prior is meant.
        to_units = _to_units(type(self.reference), self.purchase, self.dropout)
        to_common = np.linalg.inv(to_units)
        point, covariance = to_common @ self.log_parameters, to_common @ self.covariance @ to_common.T
        if method == "bootstrap":
            if self.likelihood is None:
                raise ParamsError("This CovariateModel was read without its customers: fit it to bootstrap.")
            found = from_bootstrap(self.likelihood, point, n, seed)
        elif self.likelihood is None:
            found = from_normal(self.names, point, covariance, n, seed)
        else:
            found = from_likelihood(self.likelihood, point, covariance, n, seed)
        return replace(found, log_values=found.log_values @ to_units.T)

    def at_draws(self, draws: Draws) -> list[Self]:
        """The model at each draw of its parameters."""
        own, names = len(self.reference.names), self.reference.names
        return [
            replace(
                self,
                reference=replace(self.reference, **dict(zip(names, np.exp(row[:own]).tolist(), strict=True))),
                gamma=row[own : own + self.gamma.size],
                delta=row[own + self.gamma.size :],
                likelihood=None,
            )
            for row in draws.log_values
        ]

    def to_dict(self) -> dict[str, Any]:
        """Everything but the customers, as plain JSON; `from_dict` reads it back."""
        return {
            "model": type(self).__name__,
            "reference": self.reference.to_dict(),
            "plain": self.plain.to_dict(),
            "purchase": self.purchase.to_dict(),
            "dropout": self.dropout.to_dict(),
            "gamma": self.gamma.tolist(),
            "delta": self.delta.tolist(),
            "log_likelihood": self.log_likelihood,
            "covariance": self.covariance.tolist(),
            "penalty": self.penalty,
            "coefficient_penalty": self.coefficient_penalty,
            "prior": self.prior,
        }

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Self:
        """The model that `to_dict` wrote; ParamsError if it is another model's, or not a model."""
        if saved.get("model") != cls.__name__:
            raise ParamsError(f"These are the parameters of {saved.get('model')!r}, not of {cls.__name__!r}.")
        try:
            kinds = {kind.__name__: kind for kind in SAVED}
            kind = kinds[saved["reference"]["model"]]
            return cls(
                reference=kind.from_dict(saved["reference"]),
                plain=kind.from_dict(saved["plain"]),
                purchase=Attributes.from_dict(saved["purchase"]),
                dropout=Attributes.from_dict(saved["dropout"]),
                gamma=np.array(saved["gamma"], dtype=float),
                delta=np.array(saved["delta"], dtype=float),
                covariance=np.array(saved["covariance"], dtype=float),
                **{name: saved[name] for name in ("log_likelihood", "penalty", "coefficient_penalty", "prior")},
            )
        except ClvlabError:
            raise
        except (KeyError, TypeError, ValueError) as error:
            raise ParamsError(f"This is not a saved {cls.__name__}: {error}.") from None

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

    def numbers_of(self, buyers: pl.DataFrame) -> Matrix:
        """The numbers of customers' attributes, one column for each term of `purchase`, then of `dropout`."""
        return np.concatenate([self.purchase.matrix(buyers), self.dropout.matrix(buyers)], axis=1)

    def unit_of(self, customers: Customers, time_unit: TimeUnit | None) -> TimeUnit:
        """The unit of a table's times: as it is said, else the model's own."""
        return self.reference.unit_of(customers, time_unit)

    def horizon_length(self, customers: Customers, horizon: Horizon, time_unit: TimeUnit | None) -> float:
        """The horizon, a plain number of which is in the table's unit, in the model's unit."""
        return self.reference.horizon_length(customers, horizon, time_unit)

    def ahead(self, customers: Customers) -> Ahead:
        """How the clock of a table runs from its cutoff on, in the model's unit."""
        return self.reference.ahead(customers)

    def _by_kind(self, customers: Customers, predict: Callable[[PurchaseModel, Customers], Vector]) -> Vector:
        """The predictions of each customer's own model."""
        table = purchase_history.table_of(customers)
        rows = np.flatnonzero(purchase_history.buyers_of(table))
        predictions = np.full(table.height, np.nan)
        for model, places in by_kind(self, table[rows]):
            own = rows[places]
            part: Customers = table[own]
            if isinstance(customers, CustomerSummary):
                part = replace(customers, data=table[own])
            predictions[own] = predict(model, part)
        return predictions


AnyPurchaseModel = PurchaseModel | CovariateModel
"""A fitted purchase model, with attributes or without."""


@dataclass(frozen=True)
class WithAttributes:
    """A kind of purchase model with attributes, to be fitted to customers as they come.

    All attributes act on purchases and, where customers leave, on leaving. Whatever customers there are, there is an
    answer: a weak prior counts, numbers are cut into four bands, and levels of less than 2 % of the buyers, or of
    fewer than 30, are one.

    Attributes
    ----------
    kind : the model without attributes
    names : columns of the customer table
    """

    kind: type[PurchaseModel]
    names: tuple[str, ...]

    @property
    def name(self) -> str:
        """What tables call a model of this kind."""
        return f"{self.kind.__name__}{WITH_ATTRIBUTES}"

    def fit(self, customers: Customers, *, penalty: float = 0.0) -> CovariateModel:
        """Fit a model of this kind; a penalty is one of parameters and of coefficients, in place of the prior.

        Raises
        ------
        DataError : an attribute is not there, or the same for all
        ConvergenceError : the data cannot identify a parameter; it says which
        """
        n_buyers = int(purchase_history.buyers_of(purchase_history.table_of(customers)).sum())
        return CovariateModel.fit(
            self.kind,
            customers,
            purchase=self.names,
            dropout=() if self.kind.leaving is None else self.names,
            penalty=penalty,
            coefficient_penalty=penalty,
            prior=penalty == 0,
            bands=BANDS,
            smallest_level=smallest_level(n_buyers),
        )


def smallest_level(customers: int) -> float:
    """Of how many customers a level is told apart, among so many."""
    return max(SMALLEST_LEVEL, SMALLEST_SHARE * customers)


def by_kind(model: AnyPurchaseModel, buyers: pl.DataFrame) -> Iterator[tuple[PurchaseModel, Positions]]:
    """Each kind of customers that the model tells apart: their own model, and which rows they are."""
    for z, places in kinds_of(model.numbers_of(buyers)):
        yield model.model_of(z), places


def _refuse_impossible(model: type[PurchaseModel], purchase: Sequence[str], dropout: Sequence[str]) -> None:
    if not (purchase or dropout):
        raise ParamsError(f"Name attributes by `purchase` or `dropout`; without any, {model.__name__}.fit serves.")
    if issubclass(model, RegularBetaGeometric):
        raise ParamsError(f"{model.__name__} takes no attributes: use BgNbd or MbgNbd, which it is at k = 1.")
    if dropout and model.leaving is None:
        raise ParamsError(f"Nobody leaves in {model.__name__}: `dropout` cannot act on it.")


def _buyers(
    customers: Customers, time_unit: TimeUnit, weights: ArrayLike | None
) -> tuple[pl.DataFrame, list[Vector], Vector | None]:
    """Who has bought and counts: the table's rows, their x, t_x and T, and their weights, if there are any."""
    histories = purchase_history.read_histories(customers, HISTORY, time_unit, time_unit)
    buyers = purchase_history.table_of(customers).filter(histories.is_buyer)
    weight = histories.weights(weights)
    if weight is None:
        return buyers, histories.columns, None
    counts = weight > 0
    return buyers.filter(counts), [column[counts] for column in histories.columns], weight[counts]


def _joint_likelihood(
    model: type[PurchaseModel],
    columns: Sequence[Vector],
    z: Matrix,
    weights: Vector | None,
    purchase: Attributes,
    dropout: Attributes,
) -> JointLikelihood:
    """The likelihood in terms of the customer whose attributes are at their means, and of a common scale."""
    centre, scale = np.array([*purchase.means, *dropout.means]), np.array([*purchase.scales, *dropout.scales])
    parts, maps, kinds, found = [], [], [], kinds_of(z)
    if len(found) > MOST_KINDS:
        raise ParamsError(
            f"The attributes have {len(found)} different combinations; at most {MOST_KINDS} can be fitted. Cut "
            "numbers into `bands`, or leave an attribute out."
        )
    for kind, own in found:
        population = Population.of([column[own] for column in columns], None if weights is None else weights[own])
        parts.append(Likelihood(model.log_likelihood_of, model.names, population, meanings=model.meanings))
        maps.append(_map_to_own(model, (kind - centre) / scale, len(purchase.terms)))
        kinds.append(kind)
    everybody = Population.of(columns, weights)
    return JointLikelihood(
        model, _names(model, purchase, dropout), tuple(parts), tuple(maps), tuple(kinds), everybody
    )


def _names(model: type[PurchaseModel], purchase: Attributes, dropout: Attributes) -> tuple[str, ...]:
    return (*model.names, *(f"{t} (purchases)" for t in purchase.terms), *(f"{t} (leaving)" for t in dropout.terms))


def _refuse_redundant(terms: Sequence[str], z: Matrix) -> None:
    """ParamsError for a term that follows from those before it: no data can tell their coefficients apart."""
    left = np.abs(np.diag(np.linalg.qr((z - z.mean(axis=0)) / z.std(axis=0), mode="r")))
    redundant = [term for term, size in zip(terms, left, strict=True) if size < REDUNDANT * np.sqrt(len(z))]
    if redundant:
        raise ParamsError(
            f"{', '.join(redundant)} follows from the other attributes ({', '.join(terms)}), so that their "
            "coefficients cannot be told apart. Leave one of them out."
        )


def _to_units(model: type[PurchaseModel], purchase: Attributes, dropout: Attributes) -> Matrix:
    """What turns parameters for attributes on a common scale into those for attributes as they are."""
    centre, scale = np.array([*purchase.means, *dropout.means]), np.array([*purchase.scales, *dropout.scales])
    own = len(model.names)
    to_units = np.eye(own + scale.size)
    to_units[:own] = _map_to_own(model, -centre / scale, len(purchase.terms))
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
