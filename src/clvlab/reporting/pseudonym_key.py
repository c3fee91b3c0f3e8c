"""The secret of which pseudonyms are made: one for all reports of an output folder, and in none of them."""

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from clvlab.inputs import pseudonym_key, pseudonym_key_file
from clvlab.params import PSEUDONYM_KEY, RunParams
from clvlab.reporting.archive import STAGING, OutputError


def found_or_made(params: RunParams) -> str:
    """The key that there is; else a new one, which its owner alone can read, and which later runs find.

    Of runs that start at once one makes it, and all have it. It is written in the series' folder, which exists, so
    that what a killed run leaves is cleared like all else of its staging.

    Raises
    ------
    ParamsError : as by `clvlab.inputs.pseudonym_key`
    OutputError : it cannot be written
    """
    found, place = pseudonym_key(params), pseudonym_key_file(params)
    if found:
        return found
    try:
        _make(place, params.folder)
    except OSError as error:
        raise OutputError(
            f"Cannot write {place}, the key of pseudonyms: {error.strerror}. Let the run write there, or give the "
            f"key by the environment variable {PSEUDONYM_KEY}."
        ) from error
    made = pseudonym_key(params)
    assert made is not None
    return made


def _make(place: Path, folder: Path) -> None:
    """Write a key whole, then give it its name, unless another run has taken that in between."""
    descriptor, staged = tempfile.mkstemp(prefix=f"{STAGING}key-", dir=folder)  # for its owner alone
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(descriptor)
        with suppress(FileExistsError):
            place.hardlink_to(staged)
    finally:
        Path(staged).unlink()
