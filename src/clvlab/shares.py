"""Numbers cut into bins by share: where each bin begins, when equal numbers must stay together."""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Context, Decimal

import numpy as np
import polars as pl

from clvlab.arrays import Counts, Positions, Vector


def comparable(values: pl.Expr) -> pl.Expr:
    """Numbers (Float64) as they are compared: to twelve digits; what is below a ten-thousand-millionth is 0.

    Sums of money differ in their last bits with the order of the rows; customers with the same money must not. Digits
    are counted from the first, so that amounts compare alike in every currency.
    """
    numbers = values.cast(pl.Float64)
    return numbers.round_sig_figs(12) * (numbers.abs() >= 1e-10)


def ties(values: pl.Series | Sequence[float]) -> pl.DataFrame:
    """The distinct values, ascending; those that compare as equal are one, of `n` numbers from `least` to `most`.

    >>> ties([5, 3, 5]).rows()
    [(1, 3.0, 3.0), (2, 5.0, 5.0)]
    """
    given = pl.DataFrame({"value": values}).select(
        pl.col("value").cast(pl.Float64), compared=comparable(pl.col("value"))
    )
    classes = given.group_by("compared").agg(n=pl.len(), least=pl.min("value"), most=pl.max("value")).sort("compared")
    return classes.select(
        "n", least=pl.min_horizontal("least", "compared"), most=pl.max_horizontal("most", "compared")
    )


def share_bounds(values: pl.Series | Sequence[float], shares: Sequence[float]) -> tuple[float, ...]:
    """The values at which bins 2, 3, ... begin, ascending; equal values stay together.

    The bins are those whose sizes are nearest to the shares: the sum of size**2 / share is the least that equal
    values allow, every bin filled. A large tie, wherever it lies, thereby fills one bin, and the others hold what is
    left in proportion to their shares; and the highest value is always in the last bin, the lowest in the first, as
    they would not be if each bin were closed when it is full. Of cuts equally near, that with larger lower bins.

    Where there are fewer distinct values than bins, each has a bin of its own, spread evenly from the first to the
    last (see `spread`). Where all values are equal, there are no bounds.

    Nothing counts but the order of the values and how many are equal: neither their unit, nor the order in which they
    come, nor whether all of them come twice.

    Parameters
    ----------
    values
        numeric, no nulls
    shares
        wished share of the values in each bin, lowest bin first; only their proportions matter

    Returns
    -------
    ``len(shares) - 1`` bounds; a bin that begins where the next one does is empty

    Examples
    --------
    >>> share_bounds([1, 1, 1, 1, 1, 2, 2, 3, 4, 9], [1, 1, 1, 1])
    (2.0, 3.0, 9.0)
    >>> share_bounds([1, 2, 3, 4, 9, 9, 9, 9, 9, 9], [1, 1, 1])
    (3.0, 9.0)
    >>> share_bounds([1, 1, 1, 1, 2, 3], [1, 1, 1, 1, 1])
    (2.0, 2.0, 3.0, 3.0)
    >>> share_bounds([1, 1, 1], [0.5, 0.5])
    ()
    """
    distinct = ties(values)
    if distinct.height < 2:
        return ()
    if distinct.height < len(shares):
        return bounds_at(distinct, spread(distinct.height, len(shares)))
    return bounds_at(distinct, _nearest(distinct["n"].to_numpy(), np.array(shares) / sum(shares)))


def spread(n_classes: int, n_bins: int) -> list[int]:
    """With which class each bin but the first begins, where classes are fewer than bins: as evenly apart as can be.

    >>> spread(3, 5)  # three classes in the first, the third and the fifth bin
    [1, 1, 2, 2]
    """
    last = max(n_classes - 1, 1)
    bins = [(2 * place * (n_bins - 1) + last - 1) // (2 * last) for place in range(n_classes)]
    return [int(begin) for begin in np.searchsorted(bins, np.arange(1, n_bins))]


def bounds_at(distinct: pl.DataFrame, begins: Sequence[int]) -> tuple[float, ...]:
    """The bounds of bins that begin with the distinct values (see `ties`) at these places.

    A bound is the value itself, cut off after six decimals, or after as many as part it from the value below: so it
    can be printed in full, and a customer compared with it by hand.
    """
    least, most = distinct["least"].to_list(), distinct["most"].to_list()
    return tuple(_parting(most[at - 1] if at else -np.inf, least[at]) for at in begins)


def _parting(below: float, value: float) -> float:
    """The largest number of six decimals, or of more where needed, above `below` and not above `value`."""
    for decimals in range(6, 18) if np.isfinite(value) else ():
        step = Decimal(1).scaleb(-decimals)
        cut = float(Decimal(repr(value)).quantize(step, ROUND_FLOOR, Context(prec=400)))
        if cut > below:
            return cut
    return value


_MOST = 256
"""Most places for a bound that are all tried; of more than these, some."""


def _nearest(counts: Counts, shares: Vector) -> list[int]:
    """With which of the distinct values bins 2, 3, ... begin, so that the sum of size**2 / share is least.

    Among many distinct values each bound is looked for at some places, then at those around the best of them.
    """
    n_values, n_bins = len(counts), len(shares)
    below = np.concatenate([[0], np.cumsum(counts)]) / counts.sum()
    ranges = [(place, n_values - n_bins + place) for place in range(1, n_bins)]
    while True:
        candidates = [_candidates(low, high, below) for low, high in ranges]
        best = _best([np.array([0]), *candidates, np.array([n_values])], below, shares)
        if all(len(some) == high - low + 1 for some, (low, high) in zip(candidates, ranges, strict=True)):
            return [int(some[at]) for some, at in zip(candidates, best, strict=True)]
        ranges = [
            (int(c[max(at - 2, 0)]), int(c[min(at + 2, len(c) - 1)])) for c, at in zip(candidates, best, strict=True)
        ]


def _candidates(low: int, high: int, below: Vector) -> Positions:
    """The places from `low` to `high`; of very many, some, in even steps of their number and of what is below."""
    if high - low < _MOST:
        return np.arange(low, high + 1)
    at = np.searchsorted(below, np.linspace(below[low], below[high], _MOST // 2))
    steps = np.linspace(low, high, _MOST // 8).astype(np.int64)
    return np.unique(np.concatenate([at - 1, at, steps]).clip(low, high))


def _best(candidates: Sequence[Positions], below: Vector, shares: Vector) -> list[int]:
    """With which of its candidates each bin but the first begins: least sum of size**2 / share, last bin first."""
    cost: Vector = np.zeros(1)
    choices: list[Positions] = []
    for begins, ends, share in zip(candidates[-2::-1], candidates[:0:-1], shares[::-1], strict=True):
        sizes = below[ends] - below[begins][:, None]
        costs = np.where(sizes > 0, sizes**2 / share, np.inf) + cost
        cost = costs.min(axis=1)
        # Of costs that are equal but for their last bits the last, so that lower bins are larger.
        choices.append(costs.shape[1] - 1 - (costs <= cost[:, None] + 1e-13)[:, ::-1].argmax(axis=1))
    best = [0]
    for choice in reversed(choices):
        best.append(int(choice[best[-1]]))
    return best[1:-1]
