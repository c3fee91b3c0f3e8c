"""Whether the same customers come into the same groups again: from other samples, from halves, a quarter later.

Prospects, who are easily told apart, have their part in fitting a rule and none in the agreement. Of very many
customers, samples and halves are of `samples.MANY`; all are put into groups by the rules that these yield.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clvlab.arrays import Labels
from clvlab.comparison.agreement import adjusted_rand
from clvlab.comparison.fitted_strategies import FittedStrategy
from clvlab.comparison.outcomes import group_numbers
from clvlab.comparison.samples import MANY
from clvlab.frames import CustomerSummary
from clvlab.grouping.strategy import Rule, Strategy

N_RESAMPLES = 20


def on_resamples(
    fitted: FittedStrategy, customers: CustomerSummary, buyers: CustomerSummary, seed: int
) -> Iterator[float]:
    """Agreement of the buyers' groups with those by rules fitted on bootstrap samples of the customers."""
    rng = np.random.default_rng([seed, 4])
    for _ in range(N_RESAMPLES):
        drawn = rng.integers(0, len(customers), min(len(customers), MANY))
        rule = fitted.strategy.fit(_rows(customers, drawn))
        yield 1.0 if rule == fitted.rule else adjusted_rand(fitted.grouped.labels, labels_of(rule, buyers))


def on_halves(strategy: Strategy, customers: CustomerSummary, buyers: CustomerSummary, seed: int) -> float:
    """Agreement of the buyers' groups by two rules, each fitted on its half of the customers."""
    order = np.random.default_rng([seed, 5]).permutation(len(customers))
    halves = (order[: len(customers) // 2][:MANY], order[len(customers) // 2 :][:MANY])
    first, second = (strategy.fit(_rows(customers, np.sort(half))) for half in halves)
    return 1.0 if first == second else adjusted_rand(labels_of(first, buyers), labels_of(second, buyers))


def at_a_later_day(rule: Rule, buyers: CustomerSummary, later: CustomerSummary) -> float:
    """Agreement of the buyers' groups with those that the same rule gives them from the table of a later day."""
    now = rule.assign(buyers).select("customer_id", "group")
    both = now.join(rule.assign(later).select("customer_id", later="group"), on="customer_id")
    return adjusted_rand(group_numbers(both["group"]), group_numbers(both["later"]))


def labels_of(rule: Rule, customers: CustomerSummary) -> Labels:
    """The groups that a rule gives, as numbers."""
    return group_numbers(rule.assign(customers)["group"])


def _rows(customers: CustomerSummary, rows: NDArray[np.int64]) -> CustomerSummary:
    """Those rows as customers of their own, so that ids stay unique."""
    table = customers.data[rows]
    ids = pl.int_range(table.height, eager=True).cast(pl.String)
    return replace(customers, data=table.with_columns(customer_id=pl.lit("row ") + ids))
