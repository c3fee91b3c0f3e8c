"""Tables from a path, a glob or a frame. What a file is, its first bytes say, not its name."""

import glob
import gzip
import os
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

import polars as pl

from clvlab.errors import DataError, ParamsError
from clvlab.memory_limit import bytes_held
from clvlab.scratch import scratch_file
from clvlab.sources import delimited, memory, spark, workbook
from clvlab.sources.doubts import warn
from clvlab.sources.faults import fault
from clvlab.sources.settings import FileSettings
from clvlab.sources.table import SourceTable, readable
from clvlab.sources.texts import printable
from clvlab.sources.trial import check_parquet

_GZIP, _ZIP, _PARQUET, _OLD_EXCEL = b"\x1f\x8b", b"PK\x03\x04", b"PAR1", b"\xd0\xcf\x11\xe0"
_WORKBOOK_PARTS = ("xl/", "content.xml")  # of .xlsx and .xlsb, and of .ods
_NOT_DATA = ("__MACOSX", "Thumbs.db", "desktop.ini")
_ADDRESS = re.compile(r"[A-Za-z][\w+.-]*://")  # it may have a password, and no message repeats it
_ANY_DEPTH = re.compile(r"(?:^|/)\*\*(?:/|$)")
_MEBIBYTE = 1024**2
_BYTES_OF_A_ROW = 40
_ROOM, _TIMES = 256 * _MEBIBYTE, 100
"""What an archive may unpack to: so many bytes, and so many times its size."""


def open_source(source: Any, settings: FileSettings | None = None) -> list[SourceTable]:
    """The tables of a source: one for each file of a path or glob (archives unpacked), one for a frame.

    A list of sources has the tables of all.

    Raises
    ------
    DataError : no such file, a folder, an empty, binary or damaged file, or a workbook whose sheet must be named
    """
    listed = source if isinstance(source, list | tuple) else [source]
    if not listed:
        raise fault("no_source", ParamsError)
    parts: list[Any] = []  # paths and frames
    for each in listed:
        parts += _named(str(each)) if isinstance(each, str | Path) else [each]
    named = [part for part in parts if isinstance(part, Path)]
    waiting = _each_once(named)
    _warn_of_the_same(named, waiting)
    lazily = are_large(waiting)
    chosen, opened = settings or FileSettings(), []
    for part in parts:
        if not isinstance(part, Path):
            opened.append(_open_frame(part, "The frame"))
        elif part in waiting:
            waiting.remove(part)
            opened += _open_file(part, printable(str(part)), chosen, lazily=lazily)
    return opened


def _open_frame(source: Any, name: str) -> SourceTable:
    """A frame as a table; what DuckDB or Spark has yet to compute is set down in a file."""
    from narwhals.dependencies import is_duckdb_relation

    if spark.is_frame(source):
        path = scratch_file()
        return set_down(path, name, spark.write_frame(source, path, name))
    if not is_duckdb_relation(source):
        return memory.open_frame(source, name)
    path = scratch_file()
    try:
        source.write_parquet(str(path))
    except Exception as error:  # DuckDB's own, whose class is there only where DuckDB is
        raise fault("unreadable", file=name, reason=printable(" ".join(str(error).split())[:300])) from error
    return set_down(path, name)


def set_down(path: Path, name: str, facts: Mapping[str, Any] | None = None) -> SourceTable:
    """The table of a scratch file of ours, which stays only as long as a step may scan it."""
    with readable(name):
        rows, is_large = pl.scan_parquet(path, glob=False), are_large([path])
        if not is_large:
            rows = rows.collect().lazy()
            path.unlink()
        return SourceTable.of(rows, name, facts, is_large=is_large)


def files_of(source: str) -> list[Path]:
    """The files of a path or glob, in the order in which they are read; an archive counts as one.

    A name that is there is taken as it is, whatever characters it has; otherwise it is a glob, where ``**`` stands
    for folders of any depth. ``~`` is the home folder.

    Raises
    ------
    DataError : no such file, or a folder
    """
    return _each_once(_named(source))


def are_large(paths: Iterable[Path]) -> bool:
    """Whether the rows of these files are better read again by every step than kept in memory."""
    return sum(map(_weight, paths)) > bytes_held()


def _weight(path: Path) -> int:
    """About how many bytes of memory a file's rows take: its size, or more where it is compressed by columns."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if file.read(len(_PARQUET)) != _PARQUET:
            return size
    from pyarrow import ArrowException
    from pyarrow.parquet import read_metadata

    try:
        n_rows: int = read_metadata(path).num_rows
    except (OSError, ArrowException):
        return size
    return max(size, n_rows * _BYTES_OF_A_ROW)


def _named(source: str) -> list[Path]:
    """The same, a file of several names under each of them."""
    if "\0" in source:
        raise fault("no_path", source=repr(source))
    if _ADDRESS.match(source):
        raise fault("an_address", ParamsError)
    path = Path(source).expanduser()
    with readable(repr(source)):
        if path.is_dir():
            raise fault("a_folder", source=repr(source), example=repr(f"{source.rstrip('/')}/*.csv"))
        if path.is_file():
            return [path]
        if path.exists():
            raise fault("not_plain", source=repr(source))
        files = [match for match in sorted({Path(match) for match in _matches(str(path))}) if match.is_file()]
    if not files:
        raise fault("no_file", source=repr(source), folder=Path.cwd())
    return files


def _matches(pattern: str) -> Iterator[str]:
    """What a glob matches, each folder below ``**`` once, though links may lead round in circles."""
    deep = _ANY_DEPTH.search(pattern)
    if deep is None:
        yield from glob.glob(pattern)  # noqa: PTH207
        return
    top, rest = pattern[: deep.start()] or ("/" if pattern.startswith("/") else "."), pattern[deep.end() :] or "*"
    for start in glob.glob(top):  # noqa: PTH207
        for folder in _folders(start):
            yield from _matches(f"{glob.escape(folder)}/{rest}")


def _folders(top: str) -> Iterator[str]:
    """A folder and those below it, but for hidden ones."""
    seen = set()
    for folder, below, _ in os.walk(top, followlinks=True):
        here = _identity(Path(folder))
        below[:] = [] if here in seen else [name for name in below if not name.startswith(".")]
        if here not in seen:
            yield folder
        seen.add(here)


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino


def _each_once(paths: Iterable[Path]) -> list[Path]:
    """The paths without further names of the same file; a name that is no link goes first."""
    chosen: dict[tuple[int, int], Path] = {}
    for path in paths:
        known = chosen.setdefault(_identity(path), path)
        if _is_link(known) and not _is_link(path):
            chosen[_identity(path)] = path
    return list(chosen.values())


def _is_link(path: Path) -> bool:
    return path.resolve() != path.absolute()


def _warn_of_the_same(named: list[Path], paths: list[Path]) -> None:
    """Warn of files that are named more than once."""
    others = [path for path in dict.fromkeys(named) if path not in paths]
    if others:
        first = next(path for path in paths if _identity(path) == _identity(others[0]))
        same, read = printable(str(others[0])), printable(str(first))
        warn("same_file", files=len(others), other=repr(same), file=repr(read))


def _open_file(path: Path, name: str, settings: FileSettings, *, lazily: bool) -> list[SourceTable]:
    with readable(name):
        with path.open("rb") as file:
            start = file.read(8)
        if not start:
            raise fault("empty", file=name)
        if start.startswith(_GZIP):
            return _open_members([(_gunzip(path, name), name)], settings)
        if start.startswith(_ZIP) and not _is_workbook(path, name):
            return _open_members(_unzip(path, name), settings)
        if start.startswith(_PARQUET):
            check_parquet(path, name)
            rows = pl.scan_parquet(path, glob=False)
            rows = rows if lazily else rows.collect().lazy()
            return [SourceTable.of(rows, name, {"format": "parquet"}, is_large=lazily)]
        if start.startswith((_OLD_EXCEL, _ZIP)):
            return [workbook.open_sheet(path, name, settings)]
        return [delimited.open_text(path, name, settings, lazily=lazily)]


def _open_members(members: list[tuple[Path, str]], settings: FileSettings) -> list[SourceTable]:
    """The tables of unpacked files; these stay where they are only as long as a step may scan them."""
    lazily = are_large(path for path, _ in members)
    tables = []
    for path, name in members:
        with path.open("rb") as file:
            start = file.read(8)
        if start.startswith(_GZIP) or (start.startswith(_ZIP) and not _is_workbook(path, name)):
            raise fault("nested_archive", file=name)
        tables += _open_file(path, name, settings, lazily=lazily)
        if not lazily:
            path.unlink()
    return tables


def _gunzip(path: Path, name: str) -> Path:
    with gzip.open(path) as packed:
        return _unpack(packed, name, _room(path))


def _room(path: Path) -> int:
    """To how many bytes an archive may unpack."""
    return _ROOM + _TIMES * path.stat().st_size


def _is_workbook(path: Path, name: str) -> bool:
    with _archive(path, name) as archive:
        return any(part.startswith(_WORKBOOK_PARTS) for part in archive.namelist())


def _unzip(path: Path, name: str) -> list[tuple[Path, str]]:
    with _archive(path, name) as archive:
        members = [member for member in archive.infolist() if not member.is_dir() and _is_data(member.filename)]
        if not members:
            raise fault("archive_without_file", file=name)
        return [
            (_unpack(archive.open(member), name, _room(path)), f"{name}/{_member_name(member)}") for member in members
        ]


def _is_data(member: str) -> bool:
    """Whether a member of an archive is no file that an operating system leaves next to others."""
    parts = [part for part in PurePosixPath(member).parts if part != ".."]
    return not any(part.startswith(".") or part in _NOT_DATA for part in parts)


def _member_name(member: zipfile.ZipInfo) -> str:
    return printable(str(PurePosixPath(member.filename)))


@contextmanager
def _archive(path: Path, name: str) -> Iterator[zipfile.ZipFile]:
    """An archive that can be opened, and says that it unpacks to what there is room for."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > _room(path):
                raise fault("too_packed", file=name)
            yield archive
    except DataError:
        raise
    except Exception as error:  # zipfile has no common kind for what is damaged, encrypted or too new
        raise fault("not_unpacked", file=name, reason=printable(str(error))) from error


def _unpack(packed: gzip.GzipFile | IO[bytes], name: str, room: int) -> Path:
    target = scratch_file()
    with packed, target.open("wb") as file:
        while chunk := packed.read(_MEBIBYTE):
            room -= file.write(chunk)
            if room < 0:
                file.truncate(0)
                raise fault("too_packed", file=name)
    return target
