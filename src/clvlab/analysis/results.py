"""What a run yields: its sections in their order, and what each of them cost."""

import resource
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from time import perf_counter
from typing import Any, TypeVar

import polars as pl

from clvlab.analysis.customer_file import CustomerFile, CustomerFiles
from clvlab.analysis.section import Section
from clvlab.displays import Named, listed
from clvlab.errors import counted
from clvlab.frames import CustomerSummary, TransactionLog
from clvlab.grouping import Strategy
from clvlab.models import ValueModels
from clvlab.params import ReportParams, RunParams
from clvlab.playbook import Playbook, shipped
from clvlab.wording import Words, languages

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Results(Named[Section]):
    """The sections of a report in their order, with the parameters and the customer table behind them.

    `own_groups` are the codes of groups that are the user's own, whatever they say; `rule` is the rule that gave the
    groups and the day on whose customers it was drawn, as plain JSON values, where there is one. `playbook` says what
    is done with each group, and `due` is who is listed for a contact, with ids: None where there is no such list.
    `base` is the customer table that models and strategy of a report read; a comparison has none of the three.
    """

    params: RunParams
    log: TransactionLog
    sections: Mapping[str, Section]
    customers: pl.DataFrame
    measurements: pl.DataFrame
    own_groups: frozenset[str] = frozenset()
    rule: Mapping[str, Any] | None = None
    playbook: Playbook = field(default_factory=shipped)
    due: pl.DataFrame | None = None
    base: CustomerSummary | None = None
    models: ValueModels | None = None
    strategy: Strategy | None = None

    _thing = "section"

    @property
    def _named(self) -> Mapping[str, Section]:
        return self.sections

    @property
    def _facts(self) -> str:
        return (
            f"{self.params.name!r} as of {self.params.as_of}, {counted(self.customers.height, 'customer')}, "
            f"{counted(len(self), 'section')}: {listed(self, 20)}"
        )

    @property
    def _shown(self) -> pl.DataFrame:
        """Each section with its tables."""
        rows = [(name, listed(section, 12)) for name, section in self.items()]
        return pl.DataFrame(rows, schema={"section": pl.String, "tables": pl.String}, orient="row")

    def customer(self, customer_id: str, *, personal: bool = False) -> CustomerFile:
        """The file of one customer: a mapping of column -> value, with their history, groups and prospects.

        Parameters
        ----------
        customer_id
            text, as in the log
        personal
            show attributes that say who somebody is, such as names and addresses, as well

        Raises
        ------
        DataError : there is no customer of that id
        """
        return self._files.of(customer_id, personal=personal)

    @cached_property
    def _files(self) -> CustomerFiles:
        """What single customers are drawn from; groups are drawn once for all of them."""
        params = self.params
        return CustomerFiles(
            table=self.customers,
            log=self.log,
            as_of=params.as_of,
            customers=self.base,
            models=self.models,
            strategy=self.strategy,
            due=self.due,
            words=Words(languages(params.lang)[0], params.currency, self.own_groups),
            horizon=self.models.terms.horizon if self.models else None,
            playbook=self.playbook,
            low_value=params.low_value if isinstance(params, ReportParams) else None,
        )


@dataclass(frozen=True)
class Stopwatch:
    """Measures steps as they are taken: their time, and the memory at their end."""

    _taken: list[tuple[str, float, float]] = field(default_factory=list)

    def time(self, name: str, step: Callable[[], T]) -> T:
        """What the step returns."""
        start = perf_counter()
        result = step()
        self._taken.append((name, perf_counter() - start, _peak_megabytes()))
        return result

    @property
    def measurements(self) -> pl.DataFrame:
        """section, seconds, peak_mb."""
        return pl.DataFrame(self._taken, schema=["section", "seconds", "peak_mb"], orient="row")


def _peak_megabytes() -> float:
    """Largest resident memory of this process so far."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
