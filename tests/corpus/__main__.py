"""Run `clvlab report` on everything that fights back: `python -m tests.corpus`.

Each run must publish (exit code 0), or refuse in words (2) within ten seconds of work; no process of it may take more
than a gibibyte. The table of all goes to standard output.
"""

import resource
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.corpus.bad_files import FILES, LAST, Bad, table
from tests.corpus.bad_params import PARAMS, PEOPLE

COMMAND = [sys.executable, "-c", "from clvlab.cli import main; main()", "report", "run.yaml"]
SLOWEST, LARGEST = 10.0, 1024.0


@dataclass(frozen=True)
class Run:
    """How a run ended: exit code, seconds of work and on the clock, MiB of its largest process, what it said last."""

    kind: str
    name: str
    code: int
    work: float
    clock: float
    memory: float
    said: str

    @property
    def is_right(self) -> bool:
        """Whether it published, or refused in words, soon, and within its limits."""
        in_time = self.code == 0 or (self.code == 2 and self.work < SLOWEST and "Traceback" not in self.said)
        return in_time and self.memory < LARGEST

    @property
    def row(self) -> str:
        """Its line of the table."""
        figures = f"{self.code} | {self.work:.1f} | {self.clock:.1f} | {self.memory:.0f}"
        return f"| {'' if self.is_right else '**'}{self.kind}: {self.name} | {figures} | {self.said} |"


# A process of its own for each, since the peak of memory is that of all children so far.
_MEASURED = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print("\\n", code, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, file=sys.stderr)
"""


def run(kind: str, name: str, folder: Path, *others: str) -> Run:
    """The report that `run.yaml` in the folder describes; what it says names neither this folder nor others."""
    begin = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, *COMMAND],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    clock = time.monotonic() - begin
    *said, figures = done.stderr.decode(errors="replace").strip().splitlines()
    code, work, memory = figures.split()
    refusal = [line for line in said if line.strip()] if code != "0" else []
    last = " ".join(refusal).replace("|", "\\|")
    for hidden in (str(folder), *others):
        last = last.replace(hidden, ".")
    return Run(kind, name, int(code), float(work), clock, float(memory), last[:300])


def runs():
    """Every run: files that are refused, params, and files that are read, which take the longest."""
    yield from (of_file(name, bad) for name, bad in FILES.items() if isinstance(bad.outcome, str))
    yield from (of_params(name, content) for name, (content, _) in PARAMS.items())
    yield from (of_file(name, bad) for name, bad in FILES.items() if isinstance(bad.outcome, int))


def of_file(name: str, bad: Bad) -> Run:
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as data:
        params = {"name": "bad", "source": bad.make(Path(data)), "as_of": LAST, "n_clusters": 2, **bad.settings}
        (Path(folder) / "run.yaml").write_text(yaml.safe_dump(params, allow_unicode=True), encoding="utf-8")
        return run("file", name, Path(folder), data)


def of_params(name: str, content: str | bytes) -> Run:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "log.csv").write_text(table(), encoding="utf-8")
        (Path(folder) / "people.csv").write_text(PEOPLE, encoding="utf-8")
        (Path(folder) / "run.yaml").write_bytes(content.encode() if isinstance(content, str) else content)
        return run("params", name, Path(folder))


def main() -> int:
    found: list[Run] = []
    print("| | exit | work, s | clock, s | MiB | says |\n| --- | ---: | ---: | ---: | ---: | --- |")
    with suppress(KeyboardInterrupt):
        for each in runs():
            found.append(each)
            print(each.row, flush=True)
    wrong, published = (sum(map(is_so, found)) for is_so in (lambda it: not it.is_right, lambda it: it.code == 0))
    every, refused = len(FILES) + len(PARAMS), len(found) - published
    print(f"\n{len(found)} of {every} runs: {published} published, {refused} refused, {wrong} wrong.")
    return wrong > 0


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.exit(main())
