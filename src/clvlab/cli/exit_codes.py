"""What went wrong: the exit code, and the sentence."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from clvlab.cli.output import logger
from clvlab.errors import ClvlabError, TryLaterError

if TYPE_CHECKING:
    from clvlab.wording import Language

NOTEBOOK_FAILED, BAD_INPUT, LOCKED, INTERRUPTED, KERNEL_DIED = 1, 2, 75, 130, 138


@contextmanager
def errors_told(debug: bool, lang: "Language" = "en") -> Iterator[None]:
    """Turn an error into its message, in a language, and its exit code; with `debug`, let it through."""
    try:
        yield
    except SystemExit:
        raise
    except BaseException as error:
        if debug:
            raise
        code, message = verdict(error, lang)
        logger.error(message)
        sys.exit(code)


def verdict(error: BaseException, lang: "Language") -> tuple[int, str]:
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
