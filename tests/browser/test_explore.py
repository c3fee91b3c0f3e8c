"""What an analyst does with the mouse in JupyterLab, without a network. Run by `make browser`."""

import json

import nbformat
import polars as pl
import pytest
from nbformat.v4 import new_code_cell, new_notebook

import clvlab as cl
from tests.browser.jupyterlab import SECONDS, command, run_all

pytestmark = pytest.mark.browser

SETUP = """import clvlab as cl
log = cl.datasets.cdnow(sample=True)
calibration, holdout = cl.split_holdout(log, "1997-09-30", "1998-06-30", "week")
model, spend = cl.BgNbd.fit(calibration), cl.GammaGamma.fit(calibration)
valued = calibration.with_columns(cl.lifetime_value(model, spend, calibration, horizon="12 months"))"""
CELLS = {
    "explore": (
        "explorer = cl.explore(valued, lang={lang!r})\nexplorer",
        "import json\nprint(json.dumps([explorer.selected.height, explorer.segment, explorer.bounds]))",
    ),
    "what_if": (
        "what_if = cl.what_if('value_lifecycle', calibration, holdout, lang={lang!r})\nwhat_if",
        "print(what_if.numbers['active_days'], what_if.moved)",
    ),
}
CHOSEN = {"en": "Champions", "zh": "冠军客户"}
SETTLED = """() => {
  const text = [...document.querySelectorAll('.widget-html')].at(-1).innerText;
  if (window.seen?.text !== text) window.seen = { text, since: Date.now() };
  return Date.now() - window.seen.since > 2000;
}"""
"""Whether what is told of a selection has stayed for a while: a rectangle that is dragged arrives bit by bit."""


@pytest.fixture(params=["en", "zh"])
def lang(request):
    return request.param


def opened(name, lang, lab, visit_lab):
    """A notebook that has run: its page, and its file."""
    cells = [new_code_cell(SETUP), *(new_code_cell(source.format(lang=lang)) for source in CELLS[name])]
    notebook = new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = lab[1] / f"{name}_{lang}.ipynb"
    nbformat.write(notebook, path)
    page = visit_lab(path.stem, "light")
    outputs = run_all(page, path)
    assert [output.evalue for output in outputs if output.output_type == "error"] == []
    return page, path


def said(page, path):
    """What the last cell prints when it is run again."""
    page.evaluate("() => { const all = jupyterapp.shell.currentWidget.content; all.activeCellIndex = 2; }")
    for name in ("notebook:run-cell", "docmanager:save"):
        command(page, name)
    return nbformat.read(path, 4).cells[-1].outputs[0].text


def test_what_is_brushed_and_chosen_arrives_in_python(lang, lab, visit_lab):
    page, path = opened("explore", lang, lab, visit_lab)
    cell = page.locator(".jp-CodeCell").nth(1)
    chart = cell.locator("svg.marks")
    chart.wait_for(timeout=1000 * SECONDS)
    assert said(page, path).startswith("[2357, null, {}]")
    cell.locator("select").select_option(label=CHOSEN[lang])
    chart.scroll_into_view_if_needed()
    box = cell.locator("svg.marks .map_group path.background").first.bounding_box()
    across, up = (lambda share: box["x"] + share * box["width"]), (lambda share: box["y"] + share * box["height"])
    before = cell.locator(".widget-html").last.inner_text()
    page.mouse.move(across(0.02), up(0.2))
    page.mouse.down()
    page.mouse.move(across(0.2), up(0.4), steps=5)
    page.mouse.move(across(0.3), up(0.6), steps=5)
    page.mouse.up()
    told = "before => [...document.querySelectorAll('.widget-html')].at(-1).innerText !== before"
    page.wait_for_function(told, arg=before, timeout=20_000)
    page.wait_for_function(SETTLED, timeout=20_000)
    height, segment, bounds = json.loads(said(page, path))
    days, spend = (bounds[column] for column in ("days_since_last", "total_spend"))
    customers = cl.summarise_customers(cl.datasets.cdnow(sample=True), "1997-09-30", "week")
    within = customers.data.with_columns(cl.strategies["rfm11"].assign(customers)["group"]).filter(
        pl.col("days_since_last").is_between(*days), pl.col("total_spend").is_between(*spend), group="champions"
    )
    assert segment == "champions"
    assert 0 < height == within.height < 200
    assert str(height) in cell.locator(".widget-html").last.inner_text()


def test_a_slider_changes_the_groups_and_a_bad_value_is_told(lang, lab, visit_lab):
    page, path = opened("what_if", lang, lab, visit_lab)
    cell = page.locator(".jp-CodeCell").nth(1)
    table = cell.locator("table.figures").first
    table.wait_for(timeout=1000 * SECONDS)
    before = table.inner_text()
    readout = cell.locator(".widget-readout").first
    readout.click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("60")
    page.keyboard.press("Enter")
    changed = "before => document.querySelector('.jp-CodeCell table.figures')?.innerText !== before"
    page.wait_for_function(changed, arg=before, timeout=20_000)
    assert cell.locator("table.figures").first.inner_text() != before
    active, moved = said(page, path).split()
    assert active == "60"
    assert int(moved) > 100
    shares = cell.locator("input[type=text]").nth(1)
    shares.fill("0.1, 0.2")
    shares.press("Enter")
    cell.get_by_role("alert").wait_for(timeout=20_000)
    assert "give 3 positive shares" in cell.get_by_role("alert").inner_text()
    assert said(page, path).split() == [active, moved]
