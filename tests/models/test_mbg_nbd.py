import numpy as np
import pytest

import clvlab as cl
from tests.models.lifetimes_models import fitted, silently


@pytest.fixture(scope="module")
def model(cdnow):
    return cl.MbgNbd.fit(cdnow)


def test_fit_of_the_log_matches_the_published_figures(model, published):
    known = published["mbgnbd_cdnow"]
    assert model.parameters == pytest.approx({name: known[name] for name in model.names}, rel=1e-5)
    assert model.log_likelihood == pytest.approx(known["LL"], abs=1e-3)


def test_one_time_buyers_fade_unlike_in_bg_nbd(model, bg_nbd, cdnow):
    once = cdnow.data.filter(frequency=0).sort("T")
    alive = model.p_alive(once, time_unit="week")
    assert (np.diff(alive) <= 0).all()
    assert alive.max() < 1
    assert (bg_nbd.p_alive(once) == 1).all()


def test_predictions_agree_with_lifetimes(cdnow):
    columns = [cdnow.data[name].to_numpy() for name in ("frequency", "recency", "T")]
    theirs = fitted("ModifiedBetaGeoFitter", *columns)
    ours = cl.MbgNbd(*(theirs.params_[name] for name in ("r", "alpha", "a", "b")), time_unit="week")
    alive = silently(theirs.conditional_probability_alive, *columns)
    expected = silently(theirs.conditional_expected_number_of_purchases_up_to_time, 39, *columns)
    assert ours.p_alive(cdnow) == pytest.approx(np.asarray(alive), rel=1e-6)
    assert ours.expected_purchases(cdnow, 39) == pytest.approx(np.asarray(expected), rel=1e-6)
