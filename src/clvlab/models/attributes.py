"""Attributes of customers as the numbers that covariate models read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from clvlab.arrays import Matrix
from clvlab.errors import DataError, MissingColumnsError, ParamsError

MISSING_LEVEL = "(missing)"  # the level of customers whose text attribute is null


@dataclass(frozen=True)
class Attributes:
    """Which numbers stand for which attributes.

    A number stands for itself; a text is 1 for its own level and 0 for others, against the most frequent level, which
    has no number of its own.

    Attributes
    ----------
    levels : attribute -> its levels, the reference first; none for a number
    """

    levels: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, table: pl.DataFrame, names: Sequence[str]) -> "Attributes":
        """The attributes `names` as these customers have them; ParamsError for one that is the same for all."""
        missing = set(names) - set(table.columns)
        if missing:
            raise MissingColumnsError("The customer table", missing, table.columns, hint="Join the attributes to it.")
        for name in names:
            if table[name].n_unique() < 2:
                raise ParamsError(f"Attribute {name!r} is the same for all customers: it can explain nothing.")
        return cls({name: _levels(table[name]) for name in names})

    @property
    def terms(self) -> tuple[str, ...]:
        """One for each number: `income`, `region=north`."""
        return tuple(
            term
            for name, levels in self.levels.items()
            for term in ([f"{name}={level}" for level in levels[1:]] if levels else [name])
        )

    def matrix(self, table: pl.DataFrame) -> Matrix:
        """The numbers, shape (customers, terms); DataError for a missing number or a level not seen in the fit."""
        missing = set(self.levels) - set(table.columns)
        if missing:
            raise MissingColumnsError("The customer table", missing, table.columns, hint="Join the attributes to it.")
        columns = [np.empty((table.height, 0))]
        for name, levels in self.levels.items():
            columns.append(_indicators(table, name, levels) if levels else _numbers(table, name))
        return np.concatenate(columns, axis=1)


def _levels(column: pl.Series) -> tuple[str, ...]:
    """The levels, most frequent first; none for a column of numbers."""
    if column.dtype.is_numeric():
        return ()
    counts = (
        column.cast(pl.String)
        .fill_null(MISSING_LEVEL)
        .value_counts()
        .sort(["count", column.name], descending=[True, False])
    )
    return tuple(counts[column.name])


def _numbers(table: pl.DataFrame, name: str) -> Matrix:
    values = table[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    wrong = ~np.isfinite(values)
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(
            f"Column {name!r}, row {row}: {table[name][row]} is not a finite number. Turn the attribute into bands, "
            "as text, of which a missing one is one, or leave these customers out."
        )
    return values[:, None]


def _indicators(table: pl.DataFrame, name: str, levels: tuple[str, ...]) -> Matrix:
    values = table[name].cast(pl.String).fill_null(MISSING_LEVEL)
    unknown = ~values.is_in(list(levels))
    if unknown.any():
        row = int(unknown.arg_max() or 0)
        raise DataError(
            f"Column {name!r}, row {row}: {values[row]!r} did not occur among the customers that the model was "
            f"fitted on. Levels known: {', '.join(map(repr, levels))}."
        )
    return np.stack([(values == level).to_numpy().astype(float) for level in levels[1:]], axis=1)
