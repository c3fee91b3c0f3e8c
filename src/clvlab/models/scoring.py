"""Scores of the customers of any frame, where it is: of a cluster's frame on the cluster."""

from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

import polars as pl

from clvlab.errors import MissingColumnsError, ParamsError
from clvlab.frames import CustomerSummary
from clvlab.models import purchase_history
from clvlab.sources import spark
from clvlab.units import TimeUnit, check_time_unit, parse_day

if TYPE_CHECKING:
    from clvlab.models.predictors import ValuePredictor
    from clvlab.models.purchase_model import Horizon
    from clvlab.models.spend_model import SpendModel

M = TypeVar("M")

_DAYS = frozenset({"first_purchase", "last_purchase"})


class Grouping(Protocol):
    """What puts each customer into a group, whoever else there is: a rule, as a strategy yields it."""

    @property
    def needs(self) -> frozenset[str]:
        """The columns of the customer table that `assign` reads."""

    def assign(self, customers: CustomerSummary) -> pl.DataFrame:
        """customer_id, group, rank, one row per customer, in their order."""


@dataclass(frozen=True, eq=False)
class Scoring:
    """By which models, on which terms and into which groups customers are scored; see `Scores.score_frame`.

    Attributes
    ----------
    like : nobody, with the day, the time unit and the clock of those that are scored
    """

    model: "ValuePredictor"
    spend: "SpendModel | None"
    rule: Grouping | None
    horizon: "Horizon"
    annual_discount_rate: float
    margin: float
    like: CustomerSummary

    def of(self, table: pl.DataFrame) -> pl.DataFrame:
        """The scores of a table's customers, in their order."""
        if "customer_id" not in table.columns:
            hint = "Scores are told apart by it."
            raise MissingColumnsError("The frame that is scored", ["customer_id"], table.columns, hint=hint)
        customers = replace(self.like, data=table)
        scores = self._values(customers)
        if self.rule is None:
            return scores
        known = table.with_columns(pl.col("customer_id").cast(pl.String), *scores.drop("customer_id"))
        groups = self.rule.assign(replace(customers, data=known))
        return scores.hstack(groups.select("group", "rank"))

    def _values(self, customers: CustomerSummary) -> pl.DataFrame:
        from clvlab.models.lifetime_value import lifetime_value

        if self.spend is not None:
            rate, margin = self.annual_discount_rate, self.margin
            return lifetime_value(self.model, self.spend, customers, self.horizon, rate, margin)
        values = {
            "p_alive": self.model.p_alive(customers),
            "expected_purchases": self.model.expected_purchases(customers, self.horizon),
        }
        return purchase_history.with_ids(pl.DataFrame(values).fill_nan(None), customers)


class Scores:
    """What scores the customers of a frame: every purchase model, with attributes or without."""

    time_unit: Any

    def score_frame(
        self,
        frame: Any,
        horizon: "Horizon" = "12 months",
        *,
        spend: "SpendModel | None" = None,
        rule: Grouping | None = None,
        annual_discount_rate: float = 0.0,
        margin: float = 1.0,
        time_unit: TimeUnit | None = None,
        cutoff: date | str | None = None,
    ) -> Any:
        """Score the customers of a frame where it is: of a Spark frame on the cluster, when its rows are asked for.

        Nothing of a Spark frame is collected; its rows are scored by Arrow batches, in the cluster's Python, which
        has to have this package.

        Parameters
        ----------
        frame
            customer_id, frequency, recency, T, and what `spend` and `rule` read, such as monetary_value; a Spark,
            pandas, polars or Arrow frame, or a CustomerSummary
        horizon
            how far ahead: a length with its unit, or a number in the frame's time unit
        spend
            what customers spend, for values; without it purchases are predicted
        rule
            what groups customers, as `clvlab.strategies[...].fit(customers)` yields it
        annual_discount_rate
            effective, 0.10 is 10 % a year
        margin
            share of spend that is kept
        time_unit
            unit of a plain frame's times; the model's own by default
        cutoff
            the last day that counts in the frame, for a rule that reads days of purchases

        Returns
        -------
        customer_id, p_alive, expected_purchases (undiscounted), with `spend` also expected_spend (per purchase,
        currency) and clv (currency), and with a rule group and rank (1 is best); null for prospects. A Spark frame
        for a Spark frame, in no order, else a polars one in the frame's

        Raises
        ------
        MissingColumnsError : a column is not there
        ParamsError : the rule is a strategy that was not fitted, or needs a cutoff

        Examples
        --------
        >>> import clvlab as cl
        >>> customers = cl.summarise_customers(cl.datasets.cdnow(sample=True), "1997-09-30", "week")
        >>> model, spend = cl.BgNbd.fit(customers), cl.GammaGamma.fit(customers)
        >>> rule = cl.strategies["value_tiers"].fit(customers)
        >>> scores = model.score_frame(customers.data, "39 weeks", spend=spend, rule=rule)
        >>> scores.select("customer_id", pl.col("p_alive", "clv").round(2), "group").head(1).rows()
        [('0001', 0.73, 30.23, 'ordinary')]
        """
        if hasattr(rule, "fit"):
            raise ParamsError(
                "`rule` is a strategy, whose bounds are found on customers. Fit it on all of them first: "
                "`rule=strategy.fit(customers)`."
            )
        day = None if cutoff is None else parse_day("cutoff", cutoff)
        if isinstance(frame, CustomerSummary):
            like = replace(frame, data=frame.data.clear())
            purchase_history.unit_of(frame, time_unit)
        else:
            # A day that is not given stays open: no rule that reads it gets past this.
            if rule is not None and rule.needs & _DAYS and day is None:
                raise ParamsError(
                    "The rule reads days of purchases: give `cutoff`, the frame's last day that counts."
                )
            like = CustomerSummary(pl.DataFrame(), cast(date, day), check_time_unit(time_unit or self.time_unit))
        scoring = Scoring(self, spend, rule, horizon, annual_discount_rate, margin, like)  # type: ignore[arg-type]
        if not spark.is_frame(frame):
            return scoring.of(purchase_history.table_of(frame))
        alone = replace(scoring, model=without_customers(scoring.model), spend=without_customers(spend))
        return spark.mapped(frame, alone.of, "customer_id")


def without_customers(model: M) -> M:
    """The model without those that it was fitted to, whom no prediction reads: it is sent to every worker."""
    if not is_dataclass(model) or isinstance(model, type):
        return model
    own = {field.name: getattr(model, field.name) for field in fields(model) if field.init}
    return replace(
        model, **{name: None if name == "likelihood" else without_customers(it) for name, it in own.items()}
    )
