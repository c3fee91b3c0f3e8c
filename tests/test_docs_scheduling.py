"""The commands of README and docs are there; what schedules them works as written."""

import configparser
import os
import re
import shlex
import subprocess
from datetime import date, timedelta
from pathlib import Path

import click
import pytest
import yaml

from clvlab import cli
from tests.examples import PAGES

ROOT = Path(__file__).parents[1]
CALLING = [ROOT / "README.md", *PAGES]
SCHEDULING = (ROOT / "docs" / "how_to" / "scheduling.md").read_text(encoding="utf-8")
RECORDER = '#!/bin/sh\nprintf "%s\\n" "$@" > called\nexit ${ENDS_WITH:-0}\n'


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", SCHEDULING, re.DOTALL)


def commands(text):
    """The calls of clvlab in blocks for a shell and in quoted code."""
    quoted = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    lines = [
        line
        for block in re.findall(r"```(?:cron|ini|sh|yaml)[^\n]*\n(.*?)```", text, re.DOTALL)
        for line in block.splitlines()
    ]
    for code in [*quoted, *lines]:
        yield from re.findall(r"(?:^|[ /&])clvlab ((?:[a-z]+)(?: (?:\"[^\"]*\"|[^\s`;&|>#]+))*)", code)


CALLS = sorted({(page.name, call) for page in CALLING for call in commands(page.read_text(encoding="utf-8"))})


def test_the_pages_have_calls():
    assert {page for page, _ in CALLS} >= {"README.md", "scheduling.md", "playbook.md"}


@pytest.mark.parametrize(("page", "call"), CALLS)
def test_every_command_and_option_of_a_page_is_there(page, call):
    command, arguments = cli.main, shlex.split(call)
    while isinstance(command, click.Group):
        name, *arguments = arguments
        assert name in command.commands, page
        command = command.commands[name]
    known = {option for parameter in command.params for option in parameter.opts}
    used = {argument for argument in arguments if argument.startswith("-")}
    assert used - {"--help"} <= known, page


@pytest.fixture
def workplace(tmp_path):
    """A folder with a program in place of clvlab, which notes how it was called."""
    program = tmp_path / ".venv" / "bin" / "clvlab"
    program.parent.mkdir(parents=True)
    program.write_text(RECORDER, encoding="utf-8")
    program.chmod(0o755)
    return tmp_path


def shell(command, folder, **environment):
    """The command as a scheduler has it run: by sh, and almost without environment."""
    given = {"PATH": os.environ["PATH"], **environment}
    return subprocess.run(
        ["/bin/sh", "-c", command], cwd=folder, env=given, capture_output=True, text=True, check=False
    )


def called(folder):
    """How the program in place of clvlab was called, read by the command line of clvlab."""
    name, *arguments = (folder / "called").read_text(encoding="utf-8").splitlines()
    return name, cli.main.commands[name].make_context(name, arguments).params


def is_backfill_until_yesterday(folder):
    name, given = called(folder)
    yesterday = {(date.today() - timedelta(days)).isoformat() for days in (1, 2)}  # midnight may lie between
    assert (name, str(given["params"]), given["first"]) == ("backfill", "params/shop.yaml", "2024-01-31")
    assert given["last"] in yesterday


def cron_line(folder):
    """The command of the table, as cron passes it to the shell."""
    [table] = blocks("cron")
    [line] = [line for line in table.splitlines() if not re.match(r"[A-Z]+=", line)]
    *times, user, command = line.split(maxsplit=6)
    assert (times, user) == (["0", "6", "*", "*", "*"], "reports")
    assert not re.search(r"(?<!\\)%", command)
    return command.replace(r"\%", "%").replace("/srv/reports", str(folder))


def test_the_line_for_cron_runs_and_is_silent_unless_it_fails(workplace):
    done = shell(cron_line(workplace), workplace.parent)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    is_backfill_until_yesterday(workplace)
    (workplace / "clvlab.log").write_text("why\n", encoding="utf-8")
    assert shell(cron_line(workplace), workplace.parent, ENDS_WITH="1").stdout == "why\n"


def units():
    """The systemd units of the page: service, timer, and the service that tells of failures."""
    found = []
    for text in blocks("ini"):
        unit = configparser.ConfigParser(interpolation=None, strict=True)
        unit.optionxform = str
        unit.read_string(text)
        found.append(unit)
    return found


def exec_start(unit, instance=""):
    """The arguments that systemd starts."""
    for specifier, meant in (("%i", instance), ("%%", "%"), ("$$", "$")):
        unit = unit.replace(specifier, meant)
    return shlex.split(unit)


def test_the_service_for_systemd_runs_and_has_the_exit_code_of_the_command(workplace):
    service, timer, failed = units()
    program, flag, command = exec_start(service["Service"]["ExecStart"])
    assert (program, flag) == ("/bin/sh", "-c")
    assert shell(command, workplace, ENDS_WITH="75").returncode == 75 == int(service["Service"]["SuccessExitStatus"])
    is_backfill_until_yesterday(workplace)
    assert timer["Install"]["WantedBy"] == "timers.target"
    assert service["Unit"]["OnFailure"] == "clvlab-failed@%n.service"
    assert exec_start(failed["Service"]["ExecStart"], "shop.service")[3:] == ["sh", "shop.service"]


def test_the_mail_of_a_failure_has_the_units_last_lines(workplace):
    for name, script in {"journalctl": 'echo "$@"', "mail": 'echo "mail: $@"; cat'}.items():
        (workplace / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (workplace / name).chmod(0o755)
    arguments = exec_start(units()[2]["Service"]["ExecStart"], "shop.service")
    path = {"PATH": f"{workplace}:{os.environ['PATH']}"}
    done = subprocess.run(arguments, env=path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "mail: -s shop.service failed reports@example.com",
        "--unit=shop.service --lines=20 --no-pager",
    ]


def test_the_workflow_is_yaml_with_steps_that_run(workplace):
    [text] = blocks("yaml")
    workflow = yaml.safe_load(text)
    assert workflow[True]["schedule"] == [{"cron": "0 6 * * *"}]  # YAML 1.1 takes `on` for true
    [job] = workflow["jobs"].values()
    assert all(("uses" in step) != ("run" in step) for step in job["steps"])
    [command] = [step["run"] for step in job["steps"] if "backfill" in step.get("run", "")]
    done = shell(command, workplace, PATH=f"{workplace / '.venv' / 'bin'}:{os.environ['PATH']}")
    assert (done.returncode, done.stderr) == (0, "")
    is_backfill_until_yesterday(workplace)
    keys = {
        step["uses"].split("@")[0]: step["with"]["key"] for step in job["steps"] if "cache/" in step.get("uses", "")
    }
    assert len(keys) == 2
    assert len(set(keys.values())) == 1


def test_the_exit_codes_of_the_page_are_those_of_the_command_line():
    table = {
        int(code) for row in re.findall(r"^\| ([\d, ]+) \|", SCHEDULING, re.MULTILINE) for code in row.split(",")
    }
    told = {int(code) for code in re.findall(r"\b\d{1,3}\b", cli.__doc__.partition("Exit codes:")[2])}
    assert table - {137} == told
