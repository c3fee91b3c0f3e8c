"""The figures of a scoring as tidy tables."""

from collections.abc import Callable, Iterable, Iterator
from itertools import permutations

import numpy as np
import polars as pl

from clvlab.comparison import stability
from clvlab.comparison.fitted_strategies import CHANCE, FittedStrategy
from clvlab.comparison.foresight import FORESIGHT
from clvlab.comparison.groups import group_outcomes
from clvlab.comparison.recommend import CRITERIA
from clvlab.comparison.resampling import interval
from clvlab.comparison.scoring import Scoring
from clvlab.comparison.shape import balance, cluster_separation, coverage
from clvlab.comparison.simplicity import Features, fidelity
from clvlab.comparison.split import Split
from clvlab.frames import CustomerSummary
from clvlab.grouping import Clusters, SampledClusters
from clvlab.grouping.feature_space import LogScale

Tick = Callable[[int], object]
Row = tuple[str, str, float, float | None, float | None]

_INTERVAL = dict.fromkeys(("value", "low", "high"), pl.Float64)


def all_figures(scoring: Scoring, later: CustomerSummary, features: Features, tick: Tick) -> pl.DataFrame:
    """strategy, metric, value, low, high: every figure of every strategy; null where the data leave one open."""
    rows: list[Row] = []
    for fitted in scoring.fitted_strategies:
        rows += _of_foresight(scoring, fitted)
        rows += _stability(scoring.split, fitted, later, tick)
        rows += _shape(scoring.split, fitted, features)
    table = pl.DataFrame(rows, schema={"strategy": pl.String, "metric": pl.String, **_INTERVAL}, orient="row")
    return table.with_columns(pl.col(list(_INTERVAL)).fill_nan(None))


def _of_foresight(scoring: Scoring, fitted: FittedStrategy) -> Iterator[Row]:
    for metric in FORESIGHT:
        low, high = interval(scoring.rounds(fitted.name, metric))
        yield fitted.name, metric.name, scoring.figure(fitted.name, metric), low, high


def _stability(split: Split, fitted: FittedStrategy, later: CustomerSummary, tick: Tick) -> Iterator[Row]:
    name, again = fitted.name, []
    for agreement in stability.on_resamples(fitted, split.customers, split.buyers, split.seed):
        again.append(agreement)
        tick(1)
    yield name, "stability_resamples", float(np.mean(again)), *interval(np.array(again))
    halves = stability.on_halves(fitted.strategy, split.customers, split.buyers, split.seed)
    yield name, "stability_halves", halves, None, None
    if fitted.rule.needs <= set(later.data.columns):
        yield name, "stability_quarter", stability.at_a_later_day(fitted.rule, split.buyers, later), None, None
    tick(1)


def _shape(split: Split, fitted: FittedStrategy, features: Features) -> Iterator[Row]:
    labels, strategy = fitted.grouped.labels, fitted.strategy
    figures = {
        "n_groups": float(len(fitted.grouped.names)),
        "smallest": float(np.bincount(labels).min()),
        "balance": balance(labels),
        "coverage": coverage(fitted.groups),
        "fidelity": fidelity(features, labels, split.seed),
    }
    if isinstance(strategy, Clusters | SampledClusters):
        points = LogScale.fit(split.buyers.data, strategy.features).apply(split.buyers.data)
        figures |= cluster_separation(points, labels, split.seed)
    for metric, value in figures.items():
        yield fitted.name, metric, value, None, None


def criteria(figures: pl.DataFrame) -> pl.DataFrame:
    """strategy, n_groups and the criteria of the recommendation, to three places: less is noise."""
    chosen = figures.filter(pl.col("metric").is_in(["n_groups", *CRITERIA]), ~pl.col("strategy").is_in(CHANCE))
    wide = chosen.pivot("metric", index="strategy", values="value")
    return wide.select("strategy", pl.col("n_groups").cast(pl.Int64), pl.col(CRITERIA).round(3))


def differences(scoring: Scoring) -> pl.DataFrame:
    """strategy, versus, value, low, high: paired differences of the headline for every ordered pair.

    An interval is null where it is open, since in some resample nobody spent.
    """
    rows = [(one, other, *scoring.difference(one, other)) for one, other in permutations(scoring.predicted, 2)]
    table = pl.DataFrame(rows, schema={"strategy": pl.String, "versus": pl.String, **_INTERVAL}, orient="row")
    return table.fill_nan(None)


def crossings(scoring: Scoring) -> pl.DataFrame:
    """strategy (the best), versus, n_groups, gini, gain, low, high; most gain first."""
    rows = [
        (scoring.best.name, name, len(grouped.names), *scoring.crossing(name))
        for name, grouped in scoring.crossings.items()
    ]
    schema = {"strategy": pl.String, "versus": pl.String, "n_groups": pl.Int64}
    schema |= dict.fromkeys(("gini", "gain", "low", "high"), pl.Float64)
    return pl.DataFrame(rows, schema=schema, orient="row").fill_nan(None).sort("gain", descending=True)


def outcomes(scoring: Scoring) -> pl.DataFrame:
    """strategy, group, place, measure, n, value, low, high: what every group of every strategy did."""
    measures = scoring.split.measures
    tables = (
        group_outcomes(
            fitted.name,
            fitted.grouped,
            scoring.places(fitted),
            measures,
            {measure: scoring.bootstrap.means[fitted.name, measure] for measure in measures},
        )
        for fitted in scoring.fitted_strategies
    )
    return pl.concat(tables).fill_nan(None)


def named(tables: Iterable[tuple[FittedStrategy, pl.DataFrame]]) -> pl.DataFrame:
    """Tables of fitted_strategies as one, each row with its strategy."""
    return pl.concat(table.select(pl.lit(fitted.name).alias("strategy"), pl.all()) for fitted, table in tables)
