"""Attributes as numbers that trees can split: numbers as they are, texts by which of the frequent values they are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import polars as pl

from clvlab.customers import AttributeTable
from clvlab.customers.perishable import perishable

MOST_VALUES = 30
"""Values of an attribute that are told apart: the most frequent ones."""


@dataclass(frozen=True)
class Encoding:
    """values : attribute -> its frequent values, each of which is its place among them."""

    values: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, table: pl.DataFrame, attributes: Iterable[str]) -> "Encoding":
        """The encoding of those attributes of a table that are texts.

        >>> table = pl.DataFrame({"region": ["N", "S", "S", None], "visits": [1, 2, 3, 4]})
        >>> Encoding.of(table, ["region", "visits"])
        Encoding(values=mappingproxy({'region': ('S', 'N')}))
        """
        texts = [name for name in attributes if table.schema[name] == pl.String]
        return cls(MappingProxyType({name: _frequent(table[name]) for name in texts}))

    def numbers(self, name: str) -> pl.Expr:
        """A column as numbers; null for a value that is not frequent."""
        if name not in self.values:
            return pl.col(name).cast(pl.Float64)
        places = {value: float(place) for place, value in enumerate(self.values[name])}
        return pl.col(name).replace_strict(places, default=None, return_dtype=pl.Float64)


def _frequent(column: pl.Series) -> tuple[str, ...]:
    counts = column.drop_nulls().value_counts().sort("count", column.name, descending=[True, False])
    return tuple(counts[column.name].head(MOST_VALUES))


def lasting(tables: Sequence[AttributeTable]) -> list[AttributeTable]:
    """The tables with the attributes that were known at past days, too, and that trees can split.

    What changes with what customers do is left out unless it is dated, and so are days.
    """
    found = []
    for table in tables:
        changing = {*perishable(table), *_not_splittable(table)}
        kept = [name for name in table.data.columns if name not in changing]
        found.append(replace(table, data=table.data.select(kept)))
    return found


def _not_splittable(table: AttributeTable) -> list[str]:
    kinds = (pl.String, pl.Boolean)
    return [
        name
        for name in table.columns
        if not (table.data.schema[name] in kinds or table.data.schema[name].is_numeric())
    ]
