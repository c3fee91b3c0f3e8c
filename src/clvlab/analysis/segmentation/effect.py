"""What contacting customers brought: those on the due lists of earlier reports against the control.

Who was on a list, and who was held back, is what was published; what they did since is what the log has.
"""

import json
import os
from datetime import date
from pathlib import Path

import polars as pl

from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation.context import Context
from clvlab.params import DUE_LISTS
from clvlab.playbook.effect import effect
from clvlab.playbook.report import verdicts
from clvlab.playbook.series import follow_in_log


def compute(context: Context) -> Section:
    """Tables `revenue` and `bought`, as by `clvlab.playbook.effect.effect`, each of its outcome.

    The days of a period are `list_of` and `followed_to`; null in the row over all of them.

    Only the reason why there are none where the parameters hold nobody back, the report is not one of a series,
    or no earlier report has published a list on which somebody was.
    """
    if not context.params.control_share or not context.params.every:
        return Section({}, {"lead": Finding.of("effect.no_control")})
    followed = follow_in_log(published_lists(), context.as_of, lambda day: _totals(context, day))
    if followed is None:
        return Section({}, {"lead": Finding.of("effect.no_lists")})
    found = effect(followed)
    findings = {name: Finding.of(key, **figures) for name, (key, figures) in verdicts(found).items()}
    days = {"list_of": "since", "followed_to": "until"}
    dated = found.select(
        "outcome",
        *(pl.when(~pl.col("is_overall")).then(day).alias(name) for name, day in days.items()),
        pl.exclude("outcome", "is_overall", *days.values()),
    )
    tables = {outcome: dated.filter(outcome=outcome).drop("outcome") for outcome in ("revenue", "bought")}
    return Section(tables, {**findings, "note": Finding.of("effect.note")})


def published_lists() -> dict[date, Path]:
    """Day -> its due list, of the earlier reports that the runner of this process has found published."""
    paths = map(Path, json.loads(os.environ.get(DUE_LISTS) or "[]"))
    return {date.fromisoformat(path.parent.name): path for path in paths}


def _totals(context: Context, day: date) -> pl.DataFrame:
    """customer_id, total_spend, n_purchases up to a day."""
    return context.summarise(day).data.select("customer_id", "total_spend", "n_purchases")
