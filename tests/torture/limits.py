"""Runs with too little of something: streams, memory, files, time, a folder. Each has a code and a sentence."""

import gzip
import signal
import subprocess
from dataclasses import dataclass, field

from tests.reporting.conftest import EXPORT, LOG, SHOW
from tests.torture.workplace import Workplace

DYING = "import os, signal\nos.write(2, b'memory allocation of 99 bytes failed\\n')\nos.kill(os.getpid(), signal.{})"

SMALL_DISK = "mount -t tmpfs -o size=16k none {folder}/tmp;"


@dataclass(frozen=True)
class Case:
    """What a run lacks, the code with which it ends, and what it says."""

    name: str
    code: int
    says: str = ""
    before: str = ""
    cells: tuple[str, ...] = (SHOW, EXPORT)
    given: dict[str, object] = field(default_factory=dict)
    options: tuple[str, ...] = ("--force",)


CASES = (
    Case("standard output is closed", 0, "making the page", "exec >&-;"),
    Case("standard error is closed", 0, "", "exec 2>&-;"),
    Case("all three streams are closed", 0, "", "exec <&- >&- 2>&-;"),
    Case("standard output is full", 0, "standard output cannot be written to (No space left", "exec >/dev/full;"),
    Case("standard error is full", 0, "", "exec 2>/dev/full;"),
    Case(
        "nobody reads standard output",
        0,
        "standard output cannot be written to (Broken pipe)",
        given={"stdout": "broken"},
    ),
    Case("nobody reads standard error", 0, "", given={"stderr": "broken"}),
    Case("closed standard error, bad parameters", 2, "", "exec 2>&-;", options=("-p", "horizn=1")),
    Case("TMPDIR is full", 0, "making the page", f"{SMALL_DISK} head -c 16384 /dev/zero >{{folder}}/tmp/full;"),
    Case(
        "TMPDIR has 16 KB, and 60 KB are to be unpacked",
        2,
        "No space left on device",
        SMALL_DISK,
        options=("--force", "-p", "source={folder}/large.csv.gz"),
    ),
    Case("TMPDIR is not there", 0, "making the page", "export TMPDIR=/nowhere;"),
    Case(
        "TMPDIR has a path of 120 characters",
        0,
        "making the page",
        f"export TMPDIR={{folder}}/{'x' * 100}; mkdir -p $TMPDIR;",
    ),
    Case("working directory that nobody can write to", 0, "making the page", "cd /proc;"),
    Case(
        "working directory is gone",
        2,
        "The working directory is not there any more",
        "mkdir gone; cd gone; rmdir ../gone;",
    ),
    Case("ulimit -v 4 GB", 2, "The limit on addresses", "ulimit -v 4000000;"),
    Case("ulimit -n 20", 2, "The limit on open files is 20", "ulimit -n 20;"),
    Case("ulimit -n 128", 0, "making the page", "ulimit -n 128;"),
    Case("ulimit -f 1", 2, "the limit on the size of a file is too low", "ulimit -f 1;"),
    Case("ulimit -St 3", 128 + signal.SIGXCPU, "stopped by the limit on processor time", "ulimit -St 3;"),
    Case("--timeout 3", 124, "timed out after 3 s", options=("--force", "--timeout", "3")),
    Case("--timeout inf", 2, "not in the range", options=("--timeout", "inf")),
    Case(
        "nohup: SIGHUP is ignored and stays so", 0, "making the page", "trap '' HUP;", given={"send": signal.SIGHUP}
    ),
    Case(
        "kernel is killed",
        138,
        "ended by SIGKILL, which most often is want of memory",
        cells=(DYING.format("SIGKILL"),),
    ),
    Case(
        "kernel aborts", 138, "It said last: memory allocation of 99 bytes failed", cells=(DYING.format("SIGABRT"),)
    ),
    Case("cell wants 7 PB", 1, "Give the run more memory", cells=("import numpy\nnumpy.ones(10**15)",)),
)


def limited(workplace: Workplace, case: Case) -> None:
    """Run a case and hold it to its code and its sentence; nothing is left over but the failed run's notebook."""
    workplace.use(*case.cells)
    given = dict(case.given)
    send = given.pop("send", None)
    for stream in [name for name, value in given.items() if value == "broken"]:
        given[stream] = subprocess.Popen(["true"], stdin=subprocess.PIPE).stdin
    before, *options = (text.replace("{folder}", str(workplace.folder)) for text in (case.before, *case.options))
    process = workplace.start(*options, before=before, **given)
    if send:
        process.stderr.readline()
        process.send_signal(send)
    _, stderr = process.communicate()
    if case.before.startswith(SMALL_DISK):
        subprocess.run(["umount", workplace.temporary], check=True)
    code = process.returncode if process.returncode >= 0 else 128 - process.returncode
    assert code == case.code, (case.name, code, stderr)
    assert case.says in (stderr or ""), (case.name, stderr)
    assert "Traceback" not in (stderr or ""), (case.name, stderr)
    long = "x" * 100
    left = [found for found in workplace.left_over() if found not in {"reports/tiny/failed", long}]
    assert left == [], (case.name, left)
    workplace.assert_no_process()


def limits(workplace: Workplace) -> str:
    """Every case, as the rows of a table that is printed."""
    (workplace.folder / "large.csv.gz").write_bytes(gzip.compress((LOG + LOG.partition("\n")[2] * 20).encode()))
    workplace.own.add("large.csv.gz")
    print("| what a run lacks | code | says |\n| --- | --- | --- |", flush=True)
    for case in CASES:
        limited(workplace, case)
        print(f"| {case.name} | {case.code} | {case.says} |", flush=True)
    return f"{len(CASES)} cases, each with its code and its sentence; nothing is left but the failed run's notebook"
