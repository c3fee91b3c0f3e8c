"""The first screen as an argument: the summary with what other sections have found to have changed and to be done."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation.acting import acting
from clvlab.analysis.segmentation.context import Context
from clvlab.analysis.segmentation.watch import LIKELY

MOST_ALERTS = 1
"""Of the movement's alerts; all that it tells are there."""


def first_screen(context: Context, sections: Mapping[str, Section]) -> Section:
    """The summary with what has changed, what is at stake and what to do, in the figures of the sections it is from.

    Its tables are those of `summary.compute` and of `acting`.
    """
    plain, movement = sections["summary"], sections["movement"]
    # What groups spend more or less tells nothing where they are others by their thresholds.
    redrawn = movement.findings.get("redrawn")
    matters = acting(context, None if redrawn else movement.get("money"))
    minded = {"redrawn": Finding("summary.redrawn", redrawn.figures)} if redrawn else {}
    found = {**minded, **_changed(movement), **matters.findings, **_to_do(context), **_warned(sections["validation"])}
    return Section({**plain.tables, **matters.tables}, {**plain.findings, **found})


def _changed(movement: Section) -> dict[str, Finding]:
    """The move to look at first; without one how many customers moved."""
    if "alerts" in movement.findings:
        alerts = movement.findings["alerts"].figures["alerts"][:MOST_ALERTS]
        return {"changed": Finding.of("summary.alerts", alerts=alerts)}
    moved = movement.findings["lead"]
    if moved.key != "movement.lead":
        return {}
    figures = moved.figures
    down = figures["down"] + figures["aged"]
    return {"changed": Finding.of("summary.moved", lapse=figures["lapse"], up=figures["up"], down=down)}


def _to_do(context: Context) -> dict[str, Finding]:
    """With whom to begin, when to look again, and what that would keep if an effect is assumed.

    To begin with are those at the top of the due list with half of what is at risk on it, with customers who are
    likely to be there still.
    """
    if context.due is None:
        return {}
    contacted = context.due.filter(pl.col("is_listed") & ~pl.col("is_control"))
    review = context.day_before(context.as_of, -1)
    if contacted.is_empty():
        return {"do": Finding.of("summary.do_nobody", review=review)}
    at_stake = pl.when(pl.col("p_alive") >= LIKELY).then("at_risk")
    at_risk = contacted.select(at_stake.fill_null(0).cum_sum()).to_series()
    if at_risk[-1] <= 0:
        return {"do": Finding.of("summary.do_unknown", contacted=contacted.height, review=review)}
    first = int((at_risk < at_risk[-1] / 2).sum()) + 1
    begun: dict[str, Any] = {"first": first, "at_risk": float(at_risk[first - 1])}
    do = {"do": Finding.of("summary.do", contacted=contacted.height, review=review, **begun)}
    effect = context.params.assumed_effect
    if effect is None:
        return do
    saved = effect * begun["at_risk"]
    return {**do, "assumed": Finding.of("summary.assumed", effect=effect, saved=saved)}


def _warned(validation: Section) -> dict[str, Finding]:
    """That the total of the holdout was off, where it was."""
    warned = validation.findings
    off = warned.get("warning_total_spend", warned.get("warning_total_purchases"))
    if off is None:
        return {}
    return {
        "holdout": Finding.of("summary.holdout", **{it: off.figures[it] for it in ("what", "error", "direction")})
    }
