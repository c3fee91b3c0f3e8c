from datetime import date
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clvlab.sources import OURS
from clvlab.sources.table import FLAW
from clvlab.transactions.rules import RULES, account, broken_by, meaning, quality_table, rule_of

SOUND = {
    FLAW: None,
    "customer_id": "a",
    "day": date(2024, 1, 31),
    "lacks_date": False,
    "amount": 10.0,
    "lacks_amount": False,
    "currency": "CNY",
    "says_total": False,
    "is_guest": False,
}
TYPES = {
    FLAW: pl.String,
    "customer_id": pl.String,
    "day": pl.Date,
    "lacks_date": pl.Boolean,
    "amount": pl.Float64,
    "lacks_amount": pl.Boolean,
    "currency": pl.String,
    "says_total": pl.Boolean,
    "is_guest": pl.Boolean,
}
# What breaks each rule, as a standardised row has it.
BREAKS = {
    "too_many_fields": {FLAW: "too_many_fields"},
    "unclosed_quote": {FLAW: "unclosed_quote"},
    "total_row": {"says_total": True},
    "missing_customer": {"customer_id": None},
    "guest": {"is_guest": True},
    "missing_date": {"day": None, "lacks_date": True},
    "unreadable_date": {"day": None},
    "implausible_date": {"day": date(1899, 12, 31)},
    "missing_amount": {"amount": None, "lacks_amount": True},
    "unreadable_amount": {"amount": None},
    "infinite_amount": {"amount": float("-inf")},
    "outlying_amount": {"amount": -1_000_000.0},
    "missing_currency": {"currency": None},
    "zero_amount": {"amount": 0.0},
}


def frame(*rows, without=()):
    """Standardised rows; each is sound but for what it names."""
    names = {key: key if key == FLAW else OURS + key for key in TYPES if key not in without}
    table = [{names[key]: {**SOUND, **row}[key] for key in names} for row in rows]
    return pl.DataFrame(table, schema={names[key]: TYPES[key] for key in names})


def rules_of(*rows, zero_amounts="keep", largest_amount=None, without=()):
    table = frame(*rows, without=without)
    said = pl.col(OURS + "says_total"), pl.col(OURS + "is_guest")
    return table.select(rule_of(broken_by(table.schema, zero_amounts, *said, largest_amount))).to_series().to_list()


def test_every_rule_has_a_row_that_breaks_it():
    assert tuple(BREAKS) == RULES


@pytest.mark.parametrize("rule", RULES)
def test_a_row_breaks_the_rule_of_its_fault(rule):
    assert rules_of(BREAKS[rule], {}, zero_amounts="refuse", largest_amount=999_999.0) == [rule, None]


@pytest.mark.parametrize(("earlier", "later"), list(pairwise(RULES)))
def test_of_two_faults_the_earlier_rule_refuses_the_row(earlier, later):
    both = {**BREAKS[later], **BREAKS[earlier]}
    assert rules_of(both, zero_amounts="refuse", largest_amount=999_999.0) == [earlier]


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ({"day": date(1900, 1, 1)}, "implausible_date"),
        ({"day": date(1900, 1, 2)}, None),
        ({"day": date(2100, 12, 31)}, None),
        ({"day": date(2101, 1, 1)}, "implausible_date"),
        ({"amount": 1e15}, None),
        ({"amount": -1.1e15}, "infinite_amount"),
        ({"amount": 0.0}, None),
        ({"amount": -0.0}, None),
        ({"amount": -5.0}, None),
    ],
)
def test_edges_of_days_and_amounts(row, rule):
    assert rules_of(row) == [rule]


def test_a_log_without_amounts_or_currencies_asks_for_none():
    assert rules_of({}, {"customer_id": None}, without=("amount", "lacks_amount", "currency")) == [
        None,
        "missing_customer",
    ]


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_says_in_plain_words_what_a_refused_row_has(rule):
    assert meaning(rule)
    assert "_" not in meaning(rule)


def test_an_account_adds_up_exactly_and_leaves_out_what_is_no_amount():
    rows = frame({"amount": 0.1}, {"amount": 0.2}, {"amount": -0.3}, {"amount": float("inf")}, {"amount": None})
    assert rows.lazy().select(account(rows.lazy())).collect().row(0) == (5, 0)
    without = frame({}, {}, without=("amount",))
    assert without.lazy().select(account(without.lazy())).collect().row(0) == (2, None)


def counted(*rows):
    schema = {"rule": pl.String, "rows": pl.UInt32, "millionths": pl.Int128}
    return pl.DataFrame(rows, schema=schema, orient="row")


def kept(rows, millionths):
    return pl.DataFrame({"rows": [rows], "millionths": [millionths]}, {"rows": pl.UInt32, "millionths": pl.Int128})


def test_the_quality_table_by_hand():
    # Six rows pass, of which two are repetitions that are dropped; one each has no date and no customer.
    by_rule = counted((None, 6, 60_000_000), ("missing_date", 1, 5_000_000), ("missing_customer", 1, None))
    assert quality_table(by_rule, kept(4, 40_000_000)).rows() == [
        ("read", 8, 1.0, 65.0),
        ("accepted", 4, 0.5, 40.0),
        ("merged", 2, 0.25, 20.0),
        ("missing_customer", 1, 0.125, 0.0),
        ("missing_date", 1, 0.125, 5.0),
    ]


def test_nothing_read_is_nothing_accepted():
    assert quality_table(counted(), kept(0, None)).drop("amount").rows() == [
        ("read", 0, 0.0),
        ("accepted", 0, 0.0),
        ("merged", 0, 0.0),
    ]


FIGURES = st.tuples(st.integers(0, 1000), st.integers(-(10**12), 10**12))


@settings(max_examples=30, deadline=None)
@given(passed=FIGURES, refused=st.dictionaries(st.sampled_from(RULES), FIGURES, max_size=5), share=st.floats(0, 1))
def test_what_was_read_is_accepted_merged_or_refused(passed, refused, share):
    rows, money = passed
    by_rule = counted((None, rows, money), *((rule, *figures) for rule, figures in refused.items()))
    table = quality_table(by_rule, kept(int(rows * share), int(money * share)))
    counts = dict(table.select("rule", "rows").iter_rows())
    assert counts["read"] == sum(n for rule, n in counts.items() if rule != "read")
    amounts = dict(table.select("rule", "amount").iter_rows())
    assert amounts["read"] == pytest.approx(sum(a for rule, a in amounts.items() if rule != "read"), abs=1e-5)
    assert list(counts)[3:] == [rule for rule in RULES if rule in refused]
