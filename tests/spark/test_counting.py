"""Customers of a Spark frame, counted on its cluster as they are in memory."""

from datetime import date

import polars as pl
import pytest
from hypothesis import HealthCheck, assume, given, settings

import clvlab as cl
from clvlab.errors import DataError, MissingColumnsError
from clvlab.sources.spark import frames
from tests.customers.test_engines import COLUMNS as OF_ROWS
from tests.customers.test_engines import ROWS
from tests.spark.conftest import COLUMNS

pytestmark = [
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
]


def counted(frame):
    return pl.DataFrame(frame.toArrow()).sort("customer_id")


@pytest.mark.filterwarnings("ignore::clvlab.errors.ClvlabWarning")
@given(rows=ROWS)
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_customers_and_account_are_those_of_the_log(session, rows):
    known = ("sure", date(2023, 6, 30), 10.0, "0")
    rows = pl.DataFrame([known, *rows], schema=OF_ROWS, orient="row")
    log = cl.read_transactions(rows, signs="keep")
    assume("total_row" not in log.quality["rule"])
    found = cl.summarise_frame(session.createDataFrame(rows.to_arrow()).repartition(3), "2023-09-30", "week")
    assert counted(found.customers).equals(cl.summarise_customers(log, "2023-09-30", "week").data)
    assert found.quality.equals(log.quality)


def test_nothing_of_the_rows_comes_here(session, cdnow, monkeypatch):
    frame = session.createDataFrame(cdnow.rename(COLUMNS).to_arrow()).repartition(4)
    plainly, came = frames.frames_of, []
    monkeypatch.setattr(frames, "frames_of", lambda frame, names: came.append(frame.count()) or plainly(frame, names))
    found = cl.summarise_frame(frame, "1997-09-30", "week", columns=COLUMNS)
    assert type(found.customers) is type(frame)
    assert set(came) == {0}
    expected = cl.summarise_customers(cl.read_transactions(cdnow), "1997-09-30", "week")
    assert counted(found.customers).equals(expected.data)
    model, spend = cl.BgNbd.fit(expected), cl.GammaGamma.fit(expected)
    ours, theirs = (model.score_frame(it, "39 weeks", spend=spend) for it in (found.customers, expected))
    assert counted(ours)["clv"].to_list() == pytest.approx(theirs["clv"].to_list(), rel=1e-9)


def test_one_customer_is_one_however_the_id_is_written(session):
    frame = session.sql(
        "SELECT * FROM VALUES ('ＶＩＰ７', TIMESTAMP'2024-01-31 15:30:00 UTC', 1.5BD, array(1)), "
        "('VIP7', TIMESTAMP'2024-01-31 16:30:00 UTC', 2BD, array(2)), (\"'007\", NULL, 3BD, NULL) "
        "t(`cust.id`, date, amount, other)"
    ).repartition(3)
    found = cl.summarise_frame(frame, "2024-12-31", columns={"customer_id": "cust.id"}, time_zone="Asia/Shanghai")
    days = counted(found.customers).select("customer_id", "n_purchases", "first_purchase", "total_spend")
    assert days.rows() == [("VIP7", 2, date(2024, 1, 31), 3.5)]
    rows = found.quality.select("rule", "rows", "amount").rows()
    assert rows == [("read", 3, 6.5), ("accepted", 2, 3.5), ("merged", 0, 0.0), ("missing_date", 1, 3.0)]


def test_names_that_spark_takes_for_one_and_ids_that_are_made_texts(session):
    frame = session.sql(
        "SELECT array('a', CAST(id % 2 AS STRING)) AS customer_id, DATE'2024-01-31' AS date, 'x' AS `Date`, "
        "1D AS amount, 2D AS x, 3D AS x "
        "FROM range(3)"
    )
    found = counted(cl.summarise_frame(frame, "2024-12-31").customers)
    assert found.select("customer_id", "n_purchases", "total_spend").rows() == [
        ("[a, 0]", 1, 2.0),
        ("[a, 1]", 1, 1.0),
    ]
    with pytest.raises(DataError, match="more than one column 'x'"):
        cl.summarise_frame(frame, "2024-12-31", columns={"amount": "x"})


def test_a_frame_without_rows_has_an_account(session):
    frame = session.sql("SELECT 'a' AS customer_id, DATE'2024-01-31' AS date, 1 AS amount FROM range(0)")
    found = cl.summarise_frame(frame, "2024-12-31")
    assert found.quality.select("rule", "rows").rows() == [("read", 0), ("accepted", 0), ("merged", 0)]
    assert found.customers.count() == 0


def test_what_is_wrong_is_told_before_anything_is_computed(session):
    amount = "CAST(concat('x', id) AS INT) AS amount"
    frame = session.sql(f"SELECT 'a' AS customer_id, '2024-01-31' AS date, {amount} FROM range(1)")
    with pytest.raises(MissingColumnsError, match="no column 'day'"):
        cl.summarise_frame(frame, "2024-12-31", columns={"date": "day"})
    with pytest.raises(DataError, match="Column 'date' of the frame is String"):
        cl.summarise_frame(frame, "2024-12-31")
