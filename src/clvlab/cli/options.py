"""Options that several commands have, and the parameters that they give."""

import math
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

import click

_LONGEST_TIMEOUT = 366 * 24 * 3600.0

_Command = Callable[..., None]


def _seconds(_context: click.Context, _option: click.Parameter, value: float | None) -> float | None:
    """Refuse what is not a number, which no range excludes."""
    if value is not None and math.isnan(value):
        raise click.BadParameter("give a number of seconds")
    return value


params_file = click.argument("params", type=click.Path(path_type=Path), metavar="PARAMS.yaml")
overrides = click.option(
    "-p", "overrides", metavar="NAME=VALUE", multiple=True, help="Set a parameter; VALUE is YAML."
)
log_format = click.option("--log-format", type=click.Choice(["human", "json"]), default="human", show_default=True)
debug = click.option("--debug", is_flag=True, help="Show the traceback of an error.")

_OF_A_RUN: tuple[Callable[[_Command], _Command], ...] = (
    params_file,
    click.option("--as-of", metavar="DATE", help="The last day that counts, such as 1998-06-30."),
    overrides,
    click.option("--force", is_flag=True, help="Run even where the published report is up to date."),
    click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True, max=_LONGEST_TIMEOUT),
        callback=_seconds,
        metavar="SECONDS",
        help="Stop after SECONDS.",
    ),
    log_format,
    click.option("-v", "--verbose", is_flag=True, help="Show what each section cost, in time and memory."),
    debug,
)


def of_a_run(command: _Command) -> _Command:
    """The parameters and options of a command that publishes one run."""
    return reduce(lambda decorated, option: option(decorated), reversed(_OF_A_RUN), command)


def lang(told: str) -> Callable[[_Command], _Command]:
    """In which language something is said."""
    return click.option("--lang", type=click.Choice(["en", "zh"]), help=told)


def given_by(as_of: str | None, overrides: tuple[str, ...]) -> dict[str, Any]:
    """The parameters that options give."""
    from clvlab.params import parse_override

    given = dict(map(parse_override, overrides))
    return given if as_of is None else {**given, "as_of": as_of}
