"""The lighting retailer: what is drawn follows the law that is stated."""

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import clvlab as cl
from clvlab.datasets.lighting import LightingLog
from clvlab.datasets.lighting_law import law
from clvlab.errors import ParamsError

N = 60_000
SAMPLE = Path(__file__).parents[2] / "data/sample"


@pytest.fixture(scope="module")
def large() -> LightingLog:
    return cl.datasets.lighting(N, seed=1)


@pytest.fixture(scope="module")
def small() -> LightingLog:
    return cl.datasets.lighting(400, seed=1)


@pytest.fixture(scope="module")
def next_year(large: LightingLog) -> pl.DataFrame:
    """Customers known at the cutoff: their attributes, and what they spent in the year after it."""
    rows, cutoff = large.data, law().cutoff
    known = rows.filter(pl.col("date") <= cutoff).select("customer_id").unique()
    spent = rows.filter(pl.col("date") > cutoff).group_by("customer_id").agg(pl.col("amount").sum().alias("spend"))
    regions = {city["en"][0]: region for region, cities in law().settings["cities"].items() for city in cities}
    return (
        known.join(spent, on="customer_id", how="left")
        .with_columns(pl.col("spend").fill_null(0.0))
        .join(large.attributes[0], on="customer_id")
        .with_columns(region=pl.col("province").replace_strict(regions))
    )


def test_stated_shares_are_what_the_law_yields() -> None:
    shares = {name: share for name, share in law().variance_shares.items() if share > 0}
    assert shares == pytest.approx({"industry": 0.15, "income_band": 0.05, "region": 0.02}, rel=1e-9)


@pytest.mark.parametrize("attribute", ["industry", "income_band", "region"])
def test_multipliers_have_mean_one(attribute: str) -> None:
    shares = [value["share"] for value in law().settings["attributes"][attribute]["values"]]
    assert np.dot(shares, law().multipliers(attribute)) == pytest.approx(1.0, rel=1e-12)
    assert law().multipliers(attribute).min() > 0


def test_mean_and_variance_of_next_years_spend_follow_the_law(next_year: pl.DataFrame) -> None:
    spend = next_year["spend"].to_numpy()
    error = spend.std() / np.sqrt(spend.size)
    assert spend.mean() == pytest.approx(law().mean_next_year, abs=4 * error)
    squares = (spend - spend.mean()) ** 2
    assert squares.mean() == pytest.approx(law().variance_next_year, abs=4 * squares.std() / np.sqrt(spend.size))


@pytest.mark.parametrize("attribute", ["industry", "income_band", "region", "gender", "occupation", "lead_source"])
def test_share_of_variance_between_the_values_follows_the_law(next_year: pl.DataFrame, attribute: str) -> None:
    by_value = next_year.group_by(attribute).agg(pl.len(), pl.col("spend").mean())
    total = next_year["spend"].var(ddof=0)
    between = np.average((by_value["spend"] - next_year["spend"].mean()) ** 2, weights=by_value["len"]) / total
    noise = (by_value.height - 1) / next_year.height
    assert between - noise == pytest.approx(law().variance_shares[attribute], abs=0.008 if between > 0.01 else 0.0005)


def test_prospects_have_attributes_and_no_order(large: LightingLog) -> None:
    people, buyers = large.attributes[0].height, large.data["customer_id"].n_unique()
    assert people == N
    assert 1 - buyers / people == pytest.approx(law().settings["prospects"], abs=0.01)
    assert large.truth["first_day"].null_count() == people - buyers


def test_orders_fall_within_the_relationship(large: LightingLog) -> None:
    sold = (
        large.data.filter(pl.col("amount") > 0)
        .group_by("customer_id")
        .agg(pl.col("date").min().alias("first"), pl.col("date").max().alias("last"))
    )
    both = sold.join(large.truth, on="customer_id")
    assert both.height == sold.height
    assert (both["first"] == both["first_day"]).all()
    assert (both["last"] <= both["last_day"]).all()


def test_returns_undo_whole_orders_within_their_calendar_year(large: LightingLog) -> None:
    orders = large.data.group_by("order_id").agg(
        pl.col("amount").sum().round(2).alias("net"),
        (pl.col("amount") < 0).any().alias("returned"),
        pl.col("date").dt.year().n_unique().alias("years"),
    )
    assert orders["returned"].mean() == pytest.approx(law().settings["returned"], abs=0.002)
    assert (orders.filter("returned")["net"].abs() < 1e-9).all()
    assert (orders["years"] == 1).all()


def test_seasons_shape_the_months(large: LightingLog) -> None:
    orders = large.data.filter(pl.col("date").dt.year() == 2025, pl.col("amount") > 0).unique("order_id")
    months = orders.group_by(pl.col("date").dt.month()).len().sort("date")["len"]
    assert int(months.arg_max()) + 1 == 11


def test_those_who_leave_soon_are_less_satisfied(large: LightingLog) -> None:
    surveys = large.attributes[1].join(large.truth, on="customer_id")
    assert surveys["satisfaction"].is_between(1, 5).all()
    leaves = surveys.filter(pl.col("last_day") < date(2025, 1, 1))["satisfaction"].mean()
    stays = surveys.filter(pl.col("last_day") > date(2040, 1, 1))["satisfaction"].mean()
    assert leaves < stays - 0.4


def test_the_same_seed_gives_the_same_log(small: LightingLog) -> None:
    again, other = cl.datasets.lighting(400, seed=1), cl.datasets.lighting(400, seed=2)
    assert_frame_equal(small.data, again.data)
    for mine, theirs in zip(small.attributes, again.attributes, strict=True):
        assert_frame_equal(mine, theirs)
    assert not small.data["amount"].equals(other.data["amount"])


def test_language_changes_the_values_alone(small: LightingLog) -> None:
    chinese = cl.datasets.lighting(400, seed=1, lang="zh")
    assert_frame_equal(small.data.drop("category", "channel"), chinese.data.drop("category", "channel"))
    assert set(chinese.attributes[0]["industry"]) == {"家居", "商业照明", "工业照明"}
    assert small.attributes[0].columns == chinese.attributes[0].columns


def test_dated_attributes_have_one_value_a_customer_and_day(large: LightingLog) -> None:
    for table in large.attributes[1:]:
        assert not table.select("customer_id", "date").is_duplicated().any()
        assert table["date"].is_between(law().first_day, law().last_day).all()


def test_a_single_customer_can_be_simulated() -> None:
    log = cl.datasets.lighting(1, seed=0)
    assert log.attributes[0].height == log.data["customer_id"].n_unique() == 1


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ParamsError, match="n_customers is 0"):
        cl.datasets.lighting(0)
    with pytest.raises(ParamsError, match="lang is 'de'"):
        cl.datasets.lighting(10, lang="de")  # type: ignore[arg-type]


def test_committed_sample_is_what_make_sample_writes() -> None:
    log = cl.datasets.lighting(300, seed=2023)
    committed = cl.read_transactions(SAMPLE / "lighting_orders.csv")
    assert_frame_equal(committed.data, log.data)
    for name, table in zip(("customers", "surveys", "referrals", "pipeline"), log.attributes, strict=True):
        text = (SAMPLE / f"lighting_{name}.csv").read_text(encoding="utf-8")
        assert text == table.write_csv()
