import polars as pl
import pytest

import clvlab as cl
from clvlab.columns import names
from clvlab.customers import DERIVED, derivable, derive
from clvlab.errors import MissingColumnsError, ParamsError
from clvlab.frames import TransactionLog
from tests.customers.logs import log_of

LOG = log_of(
    ("a", "2022-12-01", 100.0, 60.0, "lamp"),
    ("a", "2024-01-01", 10.0, 5.0, "bulb"),
    ("a", "2024-01-11", 20.0, 5.0, "lamp"),
    ("a", "2024-01-31", 30.0, 0.0, "bulb"),
    ("a", "2024-01-31", -5.0, -1.0, "cable"),
    ("b", "2024-01-01", 10.0, 5.0, None),
    ("c", "2024-01-02", -1.0, 0.0, "bulb"),
    ("a", "2024-05-01", 999.0, 1.0, "later"),
    columns="customer_id date amount cost category",
)
CUSTOMERS = cl.summarise_customers(LOG, "2024-02-01")


def derived(*columns):
    data = derive(LOG, CUSTOMERS, set(columns)).data
    return {row["customer_id"]: tuple(row[name] for name in columns) for row in data.iter_rows(named=True)}


def test_gaps_are_the_customers_own_days_between_purchases():
    got = derived("gap_median", "gap_p80", "gap_max", "gap_cv")
    assert got["a"] == (20.0, pytest.approx(20 + 0.6 * 376), 396.0, pytest.approx(48412**0.5 / 142))
    assert got["b"] == got["c"] == (None, None, None, None)


def test_last_year_is_the_365_days_up_to_the_cutoff():
    assert derived("spend_last_year", "purchases_last_year") == {"a": (55.0, 3), "b": (10.0, 1), "c": (-1.0, 0)}


def test_order_value_is_spend_per_purchase():
    assert derived("order_value") == {"a": (155 / 4,), "b": (10.0,), "c": (None,)}


def test_profit_is_spend_less_cost():
    assert derived("profit", "profit_last_year") == {"a": (86.0, 46.0), "b": (5.0, 5.0), "c": (-1.0, -1.0)}


def test_profit_is_not_known_where_a_cost_is_not():
    rows = (("a", "2022-01-01", 9.0, None), ("a", "2024-01-01", 9.0, 4.0), ("b", "2024-01-01", 9.0, 4.0))
    log = log_of(*rows, columns="customer_id date amount cost")
    people = pl.DataFrame({"customer_id": ["a", "p"], "city": ["x", "y"]})
    customers = cl.summarise_customers(log, "2024-02-01", attributes=people)
    found = derive(log, customers, {"profit", "profit_last_year"}).data
    assert found.select("customer_id", "profit", "profit_last_year").rows() == [
        ("a", None, 5.0),
        ("b", 5.0, 5.0),
        ("p", 0.0, 0.0),
    ]
    tiers = cl.strategies["profit_tiers"].assign(derive(log, customers, {"profit_last_year"}))
    assert tiers["group"].to_list()[2] == "prospect"


def test_favourite_category_brings_most_spend():
    assert derived("favourite_category", "n_categories") == {"a": ("lamp", 2), "b": (None, 0), "c": (None, 0)}


def test_prospects_have_nothing_spent_and_nothing_known():
    customers = cl.summarise_customers(
        LOG, "2024-02-01", attributes=pl.DataFrame({"customer_id": ["a", "p"], "x": ["y", "z"]})
    )
    row = derive(LOG, customers, {"spend_last_year", "gap_median"}).data.row(3, named=True)
    assert (row["customer_id"], row["spend_last_year"], row["gap_median"]) == ("p", 0.0, None)


def test_types_are_those_declared():
    data = derive(LOG, CUSTOMERS, set(names(DERIVED))).data
    assert {column.name: data.schema[column.name] for column in DERIVED} == {c.name: c.dtype for c in DERIVED}


def test_a_column_that_is_there_stays_as_it_is():
    own = pl.DataFrame({"customer_id": ["a", "b"], "profit": [1.0, 2.0]})
    log = log_of(("a", "2024-01-01", 1.0), ("c", "2024-01-01", 1.0))
    customers = cl.summarise_customers(log, "2024-02-01", attributes=own)
    assert derive(log, customers, {"profit"}).data["profit"].to_list() == [1.0, 2.0, None]


def test_profit_needs_cost():
    log = log_of(("a", "2024-01-01", 1.0))
    with pytest.raises(MissingColumnsError, match="from which profit would be derived, has no column 'cost'"):
        derive(log, cl.summarise_customers(log, "2024-02-01"), {"profit"})


def test_an_unknown_column_is_answered_with_the_nearest():
    with pytest.raises(ParamsError, match=r"'gap_medan' cannot be derived from a log. Did you mean 'gap_median'"):
        derive(LOG, CUSTOMERS, {"gap_medan"})


@pytest.mark.parametrize(
    "columns", [[], ["amount"], ["amount", "cost"], ["category"], ["amount", "cost", "category"]]
)
def test_what_is_called_derivable_is_what_can_be_derived(columns):
    log = TransactionLog(LOG.accepted.select("customer_id", "date", *columns), LOG.rejected, LOG.quality)
    table = cl.summarise_customers(log, "2024-02-01")
    for column in DERIVED:
        if column.name in derivable(log):
            assert column.name in derive(log, table, {column.name}).data.columns
        else:
            with pytest.raises(MissingColumnsError):
                derive(log, table, {column.name})


def derived_of(log, cutoff, *columns):
    customers = cl.summarise_customers(log, cutoff)
    return derive(log, customers, set(columns)).data.select(columns).row(0)


@pytest.mark.parametrize(("bought", "counted"), [("2024-02-02", 1), ("2024-02-01", 0)])
def test_the_last_year_begins_364_days_before_the_cutoff(bought, counted):
    # 2025-01-31 less 365 days is 2024-02-01, which no longer counts.
    log = log_of(("a", bought, 10.0))
    assert derived_of(log, "2025-01-31", "purchases_last_year", "spend_last_year") == (counted, 10.0 * counted)


def test_gaps_by_hand():
    log = log_of(*(("a", f"2024-01-{d:02}", 1.0) for d in (1, 3, 7, 15, 31)))
    # Gaps 2, 4, 8, 16: their mean is 7.5, four fifths of the way from the first to the last is 8 + 0.4 x 8.
    median, p80, longest, variation = derived_of(log, "2024-02-01", "gap_median", "gap_p80", "gap_max", "gap_cv")
    assert (median, p80, longest) == (6.0, pytest.approx(11.2), 16.0)
    assert variation == pytest.approx((((5.5**2 + 3.5**2 + 0.5**2 + 8.5**2) / 3) ** 0.5) / 7.5)


def test_a_regular_customer_has_no_variation_and_two_purchases_have_no_deviation():
    regular = log_of(*(("a", f"2024-01-{d:02}", 1.0) for d in (1, 8, 15, 22)))
    assert derived_of(regular, "2024-02-01", "gap_cv", "gap_max") == (0.0, 7.0)
    twice = log_of(("a", "2024-01-01", 1.0), ("a", "2024-01-08", 1.0))
    assert derived_of(twice, "2024-02-01", "gap_median", "gap_cv") == (7.0, None)


def test_of_categories_that_bring_the_same_the_first_in_the_alphabet_is_the_favourite():
    rows = [("a", "2024-01-01", 5.0, "lamp"), ("a", "2024-01-02", 5.0, "bulb")]
    log = log_of(*rows, columns="customer_id date amount category")
    assert derived_of(log, "2024-02-01", "favourite_category", "n_categories") == ("bulb", 2)


def test_without_money_the_category_with_most_rows_is_the_favourite():
    rows = [("a", "2024-01-01", "lamp"), ("a", "2024-01-02", "bulb"), ("a", "2024-01-03", "bulb")]
    log = log_of(*rows, columns="customer_id date category")
    assert derived_of(log, "2024-02-01", "favourite_category") == ("bulb",)
