"""Movement: opening + arrivals + moved in - moved out = closing, and why customers moved."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clvlab.analysis.segmentation import movement
from clvlab.customers import derive
from clvlab.wording import Name
from tests.analysis.segmentation.logs import context_of, nbd, rows_since, valued

pytestmark = pytest.mark.usefixtures("few_futures")

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


def test_the_account_in_money_by_hand():
    # Spent in the 365 days up to 09-30: stays, ages and returns 10 each; up to 12-31: the same, and new 10.
    section = movement.compute(context_of(*LOG, ("stays", "2024-12-02", 2.5), as_of="2024-12-31"))
    columns = ["group", "opening", "moved_out", "arrived", "moved_in", "revalued", "closing"]
    assert section["money"].columns == columns
    assert section["money"].rows() == [
        ("active", 20.0, 10.0, 10.0, 10.0, 2.5, 32.5),
        ("inactive", 10.0, 10.0, 0.0, 10.0, 0.0, 10.0),
    ]
    told = dict(section.findings["money"].figures)
    assert told == {"since": date(2024, 9, 30), "total": 30.0, "up": 10.0, "down": 10.0}


def test_a_log_without_amounts_has_no_account_in_money():
    section = movement.compute(context_of(*(row[:2] for row in LOG), as_of="2024-12-31", columns="customer_id date"))
    assert "money" not in section
    assert "money" not in section.findings


def fallen(many, few):
    """So many who were active and are not, so few who are active again, and 60 who are active on either day."""
    rows = [(f"fell{n}", "2024-05-01", 10.0) for n in range(many)]
    rows += [(f"rose{n}", day, 20.0) for n in range(few) for day in ("2023-11-01", "2024-12-01")]
    rows += [(f"stays{n}", day, 10.0) for n in range(60) for day in ("2024-08-01", "2024-12-01")]
    return [("first", "2023-01-01", 5.0), *rows]


@pytest.mark.parametrize(
    ("many", "few", "told"),
    [
        (6, 5, [("active", "inactive", 6), ("inactive", "active", 5)]),
        (4, 4, []),  # fewer than 5 customers
        (3, 5, [("inactive", "active", 5)]),
    ],
)
def test_moves_of_enough_customers_are_alerts(many, few, told):
    section = movement.compute(context_of(*fallen(many, few), as_of="2024-12-31", model="nbd"))
    found = section["alerts"].select("before", "after", "customers").rows() if "alerts" in section else []
    assert sorted(found) == told
    assert ("alerts" in section.findings) == bool(told)


def test_the_limits_of_alerts_are_parameters():
    wide = {"customers": 1, "share": 0.0}
    rows = fallen(1, 0)
    assert movement.compute(context_of(*rows, as_of="2024-12-31", alerts=wide))["alerts"].height == 1
    large = {"customers": 1, "share": 0.05}  # 1 of 61 is less
    assert "alerts" not in movement.compute(context_of(*rows, as_of="2024-12-31", alerts=large))


def test_what_is_at_stake_is_the_value_of_those_who_moved_with_its_interval():
    context = valued(context_of(*fallen(6, 5), as_of="2024-12-31"), nbd(1.0, 100.0), 10.0)
    then = context.previous
    vars(context)["previous"] = replace(then, data=then.data.with_columns(clv=pl.lit(50.0)))
    section = movement.compute(context)
    values = dict(context.table.select("customer_id", "clv").iter_rows())
    for row in section["alerts"].iter_rows(named=True):
        who = "fell" if row["fell"] else "rose"
        assert row["clv"] == pytest.approx(sum(value for name, value in values.items() if name.startswith(who)))
        assert 0 <= row["clv_low"] <= row["clv"] <= row["clv_high"]
        assert row["clv_before"] == 50 * row["customers"]
    share = dict(section["alerts"].select("after", "share").iter_rows())
    assert share == {"inactive": 6 / 66, "active": 5 / 6}
    first, second = section.findings["alerts"].figures["alerts"]
    assert {first.key, second.key} == {"movement.fell", "movement.rose"}
    fell = first if first.key == "movement.fell" else second
    assert fell.figures["before"] == Name("groups", "active")
    assert (fell.figures["customers"], fell.figures["horizon"]) == (6, "12 months")


def test_a_move_of_customers_whom_no_model_values_is_told_without_a_value():
    rows = [row[:2] for row in fallen(6, 0)]
    section = movement.compute(context_of(*rows, as_of="2024-12-31", columns="customer_id date"))
    assert section["alerts"].select("customers", "clv").rows() == [(6, None)]
    assert [told.key for told in section.findings["alerts"].figures["alerts"]] == ["movement.fell_unvalued"]


def test_thresholds_that_have_moved_are_no_alert():
    old = [(f"old{n:02d}", "2024-03-10", 10.0 + n) for n in range(30)] + [("old00", "2023-01-01", 1.0)]
    new = [(f"new{n:02d}", "2024-11-10", 500.0 + n) for n in range(30)]
    section = movement.compute(context_of(*old, *new, as_of="2024-12-31", strategy="spend_tiers"))
    assert section["direction"].filter(move="reranked")["customers"].sum() >= 5
    assert "alerts" not in section


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
    told = section.findings["redrawn"].figures
    assert told == {"reranked": moves["reranked"], "share": moves["reranked"] / 30}


def test_nobody_moves_up_without_a_purchase():
    # Nobody of before buys again; 30 small new customers lift them over the thresholds.
    old = [(f"old{n:02d}", "2024-03-10", 100.0 + n) for n in range(30)] + [("old00", "2023-01-01", 1.0)]
    new = [(f"new{n:02d}", "2024-11-10", 1.0 + n / 100) for n in range(30)]
    section = movement.compute(context_of(*old, *new, as_of="2024-12-31", strategy="spend_tiers"))
    assert set(section["direction"]["move"]) == {"stayed", "reranked", "arrived"}
    assert "alerts" not in section


def test_thresholds_that_hardly_moved_are_not_spoken_of():
    assert "redrawn" not in movement.compute(context_of(*LOG, as_of="2024-12-31")).findings


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
    rows=rows_since(date(2023, 1, 1), [-5.55, 0.1, 10.01, 100.0]),
    strategy=st.sampled_from(["hiatus", "spend_tiers", "frequency_tiers"]),
)
def test_every_account_balances(rows, strategy):
    steady = [("z", f"2023-01-{day:02d}", 7.0) for day in range(1, 11)]  # a log of returns alone is refused
    written = [*steady, *((who, str(day), money) for who, day, money in rows)]
    context = context_of(*written, as_of="2024-12-31", strategy=strategy)
    section = movement.compute(context)
    balance = section["balance"]
    closing = pl.col("opening") + pl.col("arrived") + pl.col("moved_in") - pl.col("moved_out")
    assert balance.select((closing == pl.col("closing")).all()).item()
    assert balance["moved_in"].sum() == balance["moved_out"].sum()
    assert balance["closing"].sum() == section["direction"]["customers"].sum() == context.buyers.height
    assert section["moves"]["customers"].sum() == balance["opening"].sum()
    pairs = movement.pairs_of(context, context.previous)
    assert pairs.filter(pl.col("move").is_in(["up", "down"]))["bought"].all()
    assert not pairs.filter(move="aged")["bought"].any()
    money = section["money"].with_columns((pl.exclude("group") * 100).round().cast(pl.Int64))
    opening, left, arrived, joined, revalued, closing = (
        pl.col(name) for name in ("opening", "moved_out", "arrived", "moved_in", "revalued", "closing")
    )
    assert money.select((opening - left + arrived + joined + revalued == closing).all()).item()
    assert money["moved_in"].sum() == money["moved_out"].sum()
    spent = derive(context.log, context.base, {"spend_last_year"}).data.filter(pl.col("n_purchases") > 0)
    assert money["closing"].sum() == round(spent["spend_last_year"].sum() * 100)


def test_sets_of_customers_are_valued_as_the_groups_of_the_report_are():
    context = valued(context_of(*fallen(6, 5), as_of="2024-12-31"), nbd(1.0, 100.0), 10.0)
    groups = context.shown_groups(context.rule, context.customers)
    assert context.values_of(groups).equals(context.group_values.head(-1))
    some = context.values_of(groups.filter(group="inactive"))
    whole = context.group_values.filter(group="inactive")
    assert some.select("group", "customers").equals(whole.select("group", "customers"))
    assert some["clv"].item() == pytest.approx(whole["clv"].item())
    assert context.values_of(groups.clear()) is None
