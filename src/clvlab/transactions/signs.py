"""Whether a negative amount is a return, or a sale in a ledger that writes sales so."""

from typing import Literal, get_args

import polars as pl

from clvlab.errors import UnsettledError
from clvlab.sources import OURS

Signs = Literal["turn", "keep"]

_AMOUNT = OURS + "amount"
_ENOUGH, _HARDLY_ANY = 10, 0.1


def with_signs(rows: pl.LazyFrame, signs: Signs | None) -> pl.LazyFrame:
    """The rows with positive amounts for sales; UnsettledError where hardly any amount is positive."""
    if _AMOUNT not in rows.collect_schema() or signs == "keep":
        return rows
    if signs == "turn":
        return rows.with_columns((0.0 - pl.col(_AMOUNT)).alias(_AMOUNT))
    amount = pl.col(_AMOUNT)
    counts = rows.select(negative=(amount < 0).sum(), positive=(amount > 0).sum()).collect(engine="streaming")
    negative, positive = counts.row(0)
    if negative + positive >= _ENOUGH and positive <= _HARDLY_ANY * (negative + positive):
        raise UnsettledError(
            f"{negative:,} of {negative + positive:,} amounts are negative, which means returns. If the ledger "
            "writes sales as negative amounts, set `signs: turn`; if they are returns, `signs: keep`.",
            "signs",
            get_args(Signs),
        )
    return rows
