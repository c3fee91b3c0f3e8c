"""Customers of any frame, scored where it is; `tests/spark` has the same on a cluster."""

import pickle

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import clvlab as cl
from clvlab.columns import CUSTOMERS, names
from clvlab.errors import MissingColumnsError, ParamsError
from clvlab.models import WithAttributes
from clvlab.models.scores import without_customers
from clvlab.models.spend_model import LessReturns

HORIZON = "39 weeks"


@pytest.fixture(scope="module")
def customers():
    found = cl.summarise_customers(cl.datasets.cdnow(sample=True), "1997-09-30", "week")
    band = pl.when(pl.col("customer_id").str.ends_with("1")).then(pl.lit("north")).otherwise(pl.lit("south"))
    return found.with_columns(found.data.select("customer_id", region=band))


@pytest.fixture(scope="module")
def model(customers):
    return cl.BgNbd.fit(customers)


@pytest.fixture(scope="module")
def spend(customers):
    return cl.GammaGamma.fit(customers)


def test_scores_are_predictions_values_and_groups_side_by_side(customers, model, spend):
    rule = cl.strategies["rfm11"].fit(customers)
    scores = model.score_frame(customers.data, HORIZON, spend=spend, rule=rule, annual_discount_rate=0.1, margin=0.3)
    values = cl.lifetime_value(model, spend, customers, HORIZON, annual_discount_rate=0.1, margin=0.3)
    assert_frame_equal(scores, values.join(rule.assign(customers), on="customer_id"))
    plain = model.score_frame(customers.data, HORIZON)
    assert_frame_equal(plain, values.select("customer_id", "p_alive", "expected_purchases"))


@pytest.mark.parametrize("form", ["summary", "pandas", "arrow"])
def test_every_frame_has_the_same_scores(customers, model, spend, form):
    frame = {"summary": customers, "pandas": customers.to_pandas(), "arrow": customers.data.to_arrow()}[form]
    assert_frame_equal(
        model.score_frame(frame, HORIZON, spend=spend), model.score_frame(customers.data, HORIZON, spend=spend)
    )


def test_times_are_in_the_unit_that_is_said(customers, model, spend):
    in_days = customers.data.with_columns(pl.col("recency", "T") * 7)
    assert_frame_equal(
        model.score_frame(in_days, 273, spend=spend, time_unit="day"),
        model.score_frame(customers.data, 39, spend=spend),
        rel_tol=1e-9,
    )


def test_a_summary_with_a_calendar_is_scored_by_it(model):
    log = cl.datasets.cdnow(sample=True)
    calendar = cl.Calendar.fit(log, "1998-04-30")
    customers = cl.summarise_customers(log, "1998-04-30", "week", calendar=calendar)
    expected = model.expected_purchases(customers, HORIZON)
    assert model.score_frame(customers, HORIZON)["expected_purchases"].to_list() == pytest.approx(expected.tolist())
    assert model.score_frame(customers.data, HORIZON)["expected_purchases"].to_list() != pytest.approx(
        expected.tolist()
    )


def test_prospects_have_no_scores_and_a_group(customers, model, spend):
    rule = cl.strategies["rfm11"].fit(customers)
    known = {"customer_id": "p", "n_purchases": 0, "n_orders": 0, "total_spend": 0.0}
    prospect = pl.DataFrame(known).join(customers.data.clear(), on=list(known), how="left")
    scores = model.score_frame(prospect, HORIZON, spend=spend, rule=rule)
    assert scores.row(0) == ("p", None, None, None, None, "prospect", None)


GROUPED = [
    name
    for name, strategy in cl.strategies.items()
    if strategy.needs <= {*names(CUSTOMERS), "p_alive", "expected_purchases", "clv"}
]


@pytest.mark.parametrize("name", GROUPED)
def test_customers_have_the_same_scores_whoever_is_scored_with_them(customers, model, spend, name):
    """On a cluster they come by batches, some of which may be empty."""
    values = cl.lifetime_value(model, spend, customers, HORIZON)
    rule = cl.strategies[name].fit(customers.with_columns(values))

    def scored(table):
        return model.score_frame(table, HORIZON, spend=spend, rule=rule, cutoff="1997-09-30")

    whole, empty = scored(customers.data), scored(customers.data.clear())
    assert_frame_equal(pl.concat([empty, *map(scored, customers.data.iter_slices(307))]), whole, rel_tol=1e-9)


# What goes to a cluster


@pytest.mark.parametrize("kind", [cl.BgNbd, cl.MbgNbd, cl.ParetoNbd, cl.Nbd, WithAttributes(cl.BgNbd, ("region",))])
def test_a_model_goes_to_a_cluster_without_its_customers(customers, kind):
    model = kind.fit(customers)
    sent = pickle.dumps(without_customers(model))
    assert len(sent) < min(10_000, len(pickle.dumps(model)) / 5)
    assert_frame_equal(pickle.loads(sent).score_frame(customers.data), model.score_frame(customers.data))


def test_spend_goes_to_a_cluster_without_its_customers(customers, spend):
    sent = pickle.dumps(without_customers(LessReturns(spend, 0.1)))
    assert len(sent) < min(10_000, len(pickle.dumps(spend)) / 5)
    assert pickle.loads(sent).expected_spend(customers) == pytest.approx(0.9 * spend.expected_spend(customers))


# Mistakes


def test_a_strategy_that_was_not_fitted_is_refused(customers, model):
    with pytest.raises(ParamsError, match="Fit it on all of them first"):
        model.score_frame(customers.data, rule=cl.strategies["rfm11"])


def test_a_rule_that_reads_days_asks_for_the_cutoff(customers, model):
    rule = cl.strategies["purchase_behaviour"].fit(customers)
    with pytest.raises(ParamsError, match="give `cutoff`"):
        model.score_frame(customers.data, rule=rule)
    assert model.score_frame(customers, rule=rule)["group"].null_count() == 0


def test_columns_that_lack_are_told(customers, model):
    with pytest.raises(MissingColumnsError, match="The frame that is scored has no column 'customer_id'"):
        model.score_frame(customers.data.drop("customer_id"))
    with pytest.raises(MissingColumnsError, match="no column 'total_spend'"):
        model.score_frame(customers.data.drop("total_spend"), rule=cl.strategies["rfm11"].fit(customers))
