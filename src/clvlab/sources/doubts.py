"""Warnings of what can be read, but perhaps does not say what it seems to say."""

import inspect
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from clvlab.errors import ClvlabWarning
from clvlab.wording import Words

_PACKAGE = str(Path(__file__).parents[1])
_noted: ContextVar[list[ClvlabWarning] | None] = ContextVar("noted", default=None)


def warn(code: str, **figures: Any) -> None:
    """Warn in English of what `wording/doubts.yaml` says under this code, at the line that called the package."""
    text = Words("en")(f"doubts.{code}", **figures)
    doubt = ClvlabWarning(text, code=code, **figures)
    if (noting := _noted.get()) is not None:
        noting.append(doubt)
    warnings.warn(doubt, stacklevel=_depth() + 1)


@contextmanager
def noted() -> Iterator[list[ClvlabWarning]]:
    """All that is warned of inside, which is warned of all the same."""
    doubts: list[ClvlabWarning] = []
    before = _noted.set(doubts)
    try:
        yield doubts
    finally:
        _noted.reset(before)


def _depth() -> int:
    """How far up the first frame is that is not of this package, seen from the caller."""
    frame, depth = inspect.currentframe(), 0
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame, depth = frame.f_back, depth + 1
    return depth - 1
