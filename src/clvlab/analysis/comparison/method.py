"""How it was done: the method in words, what was left out, and what it takes to make this report again."""

import platform
from importlib.metadata import version

import polars as pl

from clvlab.analysis.comparison.context import ComparisonContext, strategy_names
from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation.appendix import LIBRARIES
from clvlab.grouping import strategies
from clvlab.inputs import fingerprint


def compute(context: ComparisonContext) -> Section:
    """Tables `left_out` (where there are such), `parameters`, `data` and `versions`."""
    board, given = context.board, context.params.model_dump(mode="json")
    tables = {"left_out": board.left_out} if board.left_out.height else {}
    tables["parameters"] = pl.DataFrame(
        {"parameter": list(given), "value": ["" if value is None else str(value) for value in given.values()]}
    )
    window = context.log.accepted.filter(pl.col("date") <= board.end)
    rows, first, last = (
        window.select(pl.len(), pl.col("date").min().alias("first"), pl.col("date").max().alias("last"))
        .collect()
        .row(0)
    )
    tables["data"] = pl.DataFrame(
        {
            "fact": ["rows", "first_day", "last_day", "sha256"],
            "value": [str(rows), str(first), str(last), fingerprint(context.log, board.end)],
        }
    )
    tables["versions"] = pl.DataFrame(
        {"library": ["python", *LIBRARIES], "version": [platform.python_version(), *map(version, LIBRARIES)]}
    )
    findings = {
        "lead": Finding.of("method.lead", customers=board.n_customers, judged=board.n_judged, cutoff=board.cutoff),
        "parts": Finding.of("method.parts"),
        "intervals": Finding.of("method.intervals", rounds=board.n_rounds),
        "estimand": Finding.of("method.estimand"),
    }
    sensitive = [name for name in board.ranking["strategy"] if name in strategies and strategies[name].sensitive]
    if sensitive:
        findings["sensitive"] = Finding.of("method.sensitive", strategies=strategy_names(sensitive))
    return Section(tables, findings)
