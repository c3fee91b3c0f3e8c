"""The running of runs, with an executed notebook put in place of a kernel; kernels are in test_execution.py."""

import gzip
import json
import re
from datetime import date
from pathlib import Path

import nbformat
import polars as pl
import pytest

from clvlab.errors import ClvlabError, DataError, ParamsError
from clvlab.inputs import sha256
from clvlab.lock import LockedError, locked
from clvlab.params import CompareParams, ReportParams
from clvlab.reporting import runner, stopping
from clvlab.reporting.runner import notebook_of, run
from tests.published import publish
from tests.reporting.conftest import executed

pytestmark = pytest.mark.usefixtures("executions")
FOLDERS = {"CLVLAB_RUN_FOLDER", "CLVLAB_LOG_FOLDER", "CLVLAB_PREDECESSOR", "CLVLAB_DUE_LISTS"}
PAGE = {"text/html": '<h1>Page</h1><h2 id="one">One</h2>'}


@pytest.fixture
def executions(workplace, monkeypatch):
    """Let notebooks be executed by hand; yields the parameters of each execution."""
    seen = []

    def execute(_notebook, output, parameters, *, environment, on_cell, stderr):
        seen.append(parameters)
        on_cell("report.show('one')\nmore")
        stderr.write("a warning\n")
        made = executed(PAGE)
        made.metadata.papermill = {"parameters": dict(parameters), "start_time": str(len(seen)), "output_path": "/x"}
        made.cells[1].metadata.papermill = {"duration": len(seen)}
        made.cells[1].id = f"random-{len(seen)}"
        nbformat.write(made, output)
        folder = output.parent
        assert set(environment) == {*FOLDERS, "CLVLAB_PSEUDONYM_KEY"}
        assert environment["CLVLAB_RUN_FOLDER"] == str(folder.resolve())
        handed_over = Path(environment["CLVLAB_LOG_FOLDER"])
        assert handed_over.parent == folder.resolve()
        assert handed_over.stat().st_mode & 0o077 == 0, "others could read the customers"
        assert pl.read_parquet(handed_over / "accepted.parquet").columns == ["customer_id", "date", "amount"]
        (folder / "customers.csv").write_text("customer_id\n1\n", encoding="utf-8")
        (folder / "measurements.json").write_text('[{"section": "one", "seconds": 1.0, "peak_mb": 2.0}]')

    (workplace / "tiny.ipynb").write_text("{}", encoding="utf-8")
    monkeypatch.setattr(runner, "execute", execute)
    monkeypatch.setattr(runner, "notebook_of", lambda _: workplace / "tiny.ipynb")
    return seen


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_run_publishes_everything_that_the_contract_names(executions, params, workplace):
    done = run(params)
    assert done.report.as_posix() == "reports/tiny/2024-08-31/report.html"
    assert done.is_new
    assert [cost["section"] for cost in done.sections] == ["one"]
    published = files(workplace / "reports" / "tiny" / "latest")
    assert set(published) == {"report.html", "report.ipynb", "params.yaml", "manifest.json", "customers.csv"}
    assert executions[0]["as_of"] == "2024-08-31"


def test_same_inputs_are_up_to_date_and_nothing_is_rewritten(executions, params, workplace, caplog):
    first = run(params)
    before = {path: path.stat().st_mtime_ns for path in (workplace / "reports").rglob("*") if path.name != ".lock"}
    caplog.set_level("INFO", logger="clvlab")
    again = run(params)
    assert (again.report, again.is_new) == (first.report, False)
    assert len(executions) == 1
    assert "up to date" in caplog.text
    after = {path: path.stat().st_mtime_ns for path in (workplace / "reports").rglob("*") if path.name != ".lock"}
    assert {path.name for path in before if before[path] != after.get(path)} <= {"tiny"}


def test_force_runs_anyway_and_gives_the_same_bytes(executions, params, workplace):
    run(params)
    first = files(workplace / "reports" / "tiny" / "2024-08-31")
    assert run(params, force=True).is_new
    second = files(workplace / "reports" / "tiny" / "2024-08-31")
    assert len(executions) == 2
    assert {name for name in first if first[name] != second[name]} <= {"manifest.json"}


def test_damaged_report_is_made_again(params, workplace):
    run(params)
    report = workplace / "reports" / "tiny" / "latest" / "report.html"
    whole = report.read_bytes()
    report.write_bytes(whole[:100])
    run(params)
    assert report.read_bytes() == whole


def test_lost_latest_is_found_again_without_a_run(executions, params, workplace):
    run(params)
    (workplace / "reports" / "tiny" / "latest").unlink()
    run(params)
    assert len(executions) == 1
    assert (workplace / "reports" / "tiny" / "latest" / "report.html").exists()


def test_published_notebook_holds_nothing_that_differs_from_run_to_run(params, workplace):
    run(params)
    notebook = json.loads((workplace / "reports" / "tiny" / "latest" / "report.ipynb").read_text())
    assert set(notebook["metadata"]["papermill"]) == {"parameters"}
    assert "papermill" not in notebook["cells"][1]["metadata"]
    assert [cell["id"] for cell in notebook["cells"]] == ["cell-0", "cell-1"]
    assert all(output["output_type"] != "stream" for output in notebook["cells"][1]["outputs"])


@pytest.mark.parametrize("error", [DataError("the data\nis bad"), stopping.Stopped("stopped by SIGTERM", 143)])
def test_failed_run_leaves_the_published_one_alone(params, workplace, monkeypatch, error):
    run(params)
    before = files(workplace / "reports" / "tiny" / "2024-08-31")

    def fail(_notebook, output, *_args, **_options):
        output.write_text("half", encoding="utf-8")
        raise error

    monkeypatch.setattr(runner, "execute", fail)
    with pytest.raises(type(error)):
        run(params, force=True)
    assert files(workplace / "reports" / "tiny" / "2024-08-31") == before
    failed = workplace / "reports" / "tiny" / "failed" / "2024-08-31"
    assert (failed / "report.ipynb").read_text() == "half"
    assert (failed / "reason.txt").read_text() == " ".join(str(error).split()) + "\n"
    assert not list((workplace / "reports" / "tiny").glob(".staging*"))


def test_full_disk_under_the_log_that_is_handed_over_is_named(params, workplace, monkeypatch):
    def hand_over(*_):
        raise pl.exceptions.ComputeError("underlying IO error: No space left on device (os error 28)")

    monkeypatch.setattr(runner, "hand_over", hand_over)
    with pytest.raises(ClvlabError, match=r"Cannot write to reports/tiny: No space left on device\. Free some space"):
        run(params)
    assert not list((workplace / "reports" / "tiny").glob(".staging*"))


def test_page_that_cannot_be_made_publishes_nothing(params, workplace, monkeypatch):
    monkeypatch.setitem(PAGE, "text/html", '<h2 id="one">One</h2><h2 id="one">Two</h2>')
    with pytest.raises(ValueError, match="Two headings share an id"):
        run(params)
    assert not (workplace / "reports" / "tiny" / "latest").exists()


def test_bad_source_fails_before_anything_is_staged(executions, params, workplace):
    with pytest.raises(ClvlabError, match=r"absent\.csv"):
        run(params.model_copy(update={"source": "absent.csv"}))
    assert executions == []
    assert not (workplace / "reports" / "tiny" / "failed").exists()


@pytest.mark.parametrize("attributes", ["absent.csv", "absent*.csv"])
def test_attributes_that_are_not_there_fail_before_anything_is_staged(executions, params, workplace, attributes):
    with pytest.raises(ClvlabError, match="There is no file 'absent"):
        run(params.model_copy(update={"attributes": (attributes,)}))
    assert executions == []
    assert not (workplace / "reports" / "tiny" / "failed").exists()


def append_to(path):
    path.write_text(path.read_text(encoding="utf-8") + "001,2024-08-31,5\n", encoding="utf-8")


def change_and_change_back(path):
    text = path.read_text(encoding="utf-8")
    path.write_text(text.upper(), encoding="utf-8")
    path.write_text(text, encoding="utf-8")


def add_another(path):
    path.with_name("log-2.csv").write_text(path.read_text(encoding="utf-8"), encoding="utf-8")


@pytest.mark.parametrize("change", [append_to, change_and_change_back, add_another])
@pytest.mark.parametrize("is_before", [True, False])
def test_log_that_changes_while_it_is_read_fails_the_run(
    executions, params, workplace, monkeypatch, change, is_before
):
    read_source = runner.read_source

    def read_and_change(params):
        if is_before:
            change(workplace / "log.csv")
        log = read_source(params)
        if not is_before:
            change(workplace / "log.csv")
        return log

    monkeypatch.setattr(runner, "read_source", read_and_change)
    with pytest.raises(DataError, match=r"^log(-2)?\.csv changed while the run was reading\. Run again"):
        run(params.model_copy(update={"source": "log*.csv"}))
    assert executions == []


@pytest.mark.parametrize("change", [append_to, change_and_change_back])
@pytest.mark.parametrize("name", ["people.csv", "own.yaml"])
def test_attributes_and_maps_that_change_while_the_kernel_reads_them_fail_the_run(
    params, workplace, monkeypatch, name, change
):
    (workplace / "own.yaml").write_text("n_bins: 2\nscores: [r_score]\ngroups: {good: '2', bad: '1'}\n")
    (workplace / "people.csv").write_text("customer_id,city\n001,Bern\n")
    execute = runner.execute

    def execute_and_change(*given, **options):
        execute(*given, **options)
        change(workplace / name)

    own = params.model_copy(update={"attributes": ("people.csv",), "strategy": "own.yaml", "rfm": {"n_bins": 2}})
    monkeypatch.setattr(runner, "execute", execute_and_change)
    with pytest.raises(DataError, match=f"^{name} changed while the run was reading"):
        run(own)
    assert not (workplace / "reports" / "tiny" / "latest").exists()


def test_log_that_grows_once_it_is_read_is_published_as_it_was_and_read_again_by_the_next_run(
    executions, params, workplace, monkeypatch
):
    execute = runner.execute

    def execute_and_append(*given, **options):
        execute(*given, **options)
        append_to(workplace / "log.csv")

    monkeypatch.setattr(runner, "execute", execute_and_append)
    before = sha256(workplace / "log.csv")
    done = run(params)
    assert json.loads((done.report.parent / "manifest.json").read_text())["files"] == {"log.csv": before}
    monkeypatch.setattr(runner, "execute", execute)
    assert run(params).is_new
    assert not run(params).is_new
    assert len(executions) == 2


def test_variable_of_another_runs_log_does_not_reach_the_runner(params, workplace, monkeypatch):
    monkeypatch.setenv("CLVLAB_LOG_FOLDER", str(workplace / "nowhere"))
    assert run(params).is_new


@pytest.mark.parametrize("force", [False, True])
def test_each_run_leaves_the_series_whole_and_clean(params, workplace, force):
    series = workplace / "reports" / "tiny"
    run(params)
    index = (series / "index.html").read_bytes()
    clean = sorted(path.name for path in series.iterdir())
    (series / ".staging-2024-08-31-killed" / "log-x").mkdir(parents=True)
    (series / ".staging-2024-08-31-killed" / "customers.csv").touch()
    (series / ".latest").symlink_to("2024-07-31")
    (series / ".index.html").touch()
    (series / "failed" / "2024-08-31").mkdir(parents=True)
    (series / "latest").unlink()
    (series / "index.html").write_text("a day is missing", encoding="utf-8")
    assert run(params, force=force).is_new == force
    assert sorted(path.name for path in series.iterdir()) == clean
    assert force or (series / "index.html").read_bytes() == index
    assert (series / "latest" / "report.html").exists()


def test_run_leaves_no_temporary_file_and_takes_those_of_killed_runs_away(params, workplace, monkeypatch):
    temporary = workplace / "tmp"
    (temporary / "clvlab-run-killed").mkdir(parents=True)
    (temporary / "clvlab-run-killed" / "unpacked").touch()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    (workplace / "log.csv.gz").write_bytes(gzip.compress((workplace / "log.csv").read_bytes()))
    for day in ("2024-08-31", "2024-08-30"):
        assert run(params.model_copy(update={"source": "log.csv.gz", "as_of": date.fromisoformat(day)})).is_new
        assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "make", "kind"), [("2024-08-31", Path.touch, "a file"), ("latest", Path.mkdir, "a folder")]
)
def test_what_lies_in_a_runs_place_is_refused_before_any_work(executions, params, workplace, name, make, kind):
    (workplace / "reports" / "tiny").mkdir(parents=True)
    make(workplace / "reports" / "tiny" / name)
    with pytest.raises(ClvlabError, match=f"reports/tiny/{name} is {kind}, .* Move it away"):
        run(params)
    assert executions == []


def test_report_of_a_day_that_is_a_link_is_published_in_its_place(params, workplace):
    run(params)
    day = workplace / "reports" / "tiny" / "2024-08-31"
    day.rename(workplace / "moved")
    day.symlink_to(workplace / "moved")
    assert not run(params).is_new
    assert run(params, force=True).is_new
    assert not day.is_symlink()
    assert (workplace / "moved" / "report.html").read_bytes() == (day / "report.html").read_bytes()


def test_output_may_be_below_the_home_folder(params, workplace, monkeypatch):
    monkeypatch.setenv("HOME", str(workplace / "home"))
    assert run(params.model_copy(update={"output": "~/reports"})).report.is_relative_to(workplace / "home")
    assert not (workplace / "~").exists()


def test_second_run_of_a_series_is_refused_and_another_series_is_not(params, workplace):
    (workplace / "reports" / "tiny").mkdir(parents=True)
    with locked(workplace / "reports" / "tiny"):
        with pytest.raises(LockedError):
            run(params)
        assert run(params.model_copy(update={"name": "other"})).is_new


def test_days_of_a_series_stand_side_by_side(params, workplace):
    run(params)
    run(params.model_copy(update={"as_of": date(2024, 7, 31)}))
    series = workplace / "reports" / "tiny"
    assert sorted(path.name for path in series.iterdir() if not path.name.startswith(".")) == [
        "2024-07-31",
        "2024-08-31",
        "index.html",
        "latest",
    ]
    assert (series / "latest").readlink().as_posix() == "2024-08-31"


def test_index_lists_the_published_days_newest_first(params, workplace):
    run(params.model_copy(update={"as_of": date(2024, 7, 31)}))
    (workplace / "reports" / "tiny" / "2024-06-30").mkdir()
    run(params.model_copy(update={"strategy": "abc"}))
    html = (workplace / "reports" / "tiny" / "index.html").read_text(encoding="utf-8")
    links = re.findall(r'href="([^"]+\.html)"', html)
    assert links == ["2024-08-31/report.html", "2024-07-31/report.html", "../index.html"]
    assert "ABC classes" in html
    assert "default-src 'none'" in html
    assert "<script" not in html


def test_index_shows_hostile_names_as_text_and_speaks_chinese(params, workplace):
    hostile = params.model_copy(update={"name": "<script>alert(1)</script>", "lang": "zh"})
    run(hostile)
    html = (hostile.folder / "index.html").read_text(encoding="utf-8")
    assert "<h1>报告列表：&lt;script&gt;alert(1)&lt;/script&gt;</h1>" in html
    assert {path.name for path in (workplace / "reports").iterdir()} == {
        hostile.folder.name,
        ".pseudonym-key",
        "index.html",
    }
    everything = (workplace / "reports" / "index.html").read_text(encoding="utf-8")
    assert "<script" not in everything
    assert '<html lang="zh-CN">' in everything


def test_file_in_place_of_the_output_is_an_error_of_ours(params, workplace):
    (workplace / "reports").touch()
    with pytest.raises(ClvlabError, match=r"Cannot write to reports/tiny: .* Name another folder"):
        run(params)


def test_warnings_of_the_notebook_are_logged(params, caplog):
    caplog.set_level("INFO", logger="clvlab")
    run(params)
    assert "a warning" in caplog.messages
    assert "running report.show('one')" in caplog.messages


def test_only_our_own_notebooks_are_run():
    assert notebook_of(ReportParams).name == "segmentation_report.ipynb"
    assert notebook_of(CompareParams).name == "strategy_comparison.ipynb"


def test_reports_and_comparisons_of_one_name_do_not_overwrite_each_other(executions, params, workplace):
    run(params)
    before = files(workplace / "reports" / "tiny" / "2024-08-31")
    comparison = CompareParams(name="tiny", source="log.csv", as_of="2024-08-31", holdout="8 weeks")
    with pytest.raises(ParamsError, match=r"tiny holds segmentation reports.*`name: tiny_comparison`"):
        run(comparison)
    assert (files(workplace / "reports" / "tiny" / "2024-08-31"), len(executions)) == (before, 1)
    run(comparison.model_copy(update={"name": "tiny_comparison"}))
    with pytest.raises(ParamsError, match=r"holds comparisons of strategies, .*`name: tiny_comparison_report`"):
        run(params.model_copy(update={"name": "tiny_comparison"}))


def test_a_run_that_takes_the_place_of_one_in_another_language_says_so(params, caplog):
    run(params)
    chinese = params.model_copy(update={"lang": "zh"})
    run(chinese)
    (told,) = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert re.search(r"takes the place of .*2024-08-31.* \(`lang: en` -> `zh`\)\. .*`name: tiny_zh`", told)
    caplog.clear()
    run(chinese, force=True)
    run(params.model_copy(update={"name": "tiny_en"}))
    assert not [record for record in caplog.records if record.levelname == "WARNING"]


def test_a_day_whose_manifest_is_lost_does_not_tell_the_kind(params, workplace):
    run(params)
    (workplace / "reports" / "tiny" / "2024-08-31" / "manifest.json").write_text("{")
    assert run(params).is_new


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"strategy": "region"}, "has no column 'province'"),
        ({"strategy": {"attribute": "city"}}, "has no column 'city'"),
        ({"rfm": {"n_bins": 4}}, r"the map of rfm11 has scores from 1 to 5"),
        ({"margin": "from cost"}, "needs cost, which the log does not have"),
        ({"static": ("city",)}, "`static` names a column"),
        ({"as_of": date(2024, 12, 31)}, r"is of 2024-08-\d\d, .*`allow_stale: true`"),
    ],
)
def test_what_is_wrong_with_parameters_is_said_before_the_kernel_starts(
    executions, params, workplace, changes, message
):
    with pytest.raises(ClvlabError, match=message):
        run(params.model_copy(update=changes))
    assert executions == []
    assert not (workplace / "reports" / "tiny" / "failed").exists()
    assert not list((workplace / "reports" / "tiny").glob(".staging*"))


def test_a_log_that_ended_long_ago_is_published_where_that_is_allowed(params):
    assert run(params.model_copy(update={"as_of": date(2024, 12, 31), "allow_stale": True})).is_new


def test_index_names_groupings_by_attributes_and_own_maps_and_has_the_title(params, workplace):
    (workplace / "own.yaml").write_text("n_bins: 2\nscores: [r_score]\ngroups: {good: '2', bad: '1'}\n")
    (workplace / "people.csv").write_text("customer_id,city\n001,Bern\n")
    by_city = {"attributes": ("people.csv",), "strategy": {"attribute": "city"}, "title": "Our customers"}
    run(params.model_copy(update={"as_of": date(2024, 7, 31), "strategy": "own.yaml", "rfm": {"n_bins": 2}}))
    run(params.model_copy(update=by_city))
    html = (workplace / "reports" / "tiny" / "index.html").read_text(encoding="utf-8")
    assert "Our customers" in html
    assert re.findall(r"<td>(city|own)</td>", html) == ["city", "own"]


def test_the_page_leads_to_the_report_before_it_and_is_made_anew_once_there_is_one(params, workplace):
    def page_of(day):
        done = run(params.model_copy(update={"as_of": date.fromisoformat(day)}))
        return done.is_new, done.report.read_text(encoding="utf-8")

    assert "/report.html" not in page_of("2024-08-31")[1]
    assert "/report.html" not in page_of("2024-07-31")[1]
    is_new, html = page_of("2024-08-31")
    assert is_new
    (link,) = re.findall(r'href="(\.\./[^"]*/report\.html)"', html)
    assert (workplace / "reports" / "tiny" / "2024-08-31" / link).resolve().exists()
    assert not page_of("2024-08-31")[0]
    assert 'href="customers.csv"' in html


def test_report_is_made_anew_once_a_comparison_has_judged_its_strategy(params):
    params = params.model_copy(update={"strategy": "hiatus"})

    def judged():
        """Whether the report is made anew, and which comparison its manifest names."""
        done = run(params)
        manifest = json.loads((done.report.parent / "manifest.json").read_text(encoding="utf-8"))
        return done.is_new, manifest["judged"]

    assert judged() == (True, None)
    publish("reports", "other", "2024-08-31", source="other.csv")
    publish("reports", "later", "2024-09-01", source="log.csv")
    assert judged() == (False, None)
    publish("reports", "compare", "2024-07-31", source="log.csv")
    known = {"series": "compare", "as_of": "2024-07-31", "key": "key of compare"}
    assert judged() == (True, known)
    assert judged() == (False, known)


# Due lists of earlier reports


def listed(folder, *customers):
    """A due list of these customers, in the folder of a published report."""
    pl.DataFrame({"customer_id": customers}).write_parquet(folder / "due.parquet")


def test_the_lists_that_a_report_follows_are_among_its_inputs(params, workplace):
    holding = ReportParams(**{**params.to_dict(), "every": "month", "control_share": 0.2})
    june, july, august = (
        holding.model_copy(update={"as_of": day}) for day in (date(2024, 6, 30), date(2024, 7, 31), date(2024, 8, 31))
    )
    for earlier in (june, july):
        run(earlier)
    folders = [workplace / "reports" / "tiny" / str(it.as_of) for it in (june, july, august)]
    listed(folders[0], "a")
    assert run(august).is_new
    listed(folders[2], "z")
    told = json.loads((folders[2] / "manifest.json").read_text(encoding="utf-8"))["lists"]
    assert list(told) == ["2024-06-30"]
    assert not run(august).is_new
    listed(folders[1], "b")
    assert run(august).changed == ("the due lists of the reports before it",)
    assert not run(june).is_new
    # Without a control no list is followed, and of a series that keeps one report there is none.
    plain = august.model_copy(update={"control_share": 0.0})
    assert runner._due_lists(plain, runner.Series(plain.folder)) == ()
    kept = [runner._due_lists(august.model_copy(update={"keep": n}), runner.Series(august.folder)) for n in (1, 2, 9)]
    assert [[path.parent.name for path in paths] for paths in kept] == [
        [],
        ["2024-07-31"],
        ["2024-06-30", "2024-07-31"],
    ]
