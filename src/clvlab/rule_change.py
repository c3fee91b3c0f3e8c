"""What if a rule were another: who moves, what the groups are then, and how well they predict."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl

from clvlab.comparison.fitted_strategies import FittedStrategy
from clvlab.comparison.foresight import HEADLINE, scored
from clvlab.comparison.groups import Grouped
from clvlab.comparison.outcomes import Outcomes
from clvlab.comparison.resampling import Figure, resamples
from clvlab.comparison.scoring import N_DEALS
from clvlab.comparison.split import buyers_of, judged_by, outcomes_of, refuse_unjudgeable
from clvlab.errors import ClvlabError, ParamsError, UnknownNameError
from clvlab.frames import CustomerSummary, Holdout
from clvlab.grouping import Rule, Strategy
from clvlab.grouping.strategy import sizes_of
from clvlab.strategy_numbers import Number, Path, checked, numbers_of, supersedes, with_values

ROUNDS = 5
"""Resamples in each deal: 100 in all, enough to tell a change from chance."""
SCORE = dict.fromkeys(("before", "after", "change", "low", "high"), pl.Float64)


@dataclass(frozen=True, eq=False)
class Judge:
    """What the buyers of a calibration did in its holdout: groupings are judged by it as `compare` does."""

    outcomes: Outcomes
    judged_by: str

    @classmethod
    def of(cls, calibration: CustomerSummary, holdout: Holdout) -> "Judge":
        """DataError where too few bought to learn from some and judge others."""
        outcomes = outcomes_of(buyers_of(calibration), holdout, seed=0)
        refuse_unjudgeable(outcomes, holdout)
        return cls(outcomes, judged_by(holdout))

    def deal(self, number: int) -> Outcomes:
        """The outcomes dealt into parts that teach and parts that are judged."""
        return Outcomes.deal(self.outcomes.spend, self.outcomes.bought, 0, number)

    def figure(self, strategy: Strategy, rule: Rule, codes: pl.Series) -> Figure:
        """The Gini of what the buyers' groups predict, and how it errs."""
        fitted = FittedStrategy(strategy, rule, Grouped.of(codes))
        points, errors = np.zeros((1, N_DEALS)), []
        for number in range(N_DEALS):
            outcomes = self.deal(number)
            predicted = fitted.taught(fitted.labels(number), outcomes)
            points[0, number] = scored(predicted, outcomes, HEADLINE)
            for weight in resamples(codes.len(), ROUNDS, 0, number):
                errors.append(scored(predicted, outcomes, HEADLINE, weight[:, outcomes.judged]) - points[0, number])
        return Figure(points, np.concatenate(errors)[None, :])


@dataclass(frozen=True, eq=False)
class Groups:
    """A strategy on customers: its rule, their groups, and how well these predict, if somebody judges."""

    strategy: Strategy
    customers: CustomerSummary
    judge: Judge | None
    rule: Rule
    codes: pl.Series

    @classmethod
    def of(cls, strategy: Strategy, customers: CustomerSummary, judge: Judge | None) -> "Groups":
        """Draw the rule and group the customers, or raise what is wrong with the strategy."""
        rule = strategy.fit(customers)
        return cls(strategy, customers, judge, rule, rule.assign(customers)["group"])

    @cached_property
    def sizes(self) -> pl.DataFrame:
        """group, customers, share_customers, share_spend (null without money): groups that have customers."""
        return sizes_of(self.customers, self.codes)

    @cached_property
    def figure(self) -> Figure | None:
        """The Gini in the holdout."""
        bought = self.codes.filter(self.customers.data["n_purchases"] > 0)
        return None if self.judge is None else self.judge.figure(self.strategy, self.rule, bought)


@dataclass(frozen=True, eq=False)
class RuleChange:
    """A strategy before and after changes, on the same customers; `values` are what was set, by its path."""

    before: Groups
    after: Groups
    values: Mapping[Path, Any] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def none(cls, strategy: Strategy, calibration: CustomerSummary, holdout: Holdout | None) -> "RuleChange":
        """Where every what-if starts: the strategy as it is."""
        judge = None if holdout is None else Judge.of(calibration, holdout)
        groups = Groups.of(strategy, calibration, judge)
        return cls(groups, groups)

    @cached_property
    def numbers(self) -> Mapping[str, Number]:
        """What can be changed: name -> number, as it now is; None for one that has none by now."""
        now = numbers_of(self.after.strategy, self.after.rule)
        by_path = {number.path: number for number in now.values()}
        before = numbers_of(self.before.strategy, self.before.rule)
        kept = {name: by_path.get(each.path, replace(each, value=None)) for name, each in before.items()}
        paths = {number.path for number in kept.values()}
        return kept | {name: each for name, each in now.items() if each.path not in paths}

    def changed(self, values: Mapping[str, Any]) -> "RuleChange":
        """The same with further values; a field that is no number, such as `cut`, may be given as well.

        Raises
        ------
        ClvlabError : there is no such number, or the strategy does not take that value
        """
        by_path = dict(self.values)
        for name, value in values.items():
            path, exact = self._set(name, value)
            by_path = {each: known for each, known in by_path.items() if not supersedes(path, each)} | {path: exact}
        try:
            strategy = with_values(self.before.strategy, by_path)
            groups = Groups.of(strategy, self.before.customers, self.before.judge)
        except ClvlabError:
            raise
        except (TypeError, ValueError) as error:
            given = ", ".join(f"{name} = {value!r}" for name, value in values.items())
            raise ParamsError(f"{self.before.strategy.name} does not take {given}: {error}.") from None
        return replace(self, after=groups, values=MappingProxyType(by_path))

    def _set(self, name: str, value: Any) -> tuple[Path, Any]:
        if name in self.numbers:
            return self.numbers[name].path, checked(name, value, self.numbers[name])
        if name in {each.name for each in fields(self.before.strategy)}:
            return (name,), value
        raise UnknownNameError("number", name, self.numbers)

    @cached_property
    def table(self) -> pl.DataFrame:
        """group, rank, and of customers, their share and their share of spend each before and after; best first."""
        both = pl.concat([self.after.rule.card, self.before.rule.card]).select("group", "rank")
        listed = both.unique("group", keep="first", maintain_order=True)
        for name, groups in self._sides:
            sizes = groups.sizes.rename({each: f"{each}_{name}" for each in groups.sizes.columns if each != "group"})
            listed = listed.join(sizes, on="group", how="left", maintain_order="left")
        counts, spend = ("customers", "share_customers"), "share_spend"
        known = counts if self.after.sizes[spend].null_count() else (*counts, spend)
        filled = [pl.col(f"{each}_{name}").fill_null(0) for name, _ in self._sides for each in known]
        order = [f"{each}_{name}" for each in (*counts, spend) for name, _ in self._sides]
        there = pl.max_horizontal("customers_before", "customers_after") > 0
        return listed.with_columns(filled).filter(there).select("group", "rank", *order)

    @property
    def _sides(self) -> tuple[tuple[str, Groups], ...]:
        return ("before", self.before), ("after", self.after)

    @cached_property
    def moves(self) -> pl.DataFrame:
        """before, after, customers: how many went from which group to which, those who stayed included."""
        pairs = pl.DataFrame({"before": self.before.codes, "after": self.after.codes})
        order = {code: place for place, code in enumerate(self.table["group"])}
        places = [pl.col(name).replace_strict(order, return_dtype=pl.Int64) for name in ("before", "after")]
        return pairs.group_by("before", "after").agg(customers=pl.len().cast(pl.Int64)).sort(*places)

    @property
    def moved(self) -> int:
        """How many customers are in another group."""
        return int((self.before.codes != self.after.codes).sum())

    @cached_property
    def score(self) -> pl.DataFrame:
        """metric, judged_by, before, after, change, low, high: the Gini in the holdout.

        Judged as by `clvlab.compare`, always by the first 20 deals of the customers; a comparison takes more where
        its figures are not settled by then, so that the third decimal may differ.
        The interval is that of the change, and holds with 95 %: the same customers are dealt and drawn for both.
        Without a holdout there are no rows.
        """
        schema = {"metric": pl.String, "judged_by": pl.String, **SCORE}
        before, after, judge = self.before.figure, self.after.figure, self.after.judge
        if before is None or after is None or judge is None:
            return pl.DataFrame(schema=schema)
        change = after - before
        row = (HEADLINE.name, judge.judged_by, before.value, after.value, change.value, *change.interval())
        return pl.DataFrame([row], schema=schema, orient="row")
