"""Both notebooks as an analyst sees them in JupyterLab, without a network. Run by `make browser`."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from clvlab.charts import theme
from clvlab.charts.notebook import VEGA_LITE
from tests.browser.conftest import ROOT
from tests.browser.jupyterlab import SECONDS, run_all

pytestmark = pytest.mark.browser

FEW = {
    "segmentation_report": 'source = "cdnow_sample"',
    "strategy_comparison": 'strategies, rounds = ["rfm11", "value_tiers", "abc"], 20',
}
"""Parameters that keep a run short."""
CHARTS = {"segmentation_report": 15, "strategy_comparison": 5}
"""How many charts a notebook has at least."""
OWN = """
rows = [{"item": "a", "count": 1}, {"item": "b", "count": 2}]
bars = alt.Chart(alt.Data(values=rows)).mark_bar().encode(x="count:Q", y="item:N")
(bars + bars.mark_text(dx=9).encode(text="count:Q")).properties(width="container", height="container")
"""
"""A chart by Altair alone."""
MONEY = 'from clvlab.presentation import Fragment\nFragment("<p>From $1 to $2</p>", "from $1 to $2")'

# The contrast of each text with what it stands on, or of each drawn colour with the page.
CONTRASTS = """(elements, property) => {
  const channels = (colour) => {
    const [red, green, blue, alpha = 1] = colour.match(/[\\d.]+/g).map(Number);
    return [red, green, blue, alpha];
  };
  const over = ([red, green, blue, alpha], under) =>
    [red, green, blue].map((value, place) => alpha * value + (1 - alpha) * under[place]);
  const ground = (element) => {
    if (!element) return [255, 255, 255];
    const colour = channels(getComputedStyle(element).backgroundColor);
    return colour[3] === 1 ? colour.slice(0, 3) : over(colour, ground(element.parentElement));
  };
  const light = (rgb) => {
    const linear = (value) => (value <= 10 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear(rgb[0]) + 0.7152 * linear(rgb[1]) + 0.0722 * linear(rgb[2]);
  };
  return elements.map((element) => {
    const under = ground(element);
    const both = [light(over(channels(getComputedStyle(element)[property]), under)), light(under)];
    return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
  });
}"""


def copied(name, folder):
    """A copy of a notebook of ours that runs fast, with money, a chart by Altair and a formula at its end."""
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", 4)
    place = next(i for i, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", []))
    # One notebook imports Altair before clvlab, the other after it.
    first = name == "strategy_comparison"
    notebook.cells.insert(place + 1, new_code_cell(FEW[name] + ("\nimport altair as alt" if first else "")))
    notebook.cells += [
        new_code_cell(MONEY),
        new_code_cell(OWN if first else "import altair as alt\n" + OWN),
        new_markdown_cell("$x^2$"),
    ]
    path = folder / f"{name}.ipynb"
    nbformat.write(notebook, path)
    return path


@pytest.fixture(scope="module", params=FEW)
def ran(request, lab, visit_lab):
    """A notebook all of whose cells were run in JupyterLab: its name, and the outputs that were saved."""
    path = copied(request.param, lab[1])
    page = visit_lab(request.param, "light")
    outputs = run_all(page, path)
    assert [output.evalue for output in outputs if output.output_type == "error"] == []
    return request.param, outputs


@pytest.fixture(scope="module", params=["light", "dark"])
def page(request, ran, visit_lab):
    """The notebook opened again, all of its charts and formulas drawn."""
    name, outputs = ran
    page = visit_lab(name, request.param)
    every_chart = "n => document.querySelectorAll('.jp-RenderedVegaCommon5').length === n"
    page.wait_for_function(every_chart, arg=charts_in(outputs), timeout=1000 * SECONDS)
    charts = page.locator(".jp-RenderedVegaCommon5")
    for place in range(charts.count()):
        charts.nth(place).scroll_into_view_if_needed()
        charts.nth(place).locator("svg.marks").wait_for(timeout=20_000)
    page.locator(".jp-MarkdownOutput mjx-container").last.wait_for(timeout=20_000)
    return page


def charts_in(outputs):
    """How many charts the saved outputs hold."""
    return sum(VEGA_LITE in output.get("data", {}) for output in outputs)


def contrasts(page, selector, css):
    """The contrasts of all elements of our outputs that `selector` finds."""
    found = page.locator(f".jp-OutputArea-output {selector}").evaluate_all(CONTRASTS, css)
    assert found, f"nothing is {selector}"
    return found


def test_every_chart_is_drawn(ran, page):
    name, outputs = ran
    n_charts = charts_in(outputs)
    assert n_charts > CHARTS[name]
    sizes = page.eval_on_selector_all(
        ".jp-RenderedVegaCommon5 svg.marks",
        "all => all.map(svg => svg.getBoundingClientRect()).map(({ width, height }) => [width, height])",
    )
    assert len(sizes) == n_charts
    assert min(map(min, sizes)) > 100


def test_a_chart_by_altair_alone_is_drawn(page):
    last = page.locator(".jp-CodeCell").last
    assert last.locator("svg.marks .mark-rect.role-mark path").count() == 2
    assert last.locator("svg.marks .mark-text.role-mark text").count() == 2
    assert 100 < last.locator("svg.marks").bounding_box()["width"] < 1000


def test_no_money_is_taken_for_a_formula(page):
    texts = page.locator(".jp-OutputArea-output p").all_text_contents()
    assert any(text.count("$") > 1 for text in texts)
    assert page.locator(".jp-OutputArea-output mjx-container").count() == 0


def test_tables_and_sentences_can_be_read(page):
    assert min(contrasts(page, ":is(p, h2, caption, th, td)", "color")) >= 4.5


def test_what_charts_say_can_be_read(page):
    # What stands on the cells of a map is white or black as the cell asks for.
    assert min(contrasts(page, "svg.marks text:not([fill='white'], [fill='#222222'])", "fill")) >= 4.5


@pytest.mark.parametrize("paint", ["fill", "stroke"])
def test_what_charts_draw_can_be_seen(page, paint):
    drawn = ", ".join(f"[{paint}='{colour}']" for colour in theme.DARK if colour != "#8fb3d3")
    assert min(contrasts(page, f"svg.marks :is({drawn})", paint)) >= 3
