"""What is imported is declared, and what is declared is imported or has its reason."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

NOT_IMPORTED = {
    "lifetimes": "its distribution carries the CDNOW log, which is read by path",
}


def names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(it).name) for it in requirements}


def group(name: str) -> set[str]:
    """The names of a dependency group, those of the groups that it includes among them."""
    entries = PYPROJECT["dependency-groups"][name]
    included = [group(it["include-group"]) for it in entries if isinstance(it, dict)]
    return names([it for it in entries if isinstance(it, str)]).union(*included)


PLAIN = names(PYPROJECT["project"]["dependencies"])
EXTRAS = PYPROJECT["project"]["optional-dependencies"]


def imported(folder: Path) -> Iterator[str]:
    """The top-level names that the files of a folder import, wherever in the file."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module.partition(".")[0]


def third_party(folder: str) -> set[str]:
    """What the files of a folder import that is neither Python's own nor ours."""
    ours = {"clvlab", "tests", *(path.stem for path in (ROOT / folder).glob("*.py"))}
    return set(imported(ROOT / folder)) - sys.stdlib_module_names - ours


@cache
def distributions() -> Mapping[str, list[str]]:
    """Module -> the distributions that bring it."""
    return packages_distributions()


def brought_by(module: str) -> set[str]:
    """The distributions that bring a module; one of its own name where it is not installed here."""
    return {canonicalize_name(name) for name in distributions().get(module, [module])}


@cache
def used() -> set[str]:
    """The distributions that the package imports."""
    return {name for module in third_party("src/clvlab") for name in brought_by(module)}


OF_A_PART = names(EXTRAS["crm"] + EXTRAS["databases"] + EXTRAS["spark"])
"""What only one part imports, and only who uses it has to have; `test_imports.py` sees that no other does."""


@pytest.mark.parametrize(
    ("folder", "declared"),
    [
        ("src/clvlab", PLAIN | OF_A_PART),
        ("tests", PLAIN | group("dev") | names(EXTRAS["spark"])),
        ("benchmarks", PLAIN | group("dev")),
        ("data", PLAIN | group("dev")),
        ("docs", PLAIN | group("dev")),
    ],
)
def test_what_is_imported_is_declared(folder, declared):
    for module in third_party(folder):
        found = brought_by(module)
        assert found & declared, f"{folder} imports {module}: declare {' or '.join(sorted(found))} in pyproject.toml"


def test_what_is_declared_is_imported_or_has_its_reason():
    assert set(NOT_IMPORTED) == PLAIN - used()
    assert used() >= OF_A_PART


@pytest.mark.parametrize("extra", EXTRAS)
def test_what_an_extra_brings_is_neither_imported_nor_required(extra):
    assert not names(EXTRAS[extra]) & (PLAIN | used() - OF_A_PART)


def test_what_sets_up_is_pinned_by_its_hashes_and_names_no_registry():
    lock = (ROOT / "requirements-setup.lock").read_text(encoding="utf-8")
    assert set(re.findall(r"^([\w.-]+)==", lock, re.MULTILINE)) == group("setup")
    assert "--hash=sha256:" in lock
    assert "://" not in lock
    installs = re.findall(r"-m pip install .*", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert installs
    assert all("--require-hashes" in it for it in installs)


@pytest.mark.parametrize(
    ("name", "extras", "of"),
    [
        ("requirements.lock", EXTRAS.keys() - {"spark"}, "dev"),
        ("requirements-spark.lock", {"spark"}, "test"),
    ],
)
def test_a_lock_pins_all_that_is_declared_and_names_no_registry(name, extras, of):
    lock = (ROOT / name).read_text(encoding="utf-8")
    pinned = set(re.findall(r"^([\w.-]+)==", lock, re.MULTILINE))
    assert PLAIN.union(group(of), *(names(EXTRAS[extra]) for extra in extras)) <= pinned
    assert "--hash=sha256:" in lock
    assert "://" not in lock


def test_the_locks_agree():
    first, second = (
        dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))
        for name in ("requirements.lock", "requirements-spark.lock")
    )
    assert {name: version for name, version in second.items() if name in first} == {
        name: version for name, version in first.items() if name in second
    }
    assert "pyspark" not in first
