"""Files that live as long as this process: what was unpacked or decoded and is too large for memory."""

import tempfile
from functools import cache
from itertools import count
from pathlib import Path
from threading import Lock

_numbers = count()
_ONE_AT_A_TIME = Lock()


def scratch_file() -> Path:
    """A new path; its folder goes when the process ends, or with the folder of temporary files that it is in."""
    with _ONE_AT_A_TIME:
        folder = _folder_in(tempfile.gettempdir())
    return Path(folder.name) / str(next(_numbers))


@cache
def _folder_in(above: str) -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory(prefix="clvlab-", dir=above)
