"""What a user gets: the package with its notebooks, maps, wording and templates, and nothing else."""

import subprocess
import sys
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SUFFIXES = {".py", ".typed", ".yaml", ".ipynb", ".j2", ".css", ".js", ".json", ".md"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, capture_output=True, check=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as opened:
        yield opened


def files(folder):
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_holds_the_package_and_its_notebooks(wheel):
    packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    source = {f"clvlab/{name}" for name in files(ROOT / "src" / "clvlab")}
    notebooks = {f"clvlab/notebooks/{name}" for name in files(ROOT / "notebooks") if name.endswith(".ipynb")}
    assert packed == source | notebooks
    assert {Path(name).suffix for name in packed} == SUFFIXES


def test_what_it_says_of_itself(wheel):
    [name] = [name for name in wheel.namelist() if name.endswith("/METADATA")]
    metadata = message_from_bytes(wheel.read(name))
    assert metadata.get_all("Provides-Extra") == ["crm", "databases", "lab", "spark"]
    needed = metadata.get_all("Requires-Dist")
    assert [it for it in needed if it.startswith("jupyterlab")] == ["jupyterlab<5,>=4.6; extra == 'lab'"]
    assert any(name.endswith("/licenses/LICENSE") for name in wheel.namelist())
    [commands] = [name for name in wheel.namelist() if name.endswith("/entry_points.txt")]
    assert "clvlab = clvlab.cli:main" in wheel.read(commands).decode()
