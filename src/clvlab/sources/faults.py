"""Errors of a source, whose words each language has."""

from typing import Any, TypeVar

from clvlab.errors import ClvlabError, DataError
from clvlab.wording import Words

E = TypeVar("E", bound=ClvlabError)


def fault(code: str, kind: type[E] = DataError, **figures: Any) -> E:  # type: ignore[assignment]
    """An error that says in English what `wording/faults.yaml` has under this code."""
    return kind(Words("en")(f"faults.{code}", **figures), code=code, **figures)
