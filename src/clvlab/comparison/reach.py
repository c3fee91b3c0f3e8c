"""What a grouping is worth in money: whom to contact, and where to put a budget."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from clvlab.comparison.bootstrap import Bootstrap
from clvlab.comparison.crossfit import CrossFitted
from clvlab.comparison.foresight import CAPTURES, scored
from clvlab.comparison.groups import Grouped
from clvlab.comparison.resampling import interval
from clvlab.comparison.split import Split

ORACLE, RANDOM = "oracle", "random"


def reach_table(split: Split, predicted: Mapping[str, CrossFitted], bootstrap: Bootstrap) -> pl.DataFrame:
    """strategy, share, contacts, reached, low, high, spend: what contacting the best `share` of customers reaches.

    `reached` is a share of the holdout spend, `spend` the same in money, over all customers of the cutoff. The
    strategy `oracle` knows what everybody will spend; `random` knows nothing.
    """
    outcomes = split.outcomes
    spend = outcomes.spend[outcomes.judged]
    rows = []
    for share, metric in CAPTURES.items():
        figures: dict[str, tuple[float, float | None, float | None]] = {
            name: (float(scored(each, outcomes, metric)), *interval(bootstrap.scores[name, metric.name]))
            for name, each in predicted.items()
        }
        figures[ORACLE] = (float(scored(CrossFitted(spend, spend), outcomes, metric)), None, None)
        figures[RANDOM] = (share, None, None)
        contacts, total = round(share * len(split.buyers)), float(outcomes.spend.sum())
        rows += [(name, share, contacts, *found, found[0] * total) for name, found in figures.items()]
    schema = dict.fromkeys(("reached", "low", "high", "spend"), pl.Float64)
    table = pl.DataFrame(
        rows, schema={"strategy": pl.String, "share": pl.Float64, "contacts": pl.Int64, **schema}, orient="row"
    )
    return table.fill_nan(None)


def allocation(grouped: Grouped, predicted: CrossFitted, split: Split) -> pl.DataFrame:
    """group, place, customers, share_customers, expected_spend, share_budget: a budget spread by value.

    Each group is given the share of the budget that it is expected to bring of the spend: its customers times the
    mean that was predicted of them. Of a group without a judged customer nothing is known, and it is given nothing.
    """
    judged = grouped.labels[split.outcomes.judged]
    k = len(grouped.names)
    size, n_judged = np.bincount(grouped.labels, minlength=k), np.bincount(judged, minlength=k)
    expected = np.bincount(judged, predicted.spend, minlength=k) / np.maximum(n_judged, 1)
    value = size * np.maximum(expected, 0.0)
    table = pl.DataFrame(
        {
            "group": grouped.names,
            "place": grouped.places(predicted.spend, split.outcomes),
            "customers": size,
            "share_customers": size / size.sum(),
            "expected_spend": pl.Series(np.where(n_judged > 0, expected, np.nan)).fill_nan(None),
            "share_budget": value / value.sum() if value.sum() > 0 else np.zeros(k),
        }
    )
    return table.sort("place")
