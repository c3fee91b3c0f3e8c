"""Frames, tables and queries of Spark: read like a Parquet file, narrowed by Spark, each type as it is."""

import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from polars.testing import assert_frame_equal

import clvlab as cl
from clvlab.errors import DataError, MissingColumnsError, ParamsError, TryLaterError
from clvlab.scratch import scratch_file
from clvlab.sources import files
from clvlab.sources.copies import Selection, copy
from clvlab.sources.spark import frames
from clvlab.sources.spark.tables import Cluster
from clvlab.wording import Words
from tests.customers.test_engines import COLUMNS as OF_ROWS
from tests.customers.test_engines import ROWS
from tests.spark.conftest import COLUMNS, VARIABLE
from tests.spark.server import TOKEN

pytestmark = [
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
]


# Frames


@pytest.mark.filterwarnings("ignore::clvlab.errors.ClvlabWarning")
@given(rows=ROWS)
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_customers_do_not_depend_on_what_holds_the_log(session, rows):
    known = ("sure", date(2023, 6, 30), 10.0, "0")
    frame = pl.DataFrame([known, *rows], schema=OF_ROWS, orient="row")
    plain, other = map(cl.read_transactions, (frame, session.createDataFrame(frame.to_arrow())))
    assert other.quality.equals(plain.quality)
    for cutoff in ("2023-06-30", "2023-12-31"):
        assert cl.summarise_customers(other, cutoff).data.equals(cl.summarise_customers(plain, cutoff).data)


def test_the_figures_are_those_of_the_same_rows_in_memory(session, cdnow):
    frame = session.createDataFrame(cdnow.to_arrow()).repartition(5)
    before = set(scratch_file().parent.iterdir())
    ours, theirs = map(cl.read_transactions, (frame, cdnow))
    assert set(scratch_file().parent.iterdir()) == before
    assert_frame_equal(ours.quality, theirs.quality, check_exact=True)
    ours, theirs = (cl.summarise_customers(log, "1997-09-30", "week").data for log in (ours, theirs))
    assert_frame_equal(ours, theirs, rel_tol=1e-9, abs_tol=0)
    money = ["monetary_value", "total_spend"]
    assert_frame_equal(ours.drop(money), theirs.drop(money), check_exact=True)


def test_many_rows_stay_in_a_file(session, monkeypatch):
    monkeypatch.setattr(files, "bytes_held", lambda: 0)
    frame = session.range(250_000, numPartitions=3).selectExpr(
        "concat('C', id % 1000) AS customer_id", "date_add(DATE'2023-01-01', CAST(id % 365 AS INT)) AS date"
    )
    log = cl.read_transactions(frame)
    assert log.n_rows == 250_000
    assert len(cl.summarise_customers(log, "2023-12-31")) == 1_000


def test_types_stay_what_they_are(session):
    log = cl.read_transactions(
        session.sql(
            "SELECT CAST(12345678901234567890 AS DECIMAL(20, 0)) AS customer_id, DATE'2024-01-31' AS date, "
            "CAST(12.345 AS DECIMAL(9, 3)) AS amount, 7L AS order_id, CAST(2 AS SMALLINT) AS quantity, "
            "array(1, 2) AS category, named_struct('a', 1) AS channel, INTERVAL '1' MONTH AS span, 3 AS `a.b`"
        ),
        attributes=["span", "a.b"],
    )
    assert log.data.rows() == [
        ("12345678901234567890", date(2024, 1, 31), 12.345, "7", 2.0, "[1, 2]", "{1}"),
    ]
    assert log.attributes[0].rows() == [("12345678901234567890", date(2024, 1, 31), "INTERVAL '1' MONTH", 3)]


def test_moments_count_on_the_days_that_the_session_shows(session):
    frame = session.sql(
        "SELECT 'a' AS customer_id, TIMESTAMP'2024-01-31 23:30:00 Asia/Shanghai' AS date, 1 AS amount "
        "UNION ALL SELECT 'a', TIMESTAMP'2024-02-01 00:30:00 Asia/Shanghai', 2"
    )

    def money(**how):
        return dict(cl.read_transactions(frame, **how).data.group_by("date").agg(pl.col("amount").sum()).iter_rows())

    assert money() == {date(2024, 1, 31): 1, date(2024, 2, 1): 2}
    assert money(time_zone="UTC") == {date(2024, 1, 31): 3}


def test_a_frame_without_rows_is_told(session):
    with pytest.raises(DataError, match="no rows"):
        cl.read_transactions(session.sql("SELECT 'C' AS customer_id, DATE'2024-01-31' AS date, 1 AS amount LIMIT 0"))


def test_columns_of_one_name_are_asked_about(session):
    frame = session.sql("SELECT 'C' AS customer_id, 'D' AS customer_id, DATE'2024-01-31' AS date, 1 AS amount")
    with pytest.raises(DataError, match="more than one column 'customer_id'"):
        cl.read_transactions(frame)


def test_what_spark_cannot_compute_is_told_on_one_line(session):
    frame = session.sql(
        "SELECT 'C' AS customer_id, DATE'2024-01-31' AS date, CAST(n AS INT) AS amount FROM VALUES('x') t(n)"
    )
    with pytest.raises(
        DataError, match=r"The frame cannot be read: The value 'x' .* cannot be cast to \"INT\""
    ) as told:
        cl.read_transactions(frame)
    assert "\n" not in str(told.value)
    assert "org.apache" not in str(told.value)


def test_tables_of_customers_and_of_attributes_may_be_frames(session, cdnow):
    log = cl.read_transactions(cdnow)
    customers = cl.summarise_customers(log, "1997-09-30", "week")
    attributes = customers.data.select("customer_id", city=pl.lit("Köln"))
    other = session.createDataFrame(attributes.to_arrow())
    with_city = cl.summarise_customers(log, "1997-09-30", "week", attributes=other)
    assert_frame_equal(with_city.data, customers.data.with_columns(city=pl.lit("Köln")))
    frame = session.createDataFrame(customers.data.to_arrow())
    ours, theirs = cl.BgNbd.fit(frame, time_unit="week"), cl.BgNbd.fit(customers)
    assert ours.parameters == pytest.approx(theirs.parameters, rel=1e-9)


def test_what_goes_to_the_cluster_needs_nothing_of_ours():
    from pyspark import cloudpickle

    sent = []
    frame = type("Frame", (), {"mapInArrow": lambda self, packed, _: sent.append(packed) or self})()
    with pytest.raises(AttributeError, match="toLocalIterator"):
        next(frames._batches(frame))
    program = f"""
import sys
sys.modules["clvlab"] = None
import pickle, pyarrow as pa
packed = pickle.loads({cloudpickle.dumps(sent[0])!r})
[cell] = packed([pa.RecordBatch.from_pydict({{"c0": [1, 2]}})])
print(pa.ipc.open_stream(cell["batch"][0].as_py()).read_all().num_rows)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["2"]


# Tables and queries


@pytest.mark.usefixtures("connect", "token")
def test_the_figures_of_a_table_are_those_of_the_same_rows_in_a_parquet_file(server, cdnow, tmp_path):
    cdnow.rename(COLUMNS).write_parquet(tmp_path / "orders.parquet")
    over_file = cl.read_transactions(tmp_path / "orders.parquet", columns=COLUMNS)
    for what in ({"table": "orders"}, {"query": "SELECT cust_no, `购买日期`, total FROM orders -- all of them\n; "}):
        log = cl.read_transactions({"spark": server.address, **what}, columns=COLUMNS)
        assert_frame_equal(log.quality, over_file.quality, check_exact=True)
        ours, theirs = (cl.summarise_customers(it, cutoff="1998-06-30").data for it in (log, over_file))
        assert_frame_equal(ours, theirs, check_exact=True)


def test_a_query_of_a_spark_in_this_process_is_read(classic, cdnow, tmp_path):
    cdnow.write_parquet(tmp_path / "orders.parquet")
    query = f"SELECT * FROM parquet.`{tmp_path / 'orders.parquet'}` WHERE customer_id < '0100'"
    zone = classic.conf.get("spark.sql.session.timeZone")
    log = cl.read_transactions({"spark": "local[2]", "query": query})
    assert_frame_equal(log.data, cdnow.filter(pl.col("customer_id") < "0100"), check_row_order=False)
    assert classic.conf.get("spark.sql.session.timeZone") == zone


def test_a_thread_that_reads_leaves_the_spark_of_others_running(classic, cdnow, tmp_path):
    cdnow.write_parquet(tmp_path / "orders.parquet")
    source = {"spark": "local[2]", "query": f"SELECT * FROM parquet.`{tmp_path / 'orders.parquet'}` LIMIT 9"}
    with ThreadPoolExecutor(2) as pool:
        assert [log.n_rows for log in pool.map(cl.read_transactions, [source] * 2)] == [9, 9]
    assert classic.sql("SELECT 1 AS n").collect()[0]["n"] == 1


@pytest.mark.usefixtures("token")
def test_only_what_is_needed_is_asked_for(server, connect):
    source = {"table": "orders", "where": {"note": ["für O'Neil", None]}, "since": "1997-06-01"}
    cluster = Cluster(connect, source)
    names = ["cust_no", "购买日期", "total"]
    told = cluster.statement(cluster.schema(), Selection(names, ("cust_no",), "购买日期", date(1997, 6, 30)))
    assert told == (
        "SELECT `cust_no`, `购买日期`, `total` FROM `orders` WHERE (`note` IN ('für O\\'Neil') OR `note` IS NULL) "
        "AND `购买日期` >= DATE'1997-06-01' AND `购买日期` < DATE'1997-07-01'"
    )
    log = cl.read_transactions({"spark": server.address, **source}, columns=COLUMNS, until="1997-06-30")
    days = log.data["date"]
    assert (days.min(), days.max()) == (date(1997, 6, 1), date(1997, 6, 30))
    assert log.data.columns == ["customer_id", "date", "amount"]


def test_values_are_compared_by_spark(connect):
    query = (
        "SELECT * FROM VALUES ('a', DATE'2024-01-01', 1, true, r'a\\b'), ('b', DATE'2024-01-02', 2, false, NULL) "
        "t(customer_id, day, n, flag, text)"
    )

    def rows(**where):
        cluster = Cluster(connect, {"query": query, "where": where})
        return "".join(pl.concat(cluster.frames(cluster.statement(cluster.schema(), Selection())))["customer_id"])

    assert (rows(flag=True), rows(n=[1, 2]), rows(day="2024-01-02"), rows(text="a\\b")) == ("a", "ab", "b", "a")
    assert (rows(text=[]), rows(text=None), rows(text=[None, "a\\b"]), rows(n=1, flag=False)) == ("", "b", "ab", "")


@pytest.mark.usefixtures("connect", "token")
def test_moments_of_a_table_count_on_the_days_of_the_zone(server):
    query = "SELECT 'a' AS customer_id, timestamp_seconds(1706716799 + id) AS date, 1 AS amount FROM range(2)"

    def days(time_zone, **more):
        source = {"spark": server.address, "query": query, **more}
        return sorted(cl.read_transactions(source, time_zone=time_zone).data["date"])

    assert days("Asia/Shanghai", since="2024-01-31") == [date(2024, 1, 31), date(2024, 2, 1)]
    assert days("Asia/Shanghai", since="2024-02-01") == [date(2024, 2, 1)]
    assert days(None) == [date(2024, 1, 31)] * 2


def test_the_same_rows_are_the_same_copy(connect, tmp_path):
    path, cluster = tmp_path / "orders.parquet", Cluster(connect, {"table": "orders"})
    copies = [copy(cluster, Selection(), path) for _ in range(2)]
    assert [(each.rows, each.is_new) for each in copies] == [(6919, True), (6919, False)]


@pytest.mark.parametrize(
    ("source", "kind", "told"),
    [
        ({"table": "ordres"}, ParamsError, "Spark has no table 'ordres', .* Did you mean 'orders'"),
        ({"table": "nowhere.orders"}, ParamsError, "Spark has no table 'nowhere.orders', .* Write the catalog"),
        ({"query": "SELEC 1"}, DataError, "Spark refuses what is asked of query: Syntax error at or near"),
        ({"query": "SELECT totl FROM orders"}, DataError, r"with name `totl` cannot be resolved. Did you mean"),
        ({"table": "orders", "where": {"stuff": 1}}, MissingColumnsError, "Did you mean 'staff'"),
        ({"query": "SELECT 1 AS n"}, MissingColumnsError, "query has no column 'cust_no', 'total', '购买日期'"),
        ({"table": "orders", "tabel": "x"}, ParamsError, "`source.tabel` is unknown. Did you mean 'table'"),
        ({}, ParamsError, "either `table` or `query`"),
    ],
)
@pytest.mark.usefixtures("connect", "token")
def test_what_is_wrong_with_a_source_is_told(server, source, kind, told):
    with pytest.raises(kind, match=told) as raised:
        cl.read_transactions({"spark": server.address, **source}, columns=COLUMNS)
    assert "org.apache" not in str(raised.value)


@pytest.mark.usefixtures("connect", "token")
def test_a_day_that_is_a_text_cannot_be_compared(server):
    source = {"spark": server.address, "query": "SELECT 'a' AS customer_id, '2024-01-31' AS date, 1 AS amount"}
    with pytest.raises(ParamsError, match="'date' is one of string"):
        cl.read_transactions({**source, "since": "2024-01-01"})


def test_a_wrong_token_is_told_and_not_repeated(server, monkeypatch):
    monkeypatch.setenv(VARIABLE, "not-the-token")
    with pytest.raises(ParamsError, match=f"refuses the connection: .* The environment variable {VARIABLE}") as told:
        cl.read_transactions({"spark": server.address, "table": "orders"})
    for text in (str(told.value), Words("zh").error(told.value)):
        assert "not-the-token" not in text
    assert Words("zh").error(told.value).startswith(f"{server.address}的Spark拒绝连接")


def test_a_server_that_does_not_answer_is_told(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(TryLaterError, match=r"Spark at sc://localhost:1 does not answer: .*refused"):
        cl.read_transactions({"spark": "sc://localhost:1", "table": "orders"})


@pytest.mark.usefixtures("token")
def test_a_token_in_an_error_is_covered():
    assert frames.reason_of(ValueError(f"[SOME_KIND] metadata: Bearer {TOKEN}!")) == "metadata: Bearer ***"


@pytest.mark.usefixtures("token")
def test_reading_warns_of_nothing_that_the_reader_cannot_help(connect, server, cdnow):
    frame = connect.createDataFrame(cdnow.to_arrow())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cl.read_transactions(frame)
        cl.read_transactions({"spark": server.address, "table": "orders"}, columns=COLUMNS)
