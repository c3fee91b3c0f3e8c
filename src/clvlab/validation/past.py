"""What was known at one past day, what was predicted from it, and what then happened."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from clvlab.arrays import Vector
from clvlab.customers import CalendarFit, places_of, summarise_customers
from clvlab.frames import CustomerSummary, TransactionLog
from clvlab.learned import Learned
from clvlab.models import AnyPurchaseModel, SpendBasis, SpendModel
from clvlab.models.value_models import Kind, attempts, fit_spend, name_of
from clvlab.units import DAYS_PER, TimeUnit
from clvlab.validation.challenge import LEARNED, OVER_LEARNED, over_learned
from clvlab.validation.futures import INTERVALS, simulated_intervals
from clvlab.validation.model_choice import fitted_instead
from clvlab.validation.naive import NAIVE, counted, naive, windows
from clvlab.validation.origins import Ahead
from clvlab.validation.parts import cohort_of
from clvlab.validation.scores import COUNTED, SCORES, count_scores, scores

Assignment = Callable[[CustomerSummary], pl.DataFrame]
"""The groups of customers at a day, customer_id and group: such as `clvlab.strategies["rfm11"].assign`."""


@dataclass(frozen=True, eq=False)
class Past:
    """The buyers at an origin, in cohorts and groups, and the models fitted to them.

    Attributes
    ----------
    buyers : as of the origin, with cohort and, where customers were assigned to groups, group
    places : of the buyers, among all customers of the log
    models, spend : as the buyers identify them; under the name of a model that they do not, one taken instead
    problems : origin, model, why it could not be fitted, and which was taken instead, if one was
    """

    buyers: CustomerSummary
    places: pl.Series
    models: Mapping[str, AnyPurchaseModel]
    spend: SpendModel | None
    problems: list[tuple[date, str, str, str | None]]

    @classmethod
    def of(
        cls,
        log: TransactionLog,
        origin: date,
        kinds: Iterable[Kind],
        time_unit: TimeUnit,
        groups: Assignment | None,
        calendar: CalendarFit | None = None,
        attributes: Any = None,
        *,
        spend_kind: SpendBasis = "repeat_purchases",
        fall_back: bool = False,
    ) -> "Past":
        """Look at the log, and at what was known of its customers, as it was at the end of the day `origin`."""
        clock = None if calendar is None else calendar(log, origin)
        customers = summarise_customers(log, origin, time_unit, attributes, calendar=clock)
        table = customers.data
        if groups is not None:
            assigned = groups(customers).select("customer_id", "group")
            table = table.join(assigned, on="customer_id", how="left", maintain_order="left")
        table = table.filter(pl.col("n_purchases") > 0)
        buyers = replace(customers, data=table.with_columns(cohort=cohort_of(table["first_purchase"])))
        models, problems = {}, []
        for each in attempts(buyers, kinds):
            name, model = name_of(each.kind), each.model
            if model is None:
                model = fitted_instead(each.kind, buyers) if fall_back else None
                problems.append(
                    (origin, name, str(each.caveats[0].problem), None if model is None else name_of(model))
                )
            if model is not None:
                models[name] = model
        return cls(buyers, places_of(log, table["customer_id"]), models, fit_spend(buyers, spend_kind)[0], problems)

    def predict(
        self,
        days: pl.DataFrame,
        ahead: Ahead,
        first: date,
        level: float | None,
        futures: int,
        seed: int,
        learned: Learned | None = None,
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """What each method predicted, in sums over customers and customer by customer: see `Backtest`.

        `days` are all customers' numbered days, `first` is the log's first; `learned` learnt up to the origin, and
        looks as far ahead: of customers whom it does not know it is not asked.
        """
        sums, scored, length = [], [], ahead.days / DAYS_PER[self.buyers.time_unit]
        expected = {name: model.expected_purchases(self.buyers, length) for name, model in self.models.items()}
        for what in ("purchases", "spend") if "spend" in days.columns else ("purchases",):
            table = self._next_to_outcomes(what, days, ahead, first, expected)
            if learned is not None:
                table = table.with_columns(**self._learned(learned, what))
            methods = [name for name in (*self.models, LEARNED, *NAIVE) if name in table.columns]
            of_all = [name for name in methods if table[name].null_count() == 0]
            sums.append(_sums(table, of_all).select(pl.lit(what).alias("what"), pl.all()))
            scored.append(self._scored(what, table, methods, ahead))
        summed = _with_half_purchases(pl.concat(sums))
        intervals = self._intervals(summed, ahead, level, futures, seed)
        summed = summed.join(
            intervals, on=["what", "method", "part", "name"], how="left", nulls_equal=True, maintain_order="left"
        )
        return self._dated(summed, ahead), self._dated(pl.concat(scored), ahead)

    def _intervals(
        self, summed: pl.DataFrame, ahead: Ahead, level: float | None, futures: int, seed: int
    ) -> pl.DataFrame:
        """what, method, part, name, low, high: of what models predicted, if a level is asked for."""
        length = ahead.days / DAYS_PER[self.buyers.time_unit]
        parts = [name for name in ("cohort", "group") if name in self.buyers.data.columns]
        spend = self.spend if "spend" in summed["what"] else None
        found = [
            simulated_intervals(model, spend, self.buyers, length, parts, level, futures, seed).with_columns(
                method=pl.lit(method)
            )
            for method, model in self.models.items()
            if level is not None
        ]
        nothing = pl.DataFrame(schema={**INTERVALS, "method": pl.String})
        return pl.concat([nothing, *found])

    def _next_to_outcomes(
        self, what: str, days: pl.DataFrame, ahead: Ahead, first: date, expected: Mapping[str, Vector]
    ) -> pl.DataFrame:
        """The buyers' table with a column `actual` and one for each method that predicts it."""
        known = windows(self.buyers.cutoff, ahead.days, first)
        done = self.places.to_frame().join(
            counted(days, what, known), on="customer", how="left", maintain_order="left"
        )
        table = self.buyers.data.with_columns(done.drop("customer").fill_null(0.0))
        per = DAYS_PER[self.buyers.time_unit]
        after, until = known["last_365_days"]
        simple = naive(what, ahead.days / per, (until - after).days / per, self.buyers.age)
        return table.with_columns(**self._modelled(what, expected), **simple)

    def _modelled(self, what: str, expected: Mapping[str, Vector]) -> dict[str, pl.Series]:
        if what == "purchases":
            return {name: pl.Series(purchases) for name, purchases in expected.items()}
        if self.spend is None:
            return {}
        spend = self.spend.expected_spend(self.buyers)
        return {name: pl.Series(purchases * spend) for name, purchases in expected.items()}

    def _learned(self, learned: Learned, what: str) -> dict[str, pl.Series]:
        if what == "spend" and learned.spend is None:
            return {}
        is_asked = self.buyers.data["customer_id"].is_in(learned.known["customer_id"].implode())
        asked = replace(self.buyers, data=self.buyers.data.filter(is_asked))
        worth: Vector | float = 1.0 if what == "purchases" else learned.expected_spend(asked)
        predicted = np.full(is_asked.len(), np.nan)
        predicted[is_asked] = learned.expected_purchases(asked) * worth
        return {LEARNED: pl.Series(predicted).fill_nan(None)}

    def _scored(self, what: str, table: pl.DataFrame, methods: Sequence[str], ahead: Ahead) -> pl.DataFrame:
        """method, customers, and the scores of each."""
        actual, length = table["actual"].to_numpy(), ahead.days / DAYS_PER[self.buyers.time_unit]
        asked = table.drop_nulls(LEARNED) if LEARNED in methods else None
        rows: list[dict[str, Any]] = []
        for method in methods:
            theirs = asked if method == LEARNED and asked is not None else table
            found = scores(theirs["actual"].to_numpy(), theirs[method].to_numpy())
            counted: dict[str, float | None] = dict.fromkeys(COUNTED)
            if what == "purchases":
                counted["crps"] = found["mae"]
            if method in self.models and what == "purchases":
                model = self.models[method]
                counted |= count_scores(model, table, actual, model.horizon_length(self.buyers, length, None))
            rows.append({"what": what, "method": method, "customers": theirs.height, **found, **counted})
            rows[-1] |= over_learned(asked, method)
            if theirs.height < table.height and len(rows) > 1:
                # Next to figures over all customers, what the sample shows is the difference.
                first = rows[0]
                rows[-1]["rmse"] = max(first["rmse"] ** 2 - first["over_learned"], 0.0) ** 0.5
        return pl.DataFrame(rows, schema_overrides=dict.fromkeys((*SCORES, *OVER_LEARNED), pl.Float64))

    def _dated(self, table: pl.DataFrame, ahead: Ahead) -> pl.DataFrame:
        origin = self.buyers.cutoff
        return table.select(
            pl.lit(origin).alias("origin"),
            pl.lit(ahead.name).alias("horizon"),
            pl.lit(ahead.from_day(origin)).alias("end"),
            pl.all(),
        )


def _with_half_purchases(sums: pl.DataFrame) -> pl.DataFrame:
    """half_purchase: what half a purchase is worth to each method, in purchases or in money."""
    total = sums.filter(part="total")
    purchases = total.filter(what="purchases").select("method", purchases="predicted")
    worth = total.join(purchases, on="method", maintain_order="left").select(
        "what",
        "method",
        half_purchase=pl.when(pl.col("purchases") > 0).then(pl.col("predicted") / pl.col("purchases") / 2),
    )
    return sums.join(worth, on=["what", "method"], how="left", maintain_order="left")


def _sums(table: pl.DataFrame, methods: Sequence[str]) -> pl.DataFrame:
    """method, part, name, customers, actual, predicted, error: of all customers, each cohort and each group."""
    keys = {"total": pl.lit(None, pl.String), "cohort": pl.col("cohort").cast(pl.String), "group": pl.col("group")}
    parts = [name for name in keys if name in ("total", *table.columns)]
    sums = pl.concat(
        table.group_by(pl.lit(part).alias("part"), keys[part].alias("name"))
        .agg(pl.len().cast(pl.Int64).alias("customers"), pl.col("actual", *methods).sum())
        .sort("name")
        for part in parts
    )
    long = sums.unpivot(methods, index=["part", "name", "customers", "actual"], variable_name="method")
    happened = pl.when(pl.col("actual") > 0)
    return long.select(
        "method",
        "part",
        "name",
        "customers",
        "actual",
        predicted="value",
        error=happened.then(pl.col("value") / pl.col("actual") - 1),
    )
