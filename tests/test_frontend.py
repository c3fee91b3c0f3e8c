"""Who sits before a notebook, and what comes to them."""

import sys
from types import SimpleNamespace

import pytest

from clvlab import frontend
from clvlab.errors import ClvlabWarning


@pytest.fixture
def asked(monkeypatch):
    """The content of the request that a kernel works on."""
    content = {"allow_stdin": True}
    kernel = SimpleNamespace(get_parent=lambda _: {"content": content})
    shell = SimpleNamespace(kernel=kernel)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    return content


def test_who_watches_is_known_by_whether_they_may_type(asked):
    assert frontend.is_watched()
    asked["allow_stdin"] = False
    assert not frontend.is_watched()


def test_outside_of_a_kernel_nobody_watches(monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: None))
    assert not frontend.is_watched()
    monkeypatch.delitem(sys.modules, "IPython")
    assert not frontend.is_watched()


@pytest.mark.usefixtures("asked")
def test_who_watches_without_the_libraries_is_told_what_to_install(monkeypatch):
    assert frontend.takes_widgets("cl.explore")
    monkeypatch.setattr(frontend, "find_spec", lambda _: None)
    with pytest.warns(ClvlabWarning, match=r"cl.explore is a still picture here.*pip install 'clvlab\[lab\]'"):
        assert not frontend.takes_widgets("cl.explore")


def test_nobody_is_told_where_nobody_watches(asked, monkeypatch):
    asked["allow_stdin"] = False
    monkeypatch.setattr(frontend, "find_spec", lambda _: None)
    assert not frontend.takes_widgets("cl.explore")
