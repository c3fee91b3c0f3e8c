"""Files that live as long as this process: what was unpacked or decoded and is too large for memory."""

import tempfile
from functools import cache
from itertools import count
from pathlib import Path

_numbers = count()


def scratch_file() -> Path:
    """A new path; its folder goes when the process ends."""
    return Path(_folder().name) / str(next(_numbers))


@cache
def _folder() -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory(prefix="clvlab-")
