"""A folder with a small log and a small notebook, in which runs are started, killed and looked after."""

import ctypes
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil

from clvlab.reporting.manifest import is_current
from tests.reporting.conftest import EXPORT, LOG, SHOW, TINY_RUN, notebook
from tests.torture.killed_run import NEVER, publish_and_die

ROOT = Path(__file__).parents[2]
_SET_CHILD_SUBREAPER = 36
_PATIENCE_SECONDS = 5.0


def adopt_orphans() -> None:
    """Have this process inherit what a killed run leaves behind: nothing may rely on init's doing so."""
    ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1)


class Workplace:
    """Where runs stand, and what is found there: each method says one thing that must hold."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.temporary = folder, folder / "tmp"
        self.temporary.mkdir(parents=True)
        (folder / "log.csv").write_text(LOG, encoding="utf-8")
        self.params("tiny")
        self.use(SHOW, EXPORT)
        self.own = {path.name for path in folder.iterdir()} | {"reports"}

    def use(self, *cells: str) -> None:
        """Let runs use a notebook of these cells."""
        nbformat.write(notebook(*cells), self.folder / "tiny.ipynb")

    def params(self, name: str) -> None:
        """Write a params file of this name; what it names is found from every working directory."""
        text = f"source: {self.folder / 'log.csv'}\nas_of: 2024-08-31\noutput: {self.folder / 'reports'}\n"
        (self.folder / f"{name}.yaml").write_text(f"name: {name}\n{text}", encoding="utf-8")

    def start(self, *options: str, name: str = "tiny", program: Path = TINY_RUN, **given: object) -> subprocess.Popen:
        """Start a run; `given` are options of Popen, and what the shell does `before`."""
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
            "TMPDIR": str(self.temporary),
            "TINY_NOTEBOOK": str(self.folder / "tiny.ipynb"),
        }
        command = [sys.executable, str(program), "report", str(self.folder / f"{name}.yaml"), *options]
        usual = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": self.folder}
        shell = ["sh", "-c", f'{given.pop("before", "")} exec "$@"', "sh"]
        return subprocess.Popen([*shell, *command], env=environment, text=True, **{**usual, **given})

    def seconds_of_a_run(self) -> float:
        """Publish once, and say how long that takes."""
        clock = time.monotonic()
        process = self.start("--force")
        _, stderr = process.communicate()
        assert process.returncode == 0, stderr
        return time.monotonic() - clock

    def page(self, name: str = "tiny") -> bytes:
        """The published page, which is as its manifest has it."""
        folder = self.folder / "reports" / name / "latest"
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        assert is_current(folder, manifest["key"]), "the published run is damaged"
        return (folder / "report.html").read_bytes()

    def published_at(self) -> int:
        """When the published run was written, in nanoseconds."""
        return (self.folder / "reports" / "tiny" / "latest" / "manifest.json").stat().st_mtime_ns

    def assert_no_process(self) -> None:
        """No kernel outlives its run."""
        end = time.monotonic() + _PATIENCE_SECONDS
        while alive := [child for child in psutil.Process().children() if self._is_ours(child)]:
            assert time.monotonic() < end, f"a kernel outlives its run: {alive}"
            time.sleep(0.05)

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                os.waitpid(process.pid, os.WNOHANG)
                return False
            return any(str(self.folder) in argument for argument in process.cmdline())
        except (psutil.NoSuchProcess, ChildProcessError):
            return False

    def left_over(self, name: str = "tiny") -> list[str]:
        """What lies about that no finished run leaves."""
        series = self.folder / "reports" / name
        ours = {".lock", "2024-08-31", "latest", "index.html"}
        found = list(self.temporary.iterdir())
        found += [path for path in self.folder.iterdir() if path.name not in self.own and path.suffix != ".yaml"]
        found += [path for path in series.iterdir() if path.name not in ours] if series.exists() else []
        return [str(path.relative_to(self.folder)) for path in found]

    def mend(self, name: str = "tiny") -> None:
        """The next run finds the report up to date, or publishes it, and clears what is left."""
        process = self.start(name=name)
        stdout, stderr = process.communicate()
        assert (process.returncode, stdout.strip()) == (
            0,
            str(self.folder / "reports" / name / "2024-08-31" / "report.html"),
        ), stderr
        self.page(name)
        assert self.left_over(name) == [], self.left_over(name)
        index = (self.folder / "reports" / name / "index.html").read_text(encoding="utf-8")
        assert 'href="2024-08-31/report.html"' in index


def kill_at_random(workplace: Workplace, count: int, chance: random.Random) -> str:
    """Kill -9 forced runs at moments spread over a whole run, and see what each leaves; the next run clears it."""
    length = workplace.seconds_of_a_run()
    page, ended, littered = workplace.page(), 0, 0
    for turn in range(count):
        process = workplace.start("--force")
        time.sleep(chance.uniform(0, 1.1 * length))
        process.kill()
        process.communicate()
        assert process.returncode in {0, -signal.SIGKILL}, process.returncode
        workplace.assert_no_process()
        assert workplace.page() == page, f"kill {turn}: another page"
        ended += process.returncode == 0
        littered += bool(workplace.left_over())
        if turn % 10 == 9:
            workplace.mend()
    workplace.mend()
    return (
        f"{count} kills, {ended} of them after the end; {littered} left files behind, the next run cleared them all"
    )


SIGNALS = {
    signal.SIGTERM: "SIGTERM",
    signal.SIGINT: "Ctrl-C",
    signal.SIGHUP: "SIGHUP",
    signal.SIGQUIT: "SIGQUIT",
}


def signal_at_random(workplace: Workplace, count: int, chance: random.Random) -> str:
    """Signal runs at moments spread over a whole run: its code, its sentence, and nothing left but the failed run."""
    length = workplace.seconds_of_a_run()
    page, said, ended, early = workplace.page(), 0, 0, 0
    for turn in range(count):
        number, name = list(SIGNALS.items())[turn % len(SIGNALS)]
        published = workplace.published_at()
        process = workplace.start("--force")
        time.sleep(chance.uniform(0, 1.1 * length))
        process.send_signal(number)
        _, stderr = process.communicate()
        if process.returncode == 128 + number:
            assert stderr.rstrip().endswith(f"stopped by {name}"), stderr
            assert set(workplace.left_over()) <= {"reports/tiny/failed"}, workplace.left_over()
            said += 1
        else:  # before clvlab has begun, or after it has published
            is_published = workplace.published_at() > published
            assert is_published or "clvlab:" not in stderr, (process.returncode, stderr)
            assert process.returncode in {0, -number, 1}, (process.returncode, stderr)
            ended += is_published
            early += not is_published
        workplace.assert_no_process()
        assert workplace.page() == page
    workplace.mend()
    rest = f"{early} came before the first line, {ended} after publication"
    return f"{count} signals: {said} runs said which and ended with 128 + its number; {rest}"


def kill_at_publishing(workplace: Workplace, count: int) -> str:
    """Kill -9 runs just before each of the system calls by which they publish, in turn, until there are no more."""
    assert publish_and_die(workplace.folder, NEVER) == 0
    kills = step = 0
    while kills < count:
        code = publish_and_die(workplace.folder, step)
        assert code in {0, -signal.SIGKILL}, code
        step, kills = (step + 1, kills + 1) if code else (0, kills)
        workplace.page()
        assert publish_and_die(workplace.folder, NEVER, "--force" if kills % 2 else "") == 0
        workplace.page()
        assert workplace.left_over() == [], workplace.left_over()
    return f"{kills} kills at publishing system calls, one after the other; each left the old run or the new one"


def run_together(workplace: Workplace, names: int, starts: int, **given: object) -> str:
    """Start runs of several names at once, each so often; of one name one publishes, the others find its lock."""
    started = []
    for number in range(names):
        workplace.params(f"run{number}")
        started += [(f"run{number}", workplace.start(name=f"run{number}", **given)) for _ in range(starts)]
    codes: dict[str, list[int]] = {}
    for name, process in started:
        _, stderr = process.communicate()
        assert process.returncode in {0, 75}, (process.returncode, stderr)
        codes.setdefault(name, []).append(process.returncode)
    pages = {workplace.page(name).replace(name.encode(), b"") for name in codes}
    assert len(pages) == 1, "runs that stand next to each other differ"
    assert all(0 in found for found in codes.values()), codes
    assert not [left for name in codes for left in workplace.left_over(name)]
    done = sum(found.count(0) for found in codes.values())
    rest = names * starts - done
    return f"{names} names x {starts}: {done} published or up to date, {rest} found the lock; all pages are equal"
