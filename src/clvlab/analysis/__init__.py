"""From parameters to the tables of a report: `analyse` runs the list of sections over one context."""

import resource
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from time import perf_counter
from types import MappingProxyType, ModuleType
from typing import Any

import polars as pl

from clvlab.analysis import (
    appendix,
    base_health,
    clusters,
    cohorts,
    glossary,
    movement,
    profiles,
    quality,
    rules,
    segments,
    summary,
    validation,
    value,
    watch,
)
from clvlab.analysis.context import Context
from clvlab.analysis.section import Finding, Section
from clvlab.errors import DataError
from clvlab.frames import TransactionLog
from clvlab.logs import read_log
from clvlab.params import ReportParams

__all__ = ["SECTIONS", "Context", "Finding", "Results", "Section", "analyse"]

SECTIONS: Mapping[str, ModuleType] = MappingProxyType(
    {
        "summary": summary,
        "quality": quality,
        "base_health": base_health,
        "segments": segments,
        "movement": movement,
        "cohorts": cohorts,
        "clusters": clusters,
        "value": value,
        "watch": watch,
        "profiles": profiles,
        "validation": validation,
        "rules": rules,
        "glossary": glossary,
        "appendix": appendix,
    }
)


@dataclass(frozen=True)
class Results(Mapping[str, Section]):
    """The sections of a report in their order, with the parameters and the customer table behind them."""

    params: ReportParams
    log: TransactionLog
    sections: Mapping[str, Section]
    customers: pl.DataFrame
    measurements: pl.DataFrame

    def __getitem__(self, name: str) -> Section:
        return self.sections[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.sections)

    def __len__(self) -> int:
        return len(self.sections)

    def customer(self, customer_id: str) -> dict[str, Any]:
        """Everything known of one customer; DataError where there is none of that id."""
        rows = self.customers.filter(pl.col("customer_id") == str(customer_id))
        if rows.is_empty():
            examples = ", ".join(map(repr, self.customers["customer_id"].head(3)))
            raise DataError(
                f"No customer {customer_id!r} among {self.customers.height:,}. Ids are text, such as {examples}."
            )
        return rows.row(0, named=True)


def analyse(params: ReportParams | Mapping[str, Any], *, log: TransactionLog | None = None) -> Results:
    """The tables of a segmentation report.

    Parameters
    ----------
    params : the parameters of a run, or a mapping of them; see `clvlab.params.ReportParams`
    log : a log that is already read, in place of the one that `params.source` names

    Returns
    -------
    An ordered, frozen mapping: section -> table name -> table. `results.customer(id)` is one customer's row.
    """
    checked = params if isinstance(params, ReportParams) else ReportParams(**params)
    measured: list[tuple[str, float, float]] = []

    def timed(name: str, step: Any) -> Any:
        start = perf_counter()
        result = step()
        measured.append((name, perf_counter() - start, _peak_megabytes()))
        return result

    context: Context = timed("read", lambda: Context(checked, log or read_log(checked)))
    sections = {name: timed(name, lambda module=module: module.compute(context)) for name, module in SECTIONS.items()}
    return Results(
        params=checked,
        log=context.log,
        sections=MappingProxyType(sections),
        customers=context.table,
        measurements=pl.DataFrame(measured, schema=["section", "seconds", "peak_mb"], orient="row"),
    )


def _peak_megabytes() -> float:
    """Largest resident memory of this process so far."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
