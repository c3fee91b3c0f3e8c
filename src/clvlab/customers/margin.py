"""What is kept of the customers' money, where the log knows costs."""

from dataclasses import dataclass
from datetime import date

import polars as pl

from clvlab.customers.purchase_days import rows_until
from clvlab.errors import DataError
from clvlab.frames import TransactionLog
from clvlab.money import exact_sum


@dataclass(frozen=True)
class MeanMargin:
    """The customers' mean margin.

    Attributes
    ----------
    margin : share of the money that its cost leaves
    coverage : share of the rows whose cost is known: on them the margin rests
    """

    margin: float
    coverage: float


def mean_margin(log: TransactionLog, until: date) -> MeanMargin:
    """The margin of all accepted rows up to a day together, returns included, as far as their cost is known.

    Raises
    ------
    DataError : the log has no amounts or no costs, or the costs leave nothing

    Examples
    --------
    >>> import clvlab as cl
    >>> round(mean_margin(cl.datasets.lighting(300, seed=1), date(2025, 12, 31)).margin, 3)
    0.358
    """
    missing = [name for name in ("amount", "cost") if name not in log.accepted.collect_schema()]
    if missing:
        raise DataError(
            f"The margin from cost needs {' and '.join(missing)}, which the log does not have. Map it "
            f"(`columns: {{{missing[0]}: <your column>}}`), or give the margin as a share of spend, such as "
            "`margin: 0.3`."
        )
    known = pl.col("cost").is_not_null()
    amount, cost = (exact_sum(pl.col(name).filter(known)) for name in ("amount", "cost"))
    found = rows_until(log, until).select(amount=amount, cost=cost, coverage=known.mean()).collect(engine="streaming")
    spent, costs, coverage = found.row(0)
    if not 0 < spent - costs <= spent:
        raise DataError(
            f"The rows up to {until} whose cost is known bring {spent:,.2f} and cost {costs:,.2f}: no margin follows "
            "from that. Check which column holds the cost, or give the margin as a share of spend, such as "
            "`margin: 0.3`."
        )
    return MeanMargin((spent - costs) / spent, coverage)
