"""What a grouping is worth in money: whom to contact, and where to put a budget."""

import numpy as np
import polars as pl

from clvlab.arrays import Vector
from clvlab.comparison.foresight import CAPTURES
from clvlab.comparison.groups import Grouped
from clvlab.comparison.rankings import Ranking
from clvlab.comparison.scoring import Scoring, judged_in

ORACLE, RANDOM = "oracle", "random"


def reach_table(scoring: Scoring) -> pl.DataFrame:
    """strategy, share, contacts, reached, low, high, spend: what contacting the best `share` of customers reaches.

    `reached` is a share of the holdout spend, `spend` the same in money, over all customers of the cutoff. The
    strategy `oracle` knows what everybody will spend; `random` knows nothing.
    """
    split, oracle = scoring.split, _oracle(scoring)
    rows = []
    for share, metric in CAPTURES.items():
        of_all = {each.name: scoring.figure(each.name, metric.name) for each in scoring.windows[-1].contenders}
        figures: dict[str, tuple[float, float | None, float | None]] = {
            name: (figure.value, *figure.interval()) for name, figure in of_all.items()
        }
        figures |= {ORACLE: (oracle[metric.name], None, None), RANDOM: (share, None, None)}
        contacts, total = round(share * len(split.buyers)), float(split.outcomes.spend.sum())
        rows += [(name, share, contacts, *found, found[0] * total) for name, found in figures.items()]
    schema = dict.fromkeys(("reached", "low", "high", "spend"), pl.Float64)
    table = pl.DataFrame(
        rows, schema={"strategy": pl.String, "share": pl.Float64, "contacts": pl.Int64, **schema}, orient="row"
    )
    return table.fill_nan(None)


def _oracle(scoring: Scoring) -> dict[str, float]:
    """What whoever knows the outcomes reaches by each of CAPTURES, the mean over windows and deals."""
    found: dict[str, list[float]] = {metric.name: [] for metric in CAPTURES.values()}
    for window in scoring.windows:
        oracle = Ranking(ORACLE, window.split.outcomes.spend)
        for number in scoring.first_deals:
            judged = judged_in(oracle, window.split.deal(number))
            for metric in CAPTURES.values():
                found[metric.name].append(float(judged.score(metric)))
    return {name: float(np.mean(values)) for name, values in found.items()}


def allocation(grouped: Grouped, expected: Vector) -> pl.DataFrame:
    """group, place, customers, share_customers, expected_spend, share_budget: a budget spread by value.

    Each group is given the share of the budget that it is expected to bring of the spend: its customers times the
    mean that was predicted of them. Of a group without a judged customer nothing is known, and it is given nothing.
    """
    size = np.bincount(grouped.labels, minlength=len(grouped.names))
    value = size * np.nan_to_num(np.maximum(expected, 0.0))
    table = pl.DataFrame(
        {
            "group": grouped.names,
            "place": grouped.places(expected),
            "customers": size,
            "share_customers": size / size.sum(),
            "expected_spend": pl.Series(expected).fill_nan(None),
            "share_budget": value / value.sum() if value.sum() > 0 else np.zeros(size.size),
        }
    )
    return table.sort("place")
