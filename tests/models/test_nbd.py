import numpy as np
import polars as pl
import pytest
from scipy import special, stats

import clvlab as cl
from tests.models.populations import history


def test_log_likelihood_is_that_of_the_negative_binomial(cdnow):
    model = cl.Nbd.fit(cdnow)
    x, T = cdnow.data["frequency"].to_numpy(), cdnow.data["T"].to_numpy()
    # The models' likelihood is of the purchase times; that of the counts has T^x / x! more.
    with np.errstate(divide="ignore"):
        more = np.where(x > 0, x * np.log(T), 0.0) - special.gammaln(x + 1)
    counted = stats.nbinom(model.r, model.alpha / (model.alpha + T)).logpmf(x)
    assert model.log_likelihood == pytest.approx((counted - more).sum(), rel=1e-10)


def test_it_is_the_limit_of_the_models_with_dropout(cdnow):
    model = cl.Nbd(0.4, 12.0, time_unit="week")
    nearly = cl.ParetoNbd(0.4, 12.0, 1e-9, 1e6, time_unit="week")
    assert nearly.p_alive(cdnow) == pytest.approx(model.p_alive(cdnow), abs=1e-5)
    assert nearly.expected_purchases(cdnow, 52) == pytest.approx(model.expected_purchases(cdnow, 52), rel=1e-4)


def test_dropout_describes_cdnow_better(cdnow, bg_nbd):
    assert cl.Nbd.fit(cdnow).bic > bg_nbd.bic


NBD = cl.Nbd(0.6, 8.0, time_unit="week")
CUSTOMERS = pl.concat([history(0, 0, 0), history(0, 0, 30), history(3, 20, 30), history(40, 30, 30)])


def test_everybody_stays():
    assert NBD.p_alive(CUSTOMERS).tolist() == [1, 1, 1, 1]
    assert NBD.leaving is None


def test_the_expectation_is_the_gamma_mean_of_the_rate():
    x, T = np.array([0, 0, 3, 40]), np.array([0, 30, 30, 30])
    assert NBD.expected_purchases(CUSTOMERS, 26) == pytest.approx((0.6 + x) / (8.0 + T) * 26)


def test_recency_says_nothing():
    early, late = history(3, 1, 30), history(3, 30, 30)
    assert NBD.expected_purchases(early, 26) == NBD.expected_purchases(late, 26)
    assert NBD.probability_of_purchases(2, early, 26) == NBD.probability_of_purchases(2, late, 26)


def test_the_expectation_is_additive_in_the_horizon():
    whole = NBD.expected_purchases(CUSTOMERS, 26)
    assert NBD.expected_purchases(CUSTOMERS, 10) + NBD.expected_purchases(CUSTOMERS, 16) == pytest.approx(whole)


@pytest.mark.parametrize("n", [0, 1, 5])
def test_probabilities_are_negative_binomial(n):
    x, T = np.array([0, 0, 3, 40]), np.array([0, 30, 30, 30])
    expected = stats.nbinom.pmf(n, 0.6 + x, (8.0 + T) / (8.0 + T + 26))
    assert NBD.probability_of_purchases(n, CUSTOMERS, 26) == pytest.approx(expected, rel=1e-10)


def test_the_fit_of_counts_at_one_age_is_that_of_the_counts_alone():
    """The maximum over r and alpha of the negative binomial: its mean is the counts' mean, whatever r is."""
    random = np.random.default_rng(3)
    x = random.poisson(random.gamma(0.8, 1 / 10.0, 3_000) * 30.0)
    table = pl.DataFrame({"frequency": x, "recency": np.where(x > 0, 15.0, 0.0), "T": 30.0})
    model = cl.Nbd.fit(table, time_unit="week")
    assert model.r / model.alpha * 30 == pytest.approx(x.mean(), rel=1e-6)

    def log_likelihood(r):
        return stats.nbinom.logpmf(x, r, r / (r + x.mean())).sum()

    assert log_likelihood(model.r) > max(log_likelihood(model.r * factor) for factor in (0.999, 1.001))


def test_draws_fall_within_the_horizon_and_have_the_expected_mean():
    n = 50_000
    count, last = NBD.draw_if_alive(np.random.default_rng(4), np.full(n, 26.0), np.full(n, 3.0), np.full(n, 30.0))
    assert count.mean() == pytest.approx(3.6 / 38 * 26, abs=4 * count.std() / np.sqrt(n))
    assert ((last > 0) == (count > 0)).all()
    # The last of n points that fall evenly on (0, t) is at t n / (n + 1) on average.
    three = last[count == 3]
    assert three.mean() == pytest.approx(26 * 3 / 4, abs=4 * three.std() / np.sqrt(three.size))
