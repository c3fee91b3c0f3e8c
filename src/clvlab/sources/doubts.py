"""Warnings of what can be read, but perhaps does not say what it seems to say."""

import inspect
import warnings
from pathlib import Path
from typing import Any

from clvlab.errors import ClvlabWarning
from clvlab.wording import Words

_PACKAGE = str(Path(__file__).parents[1])


def warn(code: str, **figures: Any) -> None:
    """Warn in English of what `wording/doubts.yaml` says under this code, at the line that called the package."""
    text = Words("en")(f"doubts.{code}", **figures)
    warnings.warn(ClvlabWarning(text, code=code, **figures), stacklevel=_depth() + 1)


def _depth() -> int:
    """How far up the first frame is that is not of this package, seen from the caller."""
    frame, depth = inspect.currentframe(), 0
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame, depth = frame.f_back, depth + 1
    return depth - 1
