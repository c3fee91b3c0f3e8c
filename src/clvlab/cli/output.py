"""What goes out: what was asked for to standard output or into new files, the log to standard error."""

import logging
import os
import sys
import warnings
from contextlib import suppress
from pathlib import Path
from time import gmtime
from typing import Any

import click

from clvlab.errors import ClvlabError

logger = logging.getLogger("clvlab")


def open_streams() -> None:
    """Put the null device in place of closed standard streams: files that are opened later would get their places."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, open(os.devnull, "r" if number == 0 else "w", encoding="utf-8"))  # noqa: PTH123, SIM115


def say(text: object) -> None:
    """Write a line to standard output; where that fails the work is done all the same, and the log has the line."""
    try:
        click.echo(text)
    except OSError as error:
        logger.warning("standard output cannot be written to (%s): %s", error.strerror, text)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_new(path: Path, content: str | bytes) -> None:
    """Write a file that is not there yet, and the folders above it that are not."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(content if isinstance(content, bytes) else content.encode("utf-8"))
    except OSError as error:
        raise ClvlabError(f"Cannot write {path}: {error.strerror}. Name another file.") from None
    logger.info("wrote %s", path)


class Terminal:
    """Standard error as notebooks write to it; that nobody reads it is no reason for a run to fail."""

    def write(self, text: str) -> None:
        """Write as far as that goes."""
        with suppress(OSError):
            sys.stderr.write(text)

    def flush(self) -> None:
        """Let all that was written be read."""
        with suppress(OSError):
            sys.stderr.flush()


def log_to_stderr(log_format: str = "human") -> None:
    """Let standard error have the log and all warnings, line by line."""
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
