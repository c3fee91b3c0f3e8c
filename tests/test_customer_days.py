"""Rows brought together by customer and day, next to what a plain grouping says."""

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clvlab import customer_days
from clvlab.customer_days import brought_together
from clvlab.money import to_millionths

FIRST = date(2024, 1, 1)
SCHEMA = {"customer_id": pl.String, "date": pl.Date, "amount": pl.Float64}
ROWS = st.lists(
    st.tuples(
        st.sampled_from(
            ["a", "b", "007", "7", "客户", "an id of more than twelve bytes", "an id of more than twelve bites"]
        ),
        st.integers(0, 40_000).map(lambda days: FIRST + timedelta(days)) | st.just(FIRST),
        st.integers(-500, 5000).map(lambda cents: cents / 100),
    ),
    max_size=40,
)


def together(rows, *columns):
    """The days with ids in place of numbers, the customers, and the places of rows that share a day."""
    frame = pl.DataFrame(rows, SCHEMA, orient="row").select(*(columns or SCHEMA)).with_row_index("place")
    [part] = brought_together(frame.lazy(), frame.height)
    return part.with_ids(part.days.collect()), part.customers, part.shared


def plainly(rows):
    """The same by the engine's own grouping."""
    amount = pl.col("amount")
    days = pl.DataFrame(rows, SCHEMA, orient="row").group_by("customer_id", "date")
    spend = to_millionths(amount).sum()
    return days.agg(
        spend=spend, is_purchase=(spend > 0) | (amount >= 0).all(), orders=(amount >= 0).any().cast(pl.UInt32)
    ).sort("customer_id", "date")


def test_days_by_hand():
    rows = [
        ("b", FIRST, 5.0),
        ("a", date(2024, 2, 1), 3.0),
        ("a", FIRST, 10.1),
        ("b", FIRST, -5.0),
        ("a", FIRST, 0.2),
        ("b", date(2024, 1, 2), -1.0),
    ]
    days, customers, shared = together(rows)
    assert days.rows() == [
        ("a", FIRST, 10_300_000, True, 1),
        ("a", date(2024, 2, 1), 3_000_000, True, 1),
        ("b", FIRST, 0, False, 1),
        ("b", date(2024, 1, 2), -1_000_000, False, 0),
    ]
    assert customers.rows() == [("a", 3), ("b", 3)]
    assert sorted(shared) == [0, 2, 3, 4]


@given(rows=ROWS)
def test_days_are_those_of_a_plain_grouping(rows):
    days, customers, _ = together(rows)
    assert days.equals(plainly(rows).cast({"spend": days["spend"].dtype}))
    assert dict(customers.iter_rows()) == {
        who: [row[0] for row in rows].count(who) for who in {row[0] for row in rows}
    }


@given(rows=ROWS)
def test_rows_share_a_day_with_another_or_none(rows):
    _, _, shared = together(rows)
    days = [row[:2] for row in rows]
    assert sorted(shared) == [place for place, day in enumerate(days) if days.count(day) > 1]


@given(rows=ROWS.filter(bool))
def test_ids_with_one_hash_are_told_apart(rows):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(customer_days, "_hashes", lambda ids: ids.str.len_chars())
        found = together(rows)
    assert all(mine.equals(theirs) for mine, theirs in zip(found[:2], together(rows)[:2], strict=True))
    assert sorted(found[2]) == sorted(together(rows)[2])


def test_sums_beyond_64_bits_are_exact():
    rows = [
        ("a", FIRST, 9e14),
        ("a", FIRST, 9e14),
        ("b", FIRST, 0.01),
        *[("c", FIRST + timedelta(n), 9e14) for n in range(20)],
    ]
    days, _, _ = together(rows)
    assert days["spend"].to_list() == [18 * 10**20, 10_000, *[9 * 10**20] * 20]


def test_days_without_amounts_are_purchases():
    days, customers, _ = together([("a", FIRST, 1.0), ("a", FIRST, -1.0)], "customer_id", "date")
    assert days.rows() == [("a", FIRST, True, 1)]
    assert customers.rows() == [("a", 2)]


def test_an_order_counts_on_the_first_of_its_days_that_is_no_return():
    rows = [
        ("a", FIRST, -1.0, "1"),
        ("a", date(2024, 1, 2), 5.0, "1"),
        ("a", date(2024, 1, 3), 5.0, "1"),
        ("a", date(2024, 1, 3), 5.0, "2"),
        ("a", date(2024, 1, 3), 5.0, None),
        ("a", date(2024, 1, 3), 5.0, None),
        ("b", date(2024, 1, 3), 5.0, "1"),
        ("b", date(2024, 1, 4), -5.0, "3"),
    ]
    frame = pl.DataFrame(rows, {**SCHEMA, "order_id": pl.String}, orient="row")
    [part] = brought_together(frame.lazy(), frame.height)
    assert part.with_ids(part.days.collect()).select("customer_id", "date", "orders").rows() == [
        ("a", FIRST, 0),
        ("a", date(2024, 1, 2), 1),
        ("a", date(2024, 1, 3), 2),
        ("b", date(2024, 1, 3), 1),
        ("b", date(2024, 1, 4), 0),
    ]
