"""Weekdays: on which days of the week the log has rows."""

import polars as pl

from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation.context import Context


def compute(context: Context) -> Section:
    """Table `days` (weekday, 1 is Monday; rows; share)."""
    counted = context.window.group_by(weekday=pl.col("date").dt.weekday()).agg(rows=pl.len()).sort("weekday")
    days = counted.with_columns(share=pl.col("rows") / pl.col("rows").sum())
    busiest = days.row(days["rows"].arg_max(), named=True)
    findings = {
        "lead": Finding.of("weekdays.lead", days=days.height),
        "days": Finding.of("weekdays.days", weekday=busiest["weekday"], share=busiest["share"]),
    }
    return Section({"days": days}, findings)
