"""The bench's notebooks as an analyst meets them in JupyterLab, without a network. Run by `make browser`."""

import shutil
from pathlib import Path

import pytest

from tests.browser.conftest import ROOT
from tests.browser.jupyterlab import SECONDS, run_all

pytestmark = pytest.mark.browser

CHARTS = {"02_customers_and_rfm": 5, "03_value_models": 4, "zh/04_groupings": 3}
"""How many charts a notebook draws, widgets included."""
CURRENT = "name => window.jupyterapp.shell.currentWidget?.title.label === name"


@pytest.mark.parametrize("name", CHARTS)
def test_every_cell_runs_and_every_chart_is_drawn(name, lab, visit_lab):
    path = Path(shutil.copy(ROOT / "notebooks" / f"{name}.ipynb", lab[1]))
    page = visit_lab(path.stem, "light")
    outputs = run_all(page, path)
    assert [output.evalue for output in outputs if output.output_type == "error"] == []
    drawn = "n => document.querySelectorAll('.jp-OutputArea-output svg.marks').length >= n"
    page.wait_for_function(drawn, arg=CHARTS[name], timeout=1000 * SECONDS)
    charts = page.locator(".jp-OutputArea-output svg.marks")
    sizes = charts.evaluate_all("all => all.map(svg => svg.getBoundingClientRect().width)")
    assert len(sizes) == CHARTS[name]
    assert min(sizes) > 100
    # Words are on the left, as in the reports, though JupyterLab has all cells of tables on the right.
    cells = page.locator(".figures td:not(.num), .figures th:not(.num)")
    assert set(cells.evaluate_all("all => all.map(cell => getComputedStyle(cell).textAlign)")) == {"start"}


def test_the_start_page_leads_on(lab, visit_lab):
    shutil.copytree(ROOT / "notebooks", lab[1], dirs_exist_ok=True)
    page = visit_lab("00_start", "light")
    page.get_by_role("link", name="6 · 客户档案").click()
    page.wait_for_function(CURRENT, arg="06_one_customer.ipynb", timeout=1000 * SECONDS)
    page.get_by_role("heading", name="6 · 客户档案").wait_for(timeout=20_000)
