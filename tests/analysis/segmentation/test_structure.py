"""Structure over time: this run's rule on the customers of the end of each period."""

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clvlab.analysis.segmentation import structure
from clvlab.analysis.segmentation.structure import MOST_FITTED, MOST_PERIODS
from clvlab.wording import Name
from tests.analysis.segmentation.logs import context_of, rows_since

# Five customers over three quarters, to 2024-06-30, 2024-09-30 and 2024-12-31; active is who bought within 180 days.
LOG = (
    ("first", "2024-04-01", 5.0),
    ("first", "2024-06-01", 10.0),
    ("steady", "2024-04-02", 10.0),
    ("steady", "2024-08-01", 20.0),
    ("steady", "2024-12-01", 30.0),
    ("late", "2024-07-15", 60.0),
    ("later", "2024-09-01", 20.0),
    ("latest", "2024-11-01", 45.0),
    ("first", "2024-12-05", -15.0),  # returned, without a purchase
)
JUNE, SEPTEMBER, DECEMBER = date(2024, 6, 30), date(2024, 9, 30), date(2024, 12, 31)


def section_of(*rows, as_of="2024-12-31", **given):
    return structure.compute(context_of(*rows, as_of=as_of, model="nbd", **given))


@pytest.fixture(scope="module")
def section():
    return section_of(*LOG)


def test_the_shares_by_hand(section):
    shares = section["groups"]
    assert shares.columns == [
        *("day", "group", "place", "customers", "share_customers", "revenue", "share_revenue"),
    ]
    assert shares.drop("place").rows() == [
        (JUNE, "active", 2, 1.0, 25.0, 1.0),
        (JUNE, "inactive", 0, 0.0, 0.0, 0.0),
        (SEPTEMBER, "active", 4, 1.0, 125.0, 1.0),
        (SEPTEMBER, "inactive", 0, 0.0, 0.0, 0.0),
        (DECEMBER, "active", 4, 0.8, 185.0, 1.0),
        (DECEMBER, "inactive", 1, 0.2, 0.0, 0.0),
    ]
    assert section["ends"].rows() == [("active", 1.0, 0.8, 1.0, 1.0), ("inactive", 0.0, 0.2, 0.0, 0.0)]


def test_the_sentences_by_hand(section):
    lead = section.findings["lead"]
    assert dict(lead.figures) == {"periods": 3, "period": Name("periods", "quarter"), "drawn": DECEMBER}
    told = dict(section.findings["groups"].figures)
    assert told.pop("shrunk_by") == pytest.approx(-0.2)
    assert told == {
        "first": JUNE,
        "grown": Name("groups", "inactive"),
        "grown_then": 0.0,
        "grown_now": 0.2,
        "grown_by": 0.2,
        "shrunk": Name("groups", "active"),
        "shrunk_then": 1.0,
        "shrunk_now": 0.8,
    }


def test_it_is_said_that_a_log_was_not_a_year_old(section):
    # The log begins on 1 April 2024, and June's period ends on the 30th.
    assert dict(section.findings["young"].figures) == {"first": JUNE, "days": 91}
    older = section_of(("a", "2020-01-01", 5.0), ("a", "2024-07-01", 5.0), ("b", "2024-12-01", 5.0))
    assert "young" not in older.findings


def test_the_rule_is_that_of_the_run():
    # Spend tiers would be cut anew at each day: by the run's own bounds nobody was large in September.
    old = [(f"c{n:02d}", "2024-04-05", 10.0) for n in range(20)]
    more = [(f"c{n:02d}", "2024-11-10", 990.0) for n in range(10)]
    section = section_of(*old, *more, strategy="spend_tiers")
    filled = section["groups"].filter(pl.col("customers") > 0)
    found = {day: sorted(groups) for day, groups in filled.group_by("day").agg("group").iter_rows()}
    assert found == {JUNE: ["spend_low"], SEPTEMBER: ["spend_low"], DECEMBER: ["spend_high", "spend_low"]}


def test_a_year_in_which_nothing_was_sold_has_no_shares_of_revenue():
    section = section_of(("a", "2023-04-01", 5.0), ("b", "2023-05-01", 5.0), ("a", "2024-11-01", 5.0))
    shares = section["groups"].filter(pl.col("day") == SEPTEMBER)
    assert shares["share_customers"].sum() == 1
    assert shares["share_revenue"].null_count() == shares.height


def test_where_nothing_changed_the_title_says_so():
    section = section_of(("a", "2024-07-01", 5.0), ("a", "2024-12-01", 5.0))
    assert section.findings["groups"].key == "structure.same"
    assert section.findings["groups"].figures["first"] == SEPTEMBER


def test_without_amounts_customers_have_shares_and_revenue_has_none():
    section = section_of(*(row[:2] for row in LOG if row[2] > 0), columns="customer_id date")
    assert section["groups"]["share_customers"].null_count() == 0
    assert section["groups"]["share_revenue"].null_count() == section["groups"].height


def test_a_log_of_one_period_has_no_structure_over_time():
    section = section_of(("a", "2024-11-01", 5.0), ("b", "2024-12-01", 5.0))
    assert (list(section), section.findings["lead"].key) == ([], "structure.none")


@pytest.mark.parametrize(("strategy", "most"), [("hiatus", MOST_PERIODS), ("clv_tiers", MOST_FITTED)])
def test_as_many_periods_as_are_told_apart_are_followed(strategy, most):
    rows = [(f"c{n % 7}", str(date(2020 + n // 12, n % 12 + 1, 1 + n % 28)), 10.0 + n % 9) for n in range(60)]
    section = section_of(*rows, strategy=strategy)
    assert section["groups"]["day"].n_unique() == most
    assert section.findings["lead"].figures["periods"] == most


@settings(max_examples=15, deadline=None)
@given(
    rows=rows_since(date(2024, 1, 1), [-5.0, 1.0, 10.0, 100.1]),
    every=st.sampled_from(["month", "quarter"]),
)
@pytest.mark.filterwarnings("ignore:q is")  # spend of a handful of amounts may have no mean
def test_groups_add_up_to_the_customers_and_the_revenue_of_their_day(rows, every):
    steady = [("z", f"2023-12-{day:02d}", 7.0) for day in range(1, 11)]  # a log of returns alone is refused
    written = [*steady, *((who, str(day), money) for who, day, money in rows)]
    context = context_of(*written, as_of="2024-12-31", every=every, model="nbd")
    shares = structure.compute(context)["groups"]
    for (day,), of_day in shares.group_by("day"):
        known = context.summarise(day).data.filter(pl.col("n_purchases") > 0)
        assert of_day["customers"].sum() == known.height
        assert of_day["share_customers"].sum() == pytest.approx(1)
        start, buyers = day - timedelta(days=365), set(known["customer_id"])
        paid = [money for who, when, money in written if who in buyers and start < date.fromisoformat(when) <= day]
        assert of_day["revenue"].sum() == pytest.approx(sum(paid), abs=1e-6)
