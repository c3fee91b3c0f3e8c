"""What all sections of a comparison share: the board, and the strategies that stand out on it."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from clvlab.comparison import Board, compare
from clvlab.frames import TransactionLog
from clvlab.grouping import find
from clvlab.inputs import attribute_tables, margin_of, our_names
from clvlab.params import CompareParams
from clvlab.wording import Name

YARDSTICKS = ("one_group", "random_groups", "hiatus", "last_year_spend")


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
        board = compare(
            [find(choice, our_names=our_names(tables)) for choice in params.strategies],
            log,
            params.cutoff,
            params.as_of,
            tables or None,
            n_rounds=params.rounds,
            seed=params.seed,
            time_unit=params.time_unit,
            horizon=params.horizon,
            annual_discount_rate=params.annual_discount_rate,
            margin=margin_of(params, log),
            model=params.model,
            progress=progress,
        )
        return cls(params, log, board)

    @property
    def recommended(self) -> str:
        """The strategy that the rule recommends."""
        return self.board.recommended

    @property
    def contenders(self) -> list[str]:
        """Strategies that no other dominates, best first."""
        return self.board.ranking.filter(pl.col("dominated_by").is_null())["strategy"].to_list()

    @property
    def tied(self) -> list[str]:
        """Contenders that the data cannot distinguish from the best, best first."""
        return self.board.ranking.filter("tied")["strategy"].to_list()

    def role(self, strategy: str) -> str:
        """recommended, baseline, contender or other: how a chart shows the strategy."""
        if strategy == self.recommended:
            return "recommended"
        if strategy in YARDSTICKS:
            return "baseline"
        return "contender" if strategy in self.contenders else "other"

    def with_roles(self, table: pl.DataFrame) -> pl.DataFrame:
        """A table with a column `strategy`, and the role of each."""
        return table.with_columns(role=pl.col("strategy").map_elements(self.role, pl.String))

    def wide(self, metrics: Sequence[str]) -> pl.DataFrame:
        """strategy, and a column for each metric, null where it has none; highest Gini first."""
        chosen = self.board.data.filter(pl.col("metric").is_in(["gini", *metrics]))
        table = chosen.pivot("metric", index="strategy", values="value").sort(
            "gini", "strategy", descending=[True, False]
        )
        missing = [pl.lit(None, pl.Float64).alias(name) for name in metrics if name not in table.columns]
        return table.with_columns(missing).select("strategy", *metrics)


def strategy_names(codes: list[str]) -> list[Name]:
    """Names of strategies, for a sentence."""
    return [Name("strategies", code) for code in codes]
