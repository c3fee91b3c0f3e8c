"""Who is due for a contact: what the playbook does with each group, and with whom to begin."""

from typing import Any

import polars as pl

from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation.contactable import knows_contacts
from clvlab.analysis.segmentation.context import Context
from clvlab.analysis.small_groups import SMALL, as_one
from clvlab.playbook import allocate, shipped_groups

LONGEST = 15


def compute(context: Context) -> Section:
    """Tables `groups`, `due` and, where the parameters say how many `contacts` there are, `allocation`.

    groups : group, customers, due (on the list and to be contacted), held_back, cadence, review_on (day); a row of
        small groups together has neither cadence nor review, and a group without customers has no row
    due : the first LONGEST who are to be contacted: pseudonym, group, why, days_since_last, gap_p80, contacted_on,
        cadence, spend_last_year, at_risk
    allocation : as by `clvlab.playbook.allocate`, of all who are due and not held back, over their groups as shown

    Where nobody is due, or the log has no amounts, only the reason why.
    """
    if context.due is None:
        return Section({}, {"lead": Finding.of("due.none")})
    if context.due.is_empty():
        return Section({}, {"lead": Finding.of("due.nobody"), **_not_there(context)})
    shown = _as_shown(context, context.due)
    on_list = shown.filter("is_listed")
    tables = {"groups": by_group(context), "due": _first(on_list.filter(~pl.col("is_control")))}
    findings = {**_lead(context, shown), **_list(context, shown, on_list), **_not_there(context)}
    if context.params.contacts is not None:
        free = shown.filter(~pl.col("is_control"))
        groups = [code for code in context.groups if code in set(free["group"].unique())]
        tables["allocation"] = allocate(free, groups, context.params.contacts)
        findings["allocation"] = _allocated(tables["allocation"])
    if context.params.due_by_owner:
        findings["by_owner"] = Finding.of("due.by_owner")
    whole = Finding.of("due.ids" if context.params.export_ids else "due.pseudonyms")
    return Section(tables, {**findings, "pseudonyms": whole})


def listed(due: pl.DataFrame) -> pl.DataFrame:
    """Those of a due list whom it holds this period, the control among them: what is published next to the report."""
    return due.filter("is_listed").drop("is_listed", "value")


def _as_shown(context: Context, due: pl.DataFrame) -> pl.DataFrame:
    """A due list with small groups as one, of which the playbook says nothing."""
    cadence = pl.when(~pl.col("group").is_in(list(context.small))).then("cadence")
    return due.with_columns(as_one(context.small), cadence=cadence)


def by_group(context: Context) -> pl.DataFrame:
    """group, customers, due, held_back, cadence, review_on: the groups that have customers, in the report's order.

    `due` (on the list and to be contacted) and `held_back` are null where there is no due list at all.
    """
    customers = context.shown.group_by("group").agg(customers=pl.len().cast(pl.Int64))
    schema = {"group": pl.String, "cadence": pl.String, "review_on": pl.Date}
    plan = pl.DataFrame([_plan(context, code) for code in context.groups], schema=schema, orient="row")
    plan = plan.join(customers, on="group", how="inner", maintain_order="left")
    counted = plan.join(_counts(context), on="group", how="left", maintain_order="left")
    if context.due is not None:
        counted = counted.with_columns(pl.col("due", "held_back").fill_null(0))
    return counted.select("group", "customers", "due", "held_back", "cadence", "review_on")


def _counts(context: Context) -> pl.DataFrame:
    """group, due, held_back: of those on the list."""
    if context.due is None:
        return pl.DataFrame(schema={"group": pl.String, "due": pl.Int64, "held_back": pl.Int64})
    on_list = _as_shown(context, context.due).filter("is_listed")
    return on_list.group_by("group").agg(
        due=(~pl.col("is_control")).sum().cast(pl.Int64), held_back=pl.col("is_control").sum().cast(pl.Int64)
    )


def _plan(context: Context, code: str) -> tuple[Any, ...]:
    if code == SMALL:
        return code, None, None
    entry = context.entry(code)
    return code, entry.cadence, entry.review_after(context.as_of)


def _first(contacted: pl.DataFrame) -> pl.DataFrame:
    return contacted.head(LONGEST).select(
        "pseudonym", "group", "why", "days_since_last", "gap_p80", "contacted_on", "cadence", "spend_last_year",
        "at_risk",
    )  # fmt: skip


def _lead(context: Context, due: pl.DataFrame) -> dict[str, Finding]:
    """How many are due, and what is at stake; why no more are, or why so many."""
    counts: dict[str, Any] = {"customers": context.table.height, "due": due.height}
    if due["at_risk"].null_count() < due.height:
        lead = Finding.of("due.lead", at_risk=due["at_risk"].sum(), **counts)
    else:
        lead = Finding.of("due.lead_no_dropout", spend=due["spend_last_year"].sum(), **counts)
    if not knows_contacts(context.customers.data):
        return {"lead": lead, "contacts": Finding.of("due.no_contacts_known")}
    codes = context.table["group"].unique()
    visited = [code for code in codes if context.entry(code).cadence != "none"]
    recent = context.table.filter(pl.col("group").is_in(visited)).height - due.height
    return {"lead": lead} | ({"contacts": Finding.of("due.recent", recent=recent)} if recent else {})


def _list(context: Context, due: pl.DataFrame, on_list: pl.DataFrame) -> dict[str, Finding]:
    """How much of it is on the list, and who of these is held back."""
    share = context.params.control_share
    held = Finding.of("due.held", held=int(on_list["is_control"].sum()), share=share)
    found = {"held": held if share else Finding.of("due.none_held")}
    if on_list.height < due.height:
        found["cut"] = Finding.of("due.cut", listed=on_list.height)
    return found


def _not_there(context: Context) -> dict[str, Finding]:
    """The groups that the user's playbook names, and nobody else."""
    codes = {group.code for group in context.rule.all_groups}
    names = [code for code in context.playbook.named if code not in codes | shipped_groups()]
    return {"not_there": Finding.of("due.not_there", names=", ".join(names))} if names else {}


def _allocated(table: pl.DataFrame) -> Finding:
    figures = {way: table[f"value_{way}"].sum() for way in ("by_value", "equal", "proportional")}
    return Finding.of("due.allocation", contacts=table["contacts_by_value"].sum(), **figures)
