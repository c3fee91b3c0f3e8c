"""How much of everybody's purchases the calendar explains: its effects on their rates, shrunk by the evidence.

Given a customer's first and last purchase day and the number of days between them, a customer who buys at a steady
rate by the clock while alive has bought on each day in between with a probability that is proportional to the clock's
rate there, whoever they are and however readily they leave. These conditional probabilities, a case series in which
each customer is their own control [1], are free of growth, of dropout and of how customers differ. They are the same
for every model of the family whose customers buy at random times; those who buy regularly fit in closely.

The likelihood of what passed in each stretch of days (a month of a year, or the part of it that is in an event) is
taken as normal about its mode. Effects that return (of a month of the year, of an event), what is particular to one
stretch, and a trend are normal, too. How far months of the year differ, and stretches by themselves, is open, as is
how far the studies of a group differ [2]: effects are means over what these standard deviations may be, each as
likely as the data make it. What did not return is taken for chance, so that a log without a season has effects near
nothing, and a short one small effects.

References
----------
[1] Farrington (1995), "Relative incidence estimation from case series for vaccine safety evaluation", Biometrics
51(1), 228-235.
[2] Gelman (2006), "Prior distributions for variance parameters in hierarchical models", Bayesian Analysis 1(3),
515-534: a half-normal distribution of a standard deviation.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np

from clvlab.arrays import Counts, Matrix, Positions, Vector

DEVIATIONS = np.array([0.0, 0.02, 0.05, 0.1, 0.2, 0.35, 0.6, 1.0])
"""What the standard deviations of log-effects may be, of months of the year and of single stretches."""
TYPICAL = 0.3
"""How large they are before anything was seen: the scale of their half-normal distribution."""
OF_EVENTS, TYPICAL_OF_EVENTS = np.array([0.0, 0.1, 0.3, 0.6, 1.0]), 0.5
"""The same of events."""
TREND_DEVIATION = 0.3
"""The standard deviation of the trend within a year."""
WEAK = 1.0
"""The same of a stretch by itself, where the likelihood is taken as normal."""
FEW = 50_000
"""Rows of customers of which each is added up by itself."""
STEPS, STEP = 50, 1.0
PRECISE = 1e-9


@dataclass(frozen=True, eq=False)
class CaseSeries:
    """Purchase days between the first and the last of each customer, and the days on which they could have been.

    Attributes
    ----------
    stretch : of each day of the log, the number of the stretch that it is in
    bought : purchases in each stretch
    first, last, purchases : places of customers' first and last purchase days, and how many days they bought between
        them; equal customers may be one row
    """

    stretch: Positions
    bought: Counts
    first: Positions
    last: Positions
    purchases: Vector

    def evidence(self) -> tuple[Matrix, Vector]:
        """(H, b): the log-likelihood of log-effects u of the stretches is about b u - u H u / 2."""
        u, prior = np.zeros(self.bought.size), np.eye(self.bought.size) / WEAK**2
        exposed = self._exposed()
        for _ in range(STEPS):
            expected, information = self._moments(exposed, u)
            step = np.linalg.solve(information + prior, self.bought - expected - prior @ u)
            u += np.clip(step, -STEP, STEP)
            if np.abs(step).max() < PRECISE:
                break
        expected, information = self._moments(exposed, u)
        return information, information @ u + self.bought - expected

    def _exposed(self) -> Matrix:
        """Days up to each day (0 before the first) in each stretch."""
        by_day = np.zeros((self.stretch.size + 1, self.bought.size))
        by_day[np.arange(self.stretch.size) + 1, self.stretch] = 1.0
        return by_day.cumsum(axis=0)

    def _moments(self, exposed: Matrix, u: Vector) -> tuple[Vector, Matrix]:
        """What was to be expected in each stretch, and the information on their log-effects."""
        passed = exposed * np.exp(u)
        if self.first.size > FEW:
            return self._by_pairs_of_days(passed)
        share = (exposed[self.last] - exposed[self.first + 1]) * np.exp(u)
        share /= share.sum(axis=1, keepdims=True)
        weighted = share * self.purchases[:, None]
        expected: Vector = weighted.sum(axis=0)
        return expected, np.diag(expected) - weighted.T @ share

    def _by_pairs_of_days(self, passed: Matrix) -> tuple[Vector, Matrix]:
        """The same from what had passed by each day, without a row for each customer.

        Of purchases p between two days, by which x and y had passed and y - x in all stretches together is w, each
        stretch has p (y - x) / w, and their squares are p (y - x)(y - x)' / w^2: sums over pairs of days, of which a
        table of days by days has the weights p / w and p / w^2.
        """
        from scipy.sparse import csr_array  # takes its time, and few logs are so long

        begin, end, by_day = self.first + 1, self.last, passed.sum(axis=1)
        n, lasted = by_day.size, by_day[end] - by_day[begin]
        weight = self.purchases / lasted
        expected = (np.bincount(end, weight, n) - np.bincount(begin, weight, n)) @ passed
        weight /= lasted
        ends = np.bincount(end, weight, n) + np.bincount(begin, weight, n)
        across = passed.T @ (csr_array((weight, (end, begin)), shape=(n, n)) @ passed)
        return expected, np.diag(expected) - (passed.T @ (ends[:, None] * passed) - across - across.T)


@dataclass(frozen=True, eq=False)
class Effects:
    """Shrunk log-effects: of the months of the year, and of the events."""

    months: Vector
    events: Vector


def shrunk_effects(series: CaseSeries, month: Positions, events: Matrix, years: Vector) -> Effects:
    """The effects that the case series is evidence of.

    Parameters
    ----------
    series
        of stretches of days
    month
        of each stretch, from 0
    events
        whether each stretch (rows) is in each event (columns), 0 or 1
    years
        the time of each stretch, in years
    """
    information, b = series.evidence()
    # In the basis in which stretches tell of themselves alone, their own effects are integrated out one by one.
    strength, basis = np.linalg.eigh(information)
    strength = np.maximum(strength, 0.0)
    trend = (years - years.mean()) * TREND_DEVIATION
    shared, seen = basis.T @ np.column_stack([trend, np.eye(12)[month], events]), basis.T @ b
    common = _open(DEVIATIONS, TYPICAL)
    of_events = _open(OF_EVENTS, TYPICAL_OF_EVENTS) if events.size else [(0.0, 0.0)]
    found, log_weights = [], []
    for alone, before in common:
        left = 1 / (1 + alone**2 * strength)
        precision, pull = shared.T @ (shared * (strength * left)[:, None]), shared.T @ (seen * left)
        log_weight = before + (alone**2 * seen**2 @ left + np.log(left).sum()) / 2
        for (of_month, before_month), (of_event, before_event) in product(common, of_events):
            scale = np.repeat([1.0, of_month, of_event], [1, 12, events.shape[1]])
            spread = np.eye(scale.size) + scale[:, None] * precision * scale
            effects = scale * np.linalg.solve(spread, scale * pull)
            fit = (pull @ effects - np.linalg.slogdet(spread)[1]) / 2
            log_weights.append(log_weight + before_month + before_event + fit)
            found.append(effects[1:])
    weights = np.exp(np.array(log_weights) - max(log_weights))
    mean = weights @ np.array(found) / weights.sum()
    return Effects(mean[:12], mean[12:])


def _open(deviations: Vector, typical: float) -> list[tuple[float, float]]:
    """What a standard deviation may be, each with the logarithm of how likely it is before anything was seen."""
    before = np.log(np.gradient(deviations)) - (deviations / typical) ** 2 / 2
    return list(zip(deviations.tolist(), before.tolist(), strict=True))
