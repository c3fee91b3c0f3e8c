"""What all sections of a report share, each part computed once, when it is first asked for."""

import math
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import polars as pl

from clvlab.analysis.calendar import calendar_at
from clvlab.analysis.holdouts import has_earlier_period, history_days, holdout_days
from clvlab.analysis.segmentation.contactable import contactable
from clvlab.analysis.segmentation.past_forecasts import PastForecasts
from clvlab.analysis.segmentation.predecessor import Predecessor, published_on
from clvlab.analysis.segmentation.pseudonyms import pseudonyms
from clvlab.analysis.small_groups import SMALL, as_one, is_by_attribute, small_codes, without_rank
from clvlab.arrays import Vector
from clvlab.columns import MODELLED, names
from clvlab.customers import (
    DERIVED,
    MIN_HISTORY_DAYS,
    AttributeTable,
    Calendar,
    derive,
    next_order,
    split_holdout,
    summarise_customers,
)
from clvlab.customers.purchase_days import rows_until
from clvlab.errors import ConvergenceError, DataError
from clvlab.frames import CustomerSummary, Holdout, TransactionLog, joined
from clvlab.grouping import Clusters, find
from clvlab.grouping.rfm_maps import RfmRule
from clvlab.grouping.rfm_value import RfmValueRule
from clvlab.grouping.strategy import Rule, Strategy
from clvlab.inputs import attribute_tables, covariates_of, margin_of, our_names, pseudonym_key
from clvlab.models import MODEL_NAMES, BgNbd, PurchaseModel, SpendBasis, SpendWithAttributes, Terms, ValueModels
from clvlab.models.spend_model import LITERATURE, basis_of
from clvlab.models.value_models import Kind, name_of
from clvlab.params import ReportParams
from clvlab.period_ends import PER_YEAR, ends, shifted
from clvlab.playbook import Entry, Playbook, due_list, held_back
from clvlab.rfm import RfmThresholds
from clvlab.validation import ModelChoice, choose_model
from clvlab.validation.spend_choice import SpendChoice, choose_spend

LATE_START = timedelta(days=7)
"""So many days into a period a log may begin and still hold it."""

ACTIVE_DAYS = 365
"""A customer who bought within so many days is active."""

N_BINS = 5
"""Scores run from 1 to so many, unless the parameters say otherwise."""

SHORTEST_CHOICE = 28
"""Days by which to choose what spend rests on, at least."""

VALUE_LEVEL = 0.9
"""The probability with which a report's interval of a value holds it."""


@dataclass(frozen=True, eq=False)
class Backtest:
    """Models fitted up to an earlier cutoff, and what their customers did next.

    `chosen_on` is the earlier period that chose the purchase model; None where the holdout itself did.
    """

    calibration: CustomerSummary
    holdout: Holdout
    models: ValueModels
    choice: ModelChoice
    chosen_on: Holdout | None = None


@dataclass(frozen=True, eq=False)
class Context:
    """A run's parameters and log, and everything that more than one section needs of them."""

    params: ReportParams
    log: TransactionLog

    @property
    def as_of(self) -> date:
        """Last day that counts."""
        return self.params.as_of

    @property
    def horizon(self) -> str:
        """How far ahead values look."""
        return self.params.horizon

    @cached_property
    def terms(self) -> Terms:
        """On which terms customers are valued."""
        return Terms(self.params.horizon, self.params.annual_discount_rate, margin_of(self.params, self.log))

    @cached_property
    def has_amounts(self) -> bool:
        """Whether the log knows money."""
        return self.log.has_amounts

    @cached_property
    def attributes(self) -> list[AttributeTable]:
        """The tables of attributes: those that the parameters name, and those that the log comes with."""
        return attribute_tables(self.params, self.log)

    @cached_property
    def covariates(self) -> tuple[str, ...]:
        """The attributes that may act on purchases, on leaving and on spend."""
        return covariates_of(self.params, self.attributes)

    def summarise(self, cutoff: date) -> CustomerSummary:
        """The customer table as of `cutoff`."""
        return summarise_customers(
            self.log,
            cutoff=cutoff,
            time_unit=self.params.time_unit,
            attributes=self.attributes or None,
            calendar=self.calendar(cutoff),
        )

    def calendar(self, day: date) -> Calendar | None:
        """The season and the events by which models run, as the log shows them up to a day; None without any."""
        if day not in self._calendars:
            self._calendars[day] = calendar_at(self.params, self.log, self.first_day, day)
        return self._calendars[day]

    @cached_property
    def _calendars(self) -> dict[date, Calendar | None]:
        """Those that were asked for so far."""
        return {}

    @cached_property
    def base(self) -> CustomerSummary:
        """The customer table as of the run's day, prospects included."""
        return self.summarise(self.as_of)

    def fit(self, customers: CustomerSummary, preferred: Kind | PurchaseModel) -> ValueModels:
        """Value models of the customers of any day, on the run's terms; spend rests on what the run has chosen."""
        return ValueModels.fit(customers, self.terms, preferred, self.spend_kind)

    @cached_property
    def models(self) -> ValueModels:
        """The value models of the base, with attributes where these help."""
        models = self.fit(self.base, self.preferred_model)
        if not self.covariates:
            return models
        judged = self._inner_choice or self._choose(self.inner_halves) or self.choice
        return models.trying(self.base, self.covariates, judged.errors if judged else None)

    @cached_property
    def customers(self) -> CustomerSummary:
        """The base with values and the columns that the strategy needs."""
        valued = self.base.with_columns(self.models.value(self.base, interval=VALUE_LEVEL))
        return self.equip(valued.with_columns(self.base.data.select("customer_id", self._buys_again)))

    @cached_property
    def expected_value(self) -> float | None:
        """What all customers are expected to bring, to the cent; None where nobody is valued."""
        values = self.models.value(self.base).get_column("clv")
        return None if values.null_count() == len(values) else round(float(values.sum()), 2)

    def equip(self, customers: CustomerSummary) -> CustomerSummary:
        """Add the log's own columns that the run's strategy needs."""
        return derive(self.log, customers, set(self.strategy.needs) & set(names(DERIVED)))

    @cached_property
    def group_values(self) -> pl.DataFrame | None:
        """group, customers, clv, clv_low, clv_high, the last row "total"; None without both models.

        The intervals allow for how far past forecasts missed, where there are any.
        """
        return None if self._model_values is None else self._honest(self._model_values)

    def values_of(self, groups: pl.DataFrame) -> pl.DataFrame | None:
        """The same of other sets of customers, without a total; `groups` (customer_id, group) need not have all."""
        if self._model_values is None or groups.is_empty():
            return None
        among = replace(self.customers, data=self.customers.data.join(groups, on="customer_id", how="semi"))
        values = self.models.by_group(among, groups, VALUE_LEVEL)
        if values is None:
            return None
        return self._honest(pl.concat([values.head(-1), self._model_values.tail(1)])).head(-1)

    @cached_property
    def _model_values(self) -> pl.DataFrame | None:
        """The values of the groups that readers see, with the intervals of the models alone."""
        return self.models.by_group(self.customers, self.shown_groups(self.rule, self.customers), VALUE_LEVEL)

    def _honest(self, values: pl.DataFrame) -> pl.DataFrame:
        if self.past is None:
            return values
        return self.past.widened(values, float(self.customers.data["expected_purchases"].sum()), self.horizon)

    @property
    def is_by_attribute(self) -> bool:
        """Whether groups tell what is known of customers apart from their purchases: then no small one is shown."""
        return is_by_attribute(self.strategy.needs)

    def small_groups(self, rule: Rule, customers: CustomerSummary) -> frozenset[str]:
        """The codes of the groups that readers see as one."""
        return small_codes(rule.assign(customers), customers.data) if self.is_by_attribute else frozenset()

    @cached_property
    def small(self) -> frozenset[str]:
        """The same of the run's own rule and customers."""
        return self.small_groups(self.rule, self.customers)

    def shown_groups(self, rule: Rule, customers: CustomerSummary) -> pl.DataFrame:
        """customer_id, group, rank: the rule's groups as readers see them."""
        small = self.small_groups(rule, customers)
        return rule.assign(customers).with_columns(as_one(small), without_rank(small))

    @cached_property
    def past(self) -> PastForecasts | None:
        """What the purchase model of the report predicted at past days; None where nothing could be judged."""
        if self.models.purchases is None:
            return None
        return PastForecasts.of(
            self.log,
            self.used_kind,
            (self.first_day, self.as_of),
            self.horizon,
            time_unit=self.params.time_unit,
            groups=self._groups_at,
            calendar=lambda _, day: self.calendar(day),
            attributes=self.attributes if self.uses_attributes or self.spends_by_attributes else (),
            level=VALUE_LEVEL,
            buyers=self.buyers.height,
            spend_kind=self.spend_kind,
        )

    def _groups_at(self, customers: CustomerSummary) -> pl.DataFrame:
        """customer_id, group: by the run's strategy, on customers of an earlier day."""
        known = self.summarise(customers.cutoff) if self.attributes else customers
        if self.groups_by_values:
            known = known.with_columns(self.fit(known, self.first_kind).value(known))
        return self.strategy.assign(self.equip(known))

    @cached_property
    def strategy(self) -> Strategy:
        """The strategy that the parameters name."""
        return find(self.params.strategy, self.params.rfm.get("n_bins"), our_names(self.attributes))

    @property
    def rule(self) -> Rule:
        """The strategy's rule: drawn from this run's customers, or from those of the day by which its year goes."""
        return self._rule_and_day[0]

    @property
    def rule_day(self) -> date:
        """The day on whose customers the rule was drawn."""
        return self._rule_and_day[1]

    @cached_property
    def own_rule(self) -> Rule:
        """The strategy's rule, fitted on this run's customers, who are valued where it goes by values."""
        return self.strategy.fit(self.customers if self.groups_by_values else self.equip(self.base))

    @property
    def groups_by_values(self) -> bool:
        """Whether the strategy needs what the models say of customers."""
        return bool(self.strategy.needs & set(names(MODELLED)))

    @cached_property
    def _rule_and_day(self) -> tuple[Rule, date]:
        """In a series the rule of a year is that of its first period that can give one, unless it is asked to follow.

        By then the log must hold what a prediction takes. Values of attributes are not thresholds: those that come up
        within the year are groups at once.
        """
        if self.params.every is None or self.params.rule == "refit" or self.is_by_attribute:
            return self.own_rule, self.as_of
        enough = max(date(self.as_of.year, 1, 1), self.first_day + timedelta(days=MIN_HISTORY_DAYS - 1))
        before = published_on(self.day_before(self.as_of))
        if before and before.as_of >= enough:
            return before.rule, before.rule_day
        for day in ends(self.params.every, enough, self.as_of - timedelta(days=1)):
            with suppress(DataError):
                return self.at(day).own_rule, day
        return self.own_rule, self.as_of

    def at(self, day: date) -> "Context":
        """The context of the same report as of an earlier day, on which nobody knows of later rows."""
        if day not in self._contexts:
            params = self.params.model_copy(update={"as_of": day})
            self._contexts[day] = Context(params, self.log.until(day))
        return self._contexts[day]

    @cached_property
    def _contexts(self) -> dict[date, "Context"]:
        """Those that were asked for so far."""
        return {}

    @cached_property
    def cluster_rule(self) -> Rule | None:
        """The clusters' rule; None where spend or customers are too few to cluster."""
        if not self.has_amounts or self.buyers.height < 10:
            return None
        return Clusters(self.params.n_clusters).fit(self.customers)

    @cached_property
    def scores(self) -> pl.DataFrame:
        """customer_id, r_score, f_score, m_score; null where the log has no amounts to score."""
        if self.thresholds is None:
            ids = self.base.data.select("customer_id")
            return ids.with_columns(pl.lit(None, pl.Int8).alias(score) for score in ("r_score", "f_score", "m_score"))
        return self.thresholds.score(self.customers)

    @cached_property
    def thresholds(self) -> RfmThresholds | None:
        """Where each score begins, as the strategy has it if it scores; None without amounts or enough customers."""
        n_bins = self.params.rfm.get("n_bins", N_BINS)
        if not self.has_amounts or self.buyers.height < n_bins:
            return None
        if isinstance(self.rule, RfmRule | RfmValueRule):
            return self.rule.thresholds
        return RfmThresholds.fit(self.customers, n_bins=n_bins)

    @cached_property
    def table(self) -> pl.DataFrame:
        """One row per customer: summary, values, window of the next order, scores, group and cluster."""
        table = joined(self.customers.data, next_order(self.log, self.base))
        for further in (self.scores, self.rule.assign(self.customers), self.pseudonyms):
            table = joined(table, further)
        if self.cluster_rule is None:
            return table
        return joined(table, self.cluster_rule.assign(self.customers).select("customer_id", cluster="group"))

    @cached_property
    def pseudonyms(self) -> pl.DataFrame:
        """customer_id, pseudonym."""
        return pseudonyms(self.base.data, pseudonym_key(self.params))

    @cached_property
    def with_habits(self) -> CustomerSummary:
        """The customers with how long they usually wait, and what they spent within the last year."""
        return derive(self.log, self.customers, {"gap_p80", "spend_last_year"})

    def spent_last_year(self, customers: CustomerSummary) -> pl.DataFrame:
        """customer_id, spend_last_year: up to the day of these customers; null without amounts."""
        if not self.has_amounts:
            return customers.data.select("customer_id", spend_last_year=pl.lit(None, pl.Float64))
        plain = replace(customers, data=customers.data.select("customer_id"))
        return derive(self.log, plain, {"spend_last_year"}).data

    @cached_property
    def playbook(self) -> Playbook:
        """What is done with each group."""
        return Playbook.load(self.params.playbook)

    def entry(self, group: str) -> Entry:
        """What it does with a group of the run's rule."""
        return self.playbook.entry(group, is_own=group in self.rule.own)

    @cached_property
    def due(self) -> pl.DataFrame | None:
        """Everybody who is due for a contact, as by `clvlab.playbook.due_list`; None for a log without amounts."""
        if not self.has_amounts:
            return None
        model = self.models.purchases
        leaves = model is not None and model.leaving is not None
        groups = self.table.select("customer_id", "group", "pseudonym", "next_from", "next_to")
        people = contactable(self.log, self.with_habits, groups, leaves=leaves)
        control = held_back(people["customer_id"], self.params.control_share, self.params.control_seed)
        entries = {code: self.entry(code) for code in groups["group"].unique()}
        return due_list(people.with_columns(control), entries, self.as_of, self.params.contacts)

    @cached_property
    def shown(self) -> pl.DataFrame:
        """The same for a reader: small groups as one; see `with_activity` for P(alive)."""
        return self.table.with_columns(as_one(self.small), without_rank(self.small))

    @property
    def assumes_alive(self) -> bool:
        """Whether the model takes every one-time buyer, or everybody, to be alive."""
        model = self.models.purchases
        return model is not None and not model.lets_one_time_buyers_leave()

    def with_activity(self, table: pl.DataFrame) -> pl.DataFrame:
        """Such a table as readers see it: without `p_alive` where the model assumes that of some customers, else
        without `p_buys_again`, which is then shown in its place; what is not shown is null.
        """
        hidden = "p_alive" if self.assumes_alive else "p_buys_again"
        return table.with_columns(pl.lit(None, pl.Float64).alias(hidden))

    @property
    def _buys_again(self) -> pl.Series:
        """The probability of a purchase within the horizon, customer by customer of the base."""
        model = self.models.purchases
        none: float | Vector = math.nan if model is None else model.probability_of_none(self.base, self.horizon)
        return pl.Series("p_buys_again", 1 - np.broadcast_to(none, self.base.data.height)).fill_nan(None)

    @cached_property
    def buyers(self) -> pl.DataFrame:
        """The base without prospects."""
        bought = self.base.data["n_purchases"] > 0
        return self.base.data if bought.all() else self.base.data.filter(bought)

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """Every group of the rule as readers see it, best first, those without a customer included."""
        present = set(self.table["group"].unique())
        codes = [group.code for group in self.rule.all_groups if group.code in present or not group.is_apart]
        return (*(code for code in codes if code not in self.small), *([SMALL] if self.small else []))

    @property
    def own_groups(self) -> frozenset[str]:
        """The codes of groups that are the user's own, of those that readers see."""
        return self.rule.own - self.small

    @cached_property
    def places(self) -> pl.DataFrame:
        """group, place: where a group lies between the best (0) and the worst (1); null where there is no order."""
        return self.rule.places

    @property
    def rows(self) -> pl.LazyFrame:
        """The accepted rows up to the run's day, to take no more of them than what is asked for."""
        return rows_until(self.log, self.as_of)

    @cached_property
    def window(self) -> pl.DataFrame:
        """The same, all of them."""
        return self.rows.collect()

    @property
    def month_is_over(self) -> bool:
        """Whether the run's day is the last of its month."""
        return (self.as_of + timedelta(days=1)).day == 1

    @cached_property
    def first_day(self) -> date:
        """The log's first day."""
        first = self.rows.select(pl.col("date").min()).collect(engine="streaming").item()
        assert isinstance(first, date)
        return first

    @cached_property
    def previous(self) -> CustomerSummary | None:
        """The customers a period earlier; None where the log does not hold that day's period.

        In a series they are what the report of that day said of them.
        """
        if self.params.every is None:
            return self.earlier(1)
        before = self.predecessor
        return CustomerSummary(before.customers, before.as_of, self.params.time_unit) if before else None

    @property
    def previous_rule(self) -> Rule:
        """The rule by which the customers of a period earlier were grouped."""
        if self.predecessor:
            return self.predecessor.rule
        assert self.previous is not None
        return self.strategy.fit(self.previous)

    @cached_property
    def predecessor(self) -> Predecessor | None:
        """The report of the period before; None outside of a series, or where the log does not hold that period."""
        day = self.day_before(self.as_of)
        if self.params.every is None or not self.holds(day):
            return None
        return published_on(day) or self.at(day).to_be_compared_with

    @property
    def to_be_compared_with(self) -> Predecessor:
        """What the next report of the series takes of this one."""
        customers = self.equip(self.base.with_columns(self.models.value(self.base)))
        grouped = customers.with_columns(self.rule.assign(customers)).data
        model = None if self.models.purchases is None else name_of(self.used_kind)
        return Predecessor(self.as_of, grouped, self.rule, self.rule_day, model)

    @cached_property
    def year_before(self) -> CustomerSummary | None:
        """The customers a year earlier; None where the log does not hold that day's period."""
        return self.earlier(PER_YEAR[self.params.period])

    def day_before(self, day: date, periods: int = 1) -> date:
        """The day so many periods before a day."""
        return shifted(self.params.period, day, -periods)

    def earlier(self, periods: int) -> CustomerSummary | None:
        """The customer table so many periods earlier, with values; None unless the log holds the period up to then.

        A log that begins within that period would make whatever is counted look as if it had grown.
        """
        day = self.day_before(self.as_of, periods)
        if not self.holds(day):
            return None
        customers = self.summarise(day)
        return self.equip(customers.with_columns(self.fit(customers, self.first_kind).value(customers)))

    def holds(self, day: date) -> bool:
        """Whether somebody had bought by a day, and the log holds the period up to then."""
        bought = (self.buyers["first_purchase"] <= day).any()
        return bought and self.first_day <= self.day_before(day) + LATE_START

    @cached_property
    def halves(self) -> tuple[CustomerSummary, Holdout] | None:
        """Calibration and holdout, a holdout's length before the run's day; None where history is too short."""
        days = self._holdout_days
        return self._split(self.as_of - timedelta(days=days), self.as_of) if days >= 1 else None

    @cached_property
    def inner_halves(self) -> tuple[CustomerSummary, Holdout] | None:
        """The same up to where the holdout begins, to choose a model by; None unless a holdout's length is left."""
        days = self._holdout_days
        if self.halves is None or not has_earlier_period(days, self.history):
            return None
        end = self.as_of - timedelta(days=days)
        return self._split(end - timedelta(days=days), end)

    @property
    def history(self) -> int:
        """Days from the log's first to the run's."""
        return history_days(self.first_day, self.as_of)

    @property
    def _holdout_days(self) -> int:
        """The length of the holdout."""
        return holdout_days(self.params.holdout, self.history)

    def _split(self, cutoff: date, end: date) -> tuple[CustomerSummary, Holdout] | None:
        try:
            return split_holdout(
                self.log,
                cutoff=cutoff,
                end=end,
                time_unit=self.params.time_unit,
                attributes=self.attributes or None,
                calendar=self.calendar(cutoff),
            )
        except DataError:
            return None

    @cached_property
    def choice(self) -> ModelChoice | None:
        """The purchase model that the parameters name, else the one that did best on an earlier period or holdout.

        None without a holdout, or where no model can be fitted.
        """
        return self._inner_choice or self._choose(self.halves)

    @cached_property
    def _inner_choice(self) -> ModelChoice | None:
        """The choice by a period before the holdout; None where there is none, or the parameters name a model."""
        return None if self.given_model else self._choose(self.inner_halves)

    def _choose(self, halves: tuple[CustomerSummary, Holdout] | None) -> ModelChoice | None:
        try:
            return choose_model(*halves, given=self.given_model, attributes=self.covariates) if halves else None
        except (ConvergenceError, DataError):
            return None

    @cached_property
    def unjudged_choice(self) -> ModelChoice | None:
        """The choice where no period could judge one: by the BIC of the base; None where no model can be fitted."""
        try:
            return choose_model(self.base)
        except (ConvergenceError, DataError):
            return None

    @cached_property
    def spend_choice(self) -> SpendChoice | None:
        """What spend rests on, chosen by a period before the holdout; None where there is none, or no choice."""
        halves = (self.inner_halves or self._last_third) if self.has_amounts else None
        return choose_spend(*halves, self.covariates) if halves else None

    @property
    def _last_third(self) -> tuple[CustomerSummary, Holdout] | None:
        """The history up to the holdout, or to the run's day, cut so that a third of it is left to choose by."""
        end = self.halves[1].cutoff if self.halves else self.as_of
        days = ((end - self.first_day).days + 1) // 3
        return self._split(end - timedelta(days=days), end) if days >= SHORTEST_CHOICE else None

    @property
    def spend_kind(self) -> SpendBasis:
        """What the spend of the run's customers rests on: without a choice what the literature has it rest on."""
        return basis_of(self.spend_choice.kind, self.covariates) if self.spend_choice else LITERATURE

    @property
    def spends_by_attributes(self) -> bool:
        """Whether attributes count in what a purchase is expected to be worth."""
        return isinstance(self.spend_kind, SpendWithAttributes)

    @property
    def preferred_model(self) -> type[PurchaseModel]:
        """The model to value customers by: the one named by the parameters, else the chosen one, else BG/NBD."""
        if self.given_model:
            return self.given_model
        choice = self.choice or self.unjudged_choice
        return type(choice.model) if choice else BgNbd

    @property
    def uses_attributes(self) -> bool:
        """Whether attributes count in how often customers are expected to buy."""
        return self.models.tried is not None and self.models.tried.verdict == "used"

    @property
    def first_kind(self) -> Kind:
        """What values the customers of any day, where it can be fitted to them."""
        tried = self.models.tried
        return tried.kind if tried is not None and self.uses_attributes else self.preferred_model

    @property
    def used_kind(self) -> Kind:
        """What values the base: its kind of model, with attributes where these help."""
        used = self.models.purchases
        return type(used) if isinstance(used, PurchaseModel) else self.first_kind

    @property
    def given_model(self) -> type[PurchaseModel] | None:
        """The model that the parameters name, if they do."""
        return MODEL_NAMES.get(self.params.model)

    @cached_property
    def backtest(self) -> Backtest | None:
        """The validation: models as of the earlier cutoff, and what happened since; None where there is none."""
        if self.halves is None or self.choice is None:
            return None
        calibration, holdout = self.halves
        if self._inner_choice is None or self.inner_halves is None:
            # Without attributes it is fitted to this calibration already.
            kind = self.first_kind if self.uses_attributes else self.choice.model
            return Backtest(calibration, holdout, self.fit(calibration, kind), self.choice)
        models = self.fit(calibration, self.first_kind)
        return Backtest(calibration, holdout, models, self.choice, chosen_on=self.inner_halves[1])
