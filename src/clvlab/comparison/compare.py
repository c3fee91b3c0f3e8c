"""Strategies side by side, judged by what the customers did next."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import polars as pl
from tqdm import tqdm

from clvlab.comparison import tables
from clvlab.comparison.agreement import agreement_table
from clvlab.comparison.board import Board
from clvlab.comparison.fitted_strategies import FittedStrategy, chosen, servable
from clvlab.comparison.reach import allocation, reach_table
from clvlab.comparison.recommend import recommend
from clvlab.comparison.scoring import Scoring
from clvlab.comparison.simplicity import Features, readable_tree
from clvlab.comparison.split import Split
from clvlab.comparison.stability import N_RESAMPLES
from clvlab.comparison.tables import Tick
from clvlab.errors import ParamsError
from clvlab.frames import CustomerSummary, TransactionLog, check_kind
from clvlab.grouping import Strategy
from clvlab.models import MODEL_NAMES, BgNbd, Terms

MIN_ROUNDS = 20


def compare(
    strategies: Iterable[str | Mapping[str, Any] | Strategy] | None,
    log: TransactionLog,
    cutoff: str | date,
    end: str | date,
    attributes: Any = None,
    *,
    n_rounds: int = 500,
    seed: int = 0,
    time_unit: str = "week",
    horizon: str = "12 months",
    annual_discount_rate: float = 0.0,
    margin: float = 1.0,
    model: str = "auto",
    progress: bool | None = None,
) -> Board:
    """Judge ways of grouping customers by what the customers did after the cutoff.

    Groups are formed on data up to the cutoff, as they would be in practice. A group's expected outcome is learnt
    on one part of the customers and judged on another; intervals come from resampling the customers with their
    stored predictions. What is estimated: this grouping, as formed, on customers like these. Customers with a
    purchase by the cutoff are judged; prospects only have a part in forming groups.

    Parameters
    ----------
    strategies
        names (or what else `clvlab.grouping.find` takes), strategies, or both; None, or none of them, for all that
        the data can serve. One group and random groups are always judged beside them
    log
        accepted rows with amounts
    cutoff, end
        the holdout is (cutoff, end]
    attributes
        as for `summarise_customers`; values dated after the cutoff are not seen, and undated ones of a perishable
        kind (satisfaction, pipeline, referrals) are refused
    n_rounds
        bootstrap rounds
    seed
        seeds parts, bootstrap and samples
    time_unit, horizon, annual_discount_rate, margin
        of the value models that some strategies need
    model
        the purchase model among them, a name of `clvlab.models.MODEL_NAMES`; auto takes the first that the data
        identify
    progress
        show a progress bar on stderr; None shows it on a terminal

    Returns
    -------
    A `Board`; `board.data` is tidy: strategy, metric, value, low, high (95 %)

    Raises
    ------
    DataError : no amounts, fewer than 50 customers, nobody bought in the holdout, or undated perishable attributes
    MissingColumnsError : a strategy asked for needs a column that neither log nor attributes have
    ParamsError : an unknown strategy or model, two strategies of one name, or fewer than 20 rounds

    Examples
    --------
    >>> import clvlab as cl
    >>> log = cl.datasets.cdnow(sample=True)
    >>> board = cl.compare(["hiatus", "value_tiers"], log, cutoff="1997-09-30", end="1998-06-30", n_rounds=50)
    >>> board.recommended
    'value_tiers'
    """
    check_kind("log", log, TransactionLog, "clvlab.read_transactions")
    if n_rounds < MIN_ROUNDS:
        raise ParamsError(f"n_rounds is {n_rounds}; intervals need {MIN_ROUNDS} bootstrap rounds or more.")
    if model not in ("auto", *MODEL_NAMES):
        raise ParamsError(f"model is {model!r}. Choose auto or one of {', '.join(MODEL_NAMES)}.")
    asked: list[Any] = [strategies] if isinstance(strategies, str | Mapping) else list(strategies or [])
    wanted, split = chosen(asked), Split.read(log, cutoff, end, attributes, time_unit, seed)
    terms, preferred = Terms(horizon, annual_discount_rate, margin), MODEL_NAMES.get(model, BgNbd)
    kept, table, left_out = servable(wanted, log, split.customers, terms, preferred, leave_out=not asked)
    _, later, _ = servable(kept, log, split.later(), terms, preferred, leave_out=True)
    split = split.with_customers(table)
    # tqdm takes None for "on a terminal only".
    hidden = None if progress is None else not progress
    with tqdm(total=len(kept) * (N_RESAMPLES + 1) + n_rounds, disable=hidden, desc="compare") as bar:
        fitted_strategies = tuple(FittedStrategy.fit(strategy, table, split.buyers) for strategy in kept)
        scoring = Scoring.run(split, fitted_strategies, n_rounds, bar.update)
        return _board(scoring, later, left_out, n_rounds, bar.update)


def _board(scoring: Scoring, later: CustomerSummary, left_out: pl.DataFrame, n_rounds: int, tick: Tick) -> Board:
    split, fitted_strategies = scoring.split, scoring.fitted_strategies
    features = Features.of(split.buyers)
    data, differences = tables.all_figures(scoring, later, features, tick), tables.differences(scoring)
    return Board(
        data=data,
        differences=differences,
        ranking=recommend(tables.criteria(data), differences),
        outcomes=tables.outcomes(scoring),
        reach=reach_table(split, scoring.predicted, scoring.bootstrap),
        allocation=tables.named(
            (c, allocation(c.grouped, scoring.predicted[c.name], split)) for c in fitted_strategies
        ),
        agreement=agreement_table({c.name: c.grouped.labels for c in scoring.recommendable}),
        crossings=tables.crossings(scoring),
        trees=tables.named((c, readable_tree(features, list(c.groups), split.seed)) for c in fitted_strategies),
        cards=tables.named((c, c.rule.card) for c in fitted_strategies),
        assignments=split.buyers.data.select("customer_id").with_columns(
            pl.Series(c.name, c.groups, dtype=pl.String) for c in fitted_strategies
        ),
        left_out=left_out,
        cutoff=split.holdout.cutoff,
        end=split.holdout.end,
        n_customers=len(split.buyers),
        n_judged=int(split.outcomes.judged.sum()),
        n_rounds=n_rounds,
        seed=split.seed,
    )
