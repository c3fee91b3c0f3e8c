"""The same tests on DuckDB, which is embedded, and on a PostgreSQL server (`make services`)."""

import adbc_driver_postgresql.dbapi
import duckdb
import polars as pl
import pytest

import clvlab as cl
from tests.databases.server import served

VARIABLE = "SHOP_DATABASE"


class Engine:
    """A database, and how a source names it."""

    def __init__(self, kind, source, connect):
        self.kind, self.source, self.connection = kind, source, connect

    def named(self, **more):
        return {**self.source, **more}

    def run(self, *statements):
        with self.connection() as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            connection.commit()

    def rows(self, statement):
        with self.connection() as connection, connection.cursor() as cursor:
            return list((cursor.execute(statement) and cursor.fetchall()) or cursor.fetchall())

    def fill(self, table, frame):
        """Put the rows of a frame into a table that is there."""
        for part in frame.iter_slices(1000):
            rows = ", ".join(f"({', '.join(map(cell, row))})" for row in part.iter_rows())
            self.run(f"INSERT INTO {table} VALUES {rows}")


def cell(value):
    """A value as SQL has it."""
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int | float) else "'" + str(value).replace("'", "''") + "'"


@pytest.fixture(scope="session")
def server():
    with served() as running:
        yield running


@pytest.fixture(params=["duckdb", pytest.param("postgresql", marks=pytest.mark.services)])
def engine(request, tmp_path, monkeypatch):
    """An empty database of each kind."""
    if request.param == "duckdb":
        file = tmp_path / "shop.duckdb"
        yield Engine("duckdb", {"duckdb": str(file)}, lambda: duckdb.connect(str(file)))
        return
    running = request.getfixturevalue("server")
    monkeypatch.setenv(VARIABLE, running.url())
    found = Engine("postgresql", {"sql": VARIABLE}, lambda: adbc_driver_postgresql.dbapi.connect(running.url()))
    found.server = running
    found.run("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    yield found


@pytest.fixture(scope="session")
def cdnow():
    """Purchases of CDNOW's 1/10 sample, whose ids have leading zeros."""
    return cl.datasets.cdnow(sample=True).data.select("customer_id", "date", "amount")


@pytest.fixture
def shop(engine, cdnow):
    """A database with these purchases in the table orders, and what a log does not need."""
    engine.run('CREATE TABLE orders (cust_no text, "购买日期" date, total numeric(12, 2), note text, staff bigint)')
    engine.fill("orders", cdnow.with_columns(note=pl.lit("für O'Neil"), staff=pl.lit(7)))
    return engine


COLUMNS = {"customer_id": "cust_no", "date": "购买日期", "amount": "total"}
