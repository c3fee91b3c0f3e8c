"""Where acting matters most: the groups of whose spend most is at risk, and what their customers spent more or less.

Most value is not most at stake: those who bring most often need least. Groups are therefore in the order of what is
at risk, spend of the last year times the probability of having left, of the customers who are likely to be there
still: the others nothing will bring back. Where the models know nothing of leaving, they are in the order of how much
that spend has changed since the period before, up or down; and where that is not known either, of what they are
expected to bring.
"""

import polars as pl

from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation.context import Context
from clvlab.analysis.segmentation.watch import LIKELY
from clvlab.playbook.at_risk import value_at_risk
from clvlab.wording import Name

MOST_ACTIONS = 3
BASES = ("actions", "actions_by_change", "actions_by_value")
"""The tables of groups: in the order of what is at risk, of how much spend has changed, of what is expected."""
_MEASURES = ("at_risk", "spend_change", "clv")


def acting(context: Context, money: pl.DataFrame | None) -> Section:
    """One of the tables BASES, where there is money, and what it says of all groups.

    group, customers, at_risk (null where the model knows no leaving), spend_change (how much more or less was spent
    in the year up to now than in the year up to the period before; null where there is none), clv, clv_low, clv_high
    (null where nobody is valued)

    `money` is the table of that name in the section `movement`, where it has one.
    """
    groups = _groups(context, money)
    found = next(((name, it) for name, it in zip(BASES, _MEASURES, strict=True) if (groups[it] != 0).any()), None)
    if found is None:
        return Section({}, {})
    name, measure = found
    ordered = groups.sort(pl.col(measure).abs(), descending=True, nulls_last=True, maintain_order=True)
    findings = {"stake": _stake(name, ordered), **({} if money is None else _shifted(context, money))}
    return Section({name: ordered.head(MOST_ACTIONS)}, findings)


def _groups(context: Context, money: pl.DataFrame | None) -> pl.DataFrame:
    """The groups of the report that have customers, in its order, with all their measures."""
    shown = context.shown.group_by("group").agg(customers=pl.len().cast(pl.Int64))
    groups = pl.DataFrame({"group": context.groups}, schema={"group": pl.String})
    schema = {"group": pl.String, "clv": pl.Float64, "clv_low": pl.Float64, "clv_high": pl.Float64}
    values = pl.DataFrame(schema=schema) if context.group_values is None else context.group_values.head(-1)
    for table in (shown, _at_risk(context), _changes(money), values.select(*schema)):
        groups = groups.join(table, on="group", how="left", maintain_order="left")
    return groups.drop_nulls("customers")


def _at_risk(context: Context) -> pl.DataFrame:
    """group, at_risk: of those who are likely to be there still; without a row where it is not known."""
    model = context.models.purchases
    if not context.has_amounts or model is None or model.leaving is None:
        return pl.DataFrame(schema={"group": pl.String, "at_risk": pl.Float64})
    there = context.with_habits.data.filter(pl.col("p_alive") >= LIKELY)
    customers = there.select("customer_id", value_at_risk(leaves=True))
    grouped = context.shown.select("customer_id", "group").join(customers, on="customer_id", maintain_order="left")
    return grouped.group_by("group", maintain_order=True).agg(pl.col("at_risk").sum())


def _changes(money: pl.DataFrame | None) -> pl.DataFrame:
    """group, spend_change: to the cent."""
    if money is None:
        return pl.DataFrame(schema={"group": pl.String, "spend_change": pl.Float64})
    return money.select("group", spend_change=(pl.col("closing") - pl.col("opening")).round(2))


def _stake(name: str, ordered: pl.DataFrame) -> Finding:
    if name != "actions":
        return Finding.of("summary.stake_by_change" if name == "actions_by_change" else "summary.stake_by_value")
    first = ordered.row(0, named=True)
    return Finding.of(
        "summary.stake",
        total=ordered["at_risk"].sum(),
        group=Name("groups", first["group"]),
        at_risk=first["at_risk"],
    )


def _shifted(context: Context, money: pl.DataFrame) -> dict[str, Finding]:
    """Of which group a year's spend has fallen most since the period before, and of which it has risen most."""
    assert context.previous is not None
    changes = _changes(money).sort("spend_change", maintain_order=True)
    (lost_in, lost), (gained_in, gained) = changes.row(0), changes.row(-1)
    since = context.previous.cutoff
    fallen = {"lost_in": Name("groups", lost_in), "lost": -lost}
    risen = {"gained_in": Name("groups", gained_in), "gained": gained}
    if lost < 0 < gained:
        return {"shifted": Finding.of("summary.shifted", since=since, **fallen, **risen)}
    if lost < 0:
        return {"shifted": Finding.of("summary.fallen", since=since, **fallen)}
    return {"shifted": Finding.of("summary.risen", since=since, **risen)} if gained > 0 else {}
