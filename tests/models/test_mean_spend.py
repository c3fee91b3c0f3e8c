"""One spend for everybody, where customers spend too much alike for Gamma-Gamma."""

import numpy as np
import polars as pl
import pytest

import clvlab as cl
from clvlab.errors import ConvergenceError, DataError
from clvlab.frames import CustomerSummary
from clvlab.models import BgNbd, GammaGamma, MeanSpend, Terms, ValueModels

CUSTOMERS = pl.DataFrame(
    {
        "customer_id": ["a", "b", "c", "p"],
        "n_purchases": [1, 2, 4, 0],
        "frequency": [0, 1, 3, None],
        "monetary_value": [None, 20.0, 24.0, None],
    }
)


@pytest.fixture(scope="module")
def one_price(cdnow) -> CustomerSummary:
    """CDNOW's customers at one price."""
    priced = pl.when(pl.col("frequency") > 0).then(20.0)
    return CustomerSummary(cdnow.data.with_columns(monetary_value=priced), cdnow.cutoff, cdnow.time_unit)


def test_the_mean_is_that_of_all_repeat_purchases():
    assert MeanSpend.fit(CUSTOMERS).mean == pytest.approx((20 + 3 * 24) / 4)


def test_it_is_expected_of_all_who_have_bought():
    expected = MeanSpend(23.0).expected_spend(CUSTOMERS)
    assert expected[:3].tolist() == [23.0] * 3
    assert np.isnan(expected[3])


def test_without_a_positive_spend_there_is_no_mean():
    with pytest.raises(DataError, match="a positive spend") as refused:
        MeanSpend.fit(CUSTOMERS.with_columns(monetary_value=pl.lit(0.0)))
    assert refused.value.code == "no_spenders"


def test_one_price_values_customers_by_their_purchases(one_price):
    with pytest.raises(ConvergenceError):
        GammaGamma.fit(one_price)
    models = ValueModels.fit(one_price, Terms("12 months", margin=0.5))
    assert models.spend == MeanSpend(20.0)
    assert [caveat.problem.code for caveat in models.caveats] == ["same_spend", "mean_spend"]
    values = models.value(one_price, interval=0.9)
    assert values["clv"].to_numpy() == pytest.approx(10.0 * values["expected_purchases"].to_numpy())
    assert (values["clv_low"] <= values["clv"]).all()
    assert values["clv_high"].max() > values["clv"].max()


def test_spend_too_much_alike_falls_back_to_its_mean(cdnow):
    nearly = 20.0 + pl.col("frequency") * 1e-9
    alike = cdnow.data.with_columns(monetary_value=pl.when(pl.col("frequency") > 0).then(nearly))
    models = ValueModels.fit(CustomerSummary(alike, cdnow.cutoff, cdnow.time_unit), Terms())
    assert isinstance(models.spend, MeanSpend)
    assert models.spend.mean == pytest.approx(20.0)


def test_groups_at_one_price_are_worth_their_simulated_purchases(one_price):
    model = BgNbd.fit(one_price)
    by_price = cl.value_intervals(model, MeanSpend(20.0), one_price, "12 months", n_draws=100)
    by_count = cl.models.purchase_intervals(model, one_price, "12 months", n_draws=100)
    for worth, count in (("clv", "expected_purchases"), ("clv_low", "low"), ("clv_high", "high")):
        assert by_price[worth].item() == pytest.approx(20.0 * by_count[count].item())


def test_nobody_spends_and_nobody_is_valued(cdnow):
    nothing = cdnow.data.with_columns(monetary_value=pl.when(pl.col("frequency") > 0).then(0.0))
    models = ValueModels.fit(CustomerSummary(nothing, cdnow.cutoff, cdnow.time_unit), Terms())
    assert models.spend is None
    assert [caveat.problem.code for caveat in models.caveats] == ["no_spenders"]
