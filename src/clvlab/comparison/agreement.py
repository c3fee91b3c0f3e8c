"""How far two groupings of the same customers agree."""

from collections.abc import Mapping
from itertools import combinations_with_replacement
from math import copysign

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clvlab.arrays import Labels


def adjusted_rand(groups: Labels, other: Labels) -> float:
    """Agreement of two groupings over pairs of customers: 1 for the same groups, about 0 by chance, else below 1.

    Examples
    --------
    >>> adjusted_rand(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0]))
    1.0
    >>> round(adjusted_rand(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 2])), 4)
    0.5714

    Reference
    ---------
    Hubert & Arabie (1985), "Comparing partitions".
    """
    table = _together(groups, other)
    in_both, in_one, in_other = (_pairs(sizes) for sizes in (table, table.sum(axis=1), table.sum(axis=0)))
    only_one, only_other = in_one - in_both, in_other - in_both
    if only_one == only_other == 0:
        return 1.0
    # Python's whole numbers: products of the pairs of a million customers are more than 64 bits hold.
    in_none = _pairs(table.sum()) - in_one - only_other
    chance = in_one * (only_one + in_none) + in_other * (only_other + in_none)
    return 2.0 * (in_both * in_none - only_one * only_other) / chance


def _together(groups: Labels, other: Labels) -> NDArray[np.int64]:
    """How many customers are in each group of the one and each of the other."""
    n_others = int(other.max()) + 1
    together = np.bincount(groups * n_others + other, minlength=(int(groups.max()) + 1) * n_others)
    return together.reshape(-1, n_others)


def _pairs(sizes: Labels) -> int:
    """How many pairs there are within groups of these sizes."""
    return int((sizes * (sizes - 1)).sum()) // 2


def adjusted_mutual_information(groups: Labels, other: Labels) -> float:
    """How much one grouping tells about the other: 1 for the same groups, about 0 by chance.

    Examples
    --------
    >>> adjusted_mutual_information(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0]))
    1.0

    Reference
    ---------
    Vinh, Epps & Bailey (2010), JMLR 11, 2837-2854.
    """
    from sklearn.metrics import mutual_info_score
    from sklearn.metrics.cluster import expected_mutual_information

    # scikit-learn's own function counts and sorts the customers several times over.
    table = _together(groups, other)
    table = table[table.any(axis=1)][:, table.any(axis=0)]
    if 1 in table.shape:
        return float(table.shape == (1, 1))
    mutual = mutual_info_score(None, None, contingency=table)
    expected = expected_mutual_information(table, groups.size)
    most = np.mean([_entropy(table.sum(axis=axis)) for axis in (1, 0)])
    return _not_nothing(float(mutual - expected)) / _not_nothing(float(most - expected))


def _not_nothing(gain: float) -> float:
    """The gain, or the least of its sign: 0 of 0, where everything is to be expected, is all."""
    return copysign(max(abs(gain), np.finfo(float).eps), gain)


def _entropy(sizes: Labels) -> float:
    """How much it says of a customer in which of the groups of these sizes they are."""
    share = sizes / sizes.sum()
    return -float(np.sum(share * (np.log(sizes) - np.log(sizes.sum()))))


def agreement_table(groupings: Mapping[str, Labels]) -> pl.DataFrame:
    """strategy, other, agreement (adjusted mutual information): every ordered pair of groupings."""
    rows = []
    for strategy, other in combinations_with_replacement(groupings, 2):
        value = 1.0 if strategy == other else adjusted_mutual_information(groupings[strategy], groupings[other])
        rows += (
            [(strategy, other, value)] if strategy == other else [(strategy, other, value), (other, strategy, value)]
        )
    schema = {"strategy": pl.String, "other": pl.String, "agreement": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")
