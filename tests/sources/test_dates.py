from datetime import date, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clvlab.errors import ParamsError, UnsettledError
from clvlab.sources.dates import FoundFormats, GivenFormat, day_of_number, found_formats, given_format

JAN_31 = date(2024, 1, 31)


def days_of(*texts, date_format=None):
    frame = pl.LazyFrame({"text": texts}, schema={"text": pl.String})
    reader = given_format(date_format) if date_format else found_formats(frame, "text", "Column 'when'")
    return frame.select(reader.days(pl.col("text"))).collect().to_series().to_list()


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-31", "2024/1/31", "2024.01.31", "2024年1月31日", "2024 年 1 月 31 日", "20240131", "20240131235959",
        "2024-01-31 23:59", "2024-01-31T23:59:59.999Z", "2024-01-31T23:59:59+08:00", "2024/1/31 上午 8:30",
        "2024年1月31日 8时30分", "31/01/2024", "31-1-2024", "31.01.2024", "31 01 2024", "31/01/2024 8:26",
        "1/31/2024 8:26:00 PM", "1-31-24", "31 Jan 2024", "31-January-2024", "31-Jan-24", "January 31, 2024",
        "Jan 31 2024", "Jan. 31, 24", "Wed, 31 Jan 2024 10:00:00 GMT", "45322", "45322.75",
    ],
)  # fmt: skip
def test_one_day_in_many_hands(text):
    assert days_of(text) == [JAN_31]


@pytest.mark.parametrize("text", ["31/12/99", "12.31.99", "99-12-31", "99/12/31", "31-Dec-99"])
def test_two_digit_years_from_69_on_are_of_the_last_century(text):
    assert days_of(text) == [date(1999, 12, 31)]


@pytest.mark.parametrize(
    "text",
    [
        "2024-02-30",
        "2024-13-01",
        "yesterday",
        "31",
        "2024",
        "2024-01",
        "12345678901",
        "99999",
        "0",
        "-45322",
        "1e5",
        "31 Foo 2024",
    ],
)
def test_what_is_no_day_is_null(text):
    assert days_of(text) == [None]


def test_formats_of_several_shapes_may_stand_in_one_column():
    assert days_of("2024-01-31", "31/01/2024", "Jan 31, 2024", "nothing") == [JAN_31] * 3 + [None]


@pytest.mark.parametrize(
    ("texts", "first"),
    [
        (("01/02/2024", "31/01/2024"), date(2024, 2, 1)),
        (("01/02/2024", "01/31/2024"), date(2024, 1, 2)),
        (("01/02/24", "31/12/99"), date(2024, 2, 1)),
        (("03/03/2024", "05/05/2024"), date(2024, 3, 3)),
    ],
)
def test_one_row_can_settle_the_order_for_all(texts, first):
    assert days_of(*texts)[0] == first


@pytest.mark.parametrize(
    ("texts", "choices", "message"),
    [
        (("01/02/2024", "03/04/2024"), ("%d/%m/%Y", "%m/%d/%Y"), "do not settle .* as in '01/02/2024'"),
        (("31/01/2024", "01/31/2024"), ("%d/%m/%Y", "%m/%d/%Y"), "mix .* as in '01/31/2024' and '31/01/2024'"),
        (("01/02/03",), ("%d/%m/%y", "%m/%d/%y", "%y/%m/%d"), "do not settle"),
        (("31/01/24",), ("%d/%m/%y", "%y/%m/%d"), "do not settle"),
        (("13/02/03",), ("%d/%m/%y", "%y/%m/%d"), "do not settle"),
    ],
)  # fmt: skip
def test_an_open_order_is_asked_for_and_not_guessed(texts, choices, message):
    with pytest.raises(UnsettledError, match=message) as caught:
        days_of(*texts)
    assert str(caught.value).startswith("Column 'when': ")
    assert (caught.value.key, caught.value.choices) == ("date_format", choices)
    assert f"`date_format: '{choices[0]}'` (day first)" in str(caught.value)


@pytest.mark.parametrize(
    ("date_format", "text", "expected"),
    [
        ("%d/%m/%Y", "01/02/2024", date(2024, 2, 1)),
        ("%d/%m/%Y", "01/02/2024 08:30", date(2024, 2, 1)),
        ("%m/%d/%Y", "01/02/2024", date(2024, 1, 2)),
        ("%d/%m/%y", "01/02/68", date(2068, 2, 1)),
        ("%d/%m/%y", "01/02/69", date(1969, 2, 1)),
        ("%Y-%m-%d %H:%M:%S", "2024-01-31 23:00:00", JAN_31),
        ("%Y-%m-%d %H:%M:%S", "2024-01-31", None),
        ("%d/%m/%y %H:%M", "31/12/99 08:30", date(1999, 12, 31)),
        ("%d/%m/%Y", "1-31-2024", None),
        ("%Y-%d-%m", "2024-31-01", JAN_31),
        ("%Y-%d-%m", "2024-01-31", None),
        ("%Y%m%d", "20240131", JAN_31),
    ],
)
def test_a_given_format_is_taken_at_its_word(date_format, text, expected):
    assert days_of(text, date_format=date_format) == [expected]


@pytest.mark.parametrize("date_format", ["%d/%m/%Y", "%m-%d-%y", "%d %b %Y", "%d/%m/%Y %H:%M"])
def test_a_given_format_leaves_days_written_year_first_alone(date_format):
    assert days_of("2024-01-31", "2024年1月31日", "2024/1/31 08:30", date_format=date_format) == [JAN_31] * 3


@pytest.mark.parametrize("date_format", ["DD/MM/YYYY", "", "%Y-%m", "%d", "%", "%Q%d/%m/%Y"])
def test_a_format_that_names_no_day_is_refused(date_format):
    with pytest.raises(ParamsError, match=r"names no day. Write strftime codes, such as '%d/%m/%Y'"):
        given_format(date_format)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (20240131, JAN_31),
        (45322, JAN_31),
        (45322.99, JAN_31),
        (20241331, None),
        (7, None),
        (-1.0, None),
        (float("inf"), None),
    ],
)
def test_numbers_are_written_or_counted_days(number, expected):
    frame = pl.DataFrame({"number": [number]}).cast(pl.Float64)
    assert frame.select(day_of_number(pl.col("number"))).item() == expected


@given(
    days=st.lists(st.dates(date(1970, 1, 1), date(2068, 12, 31)), min_size=1, max_size=40),
    order=st.sampled_from(["%d/%m/%Y", "%m/%d/%Y", "%d-%m-%y", "%Y年%m月%d日"]),
)
@settings(max_examples=60, deadline=None)
def test_days_are_read_right_or_not_at_all(days, order):
    texts = [day.strftime(order) for day in days]
    try:
        found = days_of(*texts)
    except UnsettledError as question:
        found = days_of(*texts, date_format=order)
        order_was_offered = order.replace("-", "/") in question.choices
    else:
        order_was_offered = True
    assert found == days
    assert order_was_offered


def test_timestamps_count_from_their_date():
    assert days_of(str(datetime(2024, 1, 31, 23, 59, 59))) == [JAN_31]


def test_a_reader_accounts_for_the_formats_it_uses():
    assert given_format("%d/%m/%Y") == GivenFormat("%d/%m/%Y")
    assert given_format("%d/%m/%Y").formats == ("%d/%m/%Y",)
    texts = pl.LazyFrame({"text": ["Jan 31, 2024", "31/01/2024", "2024-01-31", "2024/1/31", "soon", None]})
    found = found_formats(texts, "text", "Column 'when'")
    assert isinstance(found, FoundFormats)
    assert found.formats == ("%Y-%m-%d", "%d/%m/%Y", "%B %d %Y")


def test_found_formats_know_the_texts_of_their_column_and_no_others():
    found = found_formats(pl.LazyFrame({"text": ["31/01/2024"]}), "text", "Column 'when'")
    others = pl.DataFrame({"text": ["31/01/2024 23:59", "30/01/2024"]})
    assert others.select(found.days(pl.col("text"))).to_series().to_list() == [JAN_31, None]


def test_a_column_without_dates_has_no_formats():
    assert found_formats(pl.LazyFrame({"text": ["soon", None]}), "text", "Column 'when'").formats == ()
