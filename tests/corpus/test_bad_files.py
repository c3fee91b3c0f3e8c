"""Every file that fights back is read for what it is, or refused in words."""

import re
import warnings

import pytest

from clvlab.errors import ClvlabError
from clvlab.inputs import read_source
from clvlab.params import ReportParams
from tests.corpus.bad_files import FILES, LAST, seeds

READ = {name: bad for name, bad in FILES.items() if isinstance(bad.outcome, int)}
REFUSED = {name: bad for name, bad in FILES.items() if isinstance(bad.outcome, str)}


def read(bad, folder):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return read_source(ReportParams(name="bad", source=bad.make(folder), as_of=LAST, **bad.settings))


def test_there_are_enough_of_them():
    assert len(FILES) >= 80
    assert len(seeds()) >= 60


@pytest.mark.parametrize("name", READ)
def test_a_bad_file_is_accounted_for(tmp_path, name):
    log = read(READ[name], tmp_path)
    counts = dict(log.quality.select("rule", "rows").iter_rows())
    assert counts["accepted"] == READ[name].outcome
    assert counts["read"] == log.rejected.height + counts["accepted"] + counts["merged"]


@pytest.mark.parametrize("name", REFUSED)
def test_or_it_is_refused_in_words(tmp_path, name):
    with pytest.raises(ClvlabError) as refusal:
        read(REFUSED[name], tmp_path)
    assert re.search(REFUSED[name].outcome, str(refusal.value))
    assert str(refusal.value).isprintable()
