"""What all sections of a comparison share: the board, and the strategies that stand out on it."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, partial

import polars as pl

from clvlab.analysis.calendar import calendar_at
from clvlab.analysis.holdouts import has_earlier_period, history_days, holdout_days
from clvlab.analysis.small_groups import is_by_attribute, too_small
from clvlab.columns import MODELLED, names
from clvlab.comparison import Board, compare
from clvlab.comparison.rankings import BARS
from clvlab.comparison.scoring import NEVER_RECOMMENDED
from clvlab.customers import AttributeTable, CalendarFit, split_holdout, summarise_customers
from clvlab.errors import ConvergenceError, DataError
from clvlab.frames import TransactionLog
from clvlab.grouping import Strategy, find, strategies
from clvlab.inputs import attribute_tables, margin_of, our_names
from clvlab.models import MODEL_NAMES
from clvlab.params import CompareParams
from clvlab.validation import ModelChoice, choose_model
from clvlab.wording import Name

YARDSTICKS = (*NEVER_RECOMMENDED, "hiatus", "last_year_spend", *BARS)
MOST_SHOWN = 10
"""So many of the best are shown; the tables of all are exported."""


@dataclass(frozen=True, eq=False)
class ComparisonContext:
    """A run's parameters, its log, and the board of its strategies."""

    params: CompareParams
    log: TransactionLog
    board: Board

    @classmethod
    def of(cls, params: CompareParams, log: TransactionLog, progress: bool | None = None) -> "ComparisonContext":
        """Compare the strategies that the parameters name, or all that the data can serve."""
        tables = attribute_tables(params, log)
        wanted = [find(choice, our_names=our_names(tables)) for choice in params.strategies]
        board = compare(
            wanted,
            log,
            params.cutoff,
            params.as_of,
            tables or None,
            cutoffs=params.cutoffs,
            n_rounds=params.rounds,
            seed=params.seed,
            time_unit=params.time_unit,
            horizon=params.horizon,
            annual_discount_rate=params.annual_discount_rate,
            margin=margin_of(params, log),
            model=_model(params, log, tables, wanted),
            calendar=_calendars(params, log),
            acceptable_loss=params.acceptable_loss,
            progress=progress,
        )
        return cls(params, log, board)

    @property
    def recommended(self) -> str | None:
        """The strategy that the rule recommends, if it recommends one."""
        return self.board.recommended

    @property
    def shown(self) -> str:
        """The strategy whose groups are shown: the recommended one, else the best."""
        return _shown(self.board)

    @property
    def judged(self) -> Name:
        """What customers are judged by, for a sentence: spend or purchases."""
        return Name("judged", self.board.judged_by)

    @property
    def bar(self) -> str:
        """The ranking that groupings are held against: of the two, the one of the higher Gini."""
        return str(self.board.metric("gini").filter(pl.col("strategy").is_in(BARS))["strategy"][0])

    @property
    def contenders(self) -> list[str]:
        """Strategies that no other dominates, best first; of those that tell more than chance, where any does."""
        return contenders(self.board)

    def seen(self, table: pl.DataFrame) -> pl.DataFrame:
        """A table of strategies' groups without those by attribute that are too small to be told of."""
        return table.join(self._unseen, on=["strategy", "group"], how="anti", maintain_order="left")

    @cached_property
    def _unseen(self) -> pl.DataFrame:
        """strategy, group: the small ones, and as many as it takes for nobody to work them out from the others."""
        known = {**strategies, **{each.name: each for each in map(find, self.params.strategies)}}
        sizes = self.board.outcomes.filter(measure=self.board.judged_by).select("strategy", "group", "n")
        found = [
            (strategy, group)
            for (strategy,), groups in sizes.group_by("strategy", maintain_order=True)
            if strategy not in known or is_by_attribute(known[str(strategy)].needs)
            for group in sorted(too_small((group, n, n) for _, group, n in groups.rows()))
        ]
        return pl.DataFrame(found, schema={"strategy": pl.String, "group": pl.String}, orient="row")

    @property
    def relevant(self) -> list[str]:
        """The best strategies, the recommended one, and the yardsticks that there are."""
        return relevant(self.board)

    def with_roles(self, table: pl.DataFrame) -> pl.DataFrame:
        """A table with a column `strategy`, and the role of each."""
        return table.with_columns(role=pl.col("strategy").map_elements(partial(role, self.board), pl.String))

    def wide(self, metrics: Sequence[str]) -> pl.DataFrame:
        """strategy, and a column for each metric, null where it has none; highest Gini first."""
        chosen = self.board.data.filter(pl.col("metric").is_in(["gini", *metrics]))
        table = chosen.pivot("metric", index="strategy", values="value").sort(
            "gini", "strategy", descending=[True, False]
        )
        missing = [pl.lit(None, pl.Float64).alias(name) for name in metrics if name not in table.columns]
        return table.with_columns(missing).select("strategy", *metrics)


def contenders(board: Board) -> list[str]:
    """Strategies that no other dominates, best first; of those that tell more than chance, where any does."""
    known = pl.col("knows") | ~pl.col("knows").any()
    return board.ranking.filter(pl.col("dominated_by").is_null(), known)["strategy"].to_list()


def relevant(board: Board) -> list[str]:
    """The best strategies, the recommended one, and the yardsticks that there are."""
    there = set(board.data["strategy"])
    best = board.ranking["strategy"].head(MOST_SHOWN).to_list()
    return list(dict.fromkeys([*best, _shown(board), *(name for name in YARDSTICKS if name in there)]))


def role(board: Board, strategy: str) -> str:
    """recommended, baseline, contender or other: how a chart shows the strategy."""
    if strategy == board.recommended:
        return "recommended"
    if strategy in YARDSTICKS:
        return "baseline"
    return "contender" if strategy in contenders(board) else "other"


def _shown(board: Board) -> str:
    return board.recommended or board.best


def strategy_names(codes: list[str]) -> list[Name]:
    """Names of strategies, for a sentence."""
    return [Name("strategies", code) for code in codes]


def _calendars(params: CompareParams, log: TransactionLog) -> CalendarFit:
    """What fits the calendar that a report of each day would follow."""
    first = _first_day(log)
    return lambda log, day: calendar_at(params, log, first, day)


def _first_day(log: TransactionLog) -> date:
    first: date = log.accepted.select(pl.col("date").min()).collect().item()
    return first


def _model(
    params: CompareParams, log: TransactionLog, tables: Sequence[AttributeTable], wanted: Sequence[Strategy]
) -> str:
    """The purchase model by which a report of the cutoff would value customers, where a strategy asks for values."""
    needs = frozenset[str]().union(*(strategy.needs for strategy in wanted or strategies.values()))
    if params.model != "auto" or not needs & set(names(MODELLED)):
        return params.model
    choice = _choice(params, log, tables or None)
    known = {kind: name for name, kind in MODEL_NAMES.items()}
    return known[type(choice.model)] if choice else params.model


def _choice(
    params: CompareParams, log: TransactionLog, tables: Sequence[AttributeTable] | None
) -> ModelChoice | None:
    """The choice of a report of the cutoff: by a period before its holdout, else by the holdout, else by the BIC."""
    cutoff, unit, first = params.cutoff, params.time_unit, _first_day(log)
    history = history_days(first, cutoff)
    days = holdout_days(params.holdout, history)
    holdout = timedelta(days=days)
    ends = [cutoff - holdout, cutoff] if has_earlier_period(days, history) else [cutoff]
    for end in ends if days else []:
        with suppress(ConvergenceError, DataError):
            clock = calendar_at(params, log, first, end - holdout)
            return choose_model(*split_holdout(log, end - holdout, end, unit, tables, calendar=clock))
    with suppress(ConvergenceError, DataError):
        clock = calendar_at(params, log, first, cutoff)
        return choose_model(summarise_customers(log, cutoff, unit, tables, calendar=clock))
    return None
