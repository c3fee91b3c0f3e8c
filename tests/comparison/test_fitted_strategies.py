"""Which strategies the data can serve, and the customers with the columns that they need."""

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import clvlab as cl
from clvlab.comparison.fitted_strategies import CHANCE, FittedStrategy, chosen, fitted_on, servable
from clvlab.errors import ConvergenceError, DataError, MissingColumnsError, ParamsError
from clvlab.frames import CustomerSummary, TransactionLog
from clvlab.models import Terms, ValueModels

CUTOFF = "1997-09-30"
TERMS = Terms("39 weeks")


@pytest.fixture(scope="module")
def log() -> TransactionLog:
    return cl.datasets.cdnow(sample=True)


@pytest.fixture(scope="module")
def customers(log: TransactionLog) -> CustomerSummary:
    return cl.summarise_customers(log, CUTOFF, "week")


def named(*names):
    return [cl.strategies[name] for name in names]


def test_the_baselines_that_know_nothing_are_always_there():
    assert [strategy.name for strategy in chosen(["rfm11"])] == ["rfm11", *CHANCE]
    assert {strategy.name for strategy in chosen([])} == set(cl.strategies)


def test_two_of_one_name_and_nothing_to_compare_are_refused():
    with pytest.raises(ParamsError, match="Two strategies are called 'rfm11'"):
        chosen(["rfm11", cl.strategies["rfm11"]])
    with pytest.raises(ParamsError, match="nothing to compare"):
        chosen(["one_group"])


def test_the_columns_that_strategies_need_are_added_and_no_others(log, customers):
    kept, table, left_out = servable(named("clv_tiers", "loyalty"), log, customers, TERMS, leave_out=False)
    assert [strategy.name for strategy in kept] == ["clv_tiers", "loyalty"]
    assert left_out.is_empty()
    assert_frame_equal(table.data.select(customers.data.columns), customers.data)
    added = set(table.data.columns) - set(customers.data.columns)
    assert added == (kept[0].needs | kept[1].needs) - set(customers.data.columns)


def test_values_are_those_of_the_value_models(log, customers):
    _, table, _ = servable(named("clv_tiers"), log, customers, TERMS, leave_out=False)
    assert_frame_equal(table.data.select("clv"), ValueModels.fit(customers, TERMS).value(customers).select("clv"))


def test_columns_that_are_there_already_are_left_alone(log, customers):
    mine = customers.with_columns(customers.data.select("customer_id", clv=pl.lit(7.0)))
    _, table, _ = servable(named("clv_tiers"), log, mine, TERMS, leave_out=False)
    assert table.data.equals(mine.data)


def test_nothing_after_the_cutoff_is_seen(log, customers):
    until = TransactionLog(log.accepted.filter(pl.col("date") <= customers.cutoff), log.rejected, log.quality)
    wanted = named("clv_tiers", "loyalty", "last_year_spend")
    _, whole, _ = servable(wanted, log, customers, TERMS, leave_out=False)
    _, cut, _ = servable(wanted, until, customers, TERMS, leave_out=False)
    assert_frame_equal(whole.data, cut.data)


def test_a_strategy_without_its_column_is_left_out_or_an_error(log, customers):
    kept, _, left_out = servable(named("rfm11", "industry"), log, customers, TERMS, leave_out=True)
    assert [strategy.name for strategy in kept] == ["rfm11"]
    assert left_out.rows() == [("industry", "industry", "")]
    with pytest.raises(MissingColumnsError, match="industry"):
        servable(named("industry"), log, customers, TERMS, leave_out=False)


def test_a_strategy_that_cannot_use_its_values_is_left_out_or_an_error(customers):
    ages = customers.with_columns(customers.data.select("customer_id", age=pl.lit("45-54")))
    fitted, left_out = fitted_on(ages, ages, named("hiatus", "demographics"), leave_out=True)
    assert [each.name for each in fitted] == ["hiatus"]
    (row,) = left_out.rows()
    assert row[:2] == ("demographics", "age")
    assert "'age' of the customer table holds String; this grouping needs numbers" in row[2]
    with pytest.raises(DataError, match="'age'"):
        fitted_on(ages, ages, named("demographics"), leave_out=False)


def test_customers_who_cannot_identify_a_model_leave_out_what_needs_one_and_say_why():
    once = pl.DataFrame({"customer_id": list("abcdef"), "date": ["2024-01-01"] * 6, "amount": [5.0] * 6})
    log = cl.read_transactions(once)
    customers = cl.summarise_customers(log, "2024-06-30")
    kept, _, left_out = servable(named("hiatus", "clv_tiers"), log, customers, TERMS, leave_out=True)
    assert [strategy.name for strategy in kept] == ["hiatus"]
    assert left_out["missing"].to_list() == ["clv"]
    assert "None of 6 customers has a repeat purchase" in left_out["reason"][0]
    with pytest.raises(ConvergenceError, match="None of 6 customers"):
        servable(named("clv_tiers"), log, customers, TERMS, leave_out=False)


def test_groups_of_the_buyers_and_their_crossing(customers):
    buyers = customers
    one = FittedStrategy.fit(cl.strategies["rfm11"], customers, buyers)
    two = FittedStrategy.fit(cl.strategies["hiatus"], customers, buyers)
    assert one.grouped.groups.to_list() == cl.strategies["rfm11"].assign(buyers)["group"].to_list()
    crossed = one.grouped.crossed(two.grouped)
    assert crossed.names[crossed.labels[0]] == f"{one.grouped.groups[0]} × {two.grouped.groups[0]}"
