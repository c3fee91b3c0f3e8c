"""The program of a run's kernel: IPython's own, ended by the system together with the process that started it.

It is started by its path, before anything of ours or of the user's is loaded: a parent that is killed in the kernel's
first moments leaves it behind otherwise, and so does one whose orphans another process than the first adopts.
"""

import ctypes
import os
import signal
import sys

_SET_PARENT_DEATH_SIGNAL = 1


def tie_to(parent: int) -> None:
    """Have the system kill this process when its parent ends; leave at once where that has happened already."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


if __name__ == "__main__":
    tie_to(int(os.environ["JPY_PARENT_PID"]))

    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance()
