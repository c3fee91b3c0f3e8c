"""`clvlab label`: groups and values go back to where the customers are."""

import sys
from contextlib import closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clvlab.cli import options
from clvlab.cli.exit_codes import NOTEBOOK_FAILED, errors_told
from clvlab.cli.options import given_by
from clvlab.cli.output import log_to_stderr, say, write_new
from clvlab.cli.sources import taking_labels

if TYPE_CHECKING:
    from clvlab.crm.protocol import TakesLabels
    from clvlab.params import ReportParams


@click.command()
@options.params_file
@click.option("--as-of", metavar="DATE", help="Of which day the report is whose labels are written.")
@options.overrides
@click.option("--apply", "does_apply", is_flag=True, help="Write; without it nothing is written.")
@click.option("--undo", type=click.Path(path_type=Path), metavar="FILE", help="Take back what FILE keeps the way of.")
@click.option("--to-file", type=click.Path(path_type=Path), metavar="FILE", help="Write a file for the CRM's import.")
@click.option(
    "--most", type=click.IntRange(min=1), help="Records written at most; 5,000 by default, 2,000 in 纷享销客."
)
@options.debug
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
    log_to_stderr()
    if to_file is not None and (does_apply or undo is not None):
        raise click.UsageError("--to-file writes a file in place of the CRM: leave --apply and --undo out.")
    with errors_told(debug):
        from clvlab.params import ReportParams

        given = ReportParams.load(params, given_by(as_of, overrides))
    with errors_told(debug, given.languages[0]):
        from clvlab.crm.labels import alone

        with closing(taking_labels(given)) as place, alone(given.folder) if does_apply else nullcontext():
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
    say("\n".join(telling.of_plan(planned, words, called)))
    if to_file is not None:
        write_new(to_file, labels.import_file(planned, place, to_file))
        say(words("label.file", file=to_file, records=len(planned.changes)))
        return True
    if not does_apply:
        say(words("label.dry"))
        return True
    done = labels.apply(planned, place, given.folder, given.as_of, most)
    say("\n".join(telling.of_done(done, words)))
    return done.is_whole
