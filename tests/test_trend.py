"""A figure over several days, as a small line."""

import re
from datetime import date

import pytest

from clvlab.trend import HEIGHT, WIDTH, Trend
from clvlab.wording import Words


def test_a_line_goes_from_edge_to_edge_and_up_where_the_figure_does():
    points = Trend("customers", "int", ["a", "b", "c"], [1.0, 3.0, 2.0]).points
    places = [tuple(map(float, point.split(","))) for point in points.split()]
    assert [x for x, _ in places] == [0, WIDTH / 2, WIDTH]
    assert [y for _, y in places] == [HEIGHT - 2, 2, HEIGHT / 2]
    assert Trend("customers", "int", ["a", "b"], [5.0, 5.0]).points == "0.0,14.0 120.0,14.0"


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", "from $1.2K on 31 January 2024 to $900 on 29 February 2024"),
        ("zh", "2024年1月31日为US$1,200，2024年2月29日为US$900"),
    ],
)
def test_a_line_is_told_to_those_who_do_not_see_it(lang, said):
    svg = Trend("clv", "money", [date(2024, 1, 31), date(2024, 2, 29)], [1_200.0, 900.0]).svg(Words(lang, "USD"))
    assert re.search('role="img" aria-label="(.*?)"', svg)[1] == said
    assert re.search("<title>(.*?)</title>", svg)[1] == said


def test_what_bites_in_a_day_stays_inert():
    assert "<b>" not in Trend("clv", "int", ["<b>", "x"], [1.0, 2.0]).svg(Words("en"))
