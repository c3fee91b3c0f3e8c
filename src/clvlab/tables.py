"""Tidy table -> display table: numbers aligned right with one precision a column, names in the reader's language."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

import polars as pl
from jinja2 import Environment, PackageLoader, Template

from clvlab.wording import LONGEST_TEXT, MINUS, Words

NAMES: Mapping[str, Callable[[Words, str], str]] = MappingProxyType(
    {
        "attribute": Words.attribute,
        "group": Words.group,
        "rule": Words.row,
        "strategy": lambda words, code: words.name("strategies", code),
    }
)
"""Kinds of cells that hold codes, and what names them."""
NULL = "–"
SIGNS: Mapping[str, str] = MappingProxyType({"==": "=", "!=": "≠", "<=": "≤", ">=": "≥"})
"""Comparisons of a condition, as a reader writes them."""
_FORMULA = re.compile(
    r"""(?P<column>[A-Za-z]\w+)
    |(?<![^\ \[(])(?P<minus>-)(?=\d)
    |(?<=\ )(?P<sign>[<>!=]=|=)  # a sign; of equality with a user's own value behind it
    (?P<value>(?<=[!=]=)\ [^,;]*|(?<=\ =)\ .*?(?=\)\ &\ \(|$)|(?=\ ))""",
    re.VERBOSE,
)
_LONG = 40


@dataclass(frozen=True)
class DisplayColumn:
    """A column as it reads: its heading and its cells; numbers are aligned right."""

    heading: str
    cells: tuple[str, ...]
    numeric: bool

    @classmethod
    def of(cls, column: pl.Series, kind: str, heading: str, words: Words) -> "DisplayColumn":
        """A column of a table under a heading; kinds as for `display`."""
        return cls(heading, tuple(_cells(column, kind, words)), not _is_text(kind))

    @property
    def width(self) -> int:
        """Width of its widest text, in characters of a terminal."""
        return max(map(_width, (self.heading, *self.cells)))

    @property
    def style(self) -> str | None:
        """Its class in the style sheet: `num`, `long` for sentences, or none."""
        if self.numeric:
            return "num"
        return "long" if self.width > _LONG else None

    def lines(self) -> Iterator[str]:
        """Heading and cells, padded to one width."""
        width = self.width
        for text in (self.heading, *self.cells):
            space = " " * (width - _width(text))
            yield space + text if self.numeric else text + space


@dataclass(frozen=True)
class DisplayTable:
    """A table for a reader: every cell is the text that is shown; the first column names the row."""

    columns: tuple[DisplayColumn, ...]
    caption: str = ""

    @property
    def rows(self) -> Iterator[tuple[str, ...]]:
        """The cells, row by row."""
        return zip(*(column.cells for column in self.columns), strict=True)

    def to_html(self) -> str:
        """A table in a frame that scrolls, with a style for notebooks; a page may drop it for one of its own."""
        return _template().render(table=self)

    def to_text(self) -> str:
        """The table in columns of characters, under its caption."""
        lines = zip(*(column.lines() for column in self.columns), strict=True)
        return "\n".join([*filter(None, [self.caption]), *("  ".join(line).rstrip() for line in lines)])


def display(table: pl.DataFrame, kinds: Mapping[str, str], words: Words, *, caption: str = "") -> DisplayTable:
    """The columns of `kinds`, in that order, as a display table.

    Parameters
    ----------
    table
        a tidy table
    kinds
        column -> how its cells read: a kind of `Words.number`, `text`, `condition`, `yesno`, `attribute_value`, one
        of NAMES, or `name:<catalogue>`
    words
        language and currency
    caption
        what the table shows

    >>> table = pl.DataFrame({"group": ["champions", "lost"], "customers": [1234, 56], "share": [0.957, None]})
    >>> kinds = {"group": "group", "customers": "int", "share": "pct1"}
    >>> print(display(table, kinds, Words("en"), caption="Groups").to_text())
    Groups
    Group      Customers  Share
    Champions      1,234  95.7%
    Lost              56      –
    """
    columns = (DisplayColumn.of(table[name], kind, words.column(name), words) for name, kind in kinds.items())
    return DisplayTable(tuple(columns), caption)


def _is_text(kind: str) -> bool:
    return kind in {"attribute_value", "condition", "text", "yesno"} or kind in NAMES or kind.startswith("name:")


def _cells(column: pl.Series, kind: str, words: Words) -> list[str]:
    if kind == "attribute_value":
        return list(map(words.attribute_value, column))
    if _is_text(kind):
        return [NULL if value is None else _text(value, kind, words) for value in column]
    return words.numbers(column, kind)


def _text(value: Any, kind: str, words: Words) -> str:
    if kind == "yesno":
        return words.name(kind, str(value).lower())
    if kind == "condition":
        return words.plain(_in_words(value, words), LONGEST_TEXT)
    if kind == "text":
        return words.plain(str(value), LONGEST_TEXT)
    return NAMES[kind](words, value) if kind in NAMES else words.name(kind.removeprefix("name:"), value)


def _in_words(condition: str, words: Words) -> str:
    """A rule's condition with the names of its columns in the reader's language, and a reader's signs."""
    ranges = re.sub(r"\b([rfm]_score \d)-(?=\d)", r"\1–", condition)
    return re.sub(_FORMULA, lambda found: _word(found, words), ranges)


def _word(found: re.Match[str], words: Words) -> str:
    """A column by its name, a comparison by its sign; the value that an attribute is compared with as it is."""
    if found["column"]:
        return words.attribute(found["column"])
    if found["minus"]:
        return MINUS
    sign = SIGNS.get(found["sign"], found["sign"])
    return f"{sign} {words.name('groups', 'unknown')}" if found["value"] == " unknown" else sign + found["value"]


def _width(text: str) -> int:
    """How many columns of a terminal a text takes: two for each Chinese character."""
    return sum(1 + (unicodedata.east_asian_width(character) in "WF") for character in text)


@cache
def _template() -> Template:
    return Environment(loader=PackageLoader("clvlab", "tables"), autoescape=True).get_template("table.html.j2")


@dataclass(frozen=True)
class Fragment:
    """A piece of a page: HTML, already escaped, and the same as plain text."""

    html: str
    text: str

    def _repr_html_(self) -> str:
        # A notebook's MathJax would take what stands between two dollars for a formula.
        return f'<div class="mathjax_ignore">{self.html}</div>'

    def __repr__(self) -> str:
        return self.text
