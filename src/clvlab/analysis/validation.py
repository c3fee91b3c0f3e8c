"""Validation: what the model would have said some time ago, and what happened since."""

from clvlab.analysis.context import Context
from clvlab.analysis.section import Finding, Section
from clvlab.evaluation.validation import validate
from clvlab.wording import Name


def compute(context: Context) -> Section:
    """Tables of `clvlab.validate`; "not validated", with the reason, where the history is too short."""
    backtest = context.backtest
    if backtest is None or backtest.models.purchases is None:
        return Section({}, {"lead": Finding.of("validation.none")})
    outcome = validate(backtest.models.purchases, backtest.models.spend, backtest.calibration, backtest.holdout)
    total = outcome.totals.row(0, named=True)
    mae = dict(outcome.errors.filter(what="purchases").select("method", "mae").iter_rows())
    last = outcome.tracking.row(-1, named=True)
    return Section(
        {
            "tracking": outcome.tracking,
            "by_frequency": outcome.by_frequency,
            "totals": outcome.totals,
            "errors": outcome.errors,
        },
        {
            "lead": Finding.of(
                "validation.lead",
                cutoff=backtest.holdout.cutoff,
                end=backtest.holdout.end,
                customers=len(backtest.calibration),
                error=abs(total["model_error"]),
                direction=_direction(total["model_error"]),
                naive=abs(total["naive_error"]),
                naive_direction=_direction(total["naive_error"]),
            ),
            "tracking": Finding.of(
                "validation.tracking", expected=last["expected_cumulative"], actual=last["actual_cumulative"]
            ),
            "by_frequency": Finding.of("validation.by_frequency"),
            "errors": Finding.of(
                f"validation.errors_{'better' if mae['model'] < mae['naive'] else 'worse'}",
                model=mae["model"],
                naive=mae["naive"],
            ),
        },
    )


def _direction(error: float) -> Name:
    return Name("validation", "above" if error >= 0 else "below")
