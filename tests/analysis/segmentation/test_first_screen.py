"""The first screen as an argument: what changed, what is at stake, what to do."""

from datetime import date

import polars as pl
import pytest

from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation import movement, summary
from clvlab.analysis.segmentation.acting import acting
from clvlab.analysis.segmentation.first_screen import first_screen
from clvlab.models import Nbd
from clvlab.wording import Name
from tests.analysis.pages import is_chinese, sentences_of
from tests.analysis.segmentation.logs import nbd, valued
from tests.analysis.segmentation.test_due import LOG, STAYING, at_risk, context_with

QUARTER = Name("lapses", "quarter")
QUIET = {
    "movement": Section({}, {"lead": Finding.of("movement.none", lapse=QUARTER)}),
    "validation": Section({}),
}


def screen(context, **others):
    return first_screen(context, {"summary": summary.compute(context), **QUIET, **others})


def told(context, lang="en", **others):
    return sentences_of("summary", screen(context, **others), context.params, lang)


def groups_of(context):
    """Group -> its customers."""
    return dict(context.table.group_by("group").agg(pl.col("customer_id").sort()).iter_rows())


def test_groups_are_in_the_order_of_what_is_at_risk_with_their_customers():
    context = context_with()
    stake = at_risk(context)
    sums = {code: sum(stake[who] for who in people) for code, people in groups_of(context).items()}
    table = screen(context)["actions"]
    most = sorted(sums, key=sums.get, reverse=True)
    assert dict(table.select("group", "at_risk").iter_rows()) == pytest.approx(
        {code: sums[code] for code in most[:3]}
    )
    assert table["group"].to_list() == most[:3]
    assert table["customers"].to_list() == [len(groups_of(context)[code]) for code in most[:3]]
    figures = screen(context).findings["stake"].figures
    assert figures["total"] == pytest.approx(sum(stake.values()))
    assert (figures["group"].code, figures["at_risk"]) == (most[0], pytest.approx(sums[most[0]]))


def test_the_change_of_a_groups_spend_is_what_its_account_of_the_period_says():
    context = context_with(strategy="hiatus")
    money = movement.compute(context)["money"]
    changes = {row["group"]: row["closing"] - row["opening"] for row in money.iter_rows(named=True)}
    section = acting(context, money)
    assert dict(section["actions"].select("group", "spend_change").iter_rows()).items() <= changes.items()
    shifted = section.findings["shifted"]
    assert shifted.figures["since"] == date(2024, 9, 30)
    if "lost" in shifted.figures:
        assert -shifted.figures["lost"] == min(changes.values()) == changes[shifted.figures["lost_in"].code]
    if "gained" in shifted.figures:
        assert shifted.figures["gained"] == max(changes.values()) == changes[shifted.figures["gained_in"].code]


@pytest.mark.parametrize(
    ("changes", "key"),
    [((-5.0, 3.0), "shifted"), ((-5.0, 0.0), "fallen"), ((0.0, 3.0), "risen"), ((0.0, 0.0), None)],
)
def test_what_has_neither_fallen_nor_risen_is_not_said(changes, key):
    money = pl.DataFrame(
        {"group": ["active", "lost"], "opening": [9.0, 9.0], "closing": [9.0 + it for it in changes]}
    )
    found = acting(context_with(), money).findings.get("shifted")
    assert (found and found.key) == (key and f"summary.{key}")


def test_a_model_without_leaving_puts_groups_by_how_their_spend_changed_and_says_so():
    context = valued(context_with(nbd(1.0, 100.0), strategy="hiatus"), nbd(1.0, 100.0), 10.0)
    moved = movement.compute(context)
    section = screen(context, movement=moved)
    assert "actions" not in section
    changes = section["actions_by_change"]["spend_change"].abs().to_list()
    assert changes == sorted(changes, reverse=True)
    assert section.findings["stake"].key == "summary.stake_by_change"
    first = screen(context)
    assert first["actions_by_value"]["clv"].to_list() == sorted(first["actions_by_value"]["clv"], reverse=True)
    assert first.findings["stake"].key == "summary.stake_by_value"


def test_without_amounts_nothing_is_said_of_money():
    section = screen(context_with(log=[(who, day) for who, day, _ in LOG], columns="customer_id date"))
    assert set(section) == {"numbers"}
    assert not {"stake", "do", "assumed", "shifted"} & set(section.findings)


def test_to_begin_with_are_those_with_half_of_what_is_at_risk():
    context = context_with()
    stake = sorted(at_risk(context).values(), reverse=True)
    do = screen(context).findings["do"].figures
    # Of five who are due eve alone has more than half of what is at risk.
    assert (do["contacted"], do["first"], do["at_risk"]) == (5, 1, pytest.approx(stake[0]))
    assert do["review"] == date(2025, 3, 31)
    assert any(
        "contact the 5 customers on the due list, beginning with the first 1, with" in it for it in told(context)
    )


def test_an_effect_is_told_as_assumed_and_only_where_one_is():
    assert "assumed" not in screen(context_with()).findings
    context = context_with(assumed_effect=0.25)
    figures = screen(context).findings["assumed"].figures
    assert figures["saved"] == pytest.approx(0.25 * screen(context).findings["do"].figures["at_risk"])
    assert any("saves 25.0% of that (assumed, not measured)" in text for text in told(context))
    assert any("假设值，并非实测" in text for text in told(context, "zh"))
    assert "assumed" not in screen(context_with(nbd(1.0, 100.0), assumed_effect=0.25)).findings


def test_where_nobody_is_due_that_is_what_is_said(tmp_path):
    path = tmp_path / "ours.yaml"
    path.write_text("default: {cadence: none}", encoding="utf-8")
    context = context_with(playbook=str(path), strategy="hiatus")
    context.__dict__["due"] = context.due.clear()
    assert screen(context).findings["do"].key == "summary.do_nobody"


def test_the_first_alert_is_what_changed_and_without_one_how_many_moved():
    alerts = [
        Finding.of("movement.fell_unvalued", before=Name("groups", it), after=Name("groups", "lost"), customers=7)
        for it in ("champions", "loyal")
    ]
    lead = Finding.of(
        "movement.lead", since=date(2024, 9, 30), lapse=QUARTER, up=3, down=1, aged=4, stayed=9, arrived=0, reranked=0
    )
    moved = Section({}, {"lead": lead, "alerts": Finding.of("movement.alerts", alerts=alerts)})
    assert told(context_with(), movement=moved)[1] == "What changed: 7 customers fell from “Champions” to “Lost”."
    assert told(context_with(), "zh", movement=moved)[1] == "变化：7位客户由“冠军客户”降至“已流失客户”。"
    plain = Section({}, {"lead": lead})
    assert dict(screen(context_with(), movement=plain).findings["changed"].figures) == {
        "lapse": QUARTER,
        "up": 3,
        "down": 5,
    }
    assert "changed" not in screen(context_with()).findings


def test_a_holdout_that_was_off_is_told_in_the_same_figures():
    off = {"what": Name("outcomes", "spend"), "error": 0.158, "direction": Name("validation", "below")}
    warned = Section({}, {"warning_total_spend": Finding.of("validation.warning_total", **off, gini=0.6)})
    assert screen(context_with(), validation=warned).findings["holdout"] == Finding.of("summary.holdout", **off)


@pytest.mark.parametrize("model", [STAYING, nbd(1.0, 100.0)])
def test_the_first_screen_reads_in_chinese(model):
    context = context_with(model, strategy="hiatus", assumed_effect=0.1)
    assert isinstance(model, Nbd) or context.models.purchases.leaving
    assert is_chinese(told(context, "zh", movement=movement.compute(context)))
