"""Tables and queries of databases: read like a Parquet file, narrowed by the database, each type as it is."""

import sys
from datetime import date
from uuid import UUID

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import clvlab as cl
from clvlab.errors import ClvlabError, DataError, MissingColumnsError, ParamsError, TryLaterError
from clvlab.params import RunParams
from clvlab.sources.copies import Selection, copy
from clvlab.sources.databases import connected
from tests.databases.conftest import COLUMNS, VARIABLE
from tests.databases.server import PASSWORD, USER


def statements(engine):
    """What the server was asked for, of a PostgreSQL server."""
    return engine.server.log.read_text(encoding="utf-8")


# Figures


def test_the_figures_are_those_of_the_same_rows_in_a_parquet_file(shop, cdnow, tmp_path):
    cdnow.rename(COLUMNS).write_parquet(tmp_path / "orders.parquet")
    over_file = cl.read_transactions(tmp_path / "orders.parquet", columns=COLUMNS)
    for source in (
        shop.named(table="orders"),
        shop.named(query='SELECT cust_no, "购买日期", total FROM orders; '),
    ):
        log = cl.read_transactions(source, columns=COLUMNS)
        assert_frame_equal(log.quality, over_file.quality, check_exact=True)
        ours, theirs = (cl.summarise_customers(it, cutoff="1998-06-30").data for it in (log, over_file))
        assert_frame_equal(ours, theirs, check_exact=True)


def test_refused_rows_are_those_of_the_same_rows_in_a_parquet_file(engine, tmp_path):
    rows = pl.DataFrame(
        {
            "customer_id": ["007", None, "008", "客户九", "guest", "010"],
            "date": [date(2024, 1, 31), date(2024, 2, 1), None, date(2024, 2, 2), date(2024, 2, 3), date(2024, 2, 4)],
            "amount": [1.1, 2.2, 3.3, None, 5.5, -6.6],
        }
    )
    rows.write_parquet(tmp_path / "orders.parquet")
    engine.run("CREATE TABLE orders (customer_id varchar(10), date date, amount double precision)")
    engine.fill("orders", rows)
    found, wanted = (cl.read_transactions(it) for it in (engine.named(table="orders"), tmp_path / "orders.parquet"))
    assert_frame_equal(found.quality, wanted.quality)
    assert found.rejected["rule"].to_list() == wanted.rejected["rule"].to_list()
    assert found.data.sort("date").rows() == [("007", date(2024, 1, 31), 1.1), ("010", date(2024, 2, 4), -6.6)]


# Types


def test_types_stay_what_they_are(engine):
    engine.run(
        "CREATE TABLE t (customer_id numeric(20, 0), date timestamptz, amount numeric, order_id uuid, quantity int, "
        "cost real, category text, channel boolean)",
        "INSERT INTO t VALUES (12345678901234567890, '2024-01-31 23:30:00+00', 0.1, "
        "'12345678-1234-5678-1234-567812345678', 3, 0.5, 'Größe', true)",
        "INSERT INTO t (customer_id) VALUES (7)",
    )
    with connected(engine.named(table="t")) as database:
        schema = database.schema()
        [frame] = database.frames(database.statement(schema, Selection(None, ["customer_id"])))
    assert dict(frame.schema) == {
        "customer_id": pl.String,
        "date": pl.Datetime("us", "UTC"),
        "amount": pl.Float64,
        "order_id": pl.String,
        "quantity": pl.Int32,
        "cost": pl.Float32,
        "category": pl.String,
        "channel": pl.Boolean,
    }
    whole = frame.filter(pl.col("amount").is_not_null()).rows()[0]
    assert whole[0] == "12345678901234567890"
    assert whole[1].isoformat() == "2024-01-31T23:30:00+00:00"
    assert whole[2:] == (0.1, str(UUID("12345678123456781234567812345678")), 3, 0.5, "Größe", True)
    assert frame.filter(pl.col("amount").is_null()).rows() == [("7", *[None] * 7)]


@pytest.mark.parametrize(("stored", "read"), [("numeric(10, 2)", "7"), ("bigint", "7"), ("varchar(5)", "7")])
def test_an_id_is_the_same_text_whatever_its_type(engine, stored, read):
    engine.run(
        f"CREATE TABLE t (customer_id {stored}, date date, amount numeric(9, 2))",
        "INSERT INTO t VALUES (7, '2024-01-31', 1)",
    )
    assert cl.read_transactions(engine.named(table="t")).data["customer_id"].to_list() == [read]


def test_moments_count_on_the_days_of_the_zone(engine):
    engine.run(
        "CREATE TABLE t (customer_id text, date timestamptz, amount int)",
        "INSERT INTO t VALUES ('a', '2024-01-31 15:59:59+00', 1), ('a', '2024-01-31 16:00:00+00', 2), "
        "('a', '2024-02-01 15:59:59+00', 4), ('a', '2024-02-01 16:00:00+00', 8)",
    )

    def money(time_zone, **source):
        log = cl.read_transactions(engine.named(table="t", **source), time_zone=time_zone, until="2024-02-01")
        return dict(log.data.group_by("date").agg(pl.col("amount").sum()).sort("date").iter_rows())

    assert money("Asia/Shanghai") == {date(2024, 1, 31): 1, date(2024, 2, 1): 6}
    assert money(None) == {date(2024, 1, 31): 3, date(2024, 2, 1): 12}
    assert money("Asia/Shanghai", since="2024-02-01") == {date(2024, 2, 1): 6}
    assert money(None, since="2024-02-01") == {date(2024, 2, 1): 12}


@pytest.mark.services
@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_types_of_postgresql_alone(engine):
    engine.run(
        "CREATE TYPE mood AS ENUM ('glad', 'sad')",
        "CREATE TABLE t (customer_id char(6), date timestamp, amount money, order_id numeric, category mood, "
        "channel jsonb, quantity smallint)",
        "INSERT INTO t VALUES ('007', '2024-01-31 10:00', '1234.50', 12.50, 'glad', '{\"a\": 1}', 2)",
    )
    log = cl.read_transactions(engine.named(table="t", where={"category": "glad"}))
    assert log.data.rows(named=True) == [
        {
            "customer_id": "007",
            "date": date(2024, 1, 31),
            "amount": 1234.5,
            "order_id": "12.50",
            "category": "glad",
            "channel": '{"a": 1}',
            "quantity": 2.0,
        }
    ]


# Narrowed by the database


def test_only_what_is_needed_is_asked_for(engine):
    engine.run(
        "CREATE TABLE orders (customer_id text, date date, amount numeric, status text, region text, note text)",
        "INSERT INTO orders VALUES ('a', '2023-12-31', 1, 'paid', 'n', ''), ('a', '2024-01-01', 2, 'paid', 's', ''), "
        "('b', '2024-01-02', 4, 'cancelled', 'n', ''), ('b', '2024-01-03', 8, NULL, 'n', ''), "
        "('c', '2024-01-09', 16, 'paid', 'n', ''), ('d', '2024-01-03', 32, 'it''s', 'n', '')",
    )
    source = engine.named(table="orders", where={"status": ["paid", "it's", None]}, since="2024-01-01")
    log = cl.read_transactions(source, until="2024-01-08", attributes=["region"])
    assert sorted(log.data["amount"]) == [2, 8, 32]
    assert dict(log.quality.select("rule", "rows").iter_rows()) == {"read": 3, "accepted": 3, "merged": 0}
    with connected(source) as database:
        names = ["customer_id", "date", "amount", "region", "status"]
        told = database.statement(database.schema(), Selection(names, (), "date", date(2024, 1, 8)))
    assert told == (
        'SELECT "customer_id", "date", CAST("amount" AS float8) AS "amount", "region", "status" FROM "orders" WHERE '
        "(\"status\" IN ('paid', 'it''s') OR \"status\" IS NULL) AND \"date\" >= '2024-01-01' "
        "AND \"date\" < '2024-01-09'"
    )
    if engine.kind == "postgresql":
        assert told in statements(engine)


def test_a_column_of_states_is_read_though_nobody_asks_for_it(engine):
    engine.run(
        "CREATE TABLE orders (customer_id text, date date, amount int, status text)",
        "INSERT INTO orders VALUES ('a', '2023-12-31', 1, 'paid'), ('a', '2024-01-01', 2, 'cancelled')",
    )
    with pytest.warns(cl.errors.ClvlabWarning, match="the column 'status' is not used"):
        cl.read_transactions(engine.named(table="orders"))


def test_repetitions_are_judged_by_all_columns(engine):
    engine.run(
        "CREATE TABLE orders (customer_id text, date date, amount int, line int)",
        "INSERT INTO orders VALUES ('a', '2024-01-01', 1, 1), ('a', '2024-01-01', 1, 2), ('a', '2024-01-01', 1, 2)",
    )
    source = engine.named(table="orders")
    assert cl.read_transactions(source, duplicates="drop").data.height == 2
    assert cl.read_transactions(source).data.height == 3


def test_a_query_is_read_as_it_stands(engine):
    engine.run(
        "CREATE SCHEMA sales",
        'CREATE TABLE sales.orders (customer_id text, date date, amount int, "100%" text)',
        "INSERT INTO sales.orders VALUES ('a', '2024-01-01', 1, 'a:b'), ('b', '2024-01-01', 2, '50%')",
    )
    query = "SELECT * FROM sales.orders WHERE \"100%\" LIKE '%:b' -- of those"
    assert cl.read_transactions(engine.named(query=query)).data["amount"].to_list() == [1]
    assert cl.read_transactions(engine.named(table="sales.orders")).data.height == 2


def test_reading_writes_nothing(engine):
    engine.run(
        "CREATE TABLE orders (customer_id text, date date, amount int)",
        "INSERT INTO orders VALUES ('a', '2024-01-01', 1)",
    )
    with pytest.raises(DataError, match="The database refuses"):
        cl.read_transactions(engine.named(query="DELETE FROM orders RETURNING *"))
    with connected(engine.named(table="orders")) as database, pytest.raises(DataError, match="read-only"):
        database.run("DELETE FROM orders")
    assert engine.rows("SELECT amount FROM orders") == [(1,)]


# A copy in a file


def test_a_copy_stays_as_it_is_where_the_rows_have_only_moved(engine, tmp_path):
    engine.run("CREATE TABLE t (a int, b text)", "INSERT INTO t VALUES (1, 'x'), (2, NULL), (3, 'ü')")
    path = tmp_path / "t.parquet"

    def copied():
        with connected(engine.named(table="t")) as database:
            return copy(database, Selection(), path)

    assert (copied().rows, pl.read_parquet(path).sort("a").rows()) == (3, [(1, "x"), (2, None), (3, "ü")])
    before = path.stat()
    engine.run("DELETE FROM t WHERE a = 1", "INSERT INTO t VALUES (1, 'x')")
    assert not copied().is_new
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    engine.run("UPDATE t SET b = 'y' WHERE a = 1")
    assert copied().is_new
    assert pl.read_parquet(path).sort("a").rows() == [(1, "y"), (2, None), (3, "ü")]
    engine.run("DELETE FROM t")
    assert (copied().rows, pl.read_parquet(path).rows()) == (0, [])
    assert [each.name for each in tmp_path.glob("t.*")] == ["t.parquet"]


def test_a_large_table_comes_in_parts(engine, tmp_path):
    engine.run("CREATE TABLE t AS SELECT i AS a, CAST(i AS text) AS b FROM generate_series(1, 250000) AS s (i)")
    with connected(engine.named(table="t")) as database:
        parts = [frame.height for frame in database.frames('SELECT "a", "b" FROM "t"')]
        assert (sum(parts), min(parts) > 0) == (250_000, True)
        assert copy(database, Selection(), tmp_path / "t.parquet").rows == 250_000
    assert (
        pl.scan_parquet(tmp_path / "t.parquet").select(pl.col("a").cast(pl.Int64).sum()).collect().item()
        == 250_000 * 250_001 / 2
    )


# What is wrong


def test_what_the_table_lacks_is_told(engine):
    engine.run("CREATE TABLE orders (customer_id text, day text, amount int)")
    for source, columns, kind, said in (
        ({"table": "ordrs"}, {}, DataError, "ordrs"),
        ({"table": "orders"}, {}, MissingColumnsError, "orders has no column 'date'"),
        ({"table": "orders", "where": {"stat": 1}}, {"date": "day"}, MissingColumnsError, "no column 'stat'"),
        ({"table": "orders", "since": "2024-01-01"}, {"date": "day"}, ParamsError, "needs a column of days"),
        ({"table": "orders"}, {"date": "day"}, DataError, "no rows"),
        ({"query": "SELECT"}, {}, ClvlabError, "query"),
        ({"table": "orders", "query": "SELECT 1"}, {}, ParamsError, "either `table` or `query`"),
        ({"tabel": "orders"}, {}, ParamsError, "Did you mean 'table'"),
    ):
        with pytest.raises(kind, match=said):
            cl.read_transactions(engine.named(**source), columns=columns)


def test_a_duckdb_file_that_is_none_is_told(tmp_path):
    (tmp_path / "x.duckdb").write_text("customer_id,date", encoding="utf-8")
    with pytest.raises(DataError, match="cannot be opened as a DuckDB database"):
        cl.read_transactions({"duckdb": str(tmp_path / "x.duckdb"), "table": "orders"})
    with pytest.raises(DataError, match="There is no file"):
        cl.read_transactions({"duckdb": str(tmp_path / "y.duckdb"), "table": "orders"})
    assert not (tmp_path / "y.duckdb").exists()


def test_an_address_is_not_repeated(monkeypatch):
    secret = "postgresql://me:hush@127.0.0.1/shop"
    for source in (secret, [secret], {"sql": secret, "table": "orders"}):
        with pytest.raises(ParamsError) as raised:
            cl.read_transactions(source)
        assert "hush" not in str(raised.value)
        with pytest.raises(ParamsError) as raised:
            RunParams(name="x", source=source, as_of="2024-01-31")
        assert "hush" not in str(raised.value)
    for wrong in (
        "postgresql://me:hush/hush@127.0.0.1/shop",
        "postgresql://me:hu%zzsh@127.0.0.1/shop",
        "mysql://me:hush@127.0.0.1/shop",
        "dbname=shop password=hush",
    ):
        monkeypatch.setenv(VARIABLE, wrong)
        with pytest.raises(ParamsError, match="does not hold the URL") as raised:
            cl.read_transactions({"sql": VARIABLE, "table": "orders"})
        assert "hu" not in str(raised.value).replace("hold", "")
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(ParamsError, match=f"{VARIABLE}.* is not set"):
        cl.read_transactions({"sql": VARIABLE, "table": "orders"})


def test_a_server_that_does_not_answer_may_later(monkeypatch):
    monkeypatch.setenv(VARIABLE, "postgresql://me:hush@127.0.0.1:1/shop?connect_timeout=5")
    with pytest.raises(TryLaterError, match="cannot be reached") as raised:
        cl.read_transactions({"sql": VARIABLE, "table": "orders"})
    assert "hush" not in str(raised.value)


@pytest.mark.services
def test_a_login_that_is_refused_is_told_without_it(server, monkeypatch):
    for url in (server.url(password="wr0ng/pass"), server.url(user="nobody-known")):
        monkeypatch.setenv(VARIABLE, url)
        with pytest.raises(ParamsError, match="refuses the connection") as raised:
            cl.read_transactions({"sql": VARIABLE, "table": "orders"})
        for secret in ("wr0ng", PASSWORD, "s3cret", USER, "nobody-known", url):
            assert secret not in str(raised.value)


def test_without_what_reads_databases_it_is_told_what_to_install(monkeypatch):
    monkeypatch.delitem(sys.modules, "clvlab.sources.databases", raising=False)
    monkeypatch.setitem(sys.modules, "adbc_driver_manager", None)
    with pytest.raises(ParamsError, match=r"pip install 'clvlab\[databases\]'"):
        cl.read_transactions({"duckdb": "shop.duckdb", "table": "orders"})
