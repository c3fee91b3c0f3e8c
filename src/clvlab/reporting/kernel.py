"""The kernel of a run: our own interpreter, which ignores the folder it stands in and ends with the run."""

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from traitlets import Callable as CallableTrait
from traitlets import Unicode
from traitlets.config import Config

_PROGRAM = Path(__file__).with_name("tied_kernel.py")
_SAID = "said.txt"
_LAST_LINES, _LONGEST = 3, 400
_WANT_OF_MEMORY = {signal.SIGKILL, signal.SIGABRT}


class OwnKernel(AsyncKernelManager):
    """Starts the kernel by its own program, whatever kernels the machine knows; its sockets are files of the run.

    What the kernel writes apart from its cells, such as the last words of a library that aborts, goes to `said`;
    `on_end` is given the process's exit status.
    """

    said = Unicode().tag(config=True)
    on_end = CallableTrait().tag(config=True)

    @property
    def kernel_spec(self) -> KernelSpec:
        """Our interpreter; -P keeps code that lies in the working directory from being imported."""
        # With capture_fd_output a library's last words would go to a thread that does not live to pass them on.
        shell = ("ignore_cwd=True", "exec_PYTHONSTARTUP=False")
        settings = ["--IPKernelApp.capture_fd_output=False", *(f"--InteractiveShellApp.{each}" for each in shell)]
        argv = [sys.executable, "-P", str(_PROGRAM), "-f", "{connection_file}", *settings]
        return KernelSpec(argv=argv, display_name="Python 3", language="python")

    async def _async_launch_kernel(self, kernel_cmd: list[str], **kw: Any) -> None:
        with Path(self.said).open("ab") as said:
            await super()._async_launch_kernel(kernel_cmd, **{**kw, "stdout": said, "stderr": said})

    async def _async_cleanup_resources(self, restart: bool = False) -> None:
        if self.provisioner is not None:
            self.on_end(await self.provisioner.poll())
        await super()._async_cleanup_resources(restart)

    cleanup_resources = _async_cleanup_resources


def config_of(folder: Path, on_end: Callable[[int | None], Any]) -> Config:
    """The settings of a kernel whose sockets, and what it says, are in `folder`."""
    own = {"transport": "ipc", "ip": f"{folder}/k", "said": str(folder / _SAID), "on_end": on_end}
    return Config({"OwnKernel": own})


def last_words(folder: Path, status: int | None) -> str:
    """How a kernel ended, likely why, and what it said last.

    >>> last_words(Path("/nowhere"), -9)
    'It was ended by SIGKILL, which most often is want of memory: give the run more, or a smaller log.'
    >>> last_words(Path("/nowhere"), 3)
    'It ended with exit code 3.'
    """
    return " ".join(filter(None, (_how(status), _said(folder / _SAID))))


def _how(status: int | None) -> str:
    if status is None:
        return ""
    if status >= 0:
        return f"It ended with exit code {status}."
    name = signal.Signals(-status).name
    if -status in _WANT_OF_MEMORY:
        return f"It was ended by {name}, which most often is want of memory: give the run more, or a smaller log."
    return f"It was ended by {name}."


def _said(path: Path) -> str:
    """The last lines of what the kernel wrote, as one."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return f"It said last: {' / '.join(lines[-_LAST_LINES:])[-_LONGEST:]}" if lines else ""
