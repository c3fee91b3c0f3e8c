"""What it takes to make a report again: its parameters, its data, and the versions that it was made with."""

import platform
import re
from collections.abc import Mapping
from datetime import date
from importlib.metadata import version
from typing import Any

import polars as pl

from clvlab.frames import TransactionLog
from clvlab.inputs import fingerprint
from clvlab.params import RunParams

LIBRARIES = ("clvlab", "polars", "numpy", "scipy", "scikit-learn", "altair", "papermill", "nbconvert")

PATHS = frozenset({"source", "items", "returns", "attributes", "strategy", "output"})
"""Parameters that hold paths, or may."""
PAGES = frozenset({"lang", "edition"})
"""Parameters that say which pages there are, and change nothing on any of them."""
_FROM_ROOT = re.compile(r"^(?:~[^/\\]*|[A-Za-z]:)?[/\\].*[/\\](?=[^/\\])", re.DOTALL)


def reproduction(params: RunParams, log: TransactionLog, until: date) -> Mapping[str, pl.DataFrame]:
    """Tables `parameters` (parameter, value), `data` (fact, value; up to a day), `versions` (library, version)."""
    return {"parameters": _parameters(params), "data": _data(log, until), "versions": _versions()}


def _parameters(params: RunParams) -> pl.DataFrame:
    given = {
        name: _named(value) if name in PATHS else value
        for name, value in params.to_dict().items()
        if name not in PAGES
    }
    return pl.DataFrame({"parameter": list(given), "value": [_written(value) for value in given.values()]})


def _named(value: Any) -> Any:
    """A path, or each of several, without the folders of the machine on which it is one; any other value as it is."""
    if isinstance(value, list):
        return [_named(each) for each in value]
    return _FROM_ROOT.sub("", value) if isinstance(value, str) else value


def _written(value: Any) -> str:
    """A parameter as a reader would write it: nothing for none, lists and mappings without their brackets."""
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_written(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(map(_written, value))
    return "" if value is None else str(value)


def _data(log: TransactionLog, until: date) -> pl.DataFrame:
    day = pl.col("date")
    window = log.accepted.filter(day <= until)
    rows, first, last = window.select(pl.len(), first=day.min(), last=day.max()).collect().row(0)
    facts = {"rows": rows, "first_day": first, "last_day": last, "sha256": fingerprint(log, until)}
    return pl.DataFrame({"fact": list(facts), "value": [str(value) for value in facts.values()]})


def _versions() -> pl.DataFrame:
    versions = {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}
    return pl.DataFrame({"library": list(versions), "version": list(versions.values())})
