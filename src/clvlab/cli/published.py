"""`clvlab runs`, `diff` and `effect`: what is published is looked at."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clvlab.cli import options
from clvlab.cli.exit_codes import errors_told
from clvlab.cli.output import log_to_stderr, logger, say

if TYPE_CHECKING:
    from clvlab.wording import Language


@click.command()
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
@options.lang("Language of the list; else that of the last report.")
@options.debug
def runs(name: str | None, output: Path, failed: bool, lang: "Language | None", debug: bool) -> None:
    """List what is published: the runs of all series of a folder, or of the one called NAME, newest first."""
    log_to_stderr()
    with errors_told(debug, lang or "en"):
        from clvlab.reporting import runs as listing
        from clvlab.wording import Words

        series = listing.series_in(output, name)
        words = Words(lang or listing.language_of(series))
        if failed:
            say(listing.failures_in_words(list(listing.failed_in(series)), words))
            return
        published, damaged = listing.published_in(series)
        say(listing.runs_in_words(published, words))
        for said in damaged:
            logger.warning(said)


@click.command()
@click.argument("run_a", type=click.Path(path_type=Path))
@click.argument("run_b", type=click.Path(path_type=Path))
@options.lang("Language of the tables; else that of RUN_B.")
@options.debug
def diff(run_a: Path, run_b: Path, lang: "Language | None", debug: bool) -> None:
    """Say what differs between two published runs: data, parameters, rule, versions and results.

    RUN_A and RUN_B are folders, such as reports/cdnow/1998-05-31 and reports/cdnow/1998-06-30.
    """
    log_to_stderr()
    with errors_told(debug, lang or "en"):
        from clvlab.reporting.differences import differences, in_words, words_for

        found = differences(run_a, run_b)
        say(in_words(found, words_for(found, lang)))


@click.command()
@click.argument("series", type=click.Path(path_type=Path))
@options.lang("Language of the tables; else that of the last report.")
@options.debug
def effect(series: Path, lang: "Language | None", debug: bool) -> None:
    """Say what contacting customers brought: those on the due lists of SERIES against those held back.

    SERIES is the folder of published reports, such as reports/cdnow, that were made with a control_share. Each run's
    due list is followed to the next run.
    """
    log_to_stderr()
    with errors_told(debug, lang or "en"):
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
        say(in_words(found, Words(lang or language_of(newest), parameters_of(newest).get("currency"))))
