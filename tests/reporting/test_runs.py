"""What is published in a folder, and what failed there, as `clvlab runs` lists it."""

import shlex
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from clvlab import cli
from clvlab.reporting.archive import Series
from tests.reporting.hand_made import labelled

OUTPUT = Path("reports")
HEADINGS = ["Series", "As of", "Made (UTC)", "Seconds", "Rows used", "Grouping", "Period before", "Latest"]
RFM = ["RFM segments (recency × frequency)"]


@pytest.fixture
def listed(tmp_path, monkeypatch):
    """Call `clvlab runs ...` where two series are published, one of them of comparisons."""
    monkeypatch.chdir(tmp_path)
    labelled(tmp_path / "reports", "2024-03-31", predecessor="recomputed", seconds=7.0)
    labelled(tmp_path / "reports", "2024-04-30")
    compared = {"name": "which", "strategies": ["abc", "rfm11"], "strategy": None}
    folder = labelled(tmp_path / "reports", "2024-04-30", parameters=compared, predecessor=None)
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"strategy": null, ', ""))
    (tmp_path / "reports" / "nothing of ours").mkdir()

    def call(*arguments):
        return CliRunner().invoke(cli.main, ["runs", *arguments])

    return call


def cells(text):
    """The cells of a table in columns of characters: two spaces and more lie between them."""
    return [[cell for cell in line.split("  ") if cell] for line in text.splitlines()]


def test_all_series_are_listed_newest_first(listed):
    done = listed()
    assert done.exit_code == 0
    assert [[cell.strip() for cell in row] for row in cells(done.stdout)] == [
        HEADINGS,
        ["shop", "2024-04-30", "2024-05-01 10:11", "12.3", "1,234", *RFM, "as published", "yes"],
        ["shop", "2024-03-31", "2024-05-01 10:11", "7.0", "1,234", *RFM, "recomputed"],
        ["which", "2024-04-30", "2024-05-01 10:11", "12.3", "1,234", "2 ways of grouping", "–", "yes"],
    ]


def test_the_columns_are_aligned(listed):
    lines = listed().stdout.splitlines()
    ends = {line.index(rows) + len(rows) for line, rows in zip(lines, ["Rows used", *["1,234"] * 3], strict=True)}
    assert len(ends) == 1


def test_one_series_is_listed_in_the_language_of_its_last_report_or_another(listed):
    assert "which" not in listed("shop").stdout
    assert "系列" in listed("shop", "--lang", "zh").stdout
    labelled(OUTPUT, "2024-05-31", parameters={"lang": "zh"})
    assert "取自已发布报告" in listed("shop").stdout


def test_a_damaged_run_is_told_and_the_others_are_listed(listed):
    (OUTPUT / "shop" / "2024-03-31" / "manifest.json").write_text("{", encoding="utf-8")
    done = listed("shop")
    assert done.exit_code == 0
    assert [row[1] for row in cells(done.stdout)[1:]] == ["2024-04-30"]
    assert "2024-03-31/manifest.json is damaged or from another version of clvlab. Make the run again" in done.stderr


def test_failed_runs_come_with_their_reason_their_notebook_and_a_command_that_there_is(listed):
    series = Series(OUTPUT / "shop")
    series.note_failed(date(2024, 5, 31), "orders.csv: no column\nis the date")
    staged = series.stage(date(2024, 6, 30))
    (staged / "report.ipynb").touch()
    series.keep_failed(staged, date(2024, 6, 30), "section value: \x1b[31mZeroDivisionError")
    Series(OUTPUT / "which").note_failed(date(2024, 5, 31), "out of memory")
    done = listed("--failed")
    assert (done.exit_code, done.stdout.splitlines()) == (
        0,
        [
            "shop, 2024-06-30: section value: \N{REPLACEMENT CHARACTER}[31mZeroDivisionError",
            "  the notebook, as far as it came: reports/shop/failed/2024-06-30/report.ipynb",
            "  once that is put right: clvlab report PARAMS.yaml --as-of 2024-06-30",
            "shop, 2024-05-31: orders.csv: no column is the date",
            "  the run ended before its notebook began",
            "  once that is put right: clvlab report PARAMS.yaml --as-of 2024-05-31",
            "which, 2024-05-31: out of memory",
            "  the run ended before its notebook began",
            "  once that is put right: clvlab compare PARAMS.yaml --as-of 2024-05-31",
        ],
    )
    for line in done.stdout.splitlines()[2::3]:
        _, name, *arguments = shlex.split(line.partition(": ")[2])
        cli.main.commands[name].make_context(name, arguments)
    assert "排除原因后重新运行" in listed("shop", "--failed", "--lang", "zh").stdout


def test_where_nothing_failed_that_is_said(listed):
    assert listed("--failed").stdout == "The last run of every day succeeded.\n"


def test_a_series_of_which_nothing_is_published_is_there_with_its_failure(listed):
    Series(OUTPUT / "young").note_failed(date(2024, 5, 31), "too few customers")
    assert listed("young").stdout == "Nothing is published.\n"
    assert "young, 2024-05-31: too few customers" in listed("young", "--failed").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["shopp"], "reports has no series 'shopp'. Did you mean 'shop'? Series there: shop, which."),
        (["--output", "elsewhere"], "elsewhere is not a folder. Name the folder of reports"),
        (["--output", "reports/nothing of ours"], "has no published or failed runs. Make one with `clvlab report"),
    ],
)
def test_what_is_not_there_is_told_with_what_to_do(listed, arguments, said):
    done = listed(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr
