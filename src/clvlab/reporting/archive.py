"""The runs of a series on disk: staged, published by one rename, or kept as failed.

<output>/<name>/<as_of>/          a published run
<output>/<name>/latest        relative link to the newest published day
<output>/<name>/history.parquet   the groups of customers on every day that was published, of reports
<output>/<name>/failed/<as_of>/   notebook of the last failed run of that day, and why it failed
"""

import ctypes
import errno
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from clvlab.errors import ClvlabError
from clvlab.label_history import FILE

STAGING = ".staging-"
_EXCHANGE = 2
_AT_FDCWD = -100
_NO_EXCHANGE = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP}
_SYSTEM_CODE = re.compile(r"(?:\[Errno |os error )(\d+)")
_DISK_TROUBLE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EMFILE}


class OutputError(ClvlabError):
    """The output folder cannot take what a run writes."""


@dataclass(frozen=True)
class Series:
    """The runs of one name.

    Attributes
    ----------
    folder : where they stand
    """

    folder: Path

    def published(self, as_of: date) -> Path:
        """The folder of a day's published run, whether or not there is one."""
        return self.folder / as_of.isoformat()

    def refuse_foreign(self, as_of: date) -> None:
        """Raise OutputError where something else lies in a place that a run of this day has to fill."""
        ours: dict[Path, tuple[str, Callable[[Path], bool]]] = {
            self.published(as_of): ("a folder", Path.is_dir),
            self.folder / "latest": ("a link", Path.is_symlink),
            self.folder / "failed": ("a folder", Path.is_dir),
            self.folder / "index.html": ("a file", Path.is_file),
            self.folder / FILE: ("a file", Path.is_file),
        }
        for path, (kind, is_ours) in ours.items():
            if os.path.lexists(path) and not is_ours(path):
                raise OutputError(f"{path} is {_kind(path)}, where a run leaves {kind}. Move it away, and run again.")

    def mend(self) -> None:
        """Remove what killed runs left behind, and restore what they hid."""
        for left in sorted(self.folder.glob(f"{STAGING}*")):
            day = left.name.removeprefix(f"{STAGING}replaced-")
            if day != left.name and not (self.folder / day).exists():
                left.rename(self.folder / day)
            else:
                _remove(left)
        for left in [*self.folder.glob(".latest*"), self.folder / ".index.html", self.folder / f".{FILE}"]:
            left.unlink(missing_ok=True)

    def stage(self, as_of: date) -> Path:
        """A fresh folder to write a run into."""
        return Path(tempfile.mkdtemp(prefix=f"{STAGING}{as_of}-", dir=self.folder))

    def publish(self, staged: Path, as_of: date) -> Path:
        """Put a staged run in its place by one rename, and point `latest` to the newest day."""
        staged.chmod(0o755)
        sync(staged)
        target = self.published(as_of)
        if os.path.lexists(target):
            _replace(staged, target)
        else:
            staged.rename(target)
        _sync_folder(self.folder)
        self.point_latest()
        return target

    def keep_failed(self, staged: Path, as_of: date, reason: str) -> Path:
        """Keep a failed run's notebook and its reason, in one line, and drop the rest."""
        target = self.folder / "failed" / as_of.isoformat()
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        notebook = staged / "report.ipynb"
        if notebook.exists():
            notebook.rename(target / "report.ipynb")
        shutil.rmtree(staged)
        self.note_failed(as_of, reason)
        return target

    def note_failed(self, as_of: date, reason: str) -> None:
        """Keep the reason, in one line, why the last run of a day failed."""
        target = self.folder / "failed" / as_of.isoformat()
        target.mkdir(parents=True, exist_ok=True)
        (target / "reason.txt").write_text(" ".join(reason.split()) + "\n", encoding="utf-8")

    def failures(self) -> dict[str, str]:
        """Day -> why its last run failed, newest first, of runs that have not succeeded since."""
        found = sorted((self.folder / "failed").glob("*/reason.txt"), reverse=True)
        return {path.parent.name: path.read_text(encoding="utf-8").strip() for path in found}

    def forget_failed(self, as_of: date) -> None:
        """Remove what was kept of a failed run of a day."""
        failed = self.folder / "failed"
        shutil.rmtree(failed / as_of.isoformat(), ignore_errors=True)
        with suppress(OSError):
            failed.rmdir()

    def days(self) -> list[Path]:
        """The folders of the published days, newest first."""
        return sorted((path for path in self.folder.iterdir() if path.is_dir() and _is_day(path.name)), reverse=True)

    def retire(self, folder: Path) -> None:
        """Remove a published day; one rename comes first, so that no end leaves half of it in its place."""
        aside = self.folder / f"{STAGING}retired-{folder.name}"
        folder.rename(aside)
        _sync_folder(self.folder)
        _remove(aside)

    def before(self, as_of: date) -> date | None:
        """The last published day before a day."""
        days = (date.fromisoformat(path.name) for path in self.days())
        return next((day for day in days if day < as_of), None)

    def point_latest(self) -> None:
        """Point `latest` to the newest published day, in one step, unless it does so already."""
        newest = self.days()[0].name
        latest = self.folder / "latest"
        if latest.is_symlink() and latest.readlink() == Path(newest):
            return
        link = self.folder / f".latest-{os.getpid()}"  # several runs of a series may publish at once
        link.unlink(missing_ok=True)
        link.symlink_to(newest)
        link.replace(latest)
        _sync_folder(self.folder)


def sync(folder: Path) -> None:
    """Have every file of a folder, and the folder itself, reach the disk."""
    for path in sorted(folder.rglob("*")):
        if path.is_dir():
            _sync_folder(path)
        else:
            with path.open("rb") as file:
                os.fsync(file.fileno())
    _sync_folder(folder)


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turn what the system says of a full or unwritable disk, or of its limits, into an error of ours."""
    try:
        yield
    except Exception as error:
        found = _of_system(error)
        if found is not None and found.errno in _ADVICE:
            raise OutputError(f"Cannot write to {folder}: {found.strerror}. {_advice(found.errno)}") from error
        if found is not None and found.errno in _LIMITS:
            raise OutputError(f"{found.strerror}: {_LIMITS[found.errno]}") from error
        raise


def _of_system(error: Exception) -> OSError | None:
    """The system's error that an error is, or that a library's error carries or quotes."""
    if isinstance(error, OSError):
        return error
    if isinstance(error, pl.exceptions.PolarsError):
        return disk_trouble(str(error))
    code = getattr(error, "errno", None)
    return OSError(code, os.strerror(code)) if isinstance(code, int) else None


def disk_trouble(message: str) -> OSError | None:
    """The system's error of a full or read-only disk or of a limit, where a library's message quotes one.

    >>> disk_trouble("parquet: underlying IO error: No space left on device (os error 28)")
    OSError(28, 'No space left on device')
    """
    code = _SYSTEM_CODE.search(message)
    if code and int(code[1]) in _DISK_TROUBLE:
        return OSError(int(code[1]), os.strerror(int(code[1])))
    return None


_FREE = "Free some space, also for temporary files in {temporary}; or name other folders: `output: <folder>`, TMPDIR."
_ADVICE = {
    errno.ENOENT: "Name a folder that can be made: `output: <folder>`.",
    errno.ENOSPC: _FREE,
    errno.EDQUOT: _FREE,
    errno.EROFS: "Name a folder that can be written to: `output: <folder>`.",
    errno.EACCES: "Name a folder that you may write to: `output: <folder>`.",
    errno.EPERM: "Name a folder that you may write to: `output: <folder>`.",
    errno.ENOTDIR: "A file is in the way. Name another folder: `output: <folder>`.",
    errno.EEXIST: "A file is in the way. Name another folder: `output: <folder>`.",
    errno.ENAMETOOLONG: "Name a folder with a shorter path: `output: <folder>`.",
}
_LIMITS = {
    errno.EFBIG: "the limit on the size of a file is too low for a run. Raise it: `ulimit -f`.",
    errno.EMFILE: "the limit on open files is too low for a run. Raise it: `ulimit -n`.",
    errno.ENFILE: "the system has no room for more open files. Close some, or raise its limit.",
    errno.EAGAIN: "the limit on processes is too low for a run. Raise it: `ulimit -u`.",
    errno.ENOMEM: "give the run more memory (`ulimit -v`), or a smaller log.",
}


def _advice(code: int) -> str:
    return _ADVICE[code].format(temporary=tempfile.gettempdir())


def _kind(path: Path) -> str:
    if path.is_symlink():
        return "a link to nothing" if not path.exists() else "a link"
    return "a folder" if path.is_dir() else "a file"


def _remove(path: Path) -> None:
    """Remove a folder, or a link or a file in a folder's place; what a link leads to stays."""
    if path.is_symlink() or not path.is_dir():
        path.unlink()
    else:
        shutil.rmtree(path)


def _replace(staged: Path, target: Path) -> None:
    """Put `staged` in the place of `target`, in one step where the system can exchange two folders."""
    if _exchanged(staged, target):
        _remove(staged)
        return
    aside = target.with_name(f"{STAGING}replaced-{target.name}")
    target.rename(aside)
    staged.rename(target)
    _remove(aside)


def _exchanged(one: Path, other: Path) -> bool:
    """Exchange two folders in one step; False where system or file system cannot."""
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return False
    if renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in _NO_EXCHANGE:
        return False
    raise OSError(code, os.strerror(code), str(other))


def _is_day(name: str) -> bool:
    try:
        return date.fromisoformat(name).isoformat() == name
    except ValueError:
        return False


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
