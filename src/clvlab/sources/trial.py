"""Readers that can abort are tried in a process of their own, where an abort is a sentence.

What reads workbooks lays out the whole rectangle of a sheet, however few of its cells are filled; what reads Parquet
trusts the lengths that a file tells: where memory does not suffice, or the file is damaged, the process ends at once.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from clvlab.sources.faults import fault

_START = """
import json, resource, sys
path, rest = sys.argv[1], json.loads(sys.argv[2])
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
most = resource.getrlimit(resource.RLIMIT_AS)[1]
room = rest["room"] if most == resource.RLIM_INFINITY else min(rest["room"], most)
resource.setrlimit(resource.RLIMIT_AS, (room, most))
"""
_SHEETS = """
import fastexcel
try:
    book = fastexcel.read_excel(path)
    wanted = [name for name in book.sheet_names if rest["sheet"] in (None, name)]
    print(json.dumps([name for name in wanted if book.load_sheet(name, n_rows=1).height]))
except BaseException:
    print("null")
"""
_PARQUET = """
import polars as pl
try:
    pl.scan_parquet(path, glob=False).select(pl.all().null_count()).collect(engine="streaming")
except BaseException:
    pass
"""
_GIBIBYTE = 1024**3
_TIMES = 50  # a workbook of so many bytes of memory to a byte of file is hardly anybody's


def sheets_with_rows(path: Path, name: str, sheet: str | None) -> list[str] | None:
    """The sheets that have rows, of all or of the one that is given; None where they cannot be read.

    Raises
    ------
    DataError : reading them needs a gibibyte and more than the file's size suggests, or aborts
    """
    room = _GIBIBYTE + _TIMES * path.stat().st_size
    done = _tried(_START + _SHEETS, path, {"room": room, "sheet": sheet})
    if done.returncode:
        raise fault("workbook_aborts", file=name)
    found: list[str] | None = json.loads(done.stdout)
    return found


def check_parquet(path: Path, name: str) -> None:
    """Raise DataError where reading the file aborts; whatever else is wrong with it shows when it is read."""
    room = max(2 * _GIBIBYTE, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    if _tried(_START + _PARQUET, path, {"room": room}).returncode:
        raise fault("parquet_aborts", file=name)


def _tried(program: str, path: Path, rest: dict[str, Any]) -> "subprocess.CompletedProcess[str]":
    # -P: what lies in the working folder is no part of the program.
    command = [sys.executable, "-P", "-c", program, str(path.absolute()), json.dumps(rest)]
    environment = {**os.environ, "RUST_BACKTRACE": "0"}
    return subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
