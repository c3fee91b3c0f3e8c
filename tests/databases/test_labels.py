"""Labels into a table of a database and back out of it: by key, all in one transaction or none."""

import os
import signal
import subprocess
import sys
import time
from datetime import date

import polars as pl
import pytest
from click.testing import CliRunner

from clvlab.cli import main
from clvlab.crm import labels
from clvlab.crm.database_labels import DatabaseLabels
from clvlab.crm.protocol import Row
from clvlab.errors import DataError, MissingColumnsError, ParamsError
from clvlab.params import ReportParams
from tests.databases.conftest import VARIABLE

DAY = date(2026, 1, 31)
N = 2_500
GROUPS = ("champions", "loyal", "at_risk")
LABELS = {"group": "clv_group", "value": "clv_value", "p_alive": "p_alive", "as_of": "as_of"}
ALL = "SELECT no, clv_group, clv_value, p_alive, as_of, owner FROM customers ORDER BY no"


def number(at):
    return f"{at:05d}"


@pytest.fixture
def customers(engine):
    """A table of as many customers as the report has and ten more; the one of the report's last is not there."""
    engine.run(
        "CREATE TABLE customers (no varchar(10) PRIMARY KEY, clv_group varchar(20), clv_value numeric(12, 2), "
        "p_alive double precision, as_of date, owner text, since timestamp)"
    )
    rows = pl.DataFrame({"no": [number(at) for at in range(N + 10)], "owner": ["O'Neil"] * (N + 10)})
    empty = [pl.lit(None).alias(name) for name in ("clv_group", "clv_value", "p_alive", "as_of")]
    engine.fill("customers", rows.select("no", *empty, "owner", pl.lit(None).alias("since")))
    return engine


def published(folder, n=N):
    """What a report leaves of its customers; the last one is unknown to the database."""
    ids = [*map(number, range(n)), "gone"]
    frame = pl.DataFrame(
        {
            "customer_id": ids,
            "group": [GROUPS[at % 3] for at in range(n + 1)],
            "clv": [100.0 + at / 4 if at % 7 else None for at in range(n + 1)],
            "p_alive": [at % 100 / 100 for at in range(n + 1)],
        }
    )
    (folder / "shop" / DAY.isoformat()).mkdir(parents=True, exist_ok=True)
    frame.write_parquet(folder / "shop" / DAY.isoformat() / "customers.parquet")
    return frame


def params_of(engine, folder, lang="en", columns=LABELS, **where):
    given = {"table": "customers", "key": "no"} | where
    source = engine.named(table="orders", labels={**given, **columns})
    return ReportParams(name="shop", source=source, as_of=DAY, output=str(folder), lang=lang)


@pytest.fixture
def given(customers, tmp_path):
    published(tmp_path)
    return params_of(customers, tmp_path)


def place_of(given):
    return DatabaseLabels(given.database)


def applied(given, **how):
    place = place_of(given)
    return labels.apply(labels.plan(given, place), place, given.folder, given.as_of, **how)


# There and back


def test_a_plan_says_what_would_change_and_changes_nothing(given, customers):
    before = customers.rows(ALL)
    planned = labels.plan(given, place_of(given))
    assert (len(planned.changes), planned.unchanged, planned.absent, planned.cleared) == (N, 0, 1, 0)
    assert planned.table.filter(id="00001").rows() == [
        ("00001", "clv_group", None, "loyal"),
        ("00001", "clv_value", None, "100.25"),
        ("00001", "p_alive", None, "0.01"),
        ("00001", "as_of", None, "2026-01-31"),
    ]
    assert customers.rows(ALL) == before
    assert not (given.folder / labels.FOLDER).exists()


def test_written_read_back_equal_and_undone_as_before(given, customers, tmp_path):
    before = customers.rows(ALL)
    done = applied(given)
    assert (done.is_whole, done.counts) == (True, {"written": N})
    report = pl.read_parquet(tmp_path / "shop" / DAY.isoformat() / "customers.parquet")
    wanted = report.head(N).select("customer_id", "group", "clv", "p_alive")
    rows = customers.rows(ALL)
    assert [
        (no, group, None if value is None else float(value), alive) for no, group, value, alive, *_ in rows[:N]
    ] == (wanted.rows())
    assert {row[4:] for row in rows[:N]} == {(DAY, "O'Neil")}
    assert rows[N:] == before[N:]
    assert labels.plan(given, place_of(given)).changes == ()
    back = labels.apply(labels.undoing(done.undo, place_of(given)), place_of(given), given.folder, DAY)
    assert back.is_whole
    assert customers.rows(ALL) == before


def test_what_somebody_has_changed_since_stays_where_it_is_undone(given, customers):
    done = applied(given)
    customers.run("UPDATE customers SET clv_group = 'by hand' WHERE no = '00004'")
    labels.apply(labels.undoing(done.undo, place_of(given)), place_of(given), given.folder, DAY)
    assert customers.rows("SELECT no, clv_group FROM customers WHERE clv_group IS NOT NULL") == [("00004", "by hand")]


def test_labels_of_customers_that_the_report_has_no_more_are_cleared(given, customers, tmp_path):
    applied(given)
    published(tmp_path, N - 1)
    planned = labels.plan(given, place_of(given))
    assert planned.cleared == 1
    assert [(change.id, change.row.values["clv_group"]) for change in planned.changes] == [(number(N - 1), None)]
    applied(given)
    assert customers.rows(f"SELECT clv_group, as_of FROM customers WHERE no = '{number(N - 1)}'") == [(None, None)]


@pytest.mark.parametrize("kind", ["bigint", "numeric(12, 2)", "uuid", "char(36)"])
def test_keys_of_every_kind(engine, tmp_path, kind):
    id_ = "12345678-1234-5678-1234-567812345678" if kind in ("uuid", "char(36)") else "42"
    engine.run(
        f"CREATE TABLE customers (no {kind}, clv_group text)",
        f"INSERT INTO customers VALUES ('{id_}', NULL), (NULL, 'x')",
    )
    published(tmp_path)
    path = tmp_path / "shop" / DAY.isoformat() / "customers.parquet"
    pl.read_parquet(path).head(1).with_columns(customer_id=pl.lit(id_)).write_parquet(path)
    given = params_of(engine, tmp_path, columns={"group": "clv_group"})
    assert applied(given).counts == {"written": 1}
    assert sorted(row[0] for row in engine.rows("SELECT clv_group FROM customers")) == ["champions", "x"]


# All or none


def test_nothing_is_written_where_one_value_is_refused(given, customers):
    customers.run(
        "CREATE TABLE strict (no text PRIMARY KEY, clv_group text CHECK (clv_group <> 'at_risk' OR no < '02000'))",
        "INSERT INTO strict SELECT no, NULL FROM customers",
    )
    given = params_of(customers, given.output_folder, columns={"group": "clv_group"}, table="strict")
    with pytest.raises(DataError, match="The database refuses"):
        applied(given)
    assert customers.rows("SELECT count(*) FROM strict WHERE clv_group IS NOT NULL") == [(0,)]


def test_nothing_is_written_where_a_row_has_gone_meanwhile(given, customers):
    rows = [Row(number(at), {"clv_group": "loyal"}) for at in range(1_500)]
    with pytest.raises(DataError, match="Of 1,501 rows of customers to be written, 1,500 are there"):
        place_of(given).write_labels([*rows, Row("gone", {"clv_group": "loyal"})])
    assert customers.rows("SELECT count(*) FROM customers WHERE clv_group IS NOT NULL") == [(0,)]
    assert customers.rows("SELECT count(*) FROM customers") == [(N + 10,)]


def test_more_than_allowed_is_not_written(given, customers):
    with pytest.raises(ParamsError, match="2,500 records would be written, more than 2,499"):
        applied(given, most=N - 1)
    assert customers.rows("SELECT count(*) FROM customers WHERE clv_group IS NOT NULL") == [(0,)]


@pytest.mark.services
@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_nothing_is_written_where_the_process_is_killed_in_the_middle(given, customers, tmp_path):
    path = tmp_path / "shop.yaml"
    path.write_text(given.to_yaml(), encoding="utf-8")
    command = [sys.executable, "-c", "from clvlab.cli import main; main()", "label", str(path), "--apply"]
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE%'"
    # The statements are of a thousand rows each: that of the last one waits for who holds its row.
    with customers.connection() as holder, holder.cursor() as cursor:
        cursor.execute(f"SELECT no FROM customers WHERE no = '{number(N - 1)}' FOR UPDATE")
        cursor.fetchall()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=dict(os.environ))
        while customers.rows(waiting) == [(0,)]:
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
    while customers.rows("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'UPDATE%' AND state <> 'idle'") != [
        (0,)
    ]:
        time.sleep(0.05)
    assert customers.rows("SELECT count(*) FROM customers WHERE clv_group IS NOT NULL") == [(0,)]
    assert applied(given).counts == {"written": N}


@pytest.mark.services
@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_rights_to_read_and_to_change_the_columns_suffice(given, customers, monkeypatch):
    customers.run(
        "DROP ROLE IF EXISTS reader",
        "CREATE ROLE reader LOGIN PASSWORD 'of-the-reader'",
        "GRANT USAGE ON SCHEMA public TO reader",
        "GRANT SELECT ON customers TO reader",
        "GRANT UPDATE (clv_group, clv_value, p_alive) ON customers TO reader",
    )
    monkeypatch.setenv(VARIABLE, customers.server.url("reader", "of-the-reader"))
    with pytest.raises(DataError, match="permission denied for table customers"):
        applied(given)
    customers.run("GRANT UPDATE (as_of) ON customers TO reader")
    assert applied(given).counts == {"written": N}
    customers.run("DROP OWNED BY reader", "DROP ROLE reader")


# What is wrong


def test_what_does_not_fit_is_told_before_anything_is_written(given, customers, tmp_path):
    for columns, where, kind, said in (
        ({"group": "clv_grup"}, {}, MissingColumnsError, "Did you mean 'clv_group'"),
        ({"group": "clv_group"}, {"key": "number"}, MissingColumnsError, "no column 'number'"),
        ({"group": "clv_group"}, {"table": "custmers"}, ParamsError, "no table 'custmers'"),
        ({"group": "since"}, {}, ParamsError, "'since' of customers .* takes no labels"),
        ({"group": "no"}, {}, ParamsError, "'no' of customers .* takes no labels"),
        ({"group": "clv_value"}, {}, ParamsError, "group does not go into the field 'clv_value'"),
        ({"value": "as_of"}, {}, ParamsError, "value does not go into the field 'as_of'"),
        ({"group": "clv_group"}, {"key": "owner"}, ParamsError, "has .O'Neil. more than once"),
        ({}, {}, ParamsError, "name no fields for labels"),
    ):
        given = params_of(customers, tmp_path, columns=columns, **where)
        with pytest.raises(kind, match=said):
            labels.plan(given, place_of(given))
    with pytest.raises(ParamsError, match="name no table for labels"):
        DatabaseLabels(customers.named(table="orders"))


def test_a_label_that_is_too_long_is_told(customers, tmp_path):
    published(tmp_path)
    customers.run("CREATE TABLE short (no varchar(10), clv_group varchar(5))")
    given = params_of(customers, tmp_path, columns={"group": "clv_group"}, table="short")
    if customers.kind == "duckdb":  # which has no longest text
        assert labels.plan(given, place_of(given)).changes == ()
        return
    with pytest.raises(ParamsError, match="takes 5 characters, and 'champions' has more"):
        labels.plan(given, place_of(given))


# The command


@pytest.fixture
def command(given, tmp_path):
    def run(*more, lang="en"):
        path = tmp_path / "shop.yaml"
        path.write_text(given.model_copy(update={"lang": lang}).to_yaml(), encoding="utf-8")
        return CliRunner().invoke(main, ["label", str(path), *more])

    return run


def test_the_command_is_a_dry_run_and_writes_and_takes_back(command, customers):
    before = customers.rows(ALL)
    done = command()
    assert (done.exit_code, "Customers that the database does not have: 1" in done.stdout) == (0, True)
    assert "Nothing was written" in done.stdout
    assert customers.rows(ALL) == before
    done = command("--apply")
    assert (done.exit_code, f"Written: {N:,}" in done.stdout) == (0, True)
    assert customers.rows(ALL) != before
    undo = done.stdout.strip().rpartition("--undo ")[2].strip("`")
    assert command("--undo", undo, "--apply").exit_code == 0
    assert customers.rows(ALL) == before


def test_the_command_speaks_chinese_and_writes_no_file_for_an_import(command, tmp_path):
    done = command(lang="zh")
    assert "数据库中没有的客户：1" in done.stdout
    done = command("--to-file", str(tmp_path / "import.csv"), lang="zh")
    assert (done.exit_code, "数据来源是数据库" in done.stderr) == (2, True)
    assert not (tmp_path / "import.csv").exists()
