"""The segmentation report on customers of CDNOW, as users run it: by the command line and by plain papermill.

Its page in Chinese is made of the same analysis without a run; the comparison's run is in Chinese.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nbformat
import polars as pl
import pytest

import clvlab as cl
from clvlab.params import PSEUDONYM_KEY
from clvlab.presentation import Drawing
from clvlab.reporting.exporter import ReportExporter
from tests.reporting.conftest import executed

ROOT = Path(__file__).parents[2]
RUN = "from clvlab.cli import main; main(prog_name='clvlab')"
PARAMS = (ROOT / "params" / "cdnow.yaml").read_text(encoding="utf-8").replace("source: cdnow ", "source: orders.csv ")
KEY = "one key for all runs, so that pseudonyms are equal"
CUSTOMERS = 900
REFUSED = ",1998-01-31,1,9.99\n"
ONE_THREAD = {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
SECTIONS = ["summary", "quality", "base_health", "segments", "clusters", "value", "validation", "rules", "glossary"]


def start(folder, *command, **environment):
    """Start a process in a folder of its own that holds the params file and the log; one row has no customer."""
    folder.mkdir()
    rows = cl.datasets.cdnow(sample=True).data.filter(pl.col("customer_id") <= str(CUSTOMERS).zfill(4))
    rows = rows.select("customer_id", "date", "quantity", "amount")
    (folder / "orders.csv").write_text(rows.write_csv() + REFUSED, encoding="utf-8")
    (folder / "cdnow.yaml").write_text(PARAMS, encoding="utf-8")
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=folder,
        env={**os.environ, PSEUDONYM_KEY: KEY, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Finished runs: here, in a clone with another time zone and locale, by plain papermill."""
    base = tmp_path_factory.mktemp("runs")
    clone = base / "a clone {elsewhere}"
    shutil.copytree(ROOT / "src", clone / "src", ignore=shutil.ignore_patterns("*.pyc.*"))  # being written now
    shutil.copytree(ROOT / "notebooks", clone / "notebooks")
    notebook = str(ROOT / "notebooks" / "segmentation_report.ipynb")
    processes = {
        "here": start(base / "here", "-c", RUN, "report", "cdnow.yaml", "-v", TZ="Asia/Shanghai", LC_ALL="C.UTF-8"),
        "clone": start(
            *(base / "clone", "-c", RUN, "report", "cdnow.yaml"),
            TZ="America/Los_Angeles",
            LC_ALL="POSIX",
            PYTHONPATH=str(clone / "src"),
            PYTHONHASHSEED="7",
        ),
        "papermill": start(
            *(base / "papermill", "-m", "papermill", notebook, "out.ipynb", "-f", "cdnow.yaml"), **ONE_THREAD
        ),
    }
    outputs = {name: process.communicate() for name, process in processes.items()}
    failed = {name: outputs[name][1][-2000:] for name, process in processes.items() if process.returncode != 0}
    assert not failed, failed
    return base, outputs


@pytest.fixture(scope="module")
def published(runs):
    return runs[0] / "here" / "reports" / "cdnow" / "1998-06-30"


def in_chinese(results):
    """The notebook of these results in Chinese, as a run leaves it."""
    report = cl.Report(replace(results, params=results.params.model_copy(update={"lang": "zh"})))
    shown = [
        piece._repr_mimebundle_()[0] if isinstance(piece, Drawing) else {"text/html": piece.html}
        for section in results
        for piece in report.pieces(section)
    ]
    return executed(*shown, lang="zh")


@pytest.fixture(scope="module", params=["en", "zh-CN"])
def page(request, sample_results, published):
    """Language, notebook and HTML of a page."""
    if request.param == "en":
        notebook = nbformat.read(published / "report.ipynb", nbformat.NO_CONVERT)
        return request.param, notebook, (published / "report.html").read_text(encoding="utf-8")
    notebook = in_chinese(sample_results)
    return request.param, notebook, ReportExporter().from_notebook_node(notebook)[0]


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_only_the_path_of_the_report_is_on_stdout(runs):
    _, outputs = runs
    assert outputs["here"][0] == "reports/cdnow/1998-06-30/report.html\n"


def test_time_and_memory_of_each_section_are_shown(runs):
    _, outputs = runs
    assert re.search(r"clvlab: validation +\d+\.\d\d s +\d+ MB", outputs["here"][1])


def test_contract_names_the_files_and_all_are_there(published):
    names = set(files(published))
    assert {
        "report.html",
        "report.ipynb",
        "params.yaml",
        "manifest.json",
        "customers.parquet",
        "customers.csv",
        "customers.xlsx",
    } <= names
    assert any(name.startswith("tables/segments_") for name in names)
    assert pl.read_parquet(published / "customers.parquet").height == CUSTOMERS


def test_two_clones_in_different_folders_time_zones_and_locales_give_the_same_bytes(runs):
    base, _ = runs
    here, there = (files(base / name / "reports" / "cdnow" / "1998-06-30") for name in ("here", "clone"))
    assert here.keys() == there.keys()
    assert [name for name in here if here[name] != there[name]] == ["manifest.json"]
    keys = [json.loads(found["manifest.json"])["key"] for found in (here, there)]
    assert keys[0] == keys[1]


def test_page_has_every_section_in_the_language_of_the_run(page):
    lang, _, html = page
    assert f'<html lang="{lang}">' in html
    headings = dict(re.findall(r'<h2 id="(\w+)">([^<]+)</h2>', html))
    assert set(SECTIONS) <= set(headings)
    are_chinese = [bool(re.search("[一-鿿]", text)) for text in headings.values()]
    assert set(are_chinese) == {lang == "zh-CN"}


def test_page_holds_no_code_and_no_placeholder(page):
    _, _, html = page
    text = re.sub(r"<script.*?</script>|<style.*?</style>|<img[^>]*>", "", html, flags=re.DOTALL)
    assert "import clvlab" not in html
    assert not re.search(r"\bNaN\b|\bnan\b|\bNone\b|\bnull\b|\{\w+[:}]", text)


def test_every_chart_is_on_the_page(page):
    _, notebook, html = page
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    charts = sum("application/vnd.vegalite.v5+json" in output.get("data", {}) for output in outputs)
    assert charts >= 8
    assert html.count('<div class="chart"') == html.count('<img class="still"') == charts


@pytest.fixture(scope="module")
def by_papermill(runs):
    """The notebook that plain papermill executed, and the draft that it left."""
    base, _ = runs
    notebook = json.loads((base / "papermill" / "out.ipynb").read_text(encoding="utf-8"))
    return notebook, base / "papermill" / "reports" / "cdnow" / "draft"


def displayed(notebook):
    """What each cell shows, without what it streams."""
    outputs = [[o for o in cell.get("outputs", []) if o["output_type"] != "stream"] for cell in notebook["cells"]]
    return [output["data"] for cell in outputs for output in cell]


def test_plain_papermill_runs_the_notebook_and_leaves_a_draft(by_papermill):
    notebook, draft = by_papermill
    assert (draft / "customers.parquet").exists()
    outputs = [(o["output_type"], o.get("name")) for cell in notebook["cells"] for o in cell.get("outputs", [])]
    assert set(outputs) == {("display_data", None), ("stream", "stderr")}  # what is shown, and progress


def test_log_read_by_the_notebook_itself_gives_the_same_tables_as_one_handed_over(published, by_papermill):
    notebook, draft = by_papermill
    drafted = files(draft)
    del drafted["measurements.json"]
    assert len(drafted) > 30
    assert drafted == {name: found for name, found in files(published).items() if name in drafted}
    executed = json.loads((published / "report.ipynb").read_text(encoding="utf-8"))
    assert displayed(notebook) == displayed(executed)
    assert "missing_customer" in drafted["tables/quality_rows.csv"].decode()
