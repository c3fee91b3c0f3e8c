"""Why revenue changed: the parts add up to the change, to the cent."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clvlab.analysis.segmentation import bridge
from clvlab.analysis.segmentation.bridge import Kept
from clvlab.wording import Name
from tests.analysis.segmentation.logs import context_of, rows_since

# Five customers over three quarters: to 2024-06-30, to 2024-09-30, and the report's own to 2024-12-31.
LOG = (
    ("kept", "2024-04-01", 10.0),
    ("kept", "2024-07-10", 40.0),
    ("kept", "2024-10-10", 30.0),
    ("kept", "2024-11-10", 50.0),
    ("back", "2024-04-02", 10.0),
    ("back", "2024-12-01", 25.0),
    ("lost", "2024-08-01", 70.0),
    ("lost", "2024-10-15", -20.0),  # returned in this quarter
    ("gone", "2024-05-01", 15.0),
    ("gone", "2024-10-20", -5.0),
    ("new", "2024-12-20", 8.0),
)
QUARTER = Name("lapses", "quarter")
SINCE = date(2024, 9, 30)


def section_of(*rows, as_of="2024-12-31", **given):
    return bridge.compute(context_of(*rows, as_of=as_of, **given))


@pytest.fixture(scope="module")
def section():
    return section_of(*LOG)


def test_the_account_by_hand(section):
    assert section["customers"].columns == ["since", "part", "customers", "revenue_then", "revenue_now", "change"]
    assert section["customers"].rows() == [
        (SINCE, "new", 1, 0.0, 8.0, 8.0),
        (SINCE, "came_back", 1, 0.0, 25.0, 25.0),
        (SINCE, "kept", 1, 40.0, 80.0, 40.0),
        (SINCE, "lost", 1, 70.0, -20.0, -90.0),
        (SINCE, "others", 1, 0.0, -5.0, -5.0),
        (SINCE, "total", 5, 110.0, 88.0, -22.0),
    ]


def test_the_bridge_by_hand(section):
    # One purchase of 40 became two of 40: all of the 40 more is due to their number.
    assert section["period"].columns == ["step", "change", "low", "high"]
    assert section["period"].rows() == [
        ("then", 110.0, 0.0, 110.0),
        ("new", 8.0, 110.0, 118.0),
        ("came_back", 25.0, 118.0, 143.0),
        ("purchases", 40.0, 143.0, 183.0),
        ("spend_per_purchase", 0.0, 183.0, 183.0),
        ("lost", -90.0, 93.0, 183.0),
        ("others", -5.0, 88.0, 93.0),
        ("now", 88.0, 0.0, 88.0),
    ]
    assert "year" not in section


def test_the_sentences_by_hand(section):
    lead = section.findings["lead"]
    assert lead.key == "bridge.fell"
    figures = dict(lead.figures)
    raised, lowered = figures.pop("drivers")
    assert figures == {
        "period": Name("periods", "quarter"),
        "as_of": date(2024, 12, 31),
        "lapse": QUARTER,
        "then": 110.0,
        "now": 88.0,
        "change": 22.0,
        "share": 0.2,
    }
    assert (raised.key, raised.figures["step"], raised.figures["change"]) == (
        *("bridge.raised", Name("steps", "purchases")),
        40.0,
    )
    assert (lowered.key, lowered.figures["step"], lowered.figures["change"]) == (
        *("bridge.lowered", Name("steps", "lost")),
        90.0,
    )
    assert dict(section.findings["period_kept"].figures) == {
        "lapse": QUARTER,
        "customers": 1,
        "each_then": 1.0,
        "each_now": 2.0,
        "by_purchases": 40.0,
        "price_then": 40.0,
        "price_now": 40.0,
        "by_spend": 0.0,
    }


def test_who_bought_first_within_the_year_is_new_against_the_year_before():
    year_ago = (("old", "2023-01-01", 5.0), ("then", "2023-11-01", 20.0))
    section = section_of(*year_ago, *LOG)
    found = section["customers"].filter(pl.col("since") == date(2023, 12, 31)).drop("since")
    assert found.rows() == [
        ("new", 3, 0.0, 113.0, 113.0),  # kept, back and new: all of them since
        ("lost", 1, 20.0, 0.0, -20.0),
        ("others", 2, 0.0, -25.0, -25.0),  # lost and gone, who only returned in this quarter
        ("total", 6, 20.0, 88.0, 68.0),
    ]
    assert section.findings["since_year"].figures["lapse"] == Name("lapses", "year")
    assert "year_kept" not in section.findings


@pytest.mark.parametrize(
    ("every", "as_of", "then"),
    [("month", "2024-12-31", 50.0), ("quarter", "2024-12-31", 110.0), ("week", "2024-12-29", 8.0)],
)
def test_periods_are_those_of_the_report(every, as_of, then):
    section = section_of(*LOG, as_of=as_of, every=every)
    assert section["period"]["change"][0] == then


def test_without_an_earlier_period_or_amounts_a_line_says_so():
    short = section_of(("a", "2024-12-01", 1.0), ("b", "2024-12-30", 1.0))
    assert (list(short), short.findings["lead"].key) == ([], "bridge.none")
    plain = section_of(*(row[:2] for row in LOG), columns="customer_id date")
    assert (list(plain), plain.findings["lead"].key) == ([], "bridge.no_amounts")


def test_nothing_to_change_from_is_told_without_a_share():
    rows = [("a", "2024-04-01", 9.0), ("a", "2024-08-01", -9.0), ("b", "2024-12-01", 7.0)]
    lead = section_of(*rows).findings["lead"]
    assert (lead.key, lead.figures["then"], lead.figures["now"]) == ("bridge.from_nothing", -9.0, 7.0)
    same = section_of(("a", "2024-04-01", 9.0), ("a", "2024-08-01", 7.0), ("a", "2024-12-01", 7.0)).findings["lead"]
    assert (same.key, same.figures["drivers"]) == ("bridge.alike", [])


@pytest.mark.parametrize(
    ("kept", "by_purchases", "by_spend"),
    [
        (Kept(2, 2, 4, 20.0, 40.0), 20.0, 0.0),  # more of the same
        (Kept(2, 4, 4, 20.0, 30.0), 0.0, 10.0),  # the same number, dearer
        (Kept(2, 2, 4, 20.0, 60.0), 25.0, 15.0),  # (4 - 2)(10 + 15) / 2 and (15 - 10)(2 + 4) / 2
        (Kept(1, 1, 1, 0.0, 0.0), 0.0, 0.0),
    ],
)
def test_purchases_and_spend_per_purchase_by_hand(kept, by_purchases, by_spend):
    assert (kept.by_purchases, kept.by_spend) == (by_purchases, by_spend)


COUNTS = st.integers(1, 50)
CENTS = st.integers(-100_000, 10_000_000).map(lambda cents: cents / 100)


@given(customers=COUNTS, then=st.tuples(COUNTS, CENTS), now=st.tuples(COUNTS, CENTS))
def test_back_and_forth_is_nothing(customers, then, now):
    there = Kept(customers, then[0], now[0], then[1], now[1])
    back = Kept(customers, now[0], then[0], now[1], then[1])
    assert there.by_purchases == -back.by_purchases
    assert there.by_spend == -back.by_spend
    assert there.by_purchases + there.by_spend == pytest.approx(now[1] - then[1], abs=1e-6)


@pytest.mark.filterwarnings("ignore:q is")  # spend of a handful of amounts may have no mean
@settings(max_examples=20, deadline=None)
@given(
    rows=rows_since(date(2023, 7, 1), [-5.55, 0.0, 0.1, 0.2, 10.01, 99.99], most=30),
    every=st.sampled_from(["month", "quarter"]),
)
def test_the_parts_add_up_to_the_change_to_the_cent(rows, every):
    steady = [("z", f"2022-07-{day:02d}", 7.0) for day in range(1, 11)]  # a log of returns alone is refused
    written = [*steady, *((who, str(day), money) for who, day, money in rows)]
    context = context_of(*written, as_of="2024-12-31", every=every)
    section = bridge.compute(context)

    def cents(amounts):
        return sum(round(amount * 100) for amount in amounts)

    for name, periods in (("period", 1), ("year", {"month": 12, "quarter": 4}[every])):
        earlier = context.day_before(context.as_of, periods)
        steps = section[name]
        assert cents([steps["change"][0], *steps["change"][1:-1]]) == cents([steps["change"][-1]])
        account = section["customers"].filter(since=earlier)
        *parts, total = account.rows(named=True)
        for column in ("customers", "revenue_then", "revenue_now", "change"):
            assert cents(part[column] for part in parts) == cents([total[column]])
        for row in (*parts, total):
            assert cents([row["revenue_then"], row["change"]]) == cents([row["revenue_now"]])
        starts = {"then": earlier, "now": context.as_of}
        for when, end in starts.items():
            start = context.day_before(end)
            paid = [money for _, day, money in written if start < date.fromisoformat(day) <= end]
            assert cents(paid) == cents([total[f"revenue_{when}"]])
