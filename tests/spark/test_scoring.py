"""Customers of a Spark frame, scored on its cluster as they are in memory."""

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import clvlab as cl
from clvlab.errors import MissingColumnsError, ParamsError

pytestmark = [
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
]
HORIZON = "39 weeks"


@pytest.fixture(scope="module")
def customers():
    log = cl.datasets.cdnow(sample=True)
    found = cl.summarise_customers(log, "1997-09-30", "week")
    band = pl.when(pl.col("customer_id").str.ends_with("1")).then(pl.lit("north")).otherwise(pl.lit("south"))
    return found.with_columns(found.data.select("customer_id", region=band))


@pytest.fixture(scope="module")
def spend(customers):
    return cl.GammaGamma.fit(customers)


def scored(frame):
    return pl.DataFrame(frame.toArrow()).sort("customer_id")


@pytest.mark.parametrize("strategy", ["rfm11", "clv_tiers", "lifecycle_alive", None])
def test_scores_are_those_in_memory(session, customers, spend, strategy):
    model = cl.BgNbd.fit(customers)
    valued = customers.with_columns(
        cl.lifetime_value(model, spend, customers, HORIZON).select("customer_id", "clv", "p_alive")
    )
    rule = None if strategy is None else cl.strategies[strategy].fit(valued)
    how = {"spend": spend, "rule": rule, "annual_discount_rate": 0.1, "margin": 0.3, "cutoff": customers.cutoff}
    frame = session.createDataFrame(customers.data.to_arrow()).repartition(3)
    on_cluster = model.score_frame(frame, HORIZON, **how)
    assert type(on_cluster) is type(frame)
    assert_frame_equal(
        scored(on_cluster), model.score_frame(customers.data, HORIZON, **how), rel_tol=1e-9, abs_tol=1e-12
    )


def test_a_model_with_attributes_scores_by_them(session, customers):
    model = cl.CovariateModel.fit(cl.BgNbd, customers, purchase=["region"])
    frame = session.createDataFrame(
        customers.data.select("customer_id", "frequency", "recency", "T", "region").to_arrow()
    )
    on_cluster = scored(model.score_frame(frame, HORIZON))
    assert on_cluster.columns == ["customer_id", "p_alive", "expected_purchases"]
    assert_frame_equal(on_cluster, model.score_frame(customers.data, HORIZON), rel_tol=1e-9, abs_tol=1e-12)


def test_numbers_of_any_type_and_ids_that_are_numbers(session, spend, customers):
    frame = session.sql(
        "SELECT CAST(id AS INT) AS customer_id, 2S AS frequency, CAST(30.5 AS DECIMAL(9, 2)) AS recency, "
        "38.86F AS T, 22.35D AS monetary_value, CAST(id AS INT) AS n_purchases, 'x' AS `a.b` FROM range(2)"
    )
    model = cl.BgNbd.fit(customers)
    scores = model.score_frame(frame, HORIZON, spend=spend)
    assert scores.schema["customer_id"].dataType.simpleString() == "int"
    prospect, buyer = scored(scores).rows(named=True)
    assert list(prospect.values()) == [0, None, None, None, None]
    known = pl.DataFrame({"frequency": 2, "recency": 30.5, "T": 38.86}, schema_overrides={"T": pl.Float32})
    assert buyer["p_alive"] == pytest.approx(model.p_alive(known)[0], rel=1e-9)


def test_nothing_is_computed_before_rows_are_asked_for(session, customers):
    model = cl.BgNbd.fit(customers)
    frame = session.sql(
        "SELECT id AS customer_id, CAST(concat('x', id) AS INT) AS frequency, 0D AS recency, 9D AS T FROM range(1)"
    )
    scores = model.score_frame(frame)
    with pytest.raises(Exception, match="CAST_INVALID_INPUT"):
        scores.collect()


def test_what_is_no_history_is_told_with_its_customer(session, customers):
    frame = session.sql("SELECT 'c7' AS customer_id, 1 AS frequency, 9D AS recency, 3D AS T")
    with pytest.raises(Exception, match=r"'recency', row 0 \(customer c7\): 9.0 is larger than T"):
        cl.BgNbd.fit(customers).score_frame(frame).collect()


def test_what_lacks_is_told_before_anything_is_computed(session, customers, spend):
    model, frame = cl.BgNbd.fit(customers), session.createDataFrame(customers.data.to_arrow())
    with pytest.raises(MissingColumnsError, match="no column 'frequency'"):
        model.score_frame(frame.drop("frequency"))
    with pytest.raises(MissingColumnsError, match="no column 'customer_id'"):
        model.score_frame(frame.drop("customer_id"))
    with pytest.raises(MissingColumnsError, match="no column 'total_spend'"):
        model.score_frame(frame.drop("total_spend"), rule=cl.strategies["rfm11"].fit(customers))
    with pytest.raises(MissingColumnsError, match="no column 'monetary_value'"):
        model.score_frame(frame.drop("monetary_value"), spend=spend)
    with pytest.raises(ParamsError, match="give `cutoff`"):
        model.score_frame(frame, rule=cl.strategies["purchase_behaviour"].fit(customers))
