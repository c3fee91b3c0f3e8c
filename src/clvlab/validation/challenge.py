"""A learned model as a challenger: trained at each origin on what had ended by then, and compared by a paired test.

Of each customer at an origin let d be the squared error of a method less that of the learned model. At one origin the
mean of d has the standard error of a mean over customers. Over several origins the means are averaged, and so are
their standard errors: as if what a customer does at one origin told all that they do at the next, which is the most
that it could [1]. The difference is beyond chance where the average is more than 1.96 such errors from 0, and has the
same sign at every origin: customers of one period share what happened in it, which a test over customers cannot see.

Of more than MOST_ASKED customers so many, drawn by lot, teach the learned model and are asked of it: the standard
error is then theirs. Its squared error is told as that of a model over all customers, less the mean of d.

[1] By Cauchy and Schwarz: the standard deviation of a sum is at most the sum of the standard deviations.
    Diebold & Mariano (1995), "Comparing predictive accuracy", Journal of Business & Economic Statistics 13(3), on
    comparing losses.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import polars as pl

from clvlab.customers import AttributeTable, in_currency, with_ids
from clvlab.errors import DataError
from clvlab.frames import TransactionLog
from clvlab.learned import Learned
from clvlab.validation.origins import Ahead

LEARNED = Learned.__name__
LEARNED_NAME = "learned"
OVER_LEARNED = ("over_learned", "over_learned_error")
NORMAL_95 = 1.96
MOST_ASKED = 100_000
"""Of more customers than these a sample of so many teaches the learned model and is asked of it."""

Verdict = Literal["better", "worse", "alike"]


@dataclass(frozen=True)
class Challenge:
    """How the learned model did next to a method.

    Attributes
    ----------
    method, what : next to which, and at predicting what
    origins : past days at which both predicted
    gain : by how much its error per customer (RMSE) was smaller, relative to the method's; below 0 it was larger
    standard_errors : the mean difference of squared errors by its standard error, above 0 where it did better
    verdict : better, worse, or alike where the difference is not beyond chance
    """

    method: str
    what: str
    origins: int
    gain: float
    standard_errors: float
    verdict: Verdict

    @classmethod
    def of(cls, customers: pl.DataFrame, method: str, what: str) -> "Challenge | None":
        """From `Backtest.customers`; None where the two never predicted the same, or none of them ever erred."""
        at = ["origin", "horizon", "what"]
        learned = customers.filter(method=LEARNED).select(*at, learned=pl.col("rmse") ** 2)
        rows = customers.filter(method=method, what=what).join(learned, on=at, maintain_order="left")
        means = rows.select((pl.col("rmse") ** 2).mean(), pl.col("learned", *OVER_LEARNED).mean())
        error, of_learned, over, standard_error = means.row(0)
        if method == LEARNED or not error or not standard_error:
            return None
        ratio, one_sided = over / standard_error, abs(rows["over_learned"].sign().sum()) == rows.height
        beyond_chance = one_sided and abs(ratio) > NORMAL_95
        verdict: Verdict = "alike" if not beyond_chance else "better" if ratio > 0 else "worse"
        gain = 1 - float(np.sqrt(of_learned / error))
        return cls(method, what, rows["origin"].n_unique(), gain, ratio, verdict)


def over_learned(asked: pl.DataFrame | None, method: str) -> dict[str, float | None]:
    """The mean over customers of a method's squared error less that of the learned model, and its standard error.

    `asked` has `actual` and a column for each method, of the customers whom the learned model was asked of.
    """
    if asked is None or asked.height < 2:
        return dict.fromkeys(OVER_LEARNED)
    actual, predicted, learned = (asked[name].to_numpy() for name in ("actual", method, LEARNED))
    difference = (predicted - actual) ** 2 - (learned - actual) ** 2
    figures = difference.mean(), difference.std(ddof=1) / np.sqrt(actual.size)
    return dict(zip(OVER_LEARNED, map(float, figures), strict=True))


def days_of_some(log: TransactionLog, days: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Of numbered days those of up to MOST_ASKED customers, drawn by lot, as `clvlab.customers.customer_days`."""
    n = len(log.ids)
    if n > MOST_ASKED:
        is_asked = np.zeros(n, dtype=bool)
        is_asked[np.random.default_rng(seed).choice(n, MOST_ASKED, replace=False)] = True
        days = days.filter(is_asked[days["customer"].to_numpy()])
    return with_ids(log, in_currency(days))


def learned_at(
    days: pl.DataFrame, origin: date, ahead: Ahead, attributes: Sequence[AttributeTable], seed: int
) -> tuple[Learned, None] | tuple[None, DataError]:
    """The model learnt from customers' days up to the origin, or why there is none."""
    known = days.filter(pl.col("date") <= origin)
    try:
        return Learned.of_days(known, origin, ahead.days, ahead.name, attributes=attributes, seed=seed), None
    except DataError as problem:
        return None, problem
