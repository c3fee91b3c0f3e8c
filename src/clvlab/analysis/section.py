"""What a section of a report yields: tidy tables, and the findings that put them into a sentence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import polars as pl

from clvlab.displays import Named, listed


@dataclass(frozen=True)
class Finding:
    """A sentence with its figures: a key of the wording catalogue, and the values set into it."""

    key: str
    figures: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, key: str, **figures: Any) -> "Finding":
        """The finding `key` with its figures."""
        return cls(key, MappingProxyType(figures))


@dataclass(frozen=True, eq=False)
class Section(Named[pl.DataFrame]):
    """The tables of one section, by name, and its findings by their place on the page.

    A finding named like a table is the title of that table's chart; `lead` is the section's first paragraph.
    """

    tables: Mapping[str, pl.DataFrame]
    findings: Mapping[str, Finding] = field(default_factory=lambda: MappingProxyType({}))

    _thing = "table"

    @property
    def _named(self) -> Mapping[str, pl.DataFrame]:
        return self.tables

    @property
    def _facts(self) -> str:
        sizes = [f"{name} ({table.height:,} x {table.width})" for name, table in self.items()]
        return f"tables {listed(sizes)}" if sizes else "no tables"

    @property
    def _shown(self) -> pl.DataFrame:
        """Each table with its size and columns."""
        rows = [(name, table.height, listed(table.columns, 12)) for name, table in self.items()]
        schema = {"table": pl.String, "rows": pl.Int64, "columns": pl.String}
        return pl.DataFrame(rows, schema=schema, orient="row")
