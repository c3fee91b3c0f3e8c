"""Attributes of customers as the numbers that covariate models read.

A customer whose attribute is not known has an answer, too. Where values were missing at the fit, of texts or numbers,
`(missing)` is a level of its own. A level that did not occur at the fit, or a value that is missing though none was,
is one of the `(other)`, where rare levels were put together as that; else it counts as the average of the customers
fitted, and a ClvlabWarning says so.
"""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Self

import numpy as np
import polars as pl

from clvlab.arrays import Matrix, Positions, Vector
from clvlab.errors import ClvlabWarning, DataError, MissingColumnsError, ParamsError, counted

MISSING_LEVEL = "(missing)"  # the level of customers whose attribute is null
OTHER_LEVEL = "(other)"  # the level of all that are rare
MOST_LEVELS = 100  # of an attribute, each of which has a number


@dataclass(frozen=True)
class Attributes:
    """Which numbers stand for which attributes.

    A number stands for itself; a text is 1 for its own level and 0 for others, against the most frequent level, which
    has no number of its own. A number that is missing for some is their mean, and 1 for `(missing)`. Numbers in
    bands, yes and no, and days, by their year, are texts.

    Attributes
    ----------
    levels : attribute -> its levels, the reference first; of a number `(missing)` where some are missing, else none
    means : of each term over the customers fitted; what counts where an attribute is not known
    scales : of each term: the standard deviation of a number, 1 for a level
    bounds : number -> where its bands begin, but for the first
    """

    levels: Mapping[str, tuple[str, ...]]
    means: tuple[float, ...] = ()
    scales: tuple[float, ...] = ()
    bounds: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        table: pl.DataFrame,
        names: Sequence[str],
        weights: Vector | None = None,
        *,
        bands: int | None = None,
        smallest_level: float = 0.0,
    ) -> Self:
        """The attributes `names` as these customers have them; DataError for one that is the same for all.

        Parameters
        ----------
        table, names
            customers, and the columns to read
        weights
            how many customers each row stands for; 1 by default
        bands
            into how many bands of about equally many rows numbers are cut; None leaves them numbers
        smallest_level
            levels of fewer customers are one, `(other)`
        """
        _refuse_missing_columns(table, names)
        weight = np.ones(table.height) if weights is None else weights
        numbers = [name for name in names if bands and table[name].dtype.is_numeric()]
        bounds = {name: _bounds(_read(table[name]), bands or 1) for name in numbers}
        levels = {name: _levels(_read(table[name], bounds.get(name)), weight, smallest_level) for name in names}
        _refuse_many(levels)
        plain = cls(levels, bounds=bounds)
        values = plain._matrix(table)
        known = ~np.isnan(values)
        means = (weight @ np.where(known, values, 0.0)) / (weight @ known)
        spreads = np.sqrt((weight @ np.where(known, values - means, 0.0) ** 2) / weight.sum())
        are_levels = [term not in levels for term in plain.terms]
        return cls(levels, tuple(means.tolist()), tuple(np.where(are_levels, 1.0, spreads).tolist()), bounds)

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
        values = self._matrix(table)
        return np.where(np.isnan(values), self.means, values)

    def labels(self, name: str, table: pl.DataFrame) -> pl.Series:
        """The level of each customer in an attribute that has levels."""
        return _labels(_read(table[name], self.bounds.get(name)), self.levels[name])

    def is_among(self, others: "Attributes") -> bool:
        """Whether the others have all of these, with the same levels."""
        return self.levels.items() <= others.levels.items() and self.bounds.items() <= others.bounds.items()

    def _matrix(self, table: pl.DataFrame) -> Matrix:
        """The numbers of all attributes, NaN where one is not known."""
        columns = (
            _numbers(_read(table[name], self.bounds.get(name)), levels) for name, levels in self.levels.items()
        )
        return np.concatenate([np.empty((table.height, 0)), *columns], axis=1)

    def _warn_of_unknown(self, table: pl.DataFrame) -> None:
        for name, levels in self.levels.items():
            column = _read(table[name], self.bounds.get(name))
            found = column.filter(column.is_null() if not levels else ~_labels(column, levels).is_in(list(levels)))
            if found.is_empty() or (levels and _is_number(levels)):
                continue
            seen = f" Known: {', '.join(map(repr, levels))}." if levels else ""
            warnings.warn(
                ClvlabWarning(
                    f"The attribute {name!r} of {counted(found.len(), 'customer')} has a value that did not occur at "
                    f"the fit, such as {_labels(found, levels)[0]!r}: they count as the average customer in it.{seen}"
                ),
                stacklevel=3,
            )

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        levels = {name: list(levels) for name, levels in self.levels.items()}
        bounds = {name: list(bounds) for name, bounds in self.bounds.items()}
        return {"levels": levels, "means": list(self.means), "scales": list(self.scales), "bounds": bounds}

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Self:
        """What `to_dict` wrote."""
        levels = {name: tuple(levels) for name, levels in saved["levels"].items()}
        bounds = {name: tuple(bounds) for name, bounds in saved["bounds"].items()}
        return cls(levels, tuple(saved["means"]), tuple(saved["scales"]), bounds)


def kinds_of(z: Matrix) -> list[tuple[Vector, Positions]]:
    """The distinct rows of numbers, sorted, and which customers have each; one kind of all where there are none."""
    if not z.shape[1]:
        return [(np.empty(0), np.arange(len(z)))]
    kinds, index = np.unique(z, axis=0, return_inverse=True)
    ends = np.cumsum(np.bincount(index, minlength=len(kinds)))
    order = np.argsort(index, kind="stable")
    return [(kind, order[start:end]) for kind, start, end in zip(kinds, [0, *ends], ends, strict=False)]


def _refuse_missing_columns(table: pl.DataFrame, names: Iterable[str]) -> None:
    if missing := set(names) - set(table.columns):
        raise MissingColumnsError("The customer table", missing, table.columns, hint="Join the attributes to it.")


def _refuse_many(levels: Mapping[str, tuple[str, ...]]) -> None:
    for name in sorted(levels):
        if len(levels[name]) > MOST_LEVELS:
            raise ParamsError(
                f"Attribute {name!r} has {len(levels[name])} levels; at most {MOST_LEVELS} can be told apart. Join "
                "rare ones, as by `smallest_level`."
            )


def _is_number(levels: tuple[str, ...]) -> bool:
    return len(levels) < 2


def _read(column: pl.Series, bounds: tuple[float, ...] | None = None) -> pl.Series:
    """The attribute, null where it is missing; DataError for a number that is infinite."""
    if column.dtype.is_temporal():
        return column.dt.strftime("%Y")
    if not column.dtype.is_numeric():
        return column.cast(pl.String)
    numbers = column.cast(pl.Float64).fill_nan(None)
    infinite = numbers.is_infinite().fill_null(value=False)
    if infinite.any():
        row = int(infinite.arg_max() or 0)
        raise DataError(f"Column {column.name!r}, row {row}: {numbers[row]} is not a finite number. Leave it empty.")
    return numbers if bounds is None else _in_bands(numbers, bounds)


def _bounds(numbers: pl.Series, bands: int) -> tuple[float, ...]:
    """Where bands of about equally many customers begin, but for the first; fewer where many are equal."""
    distinct = numbers.drop_nulls().unique().sort().to_list()
    if len(distinct) <= bands:
        return tuple(distinct[1:])
    ends = {numbers.quantile(step / bands, "nearest") for step in range(1, bands)} - {distinct[0]}
    return tuple(sorted(end for end in ends if end is not None)) or (distinct[1],)


def _in_bands(numbers: pl.Series, bounds: tuple[float, ...]) -> pl.Series:
    """The name of each number's band: where it begins, and where the next one does."""
    texts = [f"{bound:,.10g}" for bound in bounds]
    names = [f"< {text}" for text in texts[:1]] + [f"{low} – < {high}" for low, high in pairwise(texts)]
    names += [f"≥ {text}" for text in texts[-1:]] or ["any"]
    place = np.searchsorted(bounds, numbers.fill_null(0.0).to_numpy(), side="right")
    named = pl.Series(numbers.name, np.array(names, dtype=object)[place], dtype=pl.String)
    return pl.select(pl.when(numbers.is_not_null()).then(named).alias(numbers.name)).to_series()


def _levels(column: pl.Series, weight: Vector, smallest: float) -> tuple[str, ...]:
    """The levels, most frequent first, the rare ones as one; of numbers at most the one of those that are missing."""
    is_number = column.dtype.is_numeric()
    if (column.drop_nulls() if is_number else column).n_unique() < 2:
        raise DataError(
            f"Attribute {column.name!r} is the same for all customers: it can explain nothing.",
            code="same_attribute",
            attribute=column.name,
        )
    if is_number:
        return (MISSING_LEVEL,) if column.null_count() else ()
    counts = pl.DataFrame({"level": column.fill_null(MISSING_LEVEL), "n": weight}).group_by("level").agg(pl.sum("n"))
    levels = counts.sort(["n", "level"], descending=[True, False])
    frequent = levels.filter(pl.col("n") >= smallest)["level"].to_list()
    return (*frequent, *([OTHER_LEVEL] if len(frequent) < levels.height else []))


def _labels(column: pl.Series, levels: tuple[str, ...]) -> pl.Series:
    labels = column.cast(pl.String).fill_null(MISSING_LEVEL)
    if OTHER_LEVEL not in levels:
        return labels
    return labels.to_frame("label").select(
        pl.when(pl.col("label").is_in(levels)).then("label").otherwise(pl.lit(OTHER_LEVEL))
    )["label"]


def _numbers(column: pl.Series, levels: tuple[str, ...]) -> Matrix:
    if _is_number(levels):
        values = [column.fill_null(float("nan")), *(column.is_null() for _ in levels)]
        return np.stack([each.cast(pl.Float64).to_numpy() for each in values], axis=1)
    labels = _labels(column, levels)
    numbers = np.stack([(labels == level).to_numpy().astype(float) for level in levels[1:]], axis=1)
    numbers[~labels.is_in(list(levels)).to_numpy()] = np.nan
    return numbers
