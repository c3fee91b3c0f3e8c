"""The figures of a contest as tidy tables."""

from collections.abc import Callable, Iterable, Iterator
from itertools import permutations

import numpy as np
import polars as pl

from clvlab.comparison import stability
from clvlab.comparison.fitted_strategies import CHANCE, Candidate
from clvlab.comparison.foresight import FORESIGHT
from clvlab.comparison.groups import group_outcomes
from clvlab.comparison.recommend import CRITERIA
from clvlab.comparison.resampling import interval
from clvlab.comparison.scoring import Contest
from clvlab.comparison.shape import balance, cluster_separation, coverage
from clvlab.comparison.simplicity import Features, fidelity
from clvlab.comparison.split import Case
from clvlab.frames import CustomerSummary
from clvlab.grouping import Clusters, SampledClusters
from clvlab.grouping.feature_space import LogScale

Tick = Callable[[int], object]
Row = tuple[str, str, float, float | None, float | None]

_INTERVAL = dict.fromkeys(("value", "low", "high"), pl.Float64)


def all_figures(contest: Contest, later: CustomerSummary, features: Features, tick: Tick) -> pl.DataFrame:
    """strategy, metric, value, low, high: every figure of every candidate; null where the data leave one open."""
    rows: list[Row] = []
    for candidate in contest.candidates:
        rows += _foresight(contest, candidate)
        rows += _stability(contest.case, candidate, later, tick)
        rows += _shape(contest.case, candidate, features)
    table = pl.DataFrame(rows, schema={"strategy": pl.String, "metric": pl.String, **_INTERVAL}, orient="row")
    return table.with_columns(pl.col(list(_INTERVAL)).fill_nan(None))


def _foresight(contest: Contest, candidate: Candidate) -> Iterator[Row]:
    for metric in FORESIGHT:
        low, high = interval(contest.rounds(candidate.name, metric))
        yield candidate.name, metric.name, contest.figure(candidate.name, metric), low, high


def _stability(case: Case, candidate: Candidate, later: CustomerSummary, tick: Tick) -> Iterator[Row]:
    name, again = candidate.name, []
    for agreement in stability.on_resamples(candidate, case.customers, case.buyers, case.seed):
        again.append(agreement)
        tick(1)
    yield name, "stability_resamples", float(np.mean(again)), *interval(np.array(again))
    halves = stability.on_halves(candidate.strategy, case.customers, case.buyers, case.seed)
    yield name, "stability_halves", halves, None, None
    if candidate.rule.needs <= set(later.data.columns):
        yield name, "stability_quarter", stability.at_a_later_day(candidate.rule, case.buyers, later), None, None
    tick(1)


def _shape(case: Case, candidate: Candidate, features: Features) -> Iterator[Row]:
    labels, strategy = candidate.grouped.labels, candidate.strategy
    figures = {
        "n_groups": float(len(candidate.grouped.names)),
        "smallest": float(np.bincount(labels).min()),
        "balance": balance(labels),
        "coverage": coverage(candidate.groups),
        "fidelity": fidelity(features, labels, case.seed),
    }
    if isinstance(strategy, Clusters | SampledClusters):
        points = LogScale.fit(case.buyers.data, strategy.features).apply(case.buyers.data)
        figures |= cluster_separation(points, labels, case.seed)
    for metric, value in figures.items():
        yield candidate.name, metric, value, None, None


def criteria(figures: pl.DataFrame) -> pl.DataFrame:
    """strategy, n_groups and the criteria of the recommendation, to three places: less is noise."""
    chosen = figures.filter(pl.col("metric").is_in(["n_groups", *CRITERIA]), ~pl.col("strategy").is_in(CHANCE))
    wide = chosen.pivot("metric", index="strategy", values="value")
    return wide.select("strategy", pl.col("n_groups").cast(pl.Int64), pl.col(CRITERIA).round(3))


def differences(contest: Contest) -> pl.DataFrame:
    """strategy, versus, value, low, high: paired differences of the headline for every ordered pair."""
    rows = [(one, other, *contest.difference(one, other)) for one, other in permutations(contest.forecasts, 2)]
    return pl.DataFrame(rows, schema={"strategy": pl.String, "versus": pl.String, **_INTERVAL}, orient="row")


def crossings(contest: Contest) -> pl.DataFrame:
    """strategy (the best), versus, n_groups, gini, gain, low, high; most gain first."""
    rows = [
        (contest.best.name, name, len(grouped.names), *contest.crossing(name))
        for name, grouped in contest.crossings.items()
    ]
    schema = {"strategy": pl.String, "versus": pl.String, "n_groups": pl.Int64}
    schema |= dict.fromkeys(("gini", "gain", "low", "high"), pl.Float64)
    return pl.DataFrame(rows, schema=schema, orient="row").sort("gain", descending=True)


def outcomes(contest: Contest) -> pl.DataFrame:
    """strategy, group, place, measure, n, value, low, high: what every group of every candidate did."""
    measures = contest.case.measures
    return pl.concat(
        group_outcomes(
            candidate.name,
            candidate.grouped,
            contest.places(candidate),
            measures,
            {measure: contest.bootstrap.means[candidate.name, measure] for measure in measures},
        )
        for candidate in contest.candidates
    )


def named(tables: Iterable[tuple[Candidate, pl.DataFrame]]) -> pl.DataFrame:
    """Tables of candidates as one, each row with its strategy."""
    return pl.concat(table.select(pl.lit(candidate.name).alias("strategy"), pl.all()) for candidate, table in tables)
