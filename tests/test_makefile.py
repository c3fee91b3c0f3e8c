"""What `make clean` removes, and what it leaves; what `make spark` says where there is no Java."""

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


def test_without_java_the_tests_on_spark_are_left_out_by_name(tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("requirements-setup.lock", "requirements.lock", "pyproject.toml", ".venv/.ready", "bin/apt-get"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("#!/bin/sh\nexit 100\n", encoding="utf-8")
    (tmp_path / "bin" / "apt-get").chmod(0o755)
    for name in ("make", "id"):
        (tmp_path / "bin" / name).symlink_to(shutil.which(name))
    environment = {"PATH": str(tmp_path / "bin")}
    done = subprocess.run(
        ["make", "spark"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "The tests on Spark are left out, for Java is missing" in done.stdout
    assert "openjdk-17-jre-headless" in done.stdout
