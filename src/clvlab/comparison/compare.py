"""Strategies side by side, judged by what the customers did next."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl

from clvlab.comparison import tables
from clvlab.comparison.agreement import agreement_table
from clvlab.comparison.answering import ANSWERING, with_answers
from clvlab.comparison.board import Board
from clvlab.comparison.fitted_strategies import FittedStrategy, chosen, fitted_on, servable
from clvlab.comparison.rankings import rankings
from clvlab.comparison.reach import allocation, reach_table
from clvlab.comparison.recommend import recommend
from clvlab.comparison.samples import sampled
from clvlab.comparison.scoring import Scoring, Tick, Window
from clvlab.comparison.simplicity import Features
from clvlab.comparison.split import Split
from clvlab.comparison.stability import N_RESAMPLES
from clvlab.comparison.threads import one_thread
from clvlab.customers import CalendarFit
from clvlab.errors import ParamsError
from clvlab.frames import CustomerSummary, TransactionLog, check_kind
from clvlab.grouping import Strategy
from clvlab.models import MODEL_NAMES, BgNbd, PurchaseModel, Terms
from clvlab.progress import progress_bar

MIN_ROUNDS, MOST_CUTOFFS = 20, 12


def compare(
    strategies: Iterable[str | Mapping[str, Any] | Strategy] | None,
    log: TransactionLog,
    cutoff: str | date,
    end: str | date,
    attributes: Any = None,
    *,
    cutoffs: int = 1,
    n_rounds: int = 500,
    seed: int = 0,
    time_unit: str = "week",
    horizon: str = "12 months",
    annual_discount_rate: float = 0.0,
    margin: float = 1.0,
    model: str = "auto",
    calendar: CalendarFit | None = None,
    acceptable_loss: float | None = None,
    progress: bool | None = None,
) -> Board:
    """Judge ways of grouping customers by what the customers did after the cutoff.

    Groups are formed on data up to the cutoff, as they would be in practice. A group's expected outcome is learnt
    on one part of the customers and judged on another; that is done over many deals of the customers, and figures
    are means over these. Intervals come from resampling the customers with their stored predictions. What is
    estimated: this grouping, as formed, on customers like these. Customers with a purchase by the cutoff are judged;
    prospects only have a part in forming groups. Where the log knows no money, purchases take the place of spend.
    Of more than 25,000 customers, resamples draw bags of them, and stability, trees and agreement come from 25,000.

    Parameters
    ----------
    strategies
        names (or what else `clvlab.grouping.find` takes), strategies, or both; None, or none of them, for all that
        the data can serve. One group, random groups and the rankings of customers by last year's spend and by its
        rate are always judged with them; so is the pattern of answering, where a grouping knows of some only
    log
        accepted rows
    cutoff, end
        the holdout is (cutoff, end]
    attributes
        as for `summarise_customers`; values dated after the cutoff are not seen, and undated ones of a perishable
        kind (satisfaction, pipeline, referrals) are refused
    cutoffs
        at how many days to judge: `cutoff`, and others earlier by one holdout each. Figures are means over them
    n_rounds
        bootstrap rounds
    seed
        seeds parts, bootstrap and samples
    time_unit, horizon, annual_discount_rate, margin
        of the value models that some strategies need
    model
        the purchase model among them, a name of `clvlab.models.MODEL_NAMES`; auto takes the first that the data
        identify
    calendar
        what fits the calendar at each cutoff, by which the models' times run, such as `clvlab.Calendar.fit`
    acceptable_loss
        in money: how much less the first 20 % of customers of a simpler grouping may have spent than those of the
        best, for the simpler to be taken for its equal; None bounds the loss of Gini instead
    progress
        show a progress bar on stderr; None shows it on a terminal, and in a notebook as a widget

    Returns
    -------
    A `Board`; `board.data` is tidy: strategy, metric, value, low, high (95 %)

    Raises
    ------
    DataError : fewer than 50 customers, fewer than 10 who bought in the holdout, or undated perishable attributes
    MissingColumnsError : a strategy asked for needs a column that neither log nor attributes have
    ParamsError : an unknown strategy or model, two strategies of one name, fewer than 20 rounds, not 1 to 12
        cutoffs, or an acceptable loss below 0 or of a log without amounts

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
    if not 1 <= cutoffs <= MOST_CUTOFFS:
        raise ParamsError(f"cutoffs is {cutoffs}. Choose 1 to {MOST_CUTOFFS}.")
    if model not in ("auto", *MODEL_NAMES):
        raise ParamsError(f"model is {model!r}. Choose auto or one of {', '.join(MODEL_NAMES)}.")
    if acceptable_loss is not None:
        _check_loss(acceptable_loss, log)
    asked: list[Any] = [strategies] if isinstance(strategies, str | Mapping) else list(strategies or [])
    latest = Split.read(log, cutoff, end, attributes, time_unit, seed, calendar)
    splits = [*(latest.earlier(back) for back in range(cutoffs - 1, 0, -1)), latest]
    terms, preferred = Terms(horizon, annual_discount_rate, margin), MODEL_NAMES.get(model, BgNbd)
    with one_thread():
        windows, left_out = windows_of(chosen(asked), splits, terms, preferred, leave_out=not asked)
        n_steps = len(windows[-1].fitted_strategies) * (N_RESAMPLES + 1) + n_rounds
        with progress_bar(n_steps, "compare", shown=progress) as bar:
            scoring = Scoring.run(windows, n_rounds, bar.update)
            later = _later(windows[-1], terms, preferred)
            return _board(scoring, later, left_out, n_rounds, acceptable_loss, bar.update)


def windows_of(
    wanted: list[Strategy],
    splits: list[Split],
    terms: Terms,
    preferred: type[PurchaseModel],
    *,
    leave_out: bool,
) -> tuple[list[Window], pl.DataFrame]:
    """Every split with the strategies that all splits can serve, fitted; and those left out, once each."""
    rows, equipped = [], []
    for split in splits:
        wanted, table, left_out = servable(wanted, split.log, split.customers, terms, preferred, leave_out=leave_out)
        rows.append(left_out)
        equipped.append(split.with_customers(table))
    fits = [fitted_on(split.customers, split.buyers, wanted, leave_out=leave_out) for split in equipped]
    left_out = pl.concat([*rows, *(unfit for _, unfit in fits)]).unique("strategy", keep="first", maintain_order=True)
    out = set(left_out["strategy"])
    fitted = [tuple(each for each in of_split if each.name not in out) for of_split, _ in fits]
    partial = {each.name for window in fitted for each in window if each.is_partial}
    windows = [
        _with_answering(Window(split, each, rankings(split.log, split.buyers)), partial)
        for split, each in zip(equipped, fitted, strict=True)
    ]
    return windows, left_out


def _with_answering(window: Window, partial: set[str]) -> Window:
    """The window with the pattern of answering as one more grouping, where some are `partial`."""
    rules = [each.rule for each in window.fitted_strategies if each.name in partial]
    if not rules:
        return window
    split = window.split.with_customers(with_answers(window.split.customers, rules))
    answering = FittedStrategy.fit(ANSWERING, split.customers, split.buyers)
    return replace(window, split=split, fitted_strategies=(answering, *window.fitted_strategies))


def _later(window: Window, terms: Terms, preferred: type[PurchaseModel]) -> CustomerSummary:
    """The customers a quarter later, with whatever the strategies read that there is by then."""
    split, answering = window.split, ANSWERING.name
    strategies = [each.strategy for each in window.fitted_strategies if each.name != answering]
    _, later, _ = servable(strategies, split.log, split.later(), terms, preferred, leave_out=True)
    partial = [each.rule for each in window.fitted_strategies if each.is_partial and each.name != answering]
    return with_answers(later, partial) if partial else later


def _check_loss(acceptable_loss: float, log: TransactionLog) -> None:
    if not log.has_amounts:
        raise ParamsError(
            f"acceptable_loss is {acceptable_loss:g}, which is money, and the log knows no amounts. Leave it out: "
            "then a loss of Gini is bounded."
        )
    if not acceptable_loss >= 0:
        raise ParamsError(
            f"acceptable_loss is {acceptable_loss}. Choose an amount of 0 or more, in the log's currency."
        )


def _board(
    scoring: Scoring,
    later: CustomerSummary,
    left_out: pl.DataFrame,
    n_rounds: int,
    acceptable_loss: float | None,
    tick: Tick,
) -> Board:
    split, fitted_strategies = scoring.split, scoring.fitted_strategies
    features, rows = Features.of(split.buyers), sampled(len(split.buyers), split.seed)
    data, differences = tables.all_figures(scoring, later, features, tick), tables.differences(scoring)
    return Board(
        data=data,
        differences=differences,
        ranking=recommend(tables.criteria(scoring, data), differences, acceptable_loss),
        bar=tables.bar(scoring),
        outcomes=tables.outcomes(scoring),
        reach=reach_table(scoring),
        allocation=tables.named((c, allocation(c.grouped, scoring.expected[c.name])) for c in fitted_strategies),
        agreement=agreement_table({c.name: c.grouped.labels[rows] for c in scoring.recommendable}),
        crossings=tables.crossings(scoring),
        windows=tables.windows(scoring),
        ageing=tables.ageing(scoring),
        trees=tables.trees(scoring, features),
        cards=tables.named((c, c.rule.card) for c in fitted_strategies),
        assignments=split.buyers.data.select("customer_id").with_columns(
            c.grouped.groups.alias(c.name) for c in fitted_strategies
        ),
        left_out=left_out,
        judged_by=split.judged_by,
        cutoff=split.holdout.cutoff,
        end=split.holdout.end,
        n_customers=len(split.buyers),
        n_deals=scoring.n_deals,
        n_rounds=n_rounds,
        acceptable_loss=acceptable_loss,
        seed=split.seed,
    )
