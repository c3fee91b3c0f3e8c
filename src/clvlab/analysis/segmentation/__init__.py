"""The tables of a segmentation report: `analyse` runs the list of sections over one context."""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType, ModuleType
from typing import Any

from clvlab.analysis.results import Results, Stopwatch
from clvlab.analysis.segmentation import (
    appendix,
    base_health,
    bridge,
    cards,
    clusters,
    cohorts,
    due,
    effect,
    gems,
    glossary,
    movement,
    outlook,
    profiles,
    quality,
    rules,
    segments,
    structure,
    summary,
    trust,
    validation,
    value,
    watch,
)
from clvlab.analysis.segmentation.context import Context
from clvlab.analysis.segmentation.first_screen import first_screen
from clvlab.frames import TransactionLog, check_kind
from clvlab.inputs import read_log
from clvlab.params import ReportParams
from clvlab.progress import progress_bar

__all__ = ["SECTIONS", "analyse"]

SECTIONS: Mapping[str, ModuleType] = MappingProxyType(
    {
        "summary": summary,
        "quality": quality,
        "base_health": base_health,
        "segments": segments,
        "cards": cards,
        "structure": structure,
        "movement": movement,
        "bridge": bridge,
        "cohorts": cohorts,
        "clusters": clusters,
        "value": value,
        "gems": gems,
        "outlook": outlook,
        "watch": watch,
        "due": due,
        "effect": effect,
        "profiles": profiles,
        "trust": trust,
        "validation": validation,
        "rules": rules,
        "glossary": glossary,
        "appendix": appendix,
    }
)


def analyse(
    params: ReportParams | Mapping[str, Any], *, log: TransactionLog | None = None, progress: bool | None = None
) -> Results:
    """The tables of a segmentation report.

    Parameters
    ----------
    params
        the parameters of a run, or a mapping of them; see `clvlab.params.ReportParams`
    log
        a log that is already read, in place of the one that `params.source` names
    progress
        show a progress bar on stderr; None shows it on a terminal, and in a notebook as a widget

    Returns
    -------
    An ordered, frozen mapping: section -> table name -> table. `results.customer(id)` is one customer's file.
    """
    check_kind("params", params, Mapping | ReportParams, "clvlab.ReportParams")
    checked = params if isinstance(params, ReportParams) else ReportParams(**params)
    stopwatch, sections = Stopwatch(), {}
    with progress_bar(len(SECTIONS) + 1, "read", shown=progress) as bar:
        found = stopwatch.time("read", lambda: log or read_log(checked))
        context = Context(checked.settled(has_amounts=found.has_amounts), found)
        for name, module in SECTIONS.items():
            bar.update()
            bar.set_description(name)
            sections[name] = stopwatch.time(name, partial(module.compute, context))
        bar.update()
    sections["summary"] = first_screen(context, sections)
    return Results(
        params=context.params,
        log=context.log,
        sections=MappingProxyType(sections),
        customers=context.table,
        measurements=stopwatch.measurements,
        own_groups=context.own_groups,
        rule={"drawn_on": context.rule_day.isoformat(), "rule": context.rule.to_dict()},
        playbook=context.playbook,
        due=None if context.due is None else due.listed(context.due),
        base=context.customers,
        models=context.models,
        strategy=context.strategy,
    )
