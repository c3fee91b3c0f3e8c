"""Which purchase model: all of them next to baselines, and the choice in words.

The rule: of the models nearest to the holdout, the simplest whose BIC is the lowest but for noise. Nearest are those
whose error per customer (root mean squared) is within `ERROR_TOLERANCE` of the smallest, and of these those whose
error of the total is within `TOTAL_TOLERANCE` of the smallest. A BIC that is lower by less than `BIC_TOLERANCE` is no
reason to take a model with more parameters, or one that is tried later: a choice that followed it would change from
month to month with the chance of the month [1]. Without a holdout, those are the nearest whose BIC is the lowest but
for noise. Where more than `MANY_ONE_TIME` of the customers bought once, of the nearest only those models count that
let one-time buyers leave, if there are any: the others take every one-time buyer to be alive.

[1] Kass & Raftery (1995), Journal of the American Statistical Association 90, 773-795: a difference of 6 is strong
    evidence.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import polars as pl

from clvlab.customers import one_time_share
from clvlab.displays import Displayed
from clvlab.errors import ConvergenceError
from clvlab.frames import CustomerSummary, Holdout, check_kind
from clvlab.models import PURCHASE_MODELS, AnyPurchaseModel, BgNbd, PurchaseModel, WithAttributes
from clvlab.models.value_models import EarlierErrors, Kind, PurchaseAttempt, attempts, name_of
from clvlab.validation.predictions import BASELINE_METHODS, METHODS, predictions
from clvlab.validation.validate import errors_of, totals_of
from clvlab.wording import Language, Name, Words

ERROR_TOLERANCE = 0.01
TOTAL_TOLERANCE = 0.03
BIC_TOLERANCE = 6.0
MANY_ONE_TIME = 1 / 3

Explanation = tuple[tuple[str, ...], dict[str, Any]]  # keys of sentences, and their figures


@dataclass(frozen=True, eq=False)
class ModelChoice(Displayed):
    """Models and baselines side by side, and the one that was chosen.

    Attributes
    ----------
    model : the chosen model, fitted on the calibration
    table : method (a model's class, or a baseline), parameters (how many), log_likelihood, aic, bic, total_error
        (relative), mae, rmse, rank_correlation (of purchases per customer on the holdout), problem (why a model could
        not be fitted), chosen; null where a method has no such figure
    reasons, figures : the sentences that explain the choice, as keys of the wording catalogue, and their figures
    errors : of the chosen model on the holdout with attributes and without; None where none were, or could be, tried
    """

    model: PurchaseModel
    table: pl.DataFrame
    reasons: tuple[str, ...]
    figures: Mapping[str, Any]
    errors: EarlierErrors | None = None

    @property
    def _facts(self) -> str:
        return self.explain()

    @property
    def _shown(self) -> pl.DataFrame:
        return self.table.drop("problem")

    def explain(self, lang: Language = "en") -> str:
        """The choice in words."""
        words = Words(lang)
        return words.sentences(words(reason, **self.figures) for reason in self.reasons)


def choose_model(
    calibration: CustomerSummary,
    holdout: Holdout | None = None,
    *,
    given: type[PurchaseModel] | None = None,
    attributes: Sequence[str] = (),
) -> ModelChoice:
    """Fit every purchase model, judge it on the holdout, and choose one by a printed rule.

    Parameters
    ----------
    calibration, holdout
        the two halves of `clvlab.split_holdout`; without a holdout the BIC alone decides
    given
        the model to take, whatever the rule says, where it can be fitted
    attributes
        columns of the calibration with which to judge the chosen model, too, see `errors` of the result

    Raises
    ------
    ConvergenceError : the calibration can identify none of the models

    Examples
    --------
    >>> import clvlab as cl
    >>> log = cl.datasets.cdnow(sample=True)
    >>> choice = cl.choose_model(*cl.split_holdout(log, "1997-09-30", "1998-06-30", "week"))
    >>> type(choice.model).__name__
    'ParetoNbd'
    """
    check_kind("calibration", calibration, CustomerSummary, "clvlab.split_holdout")
    if holdout is not None:
        check_kind("holdout", holdout, Holdout, "clvlab.split_holdout")
    kinds = PURCHASE_MODELS if given is None or given in PURCHASE_MODELS else (*PURCHASE_MODELS, given)
    fitted, problems = _fit_all(calibration, kinds)
    table = _criteria(fitted, problems)
    if holdout is not None:
        table = table.join(_judged(fitted, calibration, holdout), on="method", how="full", coalesce=True)
    table = _in_order(table, kinds)
    one_time = one_time_share(calibration)
    is_many = one_time > MANY_ONE_TIME
    wanted = [kind.__name__ for kind in kinds if is_many and kind.lets_one_time_buyers_leave()]
    best = best_of(table, wanted)
    is_given = given is not None and any(isinstance(model, given) for model in fitted)
    chosen = given.__name__ if given is not None and is_given else best
    table = table.with_columns(chosen=pl.col("method") == chosen)
    model = next(each for each in fitted if type(each).__name__ == chosen)
    errors = _errors(model, attributes, calibration, holdout) if attributes and holdout is not None else None
    if is_given:
        reasons, figures = _given_in_words(chosen, best)
        return ModelChoice(model, table, reasons, MappingProxyType(figures), errors)
    reasons, figures = _in_words(table)
    leaving, of_leaving = _leaving_in_words(table, wanted) if is_many else ((), {})
    told = MappingProxyType({**figures, **of_leaving, "one_time": one_time, "cutoff": calibration.cutoff})
    return ModelChoice(model, table, (*reasons, *leaving), told, errors)


def fitted_instead(kind: Kind, customers: CustomerSummary) -> AnyPurchaseModel | None:
    """What a report takes where these customers cannot identify a model; None where they identify none.

    Instead of a model with attributes that is the one without; else the rule chooses, by the BIC alone.
    """
    if isinstance(kind, WithAttributes):
        plain = PurchaseAttempt.at(kind.kind, customers).model
        if plain is not None:
            return plain
    try:
        return choose_model(customers).model
    except ConvergenceError:
        return None


def _fit_all(
    calibration: CustomerSummary, kinds: tuple[type[PurchaseModel], ...]
) -> tuple[list[PurchaseModel], dict[str, str]]:
    """The models that can be fitted, and why the others cannot; all failing is an error."""
    tried = list(attempts(calibration, kinds))
    problems = {name_of(each.kind): str(each.caveats[0].problem) for each in tried if each.model is None}
    fitted = [each.model for each in tried if isinstance(each.model, PurchaseModel)]
    if not fitted:
        raise ConvergenceError(f"No purchase model can be fitted. {problems[BgNbd.__name__]}", BgNbd.names)
    return fitted, problems


def _criteria(fitted: list[PurchaseModel], problems: dict[str, str]) -> pl.DataFrame:
    """method, parameters, log_likelihood, aic, bic, problem: of every model, those that failed included."""
    rows: list[tuple[object, ...]] = [
        (type(model).__name__, len(model.names), model.log_likelihood, model.aic, model.bic, None) for model in fitted
    ]
    rows += [(name, None, None, None, None, problem) for name, problem in problems.items()]
    schema = {
        "method": pl.String,
        "parameters": pl.Int64,
        "log_likelihood": pl.Float64,
        "aic": pl.Float64,
        "bic": pl.Float64,
        "problem": pl.String,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _judged(fitted: list[PurchaseModel], calibration: CustomerSummary, holdout: Holdout) -> pl.DataFrame:
    """method, total_error, mae, rmse, rank_correlation: purchases of the holdout, by every model and baseline."""
    found = []
    for model in fitted:
        predicted = predictions(model, None, calibration, holdout)
        totals = totals_of(predicted).unpivot([f"{name}_error" for name in METHODS], value_name="total_error")
        totals = totals.select("total_error", method=pl.col("variable").str.strip_suffix("_error"))
        errors = errors_of(predicted).join(totals, on="method", maintain_order="left")
        wanted = errors.select("method", "total_error", "mae", "rmse", "rank_correlation")
        found.append(wanted.with_columns(pl.col("method").replace("model", type(model).__name__)))
    # The baselines are the same next to every model.
    return pl.concat(found).unique("method", maintain_order=True)


def _errors(
    model: PurchaseModel, attributes: Sequence[str], calibration: CustomerSummary, holdout: Holdout
) -> EarlierErrors | None:
    """How far the model erred per customer with attributes and without; None where these cannot be fitted."""
    tried = PurchaseAttempt.at(WithAttributes(type(model), tuple(attributes)), calibration)
    if tried.model is None:
        return None
    found = [predictions(each, None, calibration, holdout) for each in (tried.model, model)]
    return EarlierErrors.of(*((each["model"] - each["actual"]).to_numpy() for each in found))


def _in_order(table: pl.DataFrame, kinds: tuple[type[PurchaseModel], ...]) -> pl.DataFrame:
    """Models first, then baselines; the figures of a holdout null where there is none."""
    names = [*(candidate.__name__ for candidate in kinds), *BASELINE_METHODS]
    judged = [name for name in ("total_error", "mae", "rmse", "rank_correlation") if name not in table.columns]
    table = table.with_columns(pl.lit(None, pl.Float64).alias(name) for name in judged)
    order = pl.col("method").replace_strict(names, range(len(names)))
    columns = (
        "method",
        "parameters",
        "log_likelihood",
        "aic",
        "bic",
        "total_error",
        "mae",
        "rmse",
        "rank_correlation",
    )
    return table.sort(order).select(*columns, "problem")


def best_of(table: pl.DataFrame, wanted: Sequence[str] = ()) -> str:
    """The model that the rule chooses, of those in the table, in the order in which they are tried.

    Of the nearest, only those `wanted` count, if there are any.
    """
    nearest = _nearest(table)
    models = nearest.filter(pl.col("method").is_in(wanted))
    models = _lowest_bic(nearest if models.is_empty() else models)
    best: str = models.sort("parameters", maintain_order=True)["method"][0]
    return best


def _nearest(table: pl.DataFrame) -> pl.DataFrame:
    """The models nearest to the holdout; without one, those with the lowest BIC."""
    models = table.drop_nulls("bic")
    if models["rmse"].null_count():
        return _lowest_bic(models)
    total = pl.col("total_error").abs()
    models = models.filter(pl.col("rmse") <= pl.col("rmse").min() * (1 + ERROR_TOLERANCE))
    return models.filter((total <= total.min() + TOTAL_TOLERANCE).fill_null(True))


def _lowest_bic(models: pl.DataFrame) -> pl.DataFrame:
    """The models whose BIC is the lowest but for noise."""
    return models.filter(pl.col("bic") <= pl.col("bic").min() + BIC_TOLERANCE)


def _given_in_words(given: str, best: str) -> Explanation:
    """That the parameters ask for a model, and what the rule would have chosen."""
    reason = "model_choice.given" if best == given else "model_choice.given_other"
    return (reason,), {"model": Name("methods", given), "best": Name("methods", best)}


def _in_words(table: pl.DataFrame) -> Explanation:
    """The sentence that explains the choice, and its figures."""
    chosen = table.filter("chosen").row(0, named=True)
    figures = {
        "model": Name("methods", chosen["method"]),
        "bic": chosen["bic"],
        "rmse": chosen["rmse"],
        "total": chosen["total_error"],
        "error_tolerance": ERROR_TOLERANCE,
        "total_tolerance": TOTAL_TOLERANCE,
        "bic_tolerance": BIC_TOLERANCE,
    }
    baselines = table.filter(pl.col("method").is_in(BASELINE_METHODS)).sort("rmse").select("method", "rmse").rows()
    if not baselines:
        return ("model_choice.bic",), figures
    best, error = baselines[0]
    reason = "model_choice.beaten" if error < chosen["rmse"] else "model_choice.holdout"
    return (reason,), {**figures, "baseline": Name("methods", best), "baseline_rmse": error}


def _leaving_in_words(table: pl.DataFrame, wanted: Sequence[str]) -> Explanation:
    """What it meant that models were wanted which let one-time buyers leave: they alone counted, or none would do."""
    if table.filter("chosen")["method"].item() in wanted:
        return ("model_choice.leaving",), {}
    able = table.filter(pl.col("method").is_in(wanted)).drop_nulls("bic")
    if able.is_empty():
        return ("model_choice.leaving_unfitted",), {}
    other = able.filter(method=best_of(able)).row(0, named=True)
    figures = {
        "other": Name("methods", other["method"]),
        "other_bic": other["bic"],
        "other_rmse": other["rmse"],
        "other_total": other["total_error"],
    }
    reason = "model_choice.leaving_costs_bic" if other["rmse"] is None else "model_choice.leaving_costs"
    return (reason,), figures
