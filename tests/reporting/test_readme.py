"""The page for maintainers names what is there: files, variables, errors with their exit codes."""

import re
from pathlib import Path

import pytest

from clvlab import lock, params
from clvlab.cli.exit_codes import verdict
from clvlab.errors import DataError
from clvlab.reporting import archive, execution, stopping

FOLDER = Path(archive.__file__).parent
README = (FOLDER / "README.md").read_text(encoding="utf-8")


def rows(heading):
    """The cells of the table under the row that begins with `heading`."""
    _, _, below = README.partition(f"| {heading} |")
    table = below.split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def test_every_file_is_on_the_map():
    named = {name.rstrip("/") for first, *_ in rows("file") for name in re.findall(r"`([^`]+)`", first)}
    there = {path.stem for path in FOLDER.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert named == there - {"__init__", "__pycache__"}


def test_variables_between_the_processes_are_those_of_the_params():
    named = {params.RUN_FOLDER, params.LOG_FOLDER, params.PREDECESSOR, params.DUE_LISTS, params.PSEUDONYM_KEY}
    assert set(re.findall(r"CLVLAB_\w+", README)) == named


@pytest.mark.parametrize(
    "error",
    [
        DataError("x"),
        archive.OutputError("x"),
        execution.NotebookError("x"),
        execution.KernelDiedError("x"),
        lock.LockedError("x"),
        stopping.Stopped("x", 124),
        stopping.Stopped("x", 129),
        stopping.Stopped("x", 130),
        stopping.Stopped("x", 143),
        ValueError("x"),
        MemoryError(),
    ],
    ids=repr,
)
def test_every_error_has_the_exit_code_of_its_row(error):
    code = str(verdict(error, "en")[0])
    kinds = {kind.__name__ for kind in type(error).__mro__}
    found = [codes for _, raised, codes in rows("what goes wrong") if kinds & set(re.findall(r"`(\w+)`", raised))]
    if not found:
        found = [codes for _, raised, codes in rows("what goes wrong") if raised == "as it is"]
    assert any(code in codes.split(", ") for codes in found)
