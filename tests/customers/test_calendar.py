"""Calendars: their clock by hand; recovered from simulated truth; and near nothing where there is none."""

from datetime import date

import numpy as np
import polars as pl
import pytest

import clvlab as cl
from clvlab.customers.events import read_events
from clvlab.datasets.lighting_law import law
from clvlab.errors import DataError, ParamsError
from tests.seasonal import EVENTS, SEASON, known_calendar, simulated_log

END = date(2023, 12, 31)
EVEN = (1.0,) * 12


@pytest.fixture(scope="module")
def seasonal():
    return simulated_log(known_calendar(factors={"sale": 2.0, "fair": 0.6}))


@pytest.fixture(scope="module")
def even():
    return simulated_log(known_calendar(EVEN))


def relative(season):
    return np.array(season) / np.mean(season)


def test_a_day_has_the_rate_of_its_month_times_the_factors_of_its_events():
    events = [
        {"event": "a", "first_day": "2024-02-28", "last_day": "2024-03-01"},
        {"event": "b", "first_day": "2024-03-01"},
        {"event": "a", "first_day": "2024-03-01", "last_day": "2024-03-02"},
    ]
    calendar = cl.Calendar((1.0, 0.5, 1.5) + (1.0,) * 9, {"a": 2.0, "b": 3.0}, read_events(events))
    days = np.arange("2024-02-27", "2024-03-04", dtype="datetime64[D]")
    assert calendar.rates(days).tolist() == [0.5, 1.0, 1.0, 9.0, 3.0, 1.5]


def test_ages_are_in_operational_time_and_days_are_not():
    rows = [("a", "2024-01-30"), ("a", "2024-02-02"), ("b", "2024-01-31"), ("c", "2024-02-03")]
    log = cl.read_transactions(pl.DataFrame(rows, schema=["customer_id", "date"], orient="row"))
    calendar = cl.Calendar((1.0, 0.5) + (1.0,) * 10)
    customers = cl.summarise_customers(log, "2024-02-03", "day", calendar=calendar)
    assert customers.data.select("recency", "T", "days_since_last").rows() == [
        (2.0, 2.5, 1),
        (0.0, 1.5, 3),
        (0, 0, 0),
    ]
    assert customers.data.select(customers.age).to_series().to_list() == [4, 3, 0]
    assert customers.calendar is calendar


def test_prospects_have_no_age():
    log = cl.read_transactions(pl.DataFrame({"customer_id": ["a"], "date": ["2024-01-30"]}))
    known = pl.DataFrame({"customer_id": ["a", "z"], "region": ["north", "south"]})
    customers = cl.summarise_customers(log, "2024-02-03", "day", known, calendar=cl.Calendar())
    assert customers.data.select("customer_id", "T").rows() == [("a", 4.0), ("z", None)]


def test_the_season_and_events_of_a_simulated_log_are_recovered(seasonal):
    found = cl.Calendar.fit(seasonal, END, EVENTS)
    assert relative(found.season) == pytest.approx(relative(SEASON), rel=0.12)
    assert found.factors["sale"] == pytest.approx(2.0, rel=0.15)
    assert found.factors["fair"] == pytest.approx(0.6, rel=0.25)
    assert (found.months, found.is_known) == (36, True)


def test_the_season_of_the_lighting_retailer_is_recovered():
    log = cl.datasets.lighting(n_customers=3_000, seed=1)
    found = cl.Calendar.fit(log, law().last_day)
    assert relative(found.season) == pytest.approx(relative(law().settings["seasons"]), rel=0.08)


def test_without_a_season_there_is_next_to_none(even):
    found = cl.Calendar.fit(even, END, EVENTS)
    assert np.array(found.season) == pytest.approx(1, abs=0.03)
    assert np.array(list(found.factors.values())) == pytest.approx(1, abs=0.15)


def test_growth_and_dropout_are_not_taken_for_a_season(even):
    late = even.data.group_by("customer_id").agg(pl.col("date").min()).filter(pl.col("date").dt.month() >= 10)
    many = pl.concat(
        [
            even.data,
            even.data.join(late.select("customer_id"), on="customer_id").with_columns(pl.col("customer_id") + "'"),
        ]
    )
    found = cl.Calendar.fit(cl.read_transactions(many), END)
    assert np.array(found.season) == pytest.approx(1, abs=0.05)


def test_an_average_day_of_the_last_whole_years_is_one(seasonal):
    found = cl.Calendar.fit(seasonal, "2023-08-15", EVENTS)
    days = np.arange("2021-08-16", "2023-08-16", dtype="datetime64[D]")
    assert found.rates(days).mean() == pytest.approx(1)
    assert found.index["index"].mean() == pytest.approx(1, abs=0.01)


def test_less_than_fourteen_months_have_none_and_say_so(seasonal):
    short = cl.Calendar.fit(seasonal, "2022-02-14", EVENTS)
    assert (short.season, set(short.factors.values()), short.is_known) == (EVEN, {1.0}, False)
    assert repr(short) == "Calendar: without a season, after 13 months of history"
    assert cl.Calendar.fit(seasonal, "2022-02-15", EVENTS).is_known


def test_what_was_bought_more_than_twenty_years_before_tells_nothing():
    bought = [(who, day) for who in "abcdef" for day in ("2003-01-01", "2003-07-01", "2003-12-01", "2005-02-03")]
    log = cl.read_transactions(pl.DataFrame(bought, schema=["customer_id", "date"], orient="row"))
    last, later = cl.Calendar.fit(log, "2024-12-31"), cl.Calendar.fit(log, "2030-12-31")
    assert (last.history, last.is_known) == (20 * 365, False)  # from 5 January 2005: one day, between none
    assert (later.season, later.is_known) == (EVEN, False)


def test_what_happens_after_the_cutoff_is_not_known(seasonal):
    cut = seasonal.data.filter(pl.col("date") <= date(2022, 12, 31))
    one, other = (cl.Calendar.fit(log, "2022-12-31", EVENTS) for log in (seasonal, cl.read_transactions(cut)))
    assert (one.season, dict(one.factors)) == (other.season, dict(other.factors))


def test_an_event_that_has_not_been_seen_has_no_effect(seasonal):
    found = cl.Calendar.fit(seasonal, END, [{"event": "opening", "first_day": "2024-03-01"}])
    assert found.factors == {"opening": 1.0}


def test_it_shows_its_index(seasonal):
    found = cl.Calendar.fit(seasonal, END, EVENTS)
    assert repr(found).startswith("Calendar: months from 0.6")
    assert "events fair, sale" in repr(found)
    assert "index" in found._repr_html_()


def test_a_log_without_a_purchase_has_no_calendar():
    log = cl.read_transactions(pl.DataFrame({"customer_id": ["a"], "date": ["2024-01-30"]}))
    with pytest.raises(DataError, match=r"no purchase up to the cutoff 2023-12-31\. The log runs from 2024-01-30"):
        cl.Calendar.fit(log, "2023-12-31")


@pytest.mark.parametrize(
    ("season", "factors", "message"),
    [
        ((1.0,) * 11, {}, "12 months; this one has 11"),
        ((0.0,) + (1.0,) * 11, {}, "The rate 0.0 cannot be"),
        (EVEN, {"sale": float("inf")}, "The rate inf cannot be"),
        (EVEN, {"sale": 2.0}, "sale lacks one of them"),
    ],
)
def test_what_cannot_be_a_calendar_is_named(season, factors, message):
    with pytest.raises(ParamsError, match=message):
        cl.Calendar(season, factors)
