"""The tables of a comparison of strategies: `analyse_comparison` runs the list of sections over one board."""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType, ModuleType
from typing import Any

from clvlab.analysis.comparison import (
    agreement,
    by_group,
    foresight,
    method,
    reach,
    recommendation,
    stability,
    verdict,
)
from clvlab.analysis.comparison.context import ComparisonContext
from clvlab.analysis.results import Results, Stopwatch
from clvlab.frames import TransactionLog
from clvlab.inputs import read_log
from clvlab.params import CompareParams

__all__ = ["SECTIONS", "analyse_comparison"]

SECTIONS: Mapping[str, ModuleType] = MappingProxyType(
    {
        "verdict": verdict,
        "foresight": foresight,
        "by_group": by_group,
        "reach": reach,
        "stability": stability,
        "agreement": agreement,
        "recommendation": recommendation,
        "method": method,
    }
)


def analyse_comparison(
    params: CompareParams | Mapping[str, Any], *, log: TransactionLog | None = None, progress: bool | None = None
) -> Results:
    """The tables of a comparison of strategies.

    Parameters
    ----------
    params
        the parameters of a run, or a mapping of them; see `clvlab.params.CompareParams`
    log
        a log that is already read, in place of the one that `params.source` names
    progress
        show a progress bar on stderr; None shows it on a terminal, and in a notebook as a widget

    Returns
    -------
    An ordered, frozen mapping: section -> table name -> table. `results.customers` has each customer's group by every
    strategy.
    """
    checked = params if isinstance(params, CompareParams) else CompareParams(**params)
    stopwatch = Stopwatch()
    transactions = stopwatch.time("read", lambda: log or read_log(checked))
    context = stopwatch.time("compare", lambda: ComparisonContext.of(checked, transactions, progress))
    sections = {name: stopwatch.time(name, partial(module.compute, context)) for name, module in SECTIONS.items()}
    return Results(
        params=checked,
        log=transactions,
        sections=MappingProxyType(sections),
        customers=context.board.assignments,
        measurements=stopwatch.measurements,
    )
