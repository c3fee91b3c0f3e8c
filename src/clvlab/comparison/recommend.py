"""Which grouping to use, by a rule that follows from the numbers.

1. A grouping knows something if its Gini is above 0 (chance) by an interval that holds for all groupings at once.
   Where none does, none is recommended.
2. The best is the one of the highest Gini among those that know something. Equal to it are those that lose at most
   one standard error of their difference from it, and at most .02 of Gini: equality is a small loss, not a difference
   that cannot be seen. Where whoever decides says which loss is small, in money, equal are those whose first 20 % of
   customers spent less than those of the best by no more than that.
3. Of the equals the simplest is recommended: one without groups too small to be reported on, if there is one; of the
   fewest groups; that covers most customers; of the highest Gini.

A grouping is dominated if another beats it in foresight, beyond what chance explains, and is not worse in any of
stability, number of groups, coverage, smallest group and simplicity. It is left out of the tables of contenders.
"""

from collections.abc import Mapping
from typing import Any

import polars as pl

from clvlab.comparison.groups import FEWEST

TOLERANCE = 0.02
"""The most that a grouping may lose of the best one's Gini and be taken for its equal."""
CAMPAIGN = 0.20
"""The share of customers by whose spend a loss in money is counted."""
NOISE: Mapping[str, float] = {"stability_resamples": 0.02, "fidelity": 0.01, "coverage": 0.0}
"""Criteria besides foresight, more is better, and how far apart they say nothing."""
CRITERIA = ("n_groups", "smallest", "coverage", "stability_resamples", "fidelity")


def recommend(
    criteria: pl.DataFrame, differences: pl.DataFrame, acceptable_loss: float | None = None
) -> pl.DataFrame:
    """The table of criteria with what the rule says of each grouping.

    Parameters
    ----------
    criteria
        strategy, gini, gini_low (of the interval that holds for all at once), reached (what the first CAMPAIGN of
        customers spent; null where the log knows no money) and CRITERIA
    differences
        strategy, versus, value, low, high, error: paired differences of the Gini, strategy less versus; the
        intervals hold for all at once, `error` is the standard error
    acceptable_loss
        of what the best one reached, in money, in place of a loss of Gini

    Returns
    -------
    Those first that tell more than chance (`knows`), of these the highest Gini; `difference`, `low` and `high` from
    the best; `loss`, what it reached less than the best, in money; `tied` whether that interval includes zero, or is
    open; `equal` whether it is taken for the best one's equal; `dominated_by` the first grouping that dominates it,
    or null; `recommended`
    """
    ranked = criteria.with_columns(knows=(pl.col("gini_low") > 0).fill_null(False)).sort(
        "knows", "gini", "strategy", descending=[True, True, False], nulls_last=True
    )
    best = ranked["strategy"][0]
    from_best = differences.filter(pl.col("versus") == best).select(
        "strategy", "low", "high", "error", difference="value"
    )
    itself = pl.when(pl.col("strategy") == best).then(0.0)
    ranked = ranked.join(from_best, on="strategy", how="left", maintain_order="left").with_columns(
        itself.otherwise(pl.col(name)).alias(name) for name in ("difference", "low", "high", "error")
    )
    beaten = differences.filter(pl.col("low") > 0).select("strategy", "versus").rows()
    ranked = ranked.with_columns(
        tied=((pl.col("low") <= 0) & (pl.col("high") >= 0)).fill_null(True),
        dominated_by=_dominators(ranked.rows(named=True), set(beaten)),
    )
    ranked = ranked.with_columns(loss=pl.col("reached").first() - pl.col("reached"))
    small = pl.col("difference") >= -pl.col("error").clip(upper_bound=TOLERANCE).fill_null(0.0)
    if acceptable_loss is not None:
        small = pl.col("loss") <= acceptable_loss
    ranked = ranked.with_columns(equal=(pl.col("knows") & small).fill_null(False))
    simplest = ranked.filter("equal").sort(
        pl.col("smallest") < FEWEST, "n_groups", "coverage", "gini", descending=[False, False, True, True]
    )
    chosen = simplest["strategy"].head(1).to_list()
    return ranked.with_columns(recommended=pl.col("strategy").is_in(chosen)).drop("error", "reached")


def _dominators(rows: list[dict[str, Any]], beaten: set[tuple[str, str]]) -> pl.Series:
    """For each strategy the first one that beats it in foresight and is not worse in anything else."""

    def dominates(one: dict[str, Any], other: dict[str, Any]) -> bool:
        return (
            (one["strategy"], other["strategy"]) in beaten
            and one["n_groups"] <= other["n_groups"]
            and min(one["smallest"], FEWEST) >= min(other["smallest"], FEWEST)
            and all(one[name] >= other[name] - noise for name, noise in NOISE.items())
        )

    found = [next((one["strategy"] for one in rows if dominates(one, other)), None) for other in rows]
    return pl.Series(found, dtype=pl.String)
