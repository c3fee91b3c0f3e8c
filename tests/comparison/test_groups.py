"""What groups did, and what they are worth in money."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clvlab.comparison.crossfit import CrossFitted
from clvlab.comparison.groups import FEWEST, Grouped, group_outcomes, wilson
from clvlab.comparison.outcomes import Outcomes


def test_wilson_interval_of_newcombe_1998():
    # Newcombe (1998), Statistics in Medicine 17, 857-872, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    cases = {
        (81, 263): (0.2553, 0.3662),
        (15, 148): (0.0624, 0.1605),
        (0, 20): (0.0, 0.1611),
        (1, 29): (0.0061, 0.1718),
    }
    for (successes, n), expected in cases.items():
        assert wilson(successes, n) == pytest.approx(expected, abs=5e-5)


@given(st.integers(1, 500), st.data())
@settings(max_examples=50, deadline=None)
def test_wilson_interval_stays_within_0_and_1_and_holds_the_share(n, data):
    successes = data.draw(st.integers(0, n))
    low, high = wilson(successes, n)
    assert -1e-12 <= low <= successes / n + 1e-12
    assert successes / n - 1e-12 <= high <= 1 + 1e-12


def test_places_follow_what_is_expected_not_a_strategys_own_rank():
    grouped = Grouped.of(["vip", "low", "vip", "low", "mid", "mid"])
    places = dict(zip(grouped.names, grouped.places(np.array([9.0, 4.0, 1.0])), strict=True))
    assert places == {"low": 1, "mid": 2, "vip": 3}


def test_a_group_of_which_nothing_is_known_comes_last():
    assert Grouped.of(["a", "b", "b"]).places(np.array([np.nan, -5.0])) == [2, 1]


def test_the_group_of_the_unknown_is_one_only_beside_others():
    assert Grouped.of(["a", "unknown"]).unknown == 1
    assert Grouped.of(["a", "b"]).unknown is None
    assert Grouped.of(["unknown"]).unknown is None


def test_figures_of_fewer_than_fifteen_customers_are_not_shown():
    groups = ["big"] * FEWEST + ["small"] * (FEWEST - 1)
    grouped, values = Grouped.of(groups), np.ones(len(groups))
    table = group_outcomes("s", grouped, [1, 2], {"repurchase": values})
    shown = dict(zip(table["group"], table["value"], strict=True))
    assert shown == {"big": 1.0, "small": None}
    assert table["low"].null_count() == table["high"].null_count() == 1
    assert dict(zip(table["group"], table["n"], strict=True)) == {"big": FEWEST, "small": FEWEST - 1}


def test_unknown_figures_do_not_count():
    values = np.array([5.0] * 15 + [np.nan] * 30)
    table = group_outcomes("s", Grouped.of(["a"] * 45), [1], {"satisfaction": values})
    assert table.select("n", "value", "low", "high").row(0) == (15, 5.0, 5.0, 5.0)


def test_forecasts_of_both_outcomes():
    outcomes = Outcomes(np.array([10.0, 0.0, 6.0]), np.array([1.0, 0.0, 1.0]), np.array([0, 0, 1]))
    predicted = CrossFitted.of(np.zeros(3, np.int64), outcomes)
    assert (predicted.spend.tolist(), predicted.bought.tolist()) == ([5.0], [0.5])


def test_a_crossing_names_the_pairs_that_there_are_in_their_order():
    crossed = Grouped.of(["b", "a", "b", "a"]).crossed(Grouped.of(["y", "x", "x", "x"]))
    assert crossed.names == ("a × x", "b × x", "b × y")
    assert crossed.groups.to_list() == ["b × y", "a × x", "b × x", "a × x"]


def test_pairs_of_one_name_are_one_group_of_a_crossing():
    crossed = Grouped.of(["a × b", "a"]).crossed(Grouped.of(["c", "b × c"]))
    assert crossed.names == ("a × b × c",)
    assert crossed.labels.tolist() == [0, 0]
