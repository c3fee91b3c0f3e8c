"""What a run must find before it starts, said before anything is loaded that would end without a word."""

import resource
from pathlib import Path

from clvlab.errors import ClvlabError

_ADDRESS_SPACE_GB = 96
_OPEN_FILES = 128
_GB = 2**30


def refuse_poor_surroundings() -> None:
    """Raise ClvlabError where the working directory is gone, or a limit of the system is too low for any run.

    The engine that draws still pictures reserves tens of GB of addresses, which costs no memory; with less it ends
    the process. So a limit on addresses cannot serve to limit memory.
    """
    try:
        Path.cwd()
    except FileNotFoundError:
        raise ClvlabError("The working directory is not there any more. Start from another folder.") from None
    addresses, files = _limit(resource.RLIMIT_AS), _limit(resource.RLIMIT_NOFILE)
    if addresses is not None and addresses < _ADDRESS_SPACE_GB * _GB:
        raise ClvlabError(
            f"The limit on addresses (`ulimit -v`) is {addresses / _GB:.1f} GB, and a run reserves up to "
            f"{_ADDRESS_SPACE_GB} GB of them, used or not. Lift it; limit memory by a control group instead, such as "
            "MemoryMax of systemd."
        )
    if files is not None and files < _OPEN_FILES:
        raise ClvlabError(f"The limit on open files is {files}; a run needs {_OPEN_FILES}. Raise it: `ulimit -n`.")


def _limit(kind: int) -> int | None:
    soft, _ = resource.getrlimit(kind)
    return None if soft == resource.RLIM_INFINITY else soft
