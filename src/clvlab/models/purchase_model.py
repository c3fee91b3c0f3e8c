"""What every purchase model can do once its likelihood and its few closed forms are stated.

Symbols, as in the papers and everywhere in this package:

    x    frequency  repeat purchase days                     count, >= 0
    t_x  recency    age at the last purchase, 0 if x == 0    time units, 0 <= t_x <= T
    T    T          age at the cutoff                        time units, >= 0
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from clvlab.arrays import Counts, Matrix, Vector
from clvlab.clock import STEADY, Ahead
from clvlab.errors import ConvergenceError, DataError, ParamsError
from clvlab.frames import CustomerSummary, Holdout
from clvlab.models import purchase_history
from clvlab.models.fitted_model import Estimate, FittedModel, check_penalty
from clvlab.models.numerics import maximum
from clvlab.models.numerics.distinct import in_chunks
from clvlab.models.numerics.interpolation import SETTLED, interpolated_in_age, summed_in_age
from clvlab.models.numerics.jets import Number
from clvlab.models.numerics.maximum import Likelihood
from clvlab.models.numerics.population import Population
from clvlab.models.numerics.quadrature import legendre
from clvlab.models.purchase_history import Customers, PurchaseHistories
from clvlab.models.scores import Scores
from clvlab.models.uncertainty import log_logistic
from clvlab.units import DAYS_PER, TimeUnit, check_time_unit, horizon_in
from clvlab.wording import Language

HISTORY = ("frequency", "recency", "T")
Horizon = str | float
NEW = (np.zeros(1), np.zeros(1), np.zeros(1))  # a first purchase just now: what a new customer's history is
BUYING = "how often customers buy, and how much they differ in it"
LEAVING = "how readily customers leave, and how much they differ in it"
WORTH_NOTHING_AT = 36.0  # e^-36: the discount at which the future is cut


@dataclass(frozen=True)
class PurchaseModel(FittedModel, Scores, ABC):
    """How often customers buy, and whether they still do. There is no unfitted one: call `fit`.

    A customer table is a `CustomerSummary`, or a pandas or polars frame with frequency, recency and T; the times of a
    plain frame are in `time_unit` (in the model's own, where a prediction does not say). Prospects, who have not
    bought yet (n_purchases 0), are skipped by `fit` and have NaN for a prediction. A horizon is a length with its
    unit ("39 weeks") or a number in the table's unit. Of a CustomerSummary with a calendar, ages are in operational
    time, as its model's rates are, and horizons are calendar time from the cutoff on.

    A model states `names` and `meanings`; `log_likelihood_of`, `log_prior_of` and `starting_point`; `p_alive_given`;
    what an active customer will do: `purchases_if_alive`, `rate_if_alive`, `pmf_if_alive`, `draw_if_alive`; and,
    unless the defaults serve, `leaving`, `rate_steepness` and `time_scale`. These take one value per customer, times
    in the model's unit, and check nothing; the verbs take tables. All else is the same for all models.
    """

    leaving: ClassVar[tuple[str, float] | None] = None
    remembers_last: ClassVar[bool] = False  # whether an active customer's future depends on t_x, too
    """The parameter that says how readily customers leave, and the power of it that does; None if nobody leaves."""

    _behind: ClassVar[frozenset[str]] = frozenset(
        {
            "ahead",
            "ahead_of",
            "by_state",
            "draw_future",
            "draw_if_alive",
            "horizon_length",
            "leaves_from",
            "leaving",
            "lets_one_time_buyers_leave",
            "log_rate_prior_of",
            "may_have_left",
            "model_of",
            "numbers_of",
            "p_alive_given",
            "p_alive_to_draw_by",
            "pmf_if_alive",
            "purchases_ahead",
            "purchases_if_alive",
            "rate_if_alive",
            "rate_steepness",
            "settled",
            "starting_point",
            "state_if_alive",
            "survived",
            "time_scale",
            "unit_of",
        }
    )

    leaves_from: ClassVar[int] = 0
    """After how many repeat purchases a customer may have left; P(alive) of one with fewer is 1 by assumption."""

    settled: ClassVar[float] = SETTLED
    """How small the last coefficients of a prediction, as a polynomial in age, are to be next to it."""

    r: float
    alpha: float
    time_unit: TimeUnit = field(kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_time_unit(self.time_unit)

    @property
    def _facts(self) -> str:
        return f"{super()._facts}; time in {self.time_unit}s"

    @classmethod
    def lets_one_time_buyers_leave(cls) -> bool:
        """Whether P(alive) of one-time buyers is found from the data; else it is 1 by assumption."""
        return cls.leaving is not None and cls.leaves_from == 0

    @classmethod
    def fit(
        cls,
        customers: Customers,
        *,
        time_unit: TimeUnit | None = None,
        weights: ArrayLike | None = None,
        penalty: float = 0.0,
        prior: bool = False,
    ) -> Self:
        """Fit by maximum likelihood, or with a weak prior.

        Parameters
        ----------
        customers
            frequency, recency, T; a CustomerSummary or a plain frame
        time_unit
            unit of a plain frame's recency and T
        weights
            how many customers each row stands for; 1 by default
        penalty
            subtracts penalty * sum(ln(parameter)^2) from the log-likelihood, parameters in the data's own units: a
            normal prior on each log-parameter with mean 0 and standard deviation 1 / sqrt(2 penalty)
        prior
            whether a weak prior counts, so that few or one-sided customers have an answer, too, with wide intervals.
            It is in the data's own units: standard logistic distributions of the logarithm of the mean purchases in a
            mean age, r T / alpha, of ln r, and of what the model says of leaving (see its `log_prior_of`). Each has
            half its mass within a factor of 3 of 1. Where purchases are on different days there always is an answer

        Raises
        ------
        DataError : a value that cannot be a history, with its column and row
        ConvergenceError : the data cannot identify a parameter; it says which
        """
        unit, population = cls._population(customers, time_unit, weights, penalty, prior=prior)
        likelihood = cls._likelihood(cls.log_likelihood_of, population, penalty, prior=prior)
        found = maximum.maximise(likelihood, np.log(cls.starting_point(population)))
        return cls(*np.exp(found.point).tolist(), time_unit=unit, estimate=Estimate.at(found, likelihood))

    def p_alive(self, customers: Customers, *, time_unit: TimeUnit | None = None) -> Vector:
        """Probability that each customer is still a customer at the cutoff; one per row, NaN for prospects."""
        table = self._read(customers, time_unit)
        return table.spread(self._alive(table))

    def expected_purchases(
        self, customers: Customers, horizon: Horizon, *, time_unit: TimeUnit | None = None
    ) -> Vector:
        """Expected purchases of each customer in (T, T + horizon]; one per row, NaN for prospects."""
        table, t = self._read(customers, time_unit), self.horizon_length(customers, horizon, time_unit)
        return table.spread(self.by_state(table, self._expected_at(t), self._alive(table)))

    def expected_purchases_new(self, horizon: Horizon | Iterable[Horizon]) -> float | Vector:
        """Expected repeat purchases of a new customer within the horizon after the first purchase.

        One number, or one per horizon where several are given; plain numbers are in the model's time unit.
        """
        if isinstance(horizon, Iterable) and not isinstance(horizon, str):
            return np.array([self.expected_purchases_new(each) for each in horizon])
        t = horizon_in(horizon, self.time_unit)
        return float(self.p_alive_given(*NEW)[0] * self.purchases_if_alive(t, NEW[0], NEW[2])[0])

    def probability_of_purchases(
        self, n: int, customers: Customers, horizon: Horizon, *, time_unit: TimeUnit | None = None
    ) -> Vector:
        """Probability that each customer buys exactly `n` times in (T, T + horizon]; NaN for prospects."""
        table, t = self._read(customers, time_unit), self.horizon_length(customers, horizon, time_unit)
        count, alive = _count(n), self._alive(table)
        per_alive = self.by_state(table, lambda x, T: self.pmf_if_alive(count, t, x, T))
        return table.spread(alive * per_alive + (1 - alive if count == 0 else 0.0))

    def probability_of_none(
        self, customers: Customers, horizon: Horizon, *, time_unit: TimeUnit | None = None
    ) -> Vector:
        """Probability that each customer does not buy in (T, T + horizon]; NaN for prospects."""
        return self.probability_of_purchases(0, customers, horizon, time_unit=time_unit)

    def probability_of_purchases_new(self, n: int, horizon: Horizon) -> float:
        """Probability that a new customer has exactly `n` repeat purchases within the horizon."""
        newcomer = pl.DataFrame(dict(zip(HISTORY, NEW, strict=True)))
        return float(self.probability_of_purchases(n, newcomer, horizon_in(horizon, self.time_unit))[0])

    def plot(
        self,
        what: str = "heterogeneity",
        customers: CustomerSummary | None = None,
        holdout: Holdout | None = None,
        *,
        lang: Language = "en",
    ) -> Any:
        """A chart of the model.

        Parameters
        ----------
        what
            "heterogeneity" (how much customers differ in how often they buy and how readily they leave), "alive"
            (P(alive) by repeat purchases and by how long the last one is past, at the age of the oldest of
            `customers`), "tracking" (repeat purchases week by week, expected and actual) or "frequency" (purchases in
            the holdout by repeat purchases before it)
        customers
            for all but the first; for the last two those of the holdout's calibration
        holdout
            for the last two; see `clvlab.split_holdout`
        lang
            language of its words, "en" or "zh"

        Returns
        -------
        An Altair chart, to show, to change, and to save (`.save("alive.svg")`).
        """
        return import_module("clvlab.pictures").of_model(self, what, customers, holdout, lang)

    def simulate(self, n: int, T: float | ArrayLike, seed: int) -> pl.DataFrame:
        """Simulate `n` customers who follow this model, observed to the age `T` (one for all, or one each).

        Returns customer_id, frequency, recency, T (in the model's time unit, continuous), n_purchases.
        """
        random = np.random.default_rng(seed)
        ages = np.broadcast_to(np.asarray(T, dtype=float), n)
        x, t_x = self.draw_future(random, ages, *(np.zeros(n) for _ in HISTORY))
        return pl.DataFrame(
            {
                "customer_id": purchase_history.numbered(n),
                "frequency": x,
                "recency": t_x,
                "T": ages,
                "n_purchases": x + 1,
            },
            schema_overrides={"frequency": pl.Int64, "n_purchases": pl.Int64},
        )

    def discounted_purchases(
        self,
        customers: Customers,
        horizon: Horizon | None,
        annual_discount_rate: float,
        *,
        time_unit: TimeUnit | None = None,
    ) -> Vector:
        """Expected purchases in (T, T + horizon], each worth (1 + d)^-years, counted from T; NaN for prospects.

        Without a horizon (None) all future purchases count: the discounted expected residual transactions. The
        integral over time has a relative error below 1e-10, of regular buyers below 1e-7, with a calendar below
        1e-3 (5e-3 beyond five years). Discounts are of calendar time.
        """
        table = self._read(customers, time_unit)
        t = math.inf if horizon is None else self.horizon_length(customers, horizon, time_unit)
        decay = self._decay(annual_discount_rate, t)
        worth = self._worth_at(t, decay, self.ahead(customers))
        return table.spread(self.by_state(table, worth, self._alive(table)))

    def purchases_ahead(
        self,
        customers: Customers,
        horizon: Horizon,
        annual_discount_rate: float,
        *,
        time_unit: TimeUnit | None = None,
    ) -> dict[str, Vector]:
        """All that a value rests on, in one pass: p_alive, expected_purchases and discounted_purchases."""
        table, t = self._read(customers, time_unit), self.horizon_length(customers, horizon, time_unit)
        alive, decay = self._alive(table), self._decay(annual_discount_rate, t)
        expected, discounted = self._ahead_if_alive(table, t, decay, self.ahead(customers))
        return {
            "p_alive": table.spread(alive),
            "expected_purchases": table.spread(expected * alive),
            "discounted_purchases": table.spread(discounted * alive),
        }

    def ahead_of(self, table: PurchaseHistories, t: float, decay: float, ahead: Ahead) -> Matrix:
        """Expected purchases of each customer in (T, T + t], and the same discounted: two rows."""
        if decay == 0:
            expected = self.by_state(table, self._expected_at(t), self._alive(table))
            return np.stack([expected, expected])
        return np.stack(self._ahead_if_alive(table, t, decay, ahead)) * self._alive(table)

    def discounted_purchases_new(self, horizon: Horizon | None, annual_discount_rate: float) -> float:
        """Expected repeat purchases of a new customer within the horizon (None: ever), each worth (1 + d)^-years."""
        t = math.inf if horizon is None else horizon_in(horizon, self.time_unit)
        decay = self._decay(annual_discount_rate, t)
        return float(self.p_alive_given(*NEW)[0] * self._discounted_if_alive(t, decay, NEW[0], NEW[2])[0])

    @classmethod
    @abstractmethod
    def log_likelihood_of(cls, parameters: Sequence[Number], population: Population) -> Number:
        """Log-likelihood of all customers, (x, t_x, T) each, in numbers or jets."""

    @classmethod
    @abstractmethod
    def log_prior_of(cls, log_parameters: Sequence[Number], population: Population) -> Number:
        """Log-density of the weak prior that draws follow where the data do not say; free of the unit of time."""

    @classmethod
    def log_rate_prior_of(cls, log_parameters: Sequence[Number], population: Population) -> Number:
        """The weak prior with one of the rate, too, which no draws but those of a fit with a prior need."""
        log_r, log_alpha = log_parameters[:2]
        log_mean = log_r - log_alpha + float(np.log(population.mean(2)))
        return cls.log_prior_of(log_parameters, population) + log_logistic(log_mean)

    @staticmethod
    @abstractmethod
    def starting_point(population: Population) -> Vector:
        """Parameters, scaled to the data, from which the maximum can be reached."""

    @abstractmethod
    def p_alive_given(self, x: Vector, t_x: Vector, T: Vector) -> Vector:
        """P(alive at T | history)."""

    def p_alive_to_draw_by(self, x: Vector, t_x: Vector, T: Vector) -> Vector:
        """P(alive at T | history), as exact as simulated customers can tell."""
        return self.p_alive_given(x, t_x, T)

    @abstractmethod
    def purchases_if_alive(self, t: float, x: Vector, T: Vector) -> Vector:
        """E[purchases in (T, T + t] | alive at T, history]."""

    @abstractmethod
    def rate_if_alive(self, x: Vector, T: Vector) -> Callable[[Vector], Vector]:
        """Expected purchases per time unit at T + u, given alive at T and the history: a function of u."""

    @abstractmethod
    def pmf_if_alive(self, n: int, t: float, x: Vector, T: Vector) -> Vector:
        """P(n purchases in (T, T + t] | alive at T, history)."""

    @abstractmethod
    def draw_if_alive(self, random: np.random.Generator, t: Vector, x: Vector, T: Vector) -> tuple[Counts, Vector]:
        """Draw, given alive at T and the history: purchases in (T, T + t], and the time from T to the last (or 0)."""

    def state_if_alive(self, random: np.random.Generator, x: Vector, t_x: Vector, T: Vector) -> Vector:
        """Draw the state from which a customer alive at T goes on: x itself, unless more matters than x and T."""
        del random, t_x, T
        return x

    def draw_future(
        self, random: np.random.Generator, t: Vector, x: Vector, t_x: Vector, T: Vector
    ) -> tuple[Counts, Vector]:
        """Draw whether each customer is alive, and if so the purchases in (T, T + t] and the time to the last."""
        alive = random.random(x.size) < self.p_alive_given(x, t_x, T)
        count, last = self.draw_if_alive(random, t, self.state_if_alive(random, x, t_x, T), T)
        return count * alive, last * alive

    def numbers_of(self, buyers: pl.DataFrame) -> Matrix:
        """The numbers of the attributes that the model reads: none."""
        return np.empty((buyers.height, 0))

    def model_of(self, z: Vector) -> Self:
        """The model of customers with these numbers of attributes: one for all, since it reads no attribute."""
        del z
        return self

    @property
    def rate_steepness(self) -> float:
        """The power of (1 + time / time scale) by which `rate_if_alive` falls at most."""
        return 0.0

    def time_scale(self, T: Vector) -> Vector:
        """A time within which the expected purchases of an active customer change little."""
        return self.alpha + T

    def unit_of(self, customers: Customers, time_unit: TimeUnit | None) -> TimeUnit:
        """The unit of a table's times: as it is said, else the model's own."""
        if time_unit is None and not isinstance(customers, CustomerSummary):
            return self.time_unit
        return purchase_history.unit_of(customers, time_unit)

    def horizon_length(self, customers: Customers, horizon: Horizon, time_unit: TimeUnit | None) -> float:
        """The horizon, a plain number of which is in the table's unit, in the model's unit, by the table's clock."""
        unit = self.unit_of(customers, time_unit)
        length = horizon_in(horizon, unit) * DAYS_PER[unit] / DAYS_PER[self.time_unit]
        return float(self.ahead(customers).operational(np.array(length)))

    def ahead(self, customers: Customers) -> Ahead:
        """How the clock of a table runs from its cutoff on, in the model's unit."""
        return customers.ahead(self.time_unit) if isinstance(customers, CustomerSummary) else STEADY

    def by_state(
        self, table: PurchaseHistories, function: Callable[[Vector, Vector], Vector], times: Vector | float = 1.0
    ) -> Vector:
        """function(x, T) of each customer if alive, computed once for each distinct one, times a factor per row."""
        return table.by_age.each(function, times)

    def _discounted_if_alive(self, t: float, decay: float, x: Vector, T: Vector, ahead: Ahead = STEADY) -> Vector:
        """Integral of e^(-decay calendar time) * rate over u in (0, t)."""
        end = t if decay == 0 else min(t, WORTH_NOTHING_AT / decay)
        moments = self._moments(end, T, steep=decay * end >= 1)
        if ahead is STEADY:
            rate, total = self.rate_if_alive(x, T), np.zeros_like(T)
            for u, du in moments(T):
                total += np.exp(-decay * u) * rate(u) * du
            return total

        def bought(x: Vector, T: Vector) -> Matrix:
            rate = self.rate_if_alive(x, T)
            return np.stack([rate(u) * du for u, du in moments(T)])

        def worth(T: Vector) -> Matrix:
            return np.stack([np.exp(-decay * ahead.calendar(u)) for u, _ in moments(T)])

        return summed_in_age(bought, worth, x, T, self._shortest_time_scale, self.settled)

    def _moments(self, end: float, T: Vector, *, steep: bool) -> Callable[[Vector], Iterator[tuple[Vector, Vector]]]:
        """Times u ahead and what time each stands for, of Gauss-Legendre in ln(1 + u / time scale) over (0, end).

        A function of ages, of which there are as many as those of T need. The steeper the rate falls, the shorter the
        scale, so that the integrand stays smooth.
        """
        steepness = self.rate_steepness
        # The integrand is smooth to a distance of pi; where the discount ends it, to half that, and it is steep.
        length = float(np.log1p(end / self.time_scale(T) * (1 + steepness)).max(initial=0.0))
        few = 6 + int(2 * length + 3 * np.log1p(steepness))
        nodes, weights = legendre(max(few, 26 + int(5 * length)) if steep else few)

        def at(T: Vector) -> Iterator[tuple[Vector, Vector]]:
            scale = self.time_scale(T) / (1 + steepness)
            longest = np.log1p(end / scale)
            for node, weight in zip(nodes, weights, strict=True):
                u = scale * np.expm1(node * longest)
                yield u, (scale + u) * longest * weight

        return at

    @classmethod
    def _likelihood(
        cls,
        total: Callable[[Sequence[Number], Population], Number],
        population: Population,
        penalty: float,
        *,
        prior: bool,
    ) -> Likelihood:
        log_prior = cls.log_rate_prior_of if prior else cls.log_prior_of
        return Likelihood(total, cls.names, population, penalty, cls.meanings, log_prior, prior)

    @classmethod
    def _population(
        cls,
        customers: Customers,
        time_unit: TimeUnit | None,
        weights: ArrayLike | None,
        penalty: float,
        *,
        prior: bool,
    ) -> tuple[TimeUnit, Population]:
        """The unit of the table's times, and the customers to fit to, of whom there is something to learn."""
        unit = purchase_history.unit_of(customers, time_unit)
        table = purchase_history.read_histories(customers, HISTORY, unit, unit)
        check_penalty(penalty, prior=prior)
        population = Population.of(table.columns, table.weights(weights))
        cls._refuse_uninformative(population, prior=prior)
        return unit, population

    @classmethod
    def _refuse_uninformative(cls, population: Population, *, prior: bool) -> None:
        if population.n_distinct == 0:
            raise DataError(f"{cls.__name__} needs customers who have bought; the table has none.", code="no_buyers")
        if population.mean(0) == 0 and not (prior and population.mean(2) > 0):
            raise ConvergenceError(
                f"None of {population.n_customers:g} customers has a repeat purchase, so that no parameter of "
                f"{cls.__name__} ({', '.join(cls.names)}) can be identified. Use a longer history.",
                cls.names,
                code="no_repeats",
                customers=population.n_customers,
            )

    def _ahead_if_alive(self, table: PurchaseHistories, t: float, decay: float, ahead: Ahead) -> Sequence[Vector]:
        """Expected and discounted purchases in (T, T + t] of each customer if alive."""
        return [self.by_state(table, of) for of in (self._expected_at(t), self._worth_at(t, decay, ahead))]

    def _expected_at(self, t: float) -> Callable[[Vector, Vector], Vector]:
        return self._smooth(lambda x, T: self.purchases_if_alive(t, x, T))

    def _worth_at(self, t: float, decay: float, ahead: Ahead) -> Callable[[Vector, Vector], Vector]:
        worth = partial(in_chunks, partial(self._discounted_if_alive, t, decay, ahead=ahead))
        # Discounts by a clock have kinks in age.
        return self._smooth(worth) if ahead is STEADY else worth

    def _smooth(self, function: Callable[[Vector, Vector], Vector]) -> Callable[[Vector, Vector], Vector]:
        """The same function of (x, T), computed at no more ages than its smoothness needs."""
        return lambda x, T: interpolated_in_age(function, x, T, self._shortest_time_scale, self.settled)

    @property
    def _shortest_time_scale(self) -> float:
        return float(self.time_scale(np.zeros(1))[0])

    def _alive(self, table: PurchaseHistories) -> Vector:
        return in_chunks(self.p_alive_given, *table.columns)

    def _decay(self, annual_discount_rate: float, t: float) -> float:
        if annual_discount_rate == 0 and math.isinf(t):
            raise ParamsError(
                "annual_discount_rate is 0: purchases without end have a finite value only if discounted."
            )
        return decay_rate(annual_discount_rate, self.time_unit)

    def _read(self, customers: Customers, time_unit: TimeUnit | None) -> PurchaseHistories:
        unit = self.unit_of(customers, time_unit)
        return purchase_history.read_histories(customers, HISTORY, unit, self.time_unit)


def decay_rate(annual_discount_rate: float, time_unit: TimeUnit) -> float:
    """The rate per `time_unit` at which value decays: e^(-rate t) is (1 + d)^-years."""
    if not 0 <= annual_discount_rate < np.inf:
        raise ParamsError(f"annual_discount_rate is {annual_discount_rate}; it must be 0 or more, 0.1 for 10 %.")
    return float(np.log1p(annual_discount_rate)) * DAYS_PER[time_unit] / DAYS_PER["year"]


def _count(n: int) -> int:
    if n != int(n) or n < 0:
        raise ParamsError(f"n is {n}; a number of purchases is a whole number, 0 or more.")
    return int(n)
