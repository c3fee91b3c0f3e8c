"""Lifetime value: how it is spread, which groups hold it, and the model behind it."""

import math

import numpy as np
import polars as pl

from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation.context import Context
from clvlab.analysis.segmentation.earlier import Before, model_before
from clvlab.analysis.segmentation.past_forecasts import FEW, PastForecasts
from clvlab.analysis.segmentation.season import season
from clvlab.analysis.segmentation.validation import bias
from clvlab.analysis.small_groups import SMALLEST
from clvlab.customers import mean_margin
from clvlab.errors import ClvlabError, ClvlabWarning, DataError
from clvlab.models import CovariateModel, GammaGamma, MeanSpend, SpendKind, WithAttributes
from clvlab.models.attributes import OTHER_LEVEL, Attributes
from clvlab.models.fitted_model import FittedModel
from clvlab.models.spend_model import LITERATURE, GrossSpend, gamma_gamma_of, gross_of, kind_of_spend
from clvlab.models.value_models import SIGNIFICANT, Caveat, name_of
from clvlab.params import FROM_COST
from clvlab.wording import Name

N_BINS = 40
PARTS = (10, 5, 4, 3, 2)
HEAVY_TAIL = 2.0
"""Up to this q customers' mean spends have no variance, and a few of them make the mean of all."""
TOLD_FROM = 0.0005
"""A share of money that goes back rounds to 0.1 % and more from here on."""
SMALLEST_PART = 10
"""Of so many customers, parts differ in size by a tenth at most."""


def compute(context: Context) -> Section:
    """Tables `distribution`, `by_group`, `deciles`, `parameters` and, where attributes count, `attributes`.

    Without a model only the reason why.
    """
    notes = [_told(caveat) for caveat in context.models.caveats]
    if context.models.purchases is None:
        return Section({}, {"lead": Finding.of("value.no_model", problem=notes)})
    tables = {"parameters": parameters(context)}
    values = context.group_values
    if values is None:
        key = "value.no_amounts" if not context.has_amounts else "value.no_spend_model"
        told = {"lead": Finding.of(key, problem=notes), **season(context), **_attributes(context)}
        return Section(tables | _effects(context), told)
    clv = context.table["clv"].drop_nulls()
    by_group = _by_group(context, values)
    total = values.row(-1, named=True)
    best = by_group.sort("clv_mean", descending=True).row(0, named=True)
    tables = {"distribution": histogram(clv), "by_group": by_group, **_parts(clv), **tables, **_effects(context)}
    deciles = tables.get("deciles")
    return Section(
        tables,
        _caveats(context)
        | {
            "basis": _basis(context.past),
            **bias(context.past, "value.bias_more", "value.bias_less"),
            "model": _model(context),
            **season(context),
            **_attributes(context),
            **_spend(context),
            **_other_model(context),
            **_margin(context),
            "lead": Finding.of(
                "value.lead",
                mean=clv.mean(),
                horizon=context.horizon,
                total=total["clv"],
                low=total["clv_low"],
                high=total["clv_high"],
            ),
            "distribution": Finding.of("value.distribution", median=clv.median(), mean=clv.mean()),
            "by_group": Finding.of("value.by_group", group=Name("groups", best["group"]), mean=best["clv_mean"]),
        }
        | ({} if deciles is None else {"deciles": _headline(deciles)}),
    )


def _basis(past: PastForecasts | None) -> Finding:
    """What past forecasts the intervals allow for."""
    if past is None or not past.judges("spend"):
        return Finding.of("value.basis_alone")
    seen = past.seen("spend")
    if seen < FEW:
        return Finding.of("value.basis_few", seen=seen, judged=past.horizon)
    return Finding.of("value.basis", seen=seen, judged=past.horizon, independent=past.independent("spend"))


def _model(context: Context) -> Finding:
    """Which model values customers throughout the report, and what decided it."""
    kind = context.used_kind
    plain = kind.kind if isinstance(kind, WithAttributes) else kind
    model = Name("models", name_of(plain))
    if plain is context.given_model:
        return Finding.of("value.model_given", model=model)
    if context.choice:
        return Finding.of("value.model_chosen", model=model)
    if choice := context.unjudged_choice:
        why = [Finding(key, choice.figures) for key in choice.reasons]
        return Finding.of("value.model_unjudged", why=why)
    return Finding.of("value.model_first", model=model)


def _spend(context: Context) -> dict[str, Finding]:
    """What spend rests on and why, what of it goes back on other days, and whether a few customers make its mean."""
    spend, returned = context.models.spend, context.base.returned
    found = {"returned": Finding.of("value.returned", returned=returned)} if returned >= TOLD_FROM else {}
    if spend is None or isinstance(gross_of(spend), MeanSpend):
        return found
    return {"spend": _spend_kind(context, kind_of_spend(spend)), **_tail(gross_of(spend)), **found}


def _spend_kind(context: Context, kind: SpendKind) -> Finding:
    """What spend rests on, next to the nearest other kind, on the earlier period that chose."""
    choice = context.spend_choice
    if choice is None:
        return Finding.of("value.spend_unjudged")
    used = choice.table.row(by_predicate=pl.col("kind") == kind, named=True)
    other = choice.other_than(kind)
    return Finding.of(
        "value.spend_literature" if kind == LITERATURE else "value.spend_better",
        cutoff=choice.cutoff,
        end=choice.end,
        basis=Name("spend_kinds", kind),
        error=abs(used["total_error"]),
        other=Name("spend_kinds", other["kind"]),
        other_error=abs(other["total_error"]),
    )


def _tail(spend: GrossSpend) -> dict[str, Finding]:
    """That a few customers make the mean of all, and between which bounds it lies, or that there is none."""
    if not isinstance(spend, GammaGamma) or spend.q > HEAVY_TAIL or spend.estimate is None:
        return {}
    if spend.q <= 1:
        return {"tail": Finding.of("value.tail_none", q=spend.q)}
    low, high = spend.mean_spend_interval()
    figures = {"q": spend.q, "mean": spend.mean_spend, "low": low}
    if not math.isfinite(high):
        return {"tail": Finding.of("value.tail_open", **figures)}
    return {"tail": Finding.of("value.tail", **figures, high=high)}


def _attributes(context: Context) -> dict[str, Finding]:
    """Whether attributes count in values, and by what this was decided; nothing where none were to be tried."""
    tried = context.models.tried
    if tried is None:
        return {}
    attributes = [Name("attributes", name) for name in tried.kind.names]
    if tried.test is None:
        problem = [_told(caveat) for caveat in tried.caveats]
        return {"attributes": Finding.of("value.attributes_unfitted", attributes=attributes, problem=problem)}
    told = {
        "attributes": attributes,
        "p": tried.test.p_value,
        # As a bound, in tenths of a percent.
        "at_most": max(math.ceil(1_000 * tried.test.p_value), 1) / 1_000,
        "significant": SIGNIFICANT,
        **(
            {"with_attributes": tried.errors.with_attributes, "without": tried.errors.without} if tried.errors else {}
        ),
    }
    if tried.verdict == "chance":
        return {"attributes": Finding.of("value.attributes_chance", **told)}
    if tried.verdict == "worse":
        return {"attributes": Finding.of("value.attributes_worse", **told)}
    key = "value.attributes_used" if tried.errors else "value.attributes_unjudged"
    return {"attributes": Finding.of(key, **told)}


def _effects(context: Context) -> dict[str, pl.DataFrame]:
    """The table `attributes`: how often customers buy, by what is known of them, where that counts.

    attribute, value (null: all others), customers, times_as_often (compared with the most frequent value, which comes
    first, for as long as customers stay), low, high (its 95 % interval). Values of fewer than SMALLEST customers are
    left out.
    """
    model = context.models.purchases
    if not isinstance(model, CovariateModel):
        return {}
    effects = model.coefficients().filter(acts_on="purchases")
    tables = [_effects_of(name, model.purchase, effects, context.buyers) for name in model.purchase.levels]
    return {"attributes": pl.concat(tables)}


def _effects_of(name: str, attributes: Attributes, effects: pl.DataFrame, buyers: pl.DataFrame) -> pl.DataFrame:
    reference, *others = attributes.levels[name]
    factors = pl.DataFrame({"value": others, "term": [f"{name}={level}" for level in others]}).join(
        effects, on="term", maintain_order="left"
    )
    rows = factors.select("value", times_as_often="factor", low=pl.col("low").exp(), high=pl.col("high").exp())
    first = pl.DataFrame({"value": [reference], "times_as_often": [1.0]})
    table = pl.concat([first, rows.sort("times_as_often", descending=True)], how="diagonal")
    sizes = attributes.labels(name, buyers).alias("value").value_counts(name="customers")
    return (
        table.join(sizes, on="value", maintain_order="left")
        .filter(pl.col("customers") >= SMALLEST)
        .select(
            pl.lit(name).alias("attribute"),
            pl.col("value").replace(OTHER_LEVEL, None),
            pl.col("customers").cast(pl.Int64),
            "times_as_often",
            "low",
            "high",
        )
    )


def _other_model(context: Context) -> dict[str, Finding]:
    """That the report before valued customers by another model, where it did."""
    before = _before(context)
    used = name_of(context.used_kind)
    if before is None or before.model == used:
        return {}
    models = {"before": Name("models", before.model), "model": Name("models", used)}
    return {"other_model": Finding.of("value.other_model", day=before.as_of, **models)}


def _before(context: Context) -> Before | None:
    """The report before and its model: of a series that of the period before, else the last one published."""
    if not context.params.every:
        return model_before(context.params)
    before = context.predecessor
    return Before(before.as_of, before.model) if before and before.model else None


def _margin(context: Context) -> dict[str, Finding]:
    """What the log's costs leave, where it has costs: whether values are at that margin or at another."""
    given = context.params.margin
    try:
        found = mean_margin(context.log, context.as_of)
    except DataError:
        return {}
    if given == FROM_COST:
        return {"margin": Finding.of("value.margin_from_cost", **vars(found))}
    return {"margin": Finding.of("value.margin_given", margin=found.margin, given=given)}


def _caveats(context: Context) -> dict[str, Finding]:
    """What a reader should know of the models: which could not be fitted, and what they warn of."""
    models = context.models
    notes = [_told(caveat) for caveat in models.caveats]
    findings = {"notes": Finding.of("value.notes", notes=notes)} if notes else {}
    if models.refused:
        refused = [Name("models", name_of(model)) for model in models.refused]
        used = Name("models", name_of(context.used_kind))
        findings["fallback"] = Finding.of("value.fallback", refused=refused, used=used)
    return findings


def _told(caveat: Caveat) -> Finding:
    """What a model complains of, for a sentence; its own words where there is no such sentence."""
    problem = caveat.problem
    if isinstance(problem, ClvlabError | ClvlabWarning) and problem.code:
        model = Name("models", name_of(caveat.model))
        return Finding.of(f"caveats.{problem.code}", model=model, **problem.figures)
    return Finding.of("caveats.other", words=str(problem))


def histogram(clv: pl.Series) -> pl.DataFrame:
    """low, high, customers: customers by value, in bins of equal width on a log scale (below 1, one bin)."""
    values = clv.to_numpy()
    top = max(float(values.max(initial=1.0)), 10.0)
    edges = np.concatenate([[min(0.0, float(values.min(initial=0.0)))], np.geomspace(1.0, top, N_BINS + 1)])
    edges[-1] = np.nextafter(edges[-1], np.inf)
    counts, _ = np.histogram(values, edges)
    return pl.DataFrame({"low": edges[:-1], "high": edges[1:], "customers": counts})


def _parts(clv: pl.Series) -> dict[str, pl.DataFrame]:
    """The table `deciles`, where there are customers for more than one part and value for them to share."""
    return {"deciles": value_deciles(clv)} if n_parts(clv.len()) > 1 and clv.sum() > 0 else {}


def _headline(deciles: pl.DataFrame) -> Finding:
    parts = deciles.height
    return Finding.of("value.deciles", customers=1 / parts, parts=parts, share=deciles["share"][0])


def n_parts(customers: int) -> int:
    """Into how many parts of equal size so many customers are cut: ten, or fewer of SMALLEST_PART and more.

    >>> [n_parts(customers) for customers in (19, 20, 49, 50, 100, 23_570)]
    [1, 2, 4, 5, 10, 10]
    """
    return next((parts for parts in PARTS if customers >= parts * SMALLEST_PART), 1)


def value_deciles(clv: pl.Series) -> pl.DataFrame:
    """decile (1 = most valuable), customers, clv, share, mean: the value that each of `n_parts` parts holds."""
    ordered = clv.sort(descending=True).to_frame("clv").with_row_index("place")
    decile = (pl.col("place") * n_parts(clv.len()) // clv.len() + 1).alias("decile")
    return (
        ordered.group_by(decile)
        .agg(customers=pl.len(), clv=pl.col("clv").sum(), mean=pl.col("clv").mean())
        .sort("decile")
        .with_columns(share=pl.col("clv") / pl.col("clv").sum())
    )


def parameters(context: Context) -> pl.DataFrame:
    """model, parameter, estimate, standard_error, low, high: what was fitted, with 95 % intervals.

    With attributes they are those of a customer whose attributes all have their most frequent value.
    """
    spend = context.models.spend and gamma_gamma_of(context.models.spend)
    models = [model for model in (context.models.purchases, spend) if isinstance(model, FittedModel | CovariateModel)]
    return pl.concat(
        model.confidence_intervals()
        .with_columns(pl.Series("standard_error", list(model.standard_errors.values())))
        # What attributes do has a table of its own.
        .filter(
            pl.col("parameter").is_in(model.reference.names if isinstance(model, CovariateModel) else model.names)
        )
        .select(pl.lit(name_of(model)).alias("model"), "parameter", "estimate", "standard_error", "low", "high")
        for model in models
    )


def _by_group(context: Context, values: pl.DataFrame) -> pl.DataFrame:
    """group, customers, clv with its interval, share, clv_mean, the quartiles of a customer's value, and place."""
    order = pl.DataFrame({"group": context.groups}, schema={"group": pl.String})
    clv = pl.col("clv")
    groups = (
        context.shown.filter(clv.is_not_null())
        .group_by("group")
        .agg(
            clv_mean=clv.mean(),
            low=clv.quantile(0.25, "linear"),
            median=clv.median(),
            high=clv.quantile(0.75, "linear"),
        )
    )
    return (
        order.join(values.head(-1), on="group", how="inner", maintain_order="left")
        .join(context.places, on="group", how="left", maintain_order="left")
        .join(groups, on="group", maintain_order="left")
        .with_columns(share=clv / clv.sum())
    )
