"""Where customers' purchases lie in their predicted distributions: by hand for Poisson, uniform where it is true."""

import math

import numpy as np
import polars as pl
import pytest

import clvlab as cl
from clvlab.validation.scores import count_scores, pit

SURE = 1e9
"""Shape of a gamma distribution that is next to a point: NBD with it is Poisson."""


def customers(n: int) -> pl.DataFrame:
    return pl.DataFrame({"frequency": np.zeros(n), "recency": np.zeros(n), "T": np.zeros(n)})


def poisson(mean: float) -> cl.Nbd:
    return cl.Nbd(SURE * mean, SURE, time_unit="week")


def test_one_poisson_customer_by_hand():
    """Mean 1, nothing bought: evenly between 0 and 1 / e. A tenth of it, .05 e, lies below the central 90 %."""
    found = count_scores(poisson(1.0), customers(1), np.zeros(1), 1.0)
    assert found["within_90"] == pytest.approx(1 - 0.05 * math.e, rel=1e-6)
    # The largest difference at a twentieth is that at .35: .35 e of the customer lies below.
    assert found["pit_deviation"] == pytest.approx(0.35 * math.e - 0.35, rel=1e-6)


def test_poisson_customers_by_hand():
    """As many as the distribution says bought 0, 1, 2, ... times: they lie evenly, each between its two sums."""
    exactly = [math.exp(-2.0) * 2.0**k / math.factorial(k) for k in range(60)]
    at_most = np.cumsum(exactly)
    found = pit(np.r_[0.0, at_most[:-1]], at_most, np.array(exactly))
    assert found == pytest.approx({"within_90": 0.9, "pit_deviation": 0.0}, abs=1e-12)
    made = np.repeat(np.arange(60.0), np.round(10_000 * np.array(exactly)).astype(int))
    scores = count_scores(poisson(2.0), customers(made.size), made, 1.0)
    assert (scores["within_90"], scores["pit_deviation"]) == pytest.approx((0.9, 0.0), abs=2e-3)


def test_a_distribution_far_too_low_holds_nobody():
    """Ten times as much as expected, and more than any model counts up to."""
    for made in (30.0, 500.0):
        found = count_scores(poisson(3.0), customers(5), np.full(5, made), 1.0)
        assert (found["within_90"], found["pit_deviation"]) == pytest.approx((0.0, 0.95), abs=1e-6)


@pytest.mark.parametrize(
    "model",
    [
        cl.BgNbd(0.243, 4.414, 0.793, 2.426, time_unit="week"),
        cl.ParetoNbd(0.55, 10.6, 0.6, 11.7, time_unit="week"),
    ],
)
def test_where_the_model_is_the_truth_customers_lie_evenly(model):
    """Each of 500 customers 40 times, drawn from the model's own distributions of what they do next."""
    random, n = np.random.default_rng(5), 500
    T = random.integers(10, 60, n).astype(float)
    x = random.poisson(0.05 * T).astype(float)
    table = pl.DataFrame({"frequency": x, "recency": np.where(x > 0, T * random.uniform(0.3, 1, n), 0.0), "T": T})
    exactly = np.stack([model.probability_of_purchases(k, table, "26 weeks", time_unit="week") for k in range(80)])
    at_most = np.cumsum(exactly, axis=0)
    drawn = np.concatenate([(at_most < random.uniform(size=n)).sum(axis=0) for _ in range(40)]).astype(float)
    found = count_scores(model, pl.concat([table] * 40), drawn, 26.0)
    # Standard errors of 20,000: 0.002, and less for the non-randomised transform.
    assert found["within_90"] == pytest.approx(0.9, abs=0.008)
    assert found["pit_deviation"] < 0.01
    surprised = count_scores(model, pl.concat([table] * 40), 3 * drawn + 2, 26.0)
    assert surprised["pit_deviation"] > 0.3


def test_a_customer_twice_counts_twice():
    table, made = customers(3), np.array([0.0, 1.0, 4.0])
    once, twice = (
        count_scores(poisson(1.5), pl.concat([table] * times), np.tile(made, times), 1.0) for times in (1, 2)
    )
    assert once == pytest.approx(twice)
