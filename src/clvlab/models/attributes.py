"""Attributes of customers as the numbers that covariate models read.

A customer whose attribute is not known has an answer, too. Where values were missing at the fit, of texts or numbers,
`(missing)` is a level of its own. A level that did not occur at the fit, or a value that is missing though none was,
counts as the average of the customers fitted, and a ClvlabWarning says so.
"""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import polars as pl

from clvlab.arrays import Matrix, Positions, Vector
from clvlab.errors import ClvlabWarning, DataError, MissingColumnsError, ParamsError, counted

MISSING_LEVEL = "(missing)"  # the level of customers whose attribute is null


@dataclass(frozen=True)
class Attributes:
    """Which numbers stand for which attributes.

    A number stands for itself; a text is 1 for its own level and 0 for others, against the most frequent level, which
    has no number of its own. A number that is missing for some is their mean, and 1 for `(missing)`.

    Attributes
    ----------
    levels : attribute -> its levels, the reference first; of a number `(missing)` where some are missing, else none
    means : of each term over the customers fitted; what counts where an attribute is not known
    scales : of each term: the standard deviation of a number, 1 for a level
    """

    levels: Mapping[str, tuple[str, ...]]
    means: tuple[float, ...] = ()
    scales: tuple[float, ...] = ()

    @classmethod
    def of(cls, table: pl.DataFrame, names: Sequence[str], weights: Vector | None = None) -> Self:
        """The attributes `names` as these customers have them; ParamsError for one that is the same for all.

        `weights` says how many customers each row stands for; 1 by default.
        """
        _refuse_missing_columns(table, names)
        levels = {name: _levels(_read(table, name)) for name in names}
        values = _matrix(table, levels)
        known, weight = ~np.isnan(values), np.ones(table.height) if weights is None else weights
        means = (weight @ np.where(known, values, 0.0)) / (weight @ known)
        spreads = np.sqrt((weight @ np.where(known, values - means, 0.0) ** 2) / weight.sum())
        are_levels = [term not in levels for term in cls(levels).terms]
        return cls(levels, tuple(means.tolist()), tuple(np.where(are_levels, 1.0, spreads).tolist()))

    @property
    def terms(self) -> tuple[str, ...]:
        """One for each number: `income`, `region=north`."""
        return tuple(
            term
            for name, levels in self.levels.items()
            for term in (
                *([name] if _is_number(levels) else []),
                *(f"{name}={level}" for level in (levels if _is_number(levels) else levels[1:])),
            )
        )

    def matrix(self, table: pl.DataFrame) -> Matrix:
        """The numbers, shape (customers, terms); a ClvlabWarning where an attribute is not known, see above."""
        _refuse_missing_columns(table, self.levels)
        self._warn_of_unknown(table)
        values = _matrix(table, self.levels)
        return np.where(np.isnan(values), self.means, values)

    def is_among(self, others: "Attributes") -> bool:
        """Whether the others have all of these, with the same levels."""
        return self.levels.items() <= others.levels.items()

    def _warn_of_unknown(self, table: pl.DataFrame) -> None:
        for name, levels in self.levels.items():
            column = _read(table, name)
            found = column.filter(column.is_null() if not levels else ~_labels(column).is_in(list(levels)))
            if found.is_empty() or (levels and _is_number(levels)):
                continue
            seen = f" Known: {', '.join(map(repr, levels))}." if levels else ""
            warnings.warn(
                ClvlabWarning(
                    f"The attribute {name!r} of {counted(found.len(), 'customer')} has a value that did not occur at "
                    f"the fit, such as {_labels(found)[0]!r}: they count as the average customer in it.{seen}"
                ),
                stacklevel=3,
            )

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        levels = {name: list(levels) for name, levels in self.levels.items()}
        return {"levels": levels, "means": list(self.means), "scales": list(self.scales)}

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Self:
        """What `to_dict` wrote."""
        levels = {name: tuple(levels) for name, levels in saved["levels"].items()}
        return cls(levels, tuple(saved["means"]), tuple(saved["scales"]))


def kinds_of(z: Matrix) -> list[tuple[Vector, Positions]]:
    """The distinct rows of numbers, sorted, and which customers have each; one kind of all where there are none."""
    if not z.shape[1]:
        return [(np.empty(0), np.arange(len(z)))]
    kinds, index = np.unique(z, axis=0, return_inverse=True)
    places = np.split(np.argsort(index, kind="stable"), np.cumsum(np.bincount(index))[:-1])
    return list(zip(kinds, places, strict=True))


def _refuse_missing_columns(table: pl.DataFrame, names: Iterable[str]) -> None:
    if missing := set(names) - set(table.columns):
        raise MissingColumnsError("The customer table", missing, table.columns, hint="Join the attributes to it.")


def _is_number(levels: tuple[str, ...]) -> bool:
    return len(levels) < 2


def _read(table: pl.DataFrame, name: str) -> pl.Series:
    """The attribute, null where it is missing; DataError for a number that is infinite."""
    column = table[name]
    if not column.dtype.is_numeric():
        return column.cast(pl.String)
    numbers = column.cast(pl.Float64).fill_nan(None)
    infinite = numbers.is_infinite().fill_null(value=False)
    if infinite.any():
        row = int(infinite.arg_max() or 0)
        raise DataError(f"Column {name!r}, row {row}: {numbers[row]} is not a finite number. Leave it empty.")
    return numbers


def _levels(column: pl.Series) -> tuple[str, ...]:
    """The levels, most frequent first; of numbers at most the one of those that are missing."""
    is_number = column.dtype.is_numeric()
    if (column.drop_nulls() if is_number else column).n_unique() < 2:
        raise ParamsError(f"Attribute {column.name!r} is the same for all customers: it can explain nothing.")
    if is_number:
        return (MISSING_LEVEL,) if column.null_count() else ()
    counts = _labels(column).value_counts().sort(["count", column.name], descending=[True, False])
    return tuple(counts[column.name])


def _labels(column: pl.Series) -> pl.Series:
    return column.cast(pl.String).fill_null(MISSING_LEVEL)


def _matrix(table: pl.DataFrame, levels: Mapping[str, tuple[str, ...]]) -> Matrix:
    """The numbers of all attributes, NaN where one is not known."""
    columns = [np.empty((table.height, 0)), *(_numbers(_read(table, name), levels[name]) for name in levels)]
    return np.concatenate(columns, axis=1)


def _numbers(column: pl.Series, levels: tuple[str, ...]) -> Matrix:
    if _is_number(levels):
        values = [column.fill_null(float("nan")), *(column.is_null() for _ in levels)]
        return np.stack([each.cast(pl.Float64).to_numpy() for each in values], axis=1)
    labels = _labels(column)
    numbers = np.stack([(labels == level).to_numpy().astype(float) for level in levels[1:]], axis=1)
    numbers[~labels.is_in(list(levels)).to_numpy()] = np.nan
    return numbers
