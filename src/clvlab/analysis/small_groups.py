"""What readers see of groups by attribute: none of fewer than ten customers, for such a group tells of persons.

Small groups are shown as one, which is itself large enough: otherwise the total less all others would tell what they
hold. The customer files, which stay with the analyst, have every group.
"""

from collections.abc import Iterable, Set

import polars as pl

from clvlab.columns import CUSTOMERS, RESULTS, names
from clvlab.customers import DERIVED

SMALLEST = 10
SMALL = "small_groups"
"""The code of the small groups together."""
_OF_BEHAVIOUR = frozenset(names((*CUSTOMERS, *DERIVED, *RESULTS))) - {"favourite_category"}


def is_by_attribute(needs: Set[str]) -> bool:
    """Whether a grouping that reads these columns tells more of customers than when, how often and for how much."""
    return not needs <= _OF_BEHAVIOUR


def too_small(groups: Iterable[tuple[str, int, int]]) -> frozenset[str]:
    """The groups that are shown as one, of (code, customers, buyers): the small ones, and as many as it takes.

    A group is small if it has fewer than SMALLEST customers, or so few buyers, from whom its figures come. Where all
    small ones are still small together, the next larger ones join them.

    >>> sorted(too_small([("a", 50, 50), ("b", 30, 30), ("c", 9, 9), ("d", 1, 1)]))
    ['c', 'd']
    >>> sorted(too_small([("a", 50, 50), ("b", 30, 30), ("c", 9, 9)]))
    ['b', 'c']
    >>> sorted(too_small([("a", 50, 50), ("b", 10, 0)]))
    []
    """
    ordered = sorted(groups, key=lambda group: (not _is_small(*group[1:]), group[2], group[1], group[0]))
    codes, customers, buyers = set[str](), 0, 0
    for code, more, more_buyers in ordered:
        if not _is_small(more, more_buyers) and not (codes and _is_small(customers, buyers)):
            break
        codes.add(code)
        customers, buyers = customers + more, buyers + more_buyers
    return frozenset(codes)


def _is_small(customers: int, buyers: int) -> bool:
    return customers < SMALLEST or 0 < buyers < SMALLEST


def small_codes(groups: pl.DataFrame, customers: pl.DataFrame) -> frozenset[str]:
    """The codes of `groups` (customer_id, group) that are shown as one, and SMALL with them; none where none is."""
    bought = customers.select("customer_id", bought=pl.col("n_purchases") > 0)
    sizes = (
        groups.join(bought, on="customer_id").group_by("group").agg(customers=pl.len(), buyers=pl.col("bought").sum())
    )
    codes = too_small(sizes.iter_rows())
    return codes | {SMALL} if codes else codes


def as_one(codes: Set[str], column: str = "group") -> pl.Expr:
    """The column of groups with these codes as one."""
    return pl.when(pl.col(column).is_in(list(codes))).then(pl.lit(SMALL)).otherwise(pl.col(column)).alias(column)


def without_rank(codes: Set[str]) -> pl.Expr:
    """The column `rank` next to `group`, null for these codes: together they have no place in an order."""
    return pl.when(~pl.col("group").is_in(list(codes))).then(pl.col("rank")).alias("rank")
