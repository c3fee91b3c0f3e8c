"""Strategies side by side, judged by what the customers did next."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from itertools import permutations
from typing import Any

import numpy as np
import polars as pl
from tqdm import tqdm

from clvlab.errors import ParamsError
from clvlab.evaluation import stability
from clvlab.evaluation.agreement import agreement_table
from clvlab.evaluation.board import Board
from clvlab.evaluation.bootstrap import Bootstrap
from clvlab.evaluation.candidates import CHANCE, Candidate, chosen, servable
from clvlab.evaluation.case import Case
from clvlab.evaluation.foresight import FORESIGHT, HEADLINE, Forecast, interval, scored
from clvlab.evaluation.money import allocation, reach_table
from clvlab.evaluation.outcomes import Grouped, group_outcomes
from clvlab.evaluation.recommend import CRITERIA, recommend
from clvlab.evaluation.shape import balance, cluster_separation, coverage
from clvlab.evaluation.simplicity import Features, fidelity, readable_tree
from clvlab.frames import CustomerSummary, TransactionLog
from clvlab.grouping import Clusters, SampledClusters, Strategy
from clvlab.grouping.feature_space import LogScale
from clvlab.wording import CROSSED

MIN_ROUNDS = 20
Tick = Callable[[int], object]


def compare(
    strategies: Iterable[str | Strategy] | None,
    log: TransactionLog,
    cutoff: str | date,
    end: str | date,
    attributes: Any = None,
    *,
    n_rounds: int = 500,
    seed: int = 0,
    time_unit: str = "week",
    horizon: str = "12 months",
    progress: bool | None = None,
) -> Board:
    """Judge ways of grouping customers by what the customers did after the cutoff.

    Groups are formed on data up to the cutoff, as they would be in practice. A group's expected outcome is learnt
    on one part of the customers and judged on another; intervals come from resampling the customers with their
    stored predictions. What is estimated: this grouping, as formed, on customers like these. Customers with a
    purchase by the cutoff are judged; prospects only have a part in forming groups.

    Parameters
    ----------
    strategies : names, strategies, or both; None, or none of them, for all that the data can serve. One group and
        random groups are always judged beside them
    log : accepted rows with amounts
    cutoff, end : the holdout is (cutoff, end]
    attributes : as for `summarise_customers`; values dated after the cutoff are not seen, and undated ones of a
        perishable kind (satisfaction, pipeline, referrals) are refused
    n_rounds : bootstrap rounds
    seed : seeds parts, bootstrap and samples
    time_unit, horizon : of the value models that some strategies need
    progress : show a progress bar on stderr; None shows it on a terminal

    Returns
    -------
    A `Board`; `board.data` is tidy: strategy, metric, value, low, high (95 %)

    Raises
    ------
    DataError : no amounts, fewer than 50 customers, nobody bought in the holdout, or undated perishable attributes
    MissingColumnsError : a strategy asked for needs a column that neither log nor attributes have
    ParamsError : an unknown strategy, two of one name, or fewer than 20 rounds

    Examples
    --------
    >>> import clvlab as cl
    >>> log = cl.datasets.cdnow(sample=True)
    >>> board = cl.compare(["hiatus", "value_tiers"], log, cutoff="1997-09-30", end="1998-06-30", n_rounds=50)
    >>> board.recommended
    'value_tiers'
    """
    if n_rounds < MIN_ROUNDS:
        raise ParamsError(f"n_rounds is {n_rounds}; intervals need {MIN_ROUNDS} bootstrap rounds or more.")
    asked = list(strategies or [])
    wanted, case = chosen(asked), Case.read(log, cutoff, end, attributes, time_unit, seed)
    kept, table, left_out = servable(wanted, log, case.customers, horizon, leave_out=not asked)
    _, later, _ = servable(kept, log, case.later(), horizon, leave_out=True)
    case = case.with_customers(table)
    # tqdm takes None for "on a terminal only".
    hidden = None if progress is None else not progress
    with tqdm(total=len(kept) * (stability.N_RESAMPLES + 1) + n_rounds, disable=hidden, desc="compare") as bar:
        candidates = [Candidate.fit(strategy, table, case.buyers) for strategy in kept]
        return _judge(candidates, case, later, left_out, n_rounds, bar.update)


def _judge(
    candidates: list[Candidate],
    case: Case,
    later: CustomerSummary,
    left_out: pl.DataFrame,
    n_rounds: int,
    tick: Tick,
) -> Board:
    forecasts = {candidate.name: candidate.forecast(case.outcomes) for candidate in candidates}
    able = [candidate for candidate in candidates if candidate.name not in CHANCE]
    best = max(able, key=lambda candidate: _gini(forecasts[candidate.name], case))
    crossings = {other.name: best.crossed(other) for other in able if other is not best}
    crossed = {f"{best.name}{CROSSED}{name}": grouped for name, grouped in crossings.items()}
    bootstrap = Bootstrap.run(
        case,
        forecasts,
        {name: Forecast.of(grouped.labels, case.outcomes) for name, grouped in crossed.items()},
        {candidate.name: candidate.grouped for candidate in candidates},
        n_rounds,
        tick,
    )
    features = Features.of(case.buyers)
    figures = [
        *(row for name, forecast in forecasts.items() for row in _foresight(name, forecast, case, bootstrap)),
        *(row for c in candidates for row in _stability(c, case, later, tick)),
        *(row for c in candidates for row in _shape(c, case, features)),
    ]
    data = _tidy(figures)
    differences = _differences(forecasts, case, bootstrap)
    return Board(
        data=data,
        differences=differences,
        ranking=recommend(_criteria(data), differences),
        outcomes=pl.concat(
            group_outcomes(
                c.name, c.grouped, c.grouped.places(forecasts[c.name].spend, case.outcomes), case.measures, means
            )
            for c in candidates
            for means in [{measure: bootstrap.means[c.name, measure] for measure in case.measures}]
        ),
        reach=reach_table(case, forecasts, bootstrap),
        allocation=pl.concat(allocation(c.name, c.grouped, forecasts[c.name], case) for c in candidates),
        agreement=agreement_table({c.name: c.grouped.labels for c in able}),
        crossings=_crossings(best, crossings, forecasts, case, bootstrap),
        trees=pl.concat(_named(c, readable_tree(features, list(c.groups), case.seed)) for c in candidates),
        cards=pl.concat(_named(c, c.rule.card) for c in candidates),
        assignments=case.buyers.data.select("customer_id").with_columns(
            pl.Series(c.name, c.groups, dtype=pl.String) for c in candidates
        ),
        left_out=left_out,
        cutoff=case.holdout.cutoff,
        end=case.holdout.end,
        n_customers=len(case.buyers),
        n_judged=int(case.outcomes.judged.sum()),
        n_rounds=n_rounds,
        seed=case.seed,
    )


Row = tuple[str, str, float, float | None, float | None]


def _foresight(name: str, forecast: Forecast, case: Case, bootstrap: Bootstrap) -> Iterator[Row]:
    for metric in FORESIGHT:
        value = float(scored(forecast, case.outcomes, metric))
        yield name, metric.name, value, *interval(bootstrap.scores[name, metric.name])


def _stability(candidate: Candidate, case: Case, later: CustomerSummary, tick: Tick) -> Iterator[Row]:
    name, strategy = candidate.name, candidate.strategy
    again = []
    for agreement in stability.on_resamples(candidate, case.customers, case.buyers, case.seed):
        again.append(agreement)
        tick(1)
    yield name, "stability_resamples", float(np.mean(again)), *interval(np.array(again))
    yield name, "stability_halves", stability.on_halves(strategy, case.customers, case.buyers, case.seed), None, None
    if candidate.rule.needs <= set(later.data.columns):
        yield name, "stability_quarter", stability.at_a_later_day(candidate.rule, case.buyers, later), None, None
    tick(1)


def _shape(candidate: Candidate, case: Case, features: Features) -> Iterator[Row]:
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


def _tidy(figures: list[Row]) -> pl.DataFrame:
    """strategy, metric, value, low, high; a figure that the data leave open is null."""
    numbers = dict.fromkeys(("value", "low", "high"), pl.Float64)
    table = pl.DataFrame(figures, schema={"strategy": pl.String, "metric": pl.String, **numbers}, orient="row")
    return table.with_columns(pl.col(list(numbers)).fill_nan(None))


def _gini(forecast: Forecast, case: Case) -> float:
    return float(scored(forecast, case.outcomes, HEADLINE))


def _differences(forecasts: Mapping[str, Forecast], case: Case, bootstrap: Bootstrap) -> pl.DataFrame:
    """strategy, versus, value, low, high: paired differences of the headline for every ordered pair."""
    rows = [
        (
            one,
            other,
            _gini(forecasts[one], case) - _gini(forecasts[other], case),
            *interval(bootstrap.scores[one, HEADLINE.name] - bootstrap.scores[other, HEADLINE.name]),
        )
        for one, other in permutations(forecasts, 2)
    ]
    numbers = dict.fromkeys(("value", "low", "high"), pl.Float64)
    return pl.DataFrame(rows, schema={"strategy": pl.String, "versus": pl.String, **numbers}, orient="row")


def _criteria(data: pl.DataFrame) -> pl.DataFrame:
    """strategy, n_groups and the criteria of the recommendation, to three places: less is noise."""
    wanted = ["n_groups", *CRITERIA]
    chosen_rows = data.filter(pl.col("metric").is_in(wanted), ~pl.col("strategy").is_in(CHANCE))
    wide = chosen_rows.pivot("metric", index="strategy", values="value")
    return wide.select("strategy", pl.col("n_groups").cast(pl.Int64), pl.col(CRITERIA).round(3))


def _crossings(
    best: Candidate,
    crossings: Mapping[str, Grouped],
    forecasts: Mapping[str, Forecast],
    case: Case,
    bootstrap: Bootstrap,
) -> pl.DataFrame:
    rows = []
    alone = bootstrap.scores[best.name, HEADLINE.name]
    for name, grouped in crossings.items():
        gini = _gini(Forecast.of(grouped.labels, case.outcomes), case)
        together = bootstrap.scores[f"{best.name}{CROSSED}{name}", HEADLINE.name]
        gain = gini - _gini(forecasts[best.name], case)
        rows.append((best.name, name, len(grouped.names), gini, gain, *interval(together - alone)))
    schema = {"strategy": pl.String, "versus": pl.String, "n_groups": pl.Int64}
    schema |= dict.fromkeys(("gini", "gain", "low", "high"), pl.Float64)
    return pl.DataFrame(rows, schema=schema, orient="row").sort("gain", descending=True)


def _named(candidate: Candidate, table: pl.DataFrame) -> pl.DataFrame:
    return table.select(pl.lit(candidate.name).alias("strategy"), pl.all())
