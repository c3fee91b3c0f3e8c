"""A folder to work in: parameters for a log, the notebooks, a playbook to edit, and where to begin."""

from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from clvlab.check import Check, check_source
from clvlab.notebook_files import shipped
from clvlab.params import CompareParams, ReportParams
from clvlab.reporting.own_values import with_values
from clvlab.reporting.runner import NOTEBOOKS
from clvlab.wording import Language, Words

PLAYBOOK = "playbook.yaml"


def looked_at(folder: Path, source: str, lang: Language | None) -> Check:
    """What a log holds, to be worked on in a folder, whose name the reports have and whose playbook they go by.

    Raises
    ------
    DataError, ParamsError : as by `clvlab.check.check_source`; the folder's name is none that reports can have
    """
    found = check_source(source, lang, name=folder.resolve().name)
    return replace(found, params=found.params.model_copy(update={"playbook": str(folder / PLAYBOOK)}))


def contents(found: Check) -> Iterator[tuple[Path, str]]:
    """Each file of a folder for a log that was looked at, and its text."""
    words, params, text = Words(found.lang), Path("params") / f"{found.params.name}.yaml", found.params_yaml()
    yield Path("README.md"), words("workspace.readme", name=found.params.name, params=params.as_posix()) + "\n"
    yield Path("data", "README.md"), words("workspace.data") + "\n"
    yield Path(PLAYBOOK), files("clvlab.playbook").joinpath(PLAYBOOK).read_text(encoding="utf-8")
    yield Path("reports", "README.md"), words("workspace.reports") + "\n"
    yield params, text
    for path, notebook in shipped(found.lang):
        kind = CompareParams if path.name == NOTEBOOKS[CompareParams] else ReportParams
        # A notebook works in its own folder.
        values = {**kind.from_yaml(text).to_dict(), "output": "../reports"}
        yield Path("notebooks") / path, with_values(notebook, values, words("workspace.values", params=params.name))
