"""Agreement of groupings as a table of pairs."""

import numpy as np
import pytest

from clvlab.comparison.agreement import adjusted_mutual_information, agreement_table

GROUPINGS = {
    "halves": np.array([0, 0, 0, 1, 1, 1]),
    "renamed": np.array([1, 1, 1, 0, 0, 0]),
    "pairs": np.array([0, 0, 1, 1, 2, 2]),
}


def test_every_ordered_pair_is_there_once():
    table = agreement_table(GROUPINGS)
    pairs = set(table.select("strategy", "other").rows())
    assert table.height == len(pairs) == 9


def test_a_grouping_agrees_with_itself_and_with_its_own_renamed():
    found = {(one, other): value for one, other, value in agreement_table(GROUPINGS).rows()}
    assert found["halves", "halves"] == 1
    assert found["halves", "renamed"] == pytest.approx(1)
    assert found["halves", "pairs"] == found["pairs", "halves"] == found["pairs", "renamed"]
    assert found["halves", "pairs"] == pytest.approx(
        adjusted_mutual_information(GROUPINGS["halves"], GROUPINGS["pairs"])
    )
