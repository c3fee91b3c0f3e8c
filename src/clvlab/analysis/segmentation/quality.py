"""Data quality: where every row went, and whether there is enough to predict from."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import polars as pl

from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation.context import Context
from clvlab.customers import minimum_data
from clvlab.grouping import returned_all
from clvlab.money import exact_sum
from clvlab.sources.texts import spelled_apart
from clvlab.transactions.questions import is_open

_WITHOUT_IDS = {"one_id_above_all": "quality.one_id_above_all"}
"""A doubt whose sentence has an id -> the one of a page, which has none."""
_NOT_REFUSED = ("read", "accepted", "merged", "filtered", "outside_window")


def compute(context: Context) -> Section:
    """Tables `rows`, `gate` and, where there are attributes, `attributes`.

    rows : rule, rows, share, amount
    gate : check, required, found, passed
    attributes : table, customers (of whom it knows something by the run's day), buyers (of these), prospects (of whom
        the log knows nothing), coverage (buyers as a share of all), refused (rows that say nothing of anybody)
    """
    rows = _with_window(context)
    gate = minimum_data(context.log, context.as_of)
    refused = rows.filter(~pl.col("rule").is_in(_NOT_REFUSED))["rows"].sum()
    failed = gate.filter(~pl.col("passed")).height
    read = int(rows.filter(pl.col("rule") == "read")["rows"].sum())
    used = int(rows.filter(pl.col("rule") == "accepted")["rows"].sum())
    tables = {"rows": rows, "gate": gate}
    findings = {
        "lead": Finding.of(
            "quality.lead" if refused else "quality.lead_all",
            read=read,
            used=used,
            share=used / max(read, 1),
            refused=refused,
        ),
        "gate": Finding.of(f"quality.gate_{'failed' if failed else 'passed'}", failed=failed, checks=gate.height),
        **_returns(context),
        **_repetitions(context),
        **_questions(context),
    }
    if not context.attributes:
        return Section(tables, findings)
    return Section(tables | {"attributes": _attributes(context)}, findings | _strangers(context))


def _returns(context: Context) -> dict[str, Finding]:
    """How many of the rows used are returns, and their money."""
    if not context.has_amounts:
        return {}
    back = context.rows.filter(pl.col("amount") < 0).select("amount").collect(engine="streaming")["amount"]
    if back.is_empty():
        return {}
    money = back.to_frame().select(exact_sum(pl.col("amount"))).item()
    return {"returns": Finding.of("quality.returns", rows=len(back), amount=money)}


def _repetitions(context: Context) -> dict[str, Finding]:
    """How many rows repeat another in every column and count each time."""
    repeated = context.log.detected.get("duplicate_rows") or 0
    counted = repeated and not context.log.quality.filter(rule="merged")["rows"].sum()
    return {"repeated": Finding.of("quality.repeated", rows=repeated)} if counted else {}


def _questions(context: Context) -> dict[str, Finding]:
    """What the log leaves open and no parameter answers, each with what was taken for now."""
    doubts = context.log.detected.get("doubts", ())
    answered = {"as_of", *context.params.reading}
    asked = [
        Finding.of(_WITHOUT_IDS.get(it["code"], f"doubts.{it['code']}"), **_without_folders(it["figures"]))
        for it in doubts
        if is_open(it["code"], answered)
    ]
    return {"questions": Finding.of("quality.questions", questions=asked)} if asked else {}


def _without_folders(figures: Mapping[str, Any]) -> dict[str, Any]:
    """The figures with the bare name of a file: where it lies is the machine's affair."""
    return {name: PurePath(it).name if name == "file" else it for name, it in figures.items()}


def _attributes(context: Context) -> pl.DataFrame:
    in_log, buyers = _in_log(context), context.buyers["customer_id"]
    found = []
    for table in context.attributes:
        ids = table.as_of(context.as_of)["customer_id"]
        met = ids.filter(ids.is_in(buyers.implode()))
        strangers = int((~ids.is_in(in_log.implode())).sum())
        counts = (len(ids), len(met), strangers, len(met) / len(buyers), sum(table.refused.values()))
        found.append((PurePath(table.name).name, *counts))
    columns = ["table", "customers", "buyers", "prospects", "coverage", "refused"]
    return pl.DataFrame(found, schema=columns, orient="row")


def _in_log(context: Context) -> pl.Series:
    """The customers whom the log knows: those who bought, and those who returned all."""
    base = context.base
    return base.data["customer_id"].filter((base.data["n_purchases"] > 0) | returned_all(base))


def _strangers(context: Context) -> dict[str, Finding]:
    """How many customers only the attributes know, and how many of these only the way of writing keeps apart."""
    buyers, in_log, everybody = context.buyers["customer_id"], _in_log(context), context.base.data["customer_id"]
    strangers = everybody.filter(~everybody.is_in(in_log.implode()))
    known = set(buyers)
    apart = spelled_apart(pl.concat([buyers, strangers]), limit=len(buyers) + len(strangers))
    alike = [spellings for spellings in apart if not known.isdisjoint(spellings) and not known.issuperset(spellings)]
    if strangers.is_empty():
        return {"attributes": Finding.of("quality.attributes_met")}
    findings = {"attributes": Finding.of("quality.attributes", prospects=len(strangers), buyers=len(buyers))}
    if alike:
        findings["alike"] = Finding.of("quality.alike", ids=len(alike))
    return findings


def _with_window(context: Context) -> pl.DataFrame:
    """The reader's quality table, with the accepted rows after the run's day in a row of their own."""
    quality = context.log.quality
    later = context.log.accepted.filter(pl.col("date") > context.as_of)
    amount = exact_sum(pl.col("amount")) if context.has_amounts else pl.lit(None, pl.Float64)
    outside, money = later.select(pl.len(), amount.alias("amount")).collect(engine="streaming").row(0)
    read = quality.filter(pl.col("rule") == "read")["rows"].sum()
    inside = pl.when(pl.col("rule") == "accepted")
    kept = quality.with_columns(
        rows=inside.then(pl.col("rows") - outside).otherwise(pl.col("rows")),
        amount=inside.then(pl.col("amount") - (money or 0.0)).otherwise(pl.col("amount")),
    )
    row = pl.DataFrame({"rule": ["outside_window"], "rows": [outside], "share": [0.0], "amount": [money]})
    table = pl.concat([kept, row.select(pl.col(name).cast(dtype) for name, dtype in kept.schema.items())])
    return table.with_columns(share=pl.col("rows") / max(read, 1))
