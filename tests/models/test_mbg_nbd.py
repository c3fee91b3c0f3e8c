import numpy as np
import polars as pl
import pytest

import clvlab as cl
from clvlab.models.numerics.population import Population
from tests.models.lifetimes_models import fitted, silently
from tests.models.populations import history


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


KNOWN = cl.MbgNbd(0.525, 6.183, 0.891, 1.614, time_unit="week")


def test_p_alive_of_a_one_time_buyer_by_hand():
    """1 / (1 + a / b * ((alpha + T) / alpha)^r): who has survived one purchase may have left at it."""
    T = np.array([0.0, 4.0, 39.0])
    once = pl.DataFrame({"frequency": [0, 0, 0], "recency": [0.0, 0.0, 0.0], "T": T})
    expected = 1 / (1 + 0.891 / 1.614 * ((6.183 + T) / 6.183) ** 0.525)
    assert KNOWN.p_alive(once) == pytest.approx(expected, rel=1e-12)


def test_a_new_customer_may_have_left_already():
    newcomer = history(0, 0, 0)
    assert KNOWN.p_alive(newcomer)[0] == pytest.approx(1.614 / (1.614 + 0.891))
    assert KNOWN.probability_of_purchases_new(0, 1e6) > 0.891 / (0.891 + 1.614)


def test_one_time_buyers_are_less_sure_than_in_bg_nbd():
    bg_nbd = cl.BgNbd(*KNOWN.parameters.values(), time_unit="week")
    customers = pl.concat([history(0, 0, 30), history(1, 3, 30), history(3, 20, 30)])
    assert (KNOWN.expected_purchases(customers, 26) < bg_nbd.expected_purchases(customers, 26))[0]
    assert KNOWN.expected_purchases_new(26) < bg_nbd.expected_purchases_new(26)


def test_everybody_counts_as_having_survived_one_purchase_more():
    x = np.array([0.0, 1.0, 7.0])
    assert cl.MbgNbd.survived(x).tolist() == [1, 2, 8]
    assert cl.BgNbd.survived(x).tolist() == [0, 1, 7]
    population = Population.of([x, x, x + 1])
    assert cl.MbgNbd.may_have_left(population) is population
    assert cl.BgNbd.may_have_left(population).columns[0].tolist() == [1, 7]
