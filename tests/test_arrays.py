"""The types of arrays are those that the parts give."""

from typing import get_args

import numpy as np

from clvlab import arrays
from clvlab.comparison.outcomes import Outcomes, group_numbers


def dtype(alias):
    """The number that an array type holds."""
    return get_args(get_args(alias)[1])[0]


def test_groups_are_labels_and_outcomes_vectors():
    outcomes = Outcomes.deal(np.ones(10), np.ones(10), seed=0)
    assert group_numbers(["a", "b"]).dtype == dtype(arrays.Labels)
    assert outcomes.spend.dtype == dtype(arrays.Vector)
    assert outcomes.judged.dtype == dtype(arrays.Flags)
