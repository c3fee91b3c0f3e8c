"""Threads of a comparison: as many as there are processors, four at most, which start none themselves.

On tables of this size the threads of scikit-learn, and of the libraries behind it, wait for each other.
"""

import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from threadpoolctl import threadpool_limits

Item = TypeVar("Item")
Found = TypeVar("Found")
MOST = 4
"""Threads at most: each holds what it works on."""


@contextmanager
def one_thread() -> Iterator[None]:
    """Hold the libraries behind scikit-learn to one thread."""
    # Only libraries that are loaded by then can be held.
    import sklearn.cluster  # noqa: F401

    with threadpool_limits(limits=1):
        yield


def side_by_side(work: Callable[[Item], Found], items: Iterable[Item]) -> Iterator[Found]:
    """What comes of each item, in their order, whichever thread works on it."""
    n_threads = min(os.cpu_count() or 1, MOST)
    # Threads share the filters of warnings, which scikit-learn's checks of arrays set, and restore in any order.
    # OpenMP counts what each thread may start by itself.
    with (
        warnings.catch_warnings(),
        ThreadPoolExecutor(n_threads, "compare", threadpool_limits, (1, "openmp")) as pool,
    ):
        yield from pool.map(work, items)
