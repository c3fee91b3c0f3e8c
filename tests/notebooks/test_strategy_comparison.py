"""The comparison of strategies on CDNOW's sample, as users run it: by the command line."""

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from clvlab.params import CompareParams

ROOT = Path(__file__).parents[2]
RUN = "from clvlab.cli import main; main(prog_name='clvlab')"
PARAMS = sorted((ROOT / "params").glob("compare_*.yaml"))
FEW = ("-p", "strategies=[value_tiers, frequency_tiers, rfm11]", "-p", "rounds=20", "-p", "lang=zh")


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> tuple[Path, subprocess.CompletedProcess]:
    folder = tmp_path_factory.mktemp("comparison")
    command = [sys.executable, "-c", RUN, "compare", str(ROOT / "params" / "compare_cdnow.yaml"), *FEW]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return folder / done.stdout.strip(), done


def test_the_comparison_is_published_with_its_tables(run):
    page, _ = run
    files = {path.name for path in page.parent.iterdir()}
    assert {"report.html", "report.ipynb", "params.yaml", "manifest.json", "customers.parquet"} <= files
    tables = {path.stem for path in (page.parent / "tables").iterdir()}
    assert {"verdict_contenders", "foresight_gini", "recommendation_ranking", "recommendation_card"} <= tables
    customers = pl.read_parquet(page.parent / "customers.parquet")
    assert customers.columns == [
        "customer_id",
        "value_tiers",
        "frequency_tiers",
        "rfm11",
        "one_group",
        "random_groups",
    ]
    assert customers.height == 2357


def test_the_page_is_in_the_language_asked_for(run):
    page = run[0].read_text(encoding="utf-8")
    assert "<h1>客户分组策略对比：compare_cdnow</h1>" in page
    assert '<h2 id="recommendation">推荐结论及其规则</h2>' in page


def test_progress_is_shown_on_the_way_and_stdout_has_the_path_alone(run):
    _, done = run
    assert "compare" in done.stderr
    assert "100%" in done.stderr
    assert len(done.stdout.splitlines()) == 1


def test_the_notebook_takes_the_keys_of_the_params():
    cells = json.loads((ROOT / "notebooks" / "strategy_comparison.ipynb").read_text(encoding="utf-8"))["cells"]
    given = next(cell for cell in cells if "parameters" in cell["metadata"].get("tags", []))
    names = [line.split(":")[0] for line in given["source"]]
    assert names == list(CompareParams.model_fields)


@pytest.mark.parametrize("path", PARAMS, ids=lambda path: path.stem)
def test_shipped_params_are_sound_and_compare_all_strategies(path):
    params = CompareParams.load(path)
    assert params.name == path.stem
    assert params.strategies == ()
    assert params.rounds == 500
