"""A copy of the repository in which a recipe of CONTRIBUTING.md is followed, as a contributor would."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = Path(__file__).parent


@dataclass
class Checkout:
    """The copy, and what was touched in it: files, and the folders of new ones."""

    root: Path
    touched: set[str] = field(default_factory=set)

    def add(self, path: str, text: str) -> None:
        """Write a file that is not there yet."""
        assert not (self.root / path).exists()
        (self.root / path).write_text(text, encoding="utf-8")
        self.touched.add(f"{Path(path).parent.as_posix()}/")

    def add_example(self, name: str, path: str) -> None:
        """Put an example of this folder to its place."""
        self.add(path, (EXAMPLES / name).read_text(encoding="utf-8"))

    def insert(self, path: str, after: str, text: str) -> None:
        """Put text behind `after`, which the file has once."""
        before = (self.root / path).read_text(encoding="utf-8")
        assert before.count(after) == 1, f"{path} has {after!r} {before.count(after)} times"
        self._change(path, before.replace(after, after + text))

    def append(self, path: str, text: str) -> None:
        """Put lines at the end of a file."""
        self._change(path, (self.root / path).read_text(encoding="utf-8") + text)

    def test(self, *arguments: str, own: str = "") -> subprocess.CompletedProcess[str]:
        """Run tests of the copy, and those of `own`, a module of tests."""
        (self.root / "tests" / "test_own.py").write_text(own, encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "--tb=short", "tests/test_own.py", *arguments]
        environment = {**os.environ, "PYTHONPATH": str(self.root / "src")}
        return subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True, check=False)

    def _change(self, path: str, text: str) -> None:
        (self.root / path).write_text(text, encoding="utf-8")
        self.touched.add(path)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    for name in ("src", "tests", "notebooks"):
        # With what is compiled already, but for files that other tests are writing at this moment.
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("*.pyc.*"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return Checkout(tmp_path)


def recipe(heading: str) -> str:
    """The recipe of CONTRIBUTING.md under a heading."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    [found] = re.findall(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return found


def unmentioned(checkout: Checkout, heading: str) -> set[str]:
    """What was touched and is not named in the recipe."""
    text = recipe(heading)
    return {path for path in checkout.touched if path.removeprefix("src/clvlab/") not in text}
