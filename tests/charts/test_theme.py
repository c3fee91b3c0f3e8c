"""The look that all charts share: axes in the reader's language, money in its currency, room where it is needed."""

import json

import altair as alt
import polars as pl
import pytest

from clvlab.charts import theme
from clvlab.charts.notebook import VEGA_LITE
from clvlab.charts.picture import draw
from clvlab.wording import Words
from tests.charts.drawn import EN, ZH

BARS = alt.Chart(pl.DataFrame({"a": ["x", "y"], "n": [1.0, 2.0]})).mark_bar().encode(x="a:N", y="n:Q")


def labels_of(kind, words, top):
    """The texts that an axis of that kind writes at 0 and at the top of a scale."""
    table = pl.DataFrame({"n": [0.0, top]})
    axis = theme.axis(words, kind, values=[0, top]) if kind == "short" else theme.axis(words, kind)
    chart = alt.Chart(table).mark_point().encode(x=alt.X("n:Q", axis=axis, scale=alt.Scale(domain=[0, top])))
    return draw(chart.properties(width=600).to_dict()).data


@pytest.mark.parametrize(
    ("words", "top", "text"),
    [
        (EN, 400.0, ">400<"),
        (EN, 41_000.0, ">41k<"),
        (EN, 1_200_000.0, ">1.2M<"),
        (ZH, 4_000.0, ">4000<"),
        (ZH, 41_000.0, ">4.1万<"),
        (ZH, 200_000_000.0, ">2亿<"),
    ],
)
def test_an_axis_is_written_in_the_short_manner_of_its_language(words, top, text):
    assert text in labels_of("short", words, top)


def test_an_axis_of_shares_is_written_in_per_cent():
    svg = labels_of("pct", EN, 1.0)
    assert ">0%<" in svg
    assert ">100%<" in svg


@pytest.mark.parametrize(
    ("words", "title"),
    [(EN, "Revenue ($)"), (ZH, "Revenue（¥）"), (Words("zh", "USD"), "Revenue（US$）"), (Words("en"), "Revenue")],
)
def test_money_names_its_currency_where_the_run_has_one(words, title):
    assert theme.in_currency("Revenue", words) == title


@pytest.mark.parametrize(
    ("values", "end"), [([1.0, 4.0], 4.6), ([None, 2.0], 2.3), ([0.0], 1.0), ([], 1.0), ([None], 1.0)]
)
def test_the_longest_bar_leaves_room_for_a_label(values, end):
    assert theme.room_for_labels(pl.Series(values, dtype=pl.Float64)) == pytest.approx(end)


def test_what_a_chart_needs_travels_with_it_and_its_dark_colours_as_well():
    chart = theme.titled(BARS.properties(usermeta=theme.at_least(500)), "Title", "subtitle", "Bars")
    bundle, _ = theme.mime_bundle(chart)
    meta = bundle[VEGA_LITE]["usermeta"]
    assert meta["narrowest"] == 500
    assert meta["dark"] == theme.DARK | theme.DARK_MAPS
    json.dumps(bundle[VEGA_LITE])


def test_a_chart_that_fits_anywhere_asks_for_nothing():
    bundle, _ = theme.mime_bundle(theme.titled(BARS, "Title", "subtitle", "Bars"))
    assert "narrowest" not in bundle[VEGA_LITE]["usermeta"]


def test_labels_of_a_measured_axis_give_way_to_each_other_and_names_do_not():
    assert theme.CONFIG["axisQuantitative"]["labelOverlap"] == "greedy"
    assert "labelOverlap" not in theme.CONFIG["axis"]
