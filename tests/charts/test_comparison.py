"""Charts of a comparison: what is drawn is what the table says."""

import polars as pl
import pytest

from clvlab.charts import comparison, theme
from clvlab.charts.comparison import ROLES
from tests.charts.drawn import EN, ZH, axis_titles, channel, colours, column, layer, layers, marks
from tests.charts.tables import CURVE, GINI, GROUP_SPEND, PAIRS, STABILITY


def test_each_strategy_has_its_dot_interval_and_name():
    chart = comparison.gini(GINI, EN)
    assert marks(chart) == ["rule", "rule", "point", "text", "text"]
    assert [(row["name"], row["low"], row["value"], row["high"]) for row in layer(chart, "point")["rows"]] == [
        ("RFM segments (recency × frequency)", 0.5, 0.58, 0.64),
        ("One group", -0.02, 0.0, 0.02),
    ]
    # On the right of the chart the name comes before the interval, on the left after it.
    before, after = (unit for unit in layers(chart) if unit["mark"]["type"] == "text")
    assert [row["far"] for row in before["rows"]] == [True, False]
    assert (before["transform"], before["encoding"]["x"]["field"]) == ([{"filter": "datum.far"}], "low")
    assert (after["transform"], after["encoding"]["x"]["field"]) == ([{"filter": "!datum.far"}], "high")


def test_what_a_strategy_is_to_the_recommendation_is_its_colour():
    assert colours(comparison.gini(GINI, EN), "point") == ROLES
    label = channel(comparison.gini(GINI, ZH), "point", "color")["legend"]["labelExpr"]
    assert "'recommended' ? '推荐'" in label


def test_the_chart_grows_with_the_number_of_strategies():
    heights = [comparison.gini(table, EN).to_dict()["height"] for table in (GINI, GINI.head(1))]
    assert heights[0] == 2 * heights[1] > 40


def test_groups_have_what_they_spent_with_its_interval_and_what_was_expected():
    chart = comparison.spend(GROUP_SPEND, EN)
    assert marks(chart) == ["rule", "point"]
    assert [(row["name"], row["series"], row["mean"]) for row in layer(chart, "point")["rows"]] == [
        ("Champions", "Actual", 194.0),
        ("Lost", "Actual", 4.0),
        ("Champions", "Expected from other customers", 170.0),
        ("Lost", "Expected from other customers", 5.0),
    ]
    assert axis_titles(chart)["x"] == "Mean spend per customer in the holdout ($)"


def test_the_two_bounds_are_grey_and_dashed_and_have_names_of_their_own():
    chart = comparison.curve(CURVE, EN)
    drawn = colours(chart, "line")
    assert drawn["At random"] == drawn["Perfect knowledge"] == theme.CONTEXT
    assert drawn["RFM segments (recency × frequency)"] == theme.ACCENT
    assert {row["name"]: row["bound"] for row in layer(chart, "line")["rows"]} == {
        "RFM segments (recency × frequency)": False,
        "At random": True,
        "Perfect knowledge": True,
    }


def test_only_the_recommended_strategy_is_named_on_the_map_of_stability():
    chart = comparison.stability(STABILITY, EN)
    named = next(unit for unit in layers(chart) if unit["mark"]["type"] == "text")
    assert named["transform"] == [{"filter": "datum.role == 'recommended'"}]
    assert axis_titles(chart) == {
        "x": "Stability (1 = the same groups)",
        "y": "Gini in the holdout (0 = chance)",
    }


def test_agreement_is_a_square_with_its_figure_in_each_cell():
    chart = comparison.pairs(PAIRS, EN)
    order = ["RFM segments (recency × frequency)", "ABC classes"]
    assert channel(chart, "rect", "x")["sort"] == channel(chart, "rect", "y")["sort"] == order
    assert column(chart, "text", "label") == ["1.00", "0.30", "0.30", "1.00"]
    assert channel(chart, "rect", "color")["scale"]["domain"] == [0, 1]


@pytest.mark.parametrize("strategies", [1, 12, 40])
def test_agreement_asks_for_the_room_that_its_figures_need(strategies):
    names = [f"s{place}" for place in range(strategies)]
    table = pl.DataFrame({"strategy": names, "other": names, "agreement": [1.0] * strategies})
    room = comparison.pairs(table, EN).to_dict()["usermeta"]["narrowest"]
    assert room == comparison.NAMES_WIDTH + strategies * comparison.CELL_WIDTH
