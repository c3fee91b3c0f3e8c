import numpy as np
import polars as pl
import pytest

import clvlab as cl
from clvlab.models.numerics.interpolation import Interpolated, interpolated_in_age, interpolated_in_log, summed_in_age


def test_interpolation_agrees_with_the_function_at_every_age():
    calls = []

    def function(x, T):
        calls.append(x.size)
        return (x + 1) / (2.0 + T) * (1 + np.log((5.0 + T) / (2.0 + T)))

    x, T = (grid.ravel() for grid in np.meshgrid(np.arange(20.0), np.linspace(0, 900, 700)))
    expected = function(x, T)
    assert interpolated_in_age(function, x, T, 2.0) == pytest.approx(expected, rel=1e-11)
    assert calls[1] < calls[0] / 10


def test_few_ages_are_computed_one_by_one():
    x, T = np.array([0.0, 3.0]), np.array([7.0, 7.0])
    assert np.array_equal(interpolated_in_age(lambda x, T: x + T, x, T, 1.0), x + T)


def test_nobody_has_no_values():
    assert interpolated_in_age(lambda x, T: x + T, np.zeros(0), np.zeros(0), 1.0).size == 0


@pytest.mark.parametrize(
    "model",
    [
        cl.MbgNbd(1.206, 0.066, 7.44, 0.19, time_unit="day"),
        cl.ParetoNbd(0.18, 25.4, 4.4, 1.05, time_unit="day"),
        cl.BgNbd(0.243, 4.414, 0.793, 2.426, time_unit="day"),
    ],
    ids=lambda model: type(model).__name__,
)
def test_a_customers_figure_does_not_depend_on_who_else_is_asked_about(model):
    x, T = (grid.ravel() for grid in np.meshgrid([0.0, 2.0, 30.0], np.linspace(0, 2000, 800)))
    people = pl.DataFrame({"frequency": x, "recency": x * T / 60, "T": T}).filter((x == 0) | (T > 0))
    some = range(0, people.height, 97)
    for ahead in (
        lambda customers: model.expected_purchases(customers, 60.0),
        lambda customers: model.discounted_purchases(customers, None, 0.1),
    ):
        together = ahead(people)[list(some)]
        assert together == pytest.approx([ahead(people[i])[0] for i in some], rel=1e-10)


def counting(function):
    """The function, and a list that grows by the number of rows each time it is asked."""
    asked = []

    def asking(x, T):
        asked.append(x.size)
        return function(x, T)

    return asking, asked


def test_each_count_is_interpolated_by_itself():
    function, asked = counting(lambda x, T: (x + 0.5) / (3.0 + T))
    random = np.random.default_rng(1)
    x, T = random.choice([0.0, 7.0, 50.0], 3_000), random.uniform(0, 700, 3_000)
    assert interpolated_in_age(function, x, T, 3.0) == pytest.approx((x + 0.5) / (3.0 + T), rel=1e-12)
    assert sum(asked) < 200


def test_what_is_not_smooth_is_computed_row_by_row():
    function, asked = counting(lambda x, T: np.where(T < 100.3, 1.0, 2.0) + x)
    x, T = (grid.ravel() for grid in np.meshgrid([0.0, 1.0], np.linspace(0, 700, 500)))
    found = interpolated_in_age(function, x, T, 1.0)
    assert np.array_equal(found, np.where(T < 100.3, 1.0, 2.0) + x)
    assert asked[-1] == x.size


def test_one_age_needs_no_more_than_its_own_rows():
    function, asked = counting(lambda x, T: x / (1.0 + T))
    x, T = np.arange(100.0), np.full(100, 7.0)
    assert np.array_equal(interpolated_in_age(function, x, T, 1.0), x / 8.0)
    assert asked == [100]


@pytest.mark.parametrize("scale", [0.01, 1.0, 1e4])
def test_the_scale_of_time_may_be_any(scale):
    x, T = np.zeros(2_000), np.linspace(0, 1_000 * scale, 2_000)
    found = interpolated_in_age(lambda _, T: 1 / (scale + T), x, T, scale)
    assert found == pytest.approx(1 / (scale + T), rel=1e-11)


def test_functions_of_several_lengths_are_interpolated_and_summed():
    longest, kind = np.array([2.0, 7.0]), np.array([0, 1, 1])

    def at(positions):
        return np.array([np.exp(-positions), 1 / (1 + positions**2)])

    found = Interpolated.of(at, longest, kind, 10)
    here, there = np.array([0.5, 6.0, 7.0]), np.array([2.0, 0.0, 3.0])
    assert found.combined(found.basis(here)) == pytest.approx(at(here), abs=1e-8)
    both = found.basis(here) + 2 * found.basis(there)
    assert found.combined(both) == pytest.approx(at(here) + 2 * at(there), abs=3e-8)


def moments(x, T):
    """Three smooth functions of age."""
    return np.array([(x + 1) / (2 + T), 1 / (2 + T) ** 2, np.log(3 + T) / (2 + T)])


def with_kinks(T):
    """Weights with a kink, a step and none."""
    return np.array([np.abs(T - 40), 1.0 + (T > 250.5), np.full(T.shape, -2.0)])


@pytest.mark.parametrize("in_order", [True, False])
def test_several_values_are_summed_by_weights_that_need_not_be_smooth(in_order):
    function, asked = counting(moments)
    random = np.random.default_rng(2)
    x, T = random.choice([0.0, 3.0, 900.0], 4_000), random.integers(0, 700, 4_000).astype(float)
    x, T = (column[np.lexsort((T, x))] for column in (x, T)) if in_order else (x, T)
    found = summed_in_age(function, with_kinks, x, T, 2.0)
    # To 1e-11 of the largest sum of sizes.
    size = np.abs(moments(x, T) * with_kinks(T)).sum(axis=0)
    assert np.abs(found - (moments(x, T) * with_kinks(T)).sum(axis=0)).max() < 1e-11 * size.max()
    assert sum(asked) < 500


def test_few_rows_are_summed_one_by_one():
    x, T = np.array([0.0, 3.0]), np.array([7.0, 7.0])
    function, asked = counting(moments)
    found = summed_in_age(function, with_kinks, x, T, 2.0)
    # (x + 1) / 9 * 33 + 1 / 81 - 2 ln(10) / 9, by hand.
    by_hand = [33 / 9 + 1 / 81 - 2 * np.log(10) / 9, 4 * 33 / 9 + 1 / 81 - 2 * np.log(10) / 9]
    assert found == pytest.approx(by_hand, rel=1e-14)
    assert asked == [2]


def test_nobody_has_no_sum():
    assert summed_in_age(moments, with_kinks, np.zeros(0), np.zeros(0), 2.0).size == 0


def test_a_sum_of_what_is_not_smooth_is_computed_row_by_row():
    function, asked = counting(lambda x, T: np.where(T < 100.3, 1.0, 2.0) + np.zeros((2, 1)) * x)
    x, T = (grid.ravel() for grid in np.meshgrid([0.0, 1.0], np.linspace(0, 700, 500)))
    found = summed_in_age(function, lambda T: np.stack([T, 1 - T]), x, T, 1.0)
    assert found == pytest.approx(np.where(T < 100.3, 1.0, 2.0), rel=1e-12)
    assert asked[-1] == x.size


def powers(time):
    """Two functions that are few at first, one of them as the third power of time, and a size that evens them."""
    return np.stack([(time / (1 + time)) ** 3 * (1 + time), time / (1 + time)])


def evened(time):
    return (1 + 1 / time) ** np.array([[3.0], [1.0]])


def test_functions_of_many_times_are_interpolated_relative_to_their_size():
    asked = []

    def function(time):
        asked.append(time.size)
        return powers(time)

    time = np.random.default_rng(1).permutation(np.geomspace(1e-6, 20, 3_000))
    assert interpolated_in_log(function, evened, time, 14) == pytest.approx(powers(time), rel=1e-10, abs=0)
    assert sum(asked) < 400


def test_few_times_and_one_time_many_times_over_are_not_interpolated():
    for time in (np.array([3.0]), np.geomspace(0.1, 9.0, 14), np.full(100, 3.0)):
        assert interpolated_in_log(powers, evened, time, 14) is None


def test_a_step_in_time_is_not_interpolated():
    time = np.linspace(1.0, 9.0, 500)
    assert interpolated_in_log(lambda time: powers(time) + (time > np.pi), evened, time, 14) is None
