"""Customers drawn again and again, and intervals."""

import numpy as np
import pytest

from clvlab.comparison import resampling
from clvlab.comparison.resampling import interval, resamples


@pytest.mark.parametrize(("customers", "rounds"), [(1, 3), (7, 50), (300, 120)])
def test_every_round_draws_as_many_as_there_are(customers, rounds):
    weight = np.concatenate(list(resamples(customers, rounds, seed=1)))
    assert weight.shape == (rounds, customers)
    assert (weight.sum(axis=1) == customers).all()
    assert (weight >= 0).all()


def test_a_seed_draws_the_same_and_another_does_not():
    one, same, other = (np.concatenate(list(resamples(40, 30, seed))) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_blocks_bound_the_memory_and_change_nothing(monkeypatch):
    whole = np.concatenate(list(resamples(40, 30, seed=5)))
    monkeypatch.setattr(resampling, "_CELLS_AT_ONCE", 400)
    blocks = list(resamples(40, 30, seed=5))
    assert [len(block) for block in blocks] == [10, 10, 10]
    assert np.array_equal(np.concatenate(blocks), whole)


def test_everybody_is_drawn_as_often_on_average():
    weight = np.concatenate(list(resamples(20, 2_000, seed=0)))
    assert weight.mean(axis=0) == pytest.approx(np.ones(20), abs=0.1)
    assert weight.var() == pytest.approx(0.95, abs=0.05)  # of a binomial with 20 draws and chance 1/20


def test_an_interval_by_hand():
    assert interval(np.arange(101.0)) == pytest.approx((2.5, 97.5))
    assert interval(np.arange(101.0), level=0.5) == (25, 75)
    assert interval(np.array([3.0])) == (3, 3)


def test_what_is_open_in_a_round_leaves_the_interval_open():
    assert np.isnan(interval(np.array([1.0, np.nan, 2.0]))).all()
