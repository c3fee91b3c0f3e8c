"""A series of reports, one of each period between two days: what is missing or out of date is made.

Each report is made by a process of its own, which ends with this one, several at a time. A report whose predecessor
is published reads it; where several are made at once, one that begins a stretch computes what its predecessor would
have said.
"""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from clvlab.errors import ClvlabError, ParamsError
from clvlab.params import ReportParams
from clvlab.period_ends import Every, end_of, ends, shifted
from clvlab.progress import progress_bar
from clvlab.reporting.archive import Series
from clvlab.reporting.execution import KernelDiedError, NotebookError
from clvlab.reporting.runner import (
    is_up_to_date,
    make,
    notebook_of,
    prepared,
    reports_in,
    retain,
    settle,
)
from clvlab.reporting.stopping import Stopped
from clvlab.reporting.tied_kernel import tie_to

_BEFORE_KILLING = 10.0
"""Seconds that a process has to put its things away when all is stopped."""


@dataclass(frozen=True)
class Backfilled:
    """What became of every period.

    Attributes
    ----------
    index : the page of the series
    made, kept : days of reports that were made, and of those that were up to date
    failed : day -> why there is none, or no new one
    """

    index: Path
    made: list[date] = field(default_factory=list)
    kept: list[date] = field(default_factory=list)
    failed: dict[date, str] = field(default_factory=dict)


def backfill(
    params: ReportParams,
    first: date,
    last: date,
    *,
    jobs: int = 1,
    force: bool = False,
    progress: bool | None = None,
    told: Callable[[str], None] = lambda _: None,
) -> Backfilled:
    """Publish the reports of all periods that end between two days.

    A period that fails is told and does not keep the others from being made. Where the series keeps its newest
    reports alone, those that would be beyond them are not made, and those that are go once all others are made.

    Parameters
    ----------
    params
        of a report of the series, of whatever day
    first, last
        the days between which the periods end, both included
    jobs
        how many reports are made at once; one where the series holds customers back
    force
        make those that are up to date as well
    progress
        show a progress bar on stderr; None shows it on a terminal, and in a notebook as a widget
    told
        is given a line for every period

    Raises
    ------
    ParamsError : the parameters are not of a series, or no period ends between the days
    LockedError, OutputError, Stopped : what is published by then stays
    """
    days = _days(params, first, last)
    with prepared(params) as series, progress_bar(len(days), "reports", shown=progress) as bar:
        done = Backfilled(series.folder / "index.html")
        days, beyond = _kept(params, series, days)
        if beyond:
            told(f"{beyond[0]} to {beyond[-1]}: not made, as the series keeps its newest {params.keep} reports")
            bar.update(len(beyond))
        for day, found in _each(params, series, days, jobs, force):
            told(_account(done, day, found))
            settle(series, params.model_copy(update={"as_of": day}), found.reason)
            bar.update()
        # Not before: a report that is being made may read one that is to go.
        if done.made or done.kept:
            retain(series, params.model_copy(update={"as_of": days[-1]}))
    return done


def _days(params: ReportParams, first: date, last: date) -> list[date]:
    """The ends of the periods between two days."""
    if params.every is None:
        raise ParamsError("`every` is missing: say how often the report is made, as in `every: month`.")
    days = list(ends(params.every, first, last))
    if not days:
        end = end_of(params.every, first)
        raise ParamsError(f"No {params.every} ends between {first} and {last}. The next one ends on {end}.")
    return days


def _kept(params: ReportParams, series: Series, days: list[date]) -> tuple[list[date], list[date]]:
    """The days whose reports the series keeps, and those that would be older than all that it keeps."""
    if params.keep is None:
        return days, []
    published = {date.fromisoformat(folder.name) for folder in reports_in(series)}
    oldest = sorted({*days, *published})[-params.keep :][0]
    return [day for day in days if day >= oldest], [day for day in days if day < oldest]


def _account(done: Backfilled, day: date, found: "_Found") -> str:
    """Enter what became of a day, and say it."""
    if found.reason is not None:
        done.failed[day] = found.reason
        return f"{day}: {found.reason}"
    (done.made if found.is_new else done.kept).append(day)
    why = f", as {' and '.join(found.changed)} changed" if found.changed else ""
    return f"{day}: {'made' if found.is_new else 'up to date'}{why}"


@dataclass(frozen=True)
class _Found:
    """How a process ended: whether its report is new, which inputs had changed; or why there is none."""

    is_new: bool = False
    changed: tuple[str, ...] = ()
    reason: str | None = None


def _each(
    params: ReportParams, series: Series, days: Sequence[date], jobs: int, force: bool
) -> Iterator[tuple[date, _Found]]:
    """Each day with what became of it: at once where it is up to date, else as processes end, `jobs` at a time.

    Where customers are held back, each report follows the lists of those before it, and they are made one by one.
    """
    assert params.every is not None
    follows, notebook = params.control_share > 0, notebook_of(type(params))
    waiting: list[date] = []
    for day in days:
        if (
            not force
            and not (follows and waiting)
            and is_up_to_date(params.model_copy(update={"as_of": day}), series, notebook)
        ):
            yield day, _Found()
        else:
            waiting.append(day)
    working = _Working(params, notebook, force)
    with working.ended():
        while waiting or working.processes:
            while waiting and len(working.processes) < (1 if follows else jobs):
                day = next_day(waiting, [day for day, _ in working.processes.values()], params.every)
                waiting.remove(day)
                working.start(day)
            yield from working.finished()


def next_day(waiting: Sequence[date], at_work: Sequence[date], every: Every) -> date:
    """The first day whose predecessor nobody is about to make; else the middle of the longest stretch that waits.

    >>> month = [date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31), date(2024, 4, 30)]
    >>> next_day(month, [], "month").isoformat(), next_day(month[1:], month[:1], "month").isoformat()
    ('2024-01-31', '2024-03-31')
    """
    due = {*waiting, *at_work}
    free = [day for day in waiting if shifted(every, day, -1) not in due]
    if free:
        return free[0]
    stretches: list[list[date]] = []
    for day in waiting:
        if stretches and stretches[-1][-1] == shifted(every, day, -1):
            stretches[-1].append(day)
        else:
            stretches.append([day])
    longest = max(stretches, key=len)
    return longest[len(longest) // 2]


@dataclass(frozen=True)
class _Working:
    """The processes at work, each with its day, by the connection on which it tells how it ended."""

    params: ReportParams
    notebook: Path
    force: bool
    processes: dict[Connection, tuple[date, BaseProcess]] = field(default_factory=dict)

    def start(self, day: date) -> None:
        """Have a process make the report of a day."""
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe(duplex=False)
        params = self.params.model_copy(update={"as_of": day})
        given = (there, os.getpid(), params.to_dict(), self.notebook, self.force)
        process = context.Process(target=_work, args=given)
        process.start()
        there.close()
        self.processes[here] = (day, process)

    def finished(self) -> Iterator[tuple[date, _Found]]:
        """Those that have ended, when there are some."""
        for connection in wait(list(self.processes)):
            assert isinstance(connection, Connection)
            day, process = self.processes.pop(connection)
            try:
                found = connection.recv()
            except EOFError:
                found = None
            process.join()
            yield day, found or _Found(reason=f"its process ended with exit code {process.exitcode}")

    @contextmanager
    def ended(self) -> Iterator[None]:
        """Leave no process behind, however this one goes on."""
        try:
            yield
        finally:
            for _, process in self.processes.values():
                process.terminate()
            for _, process in self.processes.values():
                process.join(_BEFORE_KILLING)
                process.kill()


def _work(connection: Connection, parent: int, given: dict[str, Any], notebook: Path, force: bool) -> None:
    """Make one report, in a process that ends with the one that started it, and tell how that went."""
    tie_to(parent)  # which may be gone by now: asked of the system here, it could be another
    params = ReportParams(**given)
    try:
        done = make(params, Series(params.folder), notebook, force=force)
        connection.send(_Found(done.is_new, done.changed))
    except (ClvlabError, NotebookError, KernelDiedError, OSError, Stopped) as error:
        connection.send(_Found(reason=" ".join((str(error) or repr(error)).split())))
