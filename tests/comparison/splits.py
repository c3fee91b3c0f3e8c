"""Splits of a few customers with written outcomes and parts, so that a reader can check figures with a pencil."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl

from clvlab.comparison.fitted_strategies import FittedStrategy
from clvlab.comparison.outcomes import Outcomes
from clvlab.comparison.split import Split
from clvlab.frames import CustomerSummary, Holdout, TransactionLog
from clvlab.grouping import Attribute

CUTOFF, END = date(2024, 6, 30), date(2024, 12, 31)


def split_of(spend: Sequence[float], part: Sequence[int], **attributes: Sequence[str]) -> Split:
    """Customers c00, c01, ... who each bought once, spent so much in the holdout, and were dealt into these parts."""
    n = len(spend)
    ids = [f"c{i:02d}" for i in range(n)]
    customers = pl.DataFrame({"customer_id": ids, "n_purchases": [1] * n} | attributes)
    bought = [int(money > 0) for money in spend]
    holdout = pl.DataFrame({"customer_id": ids, "holdout_purchases": bought, "holdout_spend": list(spend)})
    rows = pl.LazyFrame({"customer_id": ids, "date": [CUTOFF] * n, "amount": [1.0] * n})
    split = Split(
        TransactionLog(rows, pl.DataFrame(), pl.DataFrame()),
        CustomerSummary(customers, CUTOFF, "day"),
        Holdout(holdout, CUTOFF, END, "day", pl.DataFrame()),
        (),
        seed=0,
    )
    dealt = Outcomes(np.array(spend, float), np.array(bought, float), np.array(part, np.int64))
    vars(split)["outcomes"] = dealt
    return split


def fitted_on(split: Split, *attributes: str) -> tuple[FittedStrategy, ...]:
    """Groupings by these attributes."""
    return tuple(FittedStrategy.fit(Attribute(name, name=name), split.customers, split.buyers) for name in attributes)
