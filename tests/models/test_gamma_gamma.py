import numpy as np
import polars as pl
import pytest

import clvlab as cl


def spenders(n, seed, p=6.0, q=4.0, gamma=15.0):
    """A population that follows the Gamma-Gamma model."""
    random = np.random.default_rng(seed)
    x = random.geometric(0.3, n)
    nu = random.gamma(q, 1 / gamma, n)
    return pl.DataFrame({"frequency": x, "monetary_value": random.gamma(p * x) / nu / x})


def test_fit_of_the_log_matches_the_published_figures(gamma_gamma, published):
    known = published["gg_cdnow"]
    assert gamma_gamma.estimate.n_customers == known["n"]
    assert gamma_gamma.parameters == pytest.approx({name: known[name] for name in gamma_gamma.names}, rel=1e-4)
    assert [round(value, 2) for value in gamma_gamma.parameters.values()] == pytest.approx(
        known["as_printed"], abs=0.0101
    )
    assert gamma_gamma.log_likelihood == pytest.approx(known["LL"], abs=1e-3)
    assert list(gamma_gamma.standard_errors.values()) == pytest.approx(known["se"], rel=1e-3)


def test_expected_spend_of_the_first_ten_matches_fader_hardie_2013(gamma_gamma, cdnow, published):
    known = published["gg_cdnow_points"]
    assert gamma_gamma.expected_spend(cdnow)[:10] == pytest.approx(known["expected_spend"], abs=known["tolerance"])


def test_repeat_spend_of_cdnow_is_as_described(cdnow, published):
    known = published["gg_cdnow_points"]
    repeaters = cdnow.data.filter(pl.col("frequency") > 0)
    spend = repeaters["monetary_value"]
    described = {"count": spend.len(), "mean": spend.mean(), "sd": spend.std(), "min": spend.min()}
    described |= {"median": spend.median(), "max": spend.max()}
    assert described == pytest.approx(known["repeat_spend_describe"], abs=0.6)
    correlation = repeaters.select(pl.corr("frequency", "monetary_value")).item()
    assert correlation == pytest.approx(known["correlation_frequency_monetary"], abs=5e-4)


def test_currency_does_not_matter(gamma_gamma, cdnow):
    in_cents = cl.GammaGamma.fit(cdnow.data.with_columns(pl.col("monetary_value") * 100))
    assert (in_cents.p, in_cents.q) == pytest.approx((gamma_gamma.p, gamma_gamma.q), rel=1e-7)
    assert in_cents.gamma == pytest.approx(100 * gamma_gamma.gamma, rel=1e-7)


def test_weights_are_repetition():
    customers = spenders(400, seed=5)
    twice = cl.GammaGamma.fit(pl.concat([customers, customers]))
    weighted = cl.GammaGamma.fit(customers, weights=np.full(400, 2.0))
    assert weighted.parameters == pytest.approx(twice.parameters, rel=1e-8)


def test_truth_of_a_simulated_population_lies_in_its_intervals():
    intervals = cl.GammaGamma.fit(spenders(20_000, seed=6)).confidence_intervals(level=0.999)
    truth = pl.Series([6.0, 4.0, 15.0])
    assert ((intervals["low"] < truth) & (truth < intervals["high"])).all()


def test_expected_spend_agrees_with_simulation():
    random = np.random.default_rng(7)
    nu = random.gamma(4.0, 1 / 15.0, 2_000_000)
    first = random.gamma(6.0, 1 / nu)
    alike = np.abs(first - 40) < 2
    future = 6.0 / nu[alike]
    model = cl.GammaGamma(6.0, 4.0, 15.0)
    customer = pl.DataFrame({"frequency": [1], "monetary_value": [first[alike].mean()]})
    error = future.std() / np.sqrt(alike.sum())
    assert model.expected_spend(customer)[0] == pytest.approx(future.mean(), abs=4 * error)


def test_spend_that_grows_with_frequency_is_a_warning():
    customers = spenders(2_000, seed=8)
    dependent = customers.with_columns(pl.col("monetary_value") * pl.col("frequency"))
    with pytest.warns(cl.errors.ClvlabWarning, match="correlate"):
        cl.GammaGamma.fit(dependent)


def test_constant_spend_is_named_as_unidentified():
    customers = pl.DataFrame({"frequency": [1, 2, 3], "monetary_value": [20.0, 20.0, 20.0]})
    with pytest.raises(cl.errors.ConvergenceError, match="spend the same"):
        cl.GammaGamma.fit(customers)


def test_no_returning_customer_is_an_error():
    with pytest.raises(cl.errors.DataError, match="repeat purchase"):
        cl.GammaGamma.fit(pl.DataFrame({"frequency": [0, 0], "monetary_value": [None, None]}))


def test_zero_spend_is_left_out():
    customers = spenders(400, seed=9)
    with_zero = pl.concat(
        [customers, pl.DataFrame({"frequency": [2], "monetary_value": [0.0]})], how="vertical_relaxed"
    )
    assert cl.GammaGamma.fit(with_zero) == cl.GammaGamma.fit(customers)


def test_a_mean_that_does_not_exist_is_nan_with_a_warning():
    customers = pl.DataFrame({"frequency": [0, 3], "monetary_value": [None, 20.0]})
    with pytest.warns(cl.errors.ClvlabWarning, match="does not exist"):
        expected = cl.GammaGamma(6.0, 0.9, 15.0).expected_spend(customers)
    assert np.isnan(expected[0])
    assert expected[1] == pytest.approx(6.0 * (15.0 + 60.0) / (6.0 * 3 + 0.9 - 1))


def test_one_time_buyers_have_the_population_mean(gamma_gamma):
    nobody_twice = pl.DataFrame({"frequency": [0], "monetary_value": [None]})
    mean = gamma_gamma.p * gamma_gamma.gamma / (gamma_gamma.q - 1)
    assert gamma_gamma.expected_spend(nobody_twice)[0] == pytest.approx(mean)
