"""Who is due for a contact: five customers whom a reader can follow with a pencil, and what the page says of them."""

import re
from datetime import date

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from clvlab import export
from clvlab.analysis.results import Results
from clvlab.analysis.segmentation import context as context_module
from clvlab.analysis.segmentation import due
from clvlab.models import BgNbd, Nbd
from clvlab.playbook import held_back, shipped
from clvlab.playbook.effect import effect
from clvlab.playbook.series import follow
from tests.analysis.pages import is_chinese, page_of, sentences_of
from tests.analysis.segmentation.logs import context_of, valued

LOG = (
    ("ann", "2024-01-02", 10.0),
    ("ann", "2024-02-01", 20.0),
    ("ann", "2024-03-02", 30.0),  # gaps of 30 days, none for 304
    ("bob", "2024-01-01", 100.0),
    ("bob", "2024-06-01", 100.0),
    ("bob", "2024-12-01", 100.0),  # gaps of 152 and 183 days, 30 ago; 200 within 365 days
    ("cyd", "2024-12-20", 50.0),
    ("dee", "2023-06-01", 900.0),  # nothing spent within the year
    ("eve", "2024-02-01", 200.0),
    ("eve", "2024-03-02", 200.0),
    ("eve", "2024-04-01", 200.0),  # gaps of 30 days, none for 274
)
STAYING = BgNbd(0.6, 8.0, 0.7, 100.0, time_unit="day")
PEOPLE = pl.DataFrame(
    {
        "customer_id": ["ann", "bob", "cyd", "dee", "eve"],
        "city": ["Bern", "Bern", "Basel", "Basel", "Bern"],
        "birthday": ["1990-02-03", "1985-11-30", "2000-07-01", None, "1970-01-01"],
        "last_contact": ["2024-09-30", "2024-11-15", None, None, "2025-01-15"],
    }
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    PEOPLE.write_csv("people.csv")
    return tmp_path


def context_with(model=STAYING, log=LOG, **params):
    return valued(context_of(*log, as_of="2024-12-31", **{"strategy": "lifecycle5", **params}), model)


def at_risk(context):
    """What is at risk of each customer, by hand."""
    alive = dict(context.customers.data.select("customer_id", "p_alive").iter_rows())
    year = {"ann": 60, "bob": 200, "cyd": 50, "dee": 0, "eve": 600}
    return {customer: spend * (1 - alive[customer]) for customer, spend in year.items()}


def names(context, table="due"):
    """The customers behind the pseudonyms of a table."""
    known = dict(context.pseudonyms.select("pseudonym", "customer_id").iter_rows())
    return [known[pseudonym] for pseudonym in due.compute(context)[table]["pseudonym"]]


# By hand


def test_everybody_is_due_where_nobody_was_contacted_those_with_most_at_risk_first():
    context = context_with()
    stake = at_risk(context)
    found = due.compute(context)
    assert names(context) == sorted(stake, key=lambda customer: (-stake[customer], customer != "bob", customer))
    assert names(context)[0] == "eve"
    assert found["due"]["at_risk"].to_list() == pytest.approx([stake[customer] for customer in names(context)])
    assert dict(zip(names(context), found["due"]["why"], strict=True)) == {
        "eve": "late",
        "ann": "late",
        "bob": "unknown",
        "cyd": "unknown",
        "dee": "unknown",
    }
    assert found.findings["lead"].figures == {"customers": 5, "due": 5, "at_risk": pytest.approx(sum(stake.values()))}


def test_whoever_was_contacted_within_the_cadence_is_not_due_and_a_contact_to_come_is_not_known(folder):
    (folder / "ours.yaml").write_text("default: {cadence: quarter}", encoding="utf-8")
    context = context_with(attributes="people.csv", playbook="ours.yaml")
    found = due.compute(context)
    assert set(names(context)) == {"ann", "cyd", "dee", "eve"}  # bob on 15 November
    why = dict(zip(names(context), found["due"]["contacted_on"].dt.to_string(), strict=True))
    assert why["ann"] == "2024-09-30"
    assert why["eve"] is None
    assert found.findings["contacts"].figures == {"recent": 1}
    assert context.due.select("customer_id", "birthday_month").sort("customer_id")["birthday_month"].to_list() == [
        2,
        7,
        None,
        1,
    ]


def test_the_list_ends_where_contacts_do_and_the_allocation_says_what_they_reach(folder):
    context = context_with(contacts=2, strategy={"attribute": "customer_type"}, **kinds(folder))
    found = due.compute(context)
    stake = at_risk(context)
    assert names(context) == sorted(stake, key=stake.get, reverse=True)[:2]
    assert found.findings["cut"].figures == {"listed": 2}
    shares = found["allocation"]
    assert shares["customers"].sum() == 5
    for way in ("by_value", "equal", "proportional"):
        assert shares[f"contacts_{way}"].sum() == 2
    assert found.findings["allocation"].figures["by_value"] == pytest.approx(sum(sorted(stake.values())[-2:]))


def kinds(folder):
    """An attribute of five customers."""
    pl.DataFrame({"customer_id": PEOPLE["customer_id"], "customer_type": ["a", "b", "a", "b", "a"]}).write_csv(
        folder / "kinds.csv"
    )
    return {"attributes": "kinds.csv"}


def test_who_is_held_back_is_on_the_list_and_not_on_the_page():
    seed = next(s for s in range(100) if held_back(PEOPLE["customer_id"], 0.4, s).to_list().count(True) == 2)
    context = context_with(control_share=0.4, control_seed=seed)
    held = set(PEOPLE["customer_id"].filter(held_back(PEOPLE["customer_id"], 0.4, seed)))
    assert set(names(context)) == set(PEOPLE["customer_id"]) - held
    listed = due.listed(context.due)
    assert set(listed.filter("is_control")["customer_id"]) == held
    groups = due.compute(context)["groups"]
    assert (groups["due"].sum(), groups["held_back"].sum(), groups["customers"].sum()) == (3, 2, 5)
    assert due.compute(context).findings["held"].figures == {"held": 2, "share": 0.4}


def test_a_group_has_its_plan_and_the_day_of_its_review():
    context = context_with()
    plan = due.compute(context)["groups"]
    assert plan["group"].to_list() == [code for code in context.groups if code in set(context.table["group"])]
    assert plan["customers"].sum() == 5
    for row in plan.iter_rows(named=True):
        entry = shipped().entry(row["group"])
        assert (row["cadence"], row["review_on"]) == (entry.cadence, entry.review_after(context.as_of))


def test_where_the_model_knows_no_leaving_spend_orders_and_nothing_is_said_to_be_at_risk():
    context = context_with(Nbd(0.6, 8.0, time_unit="day"))
    found = due.compute(context)
    assert names(context) == ["eve", "bob", "ann", "cyd", "dee"]
    assert found["due"]["at_risk"].null_count() == 5
    assert found.findings["lead"].key == "due.lead_no_dropout"
    assert found.findings["lead"].figures["spend"] == 910.0


def test_small_groups_are_one_without_a_plan(folder):
    context = context_with(strategy={"attribute": "customer_type"}, **kinds(folder))
    found = due.compute(context)
    [last] = found["groups"].select("group", "customers", "cadence", "review_on").rows()
    assert last == ("small_groups", 5, None, None)
    assert set(found["due"]["group"]) == {"small_groups"}
    assert set(context.due["group"]) == {"a", "b"}


# What it says


def test_the_sentences_by_hand():
    context = context_with(Nbd(0.6, 8.0, time_unit="day"))
    section = due.compute(context)
    assert sentences_of("due", section, context.params) == [
        "By the playbook 5 of 5 customers are due for a contact; these spent 910 within the last year. The model "
        "knows nothing of leaving: those who spent most come first.",
        "Nothing says when customers were last contacted (attribute “last_contact”): everybody is due whose group is "
        "to be contacted at all.",
        "Nobody is held back as a control, and so nothing will show what contacts bring. Set “control_share: 0.1” to "
        "hold back a tenth.",
        "The file due.csv has the whole list by pseudonym, and what to say to each customer; “export_ids: true” puts "
        "ids into it.",
    ]
    assert is_chinese(sentences_of("due", section, context.params, "zh"))


@pytest.mark.parametrize(
    ("lang", "late", "again", "unknown"),
    [
        (
            "en",
            "304 days since the last purchase, longer than is usual for them (30 days)",
            "Last contacted on 15 November 2024, and due again",
            "No contact known; 11 days since the last purchase",
        ),
        (
            "zh",
            "距上次购买304天，超过其通常的30天",
            "上次联系为2024年11月15日，已到再次联系的时间",
            "无联系记录；距上次购买11天",
        ),
    ],
)
def test_why_a_customer_is_due_is_said_in_words(folder, lang, late, again, unknown):
    (folder / "ours.yaml").write_text("default: {cadence: month, owner: {en: Ms Li, zh: 李女士}}", encoding="utf-8")
    context = context_with(attributes="people.csv", playbook="ours.yaml")
    page = page_of("due", due.compute(context), context.params, lang)
    (table,) = (piece for piece in page if piece.startswith(("Customers to contact", "优先联系")))
    assert all(reason in table for reason in (late, again, unknown))


def results_of(context):
    section = due.compute(context)
    return Results(
        context.params, context.log, {"due": section}, context.table, pl.DataFrame(), context.own_groups,
        playbook=context.playbook, due=due.listed(context.due),
    )  # fmt: skip


@pytest.mark.parametrize("labels", ["codes", "names"])
def test_on_request_each_owner_has_a_file(folder, labels):
    text = "default: {cadence: month, owner: 市场/部}\nactive: {owner: Ms Li}\nnew: {owner: ms li}"
    (folder / "ours.yaml").write_text(text, encoding="utf-8")
    context = context_with(playbook="ours.yaml", due_by_owner=True, export_labels=labels)
    export.write(results_of(context), folder / "run")
    everybody = pl.read_csv(folder / "run" / "due.csv", infer_schema=False)
    owner = "owner" if labels == "codes" else "Owner"
    files = {path.name: pl.read_csv(path, infer_schema=False) for path in (folder / "run" / "due").iterdir()}
    parts = {part[owner][0]: part for part in files.values()}
    assert len(files) == len(parts) == everybody[owner].n_unique() > 1
    for name, part in parts.items():
        assert_frame_equal(part, everybody.filter(pl.col(owner) == name))
    # To some systems these two would be one file.
    assert len({name.casefold() for name in files}) == len(files)
    assert any(name.startswith("市场_部") for name in files)
    assert "The folder due has one file for each owner" in "\n".join(
        page_of("due", due.compute(context), context.params)
    )


@pytest.mark.parametrize(("lang", "owner"), [("en", "Ms Li"), ("zh", "李女士")])
def test_the_file_has_everybody_with_what_to_do_and_what_to_say(folder, lang, owner):
    text = "default: {cadence: month, owner: {en: Ms Li, zh: 李女士}, action: Send the catalogue.}"
    (folder / "ours.yaml").write_text(text, encoding="utf-8")
    rows = [(*row, "LED") for row in LOG]
    context = valued(
        context_of(
            *rows, as_of="2024-12-31", columns="customer_id date amount category", strategy="lifecycle5",
            attributes="people.csv", playbook="ours.yaml", control_share=0.3, lang=lang, export_ids=True,
        ),
        STAYING,
    )  # fmt: skip
    export.write(results_of(context), folder / "run")
    told = pl.read_csv(folder / "run" / "due.csv")
    codes = pl.read_parquet(folder / "run" / "due.parquet")
    assert told["customer_id"].to_list() == codes["customer_id"].to_list()
    assert set(told["customer_id"]) == set(PEOPLE["customer_id"])
    assert set(told["owner"]) == {owner}
    assert set(told["action"]) == {"Send the catalogue."}
    assert set(told["favourite_category"]) == {"LED"}
    assert told.filter(customer_id="bob").select("birthday_month", "contacted_on").row(0) == (11, "2024-11-15")
    assert told["is_control"].to_list() == codes["is_control"].to_list()
    assert {"total_spend", "n_purchases", "cadence"} <= set(codes.columns)
    assert not (folder / "run" / "due").exists()
    # The page has the same, but by pseudonyms alone.
    page = "\n".join(page_of("due", due.compute(context), context.params, lang))
    assert {"en": "the whole list with ids", "zh": "完整清单（含客户编号"}[lang] in page
    assert not re.search(r"\b(ann|bob|cyd|dee|eve)\b", page)


def test_what_contacts_brought_by_hand(folder, monkeypatch):
    """Ann and eve are held back; in January ann buys for 10, bob for 70 and cyd for 20, and dee returns 5."""
    monkeypatch.setattr("clvlab.playbook.effect.FEWEST", 2)
    monkeypatch.setattr(context_module, "held_back", lambda ids, *_: ids.is_in(["ann", "eve"]).alias("is_control"))
    january = (("ann", "2025-01-10", 10.0), ("bob", "2025-01-11", 70.0), ("cyd", "2025-01-12", 20.0))
    log = (*LOG, *january, ("dee", "2025-01-13", -5.0))
    for as_of in ("2024-12-31", "2025-01-31"):
        context = valued(context_of(*log, as_of=as_of, strategy="lifecycle5", control_share=0.4), STAYING)
        export.write(results_of(context), folder / as_of)
    followed = follow(folder, [date(2024, 12, 31), date(2025, 1, 31)])
    assert sorted(followed.select("customer_id", "is_control", "revenue", "bought").rows()) == [
        ("ann", True, 10.0, True),
        ("bob", False, 70.0, True),
        ("cyd", False, 20.0, True),
        ("dee", False, -5.0, False),
        ("eve", True, 0.0, False),
    ]
    revenue, bought = effect(followed).rows(named=True)
    assert (revenue["contacted"], revenue["held_back"]) == (3, 2)
    assert (revenue["contacted_mean"], revenue["held_back_mean"]) == (pytest.approx(85 / 3), 5.0)
    assert revenue["effect"] == pytest.approx(85 / 3 - 5)
    assert bought["effect"] == pytest.approx(2 / 3 - 1 / 2)
    assert revenue["low"] < 0 < revenue["high"]  # of five customers nothing can be told


def test_a_group_that_nobody_knows_is_told(folder):
    (folder / "ours.yaml").write_text(
        "championss: {owner: A}\nchampions: {owner: B}\nactive: {owner: C}", encoding="utf-8"
    )
    found = due.compute(context_with(playbook="ours.yaml"))
    assert found.findings["not_there"].figures == {"names": "championss"}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_where_nobody_is_due_that_is_one_line(folder, lang):
    (folder / "ours.yaml").write_text("default: {cadence: none}", encoding="utf-8")
    context = context_with(playbook="ours.yaml")
    section = due.compute(context)
    assert not section
    assert sentences_of("due", section, context.params, lang) == [
        {
            "en": "By the playbook nobody is due for a contact.",
            "zh": "按行动手册，本期没有应联系的客户。",
        }[lang]
    ]


def test_without_money_there_is_no_list():
    context = context_of(*(row[:2] for row in LOG), as_of="2024-12-31", columns="customer_id date")
    assert context.due is None
    assert due.compute(context).findings["lead"].key == "due.none"


def test_without_a_model_spend_orders():
    assert names(context_with(None)) == ["eve", "bob", "ann", "cyd", "dee"]
