"""Values and purchases of groups, with their intervals."""

from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clvlab as cl
from clvlab.errors import DataError, MissingColumnsError, ParamsError
from clvlab.models import purchase_intervals
from clvlab.models.fitted_model import Estimate
from tests.models.laws import MODELS, SPEND


def known(model):
    """The same model, as sure of its parameters as can be."""
    estimate = Estimate(0.0, np.eye(len(model.names)) * 1e-12, 1_000.0)
    return replace(model, estimate=estimate)


PAIR = known(MODELS[0]), known(SPEND)


@pytest.fixture(scope="module")
def few(small):
    """Forty customers."""
    return small.head(40)


@pytest.fixture(scope="module")
def halves(few):
    """Every other one of them."""
    kind = pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.lit("even")).otherwise(pl.lit("odd"))
    return few.select("customer_id", group=kind)


def test_the_value_of_a_group_is_the_sum_of_its_customers(few, halves):
    table = cl.value_intervals(*PAIR, few, "12 months", 0.1, 0.3, groups=halves, n_draws=20)
    values = cl.lifetime_value(*PAIR, few, "12 months", 0.1, 0.3).join(halves, on="customer_id")
    expected = {"even": values.filter(group="even")["clv"].sum(), "odd": values.filter(group="odd")["clv"].sum()}
    assert dict(table.select("group", "clv").rows()) == pytest.approx(expected | {"total": values["clv"].sum()})


def test_the_purchases_of_a_group_are_the_sum_of_its_customers(few, halves):
    table = purchase_intervals(PAIR[0], few, 26, groups=halves, n_draws=20)
    expected = PAIR[0].expected_purchases(few, 26)
    assert table["expected_purchases"].to_list() == pytest.approx(
        [expected[::2].sum(), expected[1::2].sum(), expected.sum()]
    )
    assert table.columns == ["group", "customers", "expected_purchases", "low", "high"]


def test_without_groups_there_is_the_total_alone(few):
    table = cl.value_intervals(*PAIR, few, 52, n_draws=20)
    assert table.select("group", "customers").rows() == [("total", 40)]


def test_one_group_of_all_is_the_total(few):
    everybody = few.select("customer_id", group=pl.lit("all"))
    one, total = cl.value_intervals(*PAIR, few, 52, groups=everybody, n_draws=50).drop("group").rows()
    assert one == pytest.approx(total)


def test_groups_are_sorted_and_those_of_prospects_alone_are_left_out(few):
    prospect = pl.DataFrame({"customer_id": ["new"], "n_purchases": [0]})
    table = pl.concat([few.with_columns(n_purchases=pl.col("frequency") + 1), prospect], how="diagonal_relaxed")
    groups = table.select(
        "customer_id",
        group=pl.when(pl.col("n_purchases") == 0)
        .then(pl.lit("a"))
        .when(pl.col("frequency") > 0)
        .then(pl.lit("b"))
        .otherwise(pl.lit("c")),
    )
    found = cl.value_intervals(*PAIR, table, 52, groups=groups, n_draws=20)
    assert found["group"].to_list() == ["b", "c", "total"]
    assert found["customers"][-1] == 40


def test_groups_may_come_in_any_order_and_as_pandas(few, halves):
    expected = cl.value_intervals(*PAIR, few, 52, groups=halves, n_draws=20)
    for groups in (halves.reverse(), pd.DataFrame(halves.to_dict(as_series=False))):
        assert cl.value_intervals(*PAIR, few, 52, groups=groups, n_draws=20).equals(expected)


def test_the_unit_of_the_table_does_not_matter(few, halves):
    days = few.with_columns(pl.col("recency", "T") * 7)
    weekly = cl.value_intervals(*PAIR, few, "12 months", groups=halves, n_draws=40)
    daily = cl.value_intervals(*PAIR, days, "12 months", groups=halves, n_draws=40, time_unit="day")
    for column in ("clv", "clv_low", "clv_high"):
        assert daily[column].to_list() == pytest.approx(weekly[column].to_list(), rel=1e-9)


def test_the_interval_of_purchases_holds_them_as_often_as_it_says(few):
    """Futures at the very parameters of the model: nine in ten fall into the interval of nine in ten."""
    found = purchase_intervals(PAIR[0], few, 52, level=0.9, n_draws=500).row(-1, named=True)
    x, t_x, T = (few[name].to_numpy().astype(float) for name in ("frequency", "recency", "T"))
    random = np.random.default_rng(5)
    totals = np.array([MODELS[0].draw_future(random, np.full(40, 52.0), x, t_x, T)[0].sum() for _ in range(500)])
    held = np.mean((totals >= found["low"]) & (totals <= found["high"]))
    assert 0.86 <= held <= 0.97


def test_nothing_happens_in_no_time(few):
    assert purchase_intervals(PAIR[0], few, 0, n_draws=10).row(0) == ("total", 40, 0.0, 0.0, 0.0)
    assert cl.value_intervals(*PAIR, few, 0, n_draws=10).row(0) == ("total", 40, 0.0, 0.0, 0.0)


def test_the_seed_decides(few):
    first, again, other = (cl.value_intervals(*PAIR, few, 52, n_draws=30, seed=seed) for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)


def test_parameters_that_are_given_know_no_interval(few):
    with pytest.raises(ParamsError, match="not fitted"):
        purchase_intervals(MODELS[0], few, 52)


@pytest.mark.parametrize("level", [0.0, 1.0, 90])
def test_a_level_outside_0_to_1_is_refused(models, small, level):
    with pytest.raises(ParamsError, match=r"0\.9 for 90 %"):
        cl.lifetime_value(*models, small, 52, interval=level, n_draws=5)


def test_customer_intervals_are_what_the_futures_say_and_equal_customers_have_equal_ones(models, small):
    doubled = pl.concat([small, small])
    value = cl.lifetime_value(*models, doubled, "12 months", 0.1, interval=0.9, n_draws=100)
    low, clv, high = (value[name].to_numpy() for name in ("clv_low", "clv", "clv_high"))
    assert ((low >= 0) & (low <= clv)).all()
    # Who buys in fewer than one future in twenty has an interval of nothing, and an expected value above it.
    nothing = high == 0
    assert 0 < nothing.mean() < 0.5
    assert (clv[nothing] > 0).all()
    assert (clv <= high)[~nothing].mean() > 0.9
    assert (
        value.head(small.height)
        .select("clv_low", "clv_high")
        .equals(value.tail(small.height).select("clv_low", "clv_high"))
    )


def test_customer_intervals_do_not_depend_on_the_order_of_the_rows(models, small):
    value = cl.lifetime_value(*models, small, 52, interval=0.8, n_draws=50)
    turned = cl.lifetime_value(*models, small.reverse(), 52, interval=0.8, n_draws=50)
    assert turned.reverse().equals(value)


def test_prospects_have_no_interval(models, small):
    prospect = {"frequency": None, "recency": None, "T": None, "monetary_value": None, "n_purchases": 0}
    table = small.head(3).with_columns(n_purchases=pl.col("frequency") + 1)
    table = pl.concat([table, pl.DataFrame([{**prospect, "customer_id": "new"}])], how="diagonal_relaxed")
    value = cl.lifetime_value(*models, table, 52, interval=0.9, n_draws=20)
    assert value.row(-1) == ("new", None, None, None, None, None, None)
    groups = pl.DataFrame({"customer_id": table["customer_id"], "group": ["a", "a", "b", "prospect"]})
    assert cl.value_intervals(*models, table, 52, groups=groups, n_draws=20)["customers"].to_list() == [2, 1, 3]


def test_groups_add_up_and_the_total_is_relatively_surer(models, small):
    groups = small.select(
        "customer_id", group=pl.when(pl.col("frequency") > 2).then(pl.lit("many")).otherwise(pl.lit("few"))
    )
    table = cl.value_intervals(*models, small, "12 months", groups=groups, n_draws=200)
    assert table["group"].to_list() == ["few", "many", "total"]
    few, many, total = table.iter_rows(named=True)
    assert few["customers"] + many["customers"] == total["customers"] == small.height
    assert few["clv"] + many["clv"] == pytest.approx(total["clv"])
    assert total["clv"] == pytest.approx(cl.lifetime_value(*models, small, "12 months")["clv"].sum())
    assert few["clv_low"] + many["clv_low"] < total["clv_low"] < total["clv"] < total["clv_high"]


def test_purchases_of_groups_have_intervals_too(models, small):
    model, _ = models
    table = small.drop("monetary_value")
    groups = table.select("customer_id", group=pl.col("frequency").clip(0, 2).cast(pl.String))
    found = purchase_intervals(model, table, "26 weeks", groups=groups, n_draws=200)
    assert found["group"].to_list() == ["0", "1", "2", "total"]
    assert found["expected_purchases"][-1] == pytest.approx(model.expected_purchases(table, 26).sum())
    assert (found["low"] < found["expected_purchases"]).all()
    assert (found["expected_purchases"] < found["high"]).all()
    # Counts of many customers: at least as wide as Poisson counts of their mean would be.
    assert found["high"][-1] - found["low"][-1] > 2 * 1.64 * np.sqrt(found["expected_purchases"][-1])


@settings(max_examples=10, deadline=None)
@given(margin=st.floats(0.01, 1.0))
def test_intervals_scale_with_the_margin(models, small, margin):
    few = small.head(20)
    whole = cl.value_intervals(*models, few, 52, n_draws=20).row(-1)[2:]
    part = cl.value_intervals(*models, few, 52, margin=margin, n_draws=20).row(-1)[2:]
    assert part == pytest.approx([margin * each for each in whole])


def test_a_wider_level_gives_a_wider_interval(models, small):
    narrow, wide = (
        cl.value_intervals(*models, small, 52, level=level, n_draws=150).row(-1, named=True) for level in (0.5, 0.95)
    )
    assert wide["clv_low"] < narrow["clv_low"] < narrow["clv_high"] < wide["clv_high"]


def test_a_customer_without_a_group_is_an_error(models, small):
    groups = small.head(10).select("customer_id", group=pl.lit("a"))
    with pytest.raises(DataError, match="1490 of 1500 customers have no group"):
        cl.value_intervals(*models, small, 52, groups=groups)
    with pytest.raises(MissingColumnsError, match="groups has no column 'group'"):
        cl.value_intervals(*models, small, 52, groups=groups.select("customer_id"))
    with pytest.raises(DataError, match="twice in `groups`"):
        cl.value_intervals(*models, small, 52, groups=pl.concat([groups, groups]).to_pandas())


def test_what_has_no_parameters_has_no_intervals(models, small):
    class Guess:
        def purchases_ahead(self, customers, *_, **__):
            nothing = np.zeros(customers.height)
            return {"p_alive": nothing, "expected_purchases": nothing, "discounted_purchases": nothing}

    with pytest.raises(ParamsError, match="parameters can be drawn, such as BgNbd; this is a Guess"):
        cl.lifetime_value(Guess(), models[1], small, 52, interval=0.9)
