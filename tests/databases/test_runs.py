"""A run over what a database holds: kept in a file, equal to the same rows as a file, without what is secret."""

import subprocess
import sys
import time
from contextlib import suppress
from datetime import date
from pathlib import Path
from urllib.parse import quote

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import clvlab as cl
from clvlab.crm.database_log import read
from clvlab.errors import ParamsError
from clvlab.inputs import log_sources, read_log
from clvlab.memory_limit import bytes_of_an_engine
from clvlab.params import ReportParams
from clvlab.sources import databases
from tests.databases.conftest import COLUMNS
from tests.databases.server import PASSWORD, USER
from tests.run_files import files_read

SECTIONS = ("summary", "segments", "value", "base_health", "cohorts", "quality")
TOLERANCE = 1e-12  # several threads add up in any order


def params_of(source, folder, **more):
    given = {"name": "shop", "source": source, "columns": COLUMNS, "as_of": "1998-06-30", "output": str(folder)}
    return ReportParams(**given, **more)


@pytest.fixture(scope="module")
def over_file(cdnow, tmp_path_factory):
    """A report on the same rows in a Parquet file."""
    path = tmp_path_factory.mktemp("file") / "orders.parquet"
    cdnow.rename(COLUMNS).write_parquet(path)
    return cl.analyse(params_of(str(path), path.parent))


# Figures


def test_the_report_is_that_of_the_same_rows_in_a_file(shop, over_file, tmp_path):
    given, _ = read(params_of(shop.named(table="orders"), tmp_path), None)
    found = cl.analyse(given)
    for section in SECTIONS:
        assert found[section].keys() == over_file[section].keys()
        for name, table in over_file[section].items():
            assert_frame_equal(found[section][name], table, rel_tol=TOLERANCE, abs_tol=0)
    assert_frame_equal(found.customers, over_file.customers, rel_tol=TOLERANCE, abs_tol=0)


def test_a_notebook_reads_the_database_by_itself(shop, cdnow, tmp_path):
    given = params_of(shop.named(table="orders"), tmp_path)
    assert_frame_equal(read_log(given).data, cdnow, check_row_order=False)
    with pytest.raises(ParamsError, match="which the command line reads before a run"):
        log_sources(given)


# What is kept


def test_what_was_read_is_kept_and_in_the_key_of_the_run(shop, tmp_path):
    given = params_of(shop.named(table="orders"), tmp_path)
    over_kept, copy = read(given, None)
    kept = tmp_path / "shop" / ".database" / "orders.parquet"
    assert (over_kept.source, copy.rows, copy.is_new) == (str(kept), 6919, True)
    assert pl.read_parquet_schema(kept).names() == ["cust_no", "购买日期", "total"]
    key = files_read(over_kept)
    assert list(key) == [str(kept)]
    assert not read(given, None)[1].is_new
    assert files_read(over_kept) == key
    shop.run("UPDATE orders SET total = total + 1 WHERE cust_no = '0001'")
    assert read(given, None)[1].is_new
    assert files_read(over_kept) != key
    assert sorted(path.name for path in kept.parent.iterdir()) == ["account.json", "orders.parquet"]
    assert kept.parent.stat().st_mode & 0o077 == 0


def test_a_report_of_a_series_reads_up_to_its_day(shop, cdnow, tmp_path):
    given = params_of(shop.named(table="orders"), tmp_path, every="month")
    _, copy = read(given, date(1997, 3, 31))
    assert copy.rows == cdnow.filter(pl.col("date") <= date(1997, 3, 31)).height
    assert "\"购买日期\" < '1997-04-01'" in copy.statement
    assert read(given, None)[1].rows == cdnow.height


def test_a_query_is_kept_under_its_own_name(shop, tmp_path):
    query = "SELECT cust_no, \"购买日期\", total, staff FROM orders WHERE cust_no < '0100'"
    given = params_of(shop.named(query=query), tmp_path, log_attributes=["staff"])
    over_kept, _ = read(given, None)
    assert Path(over_kept.source).name == "query.parquet"
    log = read_log(over_kept)
    assert log.data["customer_id"].max() == "0099"
    assert log.attributes[0].columns == ["customer_id", "date", "staff"]


# Secrets


@pytest.mark.services
@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_no_secret_is_in_what_a_run_leaves_or_says_or_in_the_list_of_processes(shop, tmp_path):
    shop.run(
        "CREATE TABLE customers (no text PRIMARY KEY, clv_group text, clv_value numeric(12, 2))",
        "INSERT INTO customers SELECT DISTINCT cust_no FROM orders",
    )
    columns = {"table": "customers", "key": "no", "group": "clv_group", "value": "clv_value"}
    given = params_of(shop.named(table="orders", labels=columns), tmp_path / "reports", holdout="39 weeks")
    path = tmp_path / "shop.yaml"
    path.write_text(given.to_yaml(), encoding="utf-8")
    undo = tmp_path / "reports" / "shop" / ".labels" / "1998-06-30-001.undo.jsonl"
    said, processes = [], set()
    for line in (
        ["report", str(path), "-v"],
        ["report", str(path)],
        ["label", str(path)],
        ["label", str(path), "--apply"],
        ["label", str(path), "--undo", str(undo), "--apply"],
        ["report", str(path), "-p", "source={sql: SHOP_DATABASE, table: nowhere}", "--debug"],
    ):
        process = subprocess.Popen(
            [sys.executable, "-c", "from clvlab.cli import main; main()", *line],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        while process.poll() is None:
            processes |= set(running())
            time.sleep(0.2)
        said.append(process.communicate()[0])
        assert process.returncode == (1 if "--debug" in line else 0), said[-1]
    assert "up to date" in said[1]
    assert "Records with labels that change: 2,357" in said[2]
    assert "Written: 2,357" in said[3]
    assert 'relation "nowhere" does not exist' in said[-1]
    assert any("label" in each for each in processes)
    secrets = (PASSWORD, quote(PASSWORD, safe=""), "s3cret", f"{USER}:")
    files = [each for each in tmp_path.rglob("*") if each.is_file()]
    assert len(files) > 30
    for each in files:
        data = each.read_bytes()
        assert not [secret for secret in secrets if secret.encode() in data], each
    # The server, on its machine, tells who is connected.
    for text in (*said, *processes):
        assert not [secret for secret in secrets if secret in text], text
    assert not [text for text in said if USER in text]


def running():
    """The command lines of all processes, as everybody sees them."""
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            yield each.read_bytes().replace(b"\0", b" ").decode(errors="replace")


def test_the_copy_of_a_database_heeds_the_memory_limit_of_the_run(tmp_path, monkeypatch):
    file, heeded = tmp_path / "shop.duckdb", []
    with duckdb.connect(str(file)) as shop:
        shop.execute("CREATE TABLE orders AS SELECT 'a' AS customer_id, DATE '2024-01-31' AS date, 1.0 AS amount")
    monkeypatch.setattr(databases, "bytes_of_an_engine", lambda: heeded.append(bytes_of_an_engine()) or heeded[-1])
    source = {"duckdb": str(file), "table": "orders"}
    given = {"name": "m", "source": source, "as_of": "2024-06-30", "output": str(tmp_path)}
    _, copied = read(ReportParams(**given, reading={"memory_limit": "512 MiB"}), None)
    assert (copied.rows, heeded) == (1, [256 * 1024**2])
