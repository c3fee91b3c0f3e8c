"""Judged rows become a log: those that pass, those that are refused, and the account of all."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import polars as pl

from clvlab.columns import LOG, names
from clvlab.customer_days import CustomerDays, brought_together
from clvlab.errors import DataError, MissingColumnsError, all_refused, counted
from clvlab.frames import TransactionLog
from clvlab.scratch import scratch_file
from clvlab.sources import OURS
from clvlab.sources.faults import fault
from clvlab.sources.headers import plain_header
from clvlab.transactions.rules import RULES, account, meaning, quality_table
from clvlab.wording import Name

RULE, DAY = OURS + "rule", OURS + "day"
_NO_KEY = OURS + "no_key"


def sort_out(
    judged: pl.LazyFrame, left_out: pl.LazyFrame | None, key: Sequence[str] | None, *, drops: bool, lazily: bool
) -> tuple[TransactionLog, pl.LazyFrame, pl.DataFrame]:
    """The log of judged rows; then those that pass and those that do not, with all columns of the source.

    Lazily, each figure is a pass of its own: passes taken together would keep all rows in memory between them. The
    rows that pass are then set down in a file, so that no later step judges them again.

    Parameters
    ----------
    judged
        rows with the rule that refuses each, null for those that pass
    left_out
        rows that a filter has left out before; None without a filter
    key
        columns by which rows are repetitions of each other; None takes all that the source has
    drops
        whether repetitions are merged into the first of them
    lazily
        whether the rows are too many for memory
    """
    found = sorted_out(judged, left_out, key, drops=drops)
    refused = _as_it_stood(found.rejected)
    if lazily:
        return TransactionLog(_set_down(found.accepted), refused, found.quality), found.passed, found.rejected
    rows = found.accepted.collect()
    days = brought_together(rows.lazy().with_row_index("place"), rows.height)
    repeated = _merged(found.quality) if drops else _repeated(found.passed, rows.height, found.subset, days)
    log = TransactionLog(rows.lazy(), refused, found.quality, {"duplicate_rows": repeated})
    return log.knowing([replace(part, shared=None) for part in days]), found.passed, found.rejected


class Sorted(NamedTuple):
    """Judged rows by what becomes of them.

    accepted : those that pass, without repetitions where these are merged; the columns of a log
    passed : those that pass, with all columns
    subset : the columns in which repetitions are equal
    rejected : those that do not pass, with all columns
    quality : the account of all
    """

    accepted: pl.LazyFrame
    passed: pl.LazyFrame
    subset: list[str]
    rejected: pl.DataFrame
    quality: pl.DataFrame


def sorted_out(
    judged: pl.LazyFrame,
    left_out: pl.LazyFrame | None = None,
    key: Sequence[str] | None = None,
    *,
    drops: bool = False,
) -> Sorted:
    """Judged rows by what becomes of them; parameters as of `sort_out`."""
    rejected = _rejected(judged)
    passed = judged if rejected.is_empty() else judged.filter(pl.col(RULE).is_null())
    count = passed.select(account(judged)).collect(engine="streaming")
    by_rule = pl.concat(
        [
            count.select(pl.lit(None, pl.String).alias("rule"), "rows", "millionths"),
            rejected.group_by(pl.col(RULE).alias("rule")).agg(account(judged)),
        ]
    )
    filtered = None if left_out is None else left_out.select(account(left_out)).collect(engine="streaming")
    kept, (keyed, subset) = passed, _keyed(passed, key)
    if drops:
        kept = keyed.unique(subset, keep="first", maintain_order=True)
        count = kept.select(account(judged)).collect(engine="streaming")
    return Sorted(_accepted(kept), passed, subset, rejected, quality_table(by_rule, count, filtered))


def _rejected(judged: pl.LazyFrame) -> pl.DataFrame:
    """The rows that a rule refuses; to see that there are none takes no column of a clean source."""
    n_refused = judged.select(pl.col(RULE).count()).collect(engine="streaming").item()
    refused = judged.filter(pl.col(RULE).is_not_null()) if n_refused else judged.clear()
    return refused.collect(engine="streaming")


def _merged(quality: pl.DataFrame) -> int:
    return int(quality.filter(rule="merged")["rows"].item())


def _repeated(passed: pl.LazyFrame, n_rows: int, subset: Sequence[str], days: Sequence[CustomerDays]) -> int:
    """How many rows are equal to one before them in these columns: such rows share a customer's day."""
    shared = pl.concat(part.shared for part in days if part.shared is not None)
    # A filter goes through the rows as they lie, where looking places up would first lay each column out anew.
    is_shared = pl.zeros(n_rows, pl.Boolean, eager=True).scatter(shared, values=True)
    rows = passed.select(subset).filter(is_shared)
    return int(rows.select(pl.len() - pl.struct(pl.all()).hash().n_unique()).collect().item())


def check_not_all_refused(log: TransactionLog, mapping: Mapping[str, str]) -> None:
    """Raise DataError where no row is left, with the reasons and an example."""
    counts = dict(log.quality.select("rule", "rows").iter_rows())
    if counts["read"] == 0:
        raise fault("no_rows")
    if counts["accepted"] == 0:
        reasons = ", ".join(f"{meaning(rule)} ({counted(counts[rule], 'row')})" for rule in RULES if rule in counts)
        first = {ours: log.rejected[theirs][0] for ours, theirs in mapping.items() if theirs in log.rejected.columns}
        raise DataError(
            f"{all_refused(counts['read'])}: {reasons}. The first one: {first}. "
            "Check `columns`, `date_format` and `decimal`.",
            code="all_refused",
            rows=counts["read"],
            rule=Name("refusals", max((rule for rule in RULES if rule in counts), key=lambda rule: counts[rule])),
            first=first,
        )


def _keyed(rows: pl.LazyFrame, key: Sequence[str] | None) -> tuple[pl.LazyFrame, list[str]]:
    """The rows, and the columns by which they are repetitions; a row whose key has a gap repeats none."""
    found = rows.collect_schema().names()
    own = [name for name in found if not name.startswith(OURS)]
    if key is None:
        # A cell that is filled from above says nothing itself.
        return rows, [*own, OURS + "customer_id", DAY]
    columns = [_key_column(name, found, own) for name in key]
    has_gap = pl.any_horizontal(pl.col(columns).is_null())
    place = pl.when(has_gap).then(pl.struct(OURS + "file", OURS + "row").hash())
    return rows.with_columns(place.alias(_NO_KEY)), [*columns, _NO_KEY]


def _key_column(name: str, found: Collection[str], own: Sequence[str]) -> str:
    """Our column of this name, else the source's."""
    if name == "date":
        return DAY
    if name in names(LOG) and OURS + name in found:
        return OURS + name
    alike = [column for column in own if plain_header(column) == plain_header(name)]
    if name not in own and len(alike) != 1:
        raise MissingColumnsError("The source", [name], own, hint="Correct the names in `duplicate_key`.")
    return name if name in own else alike[0]


def _accepted(rows: pl.LazyFrame) -> pl.LazyFrame:
    ours = rows.drop(OURS + "date", strict=False).rename({DAY: OURS + "date"})
    found = ours.collect_schema()
    return ours.select(pl.col(OURS + name).alias(name) for name in names(LOG) if OURS + name in found)


def _set_down(rows: pl.LazyFrame) -> pl.LazyFrame:
    """The rows in a file of this process."""
    path = scratch_file()
    rows.sink_parquet(path, compression="lz4")
    return pl.scan_parquet(path, glob=False)


def _as_it_stood(rejected: pl.DataFrame) -> pl.DataFrame:
    """rule, file, row, then the source's own columns; one of the same name gets "(source)" behind it."""
    own = [name for name in rejected.columns if not name.startswith(OURS)]
    first = ("rule", "file", "row")
    return rejected.select(
        *(pl.col(OURS + name).alias(name) for name in first),
        *(pl.col(name).alias(f"{name} (source)" if name in first else name) for name in own),
    )
