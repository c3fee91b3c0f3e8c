"""Cohorts: customers by the period of their first purchase."""

from datetime import date, timedelta

import polars as pl
import pytest

from clvlab.analysis.segmentation import cohorts
from clvlab.analysis.segmentation.cohorts import MOST_COHORTS, period_between
from tests.analysis.segmentation.logs import context_of

LOG = (
    ("a", "2024-01-05", 10.0),
    ("a", "2024-02-05", 20.0),
    ("a", "2024-03-30", -5.0),
    ("b", "2024-01-20", 30.0),
    ("c", "2024-02-10", 40.0),
    ("c", "2024-03-01", 8.0),
    ("d", "2024-03-15", 1.0),
)


def test_the_tables_by_hand():
    section = cohorts.compute(context_of(*LOG, as_of="2024-03-31"))
    january, february, march = (date(2024, month, 1) for month in (1, 2, 3))
    assert section["retention"].rows() == [
        ("month", january, 2, 0, 2, 1.0),
        ("month", january, 2, 1, 1, 0.5),
        ("month", january, 2, 2, 0, 0.0),  # a return is no purchase
        ("month", february, 1, 0, 1, 1.0),
        ("month", february, 1, 1, 1, 1.0),
        ("month", march, 1, 0, 1, 1.0),
    ]
    assert section["spend"].select("cohort", "age", "spend").rows() == [
        (january, 0, 20.0),  # (10 + 30) / 2
        (january, 1, 30.0),
        (january, 2, 27.5),  # the money of the return counts
        (february, 0, 40.0),
        (february, 1, 48.0),
        (march, 0, 1.0),
    ]


def test_the_sentences_by_hand():
    findings = cohorts.compute(context_of(*LOG, as_of="2024-03-31")).findings
    assert findings["lead"].figures["cohorts"] == 3
    assert findings["retention"].figures["share"] == pytest.approx(2 / 3)  # a and c of a, b and c
    assert findings["spend"].key == "cohorts.spend_month"
    assert (findings["spend"].figures["cohort"], findings["spend"].figures["age"]) == (date(2024, 1, 1), 2)
    assert findings["spend"].figures["spend"] == 27.5


def test_a_month_of_refunds_is_not_a_month_of_purchases():
    bought = [(f"c{n}", "2024-01-10", 10.0) for n in range(20)]
    refunded = [(f"c{n}", "2024-02-10", -10.0) for n in range(10)]
    section = cohorts.compute(context_of(*bought, *refunded, as_of="2024-03-31"))
    assert section["retention"].filter(age=1)["share"].to_list() == [0.0]
    assert section["spend"].filter(age=1)["spend"].to_list() == [5.0]


def test_a_period_that_is_not_over_is_left_out():
    retention = cohorts.compute(context_of(*LOG, as_of="2024-03-30"))["retention"]
    assert retention.group_by("cohort").agg(pl.col("age").max()).sort("cohort").rows() == [
        (date(2024, 1, 1), 1),
        (date(2024, 2, 1), 0),
    ]


def test_without_amounts_there_is_no_spend():
    rows = [row[:2] for row in LOG if row[2] > 0]
    section = cohorts.compute(context_of(*rows, as_of="2024-03-31", columns="customer_id date"))
    assert list(section) == ["retention"]
    assert "spend" not in section.findings


@pytest.mark.parametrize("rows", [LOG[:1], [("a", "2024-01-05", -1.0), ("b", "2024-01-06", 2.0)]])
def test_a_single_cohort_without_a_later_period_has_no_table(rows):
    section = cohorts.compute(context_of(*rows, as_of="2024-01-07"))
    assert list(section) == []
    assert section.findings["lead"].figures["cohorts"] == 1


def test_a_first_row_that_is_a_return_belongs_to_the_cohort_of_the_first_purchase():
    rows = [("a", "2024-01-05", -3.0), ("a", "2024-02-05", 10.0), ("b", "2024-02-07", 10.0), ("b", "2024-03-01", 1.0)]
    section = cohorts.compute(context_of(*rows, as_of="2024-03-31"))
    assert section["retention"].filter(age=1).select("cohort", "share").rows() == [(date(2024, 2, 1), 0.5)]


def test_a_log_that_begins_in_the_middle_has_no_first_cohort():
    old = [(f"old{n}", "2024-01-01", 1.0) for n in range(50)]
    new = [(f"new{n}", str(date(2024, 2, 1) + timedelta(9 * n)), 1.0) for n in range(20)]
    section = cohorts.compute(context_of(*old, *new, as_of="2024-06-30"))
    assert section["retention"]["cohort"].min() == date(2024, 2, 1)
    crowded = section.findings["crowded"].figures
    assert (crowded["cohort"], crowded["customers"]) == (date(2024, 1, 1), 50)


@pytest.mark.parametrize(
    ("years", "name"), [(1, "month"), (2, "month"), (3, "quarter"), (6, "quarter"), (7, "year"), (40, "year")]
)
def test_the_period_grows_with_the_history(years, name):
    assert period_between(date(2000, 1, 1), date(1999 + years, 12, 31)).name == name


@pytest.mark.parametrize(
    ("first", "last", "name"),
    [
        (date(2024, 1, 1), date(2024, 2, 29), "week"),
        (date(2024, 1, 31), date(2024, 3, 1), "month"),
        (date(2023, 12, 31), date(2024, 1, 1), "week"),
    ],
)
def test_what_has_not_yet_three_months_is_told_by_the_week(first, last, name):
    assert period_between(first, last).name == name


def test_weeks_by_hand():
    monday = date(2024, 1, 1)
    rows = [("a", "2024-01-07", 10.0), ("a", "2024-01-08", 5.0), ("b", "2024-01-10", 1.0), ("b", "2024-01-22", 2.0)]
    section = cohorts.compute(context_of(*rows, as_of="2024-01-28"))
    assert section["retention"].rows() == [
        ("week", monday, 1, 0, 1, 1.0),
        ("week", monday, 1, 1, 1, 1.0),  # from Sunday to Monday
        ("week", monday, 1, 2, 0, 0.0),
        ("week", monday, 1, 3, 0, 0.0),
        ("week", monday + timedelta(7), 1, 0, 1, 1.0),
        ("week", monday + timedelta(7), 1, 1, 0, 0.0),
        ("week", monday + timedelta(7), 1, 2, 1, 1.0),
    ]
    assert section.findings["retention"].figures["share"] == 0.5
    assert section.findings["spend"].key == "cohorts.spend_week"
    early = cohorts.compute(context_of(*rows, as_of="2024-01-27"))["retention"]
    assert early.filter(cohort=monday)["age"].max() == 2  # the week is over on its Sunday


@pytest.mark.parametrize(("period", "months"), [("month", 1), ("quarter", 3), ("year", 12)])
def test_a_long_history_makes_few_cohorts_of_calendar_periods(period, months):
    days = [date(2000 + month // 12, month % 12 + 1, 15) for month in range(MOST_COHORTS * months)]
    rows = [(f"c{n}", str(day), 1.0) for n, day in enumerate(days)]
    retention = cohorts.compute(context_of(*rows, as_of=f"{days[-1].year}-12-31"))["retention"]
    assert retention["cohort"].n_unique() == MOST_COHORTS
    assert set(retention["period"]) == {period}
    assert retention.filter(age=0)["customers"].to_list() == [months] * MOST_COHORTS


# Are newer cohorts better or worse?


def cohort(month, spends, again=None):
    """One customer for each of these first purchases in that month of 2024, who all spend `again` in December."""
    rows = [(f"{month}-{n}", f"2024-{month:02d}-10", spend) for n, spend in enumerate(spends)]
    return rows + [(who, "2024-12-20", again) for who, _, _ in rows if again]


def newer_of(*rows):
    return cohorts.compute(context_of(*rows, as_of="2024-12-31", strategy="hiatus")).findings.get("newer")


def test_newer_cohorts_are_compared_by_hand():
    # The oldest has lived twelve months, so that a third is the age of 3: what is spent in December counts for none.
    half = [10.0, 30.0] * 20  # mean 20, variance 40 / 39 * 100
    more = [60.0, 80.0] * 20
    rows = [*cohort(1, half, again=500.0), *cohort(2, half), *cohort(5, more), *cohort(6, more)]
    found = newer_of(*rows)
    told = dict(found.figures)
    reach = 1.96 * (2 * (80 / 79 * 100) / 80) ** 0.5
    assert found.key == "cohorts.newer_better"
    assert (told["since"], told["lived"], told["newer"], told["older"]) == (date(2024, 5, 1), 4, 70.0, 20.0)
    assert (told["low"], told["high"]) == (pytest.approx(50 - reach), pytest.approx(50 + reach))


def test_worse_cohorts_are_told_by_how_much_less_they_spend():
    found = newer_of(*cohort(1, [60.0, 80.0] * 20), *cohort(6, [10.0, 30.0] * 20))
    assert found.key == "cohorts.newer_worse"
    assert 0 < found.figures["low"] < 50 < found.figures["high"]


def test_a_difference_that_noise_can_make_is_called_noise():
    found = newer_of(*cohort(1, [1.0, 80.0] * 20), *cohort(6, [2.0, 82.0] * 20))
    assert found.key == "cohorts.newer_alike"
    assert found.figures["low"] < 0 < found.figures["high"]


def test_few_customers_tell_nothing_of_their_cohorts():
    assert newer_of(*cohort(1, [1.0] * 40), *cohort(6, [90.0] * 29)) is None
    assert newer_of(*cohort(1, [1.0] * 40, again=3.0)) is None


def test_a_cohort_too_young_to_compare_is_left_out():
    found = newer_of(*cohort(1, [1.0, 3.0] * 20), *cohort(6, [2.0, 3.0] * 20), *cohort(11, [900.0] * 40))
    assert found.figures["newer"] == 2.5
