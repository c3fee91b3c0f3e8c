"""Purchases and revenue of the whole business, period by period: today's customers, and those to come.

What today's customers will do is what their model says, as everywhere. Those to come arrive at the recent rate
(`clvlab.planning.acquisition`: an assumption, not a law), and buy as the model says of new customers. The same
forecast is made again at past days, and intervals allow for how far it then missed, by
`clvlab.validation.model_error`: of each part, and of their sum, over single periods and over as many as the past
forecasts looked ahead. The further ahead a period lies beyond that, the wider its interval.
"""

import math
import warnings
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from clvlab.customers import Calendar, CalendarFit, in_currency, numbered_days, summarise_customers
from clvlab.displays import Displayed
from clvlab.errors import ClvlabError, ClvlabWarning, DataError, ParamsError, counted
from clvlab.frames import CustomerSummary, TransactionLog, check_kind
from clvlab.models import (
    MODEL_NAMES,
    AnyPurchaseModel,
    BgNbd,
    CovariateModel,
    PurchaseModel,
    SpendKind,
    SpendModel,
    Terms,
    ValueModels,
)
from clvlab.models.spend_model import LITERATURE, kind_of_spend
from clvlab.models.value_models import kind_named, name_of
from clvlab.planning.acquisition import Acquisition
from clvlab.planning.expected import of_existing, of_new
from clvlab.planning.intervals import EARLIER, as_total, by_chance, honest, judged, next_to_actual
from clvlab.planning.outcomes import OUTCOMES, PARTS, WHATS, actual_sums, expected_sums, history
from clvlab.planning.periods import Period, Periods, period_for
from clvlab.units import DAYS_PER, TimeUnit, check_time_unit, horizon_in, parse_day
from clvlab.validation import Backtest
from clvlab.validation.futures import simulated_intervals
from clvlab.validation.origins import Ahead, past_days
from clvlab.validation.past import Past

FEWEST, MOST = 40, 200
"""Futures behind the interval of today's customers."""
WORK = 1_000_000
"""Customers simulated in all of them together: of a large base fewer futures will do."""


@dataclass(frozen=True, eq=False)
class Forecast(Displayed):
    """What is expected of the whole business, and what was expected of it at past days.

    `purchases` are purchase days, `revenue` is money, undiscounted and before any margin (null without amounts, or
    where the spend model has no mean); low and high are the ends of their intervals at `level`.

    Attributes
    ----------
    data : period (1 is the first ahead), start, end (its days), part (existing, new, total), purchases,
        purchases_low, purchases_high, revenue, revenue_low, revenue_high
    cohorts : period, start, end, part (existing, new), cohort (existing: the month or quarter of the first purchase;
        new: the first day of the period in which they come), purchases, revenue
    total : part, and the figures of `data`, of all periods together
    actual : period (0 is the last before the cutoff), start, end, newcomers, purchases, revenue: what happened
    judged : origin, start, end, period (null: all together), part, what, predicted, actual, low, high, held: the
        forecasts of past days, with the intervals that could be given then
    looked : how far ahead these looked, with its unit; None where the history was too short for any
    acquisition : the newcomers of recent days, on which those to come rest
    cutoff, period, level : the last day that counts, week or month, probability of the intervals
    """

    data: pl.DataFrame
    cohorts: pl.DataFrame
    total: pl.DataFrame
    actual: pl.DataFrame
    judged: pl.DataFrame
    looked: str | None
    acquisition: Acquisition
    cutoff: date
    period: Period
    level: float

    @property
    def newcomers(self) -> float:
        """How many customers are expected to come within the horizon."""
        last = self.data["end"].max()
        assert isinstance(last, date)
        return self.acquisition.coming(self.cutoff, (last - self.cutoff).days)

    def coverage(self) -> pl.DataFrame:
        """How often intervals held at past days: part, what, span (period, all), forecasts, held, error.

        The error is the mean size of what was predicted relative to what happened, less 1.
        """
        span = pl.when(pl.col("period").is_null()).then(pl.lit("all")).otherwise(pl.lit("period")).alias("span")
        error = (pl.col("predicted") / pl.col("actual") - 1).abs()
        return self.judged.group_by("part", "what", span, maintain_order=True).agg(
            forecasts=pl.len(), held=pl.col("held").mean(), error=error.filter(pl.col("actual") > 0).mean()
        )

    @property
    def _facts(self) -> str:
        ahead = counted(self.data["period"].n_unique(), self.period)
        purchases = dict(self.total.select("part", "purchases").rows())
        told = ", ".join(f"{part} {purchases[part]:,.0f}" for part in PARTS)
        return f"{ahead} from {self.cutoff}; purchases: {told}; {self.level:.0%} intervals"

    @property
    def _shown(self) -> pl.DataFrame:
        return self.data.filter(part="total")


def forecast(
    log: TransactionLog,
    cutoff: str | date,
    horizon: str | float = "12 months",
    *,
    period: Period | None = None,
    model: AnyPurchaseModel | type[PurchaseModel] | str = BgNbd,
    spend: SpendModel | None = None,
    customers: CustomerSummary | None = None,
    time_unit: TimeUnit = "week",
    calendar: CalendarFit | None = None,
    level: float = 0.9,
    past: Backtest | None = None,
    seed: int = 0,
) -> Forecast:
    """Purchases and revenue of each period ahead: of today's customers, of those to come, and in all.

    Parameters
    ----------
    log
        from `read_transactions`; without amounts only purchases are predicted
    cutoff
        last day that counts, a date or "1997-09-30"
    horizon
        how far ahead: a length with its unit ("12 months"), or a number of `time_unit`s
    period
        week (7 days) or month (30.4375 days); without it months from about four months ahead on
    model
        a purchase model, fitted to the customers of that day or to be fitted, or its name; where the customers cannot
        identify it, the first that they do. Of a fitted model with attributes the one without predicts customers to
        come, and is judged at past days
    spend
        a fitted spend model; without it one is fitted
    customers
        the customers of that day, where they are at hand: from `summarise_customers`
    time_unit
        unit of the models' times
    calendar
        what fits the calendar at that day and at each past day, by which the models' time runs, such as
        `clvlab.Calendar.fit`. Customers to come arrive by a season of their own if it would have predicted the past
        year better (see `clvlab.planning.acquisition`), and buy again at all times alike
    level
        probability of the intervals
    past
        what the same model predicted at past days, with intervals at `level` (see `backtest`): the interval of
        today's customers over the whole horizon then allows for those errors, as in a report
    seed
        of the simulation behind the interval of today's customers

    Raises
    ------
    DataError : there is no purchase up to the cutoff, or no purchase model can be fitted
    ParamsError : an unknown model, period or unit, or a horizon that is none

    Examples
    --------
    >>> import clvlab as cl
    >>> plan = cl.forecast(cl.datasets.cdnow(sample=True), "1998-06-30", "6 months")
    >>> plan.total.select("part", pl.col("purchases").round()).rows()
    [('existing', 1046.0), ('new', 0.0), ('total', 1046.0)]
    """
    check_kind("log", log, TransactionLog, "clvlab.read_transactions")
    day = parse_day("cutoff", cutoff)
    if period not in (None, "week", "month"):
        raise ParamsError(f"period is {period!r}; it must be week or month.")
    length = horizon_in(horizon, check_time_unit(time_unit)) * DAYS_PER[time_unit]
    if length < 1:
        raise ParamsError(f"The horizon {horizon!r} is shorter than a day: no purchase day falls into it.")
    periods = Periods(day, period or period_for(length), length)
    days, customers = in_currency(numbered_days(log, day)), customers or _customers(log, day, time_unit, calendar)
    if (customers.cutoff, customers.time_unit) != (day, time_unit):
        raise ParamsError(
            f"The customers are as of {customers.cutoff}, times in {customers.time_unit}s; the forecast is asked for "
            f"{day}, times in {time_unit}s. Leave `customers` out, or summarise them as of that day."
        )
    purchases, money = _fitted(customers, model, spend)
    acquisition, cohorts = _expected(purchases, money, customers, days, periods)
    record = past_days(_first(days), day, Ahead.of(horizon, time_unit))
    kinds = type(_plain(purchases)), _plain_kind(money)
    earlier = _earlier(log, days, *kinds, periods, record, time_unit, calendar)
    known = money if cohorts["revenue"].null_count() == 0 else None
    alone = _alone(purchases, known, customers, length / DAYS_PER[time_unit], level, seed)
    rows = honest(expected_sums(cohorts, acquisition, periods, alone), earlier, periods.length, level)
    if past is not None:
        rows = _as_in(past, rows, name_of(purchases), round(length), level)
    table = _wide(_without_newcomers(rows) if acquisition.per_day == 0 else rows)
    return Forecast(
        data=periods.table.join(table, on="period", maintain_order="left"),
        cohorts=periods.table.join(cohorts, on="period", maintain_order="left"),
        total=table.filter(pl.col("period").is_null()).drop("period"),
        actual=history(days, periods),
        judged=judged(earlier, periods.length, level),
        looked=record[0].name if record else None,
        acquisition=acquisition,
        cutoff=day,
        period=periods.unit,
        level=level,
    )


def _fitted(
    customers: CustomerSummary,
    model: AnyPurchaseModel | type[PurchaseModel] | str,
    spend: SpendModel | None,
    spend_kind: SpendKind = "repeat_purchases",
) -> tuple[AnyPurchaseModel, SpendModel | None]:
    if isinstance(model, str):
        model = kind_named(model, MODEL_NAMES)
    found = ValueModels.fit(customers, Terms(), model, spend_kind)
    if found.purchases is None:
        raise DataError(f"No purchase model can be fitted to the customers. {found.caveats[0].problem}")
    return found.purchases, spend or found.spend


def _plain(model: AnyPurchaseModel) -> PurchaseModel:
    """The model without attributes: of customers to come, none are known."""
    return model.plain if isinstance(model, CovariateModel) else model


def _plain_kind(spend: SpendModel | None) -> SpendKind:
    """What spend rests on where attributes are not known."""
    kind = kind_of_spend(spend)
    return "first_purchases" if kind == "attributes_and_first" else LITERATURE if kind == "attributes" else kind


def _customers(log: TransactionLog, day: date, time_unit: TimeUnit, calendar: CalendarFit | None) -> CustomerSummary:
    return summarise_customers(log, day, time_unit, calendar=None if calendar is None else calendar(log, day))


def _expected(
    model: AnyPurchaseModel,
    spend: SpendModel | None,
    customers: CustomerSummary,
    days: pl.DataFrame,
    periods: Periods,
) -> tuple[Acquisition, pl.DataFrame]:
    """The recent newcomers, and what is expected of each period and cohort."""
    calendar = customers.calendar if isinstance(customers.calendar, Calendar) else None
    acquisition = Acquisition.of(days, periods.cutoff, calendar)
    existing, new = of_existing(model, spend, customers, periods), of_new(_plain(model), acquisition, periods)
    return acquisition, pl.concat([existing, new])


def _alone(
    model: AnyPurchaseModel,
    spend: SpendModel | None,
    customers: CustomerSummary,
    length: float,
    level: float,
    seed: int,
) -> dict[str, float]:
    """Relative variance of each outcome of today's customers within the horizon, the model being right."""
    buyers = replace(customers, data=customers.data.filter(pl.col("n_purchases") > 0))
    futures = min(max(WORK // len(buyers), FEWEST), MOST)
    found = simulated_intervals(model, spend, buyers, length, [], level, futures, seed)
    # by_chance turns a variance into an interval: the one whose interval is as wide as the simulated one.
    unit = by_chance(pl.DataFrame({"predicted": [1.0], "half_purchase": [0.0], "variance": [math.e - 1]}), level)
    reach = math.log(unit["high"][0])
    wide = pl.when(pl.col("low") > 0).then((pl.col("high") / pl.col("low")).log() / 2 / reach)
    variance = (wide**2).exp() - 1
    return {OUTCOMES[what]: each for what, each in found.select("what", variance).rows() if each is not None}


def _first(days: pl.DataFrame) -> date:
    first = days["date"].min()
    assert isinstance(first, date)
    return first


def _earlier(
    log: TransactionLog,
    days: pl.DataFrame,
    kind: type[PurchaseModel],
    spend_kind: SpendKind,
    periods: Periods,
    record: tuple[Ahead, tuple[date, ...]] | None,
    time_unit: TimeUnit,
    calendar: CalendarFit | None,
) -> pl.DataFrame:
    """The forecasts of past days next to what happened, with the columns of EARLIER."""
    found = [pl.DataFrame(schema=EARLIER)]
    if record is None:
        return found[0]
    ahead, origins = record
    for origin in origins:
        then = Periods(origin, periods.unit, float(ahead.days))
        expected = _expected_at(
            log, days.filter(pl.col("date") <= origin), kind, spend_kind, then, time_unit, calendar
        )
        if expected is not None:
            found.append(next_to_actual(expected, actual_sums(days, then), then))
    return pl.concat(found)


def _expected_at(
    log: TransactionLog,
    known: pl.DataFrame,
    kind: type[PurchaseModel],
    spend_kind: SpendKind,
    periods: Periods,
    time_unit: TimeUnit,
    calendar: CalendarFit | None,
) -> pl.DataFrame | None:
    """What was expected at a past day; None where the model could not be fitted then."""
    with warnings.catch_warnings():
        # What models warn of on an earlier day is no news of today's.
        warnings.simplefilter("ignore", ClvlabWarning)
        try:
            past = Past.of(
                log, periods.cutoff, [kind], time_unit, None, calendar, spend_kind=spend_kind, fall_back=True
            )
        except ClvlabError:
            return None
        model = past.models.get(name_of(kind))
        if model is None:
            return None
        acquisition, cohorts = _expected(model, past.spend, past.buyers, known, periods)
    return expected_sums(cohorts, acquisition, periods)


def _as_in(past: Backtest, rows: pl.DataFrame, method: str, days: int, level: float) -> pl.DataFrame:
    """The rows with the interval of today's customers over the whole horizon as the model's past has it."""
    if past.level != level:
        raise ParamsError(f"The intervals of `past` have the level {past.level}, those of the forecast {level}.")
    for name, what in OUTCOMES.items():
        is_it = pl.col("period").is_null() & (pl.col("part") == "existing") & (pl.col("what") == what)
        row = by_chance(rows.filter(is_it), level)
        if row.is_empty() or past.sums.filter(pl.col("low").is_not_null(), method=method, what=name).is_empty():
            continue
        low, high = past.widened(as_total(row), method, name, days).select("honest_low", "honest_high").row(0)
        rows = rows.with_columns(
            low=pl.when(is_it).then(low).otherwise("low"), high=pl.when(is_it).then(high).otherwise("high")
        )
    return rows


def _without_newcomers(rows: pl.DataFrame) -> pl.DataFrame:
    """Where nobody is expected to come the total is that of today's customers, interval and all."""
    existing = rows.filter(part="existing")
    nobody = rows.filter(part="new").with_columns(low=pl.lit(0.0), high=pl.lit(0.0))
    return pl.concat([existing, nobody, existing.with_columns(part=pl.lit("total"))])


def _wide(rows: pl.DataFrame) -> pl.DataFrame:
    """period, part, and of each outcome its figure and interval; periods in order, the parts of each as in PARTS."""
    order = pl.col("part").replace_strict(PARTS, range(len(PARTS)))
    table = rows.select("period", "part").unique().sort("period", order, nulls_last=True)
    for what in WHATS:
        figures = {what: "predicted", f"{what}_low": "low", f"{what}_high": "high"}
        theirs = rows.filter(what=what).select("period", "part", **{name: pl.col(of) for name, of in figures.items()})
        table = table.join(theirs, on=["period", "part"], how="left", nulls_equal=True, maintain_order="left")
    return table
