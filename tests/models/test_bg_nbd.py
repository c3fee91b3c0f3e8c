import json

import numpy as np
import polars as pl
import pytest

import clvlab as cl
from tests.models.lifetimes_models import fitted, silently
from tests.models.populations import history, simulated_bg_nbd


def test_parameters_match_fader_hardie_lee_2005_table_2(bg_nbd):
    got = (bg_nbd.r, bg_nbd.alpha, bg_nbd.a, bg_nbd.b)
    assert got == pytest.approx((0.243, 4.414, 0.793, 2.426), abs=6e-4)
    assert bg_nbd.log_likelihood == pytest.approx(-9582.4, abs=0.05)


def test_fit_of_the_log_matches_the_independent_refit(bg_nbd, published):
    known = published["bgnbd_cdnow"]
    assert bg_nbd.parameters == pytest.approx({name: known[name] for name in bg_nbd.names}, rel=1e-4)
    assert bg_nbd.log_likelihood == pytest.approx(known["LL"], abs=1e-3)
    assert list(bg_nbd.standard_errors.values()) == pytest.approx(known["se"], rel=5e-4)


def test_whole_cdnow_matches_the_independent_refit(whole_cdnow, published):
    known = published["bgnbd_cdnow_full"]
    model = cl.BgNbd.fit(whole_cdnow)
    assert model.estimate.n_customers == known["N"]
    assert model.parameters == pytest.approx({name: known[name] for name in model.names}, rel=1e-4)
    assert model.log_likelihood == pytest.approx(known["LL"], abs=1e-2)


def test_covariance_is_symmetric_unlike_lifetimes(bg_nbd):
    assert np.array_equal(bg_nbd.covariance, bg_nbd.covariance.T)
    assert bg_nbd.covariance[0, 1] == pytest.approx(0.003706, rel=1e-3)


def test_customer_1_matches_fader_hardie_lee_2005(published):
    point = published["bgnbd_cdnow_points"][0]
    model = cl.BgNbd(*point["params"], time_unit="week")
    customer = history(point["x"], point["t_x"], point["T"])
    assert model.expected_purchases(customer, point["horizon"])[0] == pytest.approx(
        point["expected_purchases"], abs=1e-3
    )
    assert model.p_alive(customer)[0] == pytest.approx(point["p_alive"], abs=1e-5)


def test_customer_1516_matches_the_btyd_walkthrough(bg_nbd, cdnow, row_of, published):
    point = published["bgnbd_cdnow_points"][1]
    row = row_of(point["customer"])
    assert bg_nbd.expected_purchases(cdnow, "52 weeks")[row] == pytest.approx(point["expected_purchases"], rel=1e-4)
    assert bg_nbd.p_alive(cdnow)[row] == pytest.approx(point["p_alive"], rel=1e-4)


def test_new_customers_match_the_btyd_walkthrough(bg_nbd, published):
    point = published["bgnbd_cdnow_points"][2]
    assert bg_nbd.expected_purchases_new("52 weeks") == pytest.approx(point["value"], rel=1e-4)


def test_new_customers_match_hardies_spreadsheet(bg_nbd, published):
    point = published["bgnbd_cdnow_points"][3]
    assert bg_nbd.expected_purchases_new(point["horizon"]) == pytest.approx(point["value"], abs=4e-4)


def test_predictions_agree_with_lifetimes(cdnow):
    columns = [cdnow.data[name].to_numpy() for name in ("frequency", "recency", "T")]
    theirs = fitted("BetaGeoFitter", *columns)
    ours = cl.BgNbd(*(theirs.params_[name] for name in ("r", "alpha", "a", "b")), time_unit="week")
    alive = silently(theirs.conditional_probability_alive, *columns)
    expected = silently(theirs.conditional_expected_number_of_purchases_up_to_time, 39, *columns)
    assert ours.p_alive(cdnow) == pytest.approx(alive, rel=1e-6)
    assert ours.expected_purchases(cdnow, 39) == pytest.approx(np.asarray(expected), rel=1e-6)


def test_days_and_weeks_give_the_same_customers(cdnow, published):
    days = cdnow.data.with_columns(pl.col("recency", "T") * 7)
    model, weekly = cl.BgNbd.fit(days, time_unit="day"), cl.BgNbd.fit(cdnow)
    assert model.log_likelihood == pytest.approx(published["bgnbd_cdnow"]["LL_days_unit"], abs=1e-3)
    assert model.alpha == pytest.approx(7 * weekly.alpha, rel=1e-8)
    assert model.expected_purchases(days, "39 weeks") == pytest.approx(weekly.expected_purchases(cdnow, 39), rel=1e-8)
    assert model.p_alive(cdnow) == pytest.approx(weekly.p_alive(cdnow), rel=1e-8)


def test_row_order_changes_nothing_to_the_last_bit(cdnow, bg_nbd):
    shuffled = cdnow.data.sample(fraction=1, shuffle=True, seed=1)
    assert cl.BgNbd.fit(shuffled, time_unit="week") == bg_nbd


def test_weights_are_repetition():
    customers = simulated_bg_nbd(300, seed=2)
    times = np.arange(300) % 4
    repeated = (
        customers.with_columns(times=pl.Series(times)).select(pl.all().repeat_by("times").explode()).drop("times")
    )
    weighted = cl.BgNbd.fit(customers, time_unit="week", weights=times)
    plain = cl.BgNbd.fit(repeated, time_unit="week")
    assert weighted.parameters == pytest.approx(plain.parameters, rel=1e-8)
    assert weighted.standard_errors == pytest.approx(plain.standard_errors, rel=1e-6)
    assert weighted.estimate.n_customers == times.sum()


def test_truth_of_a_simulated_population_lies_in_its_intervals():
    model = cl.BgNbd.fit(simulated_bg_nbd(20_000, seed=3), time_unit="week")
    intervals = model.confidence_intervals(level=0.999)
    truth = pl.Series([0.6, 8.0, 0.7, 2.5])
    assert ((intervals["low"] < truth) & (truth < intervals["high"])).all()


def test_expected_purchases_agree_with_simulation():
    random = np.random.default_rng(4)
    n, t = 200_000, 50.0
    rate, p = random.gamma(0.6, 1 / 8.0, n), random.beta(0.7, 2.5, n)
    until_last, bought = random.geometric(p), random.poisson(rate * t)
    counts = np.minimum(until_last, bought)
    expected = cl.BgNbd(0.6, 8.0, 0.7, 2.5, time_unit="week").expected_purchases_new(t)
    assert expected == pytest.approx(counts.mean(), abs=4 * counts.std() / np.sqrt(n))


def test_a_penalty_pulls_towards_one(cdnow, bg_nbd):
    pulled = cl.BgNbd.fit(cdnow, penalty=50.0)
    assert np.abs(pulled.log_parameters).sum() < np.abs(bg_nbd.log_parameters).sum()
    assert pulled.log_likelihood < bg_nbd.log_likelihood


def test_plain_json_and_back(bg_nbd, cdnow):
    again = cl.BgNbd.from_dict(json.loads(json.dumps(bg_nbd.to_dict())))
    assert again == bg_nbd
    assert again.standard_errors == bg_nbd.standard_errors
    assert np.array_equal(again.p_alive(cdnow), bg_nbd.p_alive(cdnow))


@pytest.mark.parametrize("x", [0, 1, 50, 500, 5_000, 10_000])
def test_expected_purchases_is_finite_and_sensible_for_heavy_buyers(x):
    expected = cl.BgNbd(0.24, 4.4, 0.79, 2.4, time_unit="day").expected_purchases(
        history(x, 4_990 * (x > 0), 5_000), 30
    )
    assert 0 < expected[0] < 30 * (0.24 + x) / 5_000


@pytest.mark.parametrize("a", [1.0, 1.0 + 1e-10, 1.0 - 1e-10])
def test_expected_purchases_is_smooth_at_a_equal_to_one(a):
    near = [cl.BgNbd(0.24, 4.4, each, 2.4, time_unit="week").expected_purchases_new(52) for each in (a, 1.0 + 1e-6)]
    assert near[0] == pytest.approx(near[1], rel=1e-6)


@pytest.mark.parametrize(
    ("customers", "named"),
    [
        (history(0, 0, 9), "r, alpha, a, b"),
        (pl.concat([history(0, 0, 9), history(0, 0, 5)]), "r, alpha, a, b"),
        (history(3, 5, 9), "alpha.* -> infinity"),
        (pl.concat([history(3, 9, 9), history(2, 9, 9)] * 50), "b -> infinity"),
    ],
    ids=["one one-time buyer", "all one-time buyers", "one customer", "everybody bought on the last day"],
)
def test_unidentified_parameters_are_named(customers, named):
    with pytest.raises(cl.errors.ConvergenceError, match=named) as raised:
        cl.BgNbd.fit(customers, time_unit="week")
    assert set(raised.value.parameters) <= {"r", "alpha", "a", "b"}


def test_a_penalty_identifies_what_data_cannot():
    model = cl.BgNbd.fit(history(3, 5, 9), time_unit="week", penalty=0.5)
    assert all(np.isfinite(list(model.standard_errors.values())))


def test_the_same_maximum_from_any_sensible_start(bg_nbd):
    from clvlab.models.numerics import maximum

    likelihood = bg_nbd.estimate.likelihood
    for start in ([1, 1, 1, 1], [0.01, 100, 0.1, 0.1], [10, 1, 10, 10], [5, 0.01, 0.01, 30]):
        found = maximum.maximise(likelihood, np.log(start))
        assert found.point == pytest.approx(bg_nbd.log_parameters, abs=1e-8)


def test_parameters_must_be_positive():
    with pytest.raises(cl.errors.ParamsError, match="alpha is -1"):
        cl.BgNbd(0.2, -1, 0.8, 2.4, time_unit="week")
