"""How an object shows itself: a line of facts at a prompt, and with them a table in a notebook.

One manner for all: `Displayed` is below every public class that holds more than a line can say.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, ClassVar, TypeVar

import polars as pl

from clvlab.errors import UnknownNameError
from clvlab.tables import NULL, DisplayColumn, DisplayTable
from clvlab.wording import Words

T = TypeVar("T")

MOST_ROWS = 15
"""So many rows of a table are shown, at most."""


class Displayed:
    """Shows `_facts`, and in a notebook the table `_shown` below them."""

    _behind: ClassVar[frozenset[str]] = frozenset()
    """Names that are for whoever extends a class: completion leaves them out."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        # A dataclass writes a representation of its own, frames and all, unless it finds one.
        if "__repr__" not in vars(cls):
            cls.__repr__ = Displayed.__repr__  # type: ignore[method-assign]

    @property
    def _facts(self) -> str:
        """What matters of the object, in a line, with its units."""
        raise NotImplementedError

    @property
    def _shown(self) -> pl.DataFrame | None:
        """What a notebook shows below; None for the facts alone."""
        return None

    def __repr__(self) -> str:
        return f"{type(self).__name__}: {self._facts}"

    def _repr_html_(self) -> str:
        return as_html(self._shown if self._shown is not None else pl.DataFrame(), repr(self))

    def __dir__(self) -> Iterable[str]:
        behind = {name for kind in type(self).__mro__ for name in vars(kind).get("_behind", ())}
        return [name for name in super().__dir__() if name not in behind]


class Named(Displayed, Mapping[str, T]):
    """A mapping of names to what is behind them, which says which names it knows where it is asked for another."""

    # A mapping would compare its frames.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    _thing: ClassVar[str]
    """What the names are of."""

    @property
    def _named(self) -> Mapping[str, T]:
        """What is named."""
        raise NotImplementedError

    def __getitem__(self, name: str) -> T:
        if name not in self._named:
            raise UnknownNameError(self._thing, name, self._named)
        return self._named[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._named)

    def __len__(self) -> int:
        return len(self._named)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)


def as_html(table: pl.DataFrame, caption: str) -> str:
    """The first rows of a table under its caption; it says how many are left out."""
    left = table.height - MOST_ROWS
    more = f" ({MOST_ROWS} of {table.height:,} rows)" if left > 0 else ""
    columns = (
        DisplayColumn(column.name, tuple(map(_cell, column)), column.dtype.is_numeric())
        for column in table.head(MOST_ROWS)
    )
    return DisplayTable(tuple(columns), caption + more).to_html()


def number(value: float) -> str:
    """A figure to four significant digits; whole numbers in full.

    >>> number(4.413602), number(23_570), number(-9582.43), number(float("nan"))
    ('4.414', '23,570', '−9,582', '–')
    """
    whole = isinstance(value, int) or abs(value) >= 1_000
    return Words("en").number(value if whole else float(f"{value:.4g}"), "int" if whole else "exact")


def listed(names: Iterable[str], most: int = 8) -> str:
    """Names with commas between them, and how many more there are.

    >>> listed("abc"), listed("abcd", most=2)
    ('a, b, c', 'a, b and 2 more')
    """
    given = list(names)
    rest = len(given) - most
    return ", ".join(given[:most]) + (f" and {rest} more" if rest > 0 else "")


def _cell(value: Any) -> str:
    if value is None:
        return NULL
    if isinstance(value, bool | date | str):
        return str(value)
    return number(value) if isinstance(value, int | float) else str(value)
