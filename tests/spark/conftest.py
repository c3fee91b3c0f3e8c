"""The same tests on a Spark in this process, and on a Spark Connect server (`make spark`)."""

import os
import sys
import warnings

import polars as pl
import pytest

import clvlab as cl
from clvlab.sources.spark.frames import TOKEN as VARIABLE
from tests.spark.server import TOKEN, starting

COLUMNS = {"customer_id": "cust_no", "date": "购买日期", "amount": "total"}


@pytest.fixture(scope="session", autouse=True)
def begun(tmp_path_factory):
    """A server that starts while the first tests run on a Spark in this process."""
    with starting(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="session")
def server(begun):
    begun.wait()
    return begun


@pytest.fixture(scope="session")
def connect(server, cdnow):
    """A session on the server, whose table orders has purchases of CDNOW's 1/10 sample, and what a log needs not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        from pyspark.sql.connect.session import SparkSession

        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(VARIABLE, TOKEN)
            session = SparkSession.builder.remote(server.address).create()
        rows = cdnow.rename(COLUMNS).with_columns(note=pl.lit("für O'Neil"), staff=pl.lit(7))
        session.createDataFrame(rows.to_arrow()).createOrReplaceTempView("rows")
        decimal = "cust_no, `购买日期`, CAST(total AS DECIMAL(12, 2)) AS total, note, staff"
        session.sql(f"CREATE TABLE orders USING parquet AS SELECT {decimal} FROM rows").collect()
    yield session
    session.stop()


@pytest.fixture(scope="session")
def classic(tmp_path_factory):
    """A session of a Spark in this process."""
    settings = {
        "spark.sql.session.timeZone": "Asia/Shanghai",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse")),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        from pyspark.sql import SparkSession

        session = SparkSession.builder.master("local[2]").config(map=settings).getOrCreate()
    yield session
    session.stop()


@pytest.fixture(params=["classic", "connect"])
def session(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def token(monkeypatch):
    """The token, where Spark looks for it."""
    monkeypatch.setenv(VARIABLE, TOKEN)


@pytest.fixture(scope="session")
def cdnow():
    """Purchases of CDNOW's 1/10 sample, whose ids have leading zeros."""
    return cl.datasets.cdnow(sample=True).data.select("customer_id", "date", "amount")
