"""The customer table with what the log and the value models add, all as of its own cutoff."""

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import clvlab as cl
from clvlab.customers import DERIVED
from clvlab.enrich import derivable, enrich
from clvlab.errors import ConvergenceError, MissingColumnsError
from clvlab.frames import CustomerSummary, TransactionLog

CUTOFF = "1997-09-30"


@pytest.fixture(scope="module")
def log() -> TransactionLog:
    return cl.datasets.cdnow(sample=True)


@pytest.fixture(scope="module")
def customers(log: TransactionLog) -> CustomerSummary:
    return cl.summarise_customers(log, CUTOFF, "week")


def test_modelled_columns_are_those_of_the_models_fitted_on_these_customers(log, customers):
    model, spend = cl.BgNbd.fit(customers), cl.GammaGamma.fit(customers)
    expected = cl.lifetime_value(model, spend, customers, "12 months", 0.1, 0.3)
    needs = {"p_alive", "expected_purchases", "expected_spend", "clv"}
    got = enrich(log, customers, needs, annual_discount_rate=0.1, margin=0.3)
    assert_frame_equal(got.data.select(expected.columns), expected)


def test_purchase_columns_need_no_spend(log, customers):
    without = TransactionLog(log.accepted.drop("amount"), log.rejected, log.quality)
    table = cl.summarise_customers(without, CUTOFF, "week")
    got = enrich(without, table, {"p_alive", "expected_purchases"}, "39 weeks").data
    with_spend = enrich(log, customers, {"p_alive", "expected_purchases", "clv"}, "39 weeks").data
    assert_frame_equal(
        got.select("p_alive", "expected_purchases"), with_spend.select("p_alive", "expected_purchases")
    )


def test_derived_and_modelled_columns_come_together_and_nothing_else(log, customers):
    got = enrich(log, customers, {"gap_median", "p_alive", "industry"})
    assert set(got.data.columns) - set(customers.data.columns) == {"gap_median", "p_alive"}
    assert_frame_equal(got.data.select(customers.data.columns), customers.data)


def test_columns_that_are_there_already_are_left_alone(log, customers):
    mine = customers.with_columns(customers.data.select("customer_id", clv=pl.lit(7.0), gap_median=pl.lit(1.0)))
    assert enrich(log, mine, {"clv", "gap_median"}).data.equals(mine.data)


def test_nothing_after_the_cutoff_is_seen(log, customers):
    until = TransactionLog(log.accepted.filter(pl.col("date") <= customers.cutoff), log.rejected, log.quality)
    needs = {"gap_p80", "spend_last_year", "clv"}
    assert_frame_equal(enrich(log, customers, needs).data, enrich(until, customers, needs).data)


def test_prospects_have_no_values():
    log = cl.datasets.lighting(300, seed=5)
    table = cl.summarise_customers(log, "2024-12-31", "week", list(log.attributes))
    got = enrich(log, table, {"p_alive", "gap_median", "profit"}).data
    prospects = got.filter(pl.col("n_purchases") == 0)
    assert prospects.height > 20
    assert prospects["p_alive"].null_count() == prospects["gap_median"].null_count() == prospects.height
    assert got.filter(pl.col("n_purchases") > 0)["p_alive"].is_between(0, 1).all()


def test_a_log_that_lacks_a_column_is_said_so(log, customers):
    with pytest.raises(MissingColumnsError, match="cost"):
        enrich(log, customers, {"profit"})


def test_customers_who_cannot_identify_a_model_are_said_so():
    once = pl.DataFrame({"customer_id": list("abcdef"), "date": ["2024-01-01"] * 6, "amount": [5.0] * 6})
    log = cl.read_transactions(once)
    with pytest.raises(ConvergenceError):
        enrich(log, cl.summarise_customers(log, "2024-06-30"), {"p_alive"})


@pytest.mark.parametrize(
    "columns", [[], ["amount"], ["amount", "cost"], ["category"], ["amount", "cost", "category"]]
)
def test_what_is_called_derivable_is_what_can_be_derived(columns):
    known = cl.datasets.lighting(60, seed=1)
    log = TransactionLog(known.accepted.select("customer_id", "date", *columns), known.rejected, known.quality)
    table = cl.summarise_customers(log, "2025-12-31")
    for column in DERIVED:
        if column.name in derivable(log):
            assert column.name in enrich(log, table, {column.name}).data.columns
        else:
            with pytest.raises(MissingColumnsError):
                enrich(log, table, {column.name})
