"""Metrics of foresight: how well what groupings predict fits what the customers did."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Literal

from clvlab import metrics
from clvlab.arrays import Vector
from clvlab.comparison.crossfit import CrossFitted
from clvlab.comparison.outcomes import Outcomes


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


def scored(predicted: CrossFitted, outcomes: Outcomes, metric: Metric, weight: Vector | None = None) -> Vector:
    """The metric's figure for what was predicted, one for each row of `weight`; once where it is None."""
    judged = outcomes.judged
    if weight is None and outcomes.counts is not None:
        weight = outcomes.counts[judged]
    values = predicted.spend if metric.outcome == "spend" else predicted.bought
    return metric.score(values, outcomes.of(metric.outcome)[judged], outcomes.part[judged], weight)
