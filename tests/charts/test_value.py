"""Charts of value, cohorts and validation: what is drawn is what the table says."""

from datetime import date

import polars as pl
import pytest

from clvlab.charts import cohorts, theme, validation, value
from clvlab.wording import Words
from tests.charts.drawn import EN, ZH, axis_titles, channel, colours, column, layer, layers, marks
from tests.charts.tables import BY_GROUP, CALIBRATION, COHORTS, DECILES, GAIN, RETENTION, SPEND, TRACKING, VALUES

# Value


def test_bars_begin_at_1_and_who_is_left_out_is_counted():
    chart = value.distribution(VALUES, EN)
    assert column(chart, "rect", "low") == [1.0, 10.0]
    assert axis_titles(chart)["x"] == [
        "Expected value of a customer, log scale ($)",
        "Not drawn: 24 worth less than $1",
    ]
    assert axis_titles(value.distribution(VALUES, ZH))["x"][1] == "未绘出：低于¥1的24位"


def test_where_nobody_is_left_out_nothing_is_said_of_it():
    title = axis_titles(value.distribution(VALUES.filter(pl.col("low") >= 1), EN))["x"]
    assert title == ["Expected value of a customer, log scale ($)"]


@pytest.mark.parametrize(
    ("last", "ticks"), [(320.0, [1, 3, 10, 30, 100, 300]), (10.0, [1, 3, 10]), (2.5, [1]), (29_999.0, 9)]
)
def test_a_log_axis_has_two_ticks_to_a_power_of_ten(last, ticks):
    table = pl.DataFrame({"low": [1.0], "high": [last], "customers": [5]})
    given = channel(value.distribution(table, EN), "rect", "x")
    assert given["scale"] == {"type": "log"}
    assert given["axis"]["values"] == ticks or len(given["axis"]["values"]) == ticks


def test_a_groups_dot_is_its_mean_and_its_bar_the_middle_half():
    chart = value.by_group(BY_GROUP, EN)
    assert marks(chart) == ["bar", "circle", "text"]
    assert channel(chart, "circle", "x")["field"] == "clv_mean"
    assert [channel(chart, "bar", name)["field"] for name in ("x", "x2")] == ["low", "high"]
    assert column(chart, "text", "label") == ["$142", "$6"]
    assert column(chart, "text", "end") == [180.0, 5.72]
    assert channel(chart, "bar", "x")["scale"]["domainMax"] == pytest.approx(1.15 * 180)


def test_the_first_tenth_alone_is_in_colour():
    chart = value.deciles(DECILES, EN)
    assert channel(chart, "bar", "color") == {
        "condition": {"test": "datum.decile == 1", "value": theme.ACCENT},
        "value": theme.CONTEXT,
    }
    assert column(chart, "text", "label") == ["80%", "20%"]


# Cohorts


def test_retention_has_the_size_of_each_cohort_and_the_figure_of_each_cell():
    chart = cohorts.retention(RETENTION, EN)
    assert [(row["cohort"], row["age"], row["label"]) for row in layer(chart, "rect")["rows"]] == [
        ("2024-01 (1,200)", 1, "25"),
        ("2024-01 (1,200)", 2, "5"),
        ("2024-02 (80)", 1, "10"),
    ]


def test_a_cohort_of_a_week_is_named_by_its_monday():
    weekly = RETENTION.with_columns(period=pl.lit("week"), cohort=pl.lit(date(2024, 1, 8)))
    assert {row["cohort"][:10] for row in layer(cohorts.retention(weekly, EN), "rect")["rows"]} == {"2024-01-08"}


@pytest.mark.parametrize(
    ("period", "title"),
    [("week", "Weeks since"), ("month", "Months since"), ("quarter", "Quarters since"), ("year", "Years since")],
)
@pytest.mark.parametrize(("draw", "table"), [(cohorts.retention, RETENTION), (cohorts.spend, SPEND)])
def test_the_axis_of_ages_says_in_which_periods(draw, table, period, title):
    chart = draw(table.with_columns(period=pl.lit(period)), EN)
    assert axis_titles(chart)["x"] == f"{title} the first purchase"


def test_the_cohort_that_the_title_quotes_is_drawn_to_its_last_age():
    many = pl.concat(
        SPEND.filter(cohort=COHORTS[0]).with_columns(cohort=pl.lit(date(2020 + place // 12, place % 12 + 1, 1)))
        for place in range(23)
    )
    rows = layer(cohorts.spend(many, EN), "line")["rows"]
    drawn = sorted({row["cohort"] for row in rows})
    assert len(drawn) == cohorts.MOST_LINES
    assert (drawn[0], drawn[-1]) == ("2020-01", "2021-11")
    assert [row["spend"] for row in rows if row["cohort"] == drawn[0]] == [5.0, 15.0, 25.0]


def test_older_cohorts_are_fainter():
    opacity = channel(cohorts.spend(SPEND, EN), "line", "opacity")
    assert opacity["field"] == "cohort"
    assert opacity["scale"]["range"][0] < opacity["scale"]["range"][1] == 1


# Validation


def test_tracking_draws_what_was_expected_in_colour_and_the_day_of_the_cut():
    chart = validation.tracking(TRACKING, EN)
    assert colours(chart, "line") == {"Actual": theme.CONTEXT, "Expected by the model": theme.ACCENT}
    assert [row["value"] for row in layer(chart, "line")["rows"]] == [1.0, 4.0, 6.0, 1.5, 3.5, 6.5]
    assert layer(chart, "rule")["rows"][0]["date"].startswith("2024-01-14")


def test_decades_of_weeks_are_thinned_and_the_last_is_kept():
    weeks = pl.DataFrame({"date": pl.date_range(date(1990, 1, 7), date(2020, 1, 5), "1w", eager=True)})
    table = weeks.with_columns(actual_cumulative=1.0, expected_cumulative=2.0, period=pl.lit("holdout"))
    rows = layer(validation.tracking(table, EN), "line")["rows"]
    assert len(rows) <= 2 * validation.MOST_POINTS
    assert max(row["date"] for row in rows).startswith("2020-01-05")


@pytest.mark.parametrize(
    ("draw", "column_name"), [(validation.by_frequency, "repeats"), (validation.by_decile, "decile")]
)
def test_calibration_has_three_marks_and_an_interval_for_each_part(draw, column_name):
    chart = draw(CALIBRATION.rename({"repeats": column_name}), EN)
    assert marks(chart) == ["rule", "point"]
    rows = layer(chart, "point")["rows"]
    assert len(rows) == 9
    assert {row["series"] for row in rows} == {"Actual", "Model", "Own rate carried forward"}
    interval = layer(chart, "rule")
    assert [(row["low"], row["high"]) for row in interval["rows"]] == [(0.0, 0.2), (0.7, 1.1), (2.5, 3.5)]
    assert len(set(channel(chart, "point", "shape")["scale"]["range"])) == 3


def test_gain_draws_the_model_its_baseline_and_the_best_and_no_other_method():
    chart = validation.gain(GAIN, EN)
    ranked = next(unit for unit in layers(chart) if "color" in unit["encoding"])
    assert {row["method"] for row in ranked["rows"]} == {"model", "naive", "best"}
    scale = ranked["encoding"]["color"]["scale"]
    assert dict(zip(scale["domain"], scale["range"], strict=True)) == {
        "Best possible": theme.CONTEXT,
        "Model": theme.ACCENT,
        "Own rate carried forward": theme.SECOND,
    }


def test_money_without_a_currency_has_none_on_its_axis():
    assert axis_titles(value.by_group(BY_GROUP, Words("en")))["x"] == "Expected value per customer"
    assert axis_titles(value.by_group(BY_GROUP, ZH))["x"] == "人均预期价值（¥）"
