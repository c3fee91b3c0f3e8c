"""A folder of its own for a run's temporary files: sockets, keys, unpacked logs. None outlives the next run.

The folder is locked as long as its process lives, and the system drops the lock however that ends: what is not
locked was left by a killed run, of whatever series, and goes.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from clvlab.reporting.archive import OutputError

_PREFIX = "clvlab-run-"
_LONGEST_SOCKET = 100
_SHORT = "/tmp"  # as long as a socket's path may be, its folder cannot be just anywhere


@contextmanager
def temporary_folder(*, of_sockets: bool = False) -> Iterator[Path]:
    """A private folder below TMPDIR, or, where that is too long for `of_sockets`, below /tmp; gone at the end.

    Raises
    ------
    OutputError : there is no folder for temporary files
    """
    above = _above(of_sockets=of_sockets)
    sweep(above)
    folder, lock = _locked(above)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


@contextmanager
def temporary_files_in(folder: Path) -> Iterator[None]:
    """Let everything that this process keeps in temporary files be in `folder`."""
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before


def sweep(above: Path) -> None:
    """Remove what killed runs of this user left in a folder."""
    for left in above.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if left.lstat().st_uid == os.geteuid():
                _remove_unlocked(left)


def _remove_unlocked(folder: Path) -> None:
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder)
    finally:
        os.close(lock)


def _above(*, of_sockets: bool) -> Path:
    try:
        above = Path(tempfile.gettempdir()).resolve()
    except OSError as error:
        raise OutputError(f"{error.strerror}. Set TMPDIR to a folder that can be written to.") from error
    too_long = len(os.fsencode(above / f"{_PREFIX}12345678")) > _LONGEST_SOCKET
    return Path(_SHORT) if of_sockets and too_long else above


def _locked(above: Path) -> tuple[Path, int]:
    """A fresh folder and the lock on it; another, where a run that sweeps took it in the moment before the lock."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=above))
        with suppress(FileNotFoundError):
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(lock, fcntl.LOCK_EX)
            if folder.exists():
                return folder, lock
            os.close(lock)
