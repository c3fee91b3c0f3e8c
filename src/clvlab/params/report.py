"""The parameters of a segmentation report."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import partial
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, with_config
from typing_extensions import TypedDict

from clvlab.editions import Edition, Editions, editions
from clvlab.errors import ParamsError
from clvlab.params.run import RunParams
from clvlab.params.strategies import AUTO, WITH_MONEY, WITHOUT_MONEY, ByAttribute, StrategyChoice
from clvlab.params.values import STRICT, Text, Texts
from clvlab.period_ends import Every, refuse_within
from clvlab.wording import LowValue


@with_config(STRICT)
class Rfm(TypedDict, total=False):
    """How R, F and M are scored: the keywords of `clvlab.score_rfm`."""

    n_bins: Annotated[int, Field(ge=2, le=10)]


@with_config(STRICT)
class Alerts(TypedDict):
    """Which moves from one group to another a report tells of: of how many customers, and of what share of theirs."""

    customers: Annotated[int, Field(ge=1)]
    share: Annotated[float, Field(ge=0, le=1)]


class ReportParams(RunParams):
    """The parameters of a segmentation report.

    `strategy` names one of `clvlab.strategies`, is the path of an RFM map, or says `{attribute: <a column>}`; left to
    the log (`auto`) it is WITH_MONEY, or WITHOUT_MONEY where there are no amounts; `rfm` is how R, F and M are
    scored, by as many bins as the strategy's map has; `n_clusters` null lets the data choose;
    `holdout` null leaves the models unvalidated, and a longer one than half the history is shortened to it;
    `low_value` says what the report advises for customers of low value: stimulate them, serve them basically, save
    on them, or (null) as it pays. `covariates` are attributes that may act on how often customers buy,
    how readily they leave and what they spend; they are used where they help. `playbook` is the path of a YAML file
    that says what is done with each group, where not as shipped; `contacts` is how many customers can be contacted in
    a period (null: as many as owners can); `control_share` of all customers, drawn by `control_seed`, is held back;
    `assumed_effect` is the share of what is at risk that contacting customers is assumed to save (null: none is).
    `due_by_owner` has the due list in a file for each owner, too. Of a series (`every`), only the newest `keep`
    reports stay published, where that is not null.

    `edition` says for whom the report is: an `analyst`, a `stakeholder`, to whom no customer is told, by whatever
    name, or `both`. `export_ids` puts the ids of customers into customers.csv, customers.xlsx and due.csv, which
    otherwise have pseudonyms alone.

    >>> params = ReportParams(name="demo", source="cdnow_sample", as_of="1998-06-30", holdout="39 weeks")
    >>> params.horizon, params.rfm
    ('12 months', {'n_bins': 5})
    >>> ReportParams(name="demo", source="cdnow_sample", as_of="1998-06-30", horizn="1 year")
    Traceback (most recent call last):
    clvlab.errors.ParamsError: 1 problem with the parameters:
      - `horizn` is unknown. Did you mean 'horizon'?
    """

    kind: ClassVar[Literal["", "report", "comparison"]] = "report"
    command: ClassVar[Literal["", "report", "compare"]] = "report"
    nested: ClassVar[Mapping[str, Iterable[str]]] = {
        **RunParams.nested,
        "rfm": Rfm.__annotations__,
        "alerts": Alerts.__annotations__,
        "strategy": ByAttribute.__annotations__,
    }

    strategy: StrategyChoice = AUTO
    rfm: Rfm = Field(default_factory=partial(Rfm, n_bins=5))
    n_clusters: Annotated[int, Field(ge=2, le=20)] | None = None
    low_value: LowValue | None = None
    covariates: Texts = ()
    every: Every | None = None
    rule: Literal["fixed", "refit"] = "fixed"
    keep: Annotated[int, Field(ge=1)] | None = None
    edition: Editions = "analyst"
    export_ids: bool = False
    alerts: Alerts = Field(default_factory=partial(Alerts, customers=5, share=0.05))
    playbook: Text | None = None
    contacts: Annotated[int, Field(ge=1)] | None = None
    control_share: Annotated[float, Field(ge=0, lt=0.5)] = 0.0
    control_seed: Annotated[int, Field(ge=0)] = 0
    assumed_effect: Annotated[float, Field(gt=0, le=1)] | None = None
    due_by_owner: bool = False

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        if self.every:
            refuse_within(self.every, self.as_of)
        elif self.keep:
            raise ParamsError(
                f"`keep: {self.keep}` is for a series of reports, and `every` is missing. Say how often the report "
                "is made, as in `every: month`, or leave `keep` out."
            )

    @property
    def period(self) -> Every:
        """How often the report is made; where the parameters do not say it, figures are compared by the quarter."""
        return self.every or "quarter"

    @property
    def known_until(self) -> date | None:
        """The end of its period, for a report of a series: what came later changes nothing in it."""
        return self.as_of if self.every else None

    def settled(self, *, has_amounts: bool) -> Self:
        """The parameters with the strategy that the log allows, where they name none.

        >>> params = ReportParams(name="demo", source="log.csv", as_of="2024-06-30")
        >>> params.strategy, params.settled(has_amounts=False).strategy
        ('auto', 'lifecycle5')
        """
        if self.strategy != AUTO:
            return self
        return self.model_copy(update={"strategy": WITH_MONEY if has_amounts else WITHOUT_MONEY})

    def of_one_run(self) -> Self:
        """The parameters without how many reports the series keeps."""
        return self.model_copy(update={"keep": None})

    @property
    def chosen(self) -> tuple[Any, ...]:
        """The strategy alone."""
        return (self.strategy,)

    @property
    def editions(self) -> tuple[Edition, ...]:
        """For whom there are pages."""
        return editions(self.edition)
