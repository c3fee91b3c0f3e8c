"""Which column every mark of a chart reads, and what a reader is told who points at it."""

import polars as pl
import pytest

from clvlab.charts import base_health, cohorts, comparison, movement, theme, validation
from tests.charts.drawn import EN, ZH, axis_titles, channel, colours, column, layer, layers
from tests.charts.tables import CALIBRATION, CHARTS, CURVE, FORECASTS, GROUP_SPEND, MONTHS, MOVES, RETENTION, TRACKING

READ = {
    "base_health.orders": ["bar x=purchases y=customers", "text x=purchases y=customers text=label"],
    "base_health.lorenz": [
        "line x=customers y=customers",
        "line x=customers y=spend",
        "circle x=customers y=spend",
        "text x=customers y=spend text=label",
    ],
    "base_health.months": ["bar x=month y=value color=series"],
    "bridge.period": [
        "bar x=low x2=high y=name color=colour",
        "text x=low y=name text=label",
        "text x=high y=name text=label",
    ],
    "bridge.year": [
        "bar x=low x2=high y=name color=colour",
        "text x=low y=name text=label",
        "text x=high y=name text=label",
    ],
    "cohorts.retention": ["rect x=age y=cohort color=share", "text x=age y=cohort text=label"],
    "cohorts.spend": ["line x=age y=spend opacity=cohort"],
    "comparison.gini": [
        "rule x=value",
        "rule x=low x2=high y=name color=role",
        "point x=value y=name color=role",
        "text x=low y=name text=name",
        "text x=high y=name text=name",
    ],
    "comparison.spend": ["rule x=low x2=high y=name", "point x=mean y=name color=series shape=series"],
    "comparison.curve": ["line x=share y=reached color=name", "point x=share y=reached color=name"],
    "comparison.stability": [
        "point x=stability_resamples y=gini color=role",
        "text x=stability_resamples y=gini color=role text=name",
    ],
    "comparison.pairs": ["rect x=other_name y=name color=agreement", "text x=other_name y=name text=label"],
    "gems.quadrants": [
        "rect x=potential y=value color=share_clv",
        "text x=potential y=value text=name",
        "text x=potential y=value text=count",
        "text x=potential y=value text=worth",
    ],
    "movement.moves": ["rect x=after y=before color=share", "text x=after y=before text=label"],
    "outlook.course": ["bar x=day y=value color=series", "rule x=day y=low y2=high"],
    "profiles.attributes": ["bar x=low x2=high y=name", "circle x=index y=name", "rule"],
    "profiles.segments": ["rect x=of y=name color=share", "text x=of y=name text=label"],
    "segments.grid": [
        "rect x=f_score y=r_score color=share_customers",
        "text x=f_score y=r_score text=label",
        "text x=f_score y=r_score text=count",
    ],
    "segments.shares": [
        "bar x=value y=name yOffset=series color=group",
        "text x=value y=name yOffset=series text=label",
    ],
    "structure.groups": ["line x=end y=name yOffset=share", "line x=end y=name yOffset=share color=group"],
    "validation.tracking": [
        "rule x=date",
        "text x=date text=label",
        "line x=date y=value color=series strokeDash=series",
    ],
    "validation.by_frequency": ["rule x=repeats y=low y2=high", "point x=repeats y=value color=series shape=series"],
    "validation.by_decile": ["rule x=decile y=low y2=high", "point x=decile y=value color=series shape=series"],
    "validation.forecasts": [
        "rule x=day y=honest_low y2=honest_high",
        "point x=day y=value color=series shape=series",
    ],
    "validation.gain": [
        "line x=share_customers y=share_customers",
        "line x=share_customers y=share_actual color=series strokeDash=series",
    ],
    "value.distribution": ["rect x=low x2=high y=customers"],
    "value.by_group": [
        "bar x=low x2=high y=name color=group",
        "circle x=clv_mean y=name color=group",
        "text x=end y=name text=label",
    ],
    "value.deciles": ["bar x=decile y=share", "text x=decile y=share text=label"],
}
POINTED_AT = {
    "base_health.orders": ["purchases: Purchases", "customers: Customers (,)", "share: Share (.1%)"],
    "base_health.lorenz": ["customers: Best customers, share of all (.0%)", "spend: Share of spend (.1%)"],
    "base_health.months": ["month: Month (%Y-%m)", "series: Series", "value: Revenue ($) (,.0f)"],
    "bridge.period": ["name: Series", "change: Revenue ($) (,.0f)"],
    "bridge.year": ["name: Series", "change: Revenue ($) (,.0f)"],
    "cohorts.retention": [
        "cohort: First purchase in",
        "age: Months since the first purchase",
        "customers: Customers (,)",
        "share: Share (.1%)",
    ],
    "cohorts.spend": [
        "cohort: First purchase in",
        "age: Months since the first purchase",
        "spend: Cumulative spend per customer ($) (,.0f)",
    ],
    "comparison.gini": [
        "name: Grouping",
        "value: Gini (.3f)",
        "low: Low (95%) (.3f)",
        "high: High (95%) (.3f)",
    ],
    "comparison.spend": [
        "name: Group",
        "n: Customers (,)",
        "series: Series",
        "mean: Mean spend per customer in the holdout ($) (,.1f)",
    ],
    "comparison.curve": [
        "name: Grouping",
        "contacts: Contacts (,)",
        "reached: Share of the holdout reached (.1%)",
        "low: Low (95%) (.1%)",
        "high: High (95%) (.1%)",
    ],
    "comparison.stability": [
        "name: Grouping",
        "gini: Gini (.3f)",
        "stability_resamples: Stability (resamples) (.3f)",
        "n_groups: Groups (,.0f)",
    ],
    "comparison.pairs": ["name: Grouping", "other_name: Other grouping", "agreement: Agreement (.2f)"],
    "gems.quadrants": [
        "name: Quadrant",
        "customers: Customers (,)",
        "share_customers: Share of customers (.1%)",
        "share_clv: Share of value (.1%)",
    ],
    "movement.moves": [
        "before: Before",
        "after: Now",
        "customers: Customers (,)",
        "share: Share of the group before (.1%)",
    ],
    "outlook.course": ["day: Period to", "series: Series", "value: Spend ($) (,.0f)"],
    "profiles.attributes": [
        "name: Attribute",
        "customers: Customers (,)",
        "index: Spend per customer, average = 100 (.0f)",
        "low: From (.0f)",
        "high: To (.0f)",
    ],
    "profiles.segments": ["name: Attribute", "of: Group", "customers: Customers (,)", "share: Share (.1%)"],
    "segments.grid": [
        "r_score: Recency score (5 = bought most recently)",
        "f_score: Frequency score (5 = buys most often)",
        "customers: Customers (,)",
        "share_customers: Share of customers (.1%)",
        "share_spend: Share of spend (.1%)",
    ],
    "segments.shares": ["name: Group", "series: Series", "value: Share (.1%)", "customers: Customers (,)"],
    "structure.groups": [
        "name: Group",
        "end: Period to",
        "series: Series",
        "share: Share (.1%)",
        "customers: Customers (,)",
    ],
    "validation.tracking": [
        "date: Week to (%Y-%m-%d)",
        "series: Series",
        "value: Cumulative repeat purchases (,.0f)",
    ],
    "validation.by_frequency": [
        "repeats: Repeat purchases before the cutoff",
        "customers: Customers (,)",
        "series: Series",
        "value: Mean purchases in the holdout (.2f)",
    ],
    "validation.by_decile": [
        "decile: Tenth of the customers (1 = highest prediction)",
        "customers: Customers (,)",
        "series: Series",
        "value: Mean purchases in the holdout (.2f)",
    ],
    "validation.forecasts": ["day: Forecast made on", "series: Series", "value: Spend ($) (,.0f)"],
    "validation.gain": [
        "series: Series",
        "share_customers: Customers, from the top of the ranking (.0%)",
        "share_actual: Share of what the holdout brought (.0%)",
    ],
    "value.distribution": ["low: From (,.0f)", "high: To (,.0f)", "customers: Customers (,)"],
    "value.by_group": [
        "name: Group",
        "customers: Customers (,)",
        "clv_mean: Expected value per customer (,.2f)",
        "low: Lower quartile (,.2f)",
        "high: Upper quartile (,.2f)",
    ],
    "value.deciles": [
        "decile: Part of the customers (1 = most valuable)",
        "customers: Customers (,)",
        "share: Share of expected value (.1%)",
        "mean: Expected value per customer (,.2f)",
    ],
}
PLACES = ("x", "x2", "y", "y2", "yOffset", "color", "opacity", "shape", "strokeDash", "text")


def read(unit):
    """The mark of a layer, and the column that each of its channels reads."""
    of = {place: unit["encoding"].get(place, {}).get("field") for place in PLACES}
    return " ".join([unit["mark"]["type"], *(f"{place}={field}" for place, field in of.items() if field)])


def told(tooltip):
    """Column, title and format of a line of a tooltip."""
    form = f" ({tooltip['format']})" if "format" in tooltip else ""
    return f"{tooltip['field']}: {tooltip['title']}{form}"


@pytest.mark.parametrize("name", CHARTS)
def test_every_mark_reads_its_columns(name):
    draw, table = CHARTS[name]
    assert [read(unit) for unit in layers(draw(table, EN))] == READ[name]


@pytest.mark.parametrize("name", CHARTS)
def test_whoever_points_at_a_mark_is_told_its_figures_under_their_names(name):
    draw, table = CHARTS[name]
    tooltips = [unit["encoding"]["tooltip"] for unit in layers(draw(table, EN)) if "tooltip" in unit["encoding"]]
    assert tooltips
    assert all([told(line) for line in tooltip] == POINTED_AT[name] for tooltip in tooltips)


# Figures without money


def test_groups_of_a_log_without_amounts_are_compared_by_their_purchases():
    chart = comparison.spend(GROUP_SPEND.with_columns(measure=pl.lit("purchases")), EN)
    assert axis_titles(chart)["x"] == "Mean purchases per customer in the holdout"
    assert told(channel(chart, "point", "tooltip")[3]).startswith(
        "mean: Mean purchases per customer in the holdout ("
    )


# Colours, shapes and dashes that go together


def looks(chart, mark, name):
    """What each value of a scale of that channel is drawn with."""
    scale = channel(chart, mark, name)["scale"]
    return dict(zip(scale["domain"], scale["range"], strict=True))


def test_what_was_expected_is_dashed_and_what_happened_is_not():
    assert looks(validation.tracking(TRACKING, EN), "line", "strokeDash") == {
        "Actual": [1, 0],
        "Expected by the model": [6, 3],
    }


def test_calibration_tells_its_marks_apart_by_colour_and_by_shape():
    chart = validation.by_frequency(CALIBRATION, EN)
    assert colours(chart, "point") == {
        "Actual": "#555555",
        "Model": theme.ACCENT,
        "Own rate carried forward": theme.SECOND,
    }
    assert looks(chart, "point", "shape") == {
        "Actual": "circle",
        "Model": "diamond",
        "Own rate carried forward": "triangle-up",
    }


def test_forecasts_tell_their_marks_apart_by_colour_and_by_shape():
    chart = validation.forecasts(FORECASTS, ZH)
    names = list(colours(chart, "point"))
    assert list(colours(chart, "point").values()) == ["#555555", theme.ACCENT, theme.SECOND]
    assert looks(chart, "point", "shape") == dict(zip(names, ["circle", "diamond", "triangle-up"], strict=True))


def test_what_groups_spent_and_what_was_expected_differ_in_colour_and_shape():
    chart = comparison.spend(GROUP_SPEND, EN)
    assert colours(chart, "point") == {"Actual": theme.ACCENT, "Expected from other customers": theme.SECOND}
    assert looks(chart, "point", "shape") == {"Actual": "circle", "Expected from other customers": "diamond"}


def test_the_best_strategy_on_the_curve_is_fainter_and_a_ranking_of_another_hue():
    codes = {"rfm11": "recommended", "abc": "contender", "ranked_rate": "baseline", "random": "contender"}
    table = pl.concat(
        CURVE.head(2).with_columns(strategy=pl.lit(code), role=pl.lit(role)) for code, role in codes.items()
    )
    assert list(colours(comparison.curve(table, EN), "line").values()) == [
        theme.ACCENT,
        "#8fb3d3",
        theme.SECOND,
        theme.CONTEXT,
    ]
    dash = channel(comparison.curve(table, EN), "line", "strokeDash")
    assert dash == {"condition": {"test": "datum.bound", "value": [4, 4]}, "value": [1, 0]}


# What is written on a chart


def test_the_day_of_the_cut_is_named_in_the_readers_language():
    named = [column(validation.tracking(TRACKING, words), "text", "label") for words in (EN, ZH)]
    assert named == [["Model fitted up to here"], ["模型拟合截止"]]


def test_a_cell_of_movement_below_half_a_per_cent_is_shaded_and_not_numbered():
    chart = movement.moves(MOVES, EN)
    numbered = layer(chart, "text")
    assert numbered["transform"] == [{"filter": "datum.share >= 0.005"}]
    assert "transform" not in layer(chart, "rect")


def test_a_group_that_only_newcomers_are_in_is_one_column_at_the_end():
    table = pl.DataFrame(
        {
            "before": ["lost", "loyal", "loyal"],
            "after": ["champions", "champions", "lost"],
            "customers": [1, 1, 1],
            "share": [1.0, 0.5, 0.5],
        }
    )
    chart = movement.moves(table, EN)
    assert channel(chart, "rect", "x")["sort"] == ["Lost", "Loyal", "Champions"]
    assert chart.to_dict()["usermeta"]["narrowest"] == movement.NAMES_WIDTH + 3 * movement.CELL_WIDTH


def test_first_and_later_purchases_are_named_in_the_readers_language():
    assert column(base_health.months(MONTHS, ZH), "bar", "series") == ["首次购买"] * 2 + ["重复购买"] * 2


def test_a_share_of_a_cohort_is_rounded_to_a_whole_per_cent():
    table = RETENTION.with_columns(share=pl.Series([1.0, 0.126, 0.004, 1.0, 0.995]))
    assert column(cohorts.retention(table, EN), "text", "label") == ["13", "0", "100"]
