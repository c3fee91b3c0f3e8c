"""Strategies on the same customers: what each foretells, and the resamples that all of them share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from clvlab.comparison.bootstrap import Bootstrap
from clvlab.comparison.crossfit import Forecast
from clvlab.comparison.fitted_strategies import CHANCE, Candidate
from clvlab.comparison.foresight import HEADLINE, Metric, scored
from clvlab.comparison.groups import Grouped
from clvlab.comparison.outcomes import Vector
from clvlab.comparison.resampling import interval
from clvlab.comparison.split import Case
from clvlab.wording import CROSSED

Interval = tuple[float, float]


@dataclass(frozen=True)
class Contest:
    """Candidates on one case.

    Attributes
    ----------
    forecasts : name -> what the candidate's groups foretell
    best : the candidate of the highest headline, baselines that know nothing aside
    crossings : name -> the best candidate's groups crossed with that candidate's
    bootstrap : figures of all of them on the same resamples
    """

    case: Case
    candidates: tuple[Candidate, ...]
    forecasts: Mapping[str, Forecast]
    best: Candidate
    crossings: Mapping[str, Grouped]
    bootstrap: Bootstrap

    @classmethod
    def hold(
        cls, case: Case, candidates: tuple[Candidate, ...], n_rounds: int, tick: Callable[[int], object]
    ) -> "Contest":
        """Let the candidates foretell, and resample the customers."""
        forecasts = {candidate.name: candidate.forecast(case.outcomes) for candidate in candidates}
        able = [candidate for candidate in candidates if candidate.name not in CHANCE]
        best = max(able, key=lambda candidate: float(scored(forecasts[candidate.name], case.outcomes, HEADLINE)))
        crossings = {other.name: best.crossed(other) for other in able if other is not best}
        crossed = {_crossed(best.name, name): Forecast.of(g.labels, case.outcomes) for name, g in crossings.items()}
        groupings = {candidate.name: candidate.grouped for candidate in candidates}
        bootstrap = Bootstrap.run(case, forecasts, crossed, groupings, n_rounds, tick)
        return cls(case, candidates, forecasts, best, crossings, bootstrap)

    @cached_property
    def able(self) -> tuple[Candidate, ...]:
        """The candidates that can be recommended."""
        return tuple(candidate for candidate in self.candidates if candidate.name not in CHANCE)

    def figure(self, name: str, metric: Metric = HEADLINE) -> float:
        """A metric of one candidate."""
        return float(scored(self.forecasts[name], self.case.outcomes, metric))

    def rounds(self, name: str, metric: Metric = HEADLINE) -> Vector:
        """The same in each bootstrap round."""
        return self.bootstrap.scores[name, metric.name]

    def difference(self, name: str, versus: str) -> tuple[float, *Interval]:
        """The headline of one candidate less that of another, and its paired interval."""
        value = self.figure(name) - self.figure(versus)
        return value, *interval(self.rounds(name) - self.rounds(versus))

    def crossing(self, name: str) -> tuple[float, float, *Interval]:
        """The headline of the best candidate crossed with another, what that adds, and its paired interval."""
        together = Forecast.of(self.crossings[name].labels, self.case.outcomes)
        value = float(scored(together, self.case.outcomes, HEADLINE))
        rounds = self.bootstrap.scores[_crossed(self.best.name, name), HEADLINE.name]
        return value, value - self.figure(self.best.name), *interval(rounds - self.rounds(self.best.name))

    def places(self, candidate: Candidate) -> list[int]:
        """The place of each of a candidate's groups, 1 = best, by what was foretold of it."""
        return candidate.grouped.places(self.forecasts[candidate.name].spend, self.case.outcomes)


def _crossed(best: str, other: str) -> str:
    return f"{best}{CROSSED}{other}"
