"""Past forecasts of the report's model: what they were worth, and how wide they make the intervals of today's.

On which days they are made, and how far ahead they look, `clvlab.validation.origins.past_days` decides.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

import polars as pl

from clvlab.customers import AttributeTable, CalendarFit
from clvlab.errors import ClvlabError, ClvlabWarning
from clvlab.frames import TransactionLog
from clvlab.models import SpendBasis
from clvlab.models.value_models import Kind, name_of
from clvlab.units import Span, TimeUnit
from clvlab.validation import Backtest, backtest
from clvlab.validation.challenge import LEARNED_NAME, Challenge
from clvlab.validation.model_error import independent
from clvlab.validation.naive import NAIVE
from clvlab.validation.origins import Ahead, past_days
from clvlab.validation.past import Assignment
from clvlab.wording import Name

WORK = 1_000_000
"""Simulated customers behind the intervals of an origin: of a large base fewer futures will do."""
FEWEST, MOST = 40, 200
FAR = 1.5
"""A horizon so many times as long as that of the past forecasts is told to be one that none of them looked over."""
FEW = 3
"""With fewer past forecasts it is said how few they are."""
BIASED_FROM = 0.02
"""Mean error of forecasts that all erred to one side, from which it is told."""


@dataclass(frozen=True, eq=False)
class PastForecasts:
    """What one model predicted at past days, and what then happened.

    Attributes
    ----------
    found : the backtest of the model, and of the learned one that challenges it
    method : the model's class
    horizon : how far ahead the forecasts looked, with its unit
    """

    found: Backtest
    method: str
    horizon: str

    @classmethod
    def of(
        cls,
        log: TransactionLog,
        model: Kind,
        days: tuple[date, date],
        horizon: str,
        *,
        time_unit: TimeUnit,
        groups: Assignment,
        level: float,
        buyers: int,
        calendar: CalendarFit | None = None,
        attributes: Sequence[AttributeTable] = (),
        spend_kind: SpendBasis = "repeat_purchases",
    ) -> "PastForecasts | None":
        """Make the forecasts again; None where the history was too short for a forecast, a model or groups.

        `days` are the first and the last day that count, `horizon` is how far the report looks ahead.
        """
        record = past_days(*days, Ahead.of(horizon, time_unit))
        if record is None:
            return None
        ahead, origins = record
        futures = min(max(WORK // max(buyers, 1), FEWEST), MOST)
        with warnings.catch_warnings():
            # What models warn of on an earlier day is no news of today's.
            warnings.simplefilter("ignore", ClvlabWarning)
            try:
                found = backtest(
                    log,
                    [model, LEARNED_NAME],
                    origins,
                    ahead.name,
                    time_unit=time_unit,
                    until=days[1],
                    groups=groups,
                    calendar=calendar,
                    attributes=list(attributes) or None,
                    spend_kind=spend_kind,
                    level=level,
                    futures=futures,
                    fall_back=True,
                )
            except ClvlabError:
                return None
        # A spend model without a mean expects nothing that could be judged.
        known = found.sums.filter(pl.col("predicted").is_finite(), pl.col("low").is_finite().fill_null(True))
        past = cls(replace(found, sums=known), name_of(model), ahead.name)
        return None if past._own.is_empty() else past

    @property
    def _own(self) -> pl.DataFrame:
        return self.found.sums.filter(pl.col("method") == self.method, pl.col("low").is_not_null())

    @property
    def days(self) -> int:
        """How many days the forecasts looked ahead."""
        return round(Span.parse(self.horizon).days)

    def judges(self, what: str) -> bool:
        """Whether purchases or spend were predicted."""
        return what in self._own["what"]

    @property
    def main(self) -> str:
        """What readers ask for first: spend where it was predicted, else purchases."""
        return "spend" if self.judges("spend") else "purchases"

    def seen(self, what: str) -> int:
        """On how many days they were predicted."""
        return self._own.filter(what=what)["origin"].n_unique()

    def independent(self, what: str) -> float:
        """How many forecasts without overlap they are worth."""
        return independent(self._own.filter(what=what))

    def is_far(self, horizon: str) -> bool:
        """Whether a horizon is far beyond what the forecasts looked over."""
        return Span.parse(horizon).days > FAR * self.days

    @cached_property
    def totals(self) -> pl.DataFrame:
        """One row for each outcome (what) and day (origin), of all buyers together.

        what, origin, end (the last day looked over), method (what predicted: the model, or another on a day that did
        not identify it), predicted, honest_low, honest_high (the interval that allows for the errors of forecasts
        that had ended by then), actual, held (by that interval), held_alone (by the model's own), error (predicted
        relative to actual less 1), simple (the naive prediction that came nearest over all days), simple_predicted,
        simple_error
        """
        total = self.found.honest_intervals().filter(part="total", method=self.method)
        kinds = total.group_by("what", maintain_order=True)
        judged = [rows.join(self._nearest(rows), on="origin", how="left", maintain_order="left") for _, rows in kinds]
        actual = pl.col("actual")
        table = pl.concat(judged).join(self.instead, on="origin", how="left", maintain_order="left")
        return table.select(
            "what",
            "origin",
            "end",
            pl.coalesce("instead", "method").alias("method"),
            "predicted",
            "honest_low",
            "honest_high",
            "actual",
            "error",
            "simple",
            "simple_predicted",
            "simple_error",
            held=actual.is_between("honest_low", "honest_high"),
            held_alone=actual.is_between("low", "high"),
        )

    @property
    def instead(self) -> pl.DataFrame:
        """origin, instead: the days that did not identify the model, and the model that predicted in its place."""
        return self.found.problems.filter(method=self.method).drop_nulls("instead").select("origin", "instead")

    def _nearest(self, rows: pl.DataFrame) -> pl.DataFrame:
        """origin, simple, simple_predicted, simple_error: of the naive prediction nearest to these rows' outcomes.

        It is one that every origin allows, and the one with the smallest mean absolute error.
        """
        naive = self.found.sums.filter(
            pl.col("part") == "total",
            pl.col("what") == rows["what"][0],
            pl.col("method").is_in(NAIVE),
            pl.col("origin").is_in(rows["origin"].implode()),
        )
        off = (pl.col("predicted") - pl.col("actual")).abs().mean()
        rivals = naive.group_by("method", maintain_order=True).agg(off=off, days=pl.len())
        best = rivals.filter(pl.col("days") == rows.height).sort("off", maintain_order=True)["method"][0]
        return naive.filter(method=best).select(
            "origin", simple="method", simple_predicted="predicted", simple_error="error"
        )

    @property
    def record(self) -> dict[str, Any]:
        """error, simple, simple_error: mean sizes of the errors of the totals of `main`, relative to what happened.

        Of the model, and of the naive prediction that came nearest.
        """
        rows = self.totals.filter(what=self.main)
        sizes = {name: rows[name].abs().mean() for name in ("error", "simple_error")}
        return {**sizes, "simple": Name("methods", rows["simple"][0])}

    def bias(self, what: str) -> float | None:
        """How much of what happened was not predicted (below 0: what more was), if it was so every time; else None.

        The mean over the days, where there are at least FEW and it is notable.
        """
        rows = self._own.filter(pl.col("what") == what, pl.col("part") == "total", pl.col("actual") > 0)
        misses = rows.select(1 - pl.col("predicted") / pl.col("actual")).to_series()
        one_sided = (misses > 0).all() or (misses < 0).all()
        mean = misses.mean()
        if misses.len() < FEW or not one_sided or not isinstance(mean, float) or abs(mean) < BIASED_FROM:
            return None
        return mean

    @property
    def biases(self) -> dict[str, float]:
        """The biases that there are, by what was predicted; first of what readers ask for first."""
        found = {what: self.bias(what) for what in ("spend", "purchases") if self.judges(what)}
        return {what: bias for what, bias in found.items() if bias is not None}

    @property
    def challenge(self) -> Challenge | None:
        """How the learned model did next to this one; None where it could not be trained on any of the days."""
        return self.found.challenge(self.method, self.main)

    def widened(self, values: pl.DataFrame, purchases: float, horizon: str) -> pl.DataFrame:
        """Values of groups with intervals that allow for the errors of the past forecasts.

        Parameters
        ----------
        values
            group, customers, clv, clv_low, clv_high; the last row is all of them
        purchases
            that are expected of all of them
        horizon
            of the values
        """
        total = values["clv"][-1]
        if not self.judges("spend") or total <= 0 or purchases <= 0:
            return values
        is_total = pl.int_range(pl.len()) == pl.len() - 1
        intervals = values.select(
            "customers",
            part=pl.when(is_total).then(pl.lit("total")).otherwise(pl.lit("group")),
            name=pl.when(~is_total).then("group"),
            predicted="clv",
            low="clv_low",
            high="clv_high",
            half_purchase=pl.lit(total / purchases / 2),
        )
        wide = self.found.widened(intervals, self.method, "spend", round(Span.parse(horizon).days))
        return values.with_columns(clv_low=wide["honest_low"], clv_high=wide["honest_high"])
