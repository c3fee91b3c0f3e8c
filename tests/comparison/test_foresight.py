"""The list of metrics of foresight, and what scoring takes from a split."""

import numpy as np
import pytest

from clvlab import metrics
from clvlab.comparison.crossfit import CrossFitted
from clvlab.comparison.foresight import CAPTURES, FORESIGHT, HEADLINE, METRICS, scored
from clvlab.comparison.outcomes import Outcomes

# Two teach, four are judged in two parts; bought is whether there was spend.
SPEND = np.array([9.0, 1.0, 8.0, 0.0, 4.0, 2.0])
OUTCOMES = Outcomes(SPEND, (SPEND > 0).astype(float), np.array([0, 0, 1, 1, 2, 2]))
PREDICTED = CrossFitted(np.array([9.0, 1.0, 3.0, 5.0]), np.array([0.9, 0.2, 0.8, 0.6]))


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_score_is_the_metric_of_what_is_judged_within_its_parts(metric):
    values = PREDICTED.spend if metric.outcome == "spend" else PREDICTED.bought
    actual = (OUTCOMES.spend if metric.outcome == "spend" else OUTCOMES.bought)[2:]
    expected = metric.score(values, actual, np.array([1, 1, 2, 2]))
    assert float(scored(PREDICTED, OUTCOMES, metric)) == pytest.approx(float(expected), nan_ok=True)


def test_one_figure_for_each_row_of_weights():
    weight = np.array([[1.0, 1, 1, 1], [2, 0, 1, 1], [1, 3, 0, 2]])
    found = scored(PREDICTED, OUTCOMES, HEADLINE, weight)
    assert found.shape == (3,)
    assert found[0] == pytest.approx(float(scored(PREDICTED, OUTCOMES, HEADLINE)))


def test_ranking_within_parts_by_hand():
    # Part 1 is ranked rightly (8 above 0), part 2 wrongly (2 above 4): places 3/4 and 1/4 in each.
    expected = ((8 - 0) * 0.5 + (2 - 4) * 0.5) / 14
    assert float(scored(PREDICTED, OUTCOMES, HEADLINE)) == pytest.approx(expected)


def test_captures_are_named_by_their_share():
    assert [metric.name for metric in CAPTURES.values()] == [
        "capture_05",
        "capture_10",
        "capture_20",
        "capture_30",
        "capture_50",
    ]
    for share, metric in CAPTURES.items():
        assert float(metric.score([1, 1, 1, 1], [4, 3, 2, 1])) == pytest.approx(share)


def test_the_list_says_which_outcome_each_metric_is_about():
    about = {metric.name: metric.outcome for metric in FORESIGHT}
    assert {name for name, outcome in about.items() if outcome == "bought"} == {"buys_again_auc", "buys_again_brier"}
    assert HEADLINE.score is metrics.gini
