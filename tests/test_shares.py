"""Where bins begin when equal numbers must stay together: by hand, then against every possible cut, then laws."""

from itertools import combinations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clvlab import shares as module
from clvlab.shares import bounds_at, comparable, share_bounds, spread, ties


def bins(values, shares):
    """The bin of each value, from 1."""
    bounds = share_bounds(list(values), shares)
    return [1 + sum(value >= bound for bound in bounds) for value in values]


def sizes(values, shares):
    found = bins(values, shares)
    return [found.count(place) for place in range(1, len(shares) + 1)]


# By hand


@pytest.mark.parametrize(
    ("values", "shares", "expected"),
    [
        pytest.param(range(10), [1] * 5, [2, 2, 2, 2, 2], id="no ties"),
        pytest.param(range(7), [1] * 5, [2, 2, 1, 1, 1], id="no ties, what is over goes to the lower bins"),
        pytest.param(range(10), [0.5, 0.3, 0.2], [5, 3, 2], id="no ties, shares given"),
        # Closing the first bin when it is full would put nine into it: four are nearer to five.
        pytest.param([1, 1, 1, 1, 2, 2, 2, 2, 2, 3], [1, 1], [4, 6], id="a bin closes before a tie"),
        pytest.param([1, 1, 2, 2, 2, 2, 3, 3, 3, 3], [1, 1], [6, 4], id="a bin closes after a tie"),
        pytest.param([1] * 6 + [2, 3, 4, 5], [1] * 3, [6, 2, 2], id="a large tie at the bottom"),
        pytest.param([1, 2, 3, 4] + [5] * 6, [1] * 3, [2, 2, 6], id="a large tie at the top"),
        # Below the tie there is one value for one bin; above it three for three.
        pytest.param([1] + [2] * 6 + [3, 4, 5], [1] * 5, [1, 6, 1, 1, 1], id="a large tie in the middle"),
        # The tie fills the last tenth; the others keep their proportion of two to one.
        pytest.param([1, 2, 3, 4, 5, 6] + [7] * 14, [0.6, 0.3, 0.1], [4, 2, 14], id="a tie in the smallest share"),
        pytest.param([1] * 5 + [2] * 5 + [3] * 90, [1] * 5, [5, 0, 5, 0, 90], id="three values for five bins"),
        pytest.param([1] * 80 + [2] * 15 + [3] * 5, [1] * 5, [80, 0, 15, 0, 5], id="three values, upside down"),
        pytest.param([1, 2, 3, 4], [1] * 5, [1, 1, 0, 1, 1], id="four values for five bins"),
        pytest.param([1] * 99 + [2], [1] * 4, [99, 0, 0, 1], id="two values"),
        pytest.param([7, 7, 7], [1, 1], [3, 0], id="one value"),
        pytest.param([], [1, 1], [0, 0], id="no value"),
    ],
)
def test_sizes_of_bins(values, shares, expected):
    assert sizes(list(values), shares) == expected


def test_an_empty_bin_begins_where_the_next_one_does():
    assert share_bounds(pl.Series([1, 1, 2, 3]), [1] * 5) == (2, 2, 3, 3)


@pytest.mark.parametrize(
    ("n_classes", "n_bins", "begins"),
    [
        (2, 2, [1]),
        (2, 5, [1, 1, 1, 1]),
        (3, 4, [1, 2, 2]),
        (3, 5, [1, 1, 2, 2]),
        (4, 6, [1, 1, 2, 3, 3]),
        (1, 3, [1, 1]),
    ],
)
def test_few_classes_are_spread_over_many_bins(n_classes, n_bins, begins):
    assert spread(n_classes, n_bins) == begins


@pytest.mark.parametrize(
    ("below", "value", "bound"),
    [
        (20.74, 20.76, 20.76),
        (1.0, 2 / 3 + 1, 1.666666),
        (0.6666670, 2 / 3 + 1e-6, 0.6666676),
        (-5.0, -2 / 3, -0.666667),
        (-1e-9, 0.0, 0.0),
        (1e-9, 2.5e-9, 2e-9),
        (5.0, 1e300, 1e300),
        (99.9999999999, 100.0, 100.0),
        (5.0, float("inf"), float("inf")),
    ],
)
def test_a_bound_is_the_value_with_no_more_digits_than_part_it_from_the_value_below(below, value, bound):
    (found,) = bounds_at(ties(pl.Series([below, value])), [1])
    assert found == bound
    assert below < found <= value


def test_numbers_that_differ_in_their_last_bits_compare_as_equal():
    numbers = pl.DataFrame({"x": [0.1 + 0.2, 0.3, 0.3 - 1e-16, 0.300000000001]})
    assert numbers.select(comparable(pl.col("x")))["x"].to_list() == [0.3, 0.3, 0.3, 0.300000000001]


# Against every possible cut

tied = st.lists(st.integers(0, 9), min_size=2, max_size=40).filter(lambda numbers: len(set(numbers)) > 1)
some_shares = st.lists(st.integers(1, 9), min_size=2, max_size=5)


def distance(sizes, shares):
    """How far sizes are from their shares: chi-square, up to a constant."""
    return sum(size**2 / share for size, share in zip(sizes, shares, strict=True))


@settings(deadline=None)
@given(tied, some_shares)
def test_no_cut_that_fills_every_bin_is_nearer_to_the_shares(numbers, shares):
    counts = np.unique(numbers, return_counts=True)[1]
    if len(counts) < len(shares):
        return
    cuts = combinations(range(1, len(counts)), len(shares) - 1)
    nearest = min(distance([part.sum() for part in np.split(counts, cut)], shares) for cut in cuts)
    assert distance(sizes(numbers, shares), shares) == pytest.approx(nearest, rel=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_among_many_values_the_cut_is_as_near_as_if_all_places_had_been_tried(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    counts = np.where(rng.random(900) < 0.05, rng.integers(1, 300, 900), 1)
    numbers = pl.Series(np.repeat(np.arange(900), counts))
    shares = [[1] * 5, [5, 3, 2], [1, 4, 3, 1.5, 0.5], [1] * 9][seed]
    found = share_bounds(numbers, shares)
    monkeypatch.setattr(module, "_MOST", 10_000)
    assert found == share_bounds(numbers, shares)


def test_one_tie_that_outweighs_thousands_of_values_is_found():
    numbers = pl.Series([*range(3_000), *[5_000] * 3_000_000, *range(6_000, 9_000)])
    assert share_bounds(numbers, [1, 1, 1]) == (5_000, 6_000)


# Laws


@given(st.integers(2, 60), st.integers(2, 7))
def test_without_ties_the_bins_are_equal_counts_with_the_rest_in_the_lower_ones(n, n_bins):
    if n < n_bins:
        return
    least, over = divmod(n, n_bins)
    assert sizes(list(range(n)), [1] * n_bins) == [least + 1] * over + [least] * (n_bins - over)


@settings(deadline=None)
@given(tied, some_shares)
def test_the_highest_value_is_in_the_last_bin_the_lowest_in_the_first_and_as_many_as_can_be_are_filled(
    numbers, shares
):
    found = dict(zip(numbers, bins(numbers, shares), strict=True))
    assert found[min(numbers)] == 1
    assert found[max(numbers)] == len(shares)
    assert len(set(found.values())) == min(len(found), len(shares))
    assert [found[number] for number in sorted(found)] == sorted(found.values())


@settings(deadline=None)
@given(tied, some_shares, st.randoms())
def test_only_the_order_of_values_and_how_many_are_equal_count(numbers, shares, random):
    found = bins(numbers, shares)
    assert bins([3.7 * number - 20 for number in numbers], shares) == found
    assert bins([2.0**number for number in numbers], shares) == found
    assert bins(numbers * 7, shares) == found * 7
    at = random.sample(range(len(numbers)), len(numbers))
    assert bins([numbers[i] for i in at], shares) == [found[i] for i in at]


@settings(deadline=None)
@given(tied, st.integers(2, 5))
def test_upside_down_the_bins_are_as_near_to_their_shares(numbers, n_bins):
    upright, turned = sizes(numbers, [1] * n_bins), sizes([-number for number in numbers], [1] * n_bins)
    assert distance(turned, [1] * n_bins) == distance(upright, [1] * n_bins)
