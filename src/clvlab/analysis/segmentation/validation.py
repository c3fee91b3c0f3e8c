"""Validation: what the model would have said some time ago, and what happened since."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl

from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation.context import Backtest, Context
from clvlab.validation import ModelChoice
from clvlab.validation.predictions import BASELINE_METHODS
from clvlab.validation.validate import Validation, validate
from clvlab.wording import Name

BEST_SHARE = 0.2


def compute(context: Context) -> Section:
    """Tables of `clvlab.validate`; "not validated", with the reason, where the history is too short."""
    backtest = context.backtest
    if backtest is None:
        return Section({}, {"lead": Finding.of("validation.none")})
    models, calibration = backtest.models, backtest.calibration
    equipped = context.equip(calibration.with_columns(models.value(calibration)))
    groups = context.shown_groups(context.strategy.fit(equipped), equipped)
    outcome = validate(backtest.choice.model, models.spend, calibration, backtest.holdout, groups=groups)
    # The ranking is for money, where there is any.
    happened = outcome.totals.filter(pl.col("actual") > 0)["what"].tail(1)
    gain = outcome.gain.filter(pl.col("what").is_in(happened.implode()))
    tables = {
        "tracking": outcome.tracking,
        "by_frequency": outcome.by_frequency,
        "by_decile": outcome.by_decile.filter(what="purchases"),
        **({"gain": gain} if gain.height else {}),
        "totals": outcome.totals,
        "errors": outcome.errors,
        "by_cohort": outcome.by_cohort,
        "models": backtest.choice.table,
        "by_group": _in_order(outcome.by_group.filter(what="purchases"), context.groups),
    }
    findings = {**_findings(outcome, backtest), **_warnings(outcome)}
    if gain.height:
        findings["gain"] = _gain(gain)
    return Section(tables, findings | _choice(backtest.choice))


def _findings(outcome: Validation, backtest: Backtest) -> dict[str, Finding]:
    total = outcome.totals.row(0, named=True)
    mae = dict(outcome.errors.filter(what="purchases").select("method", "mae").iter_rows())
    last = outcome.tracking.row(-1, named=True)
    tenths = outcome.by_decile.filter(what="purchases")
    return {
        "lead": _lead(total, backtest),
        "tracking": Finding.of(
            "validation.tracking", expected=last["expected_cumulative"], actual=last["actual_cumulative"]
        ),
        "by_frequency": Finding.of("validation.by_frequency"),
        "by_decile": Finding.of(
            "validation.by_decile", expected=tenths["model"][0], actual=tenths["actual"][0], low=tenths["actual"][-1]
        ),
        "errors": Finding.of(
            f"validation.errors_{'better' if mae['model'] < mae['naive'] else 'worse'}",
            model=mae["model"],
            naive=mae["naive"],
        ),
    }


def _lead(total: Mapping[str, Any], backtest: Backtest) -> Finding:
    """By how much the total of the purchases was missed; of none, how many were expected."""
    judged = {
        "cutoff": backtest.holdout.cutoff,
        "end": backtest.holdout.end,
        "customers": backtest.calibration.data.filter(pl.col("n_purchases") > 0).height,
    }
    if not total["actual"]:
        return Finding.of("validation.lead_nothing", **judged, expected=total["model"], naive=total["naive"])
    known = [method for method in BASELINE_METHODS if total[f"{method}_error"] is not None]
    simple = min(known, key=lambda method: abs(total[f"{method}_error"]))
    return Finding.of(
        "validation.lead",
        **judged,
        error=abs(total["model_error"]),
        direction=_direction(total["model_error"]),
        method=Name("methods", simple),
        simple=abs(total[f"{simple}_error"]),
        simple_direction=_direction(total[f"{simple}_error"]),
    )


def _choice(choice: ModelChoice) -> dict[str, Finding]:
    """Why this model; the offer of another is a paragraph of its own."""
    return {
        place: Finding(key, choice.figures) for place, key in zip(("choice", "offer"), choice.reasons, strict=False)
    }


def _gain(gain: pl.DataFrame) -> Finding:
    at = gain.filter((pl.col("share_customers") - BEST_SHARE).abs() < 1e-9)
    share = dict(at.select("method", "share_actual").iter_rows())
    return Finding.of(
        "validation.gain",
        customers=BEST_SHARE,
        what=Name("outcomes", gain["what"][0]),
        model=share["model"],
        naive=share["naive"],
        best=share["best"],
    )


def _warnings(outcome: Validation) -> dict[str, Finding]:
    """One sentence for each kind of warning and for purchases and spend each; or that there is none."""
    if outcome.warnings.is_empty() and (outcome.totals["actual"] > 0).all():
        return {"calibrated": Finding.of("validation.calibrated")}
    ordered = _well_ordered(outcome.errors)
    return {
        f"warning_{row['warning']}_{row['what']}": _warning(**row, ordered=row["what"] in ordered)
        for row in outcome.warnings.iter_rows(named=True)
    }


def _well_ordered(errors: pl.DataFrame) -> set[str]:
    """For what (purchases, spend) no simple rule puts the customers in a better order than the model."""
    best = errors.filter(pl.col("gini") == pl.col("gini").max().over("what"))
    return set(best.filter(method="model")["what"])


def _warning(warning: str, what: str, part: str | None, count: int | None, error: float, *, ordered: bool) -> Finding:
    key = "total_alone" if warning == "total" and not ordered else warning
    return Finding.of(
        f"validation.warning_{key}",
        what=Name("outcomes", what),
        part=_part(warning, part or ""),
        count=count,
        error=abs(error),
        direction=_direction(error),
    )


def _part(warning: str, code: str) -> Name | date | str:
    """What a warning is about, as a sentence can say it."""
    if warning == "cohort":
        return date.fromisoformat(code)
    catalogues = {"baseline": "methods", "simple": "methods", "group": "groups"}
    return Name(catalogues[warning], code) if warning in catalogues else code


def _in_order(table: pl.DataFrame, groups: tuple[str, ...]) -> pl.DataFrame:
    """Groups from best to worst, as everywhere in the report."""
    return table.sort(pl.col("group").replace_strict(groups, range(len(groups)), default=len(groups)))


def _direction(error: float) -> Name:
    return Name("validation", "above" if error >= 0 else "below")
