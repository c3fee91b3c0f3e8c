"""Lifecycle stages: prospect, new, active or mature, dormant, churned; by fixed days, own cadence or P(alive)."""

from dataclasses import dataclass
from typing import Protocol

from clvlab.errors import ParamsError
from clvlab.frames import CustomerSummary
from clvlab.grouping.decision import PROSPECTS, Case, Condition, DecisionList
from clvlab.grouping.measures import sources
from clvlab.grouping.strategy import Strategy

Conditions = tuple[Condition, ...]


@dataclass(frozen=True)
class Watch:
    """For customers who meet `whom`: whether they are active, and if not, whether they are still with us."""

    whom: Conditions
    active: Condition
    alive: Condition


class Clock(Protocol):
    """What tells an active customer from a dormant and a churned one."""

    @property
    def watches(self) -> tuple[Watch, ...]:
        """Every customer is met by exactly one."""


@dataclass(frozen=True)
class FixedDays:
    """Active within `active_days` of the last purchase, dormant within `churned_days`, churned beyond."""

    active_days: int = 180
    churned_days: int = 365

    def __post_init__(self) -> None:
        if not 0 <= self.active_days < self.churned_days:
            raise ParamsError(
                f"active_days is {self.active_days} and churned_days {self.churned_days}; the second must be larger."
            )

    @property
    def watches(self) -> tuple[Watch, ...]:
        active, alive = (Condition("days_since_last", "<=", days) for days in (self.active_days, self.churned_days))
        return (Watch((), active, alive),)


@dataclass(frozen=True)
class OwnCadence:
    """Active while the time since the last purchase is within 80 % of the customer's own gaps, churned beyond all.

    A customer with fewer than `min_purchases` has no cadence yet and is judged by `otherwise`.
    """

    min_purchases: int = 3
    otherwise: FixedDays = FixedDays()

    @property
    def watches(self) -> tuple[Watch, ...]:
        many = Condition("n_purchases", ">=", self.min_purchases)
        active, alive = (Condition("days_since_last", "<=", gap) for gap in ("gap_p80", "gap_max"))
        few = (Watch((many.negated, *watch.whom), watch.active, watch.alive) for watch in self.otherwise.watches)
        return (Watch((many,), active, alive), *few)


@dataclass(frozen=True)
class AliveBands:
    """Active from P(alive) `active_from`, dormant from `dormant_from`, churned below."""

    active_from: float = 0.7
    dormant_from: float = 0.3

    def __post_init__(self) -> None:
        if not 0 <= self.dormant_from < self.active_from <= 1:
            raise ParamsError(
                f"dormant_from is {self.dormant_from} and active_from {self.active_from}; "
                "they are probabilities, the second larger."
            )

    @property
    def watches(self) -> tuple[Watch, ...]:
        active, alive = (Condition("p_alive", ">=", bound) for bound in (self.active_from, self.dormant_from))
        return (Watch((), active, alive),)


@dataclass(frozen=True)
class Lifecycle(Strategy):
    """Stages of the relation with a customer.

    Five stages are prospect, new, active, dormant, churned; four are prospect, new, mature, churned, where mature
    is whoever is neither new nor churned.

    Parameters
    ----------
    stages
        the stages between new and churned: ("active", "dormant"), ("active", "at_risk"), or ("mature",)
    clock
        `FixedDays`, `OwnCadence` or `AliveBands`
    new_days
        new is whoever first bought at most this many days ago
    split_churn
        customers lost while new (`churned_quick`) and later (`churned_late`) apart; the late return far more often
    """

    stages: tuple[str, ...] = ("active", "dormant")
    clock: Clock = FixedDays()
    new_days: int = 90
    split_churn: bool = False

    def __post_init__(self) -> None:
        if len(self.stages) not in (1, 2):
            raise ParamsError(f"stages is {self.stages}; give one or two groups between new and churned.")

    @property
    def needs(self) -> frozenset[str]:
        return sources(c for case in self._cases for condition in case.conditions for c in condition.columns)

    def fit(self, customers: CustomerSummary) -> DecisionList:
        customers.require(self.needs, self.name)
        return DecisionList(self._cases)

    @property
    def _cases(self) -> tuple[Case, ...]:
        new = Condition("days_since_first", "<=", self.new_days)
        cases = [PROSPECTS, Case("new", 2, (new,))]
        for watch in self.clock.watches:
            whom = (new.negated, *watch.whom)
            if len(self.stages) == 1:
                cases.append(Case(self.stages[0], 1, (*whom, watch.alive)))
            else:
                cases.append(Case(self.stages[0], 1, (*whom, watch.active)))
                cases.append(Case(self.stages[1], 3, (*whom, watch.active.negated, watch.alive)))
            cases += [
                Case(code, rank, (*whom, watch.alive.negated, *when))
                for rank, (code, when) in enumerate(self._churned, start=len(self.stages) + 2)
            ]
        return tuple(cases)

    @property
    def _churned(self) -> list[tuple[str, Conditions]]:
        if not self.split_churn:
            return [("churned", ())]
        late = Condition("days_first_to_last", ">", self.new_days)
        return [("churned_late", (late,)), ("churned_quick", (late.negated,))]
