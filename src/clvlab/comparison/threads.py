"""One thread for whatever scikit-learn starts: on tables of this size its threads wait for each other."""

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits


@contextmanager
def one_thread() -> Iterator[None]:
    """Hold the libraries behind scikit-learn to one thread."""
    # Only libraries that are loaded by then can be held.
    import sklearn.cluster  # noqa: F401

    with threadpool_limits(limits=1):
        yield
