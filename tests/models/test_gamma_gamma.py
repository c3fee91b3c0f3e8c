import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, special, stats

import clvlab as cl
from clvlab.errors import DataError, MissingColumnsError
from clvlab.models.numerics.population import Population
from tests.models.laws import few_examples


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


MODEL = cl.GammaGamma(6.0, 4.0, 15.0)
SPENDERS = st.lists(st.tuples(st.integers(1, 20), st.floats(0.5, 500)), min_size=3, max_size=30)


def table(rows):
    return pl.DataFrame(rows, schema={"frequency": pl.Int64, "monetary_value": pl.Float64}, orient="row")


def test_the_likelihood_of_one_customer_is_the_integral_over_rates():
    """Given nu, the mean of x purchases is Gamma(p x, nu x); nu is Gamma(q, gamma)."""
    x, m = 3, 20.0
    expected, _ = integrate.quad(
        lambda nu: stats.gamma.pdf(m, 6.0 * x, scale=1 / (nu * x)) * stats.gamma.pdf(nu, 4.0, scale=1 / 15.0),
        0,
        np.inf,
    )
    found = cl.GammaGamma.log_likelihood_of([6.0, 4.0, 15.0], Population.of([np.array([float(x)]), np.array([m])]))
    assert found == pytest.approx(np.log(expected), rel=1e-8)


def test_the_fit_is_the_sum_of_its_customers_likelihoods(gamma_gamma, cdnow):
    repeaters = cdnow.data.filter(pl.col("frequency") > 0)
    x, m = (repeaters[name].to_numpy().astype(float) for name in ("frequency", "monetary_value"))
    p, q, gamma = gamma_gamma.parameters.values()
    each = (
        special.gammaln(p * x + q)
        - special.gammaln(p * x)
        - special.gammaln(q)
        + q * np.log(gamma)
        + (p * x - 1) * np.log(m)
        + p * x * np.log(x)
        - (p * x + q) * np.log(gamma + x * m)
    )
    assert gamma_gamma.log_likelihood == pytest.approx(each.sum(), rel=1e-12)


def test_expected_spend_is_a_weighted_mean_of_own_and_everybodys():
    """Equation (5) of Fader & Hardie (2013): weights (q - 1) and p x."""
    own, everybody = 80.0, 6.0 * 15.0 / 3.0
    expected = (3.0 * everybody + 6.0 * 5 * own) / (3.0 + 6.0 * 5)
    assert MODEL.expected_spend(table([(5, own)]))[0] == pytest.approx(expected)


@few_examples
@given(st.integers(1, 50), st.floats(0.01, 1e5), st.floats(1.01, 10))
def test_expected_spend_grows_with_the_own_mean_and_lies_between_it_and_everybodys(x, m, factor):
    expected, more = MODEL.expected_spend(table([(x, m), (x, factor * m)]))
    low, high = sorted([m, MODEL.mean_spend])
    assert low * (1 - 1e-12) <= expected <= high * (1 + 1e-12)
    assert more > expected


def test_the_more_purchases_the_more_the_own_mean_counts():
    expected = MODEL.expected_spend(table([(x, 100.0) for x in (1, 2, 10, 1_000, 1_000_000)]))
    assert np.all(np.diff(expected) > 0)
    assert expected[-1] == pytest.approx(100, rel=1e-5)


@few_examples
@given(SPENDERS, st.floats(1e-3, 1e6))
def test_currency_scales_the_expected_spend(rows, unit):
    money = table(rows).with_columns(pl.col("monetary_value") * unit)
    scaled = cl.GammaGamma(6.0, 4.0, 15.0 * unit)
    assert scaled.expected_spend(money) == pytest.approx(unit * MODEL.expected_spend(table(rows)), rel=1e-12)
    assert scaled.mean_spend == pytest.approx(unit * MODEL.mean_spend)


@pytest.mark.filterwarnings("ignore::clvlab.errors.ClvlabWarning")
@few_examples
@given(SPENDERS)
def test_any_spenders_are_fitted_or_a_parameter_is_named(rows):
    try:
        model = cl.GammaGamma.fit(table(rows))
    except cl.errors.ConvergenceError as error:
        named = set(error.parameters)
    else:
        named = set(model.names)
        assert np.isfinite(list(model.standard_errors.values())).all()
        assert (model.expected_spend(table(rows)) > 0).all()
    assert named
    assert named <= {"p", "q", "gamma"}


def test_row_order_changes_nothing_to_the_last_bit():
    customers = spenders(500, seed=10)
    shuffled = customers.sample(fraction=1, shuffle=True, seed=11)
    assert cl.GammaGamma.fit(shuffled) == cl.GammaGamma.fit(customers)


def test_customers_of_no_weight_have_no_say():
    customers = spenders(400, seed=12)
    weights = np.arange(400) % 2
    assert cl.GammaGamma.fit(customers, weights=weights) == cl.GammaGamma.fit(customers.filter(weights == 1))


def test_one_time_buyers_take_no_part_in_the_fit():
    customers = spenders(400, seed=13)
    once = pl.DataFrame({"frequency": [0] * 50, "monetary_value": [0.0] * 50})
    assert cl.GammaGamma.fit(pl.concat([customers, once])) == cl.GammaGamma.fit(customers)


def test_prospects_are_skipped_and_have_nan():
    customers = spenders(400, seed=14).with_columns(n_purchases=pl.col("frequency") + 1)
    prospect = pl.DataFrame({"n_purchases": [0]}, schema_overrides={"n_purchases": pl.Int64})
    both = pl.concat([prospect, customers], how="diagonal_relaxed")
    model = cl.GammaGamma.fit(both)
    assert model == cl.GammaGamma.fit(customers)
    expected = model.expected_spend(both)
    assert np.isnan(expected[0])
    assert np.array_equal(expected[1:], model.expected_spend(customers))


def test_a_population_without_a_mean_has_an_infinite_one():
    assert cl.GammaGamma(6.0, 1.0, 15.0).mean_spend == np.inf
    assert cl.GammaGamma(6.0, 1.5, 15.0).mean_spend == pytest.approx(180)


def test_only_zero_spend_is_an_error():
    with pytest.raises(cl.errors.DataError, match="positive spend") as raised:
        cl.GammaGamma.fit(table([(2, 0.0), (3, 0.0)]))
    assert raised.value.code == "no_spenders"


def test_constant_spend_says_what_it_is():
    with pytest.raises(cl.errors.ConvergenceError, match=r"All 2 customers .* spend the same \(20\)") as raised:
        cl.GammaGamma.fit(table([(2, 20.0), (3, 20.0)]))
    assert raised.value.figures == {"customers": 2.0, "spend": 20.0, "parameters": "p, q, gamma"}


def test_spend_that_falls_with_frequency_is_not_warned_of():
    customers = spenders(2_000, seed=8)
    rare = customers.with_columns(pl.col("monetary_value") / pl.col("frequency") ** 0.3)
    assert rare.select(pl.corr("frequency", "monetary_value")).item() < -0.1
    assert np.isfinite(cl.GammaGamma.fit(rare).log_likelihood)


def with_first_purchases(n, seed):
    """A population whose first purchases follow the law of the others: frequency, monetary_value, total_spend."""
    random = np.random.default_rng(seed)
    x = random.geometric(0.5, n) - 1
    nu = random.gamma(4.0, 1 / 15.0, n)
    repeats, first = random.gamma(np.maximum(6.0 * x, 1e-9)) / nu * (x > 0), random.gamma(6.0, size=n) / nu
    mean = np.where(x > 0, repeats / np.maximum(x, 1), np.nan)
    return pl.DataFrame(
        {"frequency": x, "monetary_value": mean, "n_purchases": x + 1, "total_spend": repeats + first}
    ).fill_nan(None)


def test_first_purchases_are_those_of_all_purchases_and_all_money():
    table = with_first_purchases(500, seed=8)
    shifted = pl.DataFrame(
        {"frequency": table["n_purchases"], "monetary_value": table["total_spend"] / table["n_purchases"]}
    )
    model, known = cl.GammaGamma.fit(table, first_purchases=True), cl.GammaGamma.fit(shifted)
    assert model.parameters == pytest.approx(known.parameters, rel=1e-10)
    assert model.n_customers == 500
    assert model.expected_spend(table) == pytest.approx(known.expected_spend(shifted), rel=1e-12)


def test_the_own_first_purchase_of_a_one_time_buyer_counts():
    model = cl.GammaGamma(6.0, 4.0, 15.0, first_purchases=True)
    table = pl.DataFrame({"frequency": [0, 0, 0], "n_purchases": [1, 1, 0], "total_spend": [10.0, 90.0, 0.0]})
    small, large, prospect = model.expected_spend(table)
    assert (small, large) == pytest.approx((6 * 25 / 9, 6 * 105 / 9))
    assert np.isnan(prospect)


def test_first_purchases_narrow_what_is_known_of_the_same_law():
    table = with_first_purchases(4_000, seed=9)
    with_first, without = (cl.GammaGamma.fit(table, first_purchases=first) for first in (True, False))
    for model in (with_first, without):
        intervals = model.confidence_intervals(0.999)
        truth = pl.Series([6.0, 4.0, 15.0])
        assert ((intervals["low"] < truth) & (truth < intervals["high"])).all()
    assert all(with_first.standard_errors[name] < without.standard_errors[name] for name in without.names)


def test_who_returned_all_has_spent_nothing():
    table = pl.DataFrame({"frequency": [0, 1], "n_purchases": [1, 2], "total_spend": [-5.0, 60.0]})
    expected = cl.GammaGamma(6.0, 4.0, 15.0, first_purchases=True).expected_spend(table)
    assert expected == pytest.approx([6 * 15 / 9, 6 * 75 / 15])


def test_first_purchases_need_all_that_customers_spent():
    with pytest.raises(MissingColumnsError, match="total_spend"):
        cl.GammaGamma.fit(spenders(50, seed=1), first_purchases=True)
    table = with_first_purchases(50, seed=1).with_columns(
        total_spend=pl.when(pl.int_range(pl.len()) != 3).then("total_spend")
    )
    with pytest.raises(DataError, match="'total_spend', row 3: None is missing"):
        cl.GammaGamma.fit(table, first_purchases=True)


def test_values_and_their_intervals_use_first_purchases(cdnow):
    purchases = cl.BgNbd.fit(cdnow)
    spend = cl.GammaGamma.fit(cdnow, first_purchases=True)
    assert spend.n_customers > 2_300
    once = cdnow.data.filter(frequency=0).sort("total_spend")
    values = cl.lifetime_value(purchases, spend, once, "12 months", interval=0.9, n_draws=60, time_unit="week")
    assert values["expected_spend"].is_sorted()
    assert values["expected_spend"][-1] > 3 * values["expected_spend"][0]
    assert values["clv_high"][-50:].mean() > values["clv_high"][:50].mean()
    total = cl.value_intervals(purchases, spend, cdnow, "12 months", n_draws=60).row(-1, named=True)
    assert total["clv_low"] < total["clv"] < total["clv_high"]


def test_whether_first_purchases_count_is_saved_and_drawn():
    model = cl.GammaGamma.fit(with_first_purchases(300, seed=3), first_purchases=True)
    again = cl.GammaGamma.from_dict(model.to_dict())
    assert again == model
    assert again.first_purchases
    assert repr(again).endswith("; first purchases count")
    assert all(each.first_purchases for each in model.futures(5, seed=1))


def test_a_weak_prior_answers_for_two_customers():
    two = pl.DataFrame({"frequency": [2, 1], "monetary_value": [20.0, 35.0]})
    model = cl.GammaGamma.fit(two, prior=True)
    assert 15 < model.expected_spend(two)[0] < model.expected_spend(two)[1] < 40
