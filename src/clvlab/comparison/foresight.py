"""Metrics of foresight: how well what groupings predict fits what the customers did."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from types import MappingProxyType
from typing import Literal

from clvlab import metrics
from clvlab.arrays import Labels, Vector
from clvlab.comparison.crossfit import CrossFitted
from clvlab.comparison.outcomes import Outcomes

Asked = tuple[metrics.Ranked, Vector, Labels, Vector | None]
"""Predictions, outcomes, parts and weights."""


@dataclass(frozen=True)
class Metric:
    """A metric of foresight: its name, formula and outcome, and whether the order of predictions is all it asks."""

    name: str
    outcome: Literal["spend", "bought"]
    score: Callable[..., Vector]
    of_order: bool = True


CAPTURES: Mapping[float, Metric] = MappingProxyType(
    {
        share: Metric(f"capture_{100 * share:02.0f}", "spend", partial(metrics.top_capture, share=share))
        for share in (0.05, 0.10, 0.20, 0.30, 0.50)
    }
)
"""Spend reached by contacting the best 5, 10, 20, 30 or 50 % of customers."""
HEADLINE = Metric("gini", "spend", metrics.gini)
FORESIGHT: tuple[Metric, ...] = (
    HEADLINE,
    Metric("variance_explained", "spend", metrics.variance_explained, of_order=False),
    CAPTURES[0.10],
    CAPTURES[0.20],
    Metric("calibration_slope", "spend", metrics.calibration_slope, of_order=False),
    Metric("buys_again_auc", "bought", metrics.auc),
    Metric("buys_again_brier", "bought", metrics.brier, of_order=False),
)
"""What each strategy is judged by, in the order of the page: a metric is one line here."""
METRICS: tuple[Metric, ...] = tuple(dict.fromkeys((*FORESIGHT, *CAPTURES.values())))
"""All that is scored and resampled: the metrics of foresight, and the captures behind the curve of reach."""


@dataclass(frozen=True, eq=False)
class Judged:
    """What was predicted of the judged customers, next to what they did; they are ranked once for all metrics.

    Attributes
    ----------
    weight : how often each of the judged counts, in one or many resamples; None for as often as `outcomes` says
    """

    predicted: CrossFitted
    outcomes: Outcomes
    weight: Vector | None = None

    def score(self, metric: Metric) -> Vector:
        """The metric's figure, one for each row of `weight`."""
        return metric.score(*(self._spend if metric.outcome == "spend" else self._bought))

    @cached_property
    def _spend(self) -> Asked:
        return self._of(self.predicted.spend, self.outcomes.spend)

    @cached_property
    def _bought(self) -> Asked:
        return self._of(self.predicted.bought, self.outcomes.bought)

    def _of(self, predicted: Vector, happened: Vector) -> Asked:
        """What a metric is given of one outcome."""
        judged, counts = self.outcomes.judged, self.outcomes.counts
        weight = counts[judged] if self.weight is None and counts is not None else self.weight
        actual, part = happened[judged], self.outcomes.part[judged]
        return metrics.Ranked(predicted, actual, part, weight), actual, part, weight


def scored(predicted: CrossFitted, outcomes: Outcomes, metric: Metric, weight: Vector | None = None) -> Vector:
    """The metric's figure for what was predicted, one for each row of `weight`; once where it is None."""
    return Judged(predicted, outcomes, weight).score(metric)
