"""Strategies scored on one split, by hand; and their paired differences and crossings."""

import numpy as np
import pytest

from clvlab.comparison import tables
from clvlab.comparison.foresight import FORESIGHT, HEADLINE, METRICS
from clvlab.comparison.scoring import Scoring, Window
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
NAMES = ("right", "wrong", "mute", "half")
SCORING = Scoring.run([Window(SPLIT, fitted_on(SPLIT, *NAMES))], 40, TICKS.append, n_deals=1)


def test_ginis_by_hand():
    # Places of the judged: best two 3/4 on average, worst two 1/4; spend 14 and 2 of 16.
    assert SCORING.figure("right").value == pytest.approx((14 * 0.5 - 2 * 0.5) / 16)
    assert SCORING.figure("wrong").value == pytest.approx(-(14 * 0.5 - 2 * 0.5) / 16)
    assert SCORING.figure("mute").value == 0
    assert SCORING.figure("half").value == 0  # both of its groups were taught 5


def test_the_best_is_the_one_of_the_highest_headline():
    assert SCORING.best == "right"
    assert [fitted.name for fitted in SCORING.recommendable] == ["right", "wrong", "mute", "half"]


def test_differences_are_paired_and_antisymmetric():
    there, back = SCORING.difference("right", "mute"), SCORING.difference("mute", "right")
    assert there.value == pytest.approx(0.375)
    assert back.value == -there.value
    assert back.error == pytest.approx(there.error)
    assert SCORING.difference("right", "right").interval() == (0, 0)


def test_crossing_with_what_knows_nothing_changes_nothing():
    gain = SCORING.crossing("mute") - SCORING.figure("right")
    assert gain.interval() == pytest.approx((0, 0))


def test_who_came_first_in_the_deals():
    assert SCORING.first() == {"right": 1, "wrong": 0, "mute": 0, "half": 0}


def test_places_follow_what_was_predicted():
    right, wrong = SCORING.fitted_strategies[:2]
    assert dict(zip(right.grouped.names, SCORING.places(right), strict=True)) == {"a": 1, "b": 2}
    assert dict(zip(wrong.grouped.names, SCORING.places(wrong), strict=True)) == {"a": 1, "b": 2}


def test_every_round_is_counted_and_kept():
    assert sum(TICKS) == 40
    assert set(SCORING.figures) >= {(name, metric.name) for name in NAMES for metric in METRICS}
    assert all(figure.errors.shape == (1, 40) for figure in SCORING.figures.values())


def test_the_same_customers_are_drawn_for_all_figures():
    alone = Scoring.run([Window(SPLIT, fitted_on(SPLIT, "right"))], 40, lambda _: None, n_deals=1)
    assert np.array_equal(alone.figure("right").errors, SCORING.figure("right").errors, equal_nan=True)


def test_more_deals_are_made_until_the_leaders_place_is_settled(monkeypatch):
    window = Window(SPLIT, fitted_on(SPLIT, "right", "half"))
    settled = Scoring.run([window], 20, lambda _: None)
    assert settled.n_deals == 20  # nobody comes near
    monkeypatch.setattr("clvlab.comparison.scoring.NEAR", 2.0)
    assert Scoring.run([window], 20, lambda _: None).n_deals == 100


def test_two_windows_are_averaged_and_their_customers_drawn_together():
    first = split_of([0, 0, *SPEND[2:]], PART, right=list("aabbaabb" * 5))
    both = [Window(split, fitted_on(split, "right")) for split in (first, SPLIT)]
    scoring = Scoring.run(both, 40, lambda _: None, n_deals=1)
    alone = Scoring.run(both[1:], 40, lambda _: None, n_deals=1)
    figure = scoring.figure("right")
    assert figure.points.shape == (2, 1)
    assert figure.value == pytest.approx(figure.points.mean())
    assert np.array_equal(figure.errors[1], alone.figure("right").errors[0], equal_nan=True)


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
