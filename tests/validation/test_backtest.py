"""Predictions made again at past days: five customers by hand, laws on CDNOW."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

import clvlab as cl
from clvlab.errors import DataError, ParamsError
from clvlab.validation.backtest import Backtest
from clvlab.validation.naive import NAIVE
from clvlab.validation.origins import spread_origins
from clvlab.validation.scores import count_scores

ORIGIN = date(2024, 1, 31)
FIVE = [
    ("A", date(2023, 1, 1), 10.0),
    ("A", date(2023, 3, 1), 10.0),
    ("A", date(2024, 1, 11), 20.0),
    ("A", date(2024, 2, 5), 30.0),
    ("B", date(2024, 1, 21), 5.0),
    ("B", date(2024, 1, 23), 7.0),
    ("B", date(2024, 2, 1), 9.0),
    ("B", date(2024, 3, 1), 9.0),
    ("C", date(2023, 2, 15), 100.0),
    ("D", date(2024, 2, 10), 50.0),
    ("E", ORIGIN, 8.0),
    ("E", date(2024, 2, 20), -4.0),
]
OURS = ["bg_nbd", "mbg_nbd"]


def log_of(rows):
    return cl.read_transactions(pl.DataFrame(rows, schema=["customer_id", "date", "amount"], orient="row"))


@pytest.fixture(scope="module")
def five():
    return cl.backtest(log_of(FIVE), [], [ORIGIN], "30 days", time_unit="day")


@pytest.fixture(scope="module")
def log():
    return cl.datasets.cdnow(sample=True)


@pytest.fixture(scope="module")
def cdnow(log):
    return cl.backtest(log, OURS, 3, ["13 weeks", "26 weeks"], groups=cl.strategies["rfm8"].assign)


def totals(found, what):
    return dict(found.sums.filter(what=what, part="total").select("method", "predicted").rows())


def test_naive_purchases_of_five_customers(five):
    """A, B, C and E had bought by the origin, aged 395, 10, 350 and 0 days, with 2, 1, 0 and 0 repeats."""
    assert totals(five, "purchases") == pytest.approx(
        {
            "own_rate": 2 / 395 * 30 + 1,
            "last_365_days": (2 + 2 + 1 + 1) / 365 * 30,
            "last_period": 1 + 2 + 1,
            "same_period_last_year": 1 + 1,
            "average": 4 * 3 / 755 * 30,
            "nobody": 0,
        }
    )


def test_naive_spend_of_five_customers(five):
    assert totals(five, "spend") == pytest.approx(
        {
            "own_rate": 30 / 395 * 30 + 7,
            "last_365_days": (30 + 12 + 100 + 8) / 365 * 30,
            "last_period": 20 + 12 + 8,
            "same_period_last_year": 10 + 100,
            "average": 4 * 37 / 755 * 30,
            "nobody": 0,
        }
    )


def test_what_five_customers_did_next(five):
    """A bought once, B twice, C nothing, and E returned something; D, who came later, does not count."""
    total = five.sums.filter(part="total", method="last_period").select("what", "customers", "actual", "error")
    assert total.rows() == [("purchases", 4, 3.0, pytest.approx(1 / 3)), ("spend", 4, 44.0, pytest.approx(-1 / 11))]
    cohorts = five.sums.filter(part="cohort", method="nobody", what="purchases").select("name", "customers", "actual")
    assert cohorts.rows() == [("2023-01-01", 1, 1.0), ("2023-02-01", 1, 0.0), ("2024-01-01", 2, 2.0)]


def test_scores_of_five_customers(five):
    """The last period says 1, 2, 0, 1; they bought 1, 2, 0, 0."""
    row = five.customers.filter(what="purchases", method="last_period").row(0, named=True)
    assert (row["mae"], row["rmse"], row["crps"]) == (0.25, 0.5, 0.25)
    assert row["calibration"] == pytest.approx(
        np.cov([1, 2, 0, 1], [1, 2, 0, 0])[0, 1] / np.var([1, 2, 0, 1], ddof=1)
    )


def test_what_a_short_log_does_not_know_is_left_out():
    rows = [row for row in FIVE if row[1] > date(2024, 1, 10)]
    found = cl.backtest(log_of(rows), [], [ORIGIN], "30 days", time_unit="day")
    assert set(totals(found, "purchases")) == set(NAIVE) - {"last_period", "same_period_last_year"}
    # A, B, B and E within the 21 days of the log.
    assert totals(found, "purchases")["last_365_days"] == pytest.approx(4 / 21 * 30)


def test_a_log_without_amounts_has_purchases_alone():
    rows = pl.DataFrame([row[:2] for row in FIVE if row[2] > 0], schema=["customer_id", "date"], orient="row")
    found = cl.backtest(cl.read_transactions(rows), [], [ORIGIN], "30 days", time_unit="day")
    assert set(found.customers["what"]) == {"purchases"}


def test_a_model_that_cannot_be_fitted_is_told_with_its_problem():
    found = cl.backtest(log_of(FIVE), ["pareto_nbd"], [ORIGIN], "30 days", time_unit="day")
    assert found.problems.select("origin", "method").rows() == [(ORIGIN, "ParetoNbd")]
    assert set(found.sums["method"]) == set(NAIVE)
    assert found.problems["instead"].to_list() == [None]


def test_where_a_model_cannot_be_fitted_the_one_that_the_rule_chooses_may_predict_in_its_place():
    log, early = cl.datasets.cdnow(sample=True), "1997-04-02"
    found = cl.backtest(log, ["pareto_nbd", "mbg_nbd"], [early], "26 weeks", fall_back=True)
    instead = type(cl.choose_model(cl.summarise_customers(log, early, "week")).model)
    assert found.problems.select("method", "instead").rows() == [("ParetoNbd", instead.__name__)]
    plain = cl.backtest(log, [instead], [early], "26 weeks").customers.filter(method=instead.__name__)
    assert found.customers.filter(method="ParetoNbd").drop("method").equals(plain.drop("method"))


@pytest.mark.parametrize(
    "model",
    [
        cl.BgNbd(0.243, 4.414, 0.793, 2.426, time_unit="week"),
        # What its active customers will do depends on the time of their last purchase, too.
        cl.models.BgCnbdK(0.5, 4.0, 0.7, 2.5, k=3, time_unit="week"),
    ],
)
def test_crps_is_the_sum_over_counts(log, model):
    few = cl.summarise_customers(log, "1997-09-30", "week").data.head(40)
    actual = np.arange(40.0) % 4
    exactly = np.stack([model.probability_of_purchases(k, few, "26 weeks", time_unit="week") for k in range(60)])
    at_most = np.cumsum(exactly, axis=0)
    by_definition = ((at_most - (actual <= np.arange(60)[:, None])) ** 2).sum(axis=0).mean()
    assert count_scores(model, few, actual, 26.0)["crps"] == pytest.approx(by_definition, rel=1e-4)


def test_totals_are_those_of_a_validation_at_the_same_day(cdnow, log):
    origin = cdnow.origins[1]
    calibration, holdout = cl.split_holdout(log, origin, origin + timedelta(weeks=13), "week")
    judged = cl.validate(cl.BgNbd.fit(calibration), cl.GammaGamma.fit(calibration), calibration, holdout)
    ours = cdnow.sums.filter(part="total", method="BgNbd", origin=origin, horizon="13 weeks")
    assert ours.select("what", "actual", "predicted").rows() == [
        (what, pytest.approx(actual), pytest.approx(model))
        for what, actual, model in judged.totals.select("what", "actual", "model").rows()
    ]
    single = cdnow.customers.filter(method="BgNbd", origin=origin, horizon="13 weeks", what="purchases")
    assert single.select("customers", "within_90", "pit_deviation").rows() == judged.pit.rows()
    assert cdnow.customers.filter(method="own_rate")["within_90"].null_count() > 0
    errors = judged.errors.filter(method="model", what="purchases").select("mae", "rmse", "rank_correlation")
    assert single.select("mae", "rmse", "rank_correlation").row(0) == pytest.approx(errors.row(0))


def test_spend_rests_on_the_kind_that_is_asked_for(log):
    """The total is what the models of the day expect of its buyers, each purchase of each."""
    found = cl.backtest(log, ["bg_nbd"], ["1997-09-30"], "26 weeks", spend_kind="first_purchases")
    buyers = cl.summarise_customers(log, "1997-09-30", "week")
    money = cl.GammaGamma.fit(buyers, first_purchases=True).expected_spend(buyers)
    expected = cl.BgNbd.fit(buyers).expected_purchases(buyers, 26.0) * money
    assert totals(found, "spend")["BgNbd"] == pytest.approx(expected.sum())


def test_an_origin_serves_the_horizons_that_have_ended(cdnow):
    served = {horizon: set(rows["origin"]) for (horizon,), rows in cdnow.customers.group_by("horizon")}
    assert len(cdnow.origins) == 3
    assert served == {"13 weeks": set(cdnow.origins), "26 weeks": set(cdnow.origins[:2])}


def test_cohorts_and_groups_add_up_to_the_total(cdnow):
    key = ["origin", "horizon", "what", "method"]
    sums = cdnow.sums.group_by(*key, "part").agg(pl.col("customers", "actual", "predicted").sum()).sort(*key)
    total = sums.filter(part="total")
    for part in ("cohort", "group"):
        found = sums.filter(part=part)
        assert found["customers"].to_list() == total["customers"].to_list()
        for column in ("actual", "predicted"):
            assert found[column].to_list() == pytest.approx(total[column].to_list())


def test_what_happens_after_an_origin_changes_no_prediction_made_there(cdnow, log):
    """All that is later than the second origin is somebody else's, for twice the money, in another order."""
    origin = cdnow.origins[1]
    later = pl.col("date") > origin
    other = log.data.with_columns(
        customer_id=pl.when(later).then(pl.col("customer_id").reverse()).otherwise("customer_id"),
        amount=pl.when(later).then(pl.col("amount") * 2).otherwise("amount"),
    ).reverse()
    changed = cl.backtest(
        replace(log, accepted=other.lazy()), OURS, [origin], "13 weeks", groups=cl.strategies["rfm8"].assign
    )
    as_it_was = cdnow.sums.filter(origin=origin, horizon="13 weeks")
    where = ["what", "method", "part", "name"]
    assert changed.sums.select(where).rows() == as_it_was.select(where).rows()
    assert changed.sums["predicted"].to_list() == pytest.approx(as_it_was["predicted"].to_list(), rel=1e-9)
    assert changed.sums["actual"].to_list() != as_it_was["actual"].to_list()


def scored(rows):
    """A backtest of three origins, a month ahead, with an RMSE for each origin and method."""
    days = [date(2024, month, 1) for month in (1, 2, 3)]
    table = pl.DataFrame(
        [
            (days[place], "1 month", date(2024, 2 + place, 1), "purchases", method, rmse)
            for method, errors in rows.items()
            for place, rmse in enumerate(errors)
            if rmse is not None
        ],
        schema=["origin", "horizon", "end", "what", "method", "rmse"],
        orient="row",
    )
    return Backtest(tuple(days), pl.DataFrame(), table, pl.DataFrame())


def test_inner_origins_choose_and_the_last_judges():
    found = scored({"BgNbd": [1.0, 1.0, 9.0], "MbgNbd": [2.0, 2.0, 1.0], "average": [0.1, 0.1, 3.0]}).choose()
    assert (found.method, found.inner_origins) == ("BgNbd", 2)
    assert found.judged.select("method", "rmse").rows() == [("BgNbd", 9.0), ("average", 3.0)]


def test_a_model_that_few_origins_could_fit_is_not_chosen():
    assert scored({"BgNbd": [1.0, 1.0, 1.0], "MbgNbd": [None, 0.5, 0.5]}).choose().method == "BgNbd"


def test_without_an_inner_origin_nothing_is_chosen(log):
    found = cl.backtest(log, OURS[:1], 2, "39 weeks")
    with pytest.raises(DataError, match="Choose a shorter horizon"):
        found.choose()


def test_the_summary_compares_methods_at_the_same_origins():
    """The second method missed the hard origin; next to the average it is the worse one all the same."""
    found = scored({"BgNbd": [4.0, 1.0, 1.0], "MbgNbd": [None, 1.5, 1.5], "average": [8.0, 2.0, 2.0]})
    assert dict(found.skill.select("method", "rmse_to_average").rows()) == {
        "BgNbd": 0.5,
        "MbgNbd": 0.75,
        "average": 1.0,
    }


def test_origins_are_spread_to_the_last_day_that_serves():
    days = spread_origins(date(2024, 1, 1), date(2024, 12, 31), 60, most=4)
    assert (days[0], days[-1]) == (date(2024, 3, 17), date(2024, 11, 1))
    gaps = np.diff(np.array(days, dtype="datetime64[D]")).astype(int)
    assert len(days) == 4
    assert gaps.max() - gaps.min() <= 1
    # Two weeks of room hold three origins a week apart, however many are asked for.
    assert len(spread_origins(date(2024, 1, 1), date(2024, 4, 14), 60, most=8)) == 3


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"models": ["bg_nbdd"]}, ParamsError, "Did you mean 'bg_nbd'"),
        ({"horizons": []}, ParamsError, "no horizon"),
        ({"spend_kind": "first_purchase"}, ParamsError, "Did you mean 'first_purchases'"),
        ({"horizons": "0 days"}, ParamsError, "shorter than a day"),
        ({"horizons": "10 years"}, DataError, "too short"),
        ({"origins": 0}, ParamsError, "1 or more"),
        ({"origins": [date(2024, 2, 20)]}, DataError, "cannot serve"),
        ({"origins": []}, DataError, "none"),
        ({"origins": ["31.1.2024"]}, ParamsError, "not a day"),
    ],
)
def test_what_cannot_be_asked_is_told(arguments, error, message):
    with pytest.raises(error, match=message):
        cl.backtest(log_of(FIVE), **({"models": [], "horizons": "30 days", "time_unit": "day"} | arguments))


@pytest.mark.parametrize(
    ("lang", "first"),
    [
        ("en", "BG/NBD predicted on 30 September 1997 that the customers of that day would make 1,653 purchases"),
        ("zh", "BG/NBD曾于1997年9月30日预测当时的客户在39周内购买1,653次；实际为1,882次，比预测多14%。"),
    ],
)
def test_the_last_prediction_in_words(log, lang, first):
    found = cl.backtest(log, OURS[:1], ["1997-09-30"], "39 weeks", level=0.9)
    told = found.explain("BgNbd", "39 weeks", lang)
    assert told.startswith(first)
    # The model's own interval misses; one without a past is wide.
    assert {"en": "held 1; those of the model alone held 0", "zh": "覆盖了1次实际值；仅凭模型的区间覆盖了0次"}[
        lang
    ] in told


def test_words_for_a_prediction_that_is_not_there_name_those_that_are(cdnow):
    with pytest.raises(ParamsError, match="BgNbd over 13 weeks"):
        cdnow.explain("BgNbd", "14 weeks")


def test_a_backtest_shows_what_it_compared(cdnow):
    assert repr(cdnow).startswith("Backtest: 3 origins, 1997-04-24 to 1998-03-31; ")
    assert "13 weeks, 26 weeks; BgNbd, MbgNbd, own_rate" in repr(cdnow)
    assert "rmse_to_average" in cdnow._repr_html_()
    assert repr(cdnow.choose()).endswith("chosen by 2 earlier origins, judged by the last")
