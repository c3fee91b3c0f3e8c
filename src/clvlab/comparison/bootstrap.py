"""Intervals: the customers are drawn again and again, each with the prediction that was stored for them."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from clvlab.arrays import Vector
from clvlab.comparison.crossfit import CrossFitted
from clvlab.comparison.foresight import HEADLINE, METRICS, scored
from clvlab.comparison.groups import Grouped, group_means
from clvlab.comparison.resampling import resamples
from clvlab.comparison.split import Split


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """What each figure was in each round; in a round the same customers were drawn for all figures.

    Attributes
    ----------
    scores : (name of a strategy, metric) -> shape (n_rounds,)
    means : (strategy, measure) -> means of its groups, shape (n_rounds, n_groups)
    """

    scores: Mapping[tuple[str, str], Vector]
    means: Mapping[tuple[str, str], Vector]

    @classmethod
    def run(
        cls,
        split: Split,
        predicted: Mapping[str, CrossFitted],
        crossings: Mapping[str, CrossFitted],
        groupings: Mapping[str, Grouped],
        n_rounds: int,
        tick: Callable[[int], object],
    ) -> "Bootstrap":
        """Draw the buyers `n_rounds` times; crossings are scored by the headline alone.

        `tick` is told how many rounds have been done since it was last told.
        """
        outcomes, scores, means = split.outcomes, defaultdict(list), defaultdict(list)
        scoring = [(name, each, metric) for name, each in predicted.items() for metric in METRICS]
        scoring += [(name, each, HEADLINE) for name, each in crossings.items()]
        for weight in resamples(len(split.buyers), n_rounds, split.seed):
            judged = weight[:, outcomes.judged]
            for name, each, metric in scoring:
                scores[name, metric.name].append(scored(each, outcomes, metric, judged))
            for name, grouped in groupings.items():
                for measure, values in split.measures.items():
                    means[name, measure].append(group_means(values, grouped, weight))
            tick(len(weight))
        return cls(
            {key: np.concatenate(values) for key, values in scores.items()},
            {key: np.concatenate(values) for key, values in means.items()},
        )
