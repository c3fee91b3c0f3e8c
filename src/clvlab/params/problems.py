"""Every problem that parameters have, in the reader's words; what may hold a secret is not repeated."""

import re
from collections.abc import Iterable, Mapping
from datetime import date

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from clvlab.errors import did_you_mean

ADDRESS = r"([A-Za-z][\w+.-]*://)\S*[^\s'\"),\]}]"
"""An address; what follows its scheme may hold a password."""


def problems_of(error: ValidationError, known: Mapping[str, Iterable[str]], of: str = "the parameters") -> str:
    """Every problem that pydantic found, one a line; `known` are the keys of each mapping ("" is the file's own)."""
    problems = list(dict.fromkeys(_problem(detail, known) for detail in error.errors()))
    lines = "".join(f"\n  - {problem}" for problem in problems)
    return f"{len(problems)} problem{'s' if len(problems) > 1 else ''} with {of}:{lines}"


def _problem(detail: ErrorDetails, known: Mapping[str, Iterable[str]]) -> str:
    # Where a value may be of two kinds, pydantic puts the kind into the path; our tags of kinds begin with #.
    path = [part for part in detail["loc"] if not str(part).startswith("#")]
    where = ".".join(map(str, path))
    if detail["type"] == "extra_forbidden":
        *mapping, key = [part for part in path if isinstance(part, str)]
        *tagged, _ = map(str, detail["loc"])
        return f"`{where}` is unknown.{did_you_mean(key, known.get('.'.join(tagged)) or known['.'.join(mapping)])}"
    if detail["type"] == "missing":
        return f"`{where}` is missing."
    if detail["type"] == "byte_size":
        return f"`{where}` is {shown(detail['input'])}: write bytes, such as 4 GB."
    message = detail["msg"].removeprefix("Value error, ").removesuffix(".")
    value = "***" if path[-1:] == ["spark"] else shown(detail["input"])  # of which any part may be a token
    return f"`{where}` is {value}: {message[0].lower() + message[1:]}."


def shown(value: object) -> str:
    """A value as it was given, cut where it is long, without what an address has behind its scheme."""
    text = value.isoformat() if isinstance(value, date) else re.sub(ADDRESS, r"\1***", repr(value))
    return text if len(text) <= 80 else f"{text[:77]}..."
