"""The command line: `clvlab new`, `check`, `report`, `backfill`, `compare`, `label` and the others of `clvlab -h`.

Standard output carries what was asked for and nothing else, of a run the path of its report; all that is said on the
way goes to standard error.
Exit codes: 0 published or up to date, 1 the notebook failed, or a report of a backfill, 2 bad parameters or bad data,
75 another run holds the lock, or another system says to come later, 124 timed out, 138 the kernel died; 129, 130,
131, 143 and 152 stopped by SIGHUP,
Ctrl-C, SIGQUIT, SIGTERM or the limit on processor time. A standard stream that is closed, or whose reader has gone,
changes no exit code.
"""

import logging
import math
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from datetime import date
from functools import reduce
from pathlib import Path
from time import gmtime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from clvlab import __version__
from clvlab.errors import ClvlabError, TryLaterError

if TYPE_CHECKING:
    from clvlab.crm.protocol import Crm, TakesLabels
    from clvlab.params import ReportParams, RunParams
    from clvlab.wording import Language

logger = logging.getLogger("clvlab")

NOTEBOOK_FAILED, BAD_INPUT, LOCKED, INTERRUPTED, KERNEL_DIED = 1, 2, 75, 130, 138

_LONGEST_TIMEOUT = 366 * 24 * 3600.0

_Command = Callable[..., None]
_Params = TypeVar("_Params", bound="RunParams")


def _seconds(_context: click.Context, _option: click.Parameter, value: float | None) -> float | None:
    """Refuse what is not a number, which no range excludes."""
    if value is not None and math.isnan(value):
        raise click.BadParameter("give a number of seconds")
    return value


_RUN_OPTIONS: tuple[Callable[[_Command], _Command], ...] = (
    click.argument("params", type=click.Path(path_type=Path), metavar="PARAMS.yaml"),
    click.option("--as-of", metavar="DATE", help="The last day that counts, such as 1998-06-30."),
    click.option("-p", "overrides", metavar="NAME=VALUE", multiple=True, help="Set a parameter; VALUE is YAML."),
    click.option("--force", is_flag=True, help="Run even where the published report is up to date."),
    click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True, max=_LONGEST_TIMEOUT),
        callback=_seconds,
        metavar="SECONDS",
        help="Stop after SECONDS.",
    ),
    click.option("--log-format", type=click.Choice(["human", "json"]), default="human", show_default=True),
    click.option("-v", "--verbose", is_flag=True, help="Show what each section cost, in time and memory."),
    click.option("--debug", is_flag=True, help="Show the traceback of an error."),
)


def _run_options(command: _Command) -> _Command:
    return reduce(lambda decorated, option: option(decorated), reversed(_RUN_OPTIONS), command)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Whom to look after, how, and whether the grouping works.

    Begin with `clvlab new my-project --from orders.csv`, which lays out a folder to work in, or with `clvlab check
    orders.csv --write-params orders.yaml`; `cdnow`, an embedded log, serves for orders.csv. Then `clvlab report
    orders.yaml`. `clvlab backfill` makes a series of reports, `clvlab runs` lists what is
    published and what failed, `clvlab diff` compares two runs. `clvlab notebooks` gives the same to try by hand.
    """
    _open_streams()


@main.command()
@_run_options
def report(params: Path, **options: Any) -> None:
    """Publish the segmentation report that PARAMS.yaml describes."""
    from clvlab.params import ReportParams

    _publish(ReportParams, params, **options)


@main.command()
@_run_options
def compare(params: Path, **options: Any) -> None:
    """Publish the comparison of strategies that PARAMS.yaml describes."""
    from clvlab.params import CompareParams

    _publish(CompareParams, params, **options)


@main.command()
@click.argument("params", type=click.Path(path_type=Path), metavar="PARAMS.yaml")
@click.option("--from", "first", required=True, metavar="DATE", help="From which day on periods end.")
@click.option("--to", "last", required=True, metavar="DATE", help="Up to which day periods end.")
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Reports made at once.")
@click.option("-p", "overrides", metavar="NAME=VALUE", multiple=True, help="Set a parameter; VALUE is YAML.")
@click.option("--force", is_flag=True, help="Make reports that are up to date as well.")
@click.option("--log-format", type=click.Choice(["human", "json"]), default="human", show_default=True)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def backfill(
    params: Path,
    first: str,
    last: str,
    jobs: int,
    overrides: tuple[str, ...],
    force: bool,
    log_format: str,
    debug: bool,
) -> None:
    """Publish the reports of all periods that end between two days.

    PARAMS.yaml says with `every` how long a period is. Each report knows what was known at its end. What is up to
    date stays as it is, so the command goes on where it was stopped. Standard output carries the path of the page
    that lists the series. Exit code 1: a report could not be made; the others are.
    """
    from clvlab.reporting.stopping import interruptible
    from clvlab.reporting.surroundings import refuse_poor_surroundings

    _log_to_stderr(log_format)
    with _errors_told(debug), interruptible(None):
        refuse_poor_surroundings()
        from clvlab.params import ReportParams
        from clvlab.reporting.backfill import backfill
        from clvlab.units import parse_day

        days = parse_day("--from", first), parse_day("--to", last)
        given = _read_first(ReportParams.load(params, _given(None, overrides)), days[1])
        done = backfill(given, *days, jobs=jobs, force=force, told=logger.info)
        logger.info("%d made, %d up to date, %d failed", len(done.made), len(done.kept), len(done.failed))
        _say(done.index)
        if done.failed:
            sys.exit(NOTEBOOK_FAILED)


@main.command()
@click.argument("source")
@click.option("--attributes", is_flag=True, help="SOURCE is a table of attributes of customers, not a log.")
@click.option(
    "--lang",
    type=click.Choice(["en", "zh"]),
    help="Language of the findings and the report; else the headers'.",
)
@click.option("-p", "settings", metavar="NAME=VALUE", multiple=True, help="Set a key of the params, such as columns.")
@click.option(
    "--write-params",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a commented params file for `clvlab report` and `clvlab compare`.",
)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def check(
    source: str,
    attributes: bool,
    lang: "Language | None",
    settings: tuple[str, ...],
    write_params: Path | None,
    debug: bool,
) -> None:
    """Say what SOURCE holds, what of it would be refused and why, and whether a report can run.

    SOURCE is a log: a path, a glob, or the name of an embedded data set. With --attributes it is a table of what is
    known of customers apart from their purchases; to see how many customers of a log such a table meets, check the
    log with -p attributes=TABLE. Exit code 2: something is wrong or to be settled.
    """
    _log_to_stderr("human")
    with _errors_told(debug, lang or "en"):
        from clvlab.check import Check, check_attributes, check_source

        given = _given(None, settings)
        if attributes and write_params is not None:
            raise ClvlabError(
                "A params file needs a log. Check the log instead: "
                f"`clvlab check LOG -p attributes={source} --write-params {write_params}`."
            )
        found = (check_attributes if attributes else check_source)(source, lang, **given)
        _say(found.text())
        if isinstance(found, Check) and write_params is not None:
            _write_new(write_params, found.params_yaml())
            logger.info("try: clvlab report %s", write_params)
        if not found.verdict.is_ready:
            sys.exit(BAD_INPUT)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--from",
    "source",
    default="cdnow_sample",
    show_default=True,
    metavar="SOURCE",
    help="The log to work on: a path, a glob, or the name of an embedded data set.",
)
@click.option("--lang", type=click.Choice(["en", "zh"]), help="Language of all that is written; else the headers'.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def new(folder: Path, source: str, lang: "Language | None", debug: bool) -> None:
    """Lay out FOLDER to work in: parameters for a log, a playbook to edit, the notebooks, and where to begin.

    The log is looked at as by `clvlab check`, which says what is to be settled. FOLDER must not exist yet.
    Exit code 2: something is wrong with the log or to be settled.
    """
    _log_to_stderr("human")
    with _errors_told(debug, lang or "en"):
        from clvlab.workspace import contents, looked_at

        if folder.exists():
            raise ClvlabError(f"{folder} exists already. Name a folder that does not.")
        found = looked_at(folder, source, lang)
        _say(found.text())
        for path, text in contents(found):
            _write_new(folder / path, text)
        logger.info("try: cd %s && clvlab report params/%s.yaml", folder, found.params.name)
        if not found.verdict.is_ready:
            sys.exit(BAD_INPUT)


@main.command()
@click.argument("series", type=click.Path(path_type=Path))
@click.option("--lang", type=click.Choice(["en", "zh"]), help="Language of the tables; else that of the last report.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def effect(series: Path, lang: "Language | None", debug: bool) -> None:
    """Say what contacting customers brought: those on the due lists of SERIES against those held back.

    SERIES is the folder of published reports, such as reports/cdnow, that were made with a control_share. Each run's
    due list is followed to the next run.
    """
    _log_to_stderr("human")
    with _errors_told(debug, lang or "en"):
        from clvlab.playbook.effect import effect as effect_of
        from clvlab.playbook.report import in_words
        from clvlab.playbook.series import follow
        from clvlab.reporting.archive import Series
        from clvlab.reporting.manifest import language_of, parameters_of
        from clvlab.wording import Words

        runs = Series(series).days() if series.is_dir() else []
        # A stakeholder's edition has no customers to follow.
        followed = [run for run in runs if parameters_of(run).get("edition") != "stakeholder"]
        found = effect_of(follow(series, [date.fromisoformat(run.name) for run in followed]))
        newest = followed[0]
        _say(in_words(found, Words(lang or language_of(newest), parameters_of(newest).get("currency"))))


@main.command()
@click.argument("name", required=False)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default="reports",
    show_default=True,
    metavar="FOLDER",
    help="The folder of all series.",
)
@click.option("--failed", is_flag=True, help="Days whose last run failed: why, and what to do.")
@click.option("--lang", type=click.Choice(["en", "zh"]), help="Language of the list; else that of the last report.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def runs(name: str | None, output: Path, failed: bool, lang: "Language | None", debug: bool) -> None:
    """List what is published: the runs of all series of a folder, or of the one called NAME, newest first."""
    _log_to_stderr("human")
    with _errors_told(debug, lang or "en"):
        from clvlab.reporting import runs as listing
        from clvlab.wording import Words

        series = listing.series_in(output, name)
        words = Words(lang or listing.language_of(series))
        if failed:
            _say(listing.failures_in_words(list(listing.failed_in(series)), words))
            return
        published, damaged = listing.published_in(series)
        _say(listing.runs_in_words(published, words))
        for said in damaged:
            logger.warning(said)


@main.command()
@click.argument("run_a", type=click.Path(path_type=Path))
@click.argument("run_b", type=click.Path(path_type=Path))
@click.option("--lang", type=click.Choice(["en", "zh"]), help="Language of the tables; else that of RUN_B.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def diff(run_a: Path, run_b: Path, lang: "Language | None", debug: bool) -> None:
    """Say what differs between two published runs: data, parameters, rule, versions and results.

    RUN_A and RUN_B are folders, such as reports/cdnow/1998-05-31 and reports/cdnow/1998-06-30.
    """
    _log_to_stderr("human")
    with _errors_told(debug, lang or "en"):
        from clvlab.reporting.differences import differences, in_words, words_for

        found = differences(run_a, run_b)
        _say(in_words(found, words_for(found, lang)))


@main.command()
@click.argument("params", type=click.Path(path_type=Path), metavar="PARAMS.yaml")
@click.option("--as-of", metavar="DATE", help="Of which day the report is whose labels are written.")
@click.option("-p", "overrides", metavar="NAME=VALUE", multiple=True, help="Set a parameter; VALUE is YAML.")
@click.option("--apply", "does_apply", is_flag=True, help="Write; without it nothing is written.")
@click.option("--undo", type=click.Path(path_type=Path), metavar="FILE", help="Take back what FILE keeps the way of.")
@click.option("--to-file", type=click.Path(path_type=Path), metavar="FILE", help="Write a file for the CRM's import.")
@click.option(
    "--most", type=click.IntRange(min=1), help="Records written at most; 5,000 by default, 2,000 in 纷享销客."
)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def label(
    params: Path,
    as_of: str | None,
    overrides: tuple[str, ...],
    does_apply: bool,
    undo: Path | None,
    to_file: Path | None,
    most: int | None,
    debug: bool,
) -> None:
    """Write groups and values of the published report into the CRM or database that PARAMS.yaml names as the source.

    By id and only into records that are there, into the fields that `source.labels` names: in a CRM without setting
    off workflows, in a database in one transaction. Without --apply it says what would change, value by value. With
    --undo it takes back what was written, as far as nobody has changed it since: a dry run as well, without --apply.
    Exit code 1: some records were not written.
    """
    _log_to_stderr("human")
    if to_file is not None and (does_apply or undo is not None):
        raise click.UsageError("--to-file writes a file in place of the CRM: leave --apply and --undo out.")
    with _errors_told(debug):
        from clvlab.params import ReportParams

        given = ReportParams.load(params, _given(as_of, overrides))
    with _errors_told(debug, given.languages[0]):
        from clvlab.crm.labels import alone

        with closing(_taking_labels(given)) as place, alone(given.folder) if does_apply else nullcontext():
            is_whole = _labelled(place, given, does_apply, undo, to_file, most)
        if not is_whole:
            sys.exit(NOTEBOOK_FAILED)


def _labelled(
    place: "TakesLabels",
    given: "ReportParams",
    does_apply: bool,
    undo: Path | None,
    to_file: Path | None,
    most: int | None,
) -> bool:
    """Say what labelling would do, do it where that is asked for, and whether every record was written."""
    from clvlab.crm import labels, telling
    from clvlab.wording import Words

    words = Words(given.languages[0])
    planned = labels.plan(given, place) if undo is None else labels.undoing(undo, place)
    called = words("label.crm") if given.database is None else words("label.database")
    _say("\n".join(telling.of_plan(planned, words, called)))
    if to_file is not None:
        _write_new(to_file, labels.import_file(planned, place, to_file))
        _say(words("label.file", file=to_file, records=len(planned.changes)))
        return True
    if not does_apply:
        _say(words("label.dry"))
        return True
    done = labels.apply(planned, place, given.folder, given.as_of, most)
    _say("\n".join(telling.of_done(done, words)))
    return done.is_whole


@main.group()
def crm() -> None:
    """Try the connection to a CRM without an account."""


@crm.command()
@click.argument("kind", type=click.Choice(["zoho", "fxiaoke"]))
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Where it listens; any free one by default.")
@click.option("--customers", type=click.IntRange(min=10), default=1_000, show_default=True, help="How many it has.")
@click.option("--lang", type=click.Choice(["en", "zh"]), default="en", help="Language of what is said.")
def fake(kind: str, port: int, customers: int, lang: "Language") -> None:
    """Serve a made-up CRM of a lighting retailer on this machine until Ctrl-C.

    It prints how to make a report of it and to write labels into it.
    """
    from time import sleep

    from clvlab.crm.fakes.trial import NAMES, made_up, trial
    from clvlab.wording import Words

    _log_to_stderr("human")
    server = made_up(kind, customers)
    with _errors_told(False, lang):
        try:
            server.start(port)
        except OSError as error:
            raise ClvlabError(f"Port {port}: {error.strerror}. Leave --port out, or name another.") from None
    _say(Words(lang)("label.fake", crm=NAMES[kind], url=server.url))
    _say(trial(kind, server.url))
    with suppress(KeyboardInterrupt):
        while True:
            sleep(1)
            server.keep_up()
    server.stop()


@main.command()
@click.argument("folder", type=click.Path(path_type=Path), default="notebooks")
@click.option("--lang", type=click.Choice(["en", "zh"]), help="Those in one language; else Chinese in FOLDER/zh.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def notebooks(folder: Path, lang: "Language | None", debug: bool) -> None:
    """Copy the notebooks into FOLDER, to be run by hand or by papermill."""
    _log_to_stderr("human")
    with _errors_told(debug):
        from clvlab.notebook_files import shipped

        for path, text in shipped(lang):
            _write_new(folder / path, text)
    logger.info("open them: jupyter lab %s", folder)


def _write_new(path: Path, content: str | bytes) -> None:
    """Write a file that is not there yet, and the folders above it that are not."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(content if isinstance(content, bytes) else content.encode("utf-8"))
    except OSError as error:
        raise ClvlabError(f"Cannot write {path}: {error.strerror}. Name another file.") from None
    logger.info("wrote %s", path)


def _publish(
    kind: "type[RunParams]",
    path: Path,
    *,
    as_of: str | None,
    overrides: tuple[str, ...],
    force: bool,
    timeout: float | None,
    log_format: str,
    verbose: bool,
    debug: bool,
) -> None:
    from clvlab.reporting.stopping import interruptible
    from clvlab.reporting.surroundings import refuse_poor_surroundings

    _log_to_stderr(log_format)
    with _errors_told(debug), interruptible(timeout):
        refuse_poor_surroundings()
        given = kind.load(path, _given(as_of, overrides))
        params = _read_first(given, given.known_until)
        from clvlab.reporting.runner import run

        done = run(params, force=force, stderr=_Terminal() if log_format == "human" else None)
    if verbose:
        _show_costs(done.sections)
    _say(done.report)


def _read_first(params: "_Params", until: date | None) -> "_Params":
    """The parameters of a run over what its CRM or database holds (up to a day), where its source is one."""
    if params.database is not None:
        from clvlab.crm.database_log import read as read_database

        read_params, copy = read_database(params, until)
        logger.info("read %s: %s rows", params.source_name, f"{copy.rows:,}")
        return read_params
    if params.crm is None:
        return params
    from clvlab.crm.reading import read

    with closing(_connected(params)) as crm:
        read_params = read(params, crm, date.today())
    for each in crm.reads:
        logger.info("read %s: %s records in %s replies", each.module, f"{each.rows:,}", each.pages)
    return read_params


def _taking_labels(params: "RunParams") -> "TakesLabels":
    """The CRM that is the source of a run, or the table that its database has for labels."""
    if params.database is None:
        return _connected(params)
    from clvlab.sources.faults import fault

    if "spark" in params.database:
        raise fault("spark_no_labels", ClvlabError)
    try:
        from clvlab.crm.database_labels import DatabaseLabels
    except ModuleNotFoundError as error:
        raise fault("database_no_extra", ClvlabError, module=error.name) from None
    return DatabaseLabels(params.database)


def _connected(params: "RunParams") -> "Crm":
    """The CRM that is the source of a run; ClvlabError where what calls it is not installed."""
    from clvlab.sources.faults import fault

    try:
        from clvlab.crm.connect import connect
    except ModuleNotFoundError as error:
        raise fault("crm_no_extra", ClvlabError, module=error.name) from None
    return connect(params)


@contextmanager
def _errors_told(debug: bool, lang: "Language" = "en") -> Iterator[None]:
    """Turn an error into its message, in a language, and its exit code; with `debug`, let it through."""
    try:
        yield
    except SystemExit:
        raise
    except BaseException as error:
        if debug:
            raise
        code, message = _verdict(error, lang)
        logger.error(message)
        sys.exit(code)


def _given(as_of: str | None, overrides: tuple[str, ...]) -> dict[str, Any]:
    from clvlab.params import parse_override

    given = dict(map(parse_override, overrides))
    return given if as_of is None else {**given, "as_of": as_of}


def _verdict(error: BaseException, lang: "Language") -> tuple[int, str]:
    """The exit code of an error, and what to say."""
    if isinstance(error, ClvlabError):
        from clvlab.wording import Words

        code = LOCKED if isinstance(error, TryLaterError) else BAD_INPUT
        return code, str(error) if lang == "en" else Words(lang).error(error)
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED, "stopped by Ctrl-C"

    from clvlab.reporting.stopping import Stopped

    if isinstance(error, Stopped):
        return error.exit_code, str(error)
    if isinstance(error, MemoryError):
        return NOTEBOOK_FAILED, "Memory ran out. Give the run more, or a smaller log."

    from clvlab.lock import LockedError
    from clvlab.reporting.execution import KernelDiedError

    if isinstance(error, LockedError):
        return LOCKED, str(error)
    if isinstance(error, KernelDiedError):
        return KERNEL_DIED, str(error)
    return NOTEBOOK_FAILED, f"{error} (--debug shows where)" if str(error) else repr(error)


class _Terminal:
    """Standard error as notebooks write to it; that nobody reads it is no reason for a run to fail."""

    def write(self, text: str) -> None:
        with suppress(OSError):
            sys.stderr.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            sys.stderr.flush()


def _open_streams() -> None:
    """Put the null device in place of closed standard streams: files that are opened later would get their places."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, open(os.devnull, "r" if number == 0 else "w", encoding="utf-8"))  # noqa: PTH123, SIM115


def _say(text: object) -> None:
    """Write a line to standard output; where that fails the work is done all the same, and the log has the line."""
    try:
        click.echo(text)
    except OSError as error:
        logger.warning("standard output cannot be written to (%s): %s", error.strerror, text)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _show_costs(sections: list[dict[str, Any]]) -> None:
    for cost in sections:
        logger.info("%-16s %7.2f s %8.0f MB", cost["section"], cost["seconds"], cost["peak_mb"], extra={"cost": cost})


def _log_to_stderr(log_format: str) -> None:
    handler = logging.StreamHandler()
    if log_format == "json":
        from pythonjsonlogger.json import JsonFormatter

        names = {"asctime": "time", "levelname": "level"}
        formatter = JsonFormatter(
            "{asctime}{levelname}{message}", datefmt="%Y-%m-%dT%H:%M:%SZ", style="{", rename_fields=names
        )
        # A run computes in UTC wherever it takes place, and so its log is in UTC.
        formatter.converter = gmtime
        handler.setFormatter(formatter)
    else:
        handler.setFormatter(logging.Formatter("clvlab: %(message)s"))
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False
    # papermill reports parameters whose annotation it cannot read as unknown; ours are checked before.
    # What it says of a kernel that died, the error says as well.
    logging.getLogger("papermill").setLevel(logging.CRITICAL)
    warnings.showwarning = _log_warning


def _log_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    logger.warning(str(message))
