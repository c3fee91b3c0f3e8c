import numpy as np
import polars as pl
import pytest

import clvlab as cl
from clvlab.models.numerics.interpolation import interpolated_in_age


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
