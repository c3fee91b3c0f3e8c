"""Whether groups come out the same again."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

import clvlab as cl
from clvlab.comparison import stability
from clvlab.comparison.fitted_strategies import FittedStrategy
from clvlab.comparison.stability import N_RESAMPLES, at_a_later_day, on_halves, on_resamples
from clvlab.frames import CustomerSummary
from clvlab.grouping import FixedBounds, NaturalBreaks, Tiers, strategies

FIXED = Tiers("total_spend", ("high", "low"), FixedBounds((40.0,)), name="fixed")
BREAKS = Tiers("total_spend", ("high", "mid", "low"), NaturalBreaks(), name="breaks")


@pytest.fixture(scope="module")
def customers() -> CustomerSummary:
    return cl.summarise_customers(cl.datasets.cdnow(sample=True), "1997-09-30", "week")


def again(strategy, customers, seed=0):
    fitted = FittedStrategy.fit(strategy, customers, customers)
    return [agreement for (agreement,) in on_resamples([fitted], customers, customers, seed)]


def test_fixed_bounds_give_the_same_groups_from_every_sample(customers):
    assert again(FIXED, customers) == [1.0] * N_RESAMPLES
    assert on_halves([FIXED], customers, customers, seed=0) == [1.0]


def test_bounds_that_few_customers_decide_do_not(customers):
    found = again(BREAKS, customers)
    assert len(found) == N_RESAMPLES
    assert 0 < np.mean(found) < 0.97


def test_the_same_seed_gives_the_same_agreement(customers):
    assert again(strategies["value_tiers"], customers) == again(strategies["value_tiers"], customers)
    assert again(strategies["value_tiers"], customers) != again(strategies["value_tiers"], customers, seed=1)


def test_a_later_day_changes_whoever_moved(customers):
    fixed = [FittedStrategy.fit(FIXED, customers, customers)]
    assert at_a_later_day(fixed, customers, customers) == [1.0]
    richer = replace(customers, data=customers.data.with_columns(pl.col("total_spend") + 15))
    assert at_a_later_day(fixed, customers, richer)[0] < 0.9


def test_customers_unknown_before_do_not_count(customers):
    some = replace(customers, data=customers.data.head(500))
    for before, after in ((some, customers), (customers, some)):
        assert at_a_later_day([FittedStrategy.fit(FIXED, before, before)], before, after) == [1.0]


def test_the_order_of_a_later_table_is_of_no_matter_and_a_column_that_it_lacks_leaves_the_figure_open(customers):
    fitted = [FittedStrategy.fit(strategies[name], customers, customers) for name in ("value_tiers", "rfm11")]
    shuffled = replace(customers, data=customers.data.sample(fraction=1, shuffle=True, seed=0))
    assert at_a_later_day(fitted, customers, shuffled) == [1.0, 1.0]
    lacking = replace(customers, data=customers.data.drop("days_since_last"))
    assert at_a_later_day(fitted, customers, lacking) == [1.0, None]


def test_strategies_side_by_side_are_judged_as_each_alone(customers):
    some = [strategies[name] for name in ("value_tiers", "clusters", "rfm11")]
    fitted = [FittedStrategy.fit(strategy, customers, customers) for strategy in some]
    together = zip(*on_resamples(fitted, customers, customers, 0), strict=True)
    assert [list(of_one) for of_one in together] == [again(strategy, customers) for strategy in some]
    assert on_halves(some, customers, customers, 0) == [
        agreement for strategy in some for agreement in on_halves([strategy], customers, customers, 0)
    ]


def test_of_many_customers_samples_are_of_some_and_agree_less_by_what_some_know_less(customers, monkeypatch):
    full = np.mean(again(strategies["clusters"], customers)), np.mean(again(strategies["value_tiers"], customers))
    monkeypatch.setattr(stability, "MANY", 600)
    some = np.mean(again(strategies["clusters"], customers)), np.mean(again(strategies["value_tiers"], customers))
    # A quarter of the customers err by twice as much.
    loss = np.array([(1 - few) / (1 - all_of_them) for few, all_of_them in zip(some, full, strict=True)])
    assert (loss > 1).all()
    assert loss[1] == pytest.approx(2, abs=0.6)
    assert again(FIXED, customers) == [1.0] * N_RESAMPLES


def test_halves_of_many_customers_err_by_two_rules_of_some(customers, monkeypatch):
    monkeypatch.setattr(stability, "MANY", 100)
    one = 1 - np.mean(again(strategies["value_tiers"], customers))
    two = 1 - np.mean([on_halves([strategies["value_tiers"]], customers, customers, seed) for seed in range(20)])
    assert two == pytest.approx(2**0.5 * one, rel=0.25)


def test_halves_are_of_some_and_share_nobody(customers, monkeypatch):
    monkeypatch.setattr(stability, "MANY", 100)
    seen = []
    numbered = replace(customers, data=customers.data.with_row_index("place"))
    strategy = SimpleNamespace(fit=lambda half: seen.append(set(half.data["place"])) or FIXED.fit(half))
    assert on_halves([strategy], numbered, numbered, seed=0) == [1.0]
    first, second = seen
    assert (len(first), len(second), first & second) == (100, 100, set())
