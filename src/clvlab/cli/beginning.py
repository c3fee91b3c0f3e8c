"""`clvlab check`, `new` and `notebooks`: before the first report."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clvlab.cli import options
from clvlab.cli.exit_codes import BAD_INPUT, errors_told
from clvlab.cli.options import given_by
from clvlab.cli.output import log_to_stderr, logger, say, write_new
from clvlab.errors import ClvlabError

if TYPE_CHECKING:
    from clvlab.wording import Language


@click.command()
@click.argument("source")
@click.option("--attributes", is_flag=True, help="SOURCE is a table of attributes of customers, not a log.")
@options.lang("Language of the findings and the report; else the headers'.")
@click.option("-p", "settings", metavar="NAME=VALUE", multiple=True, help="Set a key of the params, such as columns.")
@click.option(
    "--write-params",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a commented params file for `clvlab report` and `clvlab compare`.",
)
@options.debug
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
    log_to_stderr()
    with errors_told(debug, lang or "en"):
        from clvlab.check import Check, check_attributes, check_source

        given = given_by(None, settings)
        if attributes and write_params is not None:
            raise ClvlabError(
                "A params file needs a log. Check the log instead: "
                f"`clvlab check LOG -p attributes={source} --write-params {write_params}`."
            )
        found = (check_attributes if attributes else check_source)(source, lang, **given)
        say(found.text())
        if isinstance(found, Check) and write_params is not None:
            write_new(write_params, found.params_yaml())
            logger.info("try: clvlab report %s", write_params)
        if not found.verdict.is_ready:
            sys.exit(BAD_INPUT)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--from",
    "source",
    default="cdnow_sample",
    show_default=True,
    metavar="SOURCE",
    help="The log to work on: a path, a glob, or the name of an embedded data set.",
)
@options.lang("Language of all that is written; else the headers'.")
@options.debug
def new(folder: Path, source: str, lang: "Language | None", debug: bool) -> None:
    """Lay out FOLDER to work in: parameters for a log, a playbook to edit, the notebooks, and where to begin.

    The log is looked at as by `clvlab check`, which says what is to be settled. FOLDER must not exist yet.
    Exit code 2: something is wrong with the log or to be settled.
    """
    log_to_stderr()
    with errors_told(debug, lang or "en"):
        from clvlab.workspace import contents, looked_at

        if folder.exists():
            raise ClvlabError(f"{folder} exists already. Name a folder that does not.")
        found = looked_at(folder, source, lang)
        say(found.text())
        for path, text in contents(found):
            write_new(folder / path, text)
        logger.info("try: cd %s && clvlab report params/%s.yaml", folder, found.params.name)
        if not found.verdict.is_ready:
            sys.exit(BAD_INPUT)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default="notebooks")
@options.lang("Those in one language; else Chinese in FOLDER/zh.")
@options.debug
def notebooks(folder: Path, lang: "Language | None", debug: bool) -> None:
    """Copy the notebooks into FOLDER, to be run by hand or by papermill."""
    log_to_stderr()
    with errors_told(debug):
        from clvlab.notebook_files import shipped

        for path, text in shipped(lang):
            write_new(folder / path, text)
    logger.info("open them: jupyter lab %s", folder)
