"""A number of contacts over groups: what of the value at risk each way of sharing them out reaches."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import polars as pl

from clvlab.arrays import Counts


def allocate(customers: pl.DataFrame, groups: Sequence[str], contacts: int) -> pl.DataFrame:
    """Contacts for each group, and the value of the customers whom they reach, by each of three ways of sharing.

    Within a group those of most value are reached first. `by_value` contacts those of most value wherever they are,
    and so nothing reaches more; `equal` has as many for each group, as far as it has customers, and `proportional` as
    many as the group's share of the customers. The value reached is what is at risk there, not what contacting them
    brings: that only a control can tell.

    Parameters
    ----------
    customers
        customer_id, group, value (money, not null): those who can be contacted
    groups
        the codes, in the order of the table
    contacts
        how many there are; no more are dealt than there are customers

    Returns
    -------
    group, customers, contacts_by_value, contacts_equal, contacts_proportional, and value_by_value, value_equal,
    value_proportional

    >>> due = pl.DataFrame({"customer_id": ["1", "2", "3"], "group": ["a", "a", "b"], "value": [9.0, 8.0, 1.0]})
    >>> allocate(due, ["a", "b"], 2).select("group", "contacts_by_value", "contacts_equal").rows()
    [('a', 2, 1), ('b', 0, 1)]
    """
    ranked = customers.sort("value", "customer_id", descending=[True, False]).with_columns(
        place=pl.int_range(pl.len()).over("group")
    )
    order = pl.DataFrame({"group": groups}, schema={"group": pl.String})
    sizes = ranked.group_by("group").agg(customers=pl.len().cast(pl.Int64))
    table = order.join(sizes, on="group", how="left", maintain_order="left").with_columns(
        pl.col("customers").fill_null(0)
    )
    by_value = ranked.head(contacts).group_by("group").agg(contacts_by_value=pl.len().cast(pl.Int64))
    table = table.join(by_value, on="group", how="left", maintain_order="left").with_columns(
        pl.col("contacts_by_value").fill_null(0)
    )
    dealt = min(contacts, ranked.height)
    shares = {f"contacts_{way}": deal(table["customers"].to_numpy(), dealt) for way, deal in _WAYS.items()}
    table = table.with_columns(**{name: pl.Series(name, share, pl.Int64) for name, share in shares.items()})
    for way in ("by_value", *_WAYS):
        table = table.join(_reached(ranked, table, way), on="group", how="left", maintain_order="left")
    return table.with_columns(pl.col("^value_.*$").fill_null(0.0))


def _reached(ranked: pl.DataFrame, table: pl.DataFrame, way: str) -> pl.DataFrame:
    """group, value_<way>: the value of the first customers of each group, as many as it has contacts."""
    dealt = ranked.join(table.select("group", dealt=f"contacts_{way}"), on="group")
    return (
        dealt.filter(pl.col("place") < pl.col("dealt"))
        .group_by("group")
        .agg(pl.col("value").sum().alias(f"value_{way}"))
    )


def _equally(sizes: Counts, contacts: int) -> Counts:
    """As many for each, as far as it has customers; what is left over for the first ones."""
    dealt = np.zeros_like(sizes)
    while (left := contacts - int(dealt.sum())) > 0:
        has_room = np.flatnonzero(dealt < sizes)
        each = max(left // has_room.size, 1)
        dealt[has_room[:left]] = np.minimum(dealt + each, sizes)[has_room[:left]]
    return dealt


def _proportionally(sizes: Counts, contacts: int) -> Counts:
    """In proportion to the sizes; what rounding leaves over for the largest remainders, of equal ones the first."""
    if contacts == 0:
        return np.zeros_like(sizes)
    dealt, remainders = np.divmod(sizes * contacts, sizes.sum())
    left = contacts - int(dealt.sum())
    dealt[np.argsort(-remainders, kind="stable")[:left]] += 1
    return np.asarray(dealt)


_WAYS: Mapping[str, Callable[[Counts, int], Counts]] = MappingProxyType(
    {"equal": _equally, "proportional": _proportionally}
)
