"""A folder to work in: parameters for a log, the notebooks, a playbook to edit, and where to begin."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import polars as pl

from clvlab.analysis.holdouts import history_days, holdout_days
from clvlab.check import Check, check_source
from clvlab.notebook_files import shipped
from clvlab.params import CompareParams, ReportParams
from clvlab.reporting.own_values import with_values
from clvlab.reporting.runner import NOTEBOOKS
from clvlab.wording import Language, Words

PLAYBOOK = "playbook.yaml"
OF_TEXT_FILES, TEXT_FILES = "05_bring_your_own_data.ipynb", (".csv", ".tsv", ".txt")
"""The notebook that looks at a file letter by letter, and files that have letters."""
COMPARED_WITHOUT_MONEY = {
    "strategies": ["frequency_tiers", "lifecycle5"],
    "before": "frequency_tiers",
    "after": "lifecycle5",
    "bounds_of": "frequency_tiers",
}
"""What a notebook compares where a log has no amounts."""


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
        values = _values(found, path.name, text)
        yield Path("notebooks") / path, with_values(notebook, values, words("workspace.values", params=params.name))


def _values(found: Check, notebook: str, params: str) -> dict[str, Any]:
    """What a notebook, which works in its own folder, starts from; nothing where it needs a file of another kind."""
    source, file = found.params.source, f"../params/{found.params.name}.yaml"
    if notebook == OF_TEXT_FILES and not (isinstance(source, str) and Path(source).suffix.lower() in TEXT_FILES):
        return {}
    kind = CompareParams if notebook == NOTEBOOKS[CompareParams] else ReportParams
    own = {} if found.readable.has_amounts else COMPARED_WITHOUT_MONEY
    here = {"output": "../reports", "params_file": file}
    return {**own, **kind.from_yaml(params).to_dict(), **_judged_between(found, params), **here}


def _judged_between(found: Check, params: str) -> dict[str, str]:
    """The day up to which models and groups know the log, and the one until which they are judged."""
    first, end = found.readable.accepted.select(pl.col("date").min()).collect().item(), found.params.as_of
    # A comparison always has a holdout.
    cutoff = end - timedelta(holdout_days(CompareParams.from_yaml(params).holdout, history_days(first, end)))
    return {"cutoff": cutoff.isoformat(), "end": end.isoformat()}
