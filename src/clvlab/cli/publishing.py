"""`clvlab report`, `compare` and `backfill`: reports are made and published."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clvlab.cli import options
from clvlab.cli.exit_codes import NOTEBOOK_FAILED, errors_told
from clvlab.cli.options import given_by
from clvlab.cli.output import Terminal, log_to_stderr, logger, say
from clvlab.cli.sources import read_first

if TYPE_CHECKING:
    from clvlab.params import RunParams


@click.command()
@options.of_a_run
def report(params: Path, **how: Any) -> None:
    """Publish the segmentation report that PARAMS.yaml describes."""
    from clvlab.params import ReportParams

    _publish(ReportParams, params, **how)


@click.command()
@options.of_a_run
def compare(params: Path, **how: Any) -> None:
    """Publish the comparison of strategies that PARAMS.yaml describes."""
    from clvlab.params import CompareParams

    _publish(CompareParams, params, **how)


@click.command()
@options.params_file
@click.option("--from", "first", required=True, metavar="DATE", help="From which day on periods end.")
@click.option("--to", "last", required=True, metavar="DATE", help="Up to which day periods end.")
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Reports made at once.")
@options.overrides
@click.option("--force", is_flag=True, help="Make reports that are up to date as well.")
@options.log_format
@options.debug
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

    log_to_stderr(log_format)
    with errors_told(debug), interruptible(None):
        refuse_poor_surroundings()
        from clvlab.params import ReportParams
        from clvlab.reporting.backfill import backfill
        from clvlab.units import parse_day

        days = parse_day("--from", first), parse_day("--to", last)
        given = read_first(ReportParams.load(params, given_by(None, overrides)), days[1])
        done = backfill(given, *days, jobs=jobs, force=force, told=logger.info)
        logger.info("%d made, %d up to date, %d failed", len(done.made), len(done.kept), len(done.failed))
        say(done.index)
        if done.failed:
            sys.exit(NOTEBOOK_FAILED)


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

    log_to_stderr(log_format)
    with errors_told(debug), interruptible(timeout):
        refuse_poor_surroundings()
        given = kind.load(path, given_by(as_of, overrides))
        params = read_first(given, given.known_until)
        from clvlab.reporting.runner import run

        done = run(params, force=force, stderr=Terminal() if log_format == "human" else None)
    if verbose:
        _show_costs(done.sections)
    say(done.report)


def _show_costs(sections: list[dict[str, Any]]) -> None:
    for cost in sections:
        logger.info("%-16s %7.2f s %8.0f MB", cost["section"], cost["seconds"], cost["peak_mb"], extra={"cost": cost})
