import numpy as np
import pandas as pd
import polars as pl
import pytest

import clvlab as cl
from clvlab.errors import ParamsError
from tests.models.populations import history, simulated_bg_nbd

GOOD = {"frequency": [2.0, 0.0], "recency": [5.0, 0.0], "T": [9.0, 4.0]}


@pytest.mark.parametrize(
    ("column", "value", "why"),
    [
        ("frequency", float("nan"), "missing"),
        ("frequency", None, "missing"),
        ("frequency", -1.0, "negative"),
        ("frequency", 1.5, "whole"),
        ("frequency", 2.0**62, "overflowed"),
        ("recency", float("inf"), "infinite"),
        ("recency", 10.0, "larger than T"),
        ("T", float("-inf"), "infinite"),
        ("T", None, "missing"),
    ],
)
def test_a_value_that_cannot_be_a_history_is_named(column, value, why):
    table = pl.DataFrame(GOOD | {column: [value, GOOD[column][1]]})
    with pytest.raises(cl.errors.DataError, match=rf"'{column}', row 0.*{why}"):
        cl.BgNbd.fit(table, time_unit="week")


def test_a_customer_without_a_repeat_has_no_recency():
    table = pl.DataFrame(GOOD | {"recency": [5.0, 3.0], "customer_id": ["007", "008"]})
    with pytest.raises(cl.errors.DataError, match=r"'recency', row 1 \(customer 008\): 3.0 must be 0"):
        cl.BgNbd.fit(table, time_unit="week")


def test_nobody_buys_again_in_no_time():
    table = pl.DataFrame({"frequency": [2.0, 0.0], "recency": [0.0, 0.0], "T": [0.0, 0.0]})
    with pytest.raises(cl.errors.DataError, match=r"'frequency', row 0: 2\.0 must be 0 where T is 0"):
        cl.BgNbd.fit(table, time_unit="week")


def test_negative_spend_is_refused():
    with pytest.raises(cl.errors.DataError, match=r"'monetary_value', row 1: -3\.0 is negative"):
        cl.GammaGamma.fit(pl.DataFrame({"frequency": [1, 2], "monetary_value": [4.0, -3.0]}))


def test_text_is_refused():
    with pytest.raises(cl.errors.DataError, match="'T' has the type String"):
        cl.BgNbd.fit(pl.DataFrame(GOOD).with_columns(pl.col("T").cast(pl.String)), time_unit="week")


def test_a_missing_column_is_named():
    with pytest.raises(cl.errors.MissingColumnsError, match="'T'"):
        cl.BgNbd.fit(pl.DataFrame(GOOD).drop("T"), time_unit="week")


def test_a_plain_frame_needs_its_unit():
    with pytest.raises(cl.errors.ParamsError, match="time_unit"):
        cl.BgNbd.fit(pl.DataFrame(GOOD))


def test_a_summary_carries_its_unit(cdnow):
    with pytest.raises(cl.errors.ParamsError, match="'week'"):
        cl.BgNbd.fit(cdnow, time_unit="day")


def test_pandas_and_polars_give_the_same_model():
    table = simulated_bg_nbd(300, seed=10)
    as_pandas = pd.DataFrame(table.to_dict(as_series=False)).astype({"frequency": "int16"})
    ours = cl.BgNbd.fit(table, time_unit="week")
    assert cl.BgNbd.fit(as_pandas, time_unit="week") == ours
    assert np.array_equal(ours.p_alive(as_pandas), ours.p_alive(table))


def test_prospects_are_skipped(cdnow, bg_nbd):
    prospects = pl.DataFrame(
        {"customer_id": ["p1", "p2"], "n_purchases": [0, 0]}, schema_overrides={"n_purchases": pl.Int64}
    )
    table = pl.concat([prospects, cdnow.data], how="diagonal_relaxed")
    assert cl.BgNbd.fit(table, time_unit="week") == bg_nbd
    alive = bg_nbd.p_alive(table)
    assert np.isnan(alive[:2]).all()
    assert np.array_equal(alive[2:], bg_nbd.p_alive(cdnow))


@pytest.mark.parametrize("weights", [[1.0], [1.0, -1.0], [1.0, float("nan")], ["a", "b"]])
def test_impossible_weights_are_refused(weights):
    with pytest.raises(cl.errors.ParamsError, match="weights"):
        cl.BgNbd.fit(pl.DataFrame(GOOD), time_unit="week", weights=weights)


def test_a_first_buyer_on_the_cutoff_has_a_future(bg_nbd):
    newcomer = history(0, 0, 0)
    assert bg_nbd.p_alive(newcomer)[0] == 1.0
    assert bg_nbd.expected_purchases(newcomer, 52)[0] == pytest.approx(bg_nbd.expected_purchases_new(52))


def test_arrow_tables_are_customer_tables_and_other_things_are_refused():
    table = pl.DataFrame({"frequency": [0, 2], "recency": [0.0, 5.0], "T": [9.0, 9.0]})
    model = cl.BgNbd(0.24, 4.4, 0.8, 2.4, time_unit="week")
    assert model.p_alive(table.to_arrow()).tolist() == model.p_alive(table).tolist()
    with pytest.raises(ParamsError, match="list is not a customer table"):
        model.p_alive([1, 2, 3])
