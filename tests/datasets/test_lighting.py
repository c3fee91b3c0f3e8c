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


def test_everybody_has_an_id_of_five_digits_and_a_row_of_attributes(small: LightingLog) -> None:
    people = small.attributes[0]
    assert people["customer_id"].to_list() == [f"{i:05d}" for i in range(1, 401)]
    assert small.data.join(people, on="customer_id", how="anti").is_empty()
    assert small.truth["customer_id"].equals(people["customer_id"])


def test_an_order_has_one_customer_one_channel_and_at_most_six_lines(large: LightingLog) -> None:
    sold = large.data.filter(pl.col("amount") > 0)
    orders = sold.group_by("order_id").agg(pl.col("customer_id", "date", "channel").n_unique(), lines=pl.len())
    assert orders.select("customer_id", "date", "channel").unique().rows() == [(1, 1, 1)]
    assert orders["lines"].max() <= 6
    assert orders["lines"].mean() == pytest.approx(2.0, abs=0.02)  # 1 + Poisson(1), hardly cut at 6


def test_costs_are_the_categories_share_of_the_price(large: LightingLog) -> None:
    named = {category["en"]: category["cost"] for category in law().settings["categories"]}
    sold = large.data.filter(pl.col("amount") > 50)
    margins = sold.select("category", share=pl.col("cost") / pl.col("amount"))
    for category, low, high in (
        margins.group_by("category").agg(low=pl.col("share").min(), high=pl.col("share").max()).iter_rows()
    ):
        assert 0.94 * named[category] - 0.001 < low < high < 1.06 * named[category] + 0.001


def test_rates_and_values_of_customers_follow_the_law(large: LightingLog) -> None:
    rate, value = law().settings["purchase_rate"], law().settings["order_value"]
    error = large.truth["purchase_rate"].std() / np.sqrt(N)
    assert large.truth["purchase_rate"].mean() == pytest.approx(rate["mean"], abs=4 * error)
    error = large.truth["order_value"].std() / np.sqrt(N)
    assert large.truth["order_value"].mean() == pytest.approx(value["mean"], abs=4 * error)


def test_missing_answers_are_as_many_as_the_law_says(large: LightingLog) -> None:
    people = large.attributes[0]
    for name in ("gender", "education", "occupation"):
        missing = law().settings["attributes"][name]["missing"]
        assert people[name].null_count() / N == pytest.approx(missing, abs=4 * np.sqrt(missing / N))
    assert people["industry"].null_count() == people["province"].null_count() == 0
    assert people["age"].min() >= law().settings["age"]["lowest"]


def test_referrals_count_up_and_pipelines_open_and_close(large: LightingLog) -> None:
    _, _, referrals, pipeline = large.attributes
    counted = referrals.group_by("customer_id", maintain_order=True).agg("referrals")["referrals"]
    assert all(list(counts) == list(range(1, len(counts) + 1)) for counts in counted)
    assert (pipeline["pipeline"] % 10 == 0).all()
    assert pipeline["pipeline"].min() == 0.0


def test_prospects_may_have_a_pipeline_but_no_survey(large: LightingLog) -> None:
    prospects = large.truth.filter(pl.col("first_day").is_null()).select("customer_id")
    _, surveys, referrals, pipeline = (
        table.join(prospects, on="customer_id", how="semi") for table in large.attributes
    )
    assert surveys.is_empty()
    assert referrals.is_empty()
    assert pipeline.height > 0


def test_rows_add_up_and_none_is_refused(small: LightingLog) -> None:
    counts = dict(small.quality.select("rule", "rows").iter_rows())
    assert counts == {"read": small.data.height, "accepted": small.data.height, "merged": 0}


def test_customers_mostly_keep_to_one_channel(large: LightingLog) -> None:
    orders = large.data.filter(pl.col("amount") > 0).unique("order_id").group_by("customer_id", "channel").len()
    regulars = orders.group_by("customer_id").agg(most=pl.col("len").max(), all=pl.col("len").sum())
    regulars = regulars.filter(pl.col("all") >= 10)
    # Their own channel by habit four times in five, and by chance as often as it is drawn: 0.8 + 0.2 x 0.345.
    assert regulars["most"].sum() / regulars["all"].sum() == pytest.approx(0.87, abs=0.02)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_places_and_interests_are_those_of_the_law(lang: str) -> None:
    people = cl.datasets.lighting(300, seed=4, lang=lang).attributes[0]
    known = {tuple(city[lang]) for cities in law().settings["cities"].values() for city in cities}
    assert set(people.select("province", "city").iter_rows()) <= known
    interests = {value[lang] for value in law().settings["interests"]["values"]}
    assert {tag for tags in people["interests"].drop_nulls() for tag in tags.split(";")} == interests


def test_lines_are_sold_within_the_years_of_the_log_and_kept_in_order(large: LightingLog) -> None:
    assert large.data["date"].is_between(law().first_day, law().last_day).all()
    assert large.data["date"].is_sorted()
    assert (large.data["quantity"].abs() >= 1).all()
    signs = (pl.col("amount") < 0) == (pl.col("quantity") < 0)
    # A line worth less than half a cent costs 0.00, and its return has no sign.
    assert large.data.filter(pl.col("amount") != 0).select(signs.all()).item()


@pytest.mark.parametrize("attribute", ["industry", "customer_type", "gender", "lead_source"])
def test_values_are_as_common_as_the_law_says(large: LightingLog, attribute: str) -> None:
    values = law().settings["attributes"][attribute]["values"]
    counts = dict(large.attributes[0][attribute].drop_nulls().value_counts().iter_rows())
    shares = {value["en"]: counts[value["en"]] / sum(counts.values()) for value in values}
    assert shares == pytest.approx({value["en"]: value["share"] for value in values}, abs=4 * 0.5 / np.sqrt(N))
