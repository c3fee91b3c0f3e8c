"""`clvlab crm fake`: a CRM to try the connection with."""

from contextlib import suppress
from typing import TYPE_CHECKING

import click

from clvlab.cli.exit_codes import errors_told
from clvlab.cli.output import log_to_stderr, say
from clvlab.errors import ClvlabError

if TYPE_CHECKING:
    from clvlab.wording import Language


@click.group()
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

    log_to_stderr()
    server = made_up(kind, customers)
    with errors_told(False, lang):
        try:
            server.start(port)
        except OSError as error:
            raise ClvlabError(f"Port {port}: {error.strerror}. Leave --port out, or name another.") from None
    say(Words(lang)("label.fake", crm=NAMES[kind], url=server.url))
    say(trial(kind, server.url))
    with suppress(KeyboardInterrupt):
        while True:
            sleep(1)
            server.keep_up()
    server.stop()
