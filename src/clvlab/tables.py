"""Tidy table -> display table: numbers aligned right with one precision a column, names in the reader's language."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

import polars as pl
from great_tables import GT

from clvlab.wording import Words

NAMES: Mapping[str, Callable[[Words, str], str]] = MappingProxyType(
    {
        "attribute": Words.attribute,
        "group": Words.group,
        "rule": Words.row,
        "strategy": lambda words, code: words.name("strategies", code),
    }
)
"""Kinds of cells that hold codes, and what names them."""


def display(table: pl.DataFrame, kinds: Mapping[str, str], words: Words, *, name: str) -> GT:
    """The columns of `kinds`, in that order, as a display table.

    Parameters
    ----------
    table
        a tidy table
    kinds
        column -> how its cells read: a kind of `Words.number`, `text`, one of NAMES, or `name:<catalogue>`
    words
        language and currency
    name
        identifies the table on its page, so that the HTML is the same in every run
    """
    cells = table.select(_cells(table[column], kind, words) for column, kind in kinds.items())
    numeric = [column for column, kind in kinds.items() if not _is_text(kind)]
    shown = GT(cells, id=name).cols_label({column: words.column(column) for column in kinds})
    return shown.cols_align("right", numeric).cols_align("left", [c for c in kinds if c not in numeric])


def _is_text(kind: str) -> bool:
    return kind in {"condition", "text", "yesno"} or kind in NAMES or kind.startswith("name:")


def _in_words(condition: str, words: Words) -> str:
    """A rule's condition with the names of its columns in the reader's language."""
    return re.sub(r"[A-Za-z]\w+", lambda code: words.attribute(code[0]), condition)


def _named(code: str, kind: str, words: Words) -> str:
    """The name of a code of this kind, in the reader's language."""
    return NAMES[kind](words, code) if kind in NAMES else words.name(kind.removeprefix("name:"), code)


def _cells(column: pl.Series, kind: str, words: Words) -> pl.Series:
    if kind == "yesno":
        texts = [words.name(kind, str(value).lower()) for value in column]
    elif kind == "condition":
        texts = [_in_words(text, words) for text in column]
    elif kind == "text":
        texts = ["–" if value is None else str(value) for value in column]
    elif _is_text(kind):
        texts = ["–" if code is None else _named(code, kind, words) for code in column]
    else:
        texts = [words.number(value, kind) for value in column]
    return pl.Series(column.name, texts, dtype=pl.String)
