"""The README's promises: its code runs, its map is the package, its commands and pictures exist."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_lines_of_python_can_be_pasted():
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len([line for line in code.splitlines() if line.strip()]) <= 10
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "champions" in done.stdout


def test_the_map_of_the_code_is_the_package():
    rows = re.findall(r"^\| (`.*?) \|", README, re.MULTILINE)
    mapped = {name.rstrip("/") for row in rows for name in re.findall(r"`([^`]+)`", row)} - {"src/clvlab"}
    package = {
        path.name
        for path in (ROOT / "src" / "clvlab").iterdir()
        if path.name not in {"__init__.py", "py.typed", "__pycache__"}
    }
    assert mapped == package


def test_the_commands_are_targets_of_the_makefile():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"make ([a-z]+)", README)) - {"PYTHON"} <= targets


def test_what_it_links_to_exists():
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / link).exists(), link
