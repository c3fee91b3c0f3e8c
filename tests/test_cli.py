import json
import logging
import re
import signal
import subprocess
import sys
import time
import warnings
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from clvlab import cli
from clvlab.errors import ClvlabWarning, DataError, ParamsError
from clvlab.lock import LockedError
from clvlab.params import CompareParams, ReportParams
from clvlab.playbook import Playbook, shipped
from clvlab.playbook.playbook import shipped_groups
from clvlab.reporting import runner
from clvlab.reporting.execution import KernelDiedError, NotebookError
from clvlab.reporting.runner import Run
from clvlab.reporting.stopping import Stopped
from tests.playbook.test_series import publish

PARAMS = "name: demo\nsource: cdnow_sample\nas_of: 1998-06-30\n"
COSTS = [{"section": "value", "seconds": 1.25, "peak_mb": 210.0}]


@pytest.fixture
def invoke(tmp_path, monkeypatch):
    """Call `clvlab ...` over a params file; runs are taken down instead of run."""
    monkeypatch.chdir(tmp_path)
    Path("demo.yaml").write_text(PARAMS, encoding="utf-8")
    calls = []

    def run(params, **options):
        calls.append((params, options))
        logging.getLogger("clvlab").info("on the way")
        return Run(Path("reports/demo/1998-06-30/report.html"), is_new=True, sections=COSTS)

    monkeypatch.setattr(runner, "run", run)

    def call(*arguments):
        return CliRunner().invoke(cli.main, [str(argument) for argument in arguments]), calls

    return call


def failing(error):
    def run(*_, **__):
        raise error

    return run


def test_help_is_quick_because_it_loads_nothing_heavy():
    code = (
        "import sys\nfrom clvlab.cli import main\nmain(['report', '--help'], standalone_mode=False)\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "PARAMS.yaml" in done.stdout
    heavy = ("polars", "pandas", "numpy", "pydantic", "yaml", "papermill", "nbconvert", "altair", "sklearn", "scipy")
    assert not [name for name in heavy if f"'{name}'" in done.stderr]


def test_stdout_carries_the_path_of_the_report_alone(invoke):
    result, _ = invoke("report", "demo.yaml")
    assert (result.exit_code, result.stdout) == (0, "reports/demo/1998-06-30/report.html\n")
    assert result.stderr == "clvlab: on the way\n"


def test_options_reach_the_run(invoke):
    _, calls = invoke(
        *("report", "demo.yaml", "--as-of", "1998-03-31", "-p", "lang=zh", "-p", "rfm={n_bins: 4}"),
        *("--force", "--timeout", "90"),
    )
    params, options = calls[0]
    assert (params.as_of.isoformat(), params.lang, params.rfm) == ("1998-03-31", "zh", {"n_bins": 4})
    assert options["force"]


def test_time_limit_holds_for_all_that_a_command_does(invoke, monkeypatch):
    monkeypatch.setattr(runner, "run", lambda *_, **__: time.sleep(60))
    result, _ = invoke("report", "demo.yaml", "--timeout", "0.1")
    assert (result.exit_code, result.stderr) == (124, "clvlab: timed out after 0.1 s\n")


@pytest.mark.parametrize(
    ("number", "code", "name"),
    [(signal.SIGTERM, 143, "SIGTERM"), (signal.SIGHUP, 129, "SIGHUP"), (signal.SIGINT, 130, "Ctrl-C")],
)
def test_signal_while_all_is_still_being_loaded_has_its_code_and_its_sentence(
    invoke, monkeypatch, number, code, name
):
    monkeypatch.setattr(ReportParams, "load", lambda *_: signal.raise_signal(number))
    result, calls = invoke("report", "demo.yaml")
    assert (result.exit_code, result.stdout, result.stderr) == (code, "", f"clvlab: stopped by {name}\n")
    assert calls == []


SAY = "from clvlab.cli import output\noutput.log_to_stderr()\noutput.open_streams()\noutput.say('the path')"


@pytest.mark.parametrize(
    ("before", "stderr"),
    [
        ("exec >&-", ""),
        ("exec <&- >&- 2>&-", ""),
        ("exec 2>&-", ""),
        ("exec >/dev/full", "standard output cannot be written to (No space left on device): the path"),
        ("exec > >(exec true); sleep 0.2", "standard output cannot be written to (Broken pipe): the path"),
        ("exec 2>/dev/full", ""),
    ],
)
def test_standard_streams_that_take_nothing_change_no_exit_code(before, stderr):
    command = ["bash", "-c", f'{before}; exec "$@"', "bash", sys.executable, "-c", SAY]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr.strip().removeprefix("clvlab: ")) == (0, stderr)
    assert done.stdout == ("the path\n" if ">&-" not in before.replace("2>&-", "") and not stderr else "")


def test_files_that_are_opened_later_do_not_get_the_places_of_closed_streams():
    code = (
        "from clvlab.cli.output import open_streams\nopen_streams()\nimport sys\nsys.exit(open('/dev/null').fileno())"
    )
    done = subprocess.run(["sh", "-c", 'exec <&- >&- 2>&-; exec "$@"', "sh", sys.executable, "-c", code])
    assert done.returncode > 2


def test_comparison_has_parameters_of_its_own(invoke):
    result, calls = invoke("compare", "demo.yaml", "-p", "rounds=50")
    assert (result.exit_code, calls[0][0].rounds) == (0, 50)
    result, _ = invoke("report", "demo.yaml", "-p", "rounds=50")
    assert result.exit_code == 2


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DataError("the log is empty"), 2),
        (NotebookError("KeyError in cell 3: x"), 1),
        (LockedError("another run"), 75),
        (Stopped("timed out after 5 s", 124), 124),
        (Stopped("stopped by SIGTERM", 143), 143),
        (KernelDiedError("The kernel died"), 138),
        (MemoryError("Memory ran out"), 1),
        (ZeroDivisionError(), 1),
    ],
)
def test_exit_code_tells_what_went_wrong_in_one_message(invoke, monkeypatch, error, code):
    monkeypatch.setattr(runner, "run", failing(error))
    result, _ = invoke("report", "demo.yaml")
    assert (result.exit_code, result.stdout) == (code, "")
    assert (str(error) or "ZeroDivisionError") in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["report", "absent.yaml"], "absent.yaml: No such file or directory"),
        (["report", "demo.yaml", "-p", "horizn=3"], "Did you mean 'horizon'?"),
        (["report", "demo.yaml", "-p", "horizon"], "Write NAME=VALUE"),
        (["report", "demo.yaml", "--as-of", "June"], "give a day as YEAR-MONTH-DAY"),
        (["report", "demo.yaml", "--timeout", "0"], "not in the range"),
        (["report", "demo.yaml", "--timeout", "inf"], "not in the range"),
        (["report", "demo.yaml", "--timeout", "nan"], "give a number of seconds"),
        (["report", "demo.yaml", "-p", "output=~nobody_here/reports"], "knows no home folder"),
        (["report"], "Missing argument 'PARAMS.yaml'"),
        (["reprot", "demo.yaml"], "No such command 'reprot'"),
    ],
)
def test_bad_call_exits_2_before_any_work_and_without_traceback(invoke, arguments, expected):
    result, calls = invoke(*arguments)
    assert (result.exit_code, result.stdout, calls) == (2, "", [])
    assert expected in result.stderr
    assert "Traceback" not in result.stderr


def test_debug_shows_the_traceback(invoke, monkeypatch):
    monkeypatch.setattr(runner, "run", failing(DataError("the log is empty")))
    result, _ = invoke("report", "demo.yaml", "--debug")
    assert isinstance(result.exception, DataError)


def test_log_can_be_json_lines(invoke, monkeypatch):
    result, _ = invoke("report", "demo.yaml", "--log-format", "json", "-v")
    lines = [json.loads(line) for line in result.stderr.splitlines()]
    assert (lines[0]["level"], lines[0]["message"]) == ("INFO", "on the way")
    assert lines[1]["cost"] == COSTS[0]
    assert all(line["time"] for line in lines)
    monkeypatch.setattr(runner, "run", failing(DataError("two\nlines")))
    result, _ = invoke("report", "demo.yaml", "--log-format", "json")
    assert json.loads(result.stderr)["message"] == "two\nlines"


def test_verbose_shows_time_and_memory_of_each_section(invoke):
    result, _ = invoke("report", "demo.yaml", "-v")
    assert "value" in result.stderr
    assert "1.25 s" in result.stderr
    assert "210 MB" in result.stderr


def test_ctrl_c_exits_130_in_one_line(invoke, monkeypatch):
    monkeypatch.setattr(runner, "run", failing(KeyboardInterrupt()))
    result, _ = invoke("report", "demo.yaml")
    assert (result.exit_code, result.stdout, result.stderr) == (130, "", "clvlab: stopped by Ctrl-C\n")


def test_error_without_words_is_named_and_one_with_words_says_where_to_look(invoke, monkeypatch):
    monkeypatch.setattr(runner, "run", failing(ZeroDivisionError()))
    result, _ = invoke("report", "demo.yaml")
    assert result.stderr == "clvlab: ZeroDivisionError()\n"
    monkeypatch.setattr(runner, "run", failing(NotebookError("KeyError in cell 3: x")))
    result, _ = invoke("report", "demo.yaml")
    assert result.stderr == "clvlab: KeyError in cell 3: x (--debug shows where)\n"


@pytest.mark.parametrize(("log_format", "level"), [("human", None), ("json", "WARNING")])
def test_warning_is_one_line_of_the_log(invoke, monkeypatch, log_format, level):
    def run(*_, **__):
        warnings.showwarning(ClvlabWarning("ids differ in zeros"), ClvlabWarning, "read.py", 1)
        return Run(Path("report.html"), is_new=True, sections=[])

    monkeypatch.setattr(runner, "run", run)
    result, _ = invoke("report", "demo.yaml", "--log-format", log_format)
    assert result.stdout == "report.html\n"
    if level is None:
        assert result.stderr == "clvlab: ids differ in zeros\n"
    else:
        assert {key: json.loads(result.stderr)[key] for key in ("level", "message")} == {
            "level": level,
            "message": "ids differ in zeros",
        }


def test_cells_write_to_the_terminal_unless_the_log_is_for_a_machine(invoke):
    _, calls = invoke("report", "demo.yaml")
    assert calls[0][1]["stderr"] is not None
    _, calls = invoke("report", "demo.yaml", "--log-format", "json")
    assert calls[1][1]["stderr"] is None


def test_version_is_printed(invoke):
    result, _ = invoke("--version")
    assert "0.1.0" in result.stdout


def test_help_in_an_empty_folder_leads_to_params_a_report_and_the_notebooks(invoke):
    result, _ = invoke("--help")
    told = " ".join(result.stdout.split())
    for step in ("check orders.csv --write-params orders.yaml", "report orders.yaml", "notebooks"):
        assert f"`clvlab {step}`" in told
    lacking, _ = invoke("report", "nothing.yaml")
    assert "`clvlab check SOURCE --write-params nothing.yaml`" in lacking.stderr
    first, _ = invoke("check", "cdnow_sample", "--write-params", "nothing.yaml")
    assert (first.exit_code, Path("nothing.yaml").exists()) == (0, True)


def files(folder, pattern="*"):
    paths = (path for path in folder.rglob(pattern) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_notebooks_are_copied_and_none_is_overwritten(invoke):
    result, _ = invoke("notebooks", "bench")
    ours = files(Path(__file__).parents[1] / "notebooks", "*.ipynb")
    assert files(Path("bench")) == {name: text for name, text in ours.items() if ".ipynb_checkpoints" not in name}
    assert (result.exit_code, "open them: jupyter lab bench" in result.stderr) == (0, True)
    mine = Path("bench/segmentation_report.ipynb")
    mine.write_text("mine", encoding="utf-8")
    Path("bench/00_start.ipynb").unlink()
    again, _ = invoke("notebooks", "bench")
    assert (again.exit_code, mine.read_text(encoding="utf-8")) == (2, "mine")
    assert "Cannot write bench/01_know_your_data.ipynb: File exists" in again.stderr


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_notebooks_of_one_language_lie_next_to_each_other(invoke, lang):
    result, _ = invoke("notebooks", "bench", "--lang", lang)
    copied, ours = files(Path("bench")), files(Path(__file__).parents[1] / "notebooks", "*.ipynb")
    assert result.exit_code == 0
    assert set(copied) == {name for name in ours if "/" not in name}
    assert copied["01_know_your_data.ipynb"] == ours[{"en": "", "zh": "zh/"}[lang] + "01_know_your_data.ipynb"]
    assert copied["segmentation_report.ipynb"] == ours["segmentation_report.ipynb"]
    linked = set(re.findall(r"\]\(([^)]*)\)", copied["00_start.ipynb"].decode()))
    assert linked == set(copied) - {"00_start.ipynb"}


def test_a_folder_to_work_in_is_laid_out_and_its_commands_run(invoke, monkeypatch):
    Path("orders.csv").write_text(LOG, encoding="utf-8")
    result, _ = invoke("new", "灯具店", "--from", "orders.csv")
    assert (result.exit_code, "结论：可以生成报告" in result.stdout) == (0, True)
    assert "try: cd 灯具店 && clvlab report params/灯具店.yaml\n" in result.stderr
    laid_out = {path.relative_to("灯具店").as_posix() for path in Path("灯具店").rglob("*") if path.is_file()}
    notebooks = {f"notebooks/{path.name}" for path in Path(__file__).parents[1].glob("notebooks/*.ipynb")}
    pages = {"README.md", "data/README.md", "reports/README.md"}
    assert laid_out == {*pages, "params/灯具店.yaml", "playbook.yaml", *notebooks}
    readme = Path("灯具店/README.md").read_text(encoding="utf-8")
    assert readme.startswith("# 灯具店\n\n在本文件夹中运行：")
    here = Path.cwd()
    monkeypatch.chdir("灯具店")
    commands = re.findall(r"^    clvlab (\w+) (\S+)", readme, re.MULTILINE)
    assert [command for command, _ in commands] == ["report", "compare"]
    for command, params in commands:
        result, calls = invoke(command, params)
        assert (result.exit_code, Path(calls[-1][0].source)) == (0, here / "orders.csv")
    copied = Playbook.load(calls[0][0].playbook)
    assert all(copied.entry(code) == shipped().entry(code) for code in shipped_groups())
    assert Path(calls[0][0].playbook) == here / "灯具店" / "playbook.yaml"


def injected(notebook):
    """The values that a notebook of a folder to work in starts from."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    [own] = [cell for cell in cells if "injected-parameters" in cell["metadata"].get("tags", [])]
    values = {}
    exec("".join(own["source"]), {}, values)
    return own["source"][0], values


def test_notebooks_of_a_folder_start_from_its_log(invoke):
    Path("orders.csv").write_text(LOG, encoding="utf-8")
    invoke("new", "shop", "--from", "orders.csv", "--lang", "en")
    for name, kind in {"segmentation_report": ReportParams, "strategy_comparison": CompareParams}.items():
        head, values = injected(Path(f"shop/notebooks/{name}.ipynb"))
        assert head == "# From params/shop.yaml, as it was when this folder was made\n"
        given = kind.load("shop/params/shop.yaml").to_dict()
        assert {"source", "columns", "as_of"} < set(values)
        assert values == {key: given[key] for key in values}
    assert values["name"] == "shop_compare"


def test_a_folders_models_are_judged_on_the_last_part_of_its_log(invoke):
    Path("orders.csv").write_text(LOG, encoding="utf-8")
    invoke("new", "shop", "--from", "orders.csv", "--lang", "en")
    _, values = injected(Path("shop/notebooks/03_value_models.ipynb"))
    _, of_one = injected(Path("shop/notebooks/06_one_customer.ipynb"))
    assert of_one["params_file"] == "../params/shop.yaml"
    assert (values["cutoff"], values["end"]) == ("2024-05-15", "2024-09-11")  # 17 weeks, as in the parameters
    _, values = injected(Path("shop/notebooks/05_bring_your_own_data.ipynb"))
    assert values["source"] == str(Path.cwd() / "orders.csv")


def test_what_looks_at_letters_keeps_its_own_file_where_a_log_has_none(invoke):
    invoke("new", "shop")
    copied, ours = (
        folder / "notebooks/05_bring_your_own_data.ipynb" for folder in (Path("shop"), Path(__file__).parents[1])
    )
    assert copied.read_bytes() == ours.read_bytes()


def test_a_folder_that_is_there_is_left_alone(invoke):
    Path("shop").mkdir()
    result, _ = invoke("new", "shop")
    assert (result.exit_code, list(Path("shop").iterdir())) == (2, [])
    assert "shop exists already. Name a folder that does not." in result.stderr
    result, _ = invoke("new", "other", "--from", "nothing.csv")
    assert (result.exit_code, Path("other").exists()) == (2, False)


def test_what_is_to_be_settled_is_said_and_the_folder_is_there(invoke):
    Path("orders.csv").write_text("客户编号,下单日期,实付金额\na,01/02/2024,1\n", encoding="utf-8")
    result, _ = invoke("new", "shop", "--from", "orders.csv", "--lang", "en")
    assert (result.exit_code, Path("shop/params/shop.yaml").is_file()) == (2, True)


HEADER = "客户编号,下单日期,实付金额\n"
LOG = HEADER + "".join(f"{n % 5},2024-0{1 + n % 9}-11,{n}.5\n" for n in range(40)) + ",2024-01-01,3\n"


def test_check_says_what_a_source_holds_and_writes_params_that_both_commands_take(invoke):
    Path("orders.csv").write_text(LOG, encoding="utf-8")
    result, _ = invoke("check", "orders.csv", "--write-params", "new/folder/orders.yaml")
    assert result.exit_code == 0
    assert "customer_id  <- 客户编号" in result.stdout
    assert "missing_customer" in result.stdout
    assert "wrote new/folder/orders.yaml\n" in result.stderr
    assert "try: clvlab report new/folder/orders.yaml\n" in result.stderr
    for command in ("report", "compare"):
        result, calls = invoke(command, "new/folder/orders.yaml")
        assert (result.exit_code, calls[-1][0].columns["amount"]) == (0, "实付金额")
    report, comparison = (params for params, _ in calls)
    assert (report.strategy, comparison.rounds) == ("rfm11", 500)
    assert report.folder != comparison.folder


@pytest.mark.parametrize(
    ("text", "code", "en", "zh"),
    [
        (LOG, 0, "Verdict: ready, with", "结论：可以生成报告，有"),
        (
            "客户编号,下单日期,实付金额\na,01/02/2024,1\n",
            2,
            "not ready: settle `date_format`",
            "请先确定`date_format`",
        ),
        (
            "客户编号,下单日期,实付金额\n" + ",2024-01-01,1\n" * 9 + "a,2024-01-01,1\n",
            2,
            "not ready: mend",
            "请先解决",
        ),
    ],
)
def test_the_exit_code_of_check_is_its_verdict_in_either_language(invoke, text, code, en, zh):
    Path("orders.csv").write_text(text, encoding="utf-8")
    for options, said in ((("--lang", "en"), en), (("--lang", "zh"), zh), ((), zh)):
        result, _ = invoke("check", "orders.csv", *options)
        assert result.exit_code == code
        assert said in result.stdout.splitlines()[-1]
        assert result.stderr == ""


def test_an_error_of_check_is_in_its_language(invoke):
    Path("empty.csv").touch()
    for source, en, zh in (
        ("no.csv", "There is no file 'no.csv'", "找不到文件'no.csv'"),
        ("empty.csv", "is empty", "为空"),
    ):
        for options, said in (((), en), (("--lang", "zh"), zh)):
            result, _ = invoke("check", source, *options)
            assert result.exit_code == 2
            assert said in result.stderr


def test_check_serves_tables_of_attributes(invoke):
    Path("people.csv").write_text("客户编号,省份\n1,广东\n77,浙江\n", encoding="utf-8")
    Path("orders.csv").write_text(LOG, encoding="utf-8")
    result, _ = invoke("check", "people.csv", "--attributes", "--lang", "en")
    assert result.exit_code == 0
    assert "province     <- 省份  text, distinct: 2" in result.stdout
    result, _ = invoke("check", "orders.csv", "-p", "attributes=people.csv", "--lang", "en")
    assert "customers of the log: 5; in the table as well: 1; in the table alone: 1" in result.stdout
    result, _ = invoke("check", "people.csv", "--attributes", "--write-params", "a.yaml")
    assert result.exit_code == 2
    assert "A params file needs a log. Check the log instead" in result.stderr
    assert not Path("a.yaml").exists()


def test_check_knows_the_embedded_logs(invoke):
    result, _ = invoke("check", "cdnow_sample")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "Verdict: ready")


def test_check_does_not_write_over_a_file(invoke):
    Path("orders.csv").write_text(LOG, encoding="utf-8")
    result, _ = invoke("check", "orders.csv", "--write-params", "demo.yaml")
    assert result.exit_code == 2
    assert "Cannot write demo.yaml: File exists. Name another file." in result.stderr
    assert Path("demo.yaml").read_text(encoding="utf-8") == PARAMS


def test_check_takes_settings_of_the_reader(invoke):
    Path("orders.csv").write_text(LOG, encoding="utf-8")
    result, _ = invoke("check", "orders.csv", "-p", "columns={amount: 客户编号}", "-p", "decimal=.")
    assert "amount       <- 客户编号" in result.stdout
    result, _ = invoke("check", "orders.csv", "-p", "decimals=.")
    assert result.exit_code == 2
    assert "Did you mean 'decimal'?" in result.stderr


@pytest.mark.parametrize(("source", "expected"), [("absent.csv", "absent.csv"), ("demo.yaml", "no column")])
def test_check_of_what_cannot_be_read_exits_2(invoke, source, expected):
    result, _ = invoke("check", source)
    assert result.exit_code == 2
    assert expected in result.output
    assert "Traceback" not in result.output


def series_of(folder, control):
    """Two runs: 80 customers on the list, every other one held back; those contacted spend more."""
    before = {f"{place:02d}": (100, 2) for place in range(80)}
    after = {customer: (150, 3) if int(customer) % 2 else (104, 3) for customer in before}
    publish(folder, date(2024, 6, 30), before, {customer: control and int(customer) % 2 == 0 for customer in before})
    publish(folder, date(2024, 7, 31), after)
    manifest = json.dumps({"parameters": {"lang": "zh", "currency": "USD"}})
    (folder / "2024-07-31" / "manifest.json").write_text(manifest, encoding="utf-8")


def test_effect_compares_the_contacted_with_those_held_back_in_the_series_language_or_another(invoke):
    series_of(Path("reports/demo"), control=True)
    done, _ = invoke("effect", "reports/demo")
    assert done.exit_code == 0
    assert "应联系客户的人均消费比对照客户高US$46.00" in done.stdout
    english = invoke("effect", "reports/demo", "--lang", "en")[0].stdout
    assert "Those to be contacted spent $46.00 a customer more than those held back" in english
    assert "30 Jun 2024 – 31 Jul 2024          40         40" in english


def test_effect_passes_over_a_report_without_customers(invoke):
    series_of(Path("reports/demo"), control=True)
    alone = invoke("effect", "reports/demo")[0].stdout
    for_stakeholders = Path("reports/demo/2024-08-31")
    for_stakeholders.mkdir()
    manifest = json.dumps({"parameters": {"lang": "en", "edition": "stakeholder"}})
    (for_stakeholders / "manifest.json").write_text(manifest, encoding="utf-8")
    assert invoke("effect", "reports/demo")[0].stdout == alone


@pytest.mark.parametrize(
    ("control", "arguments", "expected"),
    [
        (True, ["effect", "reports/none"], "reports/none has no published runs"),
        (True, ["effect", "demo.yaml"], "demo.yaml has no published runs"),
        (False, ["effect", "reports/demo"], "was held back"),
    ],
)
def test_effect_of_nothing_to_compare_exits_2(invoke, control, arguments, expected):
    series_of(Path("reports/demo"), control=control)
    done, _ = invoke(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert expected in done.stderr


def test_where_no_params_file_is_the_words_of_advice_lead_to_one(invoke):
    with pytest.raises(ParamsError) as caught:
        ReportParams.load("absent.yaml")
    [advice] = re.findall(r"`clvlab (check .*?)`", str(caught.value))
    arguments = advice.replace("SOURCE", "cdnow_sample").split()
    assert invoke(*arguments)[0].exit_code == 0
    assert ReportParams.load("absent.yaml").source == "cdnow_sample"
