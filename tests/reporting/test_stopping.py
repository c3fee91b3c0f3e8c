"""Signals and the time limit, as exceptions of the main thread."""

import signal
import threading
import time
from contextlib import contextmanager

import pytest

from clvlab.reporting.stopping import Stopped, interruptible


@contextmanager
def clearing_up(number):
    """What the first signal has set going is not disturbed by a second one."""
    try:
        yield
    finally:
        signal.raise_signal(number)


@pytest.mark.parametrize(
    ("number", "code", "reason"),
    [
        (signal.SIGTERM, 143, "stopped by SIGTERM"),
        (signal.SIGINT, 130, "stopped by Ctrl-C"),
        (signal.SIGHUP, 129, "stopped by SIGHUP"),
        (signal.SIGQUIT, 131, "stopped by SIGQUIT"),
        (signal.SIGXCPU, 152, r"stopped by the limit on processor time \(`ulimit -t`\)"),
    ],
)
def test_signal_raises_stopped_once(number, code, reason):
    with pytest.raises(Stopped, match=f"^{reason}$") as caught, interruptible(None), clearing_up(number):
        signal.raise_signal(number)
    assert caught.value.exit_code == code


def test_signal_that_is_ignored_from_the_start_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interruptible(None):
            signal.raise_signal(signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_handlers_are_put_back():
    before = signal.getsignal(signal.SIGTERM)
    with interruptible(1):
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_time_limit_holds_within_another_that_has_none():
    with pytest.raises(Stopped, match=r"timed out after 0\.05 s") as caught, interruptible(0.05), interruptible(None):
        time.sleep(60)
    assert caught.value.exit_code == 124


def test_threads_other_than_the_main_one_leave_signals_alone():
    handlers = []

    def look():
        with interruptible(1):
            handlers.append(signal.getsignal(signal.SIGALRM))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert handlers == [signal.getsignal(signal.SIGALRM)]
