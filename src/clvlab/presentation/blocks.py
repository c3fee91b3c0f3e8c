"""What a section can show: a paragraph, a chart, a table, the headline numbers, the groups' cards, a list of terms.

Each block has a name of its own within its section, such as "lead", "groups chart" or "groups table".
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from clvlab.charts.theme import ChartType
from clvlab.wording import Words

Kinds = Mapping[str, str]


@dataclass(frozen=True)
class Chart:
    """A chart of one table; its title is the finding of the same name."""

    table: str
    draw: Callable[[pl.DataFrame, Words], ChartType]

    @property
    def name(self) -> str:
        """What the block is called within its section."""
        return f"{self.table} chart"


@dataclass(frozen=True)
class Table:
    """A display table: which columns, and how their cells read; its caption is that of the table's name.

    A second view of one table has a `caption` of its own.
    """

    table: str
    kinds: Kinds
    caption: str = ""

    @property
    def name(self) -> str:
        """What the block is called within its section."""
        return f"{self.caption or self.table} table"


@dataclass(frozen=True)
class Text:
    """A paragraph: a finding of that name, where the section has it."""

    finding: str

    @property
    def name(self) -> str:
        """What the block is called within its section."""
        return self.finding


@dataclass(frozen=True)
class _OneTable:
    """A table that is shown in its own way, and no more than once in a section."""

    table: str

    @property
    def name(self) -> str:
        """What the block is called within its section."""
        return self.table


@dataclass(frozen=True)
class Numbers(_OneTable):
    """The numbers that a reader asks for first, each with its change, and a line of `trends` where there is one."""

    trends: str


@dataclass(frozen=True)
class Cards(_OneTable):
    """One card for each group: who its customers are, what they bring, and what is done with them."""


@dataclass(frozen=True)
class Terms(_OneTable):
    """Terms and their meanings."""


Block = Chart | Table | Text | Numbers | Cards | Terms
