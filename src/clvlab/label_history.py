"""Which group every customer was in, report by report: one table that grows with a series."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from clvlab.errors import DataError
from clvlab.whole_files import write_whole

FILE = "history.parquet"
CUSTOMERS_FILE, RULE_FILE, HEADLINE_FILE = "customers.parquet", "rule.json", "headline.json"
"""Of a published report: its customers, the rule that grouped them, and its headline figures."""
SCHEMA = {
    "as_of": pl.Date,
    "customer_id": pl.String,
    "strategy": pl.String,
    "group": pl.String,
    "value": pl.Float64,
}
_RUNS = "runs"


def history(series: str | Path) -> pl.DataFrame:
    """The groups of customers in every report that a series has published, also in those that it no longer keeps.

    Parameters
    ----------
    series
        its folder, such as "reports/cdnow"

    Returns
    -------
    as_of (the report's day), customer_id, strategy, group (stable code), value (what the customer was expected to
    bring over the report's horizon, in the currency; null where nobody was valued); by day, then as in the report

    Raises
    ------
    DataError : there is no history in the folder
    """
    path = Path(series) / FILE
    if not path.is_file():
        raise DataError(
            f"{path} does not exist. Name the folder of a series, such as 'reports/cdnow', in which `clvlab report` "
            "or `clvlab backfill` has published."
        )
    return pl.read_parquet(path, glob=False)


@dataclass(frozen=True)
class LabelledRun:
    """A published report: its day, the key of its inputs, the name of its strategy, and the file of its customers."""

    as_of: date
    key: str
    strategy: str
    customers: Path


def enter(folder: Path, runs: Iterable[LabelledRun]) -> None:
    """Bring the history of the series in a folder in line with its published runs, in one step.

    What it knows is not read again. Days that are no longer published stay, as the last run of them had it: a history
    is what one keeps when reports go. To be rid of them, remove the file; it is made again of what is published.
    """
    path = folder / FILE
    entered, known = _entered(path)
    fresh = {run.as_of: run for run in runs if known.get(run.as_of.isoformat()) != run.key}
    if not fresh:
        return
    labels = pl.concat([entered.filter(~pl.col("as_of").is_in(list(fresh))), *map(_labels, fresh.values())])
    keys = {**known, **{day.isoformat(): run.key for day, run in fresh.items()}}
    _write(labels.sort("as_of", maintain_order=True), keys, path)


def _entered(path: Path) -> tuple[pl.DataFrame, dict[str, str]]:
    """The history as it is, and the key of each of its runs; empty where there is none, or it cannot be read."""
    try:
        keys: dict[str, str] = json.loads(pl.read_parquet_metadata(path)[_RUNS])
        return pl.read_parquet(path, glob=False), keys
    except (OSError, ValueError, KeyError, pl.exceptions.PolarsError):
        return pl.DataFrame(schema=SCHEMA), {}


def _labels(run: LabelledRun) -> pl.DataFrame:
    """The rows of one run."""
    customers = pl.read_parquet(run.customers, columns=["customer_id", "group", "clv"], glob=False)
    return customers.select(
        as_of=pl.lit(run.as_of), customer_id="customer_id", strategy=pl.lit(run.strategy), group="group", value="clv"
    )


def _write(table: pl.DataFrame, keys: Mapping[str, str], path: Path) -> None:
    write_whole(path, lambda fresh: table.write_parquet(fresh, metadata={_RUNS: json.dumps(keys)}))
