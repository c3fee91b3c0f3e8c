"""Strategies side by side, judged by what the customers did next."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import polars as pl
from tqdm import tqdm

from clvlab.comparison import tables
from clvlab.comparison.agreement import agreement_table
from clvlab.comparison.board import Board
from clvlab.comparison.fitted_strategies import Candidate, chosen, servable
from clvlab.comparison.reach import allocation, reach_table
from clvlab.comparison.recommend import recommend
from clvlab.comparison.scoring import Contest
from clvlab.comparison.simplicity import Features, readable_tree
from clvlab.comparison.split import Case
from clvlab.comparison.stability import N_RESAMPLES
from clvlab.comparison.tables import Tick
from clvlab.errors import ParamsError
from clvlab.frames import CustomerSummary, TransactionLog
from clvlab.grouping import Strategy

MIN_ROUNDS = 20


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
    asked: list[str | Strategy] = [strategies] if isinstance(strategies, str) else list(strategies or [])
    wanted, case = chosen(asked), Case.read(log, cutoff, end, attributes, time_unit, seed)
    kept, table, left_out = servable(wanted, log, case.customers, horizon, leave_out=not asked)
    _, later, _ = servable(kept, log, case.later(), horizon, leave_out=True)
    case = case.with_customers(table)
    # tqdm takes None for "on a terminal only".
    hidden = None if progress is None else not progress
    with tqdm(total=len(kept) * (N_RESAMPLES + 1) + n_rounds, disable=hidden, desc="compare") as bar:
        candidates = tuple(Candidate.fit(strategy, table, case.buyers) for strategy in kept)
        contest = Contest.hold(case, candidates, n_rounds, bar.update)
        return _board(contest, later, left_out, n_rounds, bar.update)


def _board(contest: Contest, later: CustomerSummary, left_out: pl.DataFrame, n_rounds: int, tick: Tick) -> Board:
    case, candidates = contest.case, contest.candidates
    features = Features.of(case.buyers)
    data, differences = tables.all_figures(contest, later, features, tick), tables.differences(contest)
    return Board(
        data=data,
        differences=differences,
        ranking=recommend(tables.criteria(data), differences),
        outcomes=tables.outcomes(contest),
        reach=reach_table(case, contest.forecasts, contest.bootstrap),
        allocation=tables.named((c, allocation(c.grouped, contest.forecasts[c.name], case)) for c in candidates),
        agreement=agreement_table({c.name: c.grouped.labels for c in contest.able}),
        crossings=tables.crossings(contest),
        trees=tables.named((c, readable_tree(features, list(c.groups), case.seed)) for c in candidates),
        cards=tables.named((c, c.rule.card) for c in candidates),
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
