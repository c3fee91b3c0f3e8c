import subprocess
import sys

import altair as alt
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from clvlab.charts import notebook, theme
from clvlab.charts.notebook import VEGA_LITE, plain_chart

ROWS = alt.Data(values=[{"item": "a", "count": 1}, {"item": "b", "count": 2}])
BARS = alt.Chart(ROWS).mark_bar().encode(x="count:Q", y="item:N")
SIZES = {"width": 720, "height": 300}


def titled(title="Two bars", subtitle="a and b", **size):
    return theme.mime_bundle(theme.titled(BARS.properties(**size), title, subtitle, "Bars of a and b"))


def test_a_chart_of_ours_travels_as_vega_lite_picture_and_text():
    data, metadata = titled(width="container")
    assert list(data) == [VEGA_LITE, "image/svg+xml", "text/plain"]
    assert data["text/plain"] == "Bars of a and b"
    assert metadata == {VEGA_LITE: {"embed_options": {"renderer": "svg"}}, "image/svg+xml": {"width": 720}}


def test_a_notebook_may_hold_the_bundle():
    data, metadata = titled()
    outputs = [new_output("display_data", data, metadata=metadata)]
    nbformat.validate(new_notebook(cells=[new_code_cell("", outputs=outputs)]))


def test_a_chart_as_wide_as_its_container_has_a_width_in_pixels_and_the_page_puts_it_back():
    spec = titled(width="container")[0][VEGA_LITE]
    assert spec["width"] == 720
    assert spec["autosize"] == {"type": "fit-x", "contains": "padding"}
    published = spec["usermeta"]["published"]
    assert published["width"] == "container"
    assert published["autosize"] is None


def test_a_chart_of_a_width_of_its_own_keeps_it():
    spec = titled(width=200)[0][VEGA_LITE]
    assert spec["width"] == 200
    assert set(spec["usermeta"]["published"]) == {"title"}


def test_a_chart_does_not_name_a_schema_newer_than_that_of_the_notebook():
    assert "$schema" not in titled()[0][VEGA_LITE]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("short", ["short"]),
        ("word " * 20, [("word " * 14).strip(), ("word " * 6).strip()]),
        ("冠" * 36, ["冠" * 35, "冠"]),
        # No line begins with a mark that ends a clause.
        ("冠" * 35 + "，军", ["冠" * 34, "冠，军"]),
        ("占" * 34 + "12.5%的客户", ["占" * 34, "12.5%的客户"]),
        ("x" * 100, ["x" * 100]),
    ],
)
def test_a_long_title_is_broken_into_lines_and_the_page_has_it_whole(text, lines):
    spec = titled(title=text)[0][VEGA_LITE]
    assert spec["title"]["text"] == lines
    assert spec["usermeta"]["published"]["title"]["text"] == text


def test_all_around_the_chart_is_in_the_ink_of_its_page():
    spec = titled()[0][VEGA_LITE]
    config = spec["config"]
    assert {config["text"]["color"], config["title"]["color"], config["axis"]["labelColor"]} == {notebook.INK}
    assert config["background"] == "transparent"
    assert '"#ffffff"' in titled()[0]["image/svg+xml"]


@pytest.mark.parametrize(
    ("sides", "fit"), [(["width"], "fit-x"), (["height"], "fit-y"), (["width", "height"], "fit"), ([], None)]
)
def test_a_plain_chart_has_a_size_in_pixels(sides, fit):
    spec = plain_chart(BARS.properties(**dict.fromkeys(sides, "container")))[0][VEGA_LITE]
    assert {side: spec.get(side) for side in sides} == {side: SIZES[side] for side in sides}
    assert spec.get("autosize", {}).get("type") == fit


def test_a_plain_chart_keeps_its_own_text_colour_and_fit():
    chart = BARS.properties(width="container", autosize="fit").configure_text(color="red")
    spec = plain_chart(chart)[0][VEGA_LITE]
    assert spec["config"]["text"] == {"color": "red"}
    assert spec["autosize"] == "fit"


def test_a_plain_chart_is_drawn_as_altair_is_told_to():
    with alt.renderers.enable("svg"):
        assert list(plain_chart(BARS)) == ["image/svg+xml"]
    with alt.renderers.set_embed_options(theme="dark"):
        assert plain_chart(BARS)[1][VEGA_LITE] == {"embed_options": {"renderer": "svg", "theme": "dark"}}


def test_a_plain_chart_of_data_at_an_address_has_no_picture():
    data, metadata = plain_chart(alt.Chart("http://127.0.0.1:9/rows.csv").mark_bar().encode(x="a:N"))
    assert list(data) == list(metadata) == [VEGA_LITE]


SHELL = """
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
import {first}
assert ("altair" in sys.modules) == ({first!r} == "altair")
import clvlab, altair as alt
chart = alt.Chart(alt.Data(values=[])).mark_bar()
for shown in (chart, chart + chart, chart | chart):
    data, _ = shell.display_formatter.format(shown)
    assert "application/vnd.vegalite.v5+json" in data, data
    assert "text/html" not in data
    assert data["text/plain"].startswith("alt.")
"""


@pytest.mark.parametrize("first", ["clvlab", "altair"])
def test_in_a_notebook_altair_draws_offline_whichever_is_imported_first(first, tmp_path):
    command = [sys.executable, "-W", "ignore", "-c", SHELL.format(first=first)]
    environment = {"PYTHONPATH": ":".join(sys.path), "IPYTHONDIR": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr


def test_outside_a_notebook_altair_stays_as_it_is():
    code = "import IPython, clvlab, altair; assert altair.renderers.active == 'default'"
    code += "; assert 'text/html' in altair.Chart(altair.Data(values=[])).mark_bar()._repr_mimebundle_()"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_on_a_dark_page_of_a_notebook_every_colour_of_ours_has_its_dark_one():
    sheet = theme.dark_notebook()
    for colour, dark in theme.DARK.items():
        assert f'[fill="{colour}"] {{ fill: {dark}; }}' in sheet
        assert f'[stroke="{colour}"] {{ stroke: {dark}; }}' in sheet
