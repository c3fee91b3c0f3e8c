import resource

import pytest

from clvlab.errors import ClvlabError
from clvlab.reporting.surroundings import refuse_poor_surroundings


@pytest.mark.parametrize(
    ("kind", "limit", "message"),
    [
        (resource.RLIMIT_AS, 4 * 2**30, r"The limit on addresses \(`ulimit -v`\) is 4\.0 GB.*Lift it"),
        (resource.RLIMIT_NOFILE, 20, "The limit on open files is 20; a run needs 128. Raise it: `ulimit -n`"),
    ],
)
def test_limits_that_no_run_can_live_with_are_named(monkeypatch, kind, limit, message):
    before = resource.getrlimit
    monkeypatch.setattr(resource, "getrlimit", lambda asked: (limit, limit) if asked == kind else before(asked))
    with pytest.raises(ClvlabError, match=message):
        refuse_poor_surroundings()


def test_limits_that_are_usual_are_no_hindrance(monkeypatch):
    usual = {resource.RLIMIT_AS: resource.RLIM_INFINITY, resource.RLIMIT_NOFILE: 1024}
    monkeypatch.setattr(resource, "getrlimit", lambda asked: (usual[asked], usual[asked]))
    refuse_poor_surroundings()


def test_working_directory_that_is_gone_is_named(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(ClvlabError, match=r"not there any more\. Start from another folder"):
        refuse_poor_surroundings()
