"""Customers counted where a frame is, next to those of the same rows read as a log."""

from datetime import date, datetime

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import clvlab as cl
from clvlab.errors import DataError, MissingColumnsError, ParamsError
from tests.customers.test_engines import COLUMNS, FORMS, ROWS


@pytest.mark.filterwarnings("ignore::clvlab.errors.ClvlabWarning")
@pytest.mark.parametrize("columns", [list(COLUMNS), ["customer_id", "date", "amount"], ["customer_id", "date"]])
@given(rows=ROWS, zero_amounts=st.sampled_from(["keep", "refuse"]))
@settings(max_examples=25, deadline=None)
def test_customers_and_account_are_those_of_the_log(columns, rows, zero_amounts):
    known = ("sure", date(2023, 6, 30), 10.0, "0")
    frame = pl.DataFrame([known, *rows], schema=COLUMNS, orient="row").select(columns)
    how = {"zero_amounts": zero_amounts, "guests": ["007"], "largest_amount": 40}
    log = cl.read_transactions(frame, signs="keep", **how)
    assume("total_row" not in log.quality["rule"])  # a row that is as much as all others is refused in a log alone
    found = cl.summarise_frame(frame, "2023-09-30", "week", **how)
    assert found.customers.equals(cl.summarise_customers(log, "2023-09-30", "week").data)
    assert found.quality.equals(log.quality)


@pytest.mark.parametrize("form", ["pandas", "lazy", "arrow"])
def test_any_frame_in_memory_serves(form):
    log = cl.datasets.cdnow(sample=True)
    found = cl.summarise_frame(FORMS[form](log.data, None), "1997-09-30")
    assert found.customers.equals(cl.summarise_customers(log, "1997-09-30").data)


def test_ids_moments_and_names_are_as_in_a_log():
    frame = pl.DataFrame(
        {
            "cust": ["ＶＩＰ７", "VIP7", "'007", " 007 "],
            "at": [datetime(2024, 1, 31, hour) for hour in (15, 17, 20, 23)],
            "sum": [1, 2, 3, 4],
        }
    )
    columns = {"customer_id": "cust", "date": "at", "amount": "sum"}
    found = cl.summarise_frame(frame, "2024-12-31", columns=columns, time_zone="Asia/Shanghai").customers
    days = found.select("customer_id", "n_purchases", "first_purchase", "last_purchase", "total_spend").rows()
    assert days == [
        ("007", 1, date(2024, 2, 1), date(2024, 2, 1), 7.0),
        ("VIP7", 2, date(2024, 1, 31), date(2024, 2, 1), 3.0),
    ]


def test_nobody_may_be_left():
    rows = [("guest", date(2024, 1, 1), 5.0), ("a", None, 2.5)]
    found = cl.summarise_frame(pl.DataFrame(rows, ["customer_id", "date", "amount"], orient="row"), "2024-12-31")
    assert found.customers.is_empty()
    assert found.quality.drop("share").rows() == [
        ("read", 2, 7.5),
        ("accepted", 0, 0.0),
        ("merged", 0, 0.0),
        ("guest", 1, 5.0),
        ("missing_date", 1, 2.5),
    ]


TYPED = {"customer_id": ["a"], "date": [date(2024, 1, 1)], "amount": [1.0]}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"date": ["2024-01-01"]}, "Column 'date' of the frame is String, and date has to be a date or a timestamp"),
        ({"amount": ["1.5"]}, "Column 'amount' of the frame is String, and amount has to be a number"),
    ],
)
def test_texts_that_all_rows_tell_how_to_read_are_refused(change, told):
    with pytest.raises(DataError, match=told):
        cl.summarise_frame(pl.DataFrame({**TYPED, **change}), "2024-12-31")


def test_what_is_wrong_is_told():
    frame = pl.DataFrame(TYPED)
    with pytest.raises(MissingColumnsError, match="no column 'customer_id'"):
        cl.summarise_frame(frame.drop("customer_id"), "2024-12-31")
    with pytest.raises(ParamsError, match="cutoff"):
        cl.summarise_frame(frame, "2024-13-31")
    with pytest.raises(ParamsError, match="year"):
        cl.summarise_frame(frame, "2024-12-31", "year")
    with pytest.raises(ParamsError, match="zero_amounts is 'drop'"):
        cl.summarise_frame(frame, "2024-12-31", zero_amounts="drop")
    for amount in (-1, 10**400, float("nan")):
        with pytest.raises(ParamsError, match=r"largest_amount is .* number above 0"):
            cl.summarise_frame(frame, "2024-12-31", largest_amount=amount)
    with pytest.raises(ParamsError, match="of type int"):
        cl.summarise_frame(7, "2024-12-31")


def test_rows_are_in_one_currency():
    with pytest.raises(ParamsError, match="The frame has currencies in 'currency'"):
        cl.summarise_frame(pl.DataFrame({**TYPED, "currency": ["EUR"]}), "2024-12-31")


def test_only_what_is_counted_by_has_to_be_typed():
    frame = pl.DataFrame({**TYPED, "cost": ["?"], "quantity": ["two"], "channel": ["shop"]})
    assert cl.summarise_frame(frame, "2024-12-31").customers["total_spend"].to_list() == [1.0]


def test_a_row_is_judged_whatever_others_there_are():
    day = date(2024, 1, 1)
    rows = [("Miller", day, 1.0), ("Miller Total", day, 1.0), ("合计", day, 2.0)]
    found = cl.summarise_frame(pl.DataFrame(rows, ["customer_id", "date", "amount"], orient="row"), "2024-12-31")
    assert found.customers["customer_id"].to_list() == ["Miller", "Miller Total"]
    assert found.quality.filter(rule="total_row")["rows"].to_list() == [1]


def test_guests_may_come_one_by_one():
    frame = pl.DataFrame({**TYPED, "customer_id": ["7"]})
    found = cl.summarise_frame(frame, "2024-12-31", guests=(str(n) for n in range(9)))
    assert found.customers.is_empty()
    assert found.quality.filter(rule="guest")["rows"].to_list() == [1]


def test_a_ledger_that_writes_sales_as_negative_amounts_is_turned():
    frame = pl.DataFrame({**TYPED, "amount": [-5.0]})
    spends = [
        cl.summarise_frame(frame, "2024-12-31", signs=signs).customers["total_spend"][0] for signs in ("keep", "turn")
    ]
    assert spends == [-5.0, 5.0]


def test_it_shows_itself_in_a_line():
    found = cl.summarise_frame(pl.DataFrame(TYPED), "2024-12-31", "week")
    assert repr(found) == "FrameSummary: 1 customer as of 2024-12-31, times in weeks; account in `.quality`"
    assert "<table" in found._repr_html_()
