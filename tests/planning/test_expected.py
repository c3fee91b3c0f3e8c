"""Periods, newcomers and what is expected of them, worked out by hand; the model buys twice a day, for ever."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

import clvlab as cl
from clvlab.models.mean_spend import MeanSpend
from clvlab.planning.acquisition import Acquisition
from clvlab.planning.expected import of_existing, of_new
from clvlab.planning.outcomes import actual_sums, expected_sums, history
from clvlab.planning.periods import Periods, period_for
from tests.planning.days import CUTOFF, days_of

TWICE = cl.Nbd(200.0, 100.0, time_unit="day")
"""Whoever is new buys r / alpha = 2 times a day."""
COMING = Acquisition(came=28, days=28, per_day=1.0, dispersion=1.0, first_spend=10.0, later_spend=5.0)


@pytest.mark.parametrize(
    ("unit", "days", "ends"),
    [
        ("week", 21.0, [7, 14, 21]),
        ("week", 17.0, [7, 14, 17]),
        ("week", 3.0, [3]),
        ("month", 365.25, [30.4375 * place for place in range(1, 13)]),
        ("month", 40.0, [30.4375, 40]),
    ],
)
def test_periods_end_one_after_another_and_with_the_horizon(unit, days, ends):
    assert Periods(CUTOFF, unit, days).ends == pytest.approx(ends)


def test_periods_have_days():
    table = Periods(CUTOFF, "week", 10.0).table
    assert table.rows() == [
        (1, date(2024, 3, 1), date(2024, 3, 7)),
        (2, date(2024, 3, 8), date(2024, 3, 10)),
    ]


def test_only_whole_periods_before_the_cutoff_count():
    spans = Periods(CUTOFF, "week", 7.0).before(CUTOFF - timedelta(days=19))
    assert spans == [(CUTOFF - timedelta(days=14), CUTOFF - timedelta(days=7)), (CUTOFF - timedelta(days=7), CUTOFF)]
    assert Periods(CUTOFF, "week", 7.0).before(CUTOFF - timedelta(days=20))[0][0] == CUTOFF - timedelta(days=21)


@pytest.mark.parametrize(("days", "unit"), [(91.0, "week"), (119.0, "week"), (120.0, "month"), (365.25, "month")])
def test_a_long_horizon_is_told_by_month(days, unit):
    assert period_for(days) == unit


def test_the_recent_rate_of_newcomers():
    """Four came, the first of them on the log's first day: 60 days, of which all are recent."""
    days = days_of(("a", 59, 10.0), ("a", 9, 3.0), ("b", 30, 20.0), ("c", 10, 30.0), ("d", 0, 40.0), ("b", 1, 7.0))
    found = Acquisition.of(days, CUTOFF)
    assert (found.came, found.days, found.per_day) == (4, 60, 4 / 60)
    assert (found.first_spend, found.later_spend) == (25.0, 5.0)


def test_nobody_is_expected_once_acquisition_has_ended():
    assert Acquisition.of(days_of(("a", 91, 1.0), ("a", 3, 1.0)), CUTOFF).per_day == 0
    assert Acquisition.of(days_of(("a", 120, 1.0), ("b", 90, 1.0)), CUTOFF).per_day == 2 / 121


def test_newcomers_longer_ago_than_half_a_year_do_not_count():
    days = days_of(("a", 300, 1.0), ("b", 182, 1.0), ("c", 181, 1.0), ("d", 5, 1.0))
    assert (Acquisition.of(days, CUTOFF).came, Acquisition.of(days, CUTOFF).days) == (2, 182)


def test_dispersion_is_shrunk_to_that_of_chance():
    """Eight weeks of 0 or 4: variance 32/7 about a mean of 2, so 16/7 times as much; 7 weeks of it against 4 of 1."""
    crowded = [(f"{week}{one}", 7 * week, 1.0) for week in range(0, 8, 2) for one in range(4)]
    days = days_of(*crowded, ("returned", 55, -1.0))
    assert Acquisition.of(days, CUTOFF).dispersion == pytest.approx((4 + 7 * 16 / 7) / 11)
    even = days_of(*((f"{week}", 7 * week, 1.0) for week in range(8)))
    assert Acquisition.of(even, CUTOFF).dispersion == 1


def test_variance_of_their_number():
    assert COMING.variance(14.0) == pytest.approx(1 / 14 + 1 / 28)
    nobody = Acquisition(0, 28, 0.0, 1.0, None, None)
    assert nobody.variance(nobody.coming(CUTOFF, 14.0)) == 0


def newcomers(months: int, of_month) -> pl.DataFrame:
    """Who came first on each day of so many months up to the cutoff: as many as is said of its month, 1 to 12."""
    since = [CUTOFF - timedelta(days=ago) for ago in range(round(months * 30.4375))]
    rows = [(f"{day}{one}", day, 1.0, True) for day in since for one in range(of_month(day.month))]
    return pl.DataFrame(rows, schema=["customer", "date", "spend", "is_purchase"], orient="row")


def of_christmas(month: int) -> int:
    return 9 if month == 12 else 3


def of_any(_month: int) -> int:
    return 3


KNOWN = cl.Calendar(history=1096, purchases=1)


def test_newcomers_come_by_their_own_season():
    """Nine a day in December and three else: three and a half on an average day, whatever the last half year was."""
    found = Acquisition.of(newcomers(36, of_christmas), CUTOFF, KNOWN)
    assert found.season is not None
    assert found.per_day == pytest.approx((11 * 3 + 9) / 12, rel=0.05)
    december, june = (found.coming(date(2024, month, 1) - timedelta(days=1), 30) for month in (12, 6))
    assert december == pytest.approx(270, rel=0.1)
    assert june == pytest.approx(90, rel=0.05)
    table = of_new(TWICE, found, Periods(date(2024, 11, 30), "month", 2 * 30.4375))
    own = table.filter(pl.col("cohort") == pl.col("cohort").min(), pl.col("period") == 1)["purchases"].item()
    # First purchases, and two a day for half the month on average.
    came = found.coming(date(2024, 11, 30), 30.4375)
    assert own == pytest.approx(came * (1 + 30.4375))


@pytest.mark.parametrize(
    ("months", "of_month", "calendar"),
    [
        (36, of_christmas, None),  # customers buy by no calendar
        (36, of_any, KNOWN),  # newcomers are alike all year
        (20, of_christmas, KNOWN),  # too short to have learned a season a year ago
    ],
)
def test_without_a_season_that_predicts_better_newcomers_come_evenly(months, of_month, calendar):
    found = Acquisition.of(newcomers(months, of_month), CUTOFF, calendar)
    assert found.season is None
    assert found.coming(CUTOFF, 10.0) == pytest.approx(10 * found.came / found.days)


def test_newcomers_buy_first_and_then_again():
    """One a day for 10 days, each of whom buys twice a day: 10 first purchases, and 2 * 10^2 / 2 later ones."""
    periods = Periods(CUTOFF, "week", 10.0)
    table = of_new(TWICE, COMING, periods)
    first, later = [7, 3], [49, 51]
    assert table.group_by("period").agg(pl.col("purchases").sum()).sort("period")["purchases"].to_list() == (
        pytest.approx([a + b for a, b in zip(first, later, strict=True)])
    )
    revenue = table.group_by("period").agg(pl.col("revenue").sum()).sort("period")["revenue"].to_list()
    assert revenue == pytest.approx([10 * a + 5 * b for a, b in zip(first, later, strict=True)])
    # Of the first week: 49 by its end, and 7 customers times 2 in each of 3 days. Of the second: 3 and 2 * 3^2 / 2.
    assert table.select("period", "cohort", "purchases").rows() == [
        (1, date(2024, 3, 1), pytest.approx(56)),
        (2, date(2024, 3, 1), pytest.approx(42)),
        (2, date(2024, 3, 8), pytest.approx(12)),
    ]


@pytest.mark.parametrize(
    "model",
    [cl.BgNbd(0.243, 4.414, 0.793, 2.426, time_unit="week"), cl.ParetoNbd(0.55, 10.6, 0.6, 11.7, time_unit="week")],
)
def test_the_integral_is_that_of_a_model_whose_customers_leave(model):
    """Half a year of newcomers in small steps, each of whom is a new customer when they come."""
    table = of_new(model, COMING, Periods(CUTOFF, "month", 6 * 30.4375))
    when = (np.arange(4_000) + 0.5) / 4_000 * 6 * 30.4375
    by_hand = (1 + model.expected_purchases_new(when / 7)).mean() * 6 * 30.4375
    assert table["purchases"].sum() == pytest.approx(by_hand, rel=1e-4)


def test_weeks_and_months_tell_the_same_sum():
    model = cl.BgNbd(0.243, 4.414, 0.793, 2.426, time_unit="week")
    weeks, months = (of_new(model, COMING, Periods(CUTOFF, unit, 200.0)) for unit in ("week", "month"))
    assert (weeks["period"].max(), months["period"].max()) == (29, 7)
    assert weeks["purchases"].sum() == pytest.approx(months["purchases"].sum(), rel=1e-8)
    assert weeks["revenue"].sum() == pytest.approx(months["revenue"].sum(), rel=1e-8)


def test_todays_customers_by_period_and_cohort():
    """NBD: x = 0 within 100 days buys (200 + 0) / (100 + 100) = 1 a day; x = 2 within 50 days 202 / 150."""
    log = cl.read_transactions(
        pl.DataFrame(
            {
                "customer_id": ["a", "b", "b", "b"],
                "date": [CUTOFF - timedelta(days=ago) for ago in (100, 50, 40, 30)],
                "amount": [10.0] * 4,
            }
        )
    )
    customers = cl.summarise_customers(log, CUTOFF)
    table = of_existing(TWICE, MeanSpend(3.0), customers, Periods(CUTOFF, "week", 10.0))
    assert table.select("period", "cohort", "purchases", "revenue").rows() == [
        (1, date(2023, 11, 1), pytest.approx(7), pytest.approx(21)),
        (1, date(2024, 1, 1), pytest.approx(7 * 202 / 150), pytest.approx(21 * 202 / 150)),
        (2, date(2023, 11, 1), pytest.approx(3), pytest.approx(9)),
        (2, date(2024, 1, 1), pytest.approx(3 * 202 / 150), pytest.approx(9 * 202 / 150)),
    ]
    assert of_existing(TWICE, None, customers, Periods(CUTOFF, "week", 10.0))["revenue"].null_count() == 4


def test_sums_of_parts_and_how_open_they_are():
    cohorts = pl.DataFrame(
        [(1, "existing", CUTOFF, 4.0, 40.0), (2, "existing", CUTOFF, 6.0, 60.0), (1, "new", CUTOFF, 10.0, 20.0)],
        schema={
            "period": pl.Int64,
            "part": pl.String,
            "cohort": pl.Date,
            "purchases": pl.Float64,
            "revenue": pl.Float64,
        },
        orient="row",
    )
    table = expected_sums(cohorts, COMING, Periods(CUTOFF, "week", 14.0), {"purchases": 0.14})
    purchases = {(row["period"], row["part"]): row for row in table.filter(what="purchases").iter_rows(named=True)}
    assert {key: row["predicted"] for key, row in purchases.items()} == {
        (1, "existing"): 4, (2, "existing"): 6, (None, "existing"): 10,
        (1, "new"): 10, (2, "new"): 0, (None, "new"): 10,
        (1, "total"): 14, (2, "total"): 6, (None, "total"): 20,
    }  # fmt: skip
    # Of today's customers 1 / 10 is chance, so that the model leaves 0.04 open in every period.
    assert purchases[(None, "existing")]["variance"] == pytest.approx(0.14)
    assert purchases[(1, "existing")]["variance"] == pytest.approx(1 / 4 + 0.04)
    assert purchases[(1, "new")]["variance"] == pytest.approx(1 / 10 + 1 / 7 + 1 / 28)
    assert purchases[(1, "total")]["variance"] == pytest.approx(
        (16 * (1 / 4 + 0.04) + 100 * (1 / 10 + 1 / 7 + 1 / 28)) / 14**2
    )
    assert table.filter(what="revenue")["half_purchase"].unique().to_list() == [120 / 20 / 2]


def test_what_happened_by_part_and_before():
    days = days_of(("a", 8, 10.0), ("a", 0, 5.0), ("a", -3, 7.0), ("b", -7, 20.0), ("b", -8, 1.0), ("a", -9, -2.0))
    periods = Periods(CUTOFF, "week", 14.0)
    actual = actual_sums(days, periods).filter(what="revenue")
    done = {(period, part): revenue for period, part, _, revenue in actual.rows()}
    assert done == {
        (1, "existing"): 7, (2, "existing"): -2, (None, "existing"): 5,
        (1, "new"): 20, (2, "new"): 1, (None, "new"): 21,
        (1, "total"): 27, (2, "total"): -1, (None, "total"): 26,
    }  # fmt: skip
    before = history(days.filter(pl.col("date") <= CUTOFF), periods)
    assert before.select("period", "end", "newcomers", "purchases", "revenue").rows() == [(0, CUTOFF, 0, 1, 5)]
