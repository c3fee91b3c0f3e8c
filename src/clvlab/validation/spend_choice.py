"""What the spend model rests on: repeat purchases alone, all purchases, or either by frequency or attributes.

The rule: repeat purchases alone, as in the literature, unless another kind predicted what customers spent in a period
better by more than chance; of several that did, the one that was best. By frequency is tried only where frequency and
spend correlate, by attributes only where some are named. How often customers bought in the period is taken as given,
so that an error of the purchase model chooses no spend model. A customer who bought n times for s in all, at an
expected spend e per purchase, costs

    n ln(e) + s / e

which is least for the right mean, whatever the law of spend (the deviance of a gamma law, up to what no prediction
changes [1]), and does not let a few large customers decide, as squared errors would. Costs are compared customer by
customer: better is beyond chance where the mean difference exceeds `BEYOND_CHANCE` of its standard errors.

[1] Gneiting (2011), "Making and evaluating point forecasts", Journal of the American Statistical Association 106,
    746-762.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from clvlab.arrays import Flags, Vector
from clvlab.errors import ClvlabWarning
from clvlab.frames import CustomerSummary, Holdout
from clvlab.models import SpendKind
from clvlab.models.spend_model import LITERATURE, basis_of, kind_of_spend
from clvlab.models.value_models import BEYOND_CHANCE, Caveat, fit_spend


@dataclass(frozen=True, eq=False)
class SpendChoice:
    """What the spend model rests on, and how each kind did on an earlier period.

    Attributes
    ----------
    kind : the chosen one
    table : kind, total_error (of what customers spent, given how often they bought; relative), one_time_error (the
        same of those who had bought once; null where they brought nothing), gain (mean cost by which the kind is
        better than repeat purchases alone), excess (the same in its standard errors), chosen
    cutoff, end : the period is (cutoff, end]
    """

    kind: SpendKind
    table: pl.DataFrame
    cutoff: date
    end: date

    def other_than(self, kind: SpendKind) -> dict[str, Any]:
        """The row of the kind that came nearest, of all but one."""
        others = self.table.filter(pl.col("kind") != kind)
        return others.sort("gain", descending=True, maintain_order=True).row(0, named=True)


def choose_spend(
    calibration: CustomerSummary, holdout: Holdout, attributes: tuple[str, ...] = ()
) -> SpendChoice | None:
    """Fit each kind of spend model to the calibration, and choose by what customers spent in the holdout.

    Parameters
    ----------
    calibration, holdout
        the two halves of `clvlab.split_holdout`, with amounts; the holdout is not the one that judges the choice
    attributes
        columns of the calibration that spend may depend on

    Returns
    -------
    The choice; None where no kind but repeat purchases alone could be fitted and value every buyer, or that one could
    not, or nothing was spent

    Examples
    --------
    >>> import clvlab as cl
    >>> from clvlab.validation.spend_choice import choose_spend
    >>> log = cl.datasets.cdnow(sample=True)
    >>> choose_spend(*cl.split_holdout(log, "1997-09-30", "1998-06-30", "week")).kind
    'repeat_purchases'
    """
    buyers = replace(calibration, data=calibration.data.filter(pl.col("n_purchases") > 0))
    expected = _expected(buyers, attributes)
    table = buyers.data.join(holdout.data, on="customer_id", how="left", maintain_order="left")
    n, spent = (table[f"holdout_{what}"].cast(pl.Float64).to_numpy() for what in ("purchases", "spend"))
    if LITERATURE not in expected or len(expected) < 2 or spent.sum() <= 0:
        return None
    once = table["frequency"].to_numpy() == 0
    found = judged(expected, n, spent, once)
    better = found.filter(pl.col("excess") > BEYOND_CHANCE).sort("gain", descending=True, maintain_order=True)
    kind = better["kind"][0] if better.height else LITERATURE
    return SpendChoice(kind, found.with_columns(chosen=pl.col("kind") == kind), holdout.cutoff, holdout.end)


def judged(expected: Mapping[SpendKind, Vector], n: Vector, spent: Vector, once: Flags) -> pl.DataFrame:
    """The table of `SpendChoice` but for what is chosen.

    Parameters
    ----------
    expected
        of each kind what a purchase of each customer was expected to be worth, above 0; LITERATURE among them
    n, spent
        purchases of each customer, and the money spent on them, less what went back
    once
        who had bought once
    """
    costs = {kind: n * np.log(e) + spent / e for kind, e in expected.items()}
    rows = [
        {
            "kind": kind,
            "total_error": _error(n * e, spent),
            "one_time_error": _error((n * e)[once], spent[once]),
            **_gain(costs[LITERATURE] - costs[kind]),
        }
        for kind, e in expected.items()
    ]
    return pl.DataFrame(rows, schema_overrides={"total_error": pl.Float64, "one_time_error": pl.Float64})


def _expected(buyers: CustomerSummary, attributes: tuple[str, ...]) -> dict[SpendKind, Vector]:
    """What each kind that can be fitted and values every buyer expects of each."""
    found: dict[SpendKind, Vector] = {}
    kinds: list[SpendKind] = [LITERATURE, "first_purchases"]
    kinds += ["attributes", "attributes_and_first"] if attributes else []
    for kind in kinds:
        spend, caveats = fit_spend(buyers, basis_of(kind, attributes))
        if kind == LITERATURE and _is_dependent(caveats):
            kinds.append("frequency_bands")
        if spend is None or kind_of_spend(spend) != kind:
            continue
        with warnings.catch_warnings():
            # Who cannot be valued is left out below.
            warnings.simplefilter("ignore", ClvlabWarning)
            expected = spend.expected_spend(buyers)
        if (expected > 0).all():
            found[kind] = expected
    return found


def _is_dependent(caveats: tuple[Caveat, ...]) -> bool:
    """Whether spend correlates with frequency."""
    problems = (caveat.problem for caveat in caveats)
    return any(isinstance(problem, ClvlabWarning) and problem.code == "dependent" for problem in problems)


def _error(predicted: Vector, actual: Vector) -> float | None:
    return float(predicted.sum() / actual.sum() - 1) if actual.sum() > 0 else None


def _gain(better_by: Vector) -> dict[str, float]:
    """The mean, and the same in its standard errors."""
    error = float(better_by.std(ddof=1) / np.sqrt(better_by.size)) if better_by.size > 1 else 0.0
    gain = float(better_by.mean())
    return {"gain": gain, "excess": gain / error if error > 0 else 0.0}
