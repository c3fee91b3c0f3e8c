"""Scores of the customers of any frame, where it is: of a cluster's frame on the cluster."""

from dataclasses import fields, is_dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar, cast

import polars as pl

from clvlab.errors import ParamsError
from clvlab.frames import CustomerSummary
from clvlab.models import purchase_history
from clvlab.sources import spark
from clvlab.units import TimeUnit, check_time_unit, parse_day

if TYPE_CHECKING:
    from clvlab.models.purchase_model import Horizon
    from clvlab.models.scoring import Grouping
    from clvlab.models.spend_model import SpendModel

M = TypeVar("M")

_DAYS = frozenset({"first_purchase", "last_purchase"})


class Scores:
    """What scores the customers of a frame: every purchase model, with attributes or without."""

    time_unit: Any

    def score_frame(
        self,
        frame: Any,
        horizon: "Horizon" = "12 months",
        *,
        spend: "SpendModel | None" = None,
        rule: "Grouping | None" = None,
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
        from clvlab.models.scoring import Scoring  # which stands on the models, whose part this is

        scoring = Scoring(self, spend, rule, horizon, annual_discount_rate, margin, like)  # type: ignore[arg-type]
        if not spark.is_frame(frame):
            return scoring.of(purchase_history.table_of(frame))
        alone = replace(scoring, model=without_customers(scoring.model), spend=without_customers(spend))
        return spark.mapped(frame, alone.of, key="customer_id")


def without_customers(model: M) -> M:
    """The model without those that it was fitted to, whom no prediction reads: it is sent to every worker."""
    if not is_dataclass(model) or isinstance(model, type):
        return model
    own = {field.name: getattr(model, field.name) for field in fields(model) if field.init}
    return replace(
        model, **{name: None if name == "likelihood" else without_customers(it) for name, it in own.items()}
    )
