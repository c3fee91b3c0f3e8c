"""Whether the same customers come into the same groups again: from other samples, from halves, a quarter later.

Prospects, who are easily told apart, have their part in fitting a rule and none in the agreement. Of very many
customers, samples and halves are of `samples.MANY`; all are put into groups by the rules that these yield.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clvlab.arrays import Labels
from clvlab.comparison.agreement import adjusted_rand
from clvlab.comparison.fitted_strategies import FittedStrategy
from clvlab.comparison.outcomes import group_numbers
from clvlab.comparison.samples import MANY
from clvlab.comparison.threads import side_by_side
from clvlab.frames import CustomerSummary
from clvlab.grouping.strategy import Rule, Strategy

N_RESAMPLES = 20


def on_resamples(
    fitted: Sequence[FittedStrategy], customers: CustomerSummary, buyers: CustomerSummary, seed: int
) -> Iterator[list[float]]:
    """Of each strategy, how far the buyers' groups agree with those by a rule fitted on a bootstrap sample.

    One sample of the customers after the other; all strategies are fitted on it.
    """
    rng = np.random.default_rng([seed, 4])
    samples = [rng.integers(0, len(customers), min(len(customers), MANY)) for _ in range(N_RESAMPLES)]

    def agreements(drawn: Labels) -> list[float]:
        sample = _rows(customers, drawn)
        return [_kept(each, each.strategy.fit(sample), buyers) for each in fitted]

    yield from side_by_side(agreements, samples)


def _kept(fitted: FittedStrategy, rule: Rule, buyers: CustomerSummary) -> float:
    """Agreement of the groups of a fitted strategy with those by another rule."""
    return 1.0 if rule == fitted.rule else adjusted_rand(fitted.grouped.labels, labels_of(rule, buyers))


def on_halves(
    strategies: Sequence[Strategy], customers: CustomerSummary, buyers: CustomerSummary, seed: int
) -> list[float]:
    """Of each strategy, agreement of the buyers' groups by two rules, each fitted on its half of the customers."""
    order = np.random.default_rng([seed, 5]).permutation(len(customers))
    halves = (order[: len(customers) // 2][:MANY], order[len(customers) // 2 :][:MANY])
    samples = [_rows(customers, np.sort(half)) for half in halves]
    pairs = [[strategy.fit(sample) for sample in samples] for strategy in strategies]
    return [
        1.0 if first == second else adjusted_rand(labels_of(first, buyers), labels_of(second, buyers))
        for first, second in pairs
    ]


def at_a_later_day(
    fitted: Sequence[FittedStrategy], buyers: CustomerSummary, later: CustomerSummary
) -> list[float | None]:
    """Of each strategy, agreement of the buyers' groups with those by the same rule from the table of a later day.

    None where that table lacks what the rule reads; customers whom it does not know do not count.
    """
    rows = later.data.select("customer_id").with_row_index("row")
    row = buyers.data.select("customer_id").join(rows, on="customer_id", how="left", maintain_order="left")["row"]
    met, then = row.is_not_null().to_numpy(), replace(later, data=later.data[row.drop_nulls()])
    return [
        adjusted_rand(each.grouped.labels[met], labels_of(each.rule, then))
        if each.rule.needs <= set(then.data.columns)
        else None
        for each in fitted
    ]


def labels_of(rule: Rule, customers: CustomerSummary) -> Labels:
    """The groups that a rule gives, as numbers."""
    return group_numbers(rule.grouped(customers))


def _rows(customers: CustomerSummary, rows: NDArray[np.int64]) -> CustomerSummary:
    """Those rows as customers of their own, so that ids stay unique."""
    table = customers.data[rows]
    ids = pl.int_range(table.height, eager=True).cast(pl.String)
    return replace(customers, data=table.with_columns(customer_id=pl.lit("row ") + ids))
