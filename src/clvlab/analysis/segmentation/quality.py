"""Data quality: where every row went, and whether there is enough to predict from."""

import polars as pl

from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation.context import Context
from clvlab.customers import minimum_data
from clvlab.money import exact_sum

_NOT_REFUSED = ("read", "accepted", "merged", "filtered", "outside_window")


def compute(context: Context) -> Section:
    """Tables `rows` (rule, rows, share, amount) and `gate` (check, required, found, passed)."""
    rows = _with_window(context)
    gate = minimum_data(context.log, context.as_of)
    refused = rows.filter(~pl.col("rule").is_in(["read", "accepted", "merged", "filtered", "outside_window"]))[
        "rows"
    ].sum()
    failed = gate.filter(~pl.col("passed")).height
    read = int(rows.filter(pl.col("rule") == "read")["rows"].sum())
    used = int(rows.filter(pl.col("rule") == "accepted")["rows"].sum())
    return Section(
        tables={"rows": rows, "gate": gate},
        findings={
            "lead": Finding.of("quality.lead", read=read, used=used, share=used / max(read, 1), refused=refused),
            "gate": Finding.of(f"quality.gate_{'failed' if failed else 'passed'}", failed=failed, checks=gate.height),
        },
    )


def _with_window(context: Context) -> pl.DataFrame:
    """The reader's quality table, with the accepted rows after the run's day in a row of their own."""
    quality = context.log.quality
    later = context.log.accepted.filter(pl.col("date") > context.as_of)
    amount = exact_sum(pl.col("amount")) if context.has_amounts else pl.lit(None, pl.Float64)
    outside, money = later.select(pl.len(), amount.alias("amount")).collect().row(0)
    read = quality.filter(pl.col("rule") == "read")["rows"].sum()
    inside = pl.when(pl.col("rule") == "accepted")
    kept = quality.with_columns(
        rows=inside.then(pl.col("rows") - outside).otherwise(pl.col("rows")),
        amount=inside.then(pl.col("amount") - (money or 0.0)).otherwise(pl.col("amount")),
    )
    row = pl.DataFrame({"rule": ["outside_window"], "rows": [outside], "share": [0.0], "amount": [money]})
    table = pl.concat([kept, row.select(pl.col(name).cast(dtype) for name, dtype in kept.schema.items())])
    return table.with_columns(share=pl.col("rows") / max(read, 1))
