"""Gamma-Gamma next to the mean of a customer's band of frequency."""

import numpy as np
import polars as pl
import pytest

from clvlab.errors import ConvergenceError
from clvlab.models import GammaGamma, SpendByFrequency

MODEL = SpendByFrequency((2,), (10.0, 40.0), GammaGamma(6.0, 4.0, 0.5))


def dependent(n=1_500, seed=0):
    """Customers whose purchases are worth the more the more often they buy: 10 for one repeat, 40 for seven."""
    random = np.random.default_rng(seed)
    x = random.choice([0, 1, 3, 7], n)
    scale = np.array([10.0, 10.0, 10.0, 20.0, 20.0, 20.0, 20.0, 40.0])[x]
    nu, n_own = random.gamma(4.0, 2.0, n), np.maximum(x, 1)
    m = scale * random.gamma(6.0 * n_own) / (n_own * nu)
    return pl.DataFrame({"frequency": x, "monetary_value": m}).with_columns(
        monetary_value=pl.when(pl.col("frequency") > 0).then("monetary_value")
    )


@pytest.fixture(scope="module")
def fitted():
    return SpendByFrequency.fit(dependent())


def test_two_customers_by_hand():
    # Both spent 20 a purchase: twice the mean of the first band, half that of the second.
    # 10 * 6 * (0.5 + 1 * 2) / (6 + 3) = 16.67, and 40 * 6 * (0.5 + 3 * 0.5) / (18 + 3) = 22.86.
    customers = pl.DataFrame({"frequency": [1, 3], "monetary_value": [20.0, 20.0]})
    assert MODEL.expected_spend(customers) == pytest.approx([150 / 9, 480 / 21])


def test_the_mean_of_a_band_is_that_of_its_purchases():
    # 30 customers with one repeat, of 1 to 30; 30 with three, of 10; and one who has not bought again. Fifteen with
    # five, of 50, are too few for a band of their own: (30 * 3 * 10 + 15 * 5 * 50) / (90 + 75).
    x = [0] + [1] * 30 + [3] * 30 + [5] * 15
    m = [None, *(float(k) for k in range(1, 31)), *[10.0] * 30, *[50.0] * 15]
    model = SpendByFrequency.fit(pl.DataFrame({"frequency": x, "monetary_value": m}))
    assert model.bounds == (2,)
    assert model.means == pytest.approx((15.5, 4650 / 165))


def test_the_bands_of_a_simulated_population_are_recovered(fitted):
    assert fitted.bounds == (2, 4)
    assert fitted.means == pytest.approx((10.0, 20.0, 40.0), rel=0.1)
    assert fitted.relative.q == pytest.approx(4.0, rel=0.2)


def test_frequent_buyers_are_expected_to_spend_what_they_do_where_plain_gamma_gamma_expects_too_little(fitted):
    table = dependent(seed=1)
    often = table.filter(pl.col("frequency") == 1)
    with pytest.warns(UserWarning, match="correlate"):
        plain = GammaGamma.fit(dependent())
    of_plain, of_bands = (model.expected_spend(often).mean() for model in (plain, fitted))
    assert of_bands == pytest.approx(10.0, rel=0.05)
    assert of_plain > 1.1 * of_bands


def test_who_has_not_bought_again_is_of_the_first_band(fitted):
    once = pl.DataFrame({"frequency": [0], "monetary_value": [None]})
    assert fitted.expected_spend(once)[0] == pytest.approx(fitted.means[0] * fitted.relative.mean_spend)


def test_currency_scales_it(fitted):
    dear = dependent().with_columns(pl.col("monetary_value") * 100)
    scaled = SpendByFrequency.fit(dear)
    assert scaled.expected_spend(dear) == pytest.approx(100 * fitted.expected_spend(dependent()), rel=1e-6)


def test_row_order_changes_nothing(fitted):
    shuffled = SpendByFrequency.fit(dependent().sample(fraction=1.0, shuffle=True, seed=7))
    assert shuffled.bounds == fitted.bounds
    assert shuffled.expected_spend(dependent()) == pytest.approx(fitted.expected_spend(dependent()), rel=1e-9)


def test_simulated_purchases_are_worth_what_is_expected():
    n = 40_000
    x, m = np.full(n, 3.0), 20.0
    worth = MODEL.worth(np.random.default_rng(0), x, x * m, np.ones(n, dtype=int), np.arange(n))
    assert worth.mean() == pytest.approx(480 / 21, rel=0.02)


def test_its_futures_differ_as_far_as_the_data_leave_it_open(fitted):
    futures = fitted.futures(20, 0)
    assert {future.means for future in futures} == {fitted.means}
    assert len({future.relative for future in futures}) == 20


def test_one_price_cannot_be_fitted():
    with pytest.raises(ConvergenceError) as refused:
        SpendByFrequency.fit(pl.DataFrame({"frequency": [1] * 40, "monetary_value": [5.0] * 40}))
    assert refused.value.code == "same_spend"
