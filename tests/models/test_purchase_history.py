import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import clvlab as cl
from clvlab.errors import DataError, ParamsError
from clvlab.models.numerics.distinct import ROWS_IN_CACHE
from clvlab.models.purchase_history import buyers_of, read_histories, table_of, unit_of, with_ids
from clvlab.models.purchase_model import HISTORY
from tests.models.laws import few_examples
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


ROWS = st.lists(st.tuples(st.integers(0, 40), st.floats(0, 1), st.integers(1, 3_000)), min_size=1, max_size=20).map(
    lambda rows: [(x, T * share if x else 0.0, float(T)) for x, share, T in rows]
)


def frame(rows):
    return pl.DataFrame(rows, schema=["frequency", "recency", "T"], orient="row")


@few_examples
@given(ROWS)
def test_columns_are_read_as_they_are(rows):
    found = read_histories(frame(rows), HISTORY, "week", "week")
    assert np.array_equal(np.stack(found.columns, axis=1), np.array(rows))
    assert found.is_buyer.all()


@few_examples
@given(ROWS)
def test_times_change_their_unit_and_counts_do_not(rows):
    x, t_x, T = read_histories(frame(rows), HISTORY, "week", "day").columns
    expected = np.array(rows) * [1, 7, 7]
    assert np.stack([x, t_x, T], axis=1) == pytest.approx(expected, rel=1e-15)


def test_columns_come_in_the_order_in_which_they_were_asked_for():
    table = frame([(2, 5.0, 9.0)]).with_columns(monetary_value=12.0)
    found = read_histories(table, ("monetary_value", "frequency"), "day", "day")
    assert [column.tolist() for column in found.columns] == [[12], [2]]


def test_buyers_alone_are_read_and_answers_go_back_to_their_rows():
    table = frame([(2, 5.0, 9.0), (None, None, None), (0, 0.0, 4.0)]).with_columns(n_purchases=pl.Series([3, 0, 1]))
    found = read_histories(table, HISTORY, "day", "day")
    assert found.is_buyer.tolist() == [True, False, True]
    assert found.columns[0].tolist() == [2, 0]
    spread = found.spread(np.array([0.5, 0.7]))
    assert (spread[0], spread[2]) == (0.5, 0.7)
    assert np.isnan(spread[1])
    assert found.weights([1.0, 9.0, 3.0]).tolist() == [1, 3]
    assert found.weights(None) is None


def test_a_row_is_named_by_its_place_among_all():
    table = frame([(None, None, None), (2, 9.5, 9.0)]).with_columns(n_purchases=pl.Series([0, 3]))
    with pytest.raises(DataError, match=r"'recency', row 1: 9\.5 is larger than T"):
        read_histories(table, HISTORY, "day", "day")


def test_a_flaw_far_down_is_found():
    n = ROWS_IN_CACHE + 10
    T = np.full(n, 9.0)
    T[-3] = np.nan
    table = pl.DataFrame({"frequency": np.zeros(n), "recency": np.zeros(n), "T": T})
    with pytest.raises(DataError, match=rf"'T', row {n - 3}: nan is missing"):
        read_histories(table, HISTORY, "day", "day")


def test_an_unknown_number_of_purchases_is_not_a_prospect():
    table = pl.DataFrame({"n_purchases": [0, None, 2]})
    assert buyers_of(table).tolist() == [False, True, True]
    assert buyers_of(table.select(pl.lit(1).alias("x"))).tolist() == [True]


@pytest.mark.parametrize("value", [None, float("nan"), -1.0, float("inf")])
def test_who_has_not_repeated_may_have_any_spend(value):
    table = pl.DataFrame({"frequency": [0, 1], "monetary_value": [value, 20.0]})
    found = read_histories(table, ("frequency", "monetary_value"), "day", "day")
    assert found.columns[1][1] == 20


def test_counts_of_every_integer_type_are_read():
    for dtype in (pl.UInt8, pl.Int32, pl.UInt64, pl.Float32):
        table = frame([(3, 5.0, 9.0)]).with_columns(pl.col("frequency").cast(dtype))
        assert read_histories(table, HISTORY, "day", "day").columns[0].tolist() == [3.0]


def test_ids_are_put_in_front_where_there_are_any():
    values, ids = pl.DataFrame({"p_alive": [0.5]}), pl.DataFrame({"customer_id": ["007"]})
    assert with_ids(values.clone(), ids).row(0) == ("007", 0.5)
    assert with_ids(values, pl.DataFrame({"T": [1.0]})).columns == ["p_alive"]


@pytest.mark.parametrize("unit", ["day", "week", "month"])
def test_a_plain_frame_has_the_unit_that_is_said(unit):
    assert unit_of(pl.DataFrame(GOOD), unit) == unit


def test_an_unknown_unit_is_refused():
    with pytest.raises(ParamsError, match="time_unit is 'weeks'"):
        unit_of(pl.DataFrame(GOOD), "weeks")


def test_a_summary_agrees_with_its_own_unit(cdnow):
    assert unit_of(cdnow, None) == unit_of(cdnow, "week") == "week"
    assert table_of(cdnow) is cdnow.data


def test_every_weight_may_be_nothing():
    found = read_histories(pl.DataFrame(GOOD), HISTORY, "week", "week")
    assert found.weights([0, 0]).tolist() == [0, 0]
    with pytest.raises(DataError, match="who have bought"):
        cl.BgNbd.fit(pl.DataFrame(GOOD), time_unit="week", weights=[0, 0])
