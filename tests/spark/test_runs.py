"""A run over a table of Spark: figures, what is kept, secrets, and what is said."""

import subprocess
import sys
import time
from contextlib import suppress
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from clvlab.crm.database_log import read
from clvlab.inputs import fingerprint, read_log
from clvlab.params import ReportParams
from tests.spark.conftest import COLUMNS, VARIABLE
from tests.spark.server import TOKEN

pytestmark = [
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
]


def params_of(source, folder):
    return ReportParams(name="shop", source=source, columns=COLUMNS, as_of="1998-06-30", output=str(folder))


@pytest.mark.usefixtures("connect", "token")
def test_what_was_read_is_kept_and_is_the_log_of_a_file(server, cdnow, tmp_path):
    cdnow.rename(COLUMNS).write_parquet(tmp_path / "orders.parquet")
    over_kept, copy = read(params_of({"spark": server.address, "table": "orders"}, tmp_path), None)
    kept = tmp_path / "shop" / ".database" / "orders.parquet"
    assert (over_kept.source, copy.rows, copy.is_new) == (str(kept), 6919, True)
    assert pl.read_parquet_schema(kept).names() == ["cust_no", "购买日期", "total"]
    found, over_file = (read_log(it) for it in (over_kept, params_of(str(tmp_path / "orders.parquet"), tmp_path)))
    assert_frame_equal(found.quality, over_file.quality)
    assert fingerprint(found, date(1998, 6, 30)) == fingerprint(over_file, date(1998, 6, 30))


@pytest.mark.usefixtures("connect", "token")
def test_no_token_is_in_what_a_run_leaves_or_says_or_in_the_list_of_processes(server, tmp_path, monkeypatch):
    path = tmp_path / "shop.yaml"
    path.write_text(params_of({"spark": server.address, "table": "orders"}, "reports").to_yaml(), encoding="utf-8")
    said, codes, processes = [], [], set()
    for line, token in (
        (["report", str(path), "-v"], TOKEN),
        (["report", str(path)], TOKEN),
        (["report", str(path), "--debug", "-p", f"source={{spark: '{server.address}', table: ordres}}"], TOKEN),
        (["label", str(path)], TOKEN),
        (["report", str(path)], "wr0ng-token"),
    ):
        monkeypatch.setenv(VARIABLE, token)
        command = [sys.executable, "-c", "from clvlab.cli import main; main()", *line]
        process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        while process.poll() is None:
            processes |= set(running())
            time.sleep(0.2)
        said.append(process.communicate()[0])
        codes.append(process.returncode)
    assert codes == [0, 0, 1, 2, 2], said
    assert "up to date" in said[1]
    assert "Did you mean 'orders'" in said[2]
    assert "Labels are not written into Spark" in said[3]
    assert "refuses the connection: Invalid authentication token" in said[4]
    assert not [text for text in said[:2] if "Warning" in text]
    assert any("report" in each for each in processes)
    files = [each for each in tmp_path.rglob("*") if each.is_file()]
    assert len(files) > 30
    for secret in (TOKEN, "wr0ng-token"):
        assert not [each for each in files if secret.encode() in each.read_bytes()]
        assert not [text for text in (*said, *processes) if secret in text]


def running():
    """The command lines of all processes, as everybody sees them."""
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            yield each.read_bytes().replace(b"\0", b" ").decode(errors="replace")
