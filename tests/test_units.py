import math
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clvlab.errors import ParamsError
from clvlab.units import DAYS_PER, Span, check_time_unit, horizon_in, parse_day


def test_units_are_constants():
    assert dict(DAYS_PER) == {"day": 1, "week": 7, "month": 30.4375, "year": 365.25}


@pytest.mark.parametrize(
    ("text", "days"), [("39 weeks", 273), ("1 year", 365.25), ("12 Months", 365.25), ("90days", 90)]
)
def test_a_span_is_a_number_and_a_unit(text, days):
    assert Span.parse(text).days == days


@given(st.floats(0.01, 1e4), st.sampled_from(sorted(DAYS_PER)), st.sampled_from(["day", "week", "month"]))
def test_a_change_of_unit_can_be_undone(number, unit, other):
    there = Span(number, unit).in_units(other)
    assert there * DAYS_PER[other] / DAYS_PER[unit] == pytest.approx(number)


@pytest.mark.parametrize(
    ("text", "message"),
    [("soon", "not a length of time"), ("3 fortnights", "unknown unit"), ("3 moths", "Did you mean 'month'")],
)
def test_a_wrong_span_says_what_was_found_and_what_to_do(text, message):
    with pytest.raises(ParamsError, match=message):
        Span.parse(text)


@pytest.mark.parametrize("horizon", [-1, math.inf, math.nan, None, True])
def test_a_horizon_is_finite_and_not_negative(horizon):
    with pytest.raises(ParamsError, match="finite length of time"):
        horizon_in(horizon, "week")


def test_the_unit_of_time_has_a_nearest_name():
    with pytest.raises(ParamsError, match="Did you mean 'week'"):
        check_time_unit("weeks")


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("1 day", Span(1, "day")),
        (" 2.5 WEEKS ", Span(2.5, "week")),
        ("0 months", Span(0, "month")),
        ("007 years", Span(7, "year")),
        ("3month", Span(3, "month")),
    ],
)
def test_a_text_names_a_number_and_a_unit_in_any_case(text, span):
    assert Span.parse(text) == span


@pytest.mark.parametrize(
    "text", ["", "12", "weeks", "-1 week", "1,5 weeks", "1e3 days", "1 week 2 days", "week 1", "12 个月"]
)
def test_a_text_of_another_shape_is_not_a_length(text):
    with pytest.raises(ParamsError, match=r"is not a length of time\. Write a number and a unit, as in '12 months'"):
        Span.parse(text)


@pytest.mark.parametrize(
    ("span", "text"), [(Span(1, "year"), "1 year"), (Span(39, "week"), "39 weeks"), (Span(0.5, "day"), "0.5 days")]
)
def test_a_span_is_written_as_it_is_read(span, text):
    assert str(span) == text
    assert Span.parse(text) == span


def test_a_year_is_twelve_months_and_not_fifty_two_weeks():
    assert Span.parse("1 year").in_units("month") == Span.parse("12 months").in_units("month") == 12
    assert Span.parse("52 weeks").days == 364 < Span.parse("1 year").days


@pytest.mark.parametrize(
    ("horizon", "unit", "length"),
    [
        ("12 months", "day", 365.25),
        ("39 weeks", "week", 39),
        (39, "week", 39.0),
        (0, "day", 0.0),
        (2.5, "month", 2.5),
    ],
)
def test_a_horizon_is_a_text_or_a_number_of_the_tables_own_unit(horizon, unit, length):
    assert horizon_in(horizon, unit) == length


@given(st.integers(0, 10_000), st.sampled_from(sorted(DAYS_PER)))
def test_a_span_survives_the_way_through_text(number, unit):
    assert Span.parse(str(Span(number, unit))) == Span(number, unit)


@pytest.mark.parametrize("unit", ["day", "week", "month"])
def test_the_units_of_time_are_day_week_and_month(unit):
    assert check_time_unit(unit) == unit


@pytest.mark.parametrize("unit", ["year", "", "DAY", None, 7])
def test_any_other_unit_of_time_is_refused(unit):
    with pytest.raises(ParamsError, match=r"time_unit is .* Choose one of day, week, month"):
        check_time_unit(unit)


@pytest.mark.parametrize("text", ["yesterday", "31/12/2024", None, 20240131])
def test_what_is_no_day_is_said_so(text):
    with pytest.raises(ParamsError, match=r"cutoff is .* not a day. Write it as '1998-06-30'"):
        parse_day("cutoff", text)


@pytest.mark.parametrize("value", [date(2024, 2, 29), datetime(2024, 2, 29, 23, 59), "2024-02-29", "20240229"])
def test_a_day_may_be_a_date_a_moment_or_a_text(value):
    assert parse_day("cutoff", value) == date(2024, 2, 29)
