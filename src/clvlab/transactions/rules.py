"""The rules that refuse rows, and the account of every row that was read."""

from typing import Literal

import polars as pl

REFUSALS = {
    "missing_customer": "no customer_id",
    "missing_date": "no date",
    "unreadable_date": "a date that cannot be read",
    "missing_amount": "no amount",
    "unreadable_amount": "an amount that is no number",
    "infinite_amount": "an amount that is infinite, or beyond 10^15",
    "zero_amount": "an amount of zero, by the policy zero_amounts: refuse",
}


def quality_table(counts: pl.DataFrame, merged: tuple[int, float]) -> pl.DataFrame:
    """Account for every row: read = accepted + refused + merged, in rows and in money.

    Parameters
    ----------
    counts : rule (null for rows that pass), rows, amount
    merged : rows and amount of exact duplicates that were dropped

    Returns
    -------
    rule, rows, share (of the rows read), amount: first `read`, `accepted`, `merged`, then each rule that refused
    """
    refused = {row["rule"]: row for row in counts.iter_rows(named=True)}
    passed = refused.pop(None, {"rows": 0, "amount": 0.0})
    rows = [
        ("read", int(counts["rows"].sum()), float(counts["amount"].sum())),
        ("accepted", passed["rows"] - merged[0], passed["amount"] - merged[1]),
        ("merged", *merged),
        *(
            (rule, refused.get(rule, {}).get("rows", 0), refused.get(rule, {}).get("amount", 0.0))
            for rule in REFUSALS
        ),
    ]
    table = pl.DataFrame(rows, schema={"rule": pl.String, "rows": pl.Int64, "amount": pl.Float64}, orient="row")
    read = max(table["rows"][0], 1)
    return table.select("rule", "rows", (pl.col("rows") / read).alias("share"), pl.col("amount").round(6))


Duplicates = Literal["keep", "drop"]
ZeroAmounts = Literal["keep", "refuse"]
