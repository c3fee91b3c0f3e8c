"""Which strategies can be compared on given data, each fitted to the customers of the cutoff."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from clvlab.arrays import Labels
from clvlab.columns import names
from clvlab.comparison.crossfit import CrossFitted
from clvlab.comparison.groups import Grouped
from clvlab.comparison.outcomes import Outcomes
from clvlab.customers import advice_on, derivable, derive
from clvlab.errors import ClvlabError, DataError, MissingColumnsError, ParamsError
from clvlab.frames import CustomerSummary, TransactionLog
from clvlab.grouping import RandomGroups, Rule, Strategy, find, strategies
from clvlab.models import MODELLED, BgNbd, PurchaseModel, Terms, ValueModels

CHANCE = ("one_group", "random_groups")
"""Baselines that know nothing: always judged, never recommended."""
_MODELLED = frozenset(names(MODELLED))
_ADD_THEM = "Add them by `attributes=`, compare on a log that has them, or leave the strategy out."


@dataclass(frozen=True, eq=False)
class FittedStrategy:
    """A strategy, its rule on the customers of the cutoff, and the buyers' groups."""

    strategy: Strategy
    rule: Rule
    grouped: Grouped

    @classmethod
    def fit(cls, strategy: Strategy, customers: CustomerSummary, buyers: CustomerSummary) -> "FittedStrategy":
        """Fit on all customers, prospects too, and group the buyers."""
        rule = strategy.fit(customers)
        return cls(strategy, rule, Grouped.of(rule.assign(buyers)["group"]))

    def on(self, buyers: CustomerSummary) -> "FittedStrategy":
        """The same rule on other buyers."""
        return replace(self, grouped=Grouped.of(self.rule.assign(buyers)["group"]))

    @property
    def name(self) -> str:
        """The strategy's name."""
        return self.strategy.name

    @cached_property
    def is_partial(self) -> bool:
        """Whether it knows what it reads of some buyers, and not of all."""
        return bool(0 < self.grouped.known.mean() < 1)

    def labels(self, deal: int, most: int | None = None) -> Labels:
        """The customers' groups, however many there are; of random groups each deal draws its own."""
        del most
        if isinstance(self.strategy, RandomGroups):
            return np.random.default_rng([self.strategy.seed, 6, deal]).permutation(self.grouped.labels)
        return self.grouped.labels

    def taught(self, labels: Labels, outcomes: Outcomes) -> CrossFitted:
        """What the groups predict of the judged customers."""
        return CrossFitted.of(labels, outcomes, self.grouped.unknown)


def chosen(asked: list[str | Mapping[str, Any] | Strategy]) -> list[Strategy]:
    """The strategies asked for, or all that there are if none is, and the baselines that know nothing.

    ParamsError where two have one name, or none is asked for beside the baselines.
    """
    found = [each if isinstance(each, Strategy) else find(each) for each in asked or strategies]
    found += [strategies[name] for name in CHANCE if name not in {strategy.name for strategy in found}]
    taken = [strategy.name for strategy in found]
    doubled = sorted({name for name in taken if taken.count(name) > 1})
    if doubled:
        raise ParamsError(f"Two strategies are called {doubled[0]!r}. Give each a `name` of its own.")
    if set(taken) == set(CHANCE):
        raise ParamsError("There is nothing to compare: name a strategy beside the baselines that know nothing.")
    return found


def servable(
    wanted: list[Strategy],
    log: TransactionLog,
    customers: CustomerSummary,
    terms: Terms,
    preferred: type[PurchaseModel] = BgNbd,
    *,
    leave_out: bool,
) -> tuple[list[Strategy], CustomerSummary, pl.DataFrame]:
    """The strategies whose columns there are, the customers with these columns, and who was left out and why.

    With `leave_out` a strategy that lacks a column is left out; else it is an error. What is predicted is so by the
    preferred model, or the first that the data identify.
    """
    table, problem = _equipped(wanted, log, customers, terms, preferred)
    kept, rows = [], []
    for strategy in wanted:
        missing = sorted(strategy.needs - set(table.data.columns))
        of_models = problem if _MODELLED & set(missing) else None
        if missing and not leave_out:
            raise of_models or MissingColumnsError(
                f"The customer table, which {strategy.name} reads,",
                missing,
                table.data.columns,
                hint=advice_on(missing, log, otherwise=_ADD_THEM),
            )
        if missing:
            rows.append((strategy.name, ", ".join(missing), str(of_models or "")))
        else:
            kept.append(strategy)
    return kept, table, _left_out(rows)


def fitted_on(
    customers: CustomerSummary, buyers: CustomerSummary, wanted: list[Strategy], *, leave_out: bool
) -> tuple[tuple[FittedStrategy, ...], pl.DataFrame]:
    """The strategies fitted to the customers, and who was left out and why.

    With `leave_out` a strategy that cannot use the values of its columns, such as ages as text, is left out; else it
    is an error.
    """
    fitted, rows = [], []
    for strategy in wanted:
        try:
            fitted.append(FittedStrategy.fit(strategy, customers, buyers))
        except DataError as error:
            if not leave_out:
                raise
            rows.append((strategy.name, ", ".join(sorted(strategy.needs)), str(error)))
    return tuple(fitted), _left_out(rows)


def _left_out(rows: list[tuple[str, str, str]]) -> pl.DataFrame:
    schema = {"strategy": pl.String, "missing": pl.String, "reason": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _equipped(
    wanted: list[Strategy],
    log: TransactionLog,
    customers: CustomerSummary,
    terms: Terms,
    preferred: type[PurchaseModel],
) -> tuple[CustomerSummary, Exception | None]:
    """The customers with what the log and the value models can give, and why a model is missing, if one is."""
    needs = frozenset[str]().union(*(strategy.needs for strategy in wanted))
    customers = derive(log, customers, set(needs & derivable(log)))
    modelled = (needs & _MODELLED) - set(customers.data.columns)
    if not modelled:
        return customers, None
    models = ValueModels.fit(customers, terms, preferred)
    for caveat in models.caveats:
        if isinstance(caveat.problem, Warning):
            warnings.warn(caveat.problem, stacklevel=4)
    given = [name for name in names(MODELLED) if name in modelled & models.known]
    problems = [caveat.problem for caveat in models.caveats if isinstance(caveat.problem, ClvlabError)]
    return customers.with_columns(models.value(customers).select("customer_id", *given)), next(iter(problems), None)
