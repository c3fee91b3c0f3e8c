"""Which published comparison last judged the strategy of a report, and how the strategy did there.

Runner and notebook both ask `last_judgement`: what the page says of it is what the run's key holds.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

from clvlab.columns import MODELLED, names
from clvlab.grouping import Strategy, find, strategies
from clvlab.inputs import Snapshot, map_sources
from clvlab.params import CompareParams, ReportParams, strategy_name
from clvlab.units import Span
from clvlab.wording import Words

_TABLE = "tables/recommendation_every_strategy.csv"
_COLUMNS = ("strategy", "gini", "gini_low", "gini_high", "recommended")
_LOG = ("source", "items", "returns", "columns", "reading")
"""Parameters that say which log it is."""
_VALUES = ("time_unit", "model", "horizon", "annual_discount_rate", "margin", "season", "events")
"""Parameters that say how customers are valued."""
_NOT_READABLE = (OSError, ValueError, KeyError, TypeError, OverflowError, csv.Error)
"""What reading a folder ends in that is another's, or damaged."""


@dataclass(frozen=True)
class Judgement:
    """How a strategy did in a published comparison.

    Attributes
    ----------
    series, as_of, key : the folder of the comparison's series, its day, and the key of its inputs
    start : first day on which groups were formed; they were judged on (start, as_of]
    gini, low, high : of the strategy; the interval holds with 95 % for all strategies at once, and may be open
    place, n_strategies : its place among those judged, from 1
    recommended : the strategy that was recommended there, if one was
    """

    series: str
    as_of: date
    key: str
    start: date
    gini: float
    low: float | None
    high: float | None
    place: int
    n_strategies: int
    recommended: str | None

    @property
    def comparison(self) -> dict[str, str]:
        """Which comparison it was, as plain JSON values."""
        return {"series": self.series, "as_of": self.as_of.isoformat(), "key": self.key}


@dataclass(frozen=True)
class _Published:
    """A published comparison: its folder, its parameters, the key of its inputs, and path -> SHA-256 of its files."""

    folder: Path
    params: CompareParams
    key: str
    read: Mapping[str, str]
    written: Mapping[str, str]

    @classmethod
    def of(cls, folder: Path) -> "_Published":
        """What the manifest of a folder says; _NOT_READABLE where it is another's, or damaged."""
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        if "strategies" not in manifest["parameters"]:
            raise ValueError(f"{folder} is of another kind")
        params = CompareParams(**manifest["parameters"])
        if params.as_of.isoformat() != folder.name:
            raise ValueError(f"{folder} has the name of another day than {params.as_of}")
        return cls(folder, params, str(manifest["key"]), dict(manifest["files"]), dict(manifest["outputs"]))

    def rows(self) -> list[dict[str, str]]:
        """The table of all strategies, in codes, best first; ValueError where it is not as published."""
        found = (self.folder / _TABLE).read_bytes()
        if sha256(found).hexdigest() != self.written[_TABLE]:
            raise ValueError(f"{self.folder / _TABLE} is not as it was published")
        rows = list(csv.DictReader(io.StringIO(found.decode("utf-8-sig"), newline="")))
        return rows if self.params.export_labels == "codes" else [self._in_codes(row) for row in rows]

    def _in_codes(self, row: Mapping[str, str]) -> dict[str, str]:
        words = Words(self.params.languages[0])
        known = (*strategies, *map(strategy_name, self.params.strategies))
        codes = {words.name("strategies", code): code for code in known}
        found = {column: row[words.attribute(column)] for column in _COLUMNS}
        return {**found, "strategy": codes.get(found["strategy"], found["strategy"])}


def last_judgement(params: ReportParams) -> Judgement | None:
    """How the report's strategy did in the last comparison of its log published in its output folder, up to its day.

    A comparison counts if it judged the strategy as the report applies it: from the same map or groups of an
    attribute, scored alike and, where the strategy groups by modelled values, valued alike. Of several of one day the
    first by name counts. Folders that are not readable as what a comparison publishes are passed over.
    """
    for folder in _days(params):
        try:
            published = _Published.of(folder)
            if _is_same(published, params) and (found := _judgement(published, strategy_name(params.strategy))):
                return found
        except _NOT_READABLE:
            continue
    return None


def _days(params: ReportParams) -> Iterator[Path]:
    """The folders of published days up to the report's, the newest first, then by name of the series."""
    found = [path.parent for path in params.output_folder.glob("*/*-*-*/manifest.json")]
    by_name = sorted(folder for folder in found if folder.name <= params.as_of.isoformat())
    return iter(sorted(by_name, key=lambda folder: folder.name, reverse=True))


def _is_same(published: _Published, params: ReportParams) -> bool:
    """Whether a comparison is of the report's log, and has its strategy as the report applies it."""
    theirs, name = published.params, strategy_name(params.strategy)
    named = {strategy_name(choice): choice for choice in theirs.strategies}
    if named.get(name, name) != params.strategy or not _agree(theirs, params, _LOG):
        return False
    strategy, maps = find(params.strategy, params.rfm.get("n_bins")), Snapshot.of(map_sources(params))
    return (
        strategy == find(params.strategy)
        and maps.digests.items() <= published.read.items()
        and (not _is_of_values(strategy) or (_agree(theirs, params, _VALUES) and not params.covariates))
    )


def _agree(theirs: CompareParams, ours: ReportParams, keys: tuple[str, ...]) -> bool:
    return all(getattr(theirs, key) == getattr(ours, key) for key in keys)


def _is_of_values(strategy: Strategy) -> bool:
    return bool(strategy.needs & set(names(MODELLED)))


def _judgement(published: _Published, strategy: str) -> Judgement | None:
    """How a strategy did; None where it was not among those judged."""
    theirs, rows = published.params, published.rows()
    judged = [row["strategy"] for row in rows]
    if strategy not in judged:
        return None
    place = judged.index(strategy)
    low, high = (rows[place][end] for end in ("gini_low", "gini_high"))
    return Judgement(
        series=published.folder.parent.name,
        as_of=theirs.as_of,
        key=published.key,
        start=theirs.as_of - theirs.cutoffs * timedelta(days=round(Span.parse(theirs.holdout).days)),
        gini=float(rows[place]["gini"]),
        low=float(low) if low else None,
        high=float(high) if high else None,
        place=place + 1,
        n_strategies=len(rows),
        recommended=next((row["strategy"] for row in rows if row["recommended"] == "true"), None),
    )
