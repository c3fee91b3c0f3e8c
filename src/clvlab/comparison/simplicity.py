"""How simply a grouping can be told: a decision tree of depth 3 on the customer table that reproduces it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from clvlab.arrays import Labels, Matrix, Vector
from clvlab.columns import MODELLED, names
from clvlab.comparison.answering import ANSWERS
from clvlab.comparison.groups import Grouped
from clvlab.comparison.samples import sampled
from clvlab.frames import CustomerSummary
from clvlab.grouping.measures import measured
from clvlab.grouping.strategy import UNKNOWN

DEPTH = 3
_FOLDS = 5
_MOST_VALUES = 40  # of a text column that the tree may ask about
_SAID_OTHERWISE = ("customer_id", "frequency", "recency", "T", ANSWERS)  # purchases, days and attributes say the same
_HABIT = ("gap_median", "gap_p80", "gap_max", "gap_cv")
_UNSEEN = (*names(MODELLED), *_HABIT)  # by whoever looks at a customer's card


@dataclass(frozen=True, eq=False)
class Features:
    """The customer table as a tree reads it: numbers, and yes/no for each value of the text columns.

    It may ask what a salesperson sees (days, purchases, spend, attributes), and nothing that a model predicts.
    """

    questions: tuple[tuple[str, str | None], ...]  # column, and the value asked for
    values: Matrix

    @classmethod
    def of(cls, customers: CustomerSummary) -> "Features":
        """Numbers, and texts of at most 40 values; no dates, and nothing twice in other units."""
        columns: dict[tuple[str, str | None], pl.Series] = {}
        table = customers.data.with_columns(measured(customers, {"days_since_first"}))
        for column in table.drop(*_SAID_OTHERWISE, *_UNSEEN, strict=False):
            if column.dtype.is_numeric():
                columns[column.name, None] = column.cast(pl.Float64).fill_null(float("nan"))
            elif column.dtype == pl.String and column.n_unique() <= _MOST_VALUES:
                for value in column.drop_nulls().unique().sort():
                    columns[column.name, value] = (column == value).fill_null(False).cast(pl.Float64)
        matrix = np.column_stack([column.to_numpy() for column in columns.values()])
        return cls(tuple(columns), np.asarray(matrix, np.float64))


def fidelity(features: Features, groups: Labels, seed: int) -> float:
    """Share of customers whom a tree of depth 3, grown on other customers, puts into their group: 0..1.

    A grouping by one threshold of the customer table reaches 1; one group reaches 1.
    """
    from sklearn.model_selection import KFold

    rows = sampled(groups.size, seed)
    values, groups = features.values[rows], groups[rows]
    if groups.size < _FOLDS or np.unique(groups).size == 1:
        return 1.0
    found = np.empty_like(groups)
    # scikit-learn's own loop over folds swaps the filters of warnings, which all threads share.
    for taught, held_out in KFold(_FOLDS, shuffle=True, random_state=seed).split(values):
        found[held_out] = _tree(seed).fit(values[taught], groups[taught]).predict(values[held_out])
    return float((found == groups).mean())


def readable_tree(features: Features, grouped: Grouped, seed: int) -> pl.DataFrame:
    """leaf, condition, group, customers, share: the tree grown on the customers, one row per leaf.

    `share` is how many of the leaf's customers are in its group.
    """
    rows = sampled(grouped.labels.size, seed)
    tree = _tree(seed).fit(features.values[rows], grouped.labels[rows]).tree_
    n_groups = len(grouped.names)
    cell = tree.apply(features.values.astype(np.float32)) * n_groups + grouped.labels
    counts = np.bincount(cell, minlength=tree.node_count * n_groups).reshape(-1, n_groups)
    leaves = [
        (condition or "*", grouped.names[counts[leaf].argmax()], counts[leaf].sum(), counts[leaf].max())
        for condition, leaf in _leaves(tree, features, 0, ())
    ]
    leaves = [(condition, group, int(size), float(most / size)) for condition, group, size, most in leaves]
    schema = {"condition": pl.String, "group": pl.String, "customers": pl.Int64, "share": pl.Float64}
    return pl.DataFrame(leaves, schema=schema, orient="row").with_row_index("leaf", offset=1)


def _tree(seed: int) -> Any:
    from sklearn.tree import DecisionTreeClassifier

    return DecisionTreeClassifier(max_depth=DEPTH, random_state=seed)


def _leaves(tree: Any, features: Features, node: int, conditions: tuple[str, ...]) -> list[tuple[str, int]]:
    """Condition and number of each leaf below a node, left to right."""
    if tree.children_left[node] == -1:
        return [(", ".join(conditions), node)]
    column, value = features.questions[tree.feature[node]]
    if np.isinf(tree.threshold[node]):
        below, above = f"{column} != {UNKNOWN}", f"{column} == {UNKNOWN}"
    elif value is None:
        bound = _bound(tree.threshold[node], features.values[:, tree.feature[node]])
        below, above = f"{column} <= {bound}", f"{column} > {bound}"
    else:
        below, above = f"{column} != {value}", f"{column} == {value}"
    left = _leaves(tree, features, tree.children_left[node], (*conditions, below))
    return left + _leaves(tree, features, tree.children_right[node], (*conditions, above))


def _bound(threshold: float, values: Vector) -> str:
    """The shortest number that parts the values as the threshold does, in full.

    >>> _bound(1_234_567.5, np.array([1_234_567.0, 1_234_568.0]))
    '1234567.5'
    >>> _bound(0.25, np.array([0.2, 0.3]))
    '0.2'
    """
    # As the tree reads them.
    low = np.float32(values) <= threshold
    rounded = (round(float(threshold), decimals) for decimals in range(17))
    bound = next((each for each in rounded if np.array_equal(values <= each, low)), float(threshold))
    return np.format_float_positional(bound, trim="-")
