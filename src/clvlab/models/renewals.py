"""Expected purchases of active customers who buy at every k-th event, in closed form.

Events come at rate lambda ~ Gamma(shape, age); each k-th of them is a purchase, after which a customer stays with
probability 1 - p, p ~ Beta(a, b). With time in units of the age, events by then are negative binomial:

    P(m | shape) = (shape)_m / m! z^m (1 - z)^shape, z = time / (1 + time)

Who has had j events since the last purchase expects

    sum over n of P(n k - j events or more) E[(1 - p)^(n - 1)]

purchases. The sum is taken over counts of events; or over p and the k-th roots of unity, which together leave only
every k-th event.
"""

import cmath
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clvlab.arrays import Matrix, Vector
from clvlab.clock import Ahead
from clvlab.models.numerics.distinct import run_starts
from clvlab.models.numerics.interpolation import Interpolated, interpolated_in_log
from clvlab.models.numerics.quadrature import beta_nodes, legendre

SUREST = 1 - 1e-8  # probability of leaving, beyond which nothing changes that much, and sums over roots cancel
TIMES_AT_ONCE = 512  # few enough that every intermediate stays in the processor's cache
COUNTED_AT_ONCE = 128  # rows, of which the longest time sets how many terms the sums have
MANY_TIMES = 200  # of one x, of which it is less work to compute a few
MOST_COUNTED = 1_024  # terms of a sum over counts, beyond which the k-th roots of unity are less work
NOTHING_LEFT_AT = 32.0  # e^-32: the probability at which a distribution of counts is cut
POWERS_APART = 32  # of which the products are all powers
FEWEST_EVENTS = 1e-40  # expected; of fewer a float does not hold the purchases


@dataclass(frozen=True)
class Renewals:
    """Purchases ahead of active customers who have had k events for each of x purchases.

    Functions take x in order and times, and return a row for each phase: the number of events since the last
    purchase, 0 to k - 1.

    Attributes
    ----------
    r : shapes are r + k x + phase
    a, b : probabilities of leaving are Beta(a, b + x)
    k : every k-th event is a purchase
    """

    r: float
    a: float
    b: float
    k: int

    def expected(self, x: Vector, time: Vector) -> Matrix:
        """Expected purchases by then.

        A sum over counts of events has positive terms only, but the more of them the longer the time; over the k-th
        roots of unity it has k of them.
        """
        found, some = np.zeros((self.k, x.size)), time > 0
        few = np.zeros_like(some)
        few[some] = self._counted(x[some], time[some]) <= MOST_COUNTED
        many = some & ~few
        found[:, few] = self._over_counts(x[few], time[few])
        found[:, many] = self._over_roots(x[many], time[many])
        return found

    def expected_and_discounted(
        self, x: Vector, age: Vector, end: float, decay: float, ahead: Ahead
    ) -> NDArray[np.float64]:
        """Expected purchases within `end`, a time by the clock ahead, and their worth at e^(-decay calendar time).

        Discounted by parts: expected purchases are smoother in time than their rate, which has gaps. The integral is
        over calendar time, in which the discount is smooth. Shape (2, k, rows).
        """
        last = float(ahead.calendar(np.array(end)))
        course, per_time = self._course(x, age, end), (1 + self.r + self.k * x) / age
        at_end = course.basis(np.log1p(end * per_time))
        discounted = np.exp(-decay * last) * at_end
        longest = np.log1p(last * per_time)
        # The larger k, the longer the gaps of a customer show; where the discount ends the integral it is steep.
        length, ends = float(longest.max(initial=0.0)), decay * end >= 1
        nodes, weights = legendre(2 + 3 * self.k + 14 * ends + int((1 + self.k / 2 + 2 * ends) * length))
        for node, weight in zip(nodes, weights, strict=True):
            u = np.expm1(node * longest) / per_time
            du = (1 / per_time + u) * longest * weight
            basis = course.basis(np.log1p(ahead.operational(u) * per_time))
            discounted += (decay * np.exp(-decay * u) * du)[:, None] * basis
        found, worth = course.combined(at_end), course.combined(discounted)
        # Of less than about one event the polynomial has no digit left; discounted it is next to what it is.
        few = (self.r + self.k * x + np.arange(self.k)[:, None] + 1) * end < age
        rows = few.any(axis=0)
        found[:, rows] = np.where(few[:, rows], self.expected(x[rows], end / age[rows]), found[:, rows])
        worth[few] = np.clip(worth[few], np.exp(-decay * last) * found[few], found[few])
        return np.stack([found, worth])

    def _course(self, x: Vector, age: Vector, end: float) -> Interpolated:
        """Expected purchases within u, in ln(1 + u per time) for u up to `end`.

        They depend on u / age alone, so that one polynomial serves all ages of an x.
        """
        starts = run_starts(x)
        of_x = np.repeat(np.arange(starts.size), np.diff(starts, append=x.size))
        x, steepness = x[starts], 1 + self.r + self.k * x[starts]
        longest = np.log1p(end * steepness / np.minimum.reduceat(age, starts))

        def at(positions: Matrix) -> Matrix:
            time = np.expm1(positions) / steepness[:, None]
            return self.expected(np.repeat(x, time.shape[1]), time.ravel()).reshape(self.k, *time.shape)

        return Interpolated.of(at, longest, of_x, 4 + 14 * self.k)

    def _counted(self, x: Vector | float, time: Vector) -> Vector:
        """How many events leave next to nothing of their distribution, compared with what the first k of them leave.

        Events beyond the k-th are at most negative binomial, and P(m or more) is at most (1 - w)^-shape (1 + w /
        time)^-m for any w between 0 and 1 (Chernoff). That is nearly least where 1 / (1 - w) is how many times its
        mean a gamma distribution of this shape reaches.
        """
        shape = self.r + self.k * (x + 1)
        reach = 1 + np.sqrt(2 * NOTHING_LEFT_AT / shape) + NOTHING_LEFT_AT / shape
        log_of_none = NOTHING_LEFT_AT + shape * np.log(reach)
        return np.asarray(1 + self.k + log_of_none / np.log1p((1 - 1 / reach) / time))

    def _over_counts(self, x: Vector, time: Vector) -> Matrix:
        """As a sum over counts: that of each x and time, but of an x with many times few are computed."""
        found, rest = np.empty((self.k, x.size)), np.ones(x.size, dtype=bool)
        for low, high in pairwise([*run_starts(x), x.size]):
            of_x = self._interpolated(x[low], time[low:high]) if high - low > MANY_TIMES else None
            if of_x is not None:
                found[:, low:high], rest[low:high] = of_x, False
        found[:, rest] = self._summed_over_counts(x[rest], time[rest])
        return found

    def _interpolated(self, x: float, time: Vector) -> Matrix | None:
        """Soon purchases are few, as time^(k - phase) is; they are interpolated relative to that, if that settles."""
        shape = self.r + self.k * x

        def at(time: Vector) -> Matrix:
            return self._summed_to(int(self._counted(x, time.max())), np.full(time.size, x), time)

        def evened(time: Vector) -> Matrix:
            factor = 1 + 1 / np.maximum(shape * time, FEWEST_EVENTS)
            return np.cumprod(np.full((self.k, time.size), factor), axis=0)[::-1]

        return interpolated_in_log(at, evened, time, 14 + 4 * self.k)

    def _summed_over_counts(self, x: Vector, time: Vector) -> Matrix:
        """The sum over m of P(m events by then) times how many of the purchases due by then a customer stays for.

        Rows that take like many terms are summed together.
        """
        counted, found = self._counted(x, time), np.empty((self.k, time.size))
        alike = np.log2(counted) // 1
        in_order = np.argsort(alike, kind="stable")
        for run in np.split(in_order, run_starts(alike[in_order])[1:]):
            for low in range(0, run.size, COUNTED_AT_ONCE):
                rows = run[low : low + COUNTED_AT_ONCE]
                found[:, rows] = self._summed_to(int(counted[rows].max()), x[rows], time[rows])
        return found

    def _summed_to(self, n: int, x: Vector, time: Vector) -> Matrix:
        """The sum for m up to n, in which P(m | shape + j) is (1 - z)^j (shape + m)_j / (shape)_j P(m | shape).

        P(m | shape) is computed at the longest time of each x; at other times it is as powers of z are.
        """
        starts, m = run_starts(x), np.arange(1.0, n + 1)
        lengths, longest = np.diff(starts, append=x.size), np.maximum.reduceat(time, starts)
        shape, log_none, log_none_of = self.r + self.k * x[starts], -np.log1p(longest), -np.log1p(time)
        log_event, log_event_of = -np.log1p(1 / longest), -np.log1p(1 / time)
        log_ways = np.cumsum(np.log(((shape - 1)[:, None] + m) / m), axis=1)
        at_longest = np.exp(log_ways + np.multiply.outer(log_event, m) + (shape * log_none)[:, None])
        bought = self._bought(x[starts], m) * at_longest[:, None]
        powers = _powers(log_event_of - np.repeat(log_event, lengths), n)
        found = np.empty((self.k, time.size))
        for low, length, of_x in zip(starts, lengths, bought, strict=True):
            found[:, low : low + length] = of_x @ powers[low : low + length].T
        fewer = np.repeat(shape, lengths) * (log_none_of - np.repeat(log_none, lengths))
        found *= np.exp(fewer + np.arange(self.k)[:, None] * log_none_of)
        return found

    def _bought(self, x: Vector, m: Vector) -> NDArray[np.float64]:
        """Purchases that a customer stays for due after m events, times (shape + m)_j / (shape)_j, (x, phases, m)."""
        x, n = x[:, None], np.arange(m.size // self.k + 1)
        stayed = np.cumprod((self.b + x + n) / (self.a + self.b + x + n), axis=1)
        purchases = np.cumsum(np.concatenate([np.zeros_like(x), np.ones_like(x), stayed], axis=1), axis=1)
        due, ways = np.repeat(purchases, self.k, axis=1)[:, 1:], np.ones((x.size, m.size))
        bought = np.empty((x.size, self.k, m.size))
        for j in range(self.k):
            bought[:, j] = ways * due[:, j : j + m.size]
            ways *= 1 + m / (self.r + self.k * x + j)
        return bought

    def _over_roots(self, x: Vector, time: Vector) -> Matrix:
        """The terms of the sum over w are (1 - (1 + c time)^-(shape + j)) / c."""

        def summed(theta: Vector, c: Vector, factors: Matrix, shape: float, time: Vector) -> Matrix:
            growth = c * time
            left, step = -np.expm1(-shape * np.log1p(growth)), growth / (1 + growth)
            total = np.empty((self.k, time.size))
            for phase, factor in enumerate(factors / c):
                total[phase] = left @ factor
                left += (1 - left) * step
            for root in self._roots:
                total += _of_root(root, 1 - root * theta, factors, shape, time)
            return total

        return self._mean_over_p(summed, x, time)

    def rates(self, x: Vector, time: Vector) -> Matrix:
        """The derivative of the expected purchases in time."""

        def summed(theta: Vector, c: Vector, factors: Matrix, shape: float, time: Vector) -> Matrix:
            del c
            total = np.zeros((self.k, time.size))
            for root in np.exp(2j * np.pi * np.arange(self.k) / self.k):
                growth = 1 + (1 - root * theta) * time
                power = np.exp(-shape * np.log(growth))
                for phase, factor in enumerate(factors):
                    power = power * root / growth
                    total[phase] += (shape + phase) * (power @ factor).real
            return total

        return self._mean_over_p(summed, x, time)

    @property
    def _roots(self) -> Iterable[complex]:
        """The k-th roots of unity but 1, of conjugate pairs the one above."""
        above = [cmath.exp(2j * cmath.pi * i / self.k) for i in range(1, (self.k + 1) // 2)]
        return [*above, -1.0] if self.k % 2 == 0 else above

    def _mean_over_p(self, summed: Callable[..., Matrix], x: Vector, time: Vector) -> Matrix:
        """Mean over p of a sum over n, of (1 - p)^(n - 1) times what is due at the n-th purchase, by phase j.

        With theta = (1 - p)^(1/k) and w the k-th roots of unity, of which the sum leaves only every k-th event, it is

            theta^(j + 1 - k) / k * sum over w of w^(j + 1) terms, in c = 1 - w theta

        `summed` takes theta, c at w = 1 and the factors of the terms at the nodes of p, shape, and times.
        """
        k, found, starts = self.k, np.empty((self.k, x.size)), run_starts(x)
        for low, high in pairwise([*starts, x.size]):
            nodes, weights = beta_nodes(self.a, self.b + x[low : low + 1])
            log_theta = np.log1p(-np.minimum(nodes[0], SUREST)) / k
            factors = np.exp((np.arange(k)[:, None] + 1 - k) * log_theta) / k * weights
            given = np.exp(log_theta), -np.expm1(log_theta), factors, self.r + k * x[low]
            for start in range(low, high, TIMES_AT_ONCE):
                part = slice(start, min(start + TIMES_AT_ONCE, high))
                found[:, part] = summed(*given, time[part, None])
        return found


def _powers(log_base: Vector, n: int) -> Matrix:
    """The first to the n-th power of each, as products of few exponentials."""
    low = np.exp(np.multiply.outer(log_base, np.arange(1.0, POWERS_APART + 1)))
    high = np.exp(np.multiply.outer(log_base, np.arange(0.0, n, POWERS_APART)))
    return np.asarray((high[:, :, None] * low[:, None, :]).reshape(log_base.size, -1)[:, :n])


def _of_root(root: complex, c: NDArray[Any], factors: Matrix, shape: float, time: Vector) -> Matrix:
    """What a root (of a pair, both) adds to expected purchases, by phase.

    The sum over nodes of factor w^(j + 1) (1 - (1 + c time)^-(shape + j)) / c.
    """
    growth, at_first = 1 + c * time, root / c
    if isinstance(root, complex):
        # By real functions, which are several times as fast.
        power = np.empty_like(growth)
        size = 2 * np.exp(-shape / 2 * np.log(growth.real**2 + growth.imag**2))
        angle = shape * np.arctan2(growth.imag, growth.real)
        power.real, power.imag, at_start = size * np.cos(angle), -size * np.sin(angle), 2.0
    else:
        power, at_start = np.exp(-shape * np.log(growth)), 1.0
    total, shrink = np.empty((len(factors), time.size)), 1 / growth
    for phase, factor in enumerate(factors):
        weights = at_first * factor
        total[phase] = (at_start * weights.sum() - power @ weights).real
        at_first = at_first * root
        power *= shrink
    return total
