"""One run of a series at a time: a lock that dies with its holder, and says who holds it."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout


class LockedError(RuntimeError):
    """Another run of the series is at work."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a series of runs; LockedError names the holder's process and start where it is taken.

    The system drops the lock when its holder ends, however that happens, so a lock left behind bars nobody: what a
    killed run wrote about itself is overwritten by the next.
    """
    lock = FileLock(folder / ".lock", timeout=0)
    holder = folder / ".holder.json"
    try:
        lock.acquire()
    except Timeout:
        raise LockedError(f"Another run of {folder.name} is at work{_described(holder)}. Try again later.") from None
    try:
        start = datetime.now(UTC).isoformat(timespec="seconds")
        holder.write_text(json.dumps({"pid": os.getpid(), "start": start}), encoding="utf-8")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _described(holder: Path) -> str:
    """(process 123, since ...), or nothing in the moment before the holder has written it."""
    try:
        found = json.loads(holder.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    return f" (process {found['pid']}, since {found['start']})"
