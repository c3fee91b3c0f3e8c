"""Tables from a path, a glob or a frame. What a file is, its first bytes say, not its name."""

import gzip
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from glob import glob
from pathlib import Path
from typing import IO, Any

import polars as pl

from clvlab.errors import DataError, ParamsError
from clvlab.sources import delimited, memory, workbook
from clvlab.sources.scratch import scratch_file
from clvlab.sources.settings import FileSettings
from clvlab.sources.table import LAZY_ABOVE, SourceTable, readable

_GZIP, _ZIP, _PARQUET, _OLD_EXCEL = b"\x1f\x8b", b"PK\x03\x04", b"PAR1", b"\xd0\xcf\x11\xe0"
_WORKBOOK_PARTS = ("xl/", "content.xml")  # of .xlsx and .xlsb, and of .ods


def open_source(source: Any, settings: FileSettings | None = None) -> list[SourceTable]:
    """The tables of a source: one for each file of a path or glob (archives unpacked), one for a frame.

    A list of sources has the tables of all.

    Raises
    ------
    DataError : no such file, a folder, an empty, binary or damaged file, or a workbook whose sheet must be named
    """
    if isinstance(source, list | tuple):
        if not source:
            raise ParamsError("The source is an empty list. Name a file, or give a frame.")
        return [table for each in source for table in open_source(each, settings)]
    if not isinstance(source, str | Path):
        return [memory.open_frame(source, "The frame")]
    chosen, paths = settings or FileSettings(), files_of(str(source))
    lazily = sum(path.stat().st_size for path in paths) > LAZY_ABOVE
    return [table for path in paths for table in _open_file(path, str(path), chosen, lazily=lazily)]


def files_of(source: str) -> list[Path]:
    """The files of a path or glob, in the order in which they are read; an archive counts as one.

    A name that is there is taken as it is, whatever characters it has; otherwise it is a glob, where ``**`` stands
    for folders of any depth. ``~`` is the home folder.

    Raises
    ------
    DataError : no such file, or a folder
    """
    if "\0" in source:
        raise DataError(f"{source!r} is not a path.")
    path = Path(source).expanduser()
    with readable(repr(source)):
        if path.is_dir():
            raise DataError(
                f"{source!r} is a folder. Name its files by a glob, such as '{source.rstrip('/')}/*.csv'."
            )
        if path.exists():
            return [path]
        found = [Path(match) for match in sorted(glob(str(path), recursive=True))]  # noqa: PTH207
    files = [match for match in found if match.is_file()]
    if not files:
        raise DataError(f"There is no file {source!r}, seen from the folder {Path.cwd()}. Check the path.")
    return files


def _open_file(path: Path, name: str, settings: FileSettings, *, lazily: bool) -> list[SourceTable]:
    with readable(name):
        with path.open("rb") as file:
            start = file.read(8)
        if not start:
            raise DataError(f"{name} is empty.")
        if start.startswith(_GZIP):
            return _open_members([(_gunzip(path), name)], settings)
        if start.startswith(_ZIP) and not _is_workbook(path, name):
            return _open_members(_unzip(path, name), settings)
        if start.startswith(_PARQUET):
            rows = pl.scan_parquet(path, glob=False)
            rows = rows if lazily else rows.collect().lazy()
            return [SourceTable.of(rows, name, {"format": "parquet"}, is_large=lazily)]
        if start.startswith((_OLD_EXCEL, _ZIP)):
            return [workbook.open_sheet(path, name, settings)]
        return [delimited.open_text(path, name, settings, lazily=lazily)]


def _open_members(members: list[tuple[Path, str]], settings: FileSettings) -> list[SourceTable]:
    """The tables of unpacked files; these stay where they are only as long as a step may scan them."""
    lazily = sum(path.stat().st_size for path, _ in members) > LAZY_ABOVE
    tables = []
    for path, name in members:
        with path.open("rb") as file:
            start = file.read(8)
        if start.startswith(_GZIP) or (start.startswith(_ZIP) and not _is_workbook(path, name)):
            raise DataError(f"{name} is an archive inside an archive. Unpack it first.")
        tables += _open_file(path, name, settings, lazily=lazily)
        if not lazily:
            path.unlink()
    return tables


def _gunzip(path: Path) -> Path:
    with gzip.open(path) as packed:
        return _unpack(packed)


def _is_workbook(path: Path, name: str) -> bool:
    with _archive(path, name) as archive:
        return any(part.startswith(_WORKBOOK_PARTS) for part in archive.namelist())


def _unzip(path: Path, name: str) -> list[tuple[Path, str]]:
    with _archive(path, name) as archive:
        members = [m for m in archive.infolist() if not m.is_dir() and not m.filename.startswith(("__MACOSX/", "."))]
        if not members:
            raise DataError(f"{name} is an archive without a file.")
        return [(_unpack(archive.open(member)), f"{name}/{member.filename}") for member in members]


@contextmanager
def _archive(path: Path, name: str) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except DataError:
        raise
    except Exception as error:  # zipfile has no common kind for what is damaged, encrypted or too new
        raise DataError(f"{name} cannot be unpacked: {error}. Unpack it first.") from error


def _unpack(packed: gzip.GzipFile | IO[bytes]) -> Path:
    target = scratch_file()
    with packed, target.open("wb") as file:
        shutil.copyfileobj(packed, file)
    return target
