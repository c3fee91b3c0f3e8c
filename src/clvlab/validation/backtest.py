"""How earlier predictions would have turned out: made again at many past days, next to what then happened.

At each origin the models are fitted to what was known at its end, and predict each buyer's purchases and spend over
each horizon (expanding window). The same is predicted without a model, see `clvlab.validation.naive`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from clvlab.customers import CalendarFit, numbered_days, read_attributes
from clvlab.displays import Displayed, listed
from clvlab.errors import DataError, ParamsError, counted
from clvlab.frames import TransactionLog
from clvlab.learned import Learned
from clvlab.models import MODEL_NAMES, PURCHASE_MODELS, SpendBasis
from clvlab.models.value_models import Kind, kind_named
from clvlab.units import TimeUnit, check_time_unit, parse_day
from clvlab.validation.challenge import LEARNED, LEARNED_NAME, Challenge, days_of_some, learned_at
from clvlab.validation.futures import FUTURES
from clvlab.validation.model_error import SMALLEST_PART, honest_intervals, independent, widened
from clvlab.validation.naive import NAIVE
from clvlab.validation.origins import Ahead, check_origins, spread_origins
from clvlab.validation.past import Assignment, Past
from clvlab.validation.scores import SCORES
from clvlab.wording import Language, Name, Words

ORIGINS = 8
"""Past days at which predictions are made again, where the history allows so many."""


BY = ("horizon", "what", "method")
PROBLEMS = {"origin": pl.Date, "method": pl.String, "problem": pl.String, "instead": pl.String}


@dataclass(frozen=True, eq=False)
class Backtest(Displayed):
    """What was predicted at each origin, and what then happened. `method` is a model's class or a name of NAIVE.

    Attributes
    ----------
    origins : the past days, in order
    sums : origin, horizon, end (the horizon's last day), what (purchases, spend), method, part (total, cohort,
        group), name (of the cohort, its first day; of the group; null for the total), customers, actual, predicted,
        error (predicted relative to actual less 1, null where actual is not positive), half_purchase (what half a
        purchase is worth), low, high (a model's interval, were it right; null where none was asked for)
    customers : origin, horizon, end, what, method, customers, mae, rmse, rank_correlation, calibration (the slope of
        actual on predicted), crps (of purchases; a prediction that is one number has its mae), within_90 and
        pit_deviation (whether models' distributions of purchases are right: `clvlab.validation.scores.pit`),
        over_learned (by how much the mean squared error is larger than that of `Learned`; null without it),
        over_learned_error (the standard error of that)
        Of more than 100,000 customers so many, drawn by lot, are asked of `Learned`, which is then not among `sums`;
        see `clvlab.validation.challenge`
    problems : origin, method, problem, instead: models that could not be fitted there, and why; and which model's
        predictions stand under their name, null where none do
    level : probability of the intervals of `sums`, None where there are none
    """

    origins: tuple[date, ...]
    sums: pl.DataFrame
    customers: pl.DataFrame
    problems: pl.DataFrame
    level: float | None = None

    @property
    def summary(self) -> pl.DataFrame:
        """Means over the origins of each method: `skill`, error, absolute_error, and the scores of `customers`.

        `error` and `absolute_error` are those of the total.
        """
        totals = self.sums.filter(part="total").group_by(BY)
        errors = totals.agg(error=pl.col("error").mean(), absolute_error=pl.col("error").abs().mean())
        means = self.customers.group_by(BY, maintain_order=True).agg(pl.col(SCORES).mean())
        return self.skill.join(errors, on=BY, maintain_order="left").join(means, on=BY, maintain_order="left")

    @property
    def skill(self) -> pl.DataFrame:
        """horizon, what, method, origins, rmse_to_average: the error per customer next to that of the average.

        The mean over origins of the RMSE relative to that of `average` at the same origin, so that methods which
        serve different origins can be compared; below 1 is better than the average.
        """
        at = ["origin", "horizon", "what"]
        average = self.customers.filter(method="average").select(*at, average="rmse")
        relative = self.customers.join(average, on=at, maintain_order="left").group_by(BY, maintain_order=True)
        return relative.agg(origins=pl.len(), rmse_to_average=(pl.col("rmse") / pl.col("average")).mean())

    def honest_intervals(self) -> pl.DataFrame:
        """What models predicted, with the intervals that earlier predictions would have given at each origin.

        The rows of `sums` that have an interval, and honest_low, honest_high, seen (earlier predictions that had come
        to their end), independent (how many they are worth); see `clvlab.validation.model_error`.
        """
        return honest_intervals(self.sums, self._level)

    def coverage(self) -> pl.DataFrame:
        """How often intervals held what happened: method, what, part, predictions, model, honest (shares), widths.

        `model_width` and `honest_width` are medians of half the interval relative to what was predicted. Parts of
        fewer than 30 customers are left out.
        """
        rows = self.honest_intervals().filter((pl.col("part") == "total") | (pl.col("customers") >= SMALLEST_PART))
        actual, predicted = pl.col("actual"), pl.col("predicted")
        ends = {"model": ("low", "high"), "honest": ("honest_low", "honest_high")}
        shares = {name: actual.is_between(low, high).mean() for name, (low, high) in ends.items()}
        halves = {name: (pl.col(high) - pl.col(low)) / 2 / predicted for name, (low, high) in ends.items()}
        widths = {f"{name}_width": half.filter(predicted > 0).median() for name, half in halves.items()}
        return rows.group_by("method", "what", "part", maintain_order=True).agg(
            predictions=pl.len(), **shares, **widths
        )

    def widened(self, intervals: pl.DataFrame, method: str, what: str, days: int) -> pl.DataFrame:
        """Intervals of today's predictions that allow for the errors of earlier ones.

        Parameters
        ----------
        intervals
            part (total, cohort, group), name, customers, predicted, low, high (of the model alone, at `level`),
            half_purchase (0.5, or half of what a purchase is worth)
        method, what
            whose predictions, and of what: as in `sums`
        days
            the horizon

        Returns
        -------
        `intervals` with honest_low, honest_high, seen and independent
        """
        return widened(intervals, self.sums.filter(method=method, what=what), days, self._level)

    def explain(self, method: str, horizon: str, lang: Language = "en") -> str:
        """In words: how the last prediction of total purchases turned out and, with intervals, how often these held.

        Raises
        ------
        ParamsError : there is no prediction of this method and horizon
        """
        words = Words(lang)
        rows = self.sums.filter(method=method, horizon=horizon, what="purchases", part="total").sort("origin")
        if rows.is_empty():
            known = self.sums.select("method", "horizon").unique(maintain_order=True).rows()
            raise ParamsError(
                f"There is no prediction of {method!r} over {horizon!r}. Those there are: "
                f"{', '.join(f'{name} over {ahead}' for name, ahead in known)}."
            )
        row = rows.row(-1, named=True)
        miss = row["actual"] / row["predicted"] - 1
        figures = {**row, "model": Name("methods", method), "miss": abs(miss)}
        told = [words("backtest.more" if miss >= 0 else "backtest.fewer", **figures)]
        if self.level is not None:
            told += [words("backtest.held", **self._held(rows)), words("backtest.seen", **_to_go_by(rows))]
        return words.sentences(told)

    def _held(self, rows: pl.DataFrame) -> dict[str, int]:
        honest = honest_intervals(rows, self._level)
        actual = pl.col("actual")
        return honest.select(
            predictions=pl.len(),
            alone=actual.is_between("low", "high").sum(),
            honest=actual.is_between("honest_low", "honest_high").sum(),
        ).row(0, named=True)

    @property
    def _level(self) -> float:
        if self.level is None:
            raise DataError("This backtest has no intervals. Ask for them: cl.backtest(..., level=0.9).")
        return self.level

    def choose(self, what: str = "purchases") -> "BacktestChoice":
        """Choose a model by the inner origins, and judge it by the last, of which the choice has seen nothing.

        Inner are the origins whose horizon had ended when the last began. The model with the smallest mean RMSE
        there, relative to that of the best of each origin and horizon, is chosen among those that most inner origins
        could fit.

        Raises
        ------
        DataError : no horizon of an earlier origin had ended by the last origin, or no model could be fitted at all
        """
        models = self.customers.filter(pl.col("what") == what, ~pl.col("method").is_in(NAIVE))
        last = self.origins[-1]
        inner = models.filter(pl.col("end") <= last)
        if inner.is_empty():
            raise DataError(
                f"No prediction had come to its end by the last origin, {last}, so that nothing could choose a model "
                "without the holdout that is to judge it. Choose a shorter horizon, or a longer history."
            )
        seen = ["origin", "horizon"]
        relative = inner.with_columns(worse=pl.col("rmse") / pl.col("rmse").min().over(seen))
        rivals = relative.group_by("method").agg(pl.col("worse").mean(), times=pl.len())
        rivals = rivals.filter(pl.col("times") == pl.col("times").max()).sort("worse", "method")
        chosen = str(rivals["method"][0])
        judged = self.customers.filter(
            pl.col("origin") == last, pl.col("what") == what, pl.col("method").is_in([chosen, *NAIVE])
        )
        return BacktestChoice(chosen, inner["origin"].n_unique(), judged)

    def challenge(self, method: str, what: str = "purchases") -> Challenge | None:
        """Whether `Learned` came nearer to single customers than a method, by more than chance; None without either.

        See `clvlab.validation.challenge` for the test.
        """
        return Challenge.of(self.customers, method, what)

    @property
    def _facts(self) -> str:
        horizons = listed(self.customers["horizon"].unique(maintain_order=True))
        methods = listed(self.customers["method"].unique(maintain_order=True))
        return (
            f"{counted(len(self.origins), 'origin')}, {self.origins[0]} to {self.origins[-1]}; {horizons}; {methods}"
        )

    @property
    def _shown(self) -> pl.DataFrame:
        return self.summary


@dataclass(frozen=True, eq=False)
class BacktestChoice(Displayed):
    """A model chosen by earlier origins than the one that judges it.

    Attributes
    ----------
    method : the chosen model's class
    inner_origins : how many origins chose
    judged : the chosen model and the naive predictions at the last origin, as `Backtest.customers`
    """

    method: str
    inner_origins: int
    judged: pl.DataFrame

    @property
    def _facts(self) -> str:
        return f"{self.method}, chosen by {counted(self.inner_origins, 'earlier origin')}, judged by the last"

    @property
    def _shown(self) -> pl.DataFrame:
        return self.judged


def backtest(
    log: TransactionLog,
    models: Iterable[Kind | type[Learned] | str] = PURCHASE_MODELS,
    origins: int | Iterable[str | date] = ORIGINS,
    horizons: str | float | Sequence[str | float] = "13 weeks",
    *,
    time_unit: TimeUnit = "week",
    until: str | date | None = None,
    groups: Assignment | None = None,
    calendar: CalendarFit | None = None,
    attributes: Any = None,
    spend_kind: SpendBasis = "repeat_purchases",
    level: float | None = None,
    futures: int = FUTURES,
    seed: int = 0,
    fall_back: bool = False,
) -> Backtest:
    """Make at past days the predictions that were possible then, and compare them with what happened.

    At each origin only the rows up to its end are known; whoever had bought by then is predicted. An origin serves
    every horizon that has ended by the log's last day, or by `until`.

    Parameters
    ----------
    log
        from `read_transactions`; without amounts only purchases are predicted
    models
        purchase models, or their names, or a `clvlab.models.WithAttributes`; spend is purchases times what the spend
        model expects of each. `Learned`, or "learned", is trained at each origin on past days whose horizon had ended
        by then
    origins
        how many at most, spread evenly as far as the log allows (see `spread_origins`); or the days themselves
    horizons
        how far ahead: one or more lengths with their unit ("13 weeks"), or numbers in `time_unit`s; whole days count
    time_unit
        unit of the models' times: day, week (7 days) or month (30.4375 days)
    until
        the last day that counts; without it the log's last
    groups
        what assigns customers to groups, at each origin anew: customer_id, group from a customer table
    calendar
        what fits the calendar at each origin, by which the models' time runs: `clvlab.Calendar.fit`, or with events
        `functools.partial(clvlab.Calendar.fit, events=...)`
    attributes
        what is known of customers, as in `summarise_customers`; of dated tables what was known at each origin
    spend_kind
        what the spend model rests on: repeat_purchases, first_purchases (all of them) or frequency_bands; or a
        `clvlab.models.SpendWithAttributes`
    level
        probability, such as 0.9, of the models' intervals, which are simulated; without one there are none
    futures
        simulated behind each interval: fewer are faster, and leave its ends rougher
    seed
        of the simulation
    fall_back
        whether, where a model cannot be fitted, the one predicts that a report of that day would have taken, see
        `clvlab.validation.model_choice.fitted_instead`

    Raises
    ------
    DataError : the log is too short for the horizon, or an origin lies outside it
    ParamsError : an unknown model or unit, or a horizon that is none

    Examples
    --------
    >>> import clvlab as cl
    >>> found = cl.backtest(cl.datasets.cdnow(sample=True), ["bg_nbd"], ["1997-09-30"], "39 weeks")
    >>> found.sums.filter(what="purchases", part="total").select("method", "actual", "predicted").head(2).rows()
    [('BgNbd', 1882.0, 1653.4...), ('own_rate', 1882.0, 2457.0)]
    """
    unit = check_time_unit(time_unit)
    ahead = _read_horizons(horizons, unit)
    named = [_kind(each) for each in models]
    kinds = [each for each in named if not (isinstance(each, type) and issubclass(each, Learned))]
    tables = [] if attributes is None else read_attributes(attributes)
    last = None if until is None else parse_day("until", until)
    days = numbered_days(log, last or date.max)
    first, end = _span(days, last)
    shortest = min(each.days for each in ahead)
    if isinstance(origins, int):
        chosen = spread_origins(first, end, shortest, origins)
    else:
        chosen = check_origins((parse_day("origin", each) for each in origins), first, end, shortest)
    lessons = days_of_some(log, days, seed) if Learned in named else None
    sums, scored, problems = [], [], []
    for origin in chosen:
        known = Past.of(
            log, origin, kinds, unit, groups, calendar, attributes, spend_kind=spend_kind, fall_back=fall_back
        )
        problems += known.problems
        for each in ahead:
            if each.from_day(origin) <= end:
                learned, refused = (
                    (None, None) if lessons is None else learned_at(lessons, origin, each, tables, seed)
                )
                problems += [(origin, LEARNED, str(refused), None)] if refused else []
                summed, single = known.predict(days, each, first, level, futures, seed, learned)
                sums.append(summed)
                scored.append(single)
    return Backtest(
        chosen, pl.concat(sums), pl.concat(scored), pl.DataFrame(problems, schema=PROBLEMS, orient="row"), level
    )


def _read_horizons(horizons: str | float | Sequence[str | float], time_unit: TimeUnit) -> list[Ahead]:
    """The horizons, shortest first."""
    given = [horizons] if isinstance(horizons, str | float | int) else horizons
    found = sorted((Ahead.of(each, time_unit) for each in given), key=lambda each: each.days)
    if not found:
        raise ParamsError("There is no horizon to predict. Give one or more: horizons=['13 weeks', '26 weeks'].")
    return found


def _kind(model: Kind | type[Learned] | str) -> Kind | type[Learned]:
    if not isinstance(model, str):
        return model
    return kind_named(model, {**MODEL_NAMES, LEARNED_NAME: Learned})


def _to_go_by(rows: pl.DataFrame) -> dict[str, float]:
    return {"seen": rows.height, "independent": independent(rows)}


def _span(days: pl.DataFrame, until: date | None) -> tuple[date, date]:
    if days.is_empty():
        raise DataError("The log has no rows: there is nothing to predict from, and nothing to compare with.")
    first, last = days.select(first=pl.col("date").min(), last=pl.col("date").max()).row(0)
    return first, until or last
