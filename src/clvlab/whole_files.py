"""Files that are written whole or not at all, whatever happens meanwhile."""

import os
from collections.abc import Callable
from pathlib import Path


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Have `write` make a file next to the one of this name, and put it in its place once the disk has it."""
    fresh = path.with_name(f".{path.name}")
    write(fresh)
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
    fresh.replace(path)
