"""The figures of a scoring as tidy tables."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

import numpy as np
import polars as pl

from clvlab.comparison import stability
from clvlab.comparison.fitted_strategies import FittedStrategy
from clvlab.comparison.foresight import CAPTURES, FORESIGHT, HEADLINE
from clvlab.comparison.groups import group_outcomes
from clvlab.comparison.recommend import CAMPAIGN, CRITERIA
from clvlab.comparison.resampling import KNOWLEDGE, Figure, simultaneous
from clvlab.comparison.scoring import COVERED, NEVER_RECOMMENDED, Scoring, Tick, point
from clvlab.comparison.shape import balance, cluster_separation, coverage
from clvlab.comparison.simplicity import Features, fidelity, readable_tree
from clvlab.comparison.split import Split
from clvlab.comparison.threads import side_by_side
from clvlab.frames import CustomerSummary
from clvlab.grouping import Clusters, SampledClusters
from clvlab.grouping.feature_space import LogScale

Row = tuple[str, str, float, float | None, float | None]
Stable = tuple[str, float, float | None, float | None]

_INTERVAL = dict.fromkeys(("value", "low", "high"), pl.Float64)
ASKED_OF_THE_BAR = (HEADLINE, CAPTURES[0.10], CAPTURES[0.20])
"""What a grouping is held against the rankings by: the order of all, and the first whom a campaign can reach."""


def all_figures(scoring: Scoring, later: CustomerSummary, features: Features, tick: Tick) -> pl.DataFrame:
    """strategy, metric, value, low, high: every figure of every strategy; null where the data leave one open."""
    rows: list[Row] = []
    stable = _stability(scoring.split, scoring.fitted_strategies, later, tick)
    shapes = side_by_side(lambda fitted: shape_figures(scoring.split, fitted, features), scoring.fitted_strategies)
    for fitted, again, shape in zip(scoring.fitted_strategies, stable, shapes, strict=True):
        rows += _of_foresight(scoring, fitted.name)
        rows += [(fitted.name, *figure) for figure in again]
        rows += shape
    for ranking in scoring.rankings:
        rows += _of_foresight(scoring, ranking.name)
    table = pl.DataFrame(rows, schema={"strategy": pl.String, "metric": pl.String, **_INTERVAL}, orient="row")
    return table.with_columns(pl.col(list(_INTERVAL)).fill_nan(None))


def _of_foresight(scoring: Scoring, name: str) -> Iterator[Row]:
    for metric in (*(metric.name for metric in FORESIGHT), COVERED):
        figure = scoring.figures.get((name, metric))
        if figure is not None:
            yield name, metric, figure.value, *figure.interval()


def _stability(
    split: Split, fitted: Sequence[FittedStrategy], later: CustomerSummary, tick: Tick
) -> Iterator[list[Stable]]:
    """Of each strategy: metric, value, low, high."""
    samples = []
    for agreements in stability.on_resamples(fitted, split.customers, split.buyers, split.seed):
        samples.append(agreements)
        tick(len(fitted))
    halves = stability.on_halves([each.strategy for each in fitted], split.customers, split.buyers, split.seed)
    quarters = stability.at_a_later_day(fitted, split.buyers, later)
    tick(len(fitted))
    for again, half, quarter in zip(np.transpose(samples), halves, quarters, strict=True):
        low, high = np.quantile(again, [0.025, 0.975])
        yield [
            ("stability_resamples", float(np.mean(again)), float(low), float(high)),
            ("stability_halves", half, None, None),
            *([] if quarter is None else [("stability_quarter", quarter, None, None)]),
        ]


def shape_figures(split: Split, fitted: FittedStrategy, features: Features) -> list[Row]:
    """How the groups are shaped, and how simply they can be told."""
    labels, strategy = fitted.grouped.labels, fitted.strategy
    figures = {
        "n_groups": float(len(fitted.grouped.names)),
        "smallest": float(np.bincount(labels).min()),
        "balance": balance(labels),
        "coverage": coverage(fitted.grouped.known),
        "fidelity": fidelity(features, labels, split.seed),
    }
    if isinstance(strategy, Clusters | SampledClusters):
        points = LogScale.fit(split.buyers.data, strategy.features).apply(split.buyers.data)
        figures |= cluster_separation(points, labels, split.seed)
    return [(fitted.name, metric, value, None, None) for metric, value in figures.items()]


def criteria(scoring: Scoring, figures: pl.DataFrame) -> pl.DataFrame:
    """strategy, gini, gini_low, gini_high, first, reached and the other criteria of the recommendation.

    The interval of the Gini holds for all strategies at once, with 99 %.
    """
    names = [fitted.name for fitted in scoring.recommendable]
    ginis = [scoring.figure(name) for name in names]
    bounds, first = simultaneous(ginis, KNOWLEDGE), scoring.first()
    foresight = pl.DataFrame(
        {
            "strategy": names,
            "gini": [figure.value for figure in ginis],
            "gini_low": [low for low, _ in bounds],
            "gini_high": [high for _, high in bounds],
            "first": [first[name] for name in names],
            "reached": [_spent_by_the_first(scoring, name) for name in names],
        }
    ).fill_nan(None)
    others = figures.filter(pl.col("metric").is_in(CRITERIA)).pivot("metric", index="strategy", values="value")
    whole = [pl.col(name).cast(pl.Int64) for name in ("n_groups", "smallest")]
    return foresight.join(others.select("strategy", *CRITERIA), on="strategy", maintain_order="left").with_columns(
        whole
    )


def _spent_by_the_first(scoring: Scoring, name: str) -> float | None:
    """What the first CAMPAIGN of customers spent, all customers taken together; None where the log knows no money."""
    split = scoring.split
    share = scoring.figure(name, CAPTURES[CAMPAIGN].name).value
    return share * float(split.outcomes.spend.sum()) if split.log.has_amounts else None


def differences(scoring: Scoring) -> pl.DataFrame:
    """strategy, versus, value, low, high, error: paired differences of the headline for every ordered pair.

    Intervals hold at once for all pairs of strategies that can be recommended, and for all of these against each
    of the others. An interval is null where it is open, since in some resample nobody spent.
    """
    names = [fitted.name for fitted in scoring.recommendable]
    others = [each.name for each in scoring.windows[-1].contenders if each.name not in names]
    families = [list(combinations(names, 2)), *([(name, other) for name in names] for other in others)]
    families += [[pair] for pair in combinations(others, 2)]
    rows = []
    for pairs in families:
        figures = [scoring.difference(*pair) for pair in pairs]
        for (one, other), figure, (low, high) in zip(pairs, figures, simultaneous(figures), strict=True):
            rows += [
                (one, other, figure.value, low, high, figure.error),
                (other, one, -figure.value, -high, -low, figure.error),
            ]
    schema = {"strategy": pl.String, "versus": pl.String, **_INTERVAL, "error": pl.Float64}
    table = pl.DataFrame(rows, schema=schema, orient="row").fill_nan(None)
    order = pl.Enum([each.name for each in scoring.windows[-1].contenders])
    return table.sort(pl.col("strategy").cast(order), pl.col("versus").cast(order))


def bar(scoring: Scoring) -> pl.DataFrame:
    """strategy, versus, metric, value, low, high, money: what each grouping reaches more than each ranking.

    Intervals hold for all strategies at once; money is that of the captures, null where the log knows none.
    """
    total = float(scoring.split.outcomes.spend.sum())
    rows = []
    for ranking in scoring.rankings:
        for metric in ASKED_OF_THE_BAR:
            figures = [scoring.difference(each.name, ranking.name, metric.name) for each in scoring.recommendable]
            for fitted, figure, bounds in zip(scoring.recommendable, figures, simultaneous(figures), strict=True):
                money = figure.value * total if metric is not HEADLINE and scoring.split.log.has_amounts else None
                rows.append((fitted.name, ranking.name, metric.name, figure.value, *bounds, money))
    schema = {"strategy": pl.String, "versus": pl.String, "metric": pl.String, **_INTERVAL, "money": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row").fill_nan(None)


def crossings(scoring: Scoring) -> pl.DataFrame:
    """strategy (the best), versus, n_groups, gini, gain, low, high; most gain first; all gains hold at once."""
    best, latest = scoring.best, scoring.windows[-1]
    names = [fitted.name for fitted in scoring.recommendable if fitted.name != best]
    gains: list[Figure] = [scoring.crossing(name) - scoring.figure(best) for name in names]
    rows = [
        (
            best,
            name,
            len(latest.crossing(best, name).grouped.names),
            scoring.figure(best).value + gain.value,
            gain.value,
            *bounds,
        )
        for name, gain, bounds in zip(names, gains, simultaneous(gains), strict=True)
    ]
    schema = {"strategy": pl.String, "versus": pl.String, "n_groups": pl.Int64}
    schema |= dict.fromkeys(("gini", "gain", "low", "high"), pl.Float64)
    return pl.DataFrame(rows, schema=schema, orient="row").fill_nan(None).sort("gain", descending=True)


def windows(scoring: Scoring) -> pl.DataFrame:
    """strategy, cutoff, end, gini, rank (1 = highest): each window by itself, the earliest first."""
    rows = [
        (
            each.name,
            window.split.holdout.cutoff,
            window.split.holdout.end,
            float(scoring.figure(each.name).points[at].mean()),
        )
        for at, window in enumerate(scoring.windows)
        for each in scoring.ranked
    ]
    schema = {"strategy": pl.String, "cutoff": pl.Date, "end": pl.Date, "gini": pl.Float64}
    table = pl.DataFrame(rows, schema=schema, orient="row").fill_nan(None)
    return table.with_columns(rank=pl.col("gini").rank("min", descending=True).over("cutoff").cast(pl.Int64))


def ageing(scoring: Scoring) -> pl.DataFrame:
    """strategy, cutoff, gini, gini_aged: the rule fitted at each cutoff but the first, and that of the one before."""
    rows = []
    for at, window in enumerate(scoring.windows[1:], start=1):
        for fitted in window.fitted_strategies:
            if fitted.name not in NEVER_RECOMMENDED:
                aged = scoring.windows[at - 1].named(fitted.name).on(window.split.buyers)
                old = np.mean([point(aged, window.split.deal(number)) for number in scoring.first_deals])
                fresh = scoring.figure(fitted.name).points[at].mean()
                rows.append((fitted.name, window.split.holdout.cutoff, float(fresh), float(old)))
    schema = {"strategy": pl.String, "cutoff": pl.Date, "gini": pl.Float64, "gini_aged": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row").fill_nan(None)


def outcomes(scoring: Scoring) -> pl.DataFrame:
    """strategy, group, place, measure, n, value, low, high: what every group of every strategy did."""
    measures = scoring.split.measures
    tables = (
        group_outcomes(fitted.name, fitted.grouped, scoring.places(fitted), measures)
        for fitted in scoring.fitted_strategies
    )
    return pl.concat(tables).fill_nan(None)


def trees(scoring: Scoring, features: Features) -> pl.DataFrame:
    """strategy, leaf, condition, group, customers, share: each grouping told by a tree."""
    fitted, seed = scoring.fitted_strategies, scoring.split.seed
    found = side_by_side(lambda each: readable_tree(features, each.grouped, seed), fitted)
    return named(zip(fitted, found, strict=True))


def named(tables: Iterable[tuple[FittedStrategy, pl.DataFrame]]) -> pl.DataFrame:
    """Tables of fitted strategies as one, each row with its strategy."""
    return pl.concat(table.select(pl.lit(fitted.name).alias("strategy"), pl.all()) for fitted, table in tables)
