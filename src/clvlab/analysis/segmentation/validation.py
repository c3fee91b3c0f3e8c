"""Validation: what the model would have said some time ago, and what happened since."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation.context import Backtest, Context
from clvlab.analysis.segmentation.past_forecasts import PastForecasts
from clvlab.models import CovariateModel
from clvlab.validation.challenge import MOST_ASKED
from clvlab.validation.predictions import BASELINE_METHODS
from clvlab.validation.telling import direction
from clvlab.validation.validate import Validation, validate
from clvlab.wording import Name

BEST_SHARE = 0.2
GIVEN = ("model_choice.given", "model_choice.given_other")


def compute(context: Context) -> Section:
    """Tables of `clvlab.validate`; "not validated", with the reason, where the history is too short."""
    backtest, earlier = context.backtest, _forecasts(context)
    model = None if backtest is None else backtest.models.purchases
    if backtest is None or model is None:
        lead = Finding.of("validation.forecasts_alone" if earlier.tables else "validation.none")
        return Section(earlier.tables, {"lead": lead, **(earlier.findings if earlier.tables else {})})
    models, calibration = backtest.models, backtest.calibration
    equipped = context.equip(calibration.with_columns(models.value(calibration)))
    groups = context.shown_groups(context.strategy.fit(equipped), equipped)
    outcome = validate(model, models.spend, calibration, backtest.holdout, groups=groups)
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
    findings |= {**_choice(backtest), **_attributes(backtest)}
    return Section({**tables, **earlier.tables}, {**findings, **earlier.findings})


def _attributes(backtest: Backtest) -> dict[str, Finding]:
    """That the model on this page knows attributes, where it does, and the models compared do not."""
    model = backtest.models.purchases
    if not isinstance(model, CovariateModel):
        return {}
    attributes = [Name("attributes", name) for name in model.purchase.levels]
    return {
        "attributes": Finding.of("validation.attributes", model=Name("models", model.name), attributes=attributes)
    }


def _forecasts(context: Context) -> Section:
    """The table `forecasts` of what the model predicted at past days, and what there is to say of it."""
    past = context.past
    if past is None:
        return Section({}, {"forecasts_none": Finding.of("validation.forecasts_none")})
    totals = past.totals
    rows = totals.filter(what=past.main)
    told = {
        "what": Name("outcomes", past.main),
        "days": rows.height,
        "horizon": past.horizon,
        "held": rows["held"].sum(),
        "alone": rows["held_alone"].sum(),
    }
    lead = Finding.of(
        "validation.forecasts_lead",
        **told,
        first=rows["origin"][0],
        last=rows["origin"][-1],
        **past.record,
    )
    findings = {"forecasts_lead": lead, "forecasts": Finding.of("validation.forecasts", **told)}
    return Section(
        {"forecasts": totals.drop("held_alone", "error", "simple_error")},
        {**findings, **_instead(past), **cautions(context, past), **_learned(context, past)},
    )


def _instead(past: PastForecasts) -> dict[str, Finding]:
    """That another model predicted on some days, where the report's could not be fitted."""
    others = past.instead
    if others.is_empty():
        return {}
    names = [Name("models", code) for code in others["instead"].unique(maintain_order=True)]
    model = Name("models", past.method)
    return {"instead": Finding.of("validation.instead", model=model, days=others.height, others=names)}


def _learned(context: Context, past: PastForecasts) -> dict[str, Finding]:
    """How the learned challenger did next to the report's model, where it could be trained."""
    found = past.challenge
    if found is None:
        return {}
    keys = {
        "better": "validation.learned_better",
        "worse": "validation.learned_worse",
        "alike": "validation.learned_more" if found.gain < 0 else "validation.learned_less",
    }
    told = Finding.of(
        keys[found.verdict],
        model=Name("models", found.method),
        what=Name("outcomes", found.what),
        days=found.origins,
        size=abs(found.gain),
    )
    if len(context.log.ids) <= MOST_ASKED:
        return {"learned": told}
    return {"learned": told, "learned_sample": Finding.of("validation.learned_sample", customers=MOST_ASKED)}


def cautions(context: Context, past: PastForecasts) -> dict[str, Finding]:
    """What past forecasts warn of: a bias that all of them have, and a horizon that none of them looked over."""
    found = {
        f"bias_{what}": _one_sided(past, what, "validation.bias_more", "validation.bias_less") for what in past.biases
    }
    if past.is_far(context.horizon):
        found["beyond"] = Finding.of("validation.beyond", horizon=context.horizon, judged=past.horizon)
    return found


def bias(past: PastForecasts | None, more: str, less: str) -> dict[str, Finding]:
    """The bias that `cautions` warns of, in another section's words; of spend, where both outcomes have one."""
    what = next(iter(past.biases), None) if past else None
    return {"bias": _one_sided(past, what, more, less)} if past and what else {}


def _one_sided(past: PastForecasts, what: str, more: str, less: str) -> Finding:
    size = past.biases[what]
    return Finding.of(more if size > 0 else less, what=Name("outcomes", what), days=past.seen(what), size=abs(size))


def _findings(outcome: Validation, backtest: Backtest) -> dict[str, Finding]:
    total = outcome.totals.row(0, named=True)
    mae = dict(outcome.errors.filter(what="purchases").select("method", "mae").iter_rows())
    last = outcome.tracking.row(-1, named=True)
    tenths = outcome.by_decile.filter(what="purchases")
    pit = outcome.pit.row(0, named=True)
    return {
        "lead": _lead(total, backtest),
        "tracking": Finding.of(
            "validation.tracking", expected=last["expected_cumulative"], actual=last["actual_cumulative"]
        ),
        "by_frequency": Finding.of("validation.by_frequency"),
        "by_decile": Finding.of(
            "validation.by_decile", expected=tenths["model"][0], actual=tenths["actual"][0], low=tenths["actual"][-1]
        ),
        "pit": Finding.of("validation.pit", within=pit["within_90"], points=100 * pit["pit_deviation"]),
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
        "customers": _judged(backtest),
    }
    if not total["actual"]:
        return Finding.of("validation.lead_nothing", **judged, expected=total["model"], naive=total["naive"])
    known = [method for method in BASELINE_METHODS if total[f"{method}_error"] is not None]
    simple = min(known, key=lambda method: abs(total[f"{method}_error"]))
    return Finding.of(
        "validation.lead",
        **judged,
        error=abs(total["model_error"]),
        direction=direction(total["model_error"]),
        method=Name("methods", simple),
        simple=abs(total[f"{simple}_error"]),
        simple_direction=direction(total[f"{simple}_error"]),
    )


def _judged(backtest: Backtest) -> int:
    """How many customers had bought by the cutoff, and are judged."""
    return backtest.calibration.data.filter(pl.col("n_purchases") > 0).height


def _choice(backtest: Backtest) -> dict[str, Finding]:
    """Why this model, and by which period; what one-time buyers had to do with it is a paragraph of its own."""
    choice, chosen_on = backtest.choice, backtest.chosen_on
    found = {
        place: Finding(key, choice.figures) for place, key in zip(("choice", "leaving"), choice.reasons, strict=False)
    }
    if choice.reasons[0] in GIVEN:
        return found
    if chosen_on is None:
        return {**found, "choice_period": Finding.of("validation.choice_same")}
    return {
        **found,
        "choice_period": Finding.of("validation.choice_apart", cutoff=chosen_on.cutoff, end=chosen_on.end),
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
    return {name: Finding.of(key, **figures) for name, (key, figures) in outcome.sentences.items()}


def _in_order(table: pl.DataFrame, groups: tuple[str, ...]) -> pl.DataFrame:
    """Groups from best to worst, as everywhere in the report."""
    return table.sort(pl.col("group").replace_strict(groups, range(len(groups)), default=len(groups)))
