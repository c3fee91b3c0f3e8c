"""The forecast of a business: laws on CDNOW's sample, whose acquisition stops, and on the lighting retailer."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

import clvlab as cl
from clvlab.errors import ClvlabWarning, DataError, ParamsError

CDNOW, LIGHTING = "1998-06-30", "2025-12-31"
FIGURES = ["purchases", "revenue"]


@pytest.fixture(scope="module")
def sample():
    return cl.datasets.cdnow(sample=True)


@pytest.fixture(scope="module")
def cdnow(sample):
    return cl.forecast(sample, CDNOW, "12 months")


@pytest.fixture(scope="module")
def retailer():
    return cl.datasets.lighting(n_customers=1_000)


@pytest.fixture(scope="module")
def lighting(retailer):
    return cl.forecast(retailer, LIGHTING, "26 weeks", model="mbg_nbd")


def part(table, name):
    return table.filter(part=name)


@pytest.mark.parametrize("name", ["cdnow", "lighting"])
def test_parts_add_up_to_the_total(name, request):
    plan = request.getfixturevalue(name)
    for table in (plan.data, plan.total):
        existing, new, total = (part(table, name).select(FIGURES).to_numpy() for name in ("existing", "new", "total"))
        assert existing + new == pytest.approx(total, rel=1e-12)
    by_period = plan.data.group_by("part").agg(pl.col(FIGURES).sum()).sort("part")
    assert by_period.select(FIGURES).to_numpy() == pytest.approx(plan.total.sort("part").select(FIGURES).to_numpy())
    by_cohort = plan.cohorts.group_by("part").agg(pl.col(FIGURES).sum())
    for name, *figures in by_cohort.rows():
        assert figures == pytest.approx(part(plan.total, name).select(FIGURES).row(0))


def test_todays_customers_are_expected_to_do_what_their_value_says(cdnow, sample):
    customers = cl.summarise_customers(sample, CDNOW, "week")
    model, spend = cl.BgNbd.fit(customers), cl.GammaGamma.fit(customers)
    value = cl.lifetime_value(model, spend, customers, "12 months")
    assert part(cdnow.total, "existing").select(FIGURES).row(0) == pytest.approx(
        (value["expected_purchases"].sum(), value["clv"].sum()), rel=1e-9
    )


def test_where_nobody_comes_any_more_the_total_is_that_of_todays_customers(cdnow):
    assert (cdnow.acquisition.per_day, cdnow.newcomers) == (0, 0)
    for table in (cdnow.data, cdnow.total):
        assert part(table, "total").drop("part").equals(part(table, "existing").drop("part"))
        assert part(table, "new").select(pl.selectors.float()).sum_horizontal().sum() == 0


def test_forecasts_made_while_customers_still_came_missed_what_then_ended(cdnow):
    """In April 1997 acquisition had just stopped, which nobody could see: it was carried forward in vain."""
    whole = cdnow.judged.filter(pl.col("period").is_null(), what="purchases")
    new = part(whole, "new")
    assert new["actual"].sum() == 0
    assert new["predicted"][0] > 1_000
    assert new.filter(pl.col("origin") > date(1997, 9, 1))["predicted"].sum() == 0
    assert part(whole, "existing")["held"].all()


def test_on_the_lighting_retailer_intervals_hold_what_happened(lighting):
    found = lighting.coverage().filter(what="purchases", span="period")
    # Five whole months from each of four past days; on the first another model predicts in the report's place.
    assert (found["forecasts"] == 20).all()
    assert (found["held"] >= 0.8).all()
    assert lighting.coverage().filter(what="purchases", span="all", part="total")["error"].item() < 0.25


def test_what_happened_is_what_the_log_says(lighting, retailer):
    row = lighting.judged.filter(pl.col("period").is_null(), part="total", what="revenue").row(0, named=True)
    came = retailer.data.filter(pl.col("date").is_between(row["start"], row["end"]))
    bought = retailer.data.group_by("customer_id").agg((pl.col("amount") > 0).any())
    came = came.join(bought.filter("amount"), on="customer_id", how="semi")
    assert row["actual"] == pytest.approx(came["amount"].sum(), rel=1e-6)
    last = lighting.actual.row(-1, named=True)
    within = retailer.data.filter(pl.col("date").is_between(last["start"], last["end"]))
    assert (last["period"], last["end"]) == (0, date(2025, 12, 31))
    assert last["revenue"] == pytest.approx(within["amount"].sum())


def test_what_happens_after_the_cutoff_changes_nothing(sample):
    early = cl.forecast(sample, "1997-12-31", "8 weeks")
    later = pl.col("date") > date(1997, 12, 31)
    other = sample.data.with_columns(amount=pl.when(later).then(pl.col("amount") * 2).otherwise("amount")).reverse()
    again = cl.forecast(replace(sample, accepted=other.lazy()), "1997-12-31", "8 weeks")
    for table in ("data", "total", "judged"):
        was, now = getattr(early, table), getattr(again, table)
        assert now.drop(pl.selectors.float()).equals(was.drop(pl.selectors.float()))
        assert now.select(pl.selectors.float()).to_numpy() == pytest.approx(
            was.select(pl.selectors.float()).to_numpy(), rel=1e-6
        )


@pytest.mark.parametrize("name", ["cdnow", "lighting"])
def test_intervals_hold_what_is_expected_and_widen_with_time(name, request):
    plan = request.getfixturevalue(name)
    for what in FIGURES:
        low, high = f"{what}_low", f"{what}_high"
        expected = plan.data.filter(pl.col(what) > 0)
        assert (expected[low] < expected[what]).all()
        assert (expected[what] < expected[high]).all()
    total = part(plan.data, "total")
    width = (total["purchases_high"] / total["purchases_low"]).log()
    assert width[-1] >= width[0]


def test_the_interval_of_todays_customers_is_the_one_that_their_past_gives(sample, cdnow):
    past = cl.backtest(sample, ["bg_nbd"], 3, "26 weeks", level=0.9, futures=40)
    plan = cl.forecast(sample, CDNOW, "12 months", past=past)
    existing = part(plan.total, "existing")
    interval = existing.select(
        pl.lit("total").alias("part"),
        pl.lit(None, pl.String).alias("name"),
        pl.lit(1).alias("customers"),
        pl.col("purchases").alias("predicted"),
        pl.col("purchases").alias("low"),
        pl.col("purchases").alias("high"),
        pl.lit(0.5).alias("half_purchase"),
    )
    # An interval of no width of its own is as wide as the errors of the past make it.
    narrow = past.widened(interval, "BgNbd", "purchases", 365)
    assert existing["purchases_high"][0] == pytest.approx(narrow["honest_high"][0], rel=0.1)
    assert existing["purchases_high"][0] != pytest.approx(part(cdnow.total, "existing")["purchases_high"][0])
    assert part(plan.total, "total")["purchases_high"][0] == existing["purchases_high"][0]
    with pytest.raises(ParamsError, match="have the level"):
        cl.forecast(sample, CDNOW, "12 months", past=past, level=0.8)


def test_a_fitted_model_is_taken_as_it_is(sample):
    customers = cl.summarise_customers(sample, CDNOW, "week")
    model = cl.ParetoNbd.fit(customers)
    plan = cl.forecast(sample, CDNOW, "13 weeks", model=model, customers=customers)
    expected = model.expected_purchases(customers, "13 weeks").sum()
    assert part(plan.total, "existing")["purchases"].item() == pytest.approx(expected)
    with pytest.raises(ParamsError, match="as of 1998-06-30"):
        cl.forecast(sample, "1998-05-31", "13 weeks", customers=customers)


def test_attributes_count_for_those_of_whom_they_are_known(retailer):
    known = pl.DataFrame({"customer_id": retailer.data["customer_id"].unique().sort()})
    known = known.with_columns(
        region=pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.lit("n")).otherwise(pl.lit("s"))
    )
    customers = cl.summarise_customers(retailer, LIGHTING, "week", attributes=known)
    model = cl.models.WithAttributes(cl.MbgNbd, ("region",)).fit(customers)
    plan = cl.forecast(retailer, LIGHTING, "8 weeks", model=model, customers=customers)
    plain = cl.forecast(retailer, LIGHTING, "8 weeks", model=model.plain)
    assert part(plan.total, "existing")["purchases"].item() == pytest.approx(
        model.expected_purchases(customers, "8 weeks").sum()
    )
    assert part(plan.total, "new")["purchases"].item() == part(plain.total, "new")["purchases"].item()


def test_a_log_without_amounts_has_purchases_alone(sample):
    log = replace(sample, accepted=sample.accepted.drop("amount"))
    plan = cl.forecast(log, CDNOW, "8 weeks")
    assert plan.total["purchases"].null_count() == 0
    assert plan.total["revenue"].null_count() == 3
    assert set(plan.judged["what"]) == {"purchases"}
    assert plan.actual["revenue"].null_count() == plan.actual.height


def test_where_spend_has_no_mean_there_is_no_revenue(sample):
    heavy = cl.GammaGamma(6.0, 0.9, 15.0)
    with pytest.warns(ClvlabWarning, match="its mean does not exist"):
        plan = cl.forecast(sample, CDNOW, "8 weeks", spend=heavy)
    assert plan.total["revenue"].null_count() == 3
    assert plan.total["purchases"].null_count() == 0


def test_a_short_history_has_nothing_to_judge_by():
    rows = [(f"{place:03}", date(2024, 1, 1 + day)) for place in range(60) for day in range(place % 4, 20, 5)]
    log = cl.read_transactions(pl.DataFrame(rows, schema=["customer_id", "date"], orient="row"))
    plan = cl.forecast(log, "2024-01-20", "12 months", model="nbd", time_unit="day")
    assert plan.judged.is_empty()
    assert (part(plan.total, "total")["purchases_high"] > part(plan.total, "total")["purchases"]).all()


def test_what_cannot_be_forecast_is_told(sample):
    with pytest.raises(ParamsError, match="must be week or month"):
        cl.forecast(sample, CDNOW, period="quarter")
    with pytest.raises(ParamsError, match="shorter than a day"):
        cl.forecast(sample, CDNOW, 0)
    with pytest.raises(ParamsError, match="Did you mean 'bg_nbd'"):
        cl.forecast(sample, CDNOW, model="bgnbd")
    once = cl.read_transactions(pl.DataFrame({"customer_id": ["a"], "date": [date(2024, 1, 1)]}))
    with pytest.raises(DataError, match="No purchase model can be fitted"):
        cl.forecast(once, "2024-03-01", "4 weeks")


def test_it_shows_what_is_expected(cdnow):
    assert repr(cdnow).startswith(
        "Forecast: 12 months from 1998-06-30; purchases: existing 1,973, new 0, total 1,973"
    )
    assert cdnow._shown.height == 12


def test_a_calendar_counts_on_the_day_and_at_past_days(retailer, lighting):
    plan = cl.forecast(retailer, LIGHTING, "26 weeks", model="mbg_nbd", calendar=cl.Calendar.fit)

    def expected(day, ahead="26 weeks"):
        calendar = cl.Calendar.fit(retailer, day)
        customers = cl.summarise_customers(retailer, day, "week", calendar=calendar)
        return cl.MbgNbd.fit(customers).expected_purchases(customers, ahead).sum()

    assert part(plan.total, "existing")["purchases"].item() == pytest.approx(expected(LIGHTING))
    assert plan.looked == "26 weeks"
    last = (
        part(plan.judged, "existing")
        .filter(pl.col("period").is_null(), what="purchases")
        .sort("origin")
        .row(-1, named=True)
    )
    assert last["predicted"] == pytest.approx(expected(last["origin"], plan.looked))
    assert part(plan.total, "existing")["purchases"].item() != part(lighting.total, "existing")["purchases"].item()
