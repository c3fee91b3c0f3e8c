"""What `make clean` removes, and what it leaves."""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_clean_leaves_what_runs_published(tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("reports/shop/2024-08-31/report.html", "build/wheel/x.whl", "src/__pycache__/x.pyc"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    subprocess.run(["make", "clean"], cwd=tmp_path, check=True, capture_output=True)
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"Makefile", "reports/shop/2024-08-31/report.html"}
