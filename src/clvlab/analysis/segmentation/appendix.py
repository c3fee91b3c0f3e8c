"""Appendix: what it takes to make this report again."""

import platform
from importlib.metadata import version

import polars as pl

from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation.context import Context
from clvlab.inputs import fingerprint

LIBRARIES = ("clvlab", "polars", "numpy", "scipy", "scikit-learn", "altair", "papermill", "nbconvert")


def compute(context: Context) -> Section:
    """Tables `parameters` (parameter, value), `versions` (library, version) and `data` (fact, value)."""
    given = context.params.model_dump(mode="json")
    parameters = pl.DataFrame(
        {"parameter": list(given), "value": ["" if value is None else str(value) for value in given.values()]}
    )
    versions = pl.DataFrame(
        {
            "library": ["python", *LIBRARIES],
            "version": [platform.python_version(), *map(version, LIBRARIES)],
        }
    )
    data = pl.DataFrame(
        {
            "fact": ["rows", "first_day", "last_day", "sha256"],
            "value": [
                str(context.window.height),
                str(context.first_day),
                str(context.window["date"].max()),
                fingerprint(context.log, context.as_of),
            ],
        }
    )
    return Section(
        {"parameters": parameters, "data": data, "versions": versions}, {"lead": Finding.of("appendix.lead")}
    )
