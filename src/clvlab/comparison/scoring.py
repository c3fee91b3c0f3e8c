"""Strategies on the same customers: what each predicts, and the resamples that all of them share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from clvlab.arrays import Vector
from clvlab.comparison.bootstrap import Bootstrap
from clvlab.comparison.crossfit import CrossFitted
from clvlab.comparison.fitted_strategies import CHANCE, FittedStrategy
from clvlab.comparison.foresight import HEADLINE, Metric, scored
from clvlab.comparison.groups import Grouped
from clvlab.comparison.resampling import interval
from clvlab.comparison.split import Split
from clvlab.wording import CROSSED

Interval = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Scoring:
    """Strategies scored on one split.

    Attributes
    ----------
    predicted : name -> what the strategy's groups predict
    best : the strategy of the highest headline, baselines that know nothing aside
    crossings : name -> the best strategy's groups crossed with that strategy's
    bootstrap : figures of all of them on the same resamples
    """

    split: Split
    fitted_strategies: tuple[FittedStrategy, ...]
    predicted: Mapping[str, CrossFitted]
    best: FittedStrategy
    crossings: Mapping[str, Grouped]
    bootstrap: Bootstrap

    @classmethod
    def run(
        cls, split: Split, fitted_strategies: tuple[FittedStrategy, ...], n_rounds: int, tick: Callable[[int], object]
    ) -> "Scoring":
        """Cross-fit every strategy, and resample the customers."""
        predicted = {fitted.name: fitted.predicted(split.outcomes) for fitted in fitted_strategies}
        recommendable = [fitted for fitted in fitted_strategies if fitted.name not in CHANCE]
        best = max(recommendable, key=lambda fitted: float(scored(predicted[fitted.name], split.outcomes, HEADLINE)))
        crossings = {other.name: best.crossed(other) for other in recommendable if other is not best}
        crossed = {
            _crossed(best.name, name): CrossFitted.of(g.labels, split.outcomes) for name, g in crossings.items()
        }
        groupings = {fitted.name: fitted.grouped for fitted in fitted_strategies}
        bootstrap = Bootstrap.run(split, predicted, crossed, groupings, n_rounds, tick)
        return cls(split, fitted_strategies, predicted, best, crossings, bootstrap)

    @cached_property
    def recommendable(self) -> tuple[FittedStrategy, ...]:
        """The strategies that can be recommended."""
        return tuple(fitted for fitted in self.fitted_strategies if fitted.name not in CHANCE)

    def figure(self, name: str, metric: Metric = HEADLINE) -> float:
        """A metric of one strategy."""
        return float(scored(self.predicted[name], self.split.outcomes, metric))

    def rounds(self, name: str, metric: Metric = HEADLINE) -> Vector:
        """The same in each bootstrap round."""
        return self.bootstrap.scores[name, metric.name]

    def difference(self, name: str, versus: str) -> tuple[float, *Interval]:
        """The headline of one strategy less that of another, and its paired interval."""
        value = self.figure(name) - self.figure(versus)
        return value, *interval(self.rounds(name) - self.rounds(versus))

    def crossing(self, name: str) -> tuple[float, float, *Interval]:
        """The headline of the best strategy crossed with another, what that adds, and its paired interval."""
        together = CrossFitted.of(self.crossings[name].labels, self.split.outcomes)
        value = float(scored(together, self.split.outcomes, HEADLINE))
        rounds = self.bootstrap.scores[_crossed(self.best.name, name), HEADLINE.name]
        return value, value - self.figure(self.best.name), *interval(rounds - self.rounds(self.best.name))

    def places(self, fitted: FittedStrategy) -> list[int]:
        """The place of each of a strategy's groups, 1 = best, by what was predicted of it."""
        return fitted.grouped.places(self.predicted[fitted.name].spend, self.split.outcomes)


def _crossed(best: str, other: str) -> str:
    return f"{best}{CROSSED}{other}"
