import numpy as np
import pytest

import clvlab as cl
from tests.models.lifetimes_models import fitted, silently
from tests.models.populations import history


@pytest.fixture(scope="module")
def model(cdnow):
    return cl.ParetoNbd.fit(cdnow)


def test_fit_of_the_log_matches_fader_hardie_2005(model, published):
    known = published["pnbd_cdnow"]
    assert model.parameters == pytest.approx({name: known[name] for name in model.names}, rel=1e-4)
    assert model.log_likelihood == pytest.approx(known["LL"], abs=1e-3)
    assert list(model.standard_errors.values()) == pytest.approx(known["se"], rel=1e-3)


def test_whole_cdnow_matches_the_independent_refit(whole_cdnow, published):
    known = published["pnbd_cdnow_full"]
    model = cl.ParetoNbd.fit(whole_cdnow)
    assert model.parameters == pytest.approx({name: known[name] for name in model.names}, rel=1e-4)
    assert model.log_likelihood == pytest.approx(known["LL"], abs=1e-2)


def test_customer_1516_matches_the_btyd_walkthrough(model, cdnow, row_of, published):
    point, row = published["pnbd_cdnow_points"][0], row_of("1516")
    assert model.expected_purchases(cdnow, 52)[row] == pytest.approx(point["expected_purchases"], rel=1e-4)
    assert model.p_alive(cdnow)[row] == pytest.approx(point["p_alive"], rel=1e-4)


def test_new_customers_match_the_btyd_walkthrough(model, published):
    point = published["pnbd_cdnow_points"][1]
    assert model.expected_purchases_new(point["horizon"]) == pytest.approx(point["value"], rel=1e-5)


def test_predictions_agree_with_lifetimes(cdnow):
    columns = [cdnow.data[name].to_numpy() for name in ("frequency", "recency", "T")]
    theirs = fitted("ParetoNBDFitter", *columns)
    ours = cl.ParetoNbd(*(theirs.params_[name] for name in ("r", "alpha", "s", "beta")), time_unit="week")
    alive = silently(theirs.conditional_probability_alive, *columns)
    expected = silently(theirs.conditional_expected_number_of_purchases_up_to_time, 39, *columns)
    assert ours.p_alive(cdnow) == pytest.approx(np.asarray(alive), rel=1e-6)
    assert ours.expected_purchases(cdnow, 39) == pytest.approx(np.asarray(expected), rel=1e-6)


def test_heavy_buyers_are_finite_where_lifetimes_is_not(model):
    heavy = history(400, 1_000, 1_000)
    assert 0.99 < model.p_alive(heavy)[0] <= 1
    assert model.expected_purchases(heavy, 52)[0] == pytest.approx(400 / 1_000 * 52, rel=0.05)


@pytest.mark.parametrize(("alpha", "beta"), [(0.05, 500.0), (500.0, 0.05), (3.0, 3.0)])
def test_p_alive_is_a_probability_however_far_apart_the_scales(alpha, beta):
    model = cl.ParetoNbd(0.5, alpha, 0.5, beta, time_unit="day")
    alive = [model.p_alive(history(5, t_x, 1_000))[0] for t_x in (1, 100, 900, 999.9, 1_000)]
    assert np.all(np.diff(alive) > 0)
    assert alive[-1] == 1
