import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clvlab.errors import ParamsError
from clvlab.units import DAYS_PER, Span, check_time_unit, horizon_in


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
