"""From parameters to a published folder: read, run the notebook, make the page, publish whole or not at all."""

import json
import logging
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import nbformat

from clvlab import notebook_files
from clvlab.editions import folder_of
from clvlab.errors import ParamsError
from clvlab.frames import TransactionLog
from clvlab.inputs import Snapshot, check_refused, fingerprint, hand_over, log_sources, read_source, table_sources
from clvlab.judged import last_judgement
from clvlab.label_history import CUSTOMERS_FILE, LabelledRun, enter
from clvlab.lock import locked
from clvlab.params import (
    DUE_LISTS,
    LOG_FOLDER,
    PREDECESSOR,
    PSEUDONYM_KEY,
    RUN_FOLDER,
    CompareParams,
    ReportParams,
    RunParams,
    strategy_name,
)
from clvlab.period_ends import shifted
from clvlab.playbook.series import DUE
from clvlab.preflight import check_run
from clvlab.reporting import manifest
from clvlab.reporting.archive import Series, explained
from clvlab.reporting.execution import Writable, environment_of, execute
from clvlab.reporting.index import write_indices
from clvlab.reporting.pseudonym_key import found_or_made
from clvlab.reporting.stopping import Stopped, interruptible
from clvlab.reporting.temporary import temporary_files_in, temporary_folder

logger = logging.getLogger("clvlab")

NOTEBOOKS: dict[type[RunParams], str] = {
    ReportParams: "segmentation_report.ipynb",
    CompareParams: "strategy_comparison.ipynb",
}

NOTEBOOK = "report.ipynb"
"""The executed notebook, one for each edition, in all its languages."""
_KINDS = {"report": "segmentation reports", "comparison": "comparisons of strategies"}


@dataclass(frozen=True)
class Run:
    """A finished run: its page, whether it was made just now, what each section cost, which inputs had changed."""

    report: Path
    is_new: bool
    sections: list[dict[str, Any]]
    changed: tuple[str, ...] = ()


class _CellLog:
    """Takes what cells write to stderr and logs it, line by line; a progress bar's rewriting stays out."""

    def write(self, text: str) -> None:
        for line in text.splitlines():
            if line.strip() and "\r" not in text:
                logger.info(line)

    def flush(self) -> None:
        """Nothing is held back."""


def run(params: RunParams, *, force: bool = False, stderr: Writable | None = None) -> Run:
    """Publish the report that `params` ask for, unless the published one was made from the same inputs.

    Parameters
    ----------
    params
        ReportParams or CompareParams
    force
        run even so
    stderr
        given what the notebook's cells write to stderr; logged line by line otherwise

    Raises
    ------
    ClvlabError, LockedError, NotebookError, KernelDiedError, Stopped : nothing was published; a ClvlabError that
        follows from parameters, log and attributes alone comes before the notebook starts
    """
    with prepared(params) as series:
        try:
            done = make(params, series, notebook_of(type(params)), force=force, stderr=stderr)
        except (Exception, Stopped) as error:
            settle(series, params, str(error) or type(error).__name__)
            raise
        settle(series, params)
        retain(series, params)
        return done


@contextmanager
def prepared(params: RunParams) -> Iterator[Series]:
    """The series of a run, in which nobody else is at work, and nothing is left of runs that were killed."""
    series = Series(params.folder)
    with interruptible(None), explained(params.folder):
        params.folder.mkdir(parents=True, exist_ok=True)
        with locked(params.folder):
            series.refuse_foreign(params.as_of)
            series.mend()
            yield series


def settle(series: Series, params: RunParams, failure: str | None = None) -> None:
    """Have all that is about a whole series speak of what is published in it, and of why the run of a day failed.

    A series in which nothing is published has no pages yet.
    """
    if failure is None:
        series.forget_failed(params.as_of)
    if not series.days():
        return
    if failure is not None:
        series.note_failed(params.as_of, failure)
    series.point_latest()
    if isinstance(params, ReportParams):
        enter(series.folder, _labelled(series))
    write_indices(series, params)


def retain(series: Series, params: RunParams) -> None:
    """Remove the oldest reports of a series beyond as many as it keeps, but not the one of the run's own day.

    What is not a report of ours stays, and so do the groups of customers in the history of the series, which has to
    be settled before.
    """
    if not isinstance(params, ReportParams) or params.keep is None:
        return
    own = series.published(params.as_of)
    beyond = [folder for folder in reports_in(series)[params.keep :] if folder != own]
    for folder in beyond:
        series.retire(folder)
        logger.info("removed %s: `keep: %d`", folder, params.keep)
    if beyond:
        settle(series, params)


def reports_in(series: Series) -> list[Path]:
    """The folders of the published reports of a series, newest first; not what a link leads to."""
    return [day for day in series.days() if not day.is_symlink() and manifest.kind_of(day) == ReportParams.kind]


def _labelled(series: Series) -> Iterator[LabelledRun]:
    """The published reports of a series whose customers are there."""
    for folder in series.days():
        key, given, customers = manifest.key_of(folder), manifest.parameters_of(folder), folder / CUSTOMERS_FILE
        if key and "strategy" in given and customers.is_file():
            day, strategy = date.fromisoformat(folder.name), strategy_name(given["strategy"])
            yield LabelledRun(day, key, strategy, customers)


def notebook_of(kind: type[RunParams]) -> Path:
    """The notebook that serves parameters of this kind."""
    return notebook_files.folder() / NOTEBOOKS[kind]


def make(
    params: RunParams, series: Series, notebook: Path, *, force: bool = False, stderr: Writable | None = None
) -> Run:
    """Publish one run of a series that is prepared, unless the published one was made from the same inputs."""
    with (
        interruptible(None),
        explained(params.folder),
        temporary_folder() as private,
        temporary_files_in(private),
    ):
        return _make(params, series, notebook, force, stderr or _CellLog())


def is_up_to_date(params: RunParams, series: Series, notebook: Path) -> bool:
    """Whether the published run was made from the same inputs, as its files tell without the log being read."""
    return _is_up_to_date(params, series, notebook, _Read.now(params, series))


def _is_up_to_date(params: RunParams, series: Series, notebook: Path, read: "_Read") -> bool:
    target = series.published(params.as_of)
    rows = manifest.rows_read(target, read.of_log.digests)
    return rows is not None and manifest.is_current(target, _inputs(params, series, notebook, read, rows).key)


@dataclass(frozen=True)
class _Read:
    """What a run reads, as it is at one moment: the files of its log, all others, and the key of pseudonyms.

    `lists` are the due lists of earlier reports, oldest first.
    """

    of_log: Snapshot
    others: Snapshot
    secret: str | None
    lists: tuple[Path, ...]

    @classmethod
    def now(cls, params: RunParams, series: Series) -> "_Read":
        secret = found_or_made(params) if isinstance(params, ReportParams) else None
        return cls(
            Snapshot.of(log_sources(params)), Snapshot.of(table_sources(params)), secret, _due_lists(params, series)
        )


def _make(params: RunParams, series: Series, notebook: Path, force: bool, stderr: Writable) -> Run:
    started, clock = datetime.now(UTC), perf_counter()
    read, params = _Read.now(params, series), params.of_one_run()
    _refuse_other_kind(params, series)
    target = series.published(params.as_of)
    up_to_date = Run(target / "report.html", is_new=False, sections=[])
    if not force and _is_up_to_date(params, series, notebook, read):
        logger.info("up to date")
        return up_to_date
    logger.info("reading %s", ", ".join(params.sources))
    log = read_source(params)
    check_refused(log, params)
    read.of_log.refuse_changes()
    inputs = _inputs(params, series, notebook, read, manifest.rows_of(params, log))
    if not force and manifest.is_current(target, inputs.key):
        manifest.note_files(target, read.of_log.digests)
        logger.info("up to date")
        return up_to_date
    params = params.settled(has_amounts=log.has_amounts)
    check_run(params, log)
    if changed := manifest.changed(target, inputs):
        logger.info("out of date: %s changed since it was made", ", ".join(changed))
    _tell_replaced(params, target)
    earlier, predecessor = _earlier(params, series), _predecessor(params, series, inputs, log)
    with _staged(series, params) as staged:
        (staged / "params.yaml").write_text(params.to_yaml(), encoding="utf-8")
        environment = {
            PSEUDONYM_KEY: read.secret or "",
            PREDECESSOR: str(predecessor or ""),
            DUE_LISTS: json.dumps([str(path.resolve()) for path in read.lists]),
        }
        _execute(notebook, staged, params, log, environment, stderr)
        read.others.refuse_changes()
        _write_pages(staged, params, earlier)
        account = manifest.Account(started, perf_counter() - clock, _take_measurements(staged))
        manifest.write(staged, inputs, log, read.of_log.digests, account, _taken(params, predecessor))
    series.publish(staged, params.as_of)
    return Run(target / "report.html", is_new=True, sections=account.sections, changed=changed)


def _inputs(
    params: RunParams, series: Series, notebook: Path, read: _Read, rows: Mapping[str, Any]
) -> manifest.Inputs:
    """The inputs of a run by a notebook over a log with these rows."""
    params = params.of_one_run().settled(has_amounts=rows["has_amounts"])
    earlier = _earlier(params, series)
    return manifest.Inputs.of(
        params,
        read.others.digests if params.known_until else {**read.of_log.digests, **read.others.digests},
        rows,
        notebook,
        None if earlier is None else series.published(earlier),
        read.secret,
        last_judgement(params) if isinstance(params, ReportParams) else None,
        read.lists,
    )


def _due_lists(params: RunParams, series: Series) -> tuple[Path, ...]:
    """The due lists of the earlier reports of a series that holds customers back, of those that it will keep."""
    if not isinstance(params, ReportParams) or not params.every or not params.control_share:
        return ()
    earlier = [folder for folder in reports_in(series) if date.fromisoformat(folder.name) < params.as_of]
    kept = earlier if params.keep is None else earlier[: params.keep - 1]
    return tuple(folder / DUE for folder in reversed(kept) if (folder / DUE).is_file())


def _earlier(params: RunParams, series: Series) -> date | None:
    """The published day before, to which the page has a link; None for a report of a series.

    That one is the same whichever others are there.
    """
    return None if params.known_until else series.before(params.as_of)


def _predecessor(params: RunParams, series: Series, inputs: manifest.Inputs, log: TransactionLog) -> Path | None:
    """The published report of the period before, where it has customers and is as a run of that day would make it."""
    if params.known_until is None:
        return None
    day = shifted(params.period, params.as_of, -1)
    folder = series.published(day)
    is_there = manifest.is_alike(folder, inputs, day, fingerprint(log, day)) and (folder / CUSTOMERS_FILE).is_file()
    return folder.resolve() if is_there else None


def _taken(params: RunParams, predecessor: Path | None) -> str | None:
    """How what is told of the period before came into the report; None where it is not one of a series."""
    if params.known_until is None:
        return None
    return "recomputed" if predecessor is None else "published"


def _refuse_other_kind(params: RunParams, series: Series) -> None:
    """Raise ParamsError where reports of another kind are published under this name: they would be overwritten."""
    kinds = (manifest.kind_of(folder) for folder in series.days())
    there = next((kind for kind in kinds if kind is not None), None)
    if there not in (None, params.kind):
        raise ParamsError(
            f"{series.folder} holds {_KINDS[there]}, and this run is one of {_KINDS[params.kind]}. "
            f"Give it another name, such as `name: {params.name}_{params.kind}`."
        )


def _tell_replaced(params: RunParams, target: Path) -> None:
    """Say with which parameters the day's published run was made, where this one's are others: it takes its place."""
    there, here = manifest.parameters_of(target), params.to_dict()
    others = [name for name in here if name != "output" and there.get(name, here[name]) != here[name]]
    if others:
        changes = ", ".join(f"`{name}: {there[name]}` -> `{here[name]}`" for name in others)
        logger.warning(
            f"takes the place of the run published in {target}, made with other parameters ({changes}). "
            f"To keep both, give one of them another name, such as `name: {params.name}_{params.lang}`."
        )


@contextmanager
def _staged(series: Series, params: RunParams) -> Iterator[Path]:
    """A staging folder; what is still in it when the run fails is kept as failed."""
    staged = series.stage(params.as_of)
    try:
        yield staged
    except (Exception, Stopped) as error:
        kept = series.keep_failed(staged, params.as_of, str(error) or type(error).__name__)
        logger.info("the failed run's notebook is kept in %s", kept)
        raise


def _execute(
    notebook: Path,
    staged: Path,
    params: RunParams,
    log: TransactionLog,
    environment: Mapping[str, str],
    stderr: Writable,
) -> None:
    """Run the notebook over the log, which lies in a folder of its own as long as the kernel lives."""
    whole = staged.resolve()
    with tempfile.TemporaryDirectory(prefix="log-", dir=whole) as handed_over:
        hand_over(log, params, Path(handed_over))
        execute(
            notebook,
            staged / NOTEBOOK,
            params.to_dict(),
            environment={RUN_FOLDER: str(whole), LOG_FOLDER: handed_over, **environment},
            on_cell=lambda source: logger.info("running %s", source.strip().partition("\n")[0]),
            stderr=stderr,
        )


def _write_pages(staged: Path, params: RunParams, earlier: date | None) -> None:
    """Make every page of the executed notebook, and each edition's notebook without what differs from run to run."""
    from clvlab.reporting.excerpts import of_edition
    from clvlab.reporting.exporter import Around, ReportExporter

    executed = nbformat.read(staged / NOTEBOOK, as_version=4)
    for view in params.views:
        logger.info("making %s", view.path)
        around = Around.of(staged, view, params.views, earlier)
        with environment_of({"TZ": "UTC"}):
            html, _ = ReportExporter().from_notebook_node(executed, {"view": view, "around": around})  # type: ignore[no-untyped-call]
        (staged / view.folder).mkdir(exist_ok=True)
        (staged / view.path).write_text(html, encoding="utf-8")
    timeless = _timeless(executed)
    for edition in params.editions:
        nbformat.write(of_edition(timeless, edition), staged / folder_of(edition, params.editions) / NOTEBOOK)


def _timeless(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook without times, paths, random ids and streams."""
    parameters = notebook.metadata.papermill.parameters
    notebook.metadata.papermill = {"parameters": parameters}
    for place, cell in enumerate(notebook.cells):
        cell.id = f"cell-{place}"
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if output.output_type != "stream"]
    return notebook


def _take_measurements(staged: Path) -> list[dict[str, Any]]:
    """What each section cost, as the notebook left it; taken out of what is published."""
    path = staged / "measurements.json"
    if not path.exists():
        return []
    sections: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    path.unlink()
    return sections
