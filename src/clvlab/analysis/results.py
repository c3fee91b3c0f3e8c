"""What a run yields: its sections in their order, and what each of them cost."""

import resource
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, TypeVar

import polars as pl

from clvlab.analysis.section import Section
from clvlab.displays import Displayed, listed
from clvlab.errors import DataError, UnknownNameError, counted
from clvlab.frames import TransactionLog
from clvlab.params import RunParams
from clvlab.playbook import Playbook, shipped

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Results(Displayed, Mapping[str, Section]):
    """The sections of a report in their order, with the parameters and the customer table behind them.

    `own_groups` are the codes of groups that are the user's own, whatever they say; `rule` is the rule that gave the
    groups and the day on whose customers it was drawn, as plain JSON values, where there is one. `playbook` says what
    is done with each group, and `due` is who is listed for a contact, with ids: None where there is no such list.
    """

    # A mapping would compare its frames.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    params: RunParams
    log: TransactionLog
    sections: Mapping[str, Section]
    customers: pl.DataFrame
    measurements: pl.DataFrame
    own_groups: frozenset[str] = frozenset()
    rule: Mapping[str, Any] | None = None
    playbook: Playbook = field(default_factory=shipped)
    due: pl.DataFrame | None = None

    def __getitem__(self, name: str) -> Section:
        if name not in self.sections:
            raise UnknownNameError("section", name, self.sections)
        return self.sections[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.sections)

    def __len__(self) -> int:
        return len(self.sections)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)

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

    def customer(self, customer_id: str) -> dict[str, Any]:
        """Everything known of one customer; DataError where there is none of that id."""
        rows = self.customers.filter(pl.col("customer_id") == str(customer_id))
        if rows.is_empty():
            examples = ", ".join(map(repr, self.customers["customer_id"].head(3)))
            raise DataError(
                f"No customer {customer_id!r} among {self.customers.height:,}. Ids are text, such as {examples}."
            )
        return rows.row(0, named=True)


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
