"""What tests of several parts share."""

import logging
import signal
import warnings
from importlib.util import find_spec

import pytest
from hypothesis import settings

import clvlab as cl
from clvlab.models.simulation import Simulation

# PySpark is in an environment of its own.
collect_ignore = [] if find_spec("pyspark") else ["spark"]

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

# What `nohup` or a shell's `&` has the tests ignore, runs would ignore, too, and no test could stop them.
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)

SAMPLE = {
    "name": "sample",
    "source": "cdnow_sample",
    "as_of": "1998-06-30",
    "holdout": "39 weeks",
    "currency": "USD",
}


@pytest.fixture(autouse=True)
def log_as_before():
    """Undo what the command line sets up for its process, which here is that of other tests, too."""
    logger, showwarning = logging.getLogger("clvlab"), warnings.showwarning
    handlers, level, propagate = logger.handlers, logger.level, logger.propagate
    yield
    logger.handlers, logger.propagate, warnings.showwarning = handlers, propagate, showwarning
    logger.setLevel(level)


@pytest.fixture(scope="module")
def few_futures():
    """Futures as few as can be, for reports whose intervals are not the question."""
    of = Simulation.of

    def of_few(model, spend, horizon, rate, margin, n_futures, *more):
        return of(model, spend, horizon, rate, margin, min(n_futures, 20), *more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Simulation, "of", of_few)
        yield


@pytest.fixture(scope="session")
def sample_results():
    """A report on CDNOW's 1/10 sample."""
    return cl.analyse(SAMPLE)
