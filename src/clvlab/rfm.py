"""R, F and M scores: where a customer ranks in recency, frequency and spend, from 1 (worst) to n (best).

Scores are cut either at the customers' own quantiles or at fixed bounds. Quantiles rank these customers among
themselves; fixed bounds keep scores comparable from one period to the next. Both yield the same `RfmThresholds`,
in days, purchases and money, which can be shown, kept and applied to other customers.

Where many customers have one value, no bound can part them. `share_bounds` then gives them a score of their own and
the others the scores that are left.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

import polars as pl

from clvlab.errors import DataError, ParamsError
from clvlab.frames import CustomerSummary, check_kind
from clvlab.shares import comparable, share_bounds

RECENCY_DAYS = (30, 90, 180, 365)
"""Customary fixed bounds of recency: score 5 within 30 days, 4 within 90, 3 within 180, 2 within 365, else 1."""

NEEDS = frozenset({"days_since_last", "n_purchases", "total_spend"})
_SPEND = comparable(pl.col("total_spend"))


@dataclass(frozen=True)
class RfmThresholds:
    """Where each score begins, from score 2 upwards; whoever reaches none has score 1.

    Of scores that begin at the same bound only the highest is given. No bounds at all: everybody has score 1.

    Attributes
    ----------
    recency : days since the last purchase, descending: score s needs at most ``recency[s - 2]``
    frequency : purchase days, ascending: score s needs at least ``frequency[s - 2]``
    spend : currency, ascending: score s needs at least ``spend[s - 2]``

    Examples
    --------
    >>> thresholds = RfmThresholds(recency=(90, 30), frequency=(2, 4), spend=(50.0, 200.0))
    >>> thresholds.table
    shape: (3, 4)
    ┌───────┬─────────────────┬─────────────┬─────────────┐
    │ score ┆ days_since_last ┆ n_purchases ┆ total_spend │
    │ ---   ┆ ---             ┆ ---         ┆ ---         │
    │ i64   ┆ f64             ┆ f64         ┆ f64         │
    ╞═══════╪═════════════════╪═════════════╪═════════════╡
    │ 3     ┆ 30.0            ┆ 4.0         ┆ 200.0       │
    │ 2     ┆ 90.0            ┆ 2.0         ┆ 50.0        │
    │ 1     ┆ null            ┆ null        ┆ null        │
    └───────┴─────────────────┴─────────────┴─────────────┘
    """

    recency: tuple[float, ...]
    frequency: tuple[float, ...]
    spend: tuple[float, ...]

    @classmethod
    def fit(
        cls,
        customers: CustomerSummary,
        *,
        n_bins: int = 5,
        recency_bounds: Sequence[float] | None = None,
        frequency_bounds: Sequence[float] | None = None,
        spend_bounds: Sequence[float] | None = None,
    ) -> "RfmThresholds":
        """The customers' own bounds, or the fixed ones given; see `score_rfm`."""
        if not (isinstance(n_bins, int) and 2 <= n_bins <= 100):
            raise ParamsError(f"n_bins is {n_bins!r}; scores run from 1 to n_bins, which must be 2 to 100.")
        buyers = _buyers(customers)
        if recency_bounds is None:
            recency = tuple(-bound for bound in own_bounds(-buyers["days_since_last"], n_bins, alike_are_best=True))
        else:
            recency = _checked(recency_bounds, n_bins, "recency_bounds")[::-1]
        if frequency_bounds is None:
            more_than_once = buyers["n_purchases"].min() != 1
            frequency = own_bounds(buyers["n_purchases"], n_bins, alike_are_best=more_than_once)
        else:
            frequency = _checked(frequency_bounds, n_bins, "frequency_bounds")
        if spend_bounds is None:
            spend = own_bounds(buyers["total_spend"], n_bins, alike_are_best=False)
        else:
            spend = _checked(spend_bounds, n_bins, "spend_bounds")
        return cls(recency, frequency, spend)

    def score(self, customers: CustomerSummary) -> pl.DataFrame:
        """customer_id, r_score, f_score, m_score (Int8) in the order of `customers`; null for prospects."""
        _buyers(customers)
        days, purchases, spend = pl.col("days_since_last"), pl.col("n_purchases"), pl.col("spend")
        scores = {
            "r_score": _score([days <= bound for bound in self.recency]),
            "f_score": _score([purchases >= bound for bound in self.frequency]),
            "m_score": _score([spend >= bound for bound in self.spend]),
        }
        bought = purchases > 0
        table = customers.data.select("customer_id", "days_since_last", "n_purchases", spend=_SPEND)
        return table.select("customer_id", **{name: pl.when(bought).then(s) for name, s in scores.items()})

    @property
    def table(self) -> pl.DataFrame:
        """score (best first), and the days, purchases and money at which it begins.

        A customer has the first score whose bound they reach. Null for score 1, which needs nothing, and for scores
        that nobody can reach.
        """
        highest = 1 + max(len(self.recency), len(self.frequency), len(self.spend))
        columns = {"days_since_last": self.recency, "n_purchases": self.frequency, "total_spend": self.spend}
        begins = {
            name: pl.Series([None, *bounds, *[None] * (highest - 1 - len(bounds))], dtype=pl.Float64)
            for name, bounds in columns.items()
        }
        return pl.DataFrame({"score": range(1, highest + 1), **begins}).reverse()

    def to_dict(self) -> dict[str, Any]:
        """The bounds as plain JSON."""
        return {name: list(bounds) for name, bounds in asdict(self).items()}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "RfmThresholds":
        """The thresholds that `to_dict` gave."""
        return cls(**{name: tuple(bounds) for name, bounds in stored.items()})


def score_rfm(
    customers: CustomerSummary,
    n_bins: int = 5,
    *,
    recency_bounds: Sequence[float] | None = None,
    frequency_bounds: Sequence[float] | None = None,
    spend_bounds: Sequence[float] | None = None,
) -> pl.DataFrame:
    """Score recency, frequency and spend from 1 to `n_bins`, the highest is best.

    Scores are positions among these customers, as near to equal numbers of customers as equal customers allow (see
    `share_bounds`). Customers with equal inputs get equal scores. The best value has the highest score and the worst
    has score 1; where half of all bought once, they are score 1 and the others spread over the rest; where there are
    fewer distinct values than scores, the scores between stay unused.

    Where all customers have the same value, there are no positions: recency scores `n_bins`, since nobody has stayed
    away longer than another; spend scores 1, since nobody spends more; frequency scores 1 where all bought once, else
    `n_bins`. Fixed bounds, where given, are used as they are.

    Parameters
    ----------
    customers
        days_since_last (days), n_purchases (purchase days), total_spend (currency)
    n_bins
        number of scores; at most the number of customers with a purchase
    recency_bounds
        most days since the last purchase for each score but the lowest, such as `RECENCY_DAYS`
    frequency_bounds
        fewest purchase days for each score but the lowest
    spend_bounds
        least total spend for each score but the lowest

    Returns
    -------
    customer_id, r_score, f_score, m_score (Int8), in the order of `customers`; null for prospects

    Raises
    ------
    ParamsError : n_bins exceeds the customers or 100, or a list of bounds is not n_bins - 1 distinct numbers

    Examples
    --------
    >>> from datetime import date
    >>> customers = CustomerSummary(
    ...     pl.DataFrame(
    ...         {
    ...             "customer_id": ["a", "b", "c", "d"],
    ...             "days_since_last": [200, 10, 90, None],
    ...             "n_purchases": [1, 6, 1, 0],
    ...             "total_spend": [10.0, 300.0, 25.0, 0.0],
    ...         }
    ...     ),
    ...     cutoff=date(2025, 12, 31),
    ...     time_unit="week",
    ... )
    >>> score_rfm(customers, n_bins=3).rows()
    [('a', 1, 1, 1), ('b', 3, 3, 3), ('c', 2, 1, 2), ('d', None, None, None)]
    """
    thresholds = RfmThresholds.fit(
        customers,
        n_bins=n_bins,
        recency_bounds=recency_bounds,
        frequency_bounds=frequency_bounds,
        spend_bounds=spend_bounds,
    )
    require_customers(customers, n_bins)
    return thresholds.score(customers)


def require_customers(customers: CustomerSummary, n_bins: int) -> None:
    """Raise ParamsError where there are fewer buyers than scores."""
    n_buyers = _buyers(customers).height
    if n_bins > n_buyers:
        raise ParamsError(
            f"n_bins is {n_bins}, but only {n_buyers} customers have a purchase. Lower n_bins, or use more customers."
        )


def _buyers(customers: CustomerSummary) -> pl.DataFrame:
    """The customers with a purchase; DataError unless all that is scored is known of each."""
    check_kind("customers", customers, CustomerSummary, "clvlab.summarise_customers")
    customers.require(NEEDS, "score_rfm")
    buyers = customers.data.select("customer_id", *NEEDS).filter(pl.col("n_purchases") > 0)
    lacking = buyers.filter(_SPEND.is_null() | _SPEND.is_nan() | pl.col("days_since_last").is_null())
    if lacking.height:
        raise DataError(
            f"{lacking.height} customers with purchases lack days_since_last or total_spend, the first "
            f"{lacking['customer_id'][0]!r}. Summarise them from the log by `summarise_customers`."
        )
    return buyers


def own_bounds(values: pl.Series, n_bins: int, *, alike_are_best: bool) -> tuple[float, ...]:
    """Where scores 2 to `n_bins` of these values begin, ascending.

    Where all are alike, all have the best score or all have score 1.
    """
    alike = tuple(values.head(1).cast(pl.Float64)) * (n_bins - 1) if alike_are_best else ()
    return share_bounds(values, [1] * n_bins) or alike


def _checked(fixed: Sequence[float], n_bins: int, name: str) -> tuple[float, ...]:
    """Fixed bounds, ascending; ParamsError unless there is one for each score but the lowest."""
    bounds = sorted(float(bound) for bound in fixed)
    if len(bounds) != n_bins - 1 or not all(map(isfinite, bounds)) or len({*bounds}) < len(bounds):
        raise ParamsError(f"{name} is {list(fixed)}; for n_bins={n_bins} give {n_bins - 1} distinct numbers.")
    return tuple(bounds)


def _score(reached: list[pl.Expr]) -> pl.Expr:
    """1 plus the number of bounds reached."""
    return pl.sum_horizontal(pl.lit(1, pl.Int8), *(r.cast(pl.Int8) for r in reached)).cast(pl.Int8)
