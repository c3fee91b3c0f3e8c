"""What scikit-learn starts is held to one thread, and to as many as before afterwards."""

from importlib import import_module
from time import sleep

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import clvlab as cl
from clvlab.comparison.threads import one_thread, side_by_side


class SeenError(Exception):
    """Enough was seen."""


def threads() -> set[int]:
    """How many threads each of scikit-learn's own pools may start."""
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "openmp"}


def test_scikit_learn_is_held_to_one_thread_and_let_go():
    with one_thread(), threadpool_limits(limits=2):
        assert threads() == {2}
        with one_thread():
            assert threads() == {1}
        assert threads() == {2}


def test_side_by_side_means_in_order_and_each_thread_starts_none_of_its_own():
    def look(item: int) -> tuple[int, set[int]]:
        sleep(0.01 * (item == 0))
        return item, threads()

    with one_thread():
        assert list(side_by_side(look, range(6))) == [(item, {1}) for item in range(6)]


def test_what_goes_wrong_side_by_side_goes_wrong():
    done = []

    def fail(item: int) -> None:
        if item == 1:
            raise SeenError
        done.append(item)

    with pytest.raises(SeenError):
        list(side_by_side(fail, range(100)))
    assert 0 in done


def test_strategies_are_fitted_by_one_thread(monkeypatch):
    seen = []

    def look(*_, **__):
        seen.append(threads())
        raise SeenError

    monkeypatch.setattr(import_module("clvlab.comparison.compare"), "windows_of", look)
    with one_thread(), threadpool_limits(limits=2), pytest.raises(SeenError):
        cl.compare(["hiatus"], cl.datasets.cdnow(sample=True), "1997-09-30", "1998-06-30")
    assert seen == [{1}]
