"""Docstrings as Sphinx reads them: ours say code by single backticks, and what a field is behind a colon."""

import re
from typing import Any

from sphinx.application import Sphinx

_CODE = re.compile(r"(?<!`)`([^`]+)`(?!`)(?=(\w)?)")
_FIELD = re.compile(r"^(\w[\w, .`*]*?) : (.*)$")
_FIELDS = ("Attributes", "Raises")


def _code(found: re.Match[str]) -> str:
    """Code in the way of reStructuredText, which lets no letter follow it unless told so."""
    return f"``{found[1]}``" + ("\\ " if found[2] else "")


def _sections(lines: list[str]) -> list[str]:
    """The lines with each field of a section on a line of its own, and what it is below it."""
    section, done = "", []
    for place, line in enumerate(lines):
        if set(lines[place + 1 : place + 2]) & {"-" * len(line)} and line:
            section = line
        field = _FIELD.match(line) if section in _FIELDS else None
        done += [field[1], f"    {field[2]}"] if field else [line]
    return done


def _rewrite(_app: Sphinx, _what: str, _name: str, _object: Any, _options: Any, lines: list[str]) -> None:
    text = _CODE.sub(_code, "\n".join(_sections(lines)))
    lines[:] = text.splitlines()


def setup(app: Sphinx) -> dict[str, bool]:
    """Rewrite docstrings before napoleon reads them."""
    app.connect("autodoc-process-docstring", _rewrite, priority=100)
    return {"parallel_read_safe": True}
