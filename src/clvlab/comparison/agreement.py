"""How far two groupings of the same customers agree."""

from collections.abc import Mapping
from itertools import combinations_with_replacement

import numpy as np
import polars as pl

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
    n_others = int(other.max()) + 1
    together = np.bincount(groups * n_others + other, minlength=(int(groups.max()) + 1) * n_others)
    table = together.reshape(-1, n_others)
    in_both, in_one, in_other = (_pairs(sizes) for sizes in (table, table.sum(axis=1), table.sum(axis=0)))
    only_one, only_other = in_one - in_both, in_other - in_both
    if only_one == only_other == 0:
        return 1.0
    # Python's whole numbers: products of the pairs of a million customers are more than 64 bits hold.
    in_none = _pairs(table.sum()) - in_one - only_other
    chance = in_one * (only_one + in_none) + in_other * (only_other + in_none)
    return 2.0 * (in_both * in_none - only_one * only_other) / chance


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
    from sklearn.metrics import adjusted_mutual_info_score

    return float(adjusted_mutual_info_score(groups, other))


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
