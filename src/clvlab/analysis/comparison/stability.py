"""Reliability: whether groups come out the same again, how they are shaped, and how simply they can be described."""

import polars as pl

from clvlab.analysis.comparison.context import ComparisonContext
from clvlab.analysis.section import Finding, Section
from clvlab.comparison.fitted_strategies import CHANCE
from clvlab.comparison.rankings import BARS
from clvlab.wording import Name

STABILITY = ["stability_resamples", "stability_halves", "stability_quarter"]
SHAPE = ["n_groups", "smallest", "balance", "coverage", "fidelity"]
SAME = 0.005
"""Agreements that differ by less read alike."""
SEPARATION = ["silhouette", "calinski_harabasz", "davies_bouldin"]


def compute(context: ComparisonContext) -> Section:
    """Tables `map` (gini against stability), `figures` (stability and shape, of the best strategies and
    the yardsticks) and, with clusters, `clusters`."""
    grouping = ~pl.col("strategy").is_in([*CHANCE, *BARS])
    figures = context.wide([*STABILITY, *SHAPE]).filter(grouping)
    points = context.with_roles(context.wide(["gini", "stability_resamples", "n_groups"]).filter(grouping))
    tables = {
        "map": points,
        "figures": figures.filter(pl.col("strategy").is_in(context.relevant)),
        "every_strategy": figures,
    }
    clusters = context.wide(SEPARATION).filter(pl.any_horizontal(pl.col(SEPARATION).is_not_null()))
    findings = {
        "lead": Finding.of("stability.lead"),
        "map": _least_stable(points, context.shown),
    }
    if clusters.height:
        tables["clusters"] = clusters
    return Section(tables, findings)


def _least_stable(points: pl.DataFrame, shown: str) -> Finding:
    """How alike the grouping shown comes out again, next to the least stable, unless all do so equally."""
    known = points.drop_nulls("stability_resamples").sort("stability_resamples", "strategy")
    least, most = (known.row(at, named=True) for at in (0, -1))
    agreement, mine = least["stability_resamples"], known.filter(strategy=shown)["stability_resamples"]
    if known.height > 1 and most["stability_resamples"] - agreement < SAME:
        return Finding.of("stability.map_alike", agreement=agreement)
    named = Name("strategies", least["strategy"])
    if least["strategy"] == shown or mine.is_empty():
        return Finding.of("stability.map_itself", strategy=named, agreement=agreement)
    return Finding.of(
        "stability.map", shown=Name("strategies", shown), mine=mine.item(), strategy=named, agreement=agreement
    )
