"""The params file that `clvlab check` writes: commented, for both commands, from any folder."""

import math

import pytest
import yaml

import clvlab as cl
from clvlab.check import check_source
from clvlab.params import CompareParams, ReportParams
from clvlab.preflight import check_run
from clvlab.reporting.runner import run
from clvlab.wording import LANGUAGES, Words

LOG = "客户编号,下单日期,实付金额\n" + "".join(
    f"{n:03},2024-{month:02}-{1 + n % 28:02},{20 + n % 9 + month / 4}\n"
    for n in range(80)
    for month in range(1, 13)
    if (n * month) % 7 < 3 or month == 1
)
PEOPLE = "客户编号,省份,nps\n" + "".join(f"{n:03},{'广东' if n % 2 else '浙江'},{n % 11}\n" for n in range(80))


@pytest.fixture
def places(tmp_path, monkeypatch):
    """A folder with a log, and another one, from which things are run."""
    (tmp_path / "data").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "data" / "订单.csv").write_text(LOG, encoding="utf-8")
    (tmp_path / "data" / "people.csv").write_text(PEOPLE, encoding="utf-8")
    days = "".join(line.rpartition(",")[0] + "\n" for line in LOG.splitlines())
    (tmp_path / "data" / "days.csv").write_text(days, encoding="utf-8")
    monkeypatch.chdir(tmp_path / "data")
    return tmp_path


def written(places, source, lang=None, **given):
    """The params file for a source that is named from the folder it is in."""
    path = places / "params.yaml"
    path.write_text(check_source(source, lang, **given).params_yaml(), encoding="utf-8")
    return path


def test_report_and_compare_run_it_as_it_is_from_another_folder(places, monkeypatch):
    path = written(places, "订单.csv")
    monkeypatch.chdir(places / "elsewhere")
    report = run(ReportParams.load(path))
    compared = CompareParams.load(path, {"rounds": 20, "strategies": ["frequency_tiers", "lifecycle5"]})
    assert report.is_new
    assert report.report.stat().st_size > 10_000
    assert compared.folder.name != report.report.parts[1]
    assert cl.analyse_comparison(compared, progress=False).customers.height == 80


def test_report_and_compare_run_it_for_a_log_without_amounts(places, monkeypatch):
    path = written(places, "days.csv")
    monkeypatch.chdir(places / "elsewhere")
    results = cl.analyse(ReportParams.load(path))
    few = {"name": "other", "holdout": "20 weeks", "rounds": 20, "strategies": ["frequency_tiers", "hiatus"]}
    compared = cl.analyse_comparison(CompareParams.load(path, few), progress=False)
    for report in (cl.Report(results), cl.ComparisonReport(compared)):
        assert all(report.pieces(section) for section in report.results)


def test_both_commands_find_in_it_what_they_need(places, monkeypatch):
    path = written(places, "订单.csv", attributes="people.csv", strategy={"attribute": "省份"})
    monkeypatch.chdir(places / "elsewhere")
    report, comparison = ReportParams.load(path), CompareParams.load(path)
    assert (report.name, comparison.name) == ("订单", "订单_compare")
    assert report.strategy == {"attribute": "省份"}
    assert report.attributes == (str(places / "data" / "people.csv"),)
    assert comparison.attributes == (), "nps has no day: a comparison would refuse it"
    assert report.holdout == comparison.holdout
    for params in (report, comparison):
        check_run(params, cl.read_transactions(params.source, params.columns, **params.reading))


def test_a_table_that_a_comparison_accepts_stays_in_it(places):
    (places / "data" / "where.csv").write_text("客户编号,城市\n001,Bern\n", encoding="utf-8")
    path = written(places, "订单.csv", attributes=["people.csv", "where.csv"])
    assert CompareParams.load(path).attributes == (str(places / "data" / "where.csv"),)


def test_a_path_of_home_and_a_glob_are_whole(places, monkeypatch):
    monkeypatch.setenv("HOME", str(places))
    path = written(places, "~/data/订*.csv", strategy="rfm11")
    assert ReportParams.load(path).source == str(places / "data" / "订*.csv")


def test_an_embedded_log_keeps_its_name(places):
    assert ReportParams.load(written(places, "cdnow_sample")).source == "cdnow_sample"


def test_without_amounts_nothing_concerns_money_and_both_commands_run(places):
    path = written(places, "days.csv")
    values = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert values["report"]["strategy"] == "lifecycle5"
    assert not {"currency", "margin", "annual_discount_rate"} & values.keys()
    assert not {"rfm", "low_value"} & values["report"].keys()
    for kind in (ReportParams, CompareParams):
        params = kind.load(path)
        check_run(params, cl.read_transactions(params.source, params.columns, **params.reading))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_key_has_its_comment_in_the_language(places, lang):
    words = Words(lang)
    lines = written(places, "订单.csv", lang, attributes="people.csv").read_text(encoding="utf-8").splitlines()
    values = yaml.safe_load("\n".join(lines))
    keys = [*values, *values["report"], *values["compare"]]
    assert {"source", "columns", "as_of", "holdout", "strategy", "rfm", "strategies", "rounds"} <= set(keys)
    for place, line in enumerate(lines):
        key, colon, _ = line.strip().partition(":")
        if colon and key in keys and key not in ("report", "compare"):
            assert lines[place - 1].strip() == f"# {words.name('keys', key)}"
    assert f"# {words('check.file_report')}" in lines
    assert f"# {words('check.file_compare')}" in lines


def test_what_is_to_be_settled_is_at_its_top(places):
    (places / "data" / "open.csv").write_text("customer_id;date;amount\na;01/02/2024;12,50\n", encoding="utf-8")
    text = written(places, "open.csv").read_text(encoding="utf-8")
    assert text.splitlines()[1].startswith("# TO SETTLE: The amounts are written with another decimal mark")
    assert text.splitlines()[2].startswith("# TO SETTLE: The dates leave the order of day and month open")
    assert yaml.safe_load(text)["reading"] == {"date_format": "%d/%m/%Y", "decimal": ","}


def test_what_it_says_of_the_log_is_read_again(places):
    params = ReportParams.load(written(places, "订单.csv"))
    log = cl.read_transactions(params.source, params.columns, **params.reading)
    assert log.data.height == len(LOG.splitlines()) - 1
    assert math.isclose(log.data["amount"].sum(), sum(float(line.split(",")[2]) for line in LOG.splitlines()[1:]))


def test_its_day_is_a_day(places):
    assert "as_of: 2024-12-" in written(places, "订单.csv").read_text(encoding="utf-8")
