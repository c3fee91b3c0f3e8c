"""What stops a run before its end, a signal or its time limit; light, to be in force while all else is loaded."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = {
    signal.SIGTERM: "SIGTERM",
    signal.SIGINT: "Ctrl-C",
    signal.SIGHUP: "SIGHUP",
    signal.SIGQUIT: "SIGQUIT",
    signal.SIGXCPU: "the limit on processor time (`ulimit -t`)",
}


class Stopped(BaseException):
    """The run was told to stop, or its time is up; like KeyboardInterrupt not to be caught as an error."""

    def __init__(self, reason: str, exit_code: int) -> None:
        super().__init__(reason)
        self.exit_code = exit_code


@contextmanager
def interruptible(timeout: float | None) -> Iterator[None]:
    """Raise Stopped at a signal to end, and when `timeout` seconds are over; in the main thread alone.

    A signal that the caller has the process ignore, as `nohup` does, stays ignored. One inside another leaves the
    outer one's time limit alone, unless it has its own.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    reasons = {
        number: (f"stopped by {name}", 128 + number)
        for number, name in _SIGNALS.items()
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    if timeout:
        reasons[signal.SIGALRM] = (f"timed out after {timeout:g} s", 124)

    def stop(number: int, _: FrameType | None) -> None:
        for known in reasons:
            signal.signal(known, signal.SIG_IGN)
        raise Stopped(*reasons[signal.Signals(number)])

    before = {known: signal.signal(known, stop) for known in reasons}
    if timeout:
        signal.setitimer(signal.ITIMER_REAL, timeout)
    try:
        yield
    finally:
        if timeout:
            signal.setitimer(signal.ITIMER_REAL, 0)
        for known, handler in before.items():
            signal.signal(known, handler)
