"""Strategies scored on one split, by hand; and their paired differences and crossings."""

import numpy as np
import pytest

from clvlab.comparison import tables
from clvlab.comparison.bootstrap import Bootstrap
from clvlab.comparison.foresight import FORESIGHT, HEADLINE, METRICS
from clvlab.comparison.scoring import Scoring
from tests.comparison.splits import fitted_on, split_of

# Five times over: four teach, four are judged. `right` knows who spends, `wrong` says the opposite, `mute` nothing.
SPEND = [8, 8, 2, 2, 8, 6, 2, 0] * 5
PART = [0, 0, 0, 0, 1, 1, 1, 1] * 5
SPLIT = split_of(
    SPEND,
    PART,
    right=list("aabbaabb" * 5),
    wrong=list("aabbbbaa" * 5),
    mute=list("aaaaaaaa" * 5),
    half=list("abababab" * 5),
)
TICKS: list[int] = []
SCORING = Scoring.run(SPLIT, fitted_on(SPLIT, "right", "wrong", "mute", "half"), 40, TICKS.append)


def test_ginis_by_hand():
    # Places of the judged: best two 3/4 on average, worst two 1/4; spend 14 and 2 of 16.
    assert SCORING.figure("right") == pytest.approx((14 * 0.5 - 2 * 0.5) / 16)
    assert SCORING.figure("wrong") == pytest.approx(-(14 * 0.5 - 2 * 0.5) / 16)
    assert SCORING.figure("mute") == 0
    assert SCORING.figure("half") == 0  # both of its groups were taught 5


def test_the_best_is_the_one_of_the_highest_headline():
    assert SCORING.best.name == "right"
    assert [fitted.name for fitted in SCORING.recommendable] == ["right", "wrong", "mute", "half"]


def test_differences_are_paired_and_antisymmetric():
    value, low, high = SCORING.difference("right", "mute")
    assert value == pytest.approx(0.375)
    assert low <= high
    assert SCORING.difference("mute", "right") == pytest.approx((-value, -high, -low))
    assert SCORING.difference("right", "right") == (0, 0, 0)


def test_crossing_with_what_knows_nothing_changes_nothing():
    together, gain, low, high = SCORING.crossing("mute")
    assert together == pytest.approx(SCORING.figure("right"))
    assert (gain, low, high) == pytest.approx((0, 0, 0))


def test_places_follow_what_was_predicted():
    right, wrong = SCORING.fitted_strategies[:2]
    assert dict(zip(right.grouped.names, SCORING.places(right), strict=True)) == {"a": 1, "b": 2}
    assert dict(zip(wrong.grouped.names, SCORING.places(wrong), strict=True)) == {"a": 1, "b": 2}


def test_every_round_is_counted_and_kept():
    assert sum(TICKS) == 40
    assert set(SCORING.bootstrap.scores) >= {
        (name, metric.name) for name in ("right", "wrong", "mute", "half") for metric in METRICS
    }
    assert all(values.shape == (40,) for values in SCORING.bootstrap.scores.values())
    assert SCORING.bootstrap.means["right", "spend"].shape == (40, 2)


def test_the_same_customers_are_drawn_for_all_figures():
    alone = Bootstrap.run(SPLIT, {"right": SCORING.predicted["right"]}, {}, {}, 40, lambda _: None)
    mine, together = alone.scores["right", HEADLINE.name], SCORING.rounds("right")
    assert np.array_equal(mine, together, equal_nan=True)


def test_means_of_groups_are_those_of_the_drawn_customers():
    means = SCORING.bootstrap.means["mute", "spend"]
    assert np.all((means >= min(SPEND)) & (means <= max(SPEND)))
    assert np.nanmean(means) == pytest.approx(np.mean(SPEND), abs=1)


def test_the_tables_hold_the_same_figures():
    differences = tables.differences(SCORING)
    assert differences.height == 4 * 3
    row = differences.filter(strategy="right", versus="wrong").row(0, named=True)
    assert row["value"] == pytest.approx(0.75)
    crossed = tables.crossings(SCORING)
    assert crossed["strategy"].unique().to_list() == ["right"]
    assert set(crossed["versus"]) == {"wrong", "mute", "half"}
    assert crossed["gain"].is_sorted(descending=True)
    outcomes = tables.outcomes(SCORING)
    assert outcomes.filter(strategy="right", measure="spend")["n"].to_list() == [20, 20]
    assert outcomes.filter(strategy="right", measure="spend")["value"].to_list() == [7.5, 1.5]


def test_named_puts_the_strategy_in_front():
    one = SCORING.fitted_strategies[0]
    table = tables.named([(one, one.rule.card)])
    assert table.columns[0] == "strategy"
    assert set(table["strategy"]) == {"right"}


def test_the_headline_is_among_the_metrics_and_each_is_there_once():
    names = [metric.name for metric in METRICS]
    assert len(names) == len(set(names))
    assert {metric.name for metric in FORESIGHT} <= set(names)
    assert HEADLINE in FORESIGHT
