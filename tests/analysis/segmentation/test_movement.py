"""Movement: opening + arrivals + moved in - moved out = closing, and why customers moved."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clvlab.analysis.segmentation import movement
from clvlab.wording import Name
from tests.analysis.segmentation.logs import context_of

# The report's day is 2024-12-31, the quarter before ends on 2024-09-30; active is whoever bought within 180 days.
LOG = (
    ("first", "2023-01-01", 5.0),  # only makes the log reach back
    ("stays", "2024-09-01", 10.0),
    ("ages", "2024-05-01", 10.0),  # 152 days on 09-30, 244 on 12-31
    ("returns", "2024-01-01", 10.0),
    ("returns", "2024-11-01", 10.0),  # inactive, then active
    ("new", "2024-12-01", 10.0),
)


def test_the_tables_by_hand():
    section = movement.compute(context_of(*LOG, as_of="2024-12-31"))
    assert section["balance"].columns == ["group", "opening", "moved_out", "arrived", "moved_in", "closing"]
    assert section["balance"].rows() == [("active", 2, 1, 1, 1, 3), ("inactive", 2, 1, 0, 1, 2)]
    assert section["moves"].rows() == [
        ("active", "active", 1, 0.5),
        ("active", "inactive", 1, 0.5),
        ("inactive", "active", 1, 0.5),
        ("inactive", "inactive", 1, 0.5),
    ]
    assert section["direction"].select("move", "customers").rows() == [
        ("up", 1),
        ("stayed", 2),
        ("aged", 1),
        ("arrived", 1),
    ]


def test_the_sentence_by_hand():
    findings = movement.compute(context_of(*LOG, as_of="2024-12-31")).findings
    told = dict(findings["lead"].figures)
    assert str(told.pop("since")) == "2024-09-30"
    assert told.pop("lapse") == Name("lapses", "quarter")
    assert told == {"up": 1, "stayed": 2, "down": 0, "aged": 1, "reranked": 0, "sideways": 0, "arrived": 1}
    assert findings["moves"].figures["share"] == 0.5  # two of the four who were customers then


def test_before_is_what_the_report_of_that_day_said():
    rows = [(f"c{n}", f"2024-{n % 9 + 1:02d}-10", 10.0 + n) for n in range(40)]
    rows += [(f"c{n}", "2024-11-10", 90.0) for n in range(0, 40, 3)] + [("c0", "2023-01-01", 1.0)]
    now = movement.compute(context_of(*rows, as_of="2024-12-31", strategy="spend_tiers"))
    then = context_of(*rows, as_of="2024-09-30", strategy="spend_tiers").table
    opening = dict(now["balance"].filter(pl.col("opening") > 0).select("group", "opening").iter_rows())
    assert opening == dict(then.filter(pl.col("n_purchases") > 0).group_by("group").len().iter_rows())


def test_thresholds_that_move_on_are_told_from_customers_who_move():
    # Nobody of before buys again, but 30 large new customers push them down the tiers of spend.
    old = [(f"old{n:02d}", "2024-03-10", 10.0 + n) for n in range(30)] + [("old00", "2023-01-01", 1.0)]
    new = [(f"new{n:02d}", "2024-11-10", 500.0 + n) for n in range(30)]
    section = movement.compute(context_of(*old, *new, as_of="2024-12-31", strategy="spend_tiers"))
    moves = dict(section["direction"].select("move", "customers").iter_rows())
    assert moves["arrived"] == 30
    assert moves["reranked"] > 0
    assert set(moves) == {"stayed", "reranked", "arrived"}


def test_unknown_value_is_not_nought():
    section = movement.compute(context_of(*LOG, as_of="2024-12-31"))
    assert section["direction"]["clv"].null_count() == section["direction"].height


@pytest.mark.parametrize("first", ["2024-08-01", "2024-10-01", "2024-12-30"])
def test_a_quarter_that_the_log_does_not_hold_is_no_quarter_to_compare_with(first):
    section = movement.compute(context_of(("a", first, 1.0), ("b", "2024-12-30", 1.0), as_of="2024-12-31"))
    assert list(section) == []
    assert section.findings["lead"].key == "movement.none"


@pytest.mark.filterwarnings("ignore:q is")  # spend of a handful of amounts may have no mean
@settings(max_examples=20, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from("abcdef"),
            st.dates(date(2023, 1, 1), date(2024, 12, 31)),
            st.sampled_from([-5.0, 1.0, 10.0, 100.0]),
        ),
        max_size=25,
    ),
    strategy=st.sampled_from(["hiatus", "spend_tiers", "frequency_tiers"]),
)
def test_every_account_balances(rows, strategy):
    written = [("z", "2023-01-01", 7.0), *((who, str(day), money) for who, day, money in rows)]
    context = context_of(*written, as_of="2024-12-31", strategy=strategy)
    section = movement.compute(context)
    balance = section["balance"]
    closing = pl.col("opening") + pl.col("arrived") + pl.col("moved_in") - pl.col("moved_out")
    assert balance.select((closing == pl.col("closing")).all()).item()
    assert balance["moved_in"].sum() == balance["moved_out"].sum()
    assert balance["closing"].sum() == section["direction"]["customers"].sum() == context.buyers.height
    assert section["moves"]["customers"].sum() == balance["opening"].sum()
