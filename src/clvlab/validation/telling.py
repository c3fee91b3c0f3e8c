"""What a validation warns of, in sentences: keys of the wording catalogue, and their figures."""

import math
from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl

from clvlab.wording import Name

BEYOND_CHANCE = 1.645
"""Standard errors of a rank correlation of 0 that an order better than chance exceeds, at 5 %."""
Sentence = tuple[str, Mapping[str, Any]]


def sentences(
    errors: pl.DataFrame, totals: pl.DataFrame, warnings: pl.DataFrame, customers: int
) -> dict[str, Sentence]:
    """One sentence for each kind of warning and for purchases and spend each; or that there is none.

    Parameters
    ----------
    errors, totals, warnings
        of a `Validation`
    customers
        how many were judged
    """
    if warnings.is_empty() and (totals["actual"] > 0).all():
        return {"calibrated": ("validation.calibrated", {})}
    kinds = errors.group_by("what", maintain_order=True)
    total = {what: (_total_warning(found, customers), _orders(found)) for (what,), found in kinds}
    return {
        f"warning_{row['warning']}_{row['what']}": _warning(**row, total=total[row["what"]])
        for row in warnings.iter_rows(named=True)
    }


def direction(error: float) -> Name:
    """Above or below what happened."""
    return Name("validation", "above" if error >= 0 else "below")


def _total_warning(errors: pl.DataFrame, customers: int) -> str:
    """Which warning a wrong total gets: whether the model's order of so many customers is worth trusting instead."""
    model = errors.filter(method="model").row(0, named=True)
    standard_errors = (model["rank_correlation"] or 0.0) * math.sqrt(customers)
    if (model["gini"] or 0.0) <= 0 or standard_errors < BEYOND_CHANCE:
        return "total_unordered"
    return "total" if model["gini"] == errors["gini"].max() else "total_alone"


def _orders(errors: pl.DataFrame) -> dict[str, Any]:
    """gini, best, best_gini: how well the model orders customers, and the method that does so best."""
    best = errors.sort("gini", descending=True, nulls_last=True, maintain_order=True).row(0, named=True)
    gini = errors.filter(method="model")["gini"].item()
    return {"gini": gini, "best": Name("methods", best["method"]), "best_gini": best["gini"]}


def _warning(
    warning: str, what: str, part: str | None, count: int | None, error: float, *, total: tuple[str, dict[str, Any]]
) -> Sentence:
    key, orders = total if warning == "total" else (warning, {})
    figures = {"what": Name("outcomes", what), "part": _part(warning, part or ""), "count": count}
    return f"validation.warning_{key}", {**figures, "error": abs(error), "direction": direction(error), **orders}


def _part(warning: str, code: str) -> Name | date | str:
    """What a warning is about, as a sentence can say it."""
    if warning == "cohort":
        return date.fromisoformat(code)
    catalogues = {"baseline": "methods", "simple": "methods", "group": "groups"}
    return Name(catalogues[warning], code) if warning in catalogues else code
