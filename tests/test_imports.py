"""The picture of the parts, as a rule: which part may import which, and who alone may reach a library."""

import ast
from functools import cache
from pathlib import Path

import pytest

SRC = Path(__file__).parents[1] / "src" / "clvlab"
FOUNDATION = "arrays shipped clock errors columns units period_ends wording money displays frames"
STEPS = "sources transactions customers rfm models grouping"

MAY_IMPORT = {
    "arrays": "",
    "grammars": "",
    "shipped": "",
    "errors": "",
    "columns": "",
    "money": "",
    "scratch": "",
    "memory_limit": "",
    "customer_days": "memory_limit money scratch",
    "frontend": "errors",
    "progress": "frontend",
    "notebook_files": "wording",
    "clock": "arrays",
    "units": "errors",
    "period_ends": "errors",
    "wording": "errors shipped",
    "tables": "wording",
    "displays": "errors tables wording",
    "showing": "columns displays tables wording",
    "trend": "wording",
    "frames": "clock customer_days errors units wording displays",
    "editions": "wording",
    "params": f"{FOUNDATION} editions memory_limit",
    "sources": f"{FOUNDATION} memory_limit scratch",
    "transactions": f"{FOUNDATION} customer_days memory_limit scratch sources",
    "customers": f"{FOUNDATION} customer_days sources",
    "frame_customers": f"{FOUNDATION} customer_days sources transactions customers",
    "shares": "arrays",
    "rfm": f"{FOUNDATION} shares",
    "models": f"{FOUNDATION} sources",
    "grouping": f"{FOUNDATION} shares rfm",
    "estimators": f"{FOUNDATION} shares rfm models grouping",
    "strategy_numbers": f"{FOUNDATION} grouping",
    "metrics": "arrays errors",
    "whole_files": "",
    "lock": "",
    "label_history": "errors whole_files",
    "learned": f"{FOUNDATION} customers",
    "validation": f"{FOUNDATION} customers models learned metrics",
    "planning": f"{FOUNDATION} customers models validation",
    "comparison": f"{FOUNDATION} customers models grouping metrics progress",
    "rule_change": f"{FOUNDATION} grouping comparison strategy_numbers",
    "exploration": f"{FOUNDATION} grouping",
    "datasets": f"{FOUNDATION} transactions customers",
    "inputs": f"{FOUNDATION} customer_days memory_limit params datasets sources transactions customers",
    "crm": f"{FOUNDATION} memory_limit params label_history lock whole_files datasets sources transactions customers",
    "judged": f"{FOUNDATION} params inputs grouping",
    "preflight": f"{FOUNDATION} params playbook inputs customers grouping",
    "playbook": f"{FOUNDATION} params tables",
    "check": f"{FOUNDATION} params inputs preflight sources transactions customers",
    "compat": f"{FOUNDATION} models",
    "analysis": (
        f"{FOUNDATION} params label_history inputs judged datasets {STEPS} playbook validation planning comparison "
        "progress"
    ),
    "charts": f"{FOUNDATION} grammars",
    "presentation": f"{FOUNDATION} editions params playbook analysis charts tables trend export rule_change",
    "lab": (
        f"{FOUNDATION} params frontend grouping exploration strategy_numbers rule_change charts tables presentation"
    ),
    "pictures": f"{FOUNDATION} analysis charts comparison customers grouping models rfm validation",
    "export": f"{FOUNDATION} editions params customers label_history playbook analysis",
    "reporting": (
        f"{FOUNDATION} tables trend editions playbook params inputs label_history lock judged progress preflight "
        "charts grammars notebook_files"
    ),
    "workspace": f"{FOUNDATION} params check analysis notebook_files reporting",
    "cli": f"{FOUNDATION} lock params sources playbook check crm reporting workspace notebook_files",
    "__init__": "",
}

# Who alone may import a library; by nobody, where the list is empty.
ONLY = {
    "scipy": "models customer_days grouping",
    "sklearn": "grouping comparison learned estimators",
    "altair": "charts",
    "jinja2": "tables reporting",
    "babel": "sources wording",
    "pydantic": "params playbook",
    "fastexcel": "sources",
    "IPython": "presentation",
    "papermill": "reporting",
    "nbconvert": "reporting",
    "nbclient": "reporting",
    "nbformat": "reporting",
    "vl_convert": "charts reporting",
    "jupyter_core": "reporting",
    "jupyter_client": "reporting",
    "ipykernel": "reporting",
    "traitlets": "reporting",
    "psutil": "reporting",
    "adbc_driver_manager": "sources",
    "adbc_driver_postgresql": "sources",
    "adbc_driver_duckdb": "sources",
    "pyspark": "sources",
    "filelock": "lock crm",
    "httpx": "crm",
    "tenacity": "crm",
    "click": "cli",
    "xlsxwriter": "export",
    "lifetimes": "",
    "pickle": "",
    "matplotlib": "",
}


def part_of(path: Path) -> str:
    return path.relative_to(SRC).parts[0].removesuffix(".py")


@cache
def imported(path: Path) -> tuple[str, ...]:
    """Full names of all that a file imports, wherever in the file."""
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            names += (f"{node.module}.{alias.name}" for alias in node.names)
    return tuple(names)


PARTS = sorted({part_of(path) for path in SRC.rglob("*.py")})


@pytest.mark.parametrize("part", PARTS)
def test_part_imports_only_what_lies_before_it(part):
    assert part in MAY_IMPORT, f"{part} is new: say what it may import"
    for path in SRC.rglob("*.py"):
        if part_of(path) != part:
            continue
        ours = {name.split(".")[1] for name in imported(path) if name.startswith("clvlab.")}
        unexpected = (ours & set(PARTS)) - set(MAY_IMPORT[part].split()) - {part}
        assert not unexpected, f"{path.name}: {part} may import only [{MAY_IMPORT[part]}], not {unexpected}"


@pytest.mark.parametrize("library", ONLY)
def test_library_is_reached_by_its_own_part_alone(library):
    users = {part_of(path) for path in SRC.rglob("*.py") for name in imported(path) if name.split(".")[0] == library}
    assert users <= set(ONLY[library].split()), f"only [{ONLY[library]}] may import {library}"


def test_one_file_alone_reads_from_the_distribution_of_lifetimes():
    readers = [path for path in SRC.rglob("*.py") if 'distribution("lifetimes")' in path.read_text(encoding="utf-8")]
    assert readers == [SRC / "datasets" / "cdnow.py"]


def test_scikit_learn_is_imported_when_it_is_used_and_not_before():
    """It takes a second to import: `import clvlab` and a backtest without a learned model do without it."""
    tops = {
        path.name
        for path in set(SRC.rglob("*.py")) - {SRC / "estimators.py"}
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Import | ast.ImportFrom) and "sklearn" in ast.unparse(node)
    }
    assert not tops


def test_one_file_alone_learns_from_the_past():
    users = {path for path in (SRC / "learned").glob("*.py") if any("sklearn" in name for name in imported(path))}
    assert users == {SRC / "learned" / "model.py"}


def test_every_part_of_the_rule_exists():
    assert set(MAY_IMPORT) == set(PARTS)


def test_parts_form_no_cycle():
    before: set[str] = set()
    waiting = {part: set(allowed.split()) for part, allowed in MAY_IMPORT.items()}
    while waiting:
        ready = {part for part, needs in waiting.items() if needs <= before}
        assert ready, f"a cycle among {sorted(waiting)}"
        before |= ready
        waiting = {part: needs for part, needs in waiting.items() if part not in ready}
