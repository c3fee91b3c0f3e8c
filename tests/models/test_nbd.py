import numpy as np
import pytest
from scipy import special, stats

import clvlab as cl


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
