"""Dealing customers into parts that teach and parts that are judged."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clvlab.comparison.outcomes import FIFTHS, ONLY_TEACH, Outcomes, group_numbers


def deal(n, seed=0):
    return Outcomes.deal(np.arange(n, dtype=float), np.ones(n), seed)


@pytest.mark.parametrize(("n", "sizes"), [(5, [2, 1, 1, 1]), (10, [4, 2, 2, 2]), (1_000, [400, 200, 200, 200])])
def test_two_fifths_teach_and_each_part_is_a_fifth(n, sizes):
    assert np.bincount(deal(n).part, minlength=4).tolist() == sizes
    assert FIFTHS - ONLY_TEACH == 3


@given(st.integers(5, 400), st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_everybody_is_dealt_once_and_parts_differ_by_one_at_most(n, seed):
    part = deal(n, seed).part
    sizes = np.bincount(part, minlength=4)
    assert sizes.sum() == n
    assert set(part.tolist()) <= {0, 1, 2, 3}
    assert np.ptp(sizes[1:]) <= 1
    assert abs(sizes[0] - 2 * n / 5) < 2


def test_what_customers_did_stays_theirs():
    outcomes = deal(20)
    assert outcomes.spend.tolist() == list(range(20))
    assert outcomes.judged.sum() == 12


def test_the_deal_does_not_look_at_the_outcomes():
    one = Outcomes.deal(np.zeros(50), np.zeros(50), seed=3)
    other = Outcomes.deal(np.arange(50.0), np.ones(50), seed=3)
    assert one.part.tolist() == other.part.tolist()


@given(st.lists(st.text(max_size=3), min_size=1, max_size=40))
@example(["", "\0"])
@settings(max_examples=30, deadline=None)
def test_numbers_stand_for_groups(labels):
    numbers = group_numbers(labels)
    assert set(numbers.tolist()) == set(range(len({*labels})))
    for i, one in enumerate(labels):
        assert all((numbers[i] == numbers[j]) == (one == other) for j, other in enumerate(labels))
