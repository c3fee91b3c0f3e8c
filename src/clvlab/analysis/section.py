"""What a section of a report yields: tidy tables, and the findings that put them into a sentence."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import polars as pl

from clvlab.displays import Displayed, listed
from clvlab.errors import UnknownNameError


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
class Section(Displayed, Mapping[str, pl.DataFrame]):
    """The tables of one section, by name, and its findings by their place on the page.

    A finding named like a table is the title of that table's chart; `lead` is the section's first paragraph.
    """

    # A mapping would compare its frames.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    tables: Mapping[str, pl.DataFrame]
    findings: Mapping[str, Finding] = field(default_factory=lambda: MappingProxyType({}))

    def __getitem__(self, name: str) -> pl.DataFrame:
        if name not in self.tables:
            raise UnknownNameError("table", name, self.tables)
        return self.tables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.tables)

    def __len__(self) -> int:
        return len(self.tables)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)

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
