"""What BG/CNBD-k and MBG/CNBD-k share: BG/NBD and MBG/NBD for customers who buy at regular intervals.

The time between two purchases is Erlang-k: a purchase is every k-th event of a Poisson process whose rate lambda ~
Gamma(r, alpha). With k = 1 a purchase may come at any moment; the larger k, the more evenly a customer buys, and the
sooner silence says that they have left. A customer who is still active has had k x events up to the last purchase and
j = 0 ... k - 1 since, of which only the probabilities are known; events = k x + j is the state from which they go on.

All predictions are exact: probabilities are sums over j, and expected purchases have a closed form (`renewals`). They
depend on time as a multiple of the age alpha + T, so that discounted ones are integrals of one polynomial for all
customers with the same x. The papers' expectation is an approximation.

[1] Reutterer, Platzer & Schroeder (2021), "Leveraging purchase regularity for predicting customer behavior the easy
    way", International Journal of Research in Marketing 38(1), 194-215.
[2] Platzer & Reutterer (2016), "Ticking away the moments: timing regularity helps to better predict customer
    activity", Marketing Science 35(5), 779-799.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from clvlab.arrays import Counts, Matrix, Vector
from clvlab.clock import STEADY, Ahead
from clvlab.errors import ConvergenceError, ParamsError
from clvlab.models.beta_geometric import LARGEST_LOG, BetaGeometric
from clvlab.models.fitted_model import Estimate
from clvlab.models.negative_binomial import log_buying, log_probability, upper_tail
from clvlab.models.numerics import maximum
from clvlab.models.numerics.distinct import ROWS_IN_CACHE, DistinctRows
from clvlab.models.numerics.interpolation import NEGLIGIBLE
from clvlab.models.numerics.jets import Number, exp, log, log_gamma, log_ratio, sum_of, sum_of_log1p_exp
from clvlab.models.numerics.maximum import Expansion, Likelihood
from clvlab.models.numerics.population import Population
from clvlab.models.purchase_history import Customers, PurchaseHistories
from clvlab.models.purchase_model import WORTH_NOTHING_AT
from clvlab.models.renewals import Renewals
from clvlab.units import TimeUnit

LARGEST_K = 6  # beyond it an Erlang distribution hardly changes any more


@dataclass(frozen=True)
class RegularBetaGeometric(BetaGeometric):
    """A customer's purchases are every k-th event at rate lambda; at each they leave with probability p ~ Beta(a, b).

    Where a function of an active customer takes `events`, it is k x + j, j events having passed since the last
    purchase.
    """

    _behind: ClassVar[frozenset[str]] = frozenset({"since_last"})

    settled: ClassVar[float] = NEGLIGIBLE
    remembers_last: ClassVar[bool] = True

    k: int = field(kw_only=True)

    @property
    def _facts(self) -> str:
        return f"k {self.k}, {super()._facts}"

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_k(self.k)

    @classmethod
    def fit(
        cls,
        customers: Customers,
        *,
        k: int | None = None,
        time_unit: TimeUnit | None = None,
        weights: ArrayLike | None = None,
        penalty: float = 0.0,
        prior: bool = False,
    ) -> Self:
        """Fit by maximum likelihood, with the `k` that makes it largest unless it is given.

        The likelihood is that of what the table holds, (x, t_x, T), the purchases in between having come at any times
        that their Erlang gaps allow; at k = 1 it is the plain model's. From k = 1 on, k grows while the likelihood
        does, up to 6. `aic` and `bic` do not count k as a parameter.

        Parameters
        ----------
        customers
            frequency, recency, T; a CustomerSummary or a plain frame
        k
            regularity, a whole number of 1 or more; chosen by likelihood if None
        time_unit, weights, penalty, prior
            as in `PurchaseModel.fit`

        Raises
        ------
        DataError : a value that cannot be a history, with its column and row
        ConvergenceError : the data cannot identify a parameter; it says which
        """
        if k is not None:
            _check_k(k)
        unit, population = cls._population(customers, time_unit, weights, penalty, prior=prior)

        def likelihood_at(k: int) -> Likelihood:
            return cls._likelihood(partial(cls.log_likelihood_of, k=k), population, penalty, prior=prior)

        k, found = cls._most_likely(likelihood_at) if k is None else (k, cls._maximum(likelihood_at(k), k))
        estimate = Estimate.at(found, likelihood_at(k))
        return cls(*np.exp(found.point).tolist(), k=k, time_unit=unit, estimate=estimate)

    @classmethod
    def log_likelihood_of(cls, parameters: Sequence[Number], population: Population, k: int = 1) -> Number:
        """As in BG/NBD, with k events a purchase, and a sum over the events since the last one. [1]"""
        r, alpha, a, b = parameters
        x, weight = population.by_x
        survived = cls.survived(x)
        total = log_buying(r, alpha, population, k) + sum_of(
            log_gamma(b + survived) - log_gamma(b) - (log_gamma(a + b + survived) - log_gamma(a + b)), weight
        )
        may_have_left = cls.may_have_left(population)
        for block in _before(may_have_left, population).blocks if k > 1 else ():
            x, t_x, T = block.columns
            total = total + sum_of(log(silence(r, alpha, x, t_x, T, k)), block.weight)
        for block in may_have_left.blocks:
            x, t_x, T = block.columns
            level = log(a) - log(b + (cls.survived(x[block.starts]) - 1))
            since = (r + k * x) * log_ratio(alpha + t_x, T - t_x)
            if k > 1:
                log_silence = log(silence(r, alpha, x, t_x, T, k))
                total, since = total + sum_of(log_silence, block.weight), since - log_silence
            total = total + sum_of_log1p_exp(since, block.weight, level, block.starts)
        return total + (_log_places(population.repeaters, k) if k > 1 else 0.0)

    def p_alive_given(self, x: Vector, t_x: Vector, T: Vector) -> Vector:
        """P(alive at T | history): as in BG/NBD, the odds of having left divided by the sum over a silence. [1]"""
        survived = self.survived(x)
        at_last_purchase = (survived > 0) * self.a / (self.b + (np.maximum(survived, 1) - 1))
        log_since = (self.r + self.k * x) * np.log1p((T - t_x) / (self.alpha + t_x))
        log_since -= np.log(silence(self.r, self.alpha, x, t_x, T, self.k))
        return 1.0 / (1.0 + at_last_purchase * np.exp(np.minimum(log_since, LARGEST_LOG)))

    def since_last(self, x: Vector, t_x: Vector, T: Vector) -> Matrix:
        """P(j events since the last purchase | alive at T, history), shape (k, n)."""
        terms = np.array(_silence_terms(self.r, self.alpha, x, t_x, T, self.k))
        return np.asarray(terms / terms.sum(axis=0))

    def purchases_if_alive(self, t: float, events: Vector, T: Vector) -> Vector:
        """Sum over n of P(the n-th purchase is due by t) times that of staying for n - 1 purchases."""
        return self._at_phase(lambda x, T: self._renewals.expected(x, t / (self.alpha + T)), events, T)

    def rate_if_alive(self, events: Vector, T: Vector) -> Callable[[Vector], Vector]:
        """The derivative of the above at t = u."""
        age = self.alpha + T
        return lambda u: self._at_phase(self._renewals.rates, events, u / age) / age

    def pmf_if_alive(self, n: int, t: float, events: Vector, T: Vector) -> Vector:
        """Bought n times and still active, or left at the n-th of at least n purchases."""
        k, a, phase = self.k, self.a, events % self.k
        shape, age, b = self.r + events, self.alpha + T, self.b + self.survived(events // k)
        first = n * k - phase  # events until the n-th purchase
        log_events = np.array([log_probability(np.maximum(first + j, 0), t, shape, age) for j in range(k)])
        bought = np.exp(log_events).sum(axis=0, where=np.array([first + j >= 0 for j in range(k)]))
        active: Vector = np.exp(special.betaln(a, b + n) - special.betaln(a, b)) * bought
        if n == 0:
            return active
        log_left = special.betaln(a + 1, b + n - 1) - special.betaln(a, b)
        left: Vector = np.exp(log_left) * upper_tail(first, t, shape, age)
        return active + left

    def state_if_alive(self, random: np.random.Generator, x: Vector, t_x: Vector, T: Vector) -> Vector:
        """Events so far, those since the last purchase drawn."""
        up_to = self.since_last(x, t_x, T).cumsum(axis=0)
        since: Vector = (random.random(x.size) > up_to[:-1]).sum(axis=0).astype(float)
        return self.k * x + since

    def draw_if_alive(
        self, random: np.random.Generator, t: Vector, events: Vector, T: Vector
    ) -> tuple[Counts, Vector]:
        """Draw the events ahead, of which every k-th is a purchase, and how many of these the customer stays for."""
        phase = (events % self.k).astype(np.int64)
        ahead = random.poisson(random.standard_gamma(self.r + events) / (self.alpha + T) * t)
        chances = (ahead + phase) // self.k
        last, count, some = np.zeros(T.size), np.zeros_like(chances), np.flatnonzero(chances)
        p = random.beta(self.a, (self.b + self.survived(events // self.k))[some])
        # Beta(a, b) of a small a underflows to 0: nobody leaves.
        count[some] = np.minimum(chances[some], random.geometric(np.maximum(p, np.finfo(float).tiny)))
        # The event of the last purchase, of `ahead` points that fall evenly on (0, t).
        event = self.k * count[some] - phase[some]
        last[some] = t[some] * random.beta(event, ahead[some] - event + 1)
        return count, last

    def by_state(
        self, table: PurchaseHistories, function: Callable[[Vector, Vector], Vector], times: Vector | float = 1.0
    ) -> Vector:
        """The mean over the events since the last purchase, all states of a history computed at once."""
        ages = table.by_age
        x, T = ages.rows
        states = np.concatenate([self.k * x + phase for phase in range(self.k)])
        values = function(states, np.tile(T, self.k))
        values = values.reshape(*values.shape[:-1], self.k, x.size)[..., ages.index]
        total: Vector = np.einsum("ij,...ij->...j", self.since_last(*table.columns), values)
        return total * times

    def _smooth(self, function: Callable[[Vector, Vector], Vector]) -> Callable[[Vector, Vector], Vector]:
        """Of few rows each is computed: one costs little, and gaps make functions of age settle slowly."""
        interpolated = super()._smooth(function)
        return lambda events, T: (function if T.size <= ROWS_IN_CACHE else interpolated)(events, T)

    def _expected_at(self, t: float) -> Callable[[Vector, Vector], Vector]:
        """Times of like histories are interpolated there already."""
        return partial(self.purchases_if_alive, t)

    def _discounted_if_alive(
        self, t: float, decay: float, events: Vector, T: Vector, ahead: Ahead = STEADY
    ) -> Vector:
        if decay == 0:
            return self.purchases_if_alive(t, events, T)
        both = self._expected_and_discounted(min(t, WORTH_NOTHING_AT / decay), decay, ahead, events, T)
        return np.asarray(both[1])

    def _ahead_if_alive(self, table: PurchaseHistories, t: float, decay: float, ahead: Ahead) -> Sequence[Vector]:
        """Both from one course in time, where the discount does not end it before the horizon."""
        if not 0 < decay * t < WORTH_NOTHING_AT:
            return super()._ahead_if_alive(table, t, decay, ahead)
        return list(self.by_state(table, self._smooth(partial(self._expected_and_discounted, t, decay, ahead))))

    def _expected_and_discounted(
        self, end: float, decay: float, ahead: Ahead, events: Vector, T: Vector
    ) -> NDArray[np.float64]:
        """Two rows."""

        def both(x: Vector, T: Vector) -> NDArray[np.float64]:
            return self._renewals.expected_and_discounted(x, self.alpha + T, end, decay, ahead)

        return self._at_phase(both, events, T)

    def _at_phase(
        self, of: Callable[[Vector, Vector], NDArray[np.float64]], events: Vector, times: Vector
    ) -> NDArray[np.float64]:
        """A function of x and a time that returns a row for each phase, at the phase of each customer."""
        rows = DistinctRows.of([events // self.k, times])
        return np.asarray(of(*rows.rows)[..., (events % self.k).astype(np.intp), rows.index])

    @property
    def _renewals(self) -> Renewals:
        return Renewals(self.r, self.a, self.b + float(self.survived(np.zeros(1))[0]), self.k)

    @classmethod
    def _most_likely(cls, likelihood_at: Callable[[int], Likelihood]) -> tuple[int, Expansion]:
        """The k at which the likelihood stops growing, and the maximum there; a k without one is passed over."""
        best: tuple[int, Expansion] | None = None
        reasons = []
        for k in range(1, LARGEST_K + 1):
            try:
                found = cls._maximum(likelihood_at(k), k)
            except ConvergenceError as error:
                reasons.append(error)
                continue
            if best is not None and not found.value > best[1].value:
                break
            best = k, found
        if best is None:
            raise reasons[0]
        return best

    @classmethod
    def _maximum(cls, likelihood: Likelihood, k: int) -> Expansion:
        r, alpha, a, b = cls.starting_point(likelihood.population)
        return maximum.maximise(likelihood, np.log([r, alpha / k, a, b]))


def silence(r: Number, alpha: Number, x: Vector, t_x: Vector, T: Vector, k: int) -> Number:
    """By how much a silence of T - t_x is more probable for who may have had up to k - 1 events in it: 1 if k = 1."""
    return sum(_silence_terms(r, alpha, x, t_x, T, k))


def _silence_terms(r: Number, alpha: Number, x: Vector, t_x: Vector, T: Vector, k: int) -> list[Number]:
    """P(j events in the silence) over that of none: (r + k x)_j / j! ((T - t_x) / (alpha + T))^j, for j below k."""
    share = (T - t_x) * exp(-log(alpha + T))
    terms: list[Number] = [np.ones_like(T)]
    for j in range(1, k):
        terms.append(terms[-1] * share * (r + (k * x + (j - 1))) * (1 / j))
    return terms


def _log_places(repeaters: Population, k: int) -> float:
    """Ln of what the purchases between the first and the last have more of places to be, the k-th events being these.

    The density of the last purchase, Gamma(k x), over that of k = 1: t_x^(k x - x) Gamma(x) / Gamma(k x).
    """
    (x, weight), t_x = repeaters.by_x, repeaters.columns[1]
    with np.errstate(divide="ignore"):  # Of no time at all nothing is a k-th part.
        of_times = float(repeaters.weight @ (repeaters.columns[0] * np.log(t_x)))
    return (k - 1) * of_times + float(weight @ (special.gammaln(x) - special.gammaln(k * x)))


def _before(later: Population, all_of_them: Population) -> Population:
    """The first of a population, of which the last are `later`."""
    n = all_of_them.n_distinct - later.n_distinct
    return Population(all_of_them.columns[:, :n], all_of_them.weight[:n])


def _check_k(k: int) -> None:
    if isinstance(k, bool) or not isinstance(k, int) or k < 1:
        raise ParamsError(f"k is {k}; the regularity of purchases is a whole number, 1 or more.")
