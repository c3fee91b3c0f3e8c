"""How a value model did on what happened next, compared with baselines that know nothing of dropout.

A model is fitted up to a cutoff and judged on the holdout after it. Every figure comes with the same figure
for the baselines of `clvlab.validation.predictions`: own rate carried forward, last period repeated, average.
"""

from dataclasses import dataclass, replace

import polars as pl

from clvlab.displays import Displayed
from clvlab.errors import counted
from clvlab.frames import CustomerSummary, Holdout, check_kind
from clvlab.metrics import gini
from clvlab.models import AnyPurchaseModel, SpendModel
from clvlab.validation import parts
from clvlab.validation.futures import simulated_intervals
from clvlab.validation.predictions import METHODS, duration, predictions
from clvlab.validation.scores import count_scores
from clvlab.validation.telling import Sentence, sentences
from clvlab.validation.tracking import tracking
from clvlab.wording import Language, Words

TOTALS_FUTURES = 300
TOTALS_LEVEL = 0.95
"""Simulated futures behind the interval of a total, and the probability that it holds the total."""
NOTABLE_ERROR = 0.02
"""Error of a total that is worth a warning, where the interval excludes it: chance is not the reason then."""
MANY_TENTHS = 3
"""Of ten tenths of the customers, how many must be off for a warning: one or two are by chance."""


@dataclass(frozen=True, eq=False)
class Validation(Displayed):
    """Tidy tables of a holdout validation. `what` is purchases or spend; `method` a name of METHODS.

    Attributes
    ----------
    totals : what, actual, model, low, high (the 95 % interval of the model's total), naive, last_period, average, and
        of each method its error relative to actual: model_error, ...
    errors : what, method, mae, rmse, rank_correlation (Spearman), gini (of the ranking), over customers
    by_frequency : repeats ("0".."7+"), customers, actual, low, high, model, naive (mean holdout purchases), fails
    by_decile, by_cohort, by_group : what, decile | cohort | group, and the same columns
    gain : what, method, share_customers, share_actual
    pit : customers, within_90 (the share of customers whose purchases lie within the central 90 % of the model's
        distribution for each), pit_deviation (see `clvlab.validation.scores.pit`)
    tracking : week (1 = the log's first), date, actual, expected, actual_cumulative, expected_cumulative, period
    warnings : warning (a code), what, part (the method or the worst part), count, error (relative, of that part)
    """

    totals: pl.DataFrame
    errors: pl.DataFrame
    by_frequency: pl.DataFrame
    by_decile: pl.DataFrame
    by_cohort: pl.DataFrame
    by_group: pl.DataFrame
    gain: pl.DataFrame
    pit: pl.DataFrame
    tracking: pl.DataFrame
    warnings: pl.DataFrame

    def explain(self, lang: Language = "en") -> str:
        """What deserves a warning, a sentence a line; or that nothing does."""
        words = Words(lang)
        return "\n".join(words(key, **figures) for key, figures in self.sentences.values())

    @property
    def sentences(self) -> dict[str, Sentence]:
        """The same as keys of the wording catalogue, and their figures, by the name of the warning."""
        return sentences(self.errors, self.totals, self.warnings, self.pit["customers"].item())

    @property
    def _facts(self) -> str:
        totals = self.totals.filter(pl.col("model_error").is_not_null())
        errors = [f"{what} {error:+.1%}" for what, error in totals.select("what", "model_error").rows()]
        of = f"error of the model's total: {', '.join(errors)}" if errors else "nothing happened"
        return f"{of}; {counted(self.warnings.height, 'warning')} (see `.warnings`, `.errors`)"

    @property
    def _shown(self) -> pl.DataFrame:
        return self.totals


def validate(
    model: AnyPurchaseModel,
    spend: SpendModel | None,
    calibration: CustomerSummary,
    holdout: Holdout,
    *,
    groups: pl.DataFrame | None = None,
    seed: int = 0,
) -> Validation:
    """Judge a purchase model, and a spend model where there is one, on the holdout.

    Parameters
    ----------
    model
        purchase model fitted on `calibration`, with attributes of its customers or without
    spend
        spend model fitted on `calibration`, or None
    calibration, holdout
        the two halves of `clvlab.split_holdout`
    groups
        customer_id, group: whose errors to look at separately
    seed
        of the simulated intervals of the totals

    Examples
    --------
    >>> import clvlab as cl
    >>> log = cl.datasets.cdnow(sample=True)
    >>> calibration, holdout = cl.split_holdout(log, "1997-09-30", "1998-06-30", "week")
    >>> validation = cl.validate(cl.BgNbd.fit(calibration), None, calibration, holdout)
    >>> {method: round(mae, 3) for method, mae in validation.errors.select("method", "mae").rows()}
    {'model': 0.785, 'naive': 1.024, 'last_period': 1.596, 'average': 1.382}
    """
    check_kind("model", model, AnyPurchaseModel, "clvlab.BgNbd.fit")
    check_kind("calibration", calibration, CustomerSummary, "clvlab.split_holdout")
    check_kind("holdout", holdout, Holdout, "clvlab.split_holdout")
    predicted = predictions(model, spend, calibration, holdout)
    intervals = _intervals(model, spend, calibration, holdout, seed)
    totals = totals_of(predicted).join(intervals, on="what", how="left", maintain_order="left")
    errors = errors_of(predicted)
    by_decile, by_cohort = parts.by_decile(predicted), parts.by_cohort(predicted)
    by_group = parts.by_group(predicted, groups)
    return Validation(
        totals=totals,
        errors=errors,
        by_frequency=parts.by_frequency(predicted),
        by_decile=by_decile,
        by_cohort=by_cohort,
        by_group=by_group,
        gain=parts.gain(predicted),
        pit=_pit(model, calibration, predicted, duration(holdout)),
        tracking=tracking(model, calibration, holdout),
        warnings=pl.concat(
            [
                _total_off(totals),
                _nearer_total(totals),
                _beaten(errors),
                _parts_off(by_decile, "decile", MANY_TENTHS),
                _parts_off(by_cohort, "cohort", 1),
                _parts_off(by_group, "group", 1),
            ]
        ),
    )


def _intervals(
    model: AnyPurchaseModel, spend: SpendModel | None, calibration: CustomerSummary, holdout: Holdout, seed: int
) -> pl.DataFrame:
    """what, low, high: of the totals that the model predicts."""
    length = duration(holdout)
    found = simulated_intervals(model, spend, calibration, length, [], TOTALS_LEVEL, TOTALS_FUTURES, seed)
    return found.select("what", "low", "high").fill_nan(None)


def _pit(
    model: AnyPurchaseModel, calibration: CustomerSummary, predicted: pl.DataFrame, length: float
) -> pl.DataFrame:
    """customers, within_90, pit_deviation: of the purchases of all customers, one by one."""
    buyers = calibration.data.filter(pl.col("n_purchases") > 0)
    actual = predicted.filter(what="purchases")["actual"].to_numpy()
    horizon = model.horizon_length(replace(calibration, data=buyers), length, calibration.time_unit)
    found = count_scores(model, buyers, actual, horizon)
    return pl.DataFrame(
        {"customers": buyers.height, **{name: found[name] for name in ("within_90", "pit_deviation")}}
    )


def totals_of(predicted: pl.DataFrame) -> pl.DataFrame:
    """what, actual, and of each method its total and its error relative to actual.

    Null where a total is unknown, and errors where nothing happened, or less, that they could be relative to.
    """
    # The sum of nulls is 0, and an unknown baseline is not 0.
    sums = [pl.when(pl.col(name).null_count() == 0).then(pl.col(name).sum()).alias(name) for name in METHODS]
    totals = predicted.group_by("what", maintain_order=True).agg(pl.col("actual").sum(), *sums)
    happened = pl.when(pl.col("actual") > 0)
    return totals.with_columns(
        happened.then(pl.col(name) / pl.col("actual") - 1).alias(f"{name}_error") for name in METHODS
    )


def errors_of(predicted: pl.DataFrame) -> pl.DataFrame:
    """what, method, mae, rmse, rank_correlation, gini, over customers; unknown baselines are left out."""
    error, found = pl.col("predicted") - pl.col("actual"), []
    for method in METHODS:
        # One method after the other: all at once would be as many copies of the customers.
        known = predicted.select("what", "actual", predicted=method).drop_nulls("predicted")
        for (what,), part in known.group_by("what", maintain_order=True):
            figures = part.select(
                pl.lit(what).alias("what"),
                pl.lit(method).alias("method"),
                mae=error.abs().mean(),
                rmse=(error**2).mean().sqrt(),
                rank_correlation=pl.corr("predicted", "actual", method="spearman"),
                gini=pl.lit(float(gini(part["predicted"].to_numpy(), part["actual"].to_numpy()))),
            )
            found.append(figures)
    return pl.concat(found).fill_nan(None)


def _warning(code: str, found: pl.DataFrame, part: pl.Expr, count: pl.Expr, error: pl.Expr) -> pl.DataFrame:
    return found.select(
        pl.lit(code).alias("warning"),
        "what",
        part=part.cast(pl.String),
        count=count.cast(pl.Int64),
        error=error.cast(pl.Float64),
    )


def _total_off(totals: pl.DataFrame) -> pl.DataFrame:
    outside = (pl.col("actual") < pl.col("low")) | (pl.col("actual") > pl.col("high"))
    off = totals.filter(outside & (pl.col("model_error").abs() > NOTABLE_ERROR))
    return _warning("total", off, pl.lit(None), pl.lit(None), pl.col("model_error"))


def _nearer_total(totals: pl.DataFrame) -> pl.DataFrame:
    """The baseline whose total comes nearest, where it is nearer than the model's, which is notably off."""
    errors = totals.unpivot(
        [f"{method}_error" for method in METHODS], index="what", variable_name="part", value_name="error"
    ).with_columns(pl.col("part").str.strip_suffix("_error"), size=pl.col("error").abs())
    off = errors.filter(pl.col("part") == "model", pl.col("size") > NOTABLE_ERROR).select("what", model="size")
    nearest = (
        errors.filter(pl.col("part") != "model")
        .join(off, on="what", maintain_order="left")
        .filter(pl.col("size") < pl.col("model"))
        .sort("size")
        .unique("what", keep="first", maintain_order=True)
        .sort("what")
    )
    return _warning("simple", nearest, pl.col("part"), pl.lit(None), pl.col("error"))


def _beaten(errors: pl.DataFrame) -> pl.DataFrame:
    """The baseline that comes nearer to single customers than the model, by how much of the model's RMSE."""
    model = errors.filter(method="model").select("what", model="rmse")
    better = (
        errors.join(model, on="what", maintain_order="left")
        .filter(pl.col("rmse") < pl.col("model"))
        .sort("rmse")
        .unique("what", keep="first", maintain_order=True)
    )
    return _warning("baseline", better, pl.col("method"), pl.lit(None), pl.col("rmse") / pl.col("model") - 1)


def _parts_off(table: pl.DataFrame, column: str, at_least: int) -> pl.DataFrame:
    """How many parts fail, where at least so many do, and which of them costs the total most."""
    cost = ((pl.col("model") - pl.col("actual")) * pl.col("customers")).abs()
    worst = (
        table.filter("fails")
        .with_columns(count=pl.len().over("what"))
        .filter(pl.col("count") >= at_least)
        .sort(cost, descending=True)
        .unique("what", keep="first", maintain_order=True)
        .sort("what")
    )
    return _warning(column, worst, pl.col(column), pl.col("count"), pl.col("model") / pl.col("actual") - 1)
