import numpy as np
import pytest

from clvlab.models.ages import smooth_in_age


def test_interpolation_agrees_with_the_function_at_every_age():
    calls = []

    def function(x, T):
        calls.append(x.size)
        return (x + 1) / (2.0 + T) * (1 + np.log((5.0 + T) / (2.0 + T)))

    x, T = (grid.ravel() for grid in np.meshgrid(np.arange(20.0), np.linspace(0, 900, 700)))
    expected = function(x, T)
    assert smooth_in_age(function, x, T, 2.0) == pytest.approx(expected, rel=1e-11)
    assert calls[1] < calls[0] / 10


def test_few_ages_are_computed_one_by_one():
    x, T = np.array([0.0, 3.0]), np.array([7.0, 7.0])
    assert np.array_equal(smooth_in_age(lambda x, T: x + T, x, T, 1.0), x + T)


def test_nobody_has_no_values():
    assert smooth_in_age(lambda x, T: x + T, np.zeros(0), np.zeros(0), 1.0).size == 0
