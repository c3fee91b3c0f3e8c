"""What the customers on a series' due lists did until its next run."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path

import polars as pl

from clvlab.errors import DataError
from clvlab.playbook.playbook import MONTHS

DUE = "due.parquet"
_LISTED = ("customer_id", "is_control", "cadence")
_TOTALS = ("customer_id", "total_spend", "n_purchases")


def follow(series: Path, days: Sequence[date]) -> pl.DataFrame:
    """Everybody on the due list of a published run, and what they did until the next one.

    Whoever is on several lists counts again only when the cadence by which they were on one is over: those who were
    contacted are then off the list, if their last contact is known, and those who were held back would stay on it.

    Parameters
    ----------
    series
        the folder of a series, such as reports/cdnow
    days
        the days of its published runs

    Returns
    -------
    since, until, customer_id, is_control, revenue, bought; first period first

    Raises
    ------
    DataError : there are no two runs, no run but the last has a due list, or nobody was held back
    """
    runs = sorted(days)
    if not runs:
        raise DataError(f"{series} has no published runs. Name the folder of a series, such as reports/cdnow.")
    if len(runs) == 1:
        raise DataError(
            f"{series} has one run, of {runs[0]}. What its contacts brought is known when the run of the next period "
            "is published: `clvlab report PARAMS.yaml --as-of DATE`."
        )
    lists = [(since, until) for since, until in pairwise(runs) if (series / since.isoformat() / DUE).exists()]
    if not lists:
        raise DataError(
            f"No run of {series} before that of {runs[-1]} has a due list ({DUE}). A report of a log with amounts "
            "has one: publish these runs again, or wait for the next period."
        )
    counted = pl.concat([_period(series, since, until) for since, until in lists]).pipe(_counted)
    if not counted["is_control"].any():
        raise DataError(
            f"Nobody on the due lists of {series} was held back, and there is nobody to compare with. Set "
            "`control_share: 0.1`; when two more periods are published, the first of them can be judged."
        )
    return counted.drop("cadence")


def follow_in_log(
    lists: Mapping[date, Path], last: date, totals: Callable[[date], pl.DataFrame]
) -> pl.DataFrame | None:
    """The same of the lists of these days, up to a last one, as a log has it.

    Parameters
    ----------
    lists
        day -> the due list that was published then, as `DUE`
    last
        the day up to which the latest list is followed
    totals
        of a day, gives customer_id, total_spend and n_purchases of everybody whom a list can name

    Returns
    -------
    As `follow`; None where there is no list, or nobody on the lists was held back
    """
    days = sorted(lists)
    if not days:
        return None
    periods = []
    for since, until in pairwise([*days, last]):
        listed = _read(lists[since], _LISTED).join(totals(since), on="customer_id", maintain_order="left")
        periods.append(_followed(listed, totals(until), since, until))
    counted = _counted(pl.concat(periods))
    return counted.drop("cadence") if counted["is_control"].any() else None


def _period(series: Path, since: date, until: date) -> pl.DataFrame:
    listed = _read(series / since.isoformat() / DUE, (*_LISTED, *_TOTALS[1:]))
    return _followed(listed, _read(series / until.isoformat() / "customers.parquet", _TOTALS), since, until)


def _followed(listed: pl.DataFrame, after: pl.DataFrame, since: date, until: date) -> pl.DataFrame:
    return listed.join(after, on="customer_id", suffix="_after", maintain_order="left").select(
        "customer_id",
        "is_control",
        "cadence",
        since=pl.lit(since),
        until=pl.lit(until),
        revenue=pl.col("total_spend_after") - pl.col("total_spend"),
        bought=pl.col("n_purchases_after") > pl.col("n_purchases"),
    )


def _read(path: Path, columns: Sequence[str]) -> pl.DataFrame:
    try:
        return pl.read_parquet(path, columns=list(columns), glob=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path} cannot be read: {reason}. Publish that run again, with --force.") from None


def _counted(followed: pl.DataFrame) -> pl.DataFrame:
    """The rows without those of customers whose cadence is not over since they last counted."""
    length = pl.format("{}mo", pl.col("cadence").replace_strict(MONTHS, return_dtype=pl.Int64))
    until_when = pl.DataFrame(schema={"customer_id": pl.String, "again": pl.Date})
    counted = []
    for _, rows in followed.group_by("since", maintain_order=True):
        known = rows.join(until_when, on="customer_id", how="left", maintain_order="left")
        now = known.filter(pl.col("again").is_null() | (pl.col("again") <= pl.col("since"))).drop("again")
        counted.append(now)
        later = now.select("customer_id", again=pl.col("since").dt.offset_by(length))
        until_when = pl.concat([until_when.join(later, on="customer_id", how="anti"), later])
    return pl.concat(counted)
