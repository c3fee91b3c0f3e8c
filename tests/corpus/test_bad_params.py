"""Every params file that fights back is refused in words before a notebook starts, or is right after all."""

import re
import warnings

import pytest

from clvlab.errors import ClvlabError
from clvlab.inputs import read_log
from clvlab.params import ReportParams
from clvlab.preflight import check_run
from tests.corpus.bad_files import table
from tests.corpus.bad_params import PARAMS, PEOPLE


@pytest.fixture(scope="module", autouse=True)
def workplace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("params")
    (folder / "log.csv").write_text(table(), encoding="utf-8")
    (folder / "people.csv").write_text(PEOPLE, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield


REFUSED = {name: said for name, (_, said) in PARAMS.items() if said is not None}


def run(name, folder):
    """All that a run does with its params before its notebook starts."""
    content, path = PARAMS[name][0], folder / "run.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    params = ReportParams.load(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check_run(params, read_log(params))


def test_there_are_enough_of_them():
    assert len(REFUSED) >= 40


@pytest.mark.parametrize("name", REFUSED)
def test_bad_params_are_refused_in_words(tmp_path, name):
    with pytest.raises(ClvlabError) as refusal:
        run(name, tmp_path)
    assert re.search(REFUSED[name], str(refusal.value).replace(str(tmp_path), ""))


@pytest.mark.parametrize("name", sorted({*PARAMS} - {*REFUSED}))
def test_or_they_are_right_after_all(tmp_path, name):
    run(name, tmp_path)
