"""What if a rule were another: who moves, what the groups are then, and how well they predict."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl

from clvlab.arrays import Vector
from clvlab.comparison.fitted_strategies import FittedStrategy
from clvlab.comparison.foresight import HEADLINE, scored
from clvlab.comparison.groups import Grouped
from clvlab.comparison.outcomes import Outcomes
from clvlab.comparison.resampling import Figure, resamples
from clvlab.comparison.scoring import N_DEALS
from clvlab.errors import ClvlabError, DataError, ParamsError, UnknownNameError
from clvlab.frames import CustomerSummary, Holdout
from clvlab.grouping import Rule, Strategy
from clvlab.money import exact_sum
from clvlab.strategy_numbers import Number, Path, checked, numbers_of, supersedes, with_values

ROUNDS = 5
"""Resamples in each deal: 100 in all, enough to tell a change from chance."""
SCORE = dict.fromkeys(("before", "after", "change", "low", "high"), pl.Float64)


@dataclass(frozen=True, eq=False)
class Judge:
    """What the buyers of a calibration did in its holdout: groupings are judged by it as `compare` does."""

    buyers: CustomerSummary
    spend: Vector
    bought: Vector
    judged_by: str

    @classmethod
    def of(cls, calibration: CustomerSummary, holdout: Holdout) -> "Judge":
        """DataError where nobody bought in the holdout, or too few to learn from some and judge others."""
        buyers = replace(calibration, data=calibration.data.filter(pl.col("n_purchases") > 0))
        did = buyers.data.select("customer_id").join(
            holdout.data, on="customer_id", how="left", maintain_order="left"
        )
        judged_by = "spend" if "holdout_spend" in did.columns else "purchases"
        counted, bought = did[f"holdout_{judged_by}"].fill_null(0), did["holdout_purchases"].fill_null(0) > 0
        if counted.sum() <= 0 or len(buyers) < 10:
            raise DataError(
                f"Of {len(buyers)} customers who bought up to {calibration.cutoff}, {int(bought.sum())} bought until "
                f"{holdout.end}: there is nothing to judge by. Choose another cutoff, or leave the holdout out."
            )
        return cls(buyers, counted.cast(pl.Float64).to_numpy(), bought.cast(pl.Float64).to_numpy(), judged_by)

    def deal(self, number: int) -> Outcomes:
        """The outcomes dealt into parts that teach and parts that are judged."""
        return Outcomes.deal(self.spend, self.bought, 0, number)

    def figure(self, strategy: Strategy, rule: Rule) -> Figure:
        """The Gini of what the rule's groups predict, and how it errs."""
        fitted = FittedStrategy(strategy, rule, Grouped.of(rule.assign(self.buyers)["group"]))
        points, errors = np.zeros((1, N_DEALS)), []
        for number in range(N_DEALS):
            outcomes = self.deal(number)
            predicted = fitted.taught(fitted.labels(number), outcomes)
            points[0, number] = scored(predicted, outcomes, HEADLINE)
            for weight in resamples(self.spend.size, ROUNDS, 0, number):
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
        data = self.customers.data
        money = pl.col("total_spend") if "total_spend" in data.columns else pl.lit(None, pl.Float64)
        grouped = data.select(group=self.codes, spend=money).group_by("group")
        spend = pl.col("spend")
        return grouped.agg(customers=pl.len().cast(pl.Int64), spend=exact_sum(spend)).select(
            "group",
            "customers",
            share_customers=pl.col("customers") / pl.col("customers").sum(),
            share_spend=pl.when(spend.sum() > 0).then(spend / spend.sum()),
        )

    @cached_property
    def figure(self) -> Figure | None:
        """The Gini in the holdout."""
        return None if self.judge is None else self.judge.figure(self.strategy, self.rule)


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
        for name, groups in (("before", self.before), ("after", self.after)):
            sizes = groups.sizes.rename({each: f"{each}_{name}" for each in groups.sizes.columns if each != "group"})
            listed = listed.join(sizes, on="group", how="left", maintain_order="left")
        has_spend = {name: groups.sizes["share_spend"].null_count() == 0 for name, groups in self._sides}
        counts = ["customers", "share_customers"]
        filled = [pl.col(f"{each}_{name}").fill_null(0) for name, _ in self._sides for each in counts]
        spend = [pl.col(f"share_spend_{name}").fill_null(0.0) for name, has in has_spend.items() if has]
        order = [f"{each}_{name}" for each in (*counts, "share_spend") for name, _ in self._sides]
        return (
            listed.with_columns(*filled, *spend)
            .filter((pl.col("customers_before") > 0) | (pl.col("customers_after") > 0))
            .select("group", "rank", *order)
        )

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
