"""What goes back on other days is taken off what customers are expected to spend."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

import clvlab as cl
from clvlab.errors import ParamsError
from clvlab.models import (
    BgNbd,
    GammaGamma,
    LessReturns,
    MeanSpend,
    SpendByAttributes,
    SpendByFrequency,
    SpendWithAttributes,
    Terms,
    ValueModels,
)
from clvlab.models.attributes import Attributes
from clvlab.models.spend_model import basis_of, factors_of, gross_of, kind_of_spend, numbers_of
from clvlab.models.value_models import fit_spend

GROSS = GammaGamma(6.0, 4.0, 15.0)
REGIONS = Attributes({"region": ("north", "south")}, (0.5,), (1.0,))


def log_of(rows):
    return cl.read_transactions(pl.DataFrame(rows, schema=["customer_id", "date", "amount"], orient="row"))


@pytest.fixture(scope="module")
def returners():
    """200 customers who buy three times at prices of their own; every tenth returns half of the last purchase."""
    random = np.random.default_rng(5)
    rows = []
    for number in range(200):
        price = random.gamma(4.0, 10.0)
        days = [date(2024, 1, 1) + timedelta(int(day)) for day in np.sort(random.choice(300, 3, replace=False))]
        amounts = np.round(price * random.gamma(6.0, 1 / 6.0, 3), 2)
        rows += [(f"c{number}", day, amount) for day, amount in zip(days, amounts, strict=True)]
        if number % 10 == 0:
            rows.append((f"c{number}", days[-1] + timedelta(1), -np.round(amounts[-1] / 2, 2)))
    return cl.summarise_customers(log_of(rows), "2024-12-31", "week")


def test_two_customers_by_hand():
    # p (gamma + x m) / (p x + q - 1): 6 * 15 / 3 = 30, and 6 * (15 + 2 * 20) / (12 + 3) = 22; a tenth goes back.
    customers = pl.DataFrame({"frequency": [0, 2], "monetary_value": [None, 20.0]})
    assert LessReturns(GROSS, 0.1).expected_spend(customers) == pytest.approx([27.0, 19.8])


def test_prospects_are_expected_to_spend_nothing_known():
    customers = pl.DataFrame({"frequency": [0, None], "monetary_value": [None, None], "n_purchases": [1, 0]})
    assert np.isnan(LessReturns(GROSS, 0.1).expected_spend(customers)).tolist() == [False, True]


def test_values_and_their_intervals_are_less_by_what_goes_back(models, small):
    model, gross = models
    table, less = small.head(200), LessReturns(gross, 0.25)
    before, after = (
        cl.value_intervals(model, spend, table, "12 months", n_draws=60, time_unit="week") for spend in (gross, less)
    )
    for column in ("clv", "clv_low", "clv_high"):
        assert after[column].to_numpy() == pytest.approx(0.75 * before[column].to_numpy())


def test_each_future_has_the_same_share_of_returns(models):
    futures = LessReturns(models[1], 0.25).futures(3, 0)
    assert [future.returned for future in futures] == [0.25] * 3
    assert len({future.gross for future in futures}) == 3


def test_the_share_is_that_of_the_customer_table(returners):
    spend, caveats = fit_spend(returners)
    assert isinstance(spend, LessReturns)
    assert spend.returned == returners.returned > 0
    assert spend.gross == GammaGamma.fit(returners)
    assert caveats == ()


def test_where_first_purchases_count_a_customers_own_spend_is_without_returns_already(returners):
    spend, _ = fit_spend(returners, "first_purchases")
    assert spend == GammaGamma.fit(returners, first_purchases=True)


def test_without_returns_the_model_is_that_of_the_literature(cdnow):
    assert cdnow.returned == 0.0
    assert fit_spend(cdnow)[0] == GammaGamma.fit(cdnow)


def test_values_are_of_the_kind_that_is_asked_for(returners):
    models = ValueModels.fit(returners, Terms(), BgNbd, "first_purchases")
    assert kind_of_spend(models.spend) == "first_purchases"


def test_a_kind_that_cannot_be_fitted_gives_way_to_that_of_the_literature(returners):
    """Everybody spent the same in all, which first purchases then cannot tell apart."""
    alike = pl.col("n_purchases").cast(pl.Float64) * 20.0
    customers = replace(returners, data=returners.data.with_columns(total_spend=alike))
    spend, literature = fit_spend(customers, "first_purchases")[0], fit_spend(returners)[0]
    assert (spend.gross, spend.returned) == (literature.gross, literature.returned)


def test_an_unknown_kind_is_refused_with_those_that_are_known(returners):
    with pytest.raises(ParamsError, match="Known models: repeat_purchases, first_purchases, frequency_bands"):
        fit_spend(returners, "first_purchase")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("gross", "kind"),
    [
        (GROSS, "repeat_purchases"),
        (GammaGamma(6.0, 4.0, 15.0, first_purchases=True), "first_purchases"),
        (MeanSpend(20.0), "repeat_purchases"),
        (SpendByFrequency((2,), (10.0, 40.0), GROSS), "frequency_bands"),
        (SpendByAttributes(GROSS, REGIONS, np.log([2.0])), "attributes"),
        (SpendByAttributes(replace(GROSS, first_purchases=True), REGIONS, np.log([2.0])), "attributes_and_first"),
    ],
)
def test_a_model_knows_its_kind_with_returns_and_without(gross, kind):
    assert kind_of_spend(gross) == kind_of_spend(LessReturns(gross, 0.1)) == kind
    assert gross_of(LessReturns(gross, 0.1)) == gross_of(gross) == gross


def test_the_kind_by_attributes_is_fitted_with_their_names():
    assert basis_of("frequency_bands", ("region",)) == "frequency_bands"
    assert basis_of("attributes", ("region",)) == SpendWithAttributes(("region",))
    assert basis_of("attributes_and_first", ("region",)) == SpendWithAttributes(("region",), first_purchases=True)


def test_what_goes_back_is_taken_off_next_to_attributes_too(returners):
    region = pl.Series("region", ["north", "south"] * (returners.data.height // 2))
    customers = replace(returners, data=returners.data.with_columns(region))
    kind = SpendWithAttributes(("region",))
    spend, _ = fit_spend(customers, kind)
    assert isinstance(spend, LessReturns)
    expected = (1 - returners.returned) * kind.fit(customers).expected_spend(customers)
    assert spend.expected_spend(customers) == pytest.approx(expected)


def test_without_amounts_there_is_no_kind_but_the_first():
    assert kind_of_spend(None) == "repeat_purchases"


def test_the_interval_of_the_mean_holds_it_and_is_wide_where_q_is_near_1():
    random = np.random.default_rng(2)

    def fitted(q):
        nu = random.gamma(q, 1 / 15.0, 1_500)
        return GammaGamma.fit(pl.DataFrame({"frequency": 3, "monetary_value": random.gamma(18.0, 1 / (3 * nu))}))

    near, far = fitted(1.3), fitted(4.0)
    for model in (near, far):
        low, high = model.mean_spend_interval()
        assert low < model.mean_spend < high
    widths = [np.diff(model.mean_spend_interval())[0] / model.mean_spend for model in (near, far)]
    assert widths[0] > 3 * widths[1]


def test_the_interval_of_a_mean_that_may_not_exist_has_no_end():
    random = np.random.default_rng(2)
    x, nu = random.integers(1, 6, 80), random.gamma(1.15, 1 / 15.0, 80)
    model = GammaGamma.fit(pl.DataFrame({"frequency": x, "monetary_value": random.gamma(6.0 * x, 1 / (x * nu))}))
    assert np.isfinite(model.mean_spend)
    assert model.mean_spend_interval()[1] == np.inf


def test_simulated_purchases_are_worth_what_is_left():
    less = LessReturns(GROSS, 0.2)
    worth = [
        spend.worth(
            np.random.default_rng(1), np.array([2.0]), np.array([40.0]), np.array([3]), np.zeros(3, dtype=int)
        )
        for spend in (GROSS, less)
    ]
    assert worth[1] == pytest.approx(0.8 * worth[0])


@pytest.mark.parametrize(
    "spend",
    [
        GROSS,
        MeanSpend(20.0),
        SpendByFrequency((2,), (10.0, 40.0), GammaGamma(6.0, 4.0, 0.5)),
        SpendByAttributes(GROSS, REGIONS, np.log([2.0])),
        LessReturns(GROSS, 0.1),
    ],
    ids=lambda spend: type(spend).__name__,
)
def test_what_futures_are_worth_on_average_is_the_expected_spend(spend):
    customers = pl.DataFrame(
        {"region": ["north", "south", "south"], "frequency": [0, 1, 5], "monetary_value": [None, 20.0, 40.0]}
    )
    x, spent = np.array([0.0, 1.0, 5.0]), np.array([0.0, 20.0, 200.0])
    factor = factors_of(spend, numbers_of(spend, customers))
    assert factor * spend.expected_worth(x, spent / factor) == pytest.approx(
        spend.expected_spend(customers), rel=1e-12
    )
