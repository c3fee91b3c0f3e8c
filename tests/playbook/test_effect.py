"""The effect: by hand, over periods, and with simulated truth."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from clvlab.playbook import effect as module
from clvlab.playbook.difference import mean_difference
from clvlab.playbook.effect import EFFECT, effect
from tests.playbook.test_difference import MEAN, money

JUNE, JULY, AUGUST = date(2024, 6, 30), date(2024, 7, 31), date(2024, 8, 31)
FIGURES = ("contacted_mean", "held_back_mean", "effect", "low", "high", "smallest_found")


def period(revenue, is_control, since=JUNE, until=JULY, ids=None):
    """Customers of one period; who spent anything bought."""
    n = len(revenue)
    return pl.DataFrame(
        {
            "since": [since] * n,
            "until": [until] * n,
            "customer_id": ids or [f"{place:05d}" for place in range(n)],
            "is_control": is_control,
            "revenue": np.asarray(revenue, float),
            "bought": [money > 0 for money in revenue],
        }
    )


def simulated(rng, n=900, control=100, lift=1.0, **when):
    return period([*money(rng, n, lift), *money(rng, control)], [False] * n + [True] * control, **when)


def test_by_hand(monkeypatch):
    monkeypatch.setattr(module, "FEWEST", 2)
    revenue, bought = effect(period([30.0, 10.0, 0.0, 20.0, 0.0], [False, False, False, True, True])).rows(named=True)
    assert {key: revenue[key] for key in ("outcome", "is_overall", "since", "until", "contacted", "held_back")} == {
        "outcome": "revenue",
        "is_overall": False,
        "since": JUNE,
        "until": JULY,
        "contacted": 3,
        "held_back": 2,
    }
    assert revenue["contacted_mean"] == pytest.approx(40 / 3)
    assert (revenue["held_back_mean"], bought["held_back_mean"]) == (10.0, 0.5)
    assert revenue["effect"] == pytest.approx(10 / 3)
    assert bought["effect"] == pytest.approx(2 / 3 - 1 / 2)
    assert revenue["low"] < revenue["effect"] < revenue["high"]
    assert bought["low"] < bought["effect"] < bought["high"]


@pytest.mark.parametrize(("contacted", "control", "given"), [(30, 30, True), (30, 29, False), (29, 30, False)])
def test_of_few_customers_no_figure_is_given(contacted, control, given):
    rng = np.random.default_rng(1)
    found = effect(simulated(rng, contacted, control))
    assert found["contacted"].to_list() == [contacted] * 2
    assert all((found[name].null_count() == 0) == given for name in FIGURES)


def test_where_nobody_spent_there_are_means_without_an_interval():
    found = effect(period([0.0] * 80, [False] * 40 + [True] * 40)).filter(outcome="revenue").row(0, named=True)
    assert (found["effect"], found["smallest_found"], found["low"], found["high"]) == (0.0, 0.0, None, None)


def test_over_all_money_adds_up_and_whoever_changed_sides_is_left_out():
    sides = [False] * 40 + [True] * 40
    first = period([10.0] + [0.0] * 79, sides)
    second = period([5.0, 0.0, 8.0] + [0.0] * 77, [*sides[:2], True, *sides[3:]], JULY, AUGUST)
    found = effect(pl.concat([first, second]))
    assert found["is_overall"].to_list() == [False, False, True] * 2
    overall = found.filter("is_overall").rows(named=True)
    assert [(row["since"], row["until"]) for row in overall] == [(JUNE, AUGUST)] * 2
    assert [(row["contacted"], row["held_back"]) for row in overall] == [(39, 40)] * 2
    assert overall[0]["contacted_mean"] == pytest.approx(15 / 39)
    assert overall[1]["contacted_mean"] == pytest.approx(1 / 39)  # bought in both periods, and is one


def test_one_period_is_not_told_twice():
    assert effect(simulated(np.random.default_rng(2))).height == 2


def test_a_known_lift_is_recovered():
    rng = np.random.default_rng(3)
    found = effect(simulated(rng, 40_000, 10_000, lift=1.5)).row(0, named=True)
    assert found["low"] < 0.5 * MEAN < found["high"]
    assert found["low"] > 0
    assert found["effect"] == pytest.approx(0.5 * MEAN, rel=0.25)


def test_no_lift_is_found_in_no_more_than_a_twentieth_of_cases(monkeypatch):
    monkeypatch.setattr(module, "mean_difference", lambda one, other: mean_difference(one, other, 199))
    rng, n = np.random.default_rng(4), 300
    rows = pl.concat([effect(simulated(rng, 180, 60)) for _ in range(n)])
    found = rows.with_columns(found=(pl.col("low") > 0) | (pl.col("high") < 0)).group_by("outcome")
    shares = dict(found.agg(pl.col("found").mean()).iter_rows())
    assert max(shares.values()) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / n)


def test_the_table_has_its_columns_where_there_is_nothing():
    assert effect(period([], [])).schema == EFFECT
