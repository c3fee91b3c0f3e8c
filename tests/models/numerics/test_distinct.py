import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clvlab.models.numerics import distinct
from clvlab.models.numerics.distinct import DistinctRows, in_chunks

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
