"""Credentials, from the environment or from a file that it names, and in nothing that is written or said."""

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from clvlab.errors import ParamsError
from clvlab.sources.faults import fault

FILE = "CLVLAB_CRM_CREDENTIALS"
"""The environment variable that names a file of NAME=value lines, which only its owner may read."""


@dataclass(frozen=True)
class Secret:
    """A text that shows itself to nobody but who asks for it."""

    text: str = field(repr=False)

    def __str__(self) -> str:
        return "***"


def credentials(names: Sequence[str]) -> dict[str, Secret]:
    """Secrets by their names, from the environment, else from the file that it names.

    Raises
    ------
    ParamsError : one is missing, or the file cannot be read, or others can read it
    """
    kept = _kept()
    found = {name: os.environ.get(name) or kept.get(name, "") for name in names}
    if missing := [name for name, text in found.items() if not text]:
        raise fault("crm_credentials", ParamsError, missing=", ".join(missing), variable=FILE)
    return {name: Secret(text) for name, text in found.items()}


def _kept() -> dict[str, str]:
    named = os.environ.get(FILE)
    if not named:
        return {}
    path = Path(named).expanduser()
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "UTF-8"
        raise fault("crm_credentials_unread", ParamsError, file=str(path), variable=FILE, reason=reason) from None
    if stat.S_IMODE(mode) & 0o077:
        raise fault("crm_credentials_open", ParamsError, file=str(path))
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line and not line.lstrip().startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs}
