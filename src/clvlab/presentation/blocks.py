"""What a section can show: a paragraph, a chart, a table, the headline numbers, the groups' cards, terms."""

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


@dataclass(frozen=True)
class Table:
    """A display table: which columns, and how their cells read; its caption is that of the table's name.

    A second view of one table has a `caption` of its own.
    """

    table: str
    kinds: Kinds
    caption: str = ""


@dataclass(frozen=True)
class Text:
    """A paragraph: a finding of that name, where the section has it."""

    finding: str


@dataclass(frozen=True)
class Numbers:
    """The numbers that a reader asks for first, each with its change."""

    table: str


@dataclass(frozen=True)
class Cards:
    """One card for each group: who its customers are, what they bring, and what is done with them."""

    table: str


@dataclass(frozen=True)
class Terms:
    """Terms and their meanings."""

    table: str


Block = Chart | Table | Text | Numbers | Cards | Terms
