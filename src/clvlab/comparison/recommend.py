"""Which grouping to use, by a rule that follows from the numbers.

1. A strategy is dominated if another is at least as good in foresight (Gini of holdout spend), in stability
   (agreement on resamples) and in simplicity (fidelity of a small tree), and better in one of them. Dominated ones
   are out.
2. The best is the one of the highest Gini among those left.
3. Of those left whose paired difference from the best includes zero, or is open, the simplest is recommended: the
   one with the fewest groups; of equals, the one that a small tree tells best; then the one of the higher Gini.
"""

import polars as pl

CRITERIA = ("gini", "stability_resamples", "fidelity")

INCLUDES_ZERO = ((pl.col("low") <= 0) & (pl.col("high") >= 0)).fill_null(True)
"""Whether the data cannot tell a difference from none: its interval includes zero, or is open."""


def recommend(criteria: pl.DataFrame, differences: pl.DataFrame) -> pl.DataFrame:
    """The table of criteria with `dominated_by`, `difference`, `low`, `high`, `tied` and `recommended`.

    Parameters
    ----------
    criteria
        strategy, n_groups and CRITERIA, one row per strategy that can be recommended
    differences
        strategy, versus, value, low, high: paired differences of the Gini, strategy less versus

    Returns
    -------
    Highest Gini first; `difference`, `low` and `high` are those from the best strategy that is not dominated, `tied`
    whether it includes zero, `dominated_by` the first strategy that is better throughout, or null
    """
    ranked = criteria.sort("gini", "strategy", descending=[True, False])
    ranked = ranked.with_columns(dominated_by=_dominators(ranked))
    best = ranked.filter(pl.col("dominated_by").is_null())["strategy"][0]
    from_best = differences.filter(pl.col("versus") == best).select("strategy", "low", "high", difference="value")
    from_itself = pl.when(pl.col("strategy") == best).then(0.0)
    ranked = ranked.join(from_best, on="strategy", how="left", maintain_order="left").with_columns(
        from_itself.otherwise(pl.col(name)).alias(name) for name in ("difference", "low", "high")
    )
    ranked = ranked.with_columns(tied=pl.col("dominated_by").is_null() & INCLUDES_ZERO)
    simplest = ranked.filter("tied").sort("n_groups", "fidelity", "gini", descending=[False, True, True])["strategy"][
        0
    ]
    return ranked.with_columns(recommended=pl.col("strategy") == simplest)


def _dominators(criteria: pl.DataFrame) -> pl.Series:
    """For each strategy the first one that is at least as good in all criteria and better in one."""
    names, points = criteria["strategy"].to_list(), criteria.select(CRITERIA).rows()

    def dominates(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
        return one != other and all(a >= b for a, b in zip(one, other, strict=True))

    found = [next((name for name, p in zip(names, points, strict=True) if dominates(p, q)), None) for q in points]
    return pl.Series(found, dtype=pl.String)
