from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clvlab.models.numerics import distinct
from clvlab.models.numerics.distinct import DistinctRows, Keys, counted, in_chunks, run_starts, weighed
from tests.models.laws import few_examples

ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 50)), min_size=1, max_size=40)


@settings(max_examples=40, deadline=None)
@given(ROWS, st.sampled_from([1.0, 7.0, 30.4375, 0.37]), st.sampled_from([0, 2**22]))
def test_each_row_gets_the_value_of_its_own(rows, per, largest_table):
    x, T = np.array(rows, dtype=float).T
    T = T / per
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(distinct, "LARGEST_TABLE", largest_table)
        found = DistinctRows.of([x, T])
    calls = []
    values = found.each(lambda x, T: calls.append(x.size) or 10 * x + T)
    assert np.array_equal(values, 10 * x + T)
    assert calls == [len({*zip(x, T, strict=True)})]
    assert np.array_equal(found.rows, np.array(sorted({*zip(x, T, strict=True)})).T)


def test_chunks_are_put_together_again():
    values = np.arange(30.0)
    assert np.array_equal(in_chunks(lambda u, v: u * v, values, values, size=7), values**2)


WEEKS = np.array([0.0, 1 / 7, 5 / 7, 100 / 7])


@pytest.mark.parametrize(
    ("column", "per"),
    [
        (np.array([0.0, 3.0, 41.0]), 1.0),
        (WEEKS, 7.0),
        (np.array([1.0, 45.0]) / 30.4375, 30.4375),
        (np.array([0.1, 0.25]), None),
        (np.empty(0), 1.0),
    ],
    ids=["days", "weeks", "months", "neither", "nobody"],
)
def test_a_unit_is_found_in_the_numbers(column, per):
    assert distinct.steps_per_unit(column) == per


def test_a_row_is_one_number_whose_last_column_changes_fastest():
    keys = Keys.of([np.array([0.0, 1.0, 2.0]), np.array([1.0, 0.0, 3.0])])
    assert keys.sizes == (4, 5)
    assert keys.values.tolist() == [1, 5, 13]
    assert keys.values.dtype == np.uint32
    assert keys.n_values == 20
    assert keys.rows(keys.values).tolist() == [[0, 1, 2], [1, 0, 3]]


def test_large_keys_have_64_bits():
    keys = Keys.of([np.array([70_000.0, 0.0]), np.array([1.0, 70_000.0])])
    assert keys.values.dtype == np.uint64
    assert keys.rows(keys.values).tolist() == [[70_000, 0], [1, 70_000]]


@pytest.mark.parametrize(
    "columns",
    [
        [np.array([0.0, 1.0]), np.array([0.1, 0.33])],
        [np.array([2.0**27, 1.0]), np.array([2.0**27, 1.0])],
        [np.append(np.zeros(distinct.ROWS_IN_CACHE), 0.123)],
    ],
    ids=["no unit", "too large", "no unit further down"],
)
def test_what_has_no_key_takes_the_slower_way_to_the_same_rows(columns):
    assert Keys.of(columns) is None
    rows, times = counted(columns)
    expected = sorted({*zip(*columns, strict=True)})
    assert rows.T.tolist() == [list(row) for row in expected]
    assert times.sum() == columns[0].size
    found = DistinctRows.of(columns)
    assert np.array_equal(found.rows[:, found.index], np.stack(columns))


@few_examples
@given(ROWS, st.sampled_from([1.0, 7.0, 30.4375, 0.37]))
def test_rows_are_counted(rows, per):
    x, T = np.array(rows, dtype=float).T
    found, times = counted([x, T / per])
    known = Counter(zip(x, T / per, strict=True))
    assert {tuple(row): n for row, n in zip(found.T, times, strict=True)} == known
    assert found.T.tolist() == [list(row) for row in sorted(known)]


@few_examples
@given(ROWS, st.randoms(use_true_random=False))
def test_weights_add_up_to_the_last_bit_in_any_order(rows, random):
    weight = np.array([random.random() for _ in rows])
    order = list(range(len(rows)))
    random.shuffle(order)
    x, T = np.array(rows, dtype=float).T
    mine, theirs = weighed([x, T], weight), weighed([x[order], T[order]], weight[order])
    assert np.array_equal(mine[0], theirs[0])
    assert np.array_equal(mine[1], theirs[1])
    assert mine[1].sum() == pytest.approx(weight.sum())


def test_rows_of_no_weight_are_left_out():
    rows, weight = weighed([np.array([1.0, 2.0, 1.0, 3.0])], np.array([0.5, 0.0, 1.5, 0.0]))
    assert (rows.tolist(), weight.tolist()) == ([[1.0]], [2.0])


def test_runs_begin_where_any_column_changes():
    x, y = np.array([1, 1, 1, 2, 2]), np.array([0, 0, 5, 5, 5])
    assert run_starts(x).tolist() == [0, 3]
    assert run_starts(x, y).tolist() == [0, 2, 3]
    assert run_starts(np.array([7])).tolist() == [0]


def test_a_factor_for_each_row_is_applied_after_the_distinct_rows():
    found = DistinctRows.of([np.array([1.0, 2.0, 1.0])])
    assert found.each(lambda x: 10 * x, np.array([1.0, 0.5, 0.0])).tolist() == [10, 10, 0]
    assert found.each(lambda x: 10 * x, 2.0).tolist() == [20, 40, 20]


def test_nobody_has_no_rows():
    empty = [np.empty(0), np.empty(0)]
    rows, times = counted(empty)
    assert (rows.shape, times.size) == ((2, 0), 0)
    assert DistinctRows.of(empty).each(lambda x, _: x).size == 0
    assert in_chunks(lambda x: x, np.empty(0)).size == 0
