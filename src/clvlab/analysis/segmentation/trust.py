"""Trust, on one screen: whether the last forecast held, whether the data got worse, and what nobody can know here."""

from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import polars as pl

from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation.context import Context
from clvlab.analysis.segmentation.kept_forecasts import kept_forecasts
from clvlab.customers import MOSTLY_ONE_TIME, minimum_data, one_time_share
from clvlab.errors import ParamsError
from clvlab.frames import TransactionLog
from clvlab.sources.dates import given_format
from clvlab.units import Span
from clvlab.wording import Name

WORSE_FROM = 0.005
"""Half a percent: by so much the share of refused rows must differ from that of before to be called another."""


def compute(context: Context) -> Section:
    """Tables `forecasts` and `rows`; of a first period only `rows`.

    forecasts : as by `kept_forecasts`
    rows : first_day, last_day, accepted, refused, share_refused (of both): all up to the period, and the period; a
        row only where the log has rows. Refused rows count by their date; those without a readable one in neither
    """
    kept, rows = kept_forecasts(context), _rows(context)
    findings = {
        **_told(context, kept),
        **_data(context, rows),
        "gate": _gate(context),
        **_unknown(context),
    }
    return Section({"rows": rows} if kept.is_empty() else {"forecasts": kept, "rows": rows}, findings)


def _told(context: Context, kept: pl.DataFrame) -> dict[str, Finding]:
    """How the forecast of the period that has passed turned out, and how those of the periods before did."""
    lapse = Name("lapses", context.params.period)
    if kept.is_empty():
        day = context.day_before(context.as_of)
        if not context.holds(day):
            return {"lead": Finding.of("trust.first", lapse=lapse)}
        return {"lead": Finding.of("trust.no_model", day=day)}
    last = {what: rows.row(-1, named=True) for (what,), rows in kept.group_by("what", maintain_order=True)}
    places = {"lead": "purchases", "spend": "spend"}
    found = {name: _verdict(what, last[what]) for name, what in places.items() if what in last}
    main = kept.filter(pl.col("what") == "purchases", pl.col("actual") > 0)
    if main.height > 1:
        error = main.select((pl.col("predicted") / pl.col("actual") - 1).abs().mean()).item()
        found["record"] = Finding.of("trust.record", periods=main.height, error=error)
    return found


def _verdict(what: str, row: dict[str, Any]) -> Finding:
    key = "more" if row["actual"] > row["honest_high"] else "less"
    return Finding.of(f"trust.{what}_{'held' if row['held'] else key}", **row)


def _rows(context: Context) -> pl.DataFrame:
    """What was accepted and refused up to the period, and within it."""
    day, dated = context.day_before(context.as_of), _refused_days(context.log).drop_nulls()
    accepted = context.rows.select("date").collect(engine="streaming")["date"]
    counts = [
        (first, last, _within(accepted, first, last), _within(dated, first, last))
        for first, last in ((context.first_day, day), (day + timedelta(days=1), context.as_of))
    ]
    schema = {"first_day": pl.Date, "last_day": pl.Date, "accepted": pl.Int64, "refused": pl.Int64}
    both = pl.col("accepted") + pl.col("refused")
    table = pl.DataFrame(counts, schema=schema, orient="row").filter(both > 0)
    return table.with_columns(share_refused=pl.col("refused") / both)


def _within(days: pl.Series, first: date, last: date) -> int:
    return int(days.is_between(first, last).sum())


def _refused_days(log: TransactionLog) -> pl.Series:
    """The day of every refused row, as far as it has one that can be read."""
    column = log.detected.get("columns", {}).get("date")
    if column not in log.rejected.columns:
        return pl.Series("day", [None] * log.rejected.height, dtype=pl.Date)
    written: pl.Series = log.rejected[column]
    if written.dtype.is_temporal():
        return written.cast(pl.Date)
    days = [pl.lit(None, pl.Date).alias("day")]
    for date_format in log.detected.get("date_formats", ()):
        # Of cells that are days or numbers no format is named.
        with suppress(ParamsError):
            days.append(given_format(date_format).days(pl.col("day")))
    return written.cast(pl.String).to_frame("day").select(pl.coalesce(days)).to_series()


def _data(context: Context, rows: pl.DataFrame) -> dict[str, Finding]:
    """Whether a larger share of the period's rows was refused than of those before."""
    undated = _refused_days(context.log).null_count()
    told = {"undated": Finding.of("trust.undated", undated=undated)} if undated else {}
    if rows.height < 2:
        return told
    before, now = rows.iter_rows(named=True)
    figures = {
        "refused": now["refused"],
        "rows": now["refused"] + now["accepted"],
        "now": now["share_refused"],
        "before": before["share_refused"],
    }
    return {"data": Finding.of(f"trust.data_{_which(**figures)}", **figures), **told}


def _which(*, now: float, before: float, **_: object) -> str:
    """Which sentence tells of these shares."""
    if now == before == 0:
        return "clean"
    if abs(now - before) < WORSE_FROM:
        return "same"
    return "worse" if now > before else "better"


def _gate(context: Context) -> Finding:
    checks = minimum_data(context.log, context.as_of)
    failed = checks.filter(~pl.col("passed")).height
    return Finding.of(f"quality.gate_{'failed' if failed else 'passed'}", failed=failed, checks=checks.height)


def _unknown(context: Context) -> dict[str, Finding]:
    """What no figure of this report knows, as far as it is so here."""
    return {"world": _world(context), **_once(context), **_looks_far(context), **_people(context)}


def _world(context: Context) -> Finding:
    """What drives sales and is not in the log: where the models follow a calendar, they know of that."""
    calendar = context.calendar(context.as_of)
    if calendar is None:
        return Finding.of("trust.world")
    return Finding.of("trust.world_events" if calendar.factors else "trust.world_season")


def _once(context: Context) -> dict[str, Finding]:
    share = one_time_share(context.base)
    return {"once": Finding.of("trust.once", share=share)} if share >= MOSTLY_ONE_TIME else {}


def _looks_far(context: Context) -> dict[str, Finding]:
    """That nobody was ever seen for as long as values look ahead."""
    if context.models.purchases is None or Span.parse(context.horizon).days <= context.history:
        return {}
    return {"far": Finding.of("trust.far", horizon=context.horizon, days=context.history)}


def _people(context: Context) -> dict[str, Finding]:
    """Who is in no forecast, and what is not known of customers."""
    prospects = context.base.data.height - context.buyers.height
    found = {"prospects": Finding.of("trust.prospects", prospects=prospects)} if prospects else {}
    return {**found, "why": Finding.of("trust.why_attributes" if context.attributes else "trust.why")}
