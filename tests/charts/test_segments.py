"""Charts of segments, movement, profiles and base health: what is drawn is what the table says."""

import pytest

from clvlab.charts import base_health, movement, profiles, segments, theme
from clvlab.charts.colours import NOBODYS
from tests.charts.drawn import EN, ZH, axis_titles, channel, column, layer, layers, marks
from tests.charts.tables import GRID, GROUPS, LORENZ, MEETING, MONTHS, MOVES, ORDERS, PROFILES

# Shares of the groups


def test_each_group_with_customers_has_a_grey_bar_and_a_coloured_one():
    rows = layer(segments.shares(GROUPS, EN), "bar")["rows"]
    assert [(row["group"], row["of"], row["value"]) for row in rows] == [
        ("champions", "share_customers", 0.1),
        ("loyal", "share_customers", 0.3),
        ("lost", "share_customers", 0.6),
        ("champions", "share_spend", 0.5),
        ("loyal", "share_spend", 0.3),
        ("lost", "share_spend", 0.2),
    ]
    colour = channel(segments.shares(GROUPS, EN), "bar", "color")
    assert colour["condition"] == {"test": "datum.of == 'share_customers'", "value": theme.CONTEXT}


def test_groups_are_in_their_order_under_their_names():
    chart = segments.shares(GROUPS, ZH)
    assert channel(chart, "bar", "y")["sort"] == ["冠军客户", "忠诚客户", "已流失客户"]
    assert channel(chart, "bar", "yOffset")["sort"] == ["客户占比", "消费占比"]


def test_the_longest_bar_leaves_room_for_its_label():
    assert channel(segments.shares(GROUPS, EN), "bar", "x")["scale"]["domainMax"] == pytest.approx(0.69)
    assert channel(segments.shares(GROUPS.clear(), EN), "bar", "x")["scale"]["domainMax"] == 1
    assert column(segments.shares(GROUPS, EN), "text", "label")[:2] == ["10%", "30%"]


# R x F


def test_a_cell_of_the_map_has_its_share_and_its_number_of_customers():
    chart = segments.grid(GRID, EN)
    assert marks(chart) == ["rect", "text", "text"]
    assert column(chart, "text", "label") == ["6.0%", "3.0%", "91.0%"]
    assert column(chart, "text", "count") == ["60", "30", "1.2K"]
    assert channel(chart, "rect", "color")["scale"] == {"range": list(theme.SEQUENTIAL), "domainMin": 0}


def test_recent_buyers_are_on_top_and_frequent_ones_to_the_right():
    chart = segments.grid(GRID, EN)
    assert channel(chart, "rect", "y")["sort"] == "descending"
    assert "sort" not in channel(chart, "rect", "x")
    assert axis_titles(chart)["y"].startswith("Recency score")


# Movement


def test_rows_are_groups_before_and_columns_groups_now_in_one_order():
    chart = movement.moves(MOVES, EN)
    order = ["Champions", "Lost", "At risk"]
    assert channel(chart, "rect", "x")["sort"] == channel(chart, "rect", "y")["sort"] == order
    assert [(row["before"], row["after"], row["label"]) for row in layer(chart, "rect")["rows"]] == [
        ("Champions", "Champions", "70%"),
        ("Champions", "At risk", "30%"),
        ("Lost", "Lost", "100%"),
    ]


def test_shades_of_movement_run_from_nobody_to_all():
    assert channel(movement.moves(MOVES, EN), "rect", "color")["scale"]["domain"] == [0, 1]


@pytest.mark.parametrize(("draw", "table"), [(movement.moves, MOVES), (profiles.segments, MEETING)])
def test_a_map_asks_for_the_more_room_the_more_columns_it_has(draw, table):
    whole, part = (draw(rows, EN).to_dict()["usermeta"]["narrowest"] for rows in (table, table.head(1)))
    assert whole > part > 200


# Profiles


def test_the_average_is_100_and_intervals_are_around_the_dots():
    chart = profiles.attributes(PROFILES, EN)
    assert marks(chart) == ["bar", "circle", "rule"]
    assert layer(chart, "rule")["encoding"]["x"] == {"datum": 100}
    assert [(row["low"], row["index"], row["high"]) for row in layer(chart, "circle")["rows"]] == [
        (pytest.approx(110), pytest.approx(120), pytest.approx(130)),
        (pytest.approx(60), pytest.approx(80), pytest.approx(100)),
        (pytest.approx(90), pytest.approx(100), pytest.approx(110)),
    ]
    assert channel(chart, "circle", "x")["scale"] == {"zero": False}


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (EN, ["Gender · female", "Gender · All others", "our_own · x"]),
        (ZH, ["性别 · 女", "性别 · 其他", "our_own · x"]),
    ],
)
def test_attributes_and_values_are_named_in_the_readers_language(words, names):
    assert channel(profiles.attributes(PROFILES, words), "circle", "y")["sort"] == names


def test_the_line_of_the_average_is_nothing_to_read_out():
    assert layer(profiles.attributes(PROFILES, EN), "rule")["mark"]["aria"] is False


def test_groups_of_a_value_are_from_best_to_worst_and_those_without_a_rank_last():
    chart = profiles.segments(MEETING, EN)
    assert channel(chart, "rect", "x")["sort"] == ["Champions", "Lost", "Prospects"]
    assert column(chart, "text", "label") == ["75", "25", "100", "100"]
    assert channel(chart, "rect", "y")["sort"] == ["Gender · female", "Gender · All others", "our_own · x"]


# Base health


def test_customers_by_number_of_purchases_are_in_the_order_of_the_table():
    chart = base_health.orders(ORDERS, EN)
    assert marks(chart) == ["bar", "text"]
    assert column(chart, "bar", "purchases") == ["1", "2", "10+"]
    assert channel(chart, "bar", "x")["sort"] is None
    assert column(chart, "text", "label") == ["50%", "30%", "20%"]
    assert axis_titles(chart) == {"x": "Purchases", "y": "Customers"}


def test_concentration_marks_the_best_fifth():
    chart = base_health.lorenz(LORENZ, EN)
    assert marks(chart) == ["line", "line", "circle", "text"]
    assert layer(chart, "circle")["rows"] == [{"customers": 0.2, "spend": 0.67, "label": "67%"}]
    equal = layers(chart)[0]
    assert equal["encoding"]["x"]["field"] == equal["encoding"]["y"]["field"] == "customers"
    assert equal["mark"]["color"] == NOBODYS


def test_months_stack_repeat_purchases_below_first_ones():
    chart = base_health.months(MONTHS, EN)
    series = ["Repeat purchases", "First purchases"]
    assert channel(chart, "bar", "color")["scale"] == {"domain": series, "range": [theme.ACCENT, theme.CONTEXT]}
    assert [(row["series"], row["value"]) for row in layer(chart, "bar")["rows"]] == [
        ("First purchases", 10.0),
        ("First purchases", 5.0),
        ("Repeat purchases", 0.0),
        ("Repeat purchases", 7.0),
    ]
