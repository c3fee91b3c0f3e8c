"""What contacting customers brought: those on the due lists against the control, in the period that followed."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from clvlab.arrays import Vector
from clvlab.playbook.difference import mean_difference, share_difference, smallest_found

FEWEST = 30
"""Of fewer customers, contacted or held back, no figure is given."""
EFFECT: dict[str, pl.DataType | type[pl.DataType]] = {
    "outcome": pl.String,
    "is_overall": pl.Boolean,
    "since": pl.Date,
    "until": pl.Date,
    "contacted": pl.Int64,
    "held_back": pl.Int64,
    "contacted_mean": pl.Float64,
    "held_back_mean": pl.Float64,
    "effect": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "smallest_found": pl.Float64,
}
"""The columns of `effect`."""


def effect(followed: pl.DataFrame) -> pl.DataFrame:
    """What contacts brought in each period, and over all of them where there are several.

    Over all, a customer's money of their periods is added up, and they bought again if they did in any; whoever was
    contacted in one period and held back in another is left out. Contacted is who was to be contacted: the list
    does not know whether somebody called.

    Parameters
    ----------
    followed
        since, until (days), customer_id, is_control, revenue (money), bought: one row for each customer and period;
        as by `clvlab.playbook.series.follow`

    Returns
    -------
    EFFECT, one row for each `outcome` ("revenue", "bought") and period. `effect` is the mean, or share, of those
    contacted less that of those held back, `low` and `high` its bounds at 95 %, and `smallest_found` the effect that
    sets of these sizes would show in four of five cases. Figures are null where there are fewer than FEWEST customers
    of either kind.
    """
    periods = [rows for _, rows in followed.group_by("since", "until", maintain_order=True)]
    parts = [(rows, False) for rows in periods]
    if len(periods) > 1:
        parts.append((_over_all(followed), True))
    found = [row | {"is_overall": is_overall} for rows, is_overall in parts for row in _of_period(rows)]
    return pl.DataFrame(found, schema=EFFECT).sort(pl.col("outcome") == "bought", maintain_order=True)


def _over_all(followed: pl.DataFrame) -> pl.DataFrame:
    """One row for each customer who was always contacted, or always held back."""
    return (
        followed.group_by("customer_id", maintain_order=True)
        .agg(
            pl.col("is_control").first(),
            pl.col("revenue").sum(),
            pl.col("bought").any(),
            kinds=pl.col("is_control").n_unique(),
        )
        .filter(pl.col("kinds") == 1)
        .with_columns(since=pl.lit(followed["since"].min()), until=pl.lit(followed["until"].max()))
    )


def _of_period(rows: pl.DataFrame) -> Iterator[dict[str, Any]]:
    contacted, control = (rows.filter(pl.col("is_control") == drawn) for drawn in (False, True))
    common = {
        "since": rows["since"].first(),
        "until": rows["until"].first(),
        "contacted": contacted.height,
        "held_back": control.height,
    }
    enough = min(contacted.height, control.height) >= FEWEST
    for outcome in ("revenue", "bought"):
        one, other = (part[outcome].cast(pl.Float64).to_numpy() for part in (contacted, control))
        yield {"outcome": outcome, **common, **(_figures(outcome, one, other) if enough else {})}


def _figures(outcome: str, one: Vector, other: Vector) -> dict[str, float | None]:
    spread = float(np.concatenate([one, other]).std(ddof=1))
    bounds = (
        mean_difference(one, other)
        if outcome == "revenue"
        else share_difference((int(one.sum()), one.size), (int(other.sum()), other.size))
    )
    low, high = bounds or (None, None)
    return {
        "contacted_mean": float(one.mean()),
        "held_back_mean": float(other.mean()),
        "effect": float(one.mean() - other.mean()),
        "low": low,
        "high": high,
        "smallest_found": smallest_found(spread, one.size, other.size),
    }
