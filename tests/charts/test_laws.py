"""What holds for every chart, whatever it draws."""

import inspect
import re

import pytest

from clvlab.charts import (
    base_health,
    bridge,
    cohorts,
    comparison,
    gems,
    movement,
    outlook,
    profiles,
    segments,
    structure,
    theme,
    validation,
    value,
)
from clvlab.presentation import Chart
from clvlab.presentation.comparison import PAGES as COMPARISON
from clvlab.presentation.segmentation import PAGES as SEGMENTATION
from clvlab.wording import Words
from tests.charts.drawn import EN, ZH, axis_titles, channels, fields, layers, picture
from tests.charts.tables import CHARTS, GROUPS

MODULES = (
    base_health,
    bridge,
    cohorts,
    comparison,
    gems,
    movement,
    outlook,
    profiles,
    segments,
    structure,
    validation,
    value,
)
SIZES = {"whole": lambda table: table, "one row": lambda table: table.head(1), "empty": lambda table: table.clear()}
EVERY = pytest.mark.parametrize(("draw", "table"), CHARTS.values(), ids=CHARTS)
LENGTHS = re.compile(r"^[a-z]+(_[a-z0-9]+)*$")


def test_every_chart_of_the_package_and_of_the_pages_is_tried_here():
    tried = {draw for draw, _ in CHARTS.values()}
    written = {
        function
        for module in MODULES
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    }
    assert tried == written
    on_pages = [block for pages in (SEGMENTATION, COMPARISON) for blocks in pages.values() for block in blocks]
    assert {block.draw for block in on_pages if isinstance(block, Chart)} == tried


@EVERY
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("words", [EN, ZH], ids=["en", "zh"])
def test_a_chart_can_be_drawn_of_any_number_of_rows(draw, table, size, words):
    drawn = picture(draw(SIZES[size](table), words))
    assert drawn.mime == "image/svg+xml"
    assert "NaN" not in drawn.data


@EVERY
def test_a_mark_reads_only_columns_that_its_rows_have(draw, table):
    for unit in layers(draw(table, EN)):
        if unit["rows"]:
            assert fields(unit) <= set(unit["rows"][0])


@EVERY
def test_a_chart_draws_every_row_that_has_something_to_show(draw, table):
    assert max(len(unit["rows"]) for unit in layers(draw(table, EN))) >= len(table) / 2


@EVERY
@pytest.mark.parametrize("words", [EN, ZH], ids=["en", "zh"])
def test_an_axis_and_a_tooltip_are_titled_in_words_and_never_by_a_column(draw, table, words):
    chart = draw(table, words)
    titles = [given["title"] for unit in layers(chart) for given in channels(unit) if given.get("title")]
    titles = [line for title in titles for line in ([title] if isinstance(title, str) else title)]
    assert titles
    assert not [title for title in titles if LENGTHS.match(title)]
    if words is ZH:
        assert all(re.search("[\u4e00-\u9fff]", title) for title in titles)


@EVERY
def test_whatever_is_measured_has_a_titled_axis(draw, table):
    titles = axis_titles(draw(table, EN))
    for unit in layers(draw(table, EN)):
        for name in ("x", "y"):
            if unit["encoding"].get(name, {}).get("type") == "quantitative":
                assert name in titles


@EVERY
def test_text_in_a_chart_is_large_enough_to_read(draw, table):
    sizes = [unit["mark"].get("fontSize") for unit in layers(draw(table, EN)) if unit["mark"]["type"] == "text"]
    assert all(size is None or size >= theme.SMALLEST_TEXT for size in sizes)
    configured = [theme.CONFIG["text"]["fontSize"], theme.CONFIG["legend"]["labelFontSize"]]
    configured += [theme.CONFIG["axis"][name] for name in ("labelFontSize", "titleFontSize")]
    assert min(configured) >= theme.SMALLEST_TEXT


@EVERY
def test_a_chart_takes_the_width_of_its_page(draw, table):
    assert draw(table, EN).to_dict()["width"] == "container"


@pytest.mark.parametrize(
    "name",
    [
        *("base_health.months", "bridge.period", "cohorts.spend", "outlook.course"),
        *("validation.forecasts", "value.distribution", "value.by_group"),
    ],
)
def test_an_axis_of_money_says_in_which_currency(name):
    draw, table = CHARTS[name]
    said = {lang: str(axis_titles(draw(table, words))) for lang, words in (("en", EN), ("zh", ZH))}
    assert "($)" in said["en"]
    assert "（¥）" in said["zh"]
    assert "($)" not in str(axis_titles(draw(table, Words("en"))))


def test_a_chart_of_what_is_there_leaves_no_trace_in_its_table():
    before = GROUPS.clone()
    segments.shares(GROUPS, EN)
    assert GROUPS.equals(before)
