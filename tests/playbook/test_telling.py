"""Entries and reasons in words: whose group, which language, and every reason by hand."""

import unicodedata
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clvlab.playbook import REASONS, Playbook, shipped
from clvlab.playbook.telling import DUE_FILE, TOLD, by_owner, due_in_words, with_texts
from clvlab.wording import Words

GROUPS = pl.DataFrame({"group": ["champions", "value_low", "Bern", "champions"]})
DUE = pl.DataFrame(
    [
        ("late", 1_204, 29.6, None),
        ("late", 2, 1.2, None),
        ("again", 20, 30.0, date(2024, 5, 31)),
        ("unknown", 1, None, None),
        ("unknown", None, None, None),
    ],
    schema={"why": pl.String, "days_since_last": pl.Int64, "gap_p80": pl.Float64, "contacted_on": pl.Date},
    orient="row",
).with_columns(group=pl.lit("loyal"))


def texts(name, table=GROUPS, playbook=None, words=None, low_value=None):
    return with_texts(table, [name], playbook or shipped(), words or Words("en"), low_value)[name].to_list()


def test_owners_and_channels_are_those_of_the_groups_in_the_language_of_the_reader():
    assert texts("owner") == ["Account manager", "Marketing", "Marketing", "Account manager"]
    assert texts("channel", words=Words("zh")) == ["电话或上门回访", "邮件或消息", "邮件或消息", "电话或上门回访"]


def test_the_action_is_the_wordings_unless_the_playbook_states_one():
    words = Words("en")
    ours = Playbook({"champions": {"action": {"en": "Invite them.", "zh": "邀请。"}}})
    assert texts("action") == [words.action(code) for code in GROUPS["group"]]
    assert texts("action", low_value="save")[1] == words.action("value_low", "save") != words.action("value_low")
    assert texts("action", playbook=ours)[::3] == ["Invite them."] * 2
    assert texts("action", playbook=ours, words=Words("zh"))[0] == "邀请。"


def test_a_group_of_the_users_own_is_not_ours_whatever_it_is_called():
    own = Words("en", own_groups=frozenset({"champions"}))
    assert texts("owner", words=own)[0] == "Marketing"
    assert texts("owner", words=own, playbook=Playbook({"champions": {"owner": "Ms Li"}}))[0] == "Ms Li"


def test_of_several_groups_in_one_row_there_is_no_plan_but_an_action():
    table = GROUPS.with_columns(cadence=pl.Series(["month", None, "year", None]))
    assert texts("metric", table)[1::2] == [None, None]
    assert None not in texts("action", table)
    assert texts("owner", table)[::2] == ["Account manager", "Marketing"]


@pytest.mark.parametrize(
    ("lang", "reasons"),
    [
        (
            "en",
            [
                "1,204 days since the last purchase, longer than is usual for them (30 days)",
                "2 days since the last purchase, longer than is usual for them (1 day)",
                "Last contacted on 31 May 2024, and due again",
                "No contact known; 1 day since the last purchase",
                "No contact known, and no purchase",
            ],
        ),
        (
            "zh",
            [
                "距上次购买1,204天，超过其通常的30天",
                "距上次购买2天，超过其通常的1天",
                "上次联系为2024年5月31日，已到再次联系的时间",
                "无联系记录；距上次购买1天",
                "无联系记录，也尚未购买",
            ],
        ),
    ],
)
def test_every_reason_by_hand(lang, reasons):
    assert set(DUE["why"]) == set(REASONS)
    assert texts("why", DUE, words=Words(lang)) == reasons


def test_other_columns_are_left_as_they_are_and_nobody_has_no_texts():
    told = with_texts(GROUPS.clear().with_columns(n=1), ["n", "owner"], shipped(), Words("en"), None)
    assert told.schema == {"group": pl.String, "n": pl.Int32, "owner": pl.String}


def test_the_file_has_its_columns_in_order_without_those_that_nobody_has():
    told = due_in_words(DUE.with_columns(customer_id=pl.lit("7")), shipped(), Words("en"), None)
    assert told.columns == [name for name in DUE_FILE if name in {*DUE.columns, *TOLD, "customer_id"} - {"metric"}]


def test_owners_that_some_systems_would_take_for_one_have_files_apart():
    owners = ["Ann", "ann", "caf\u00e9", "cafe\u0301", "李女士"]
    parts = by_owner(pl.DataFrame({"customer_id": list("12345"), "owner": owners}))
    assert [part["owner"][0] for part in parts.values()] == owners
    assert len({unicodedata.normalize("NFC", name).casefold() for name in parts}) == len(owners)
    assert list(parts)[-1] == "李女士"


@settings(max_examples=50)
@given(owners=st.lists(st.text(max_size=8), max_size=6))
def test_every_row_is_in_the_file_of_its_owner_alone(owners):
    due = pl.DataFrame({"customer_id": range(len(owners)), "owner": owners}, schema_overrides={"owner": pl.String})
    parts = by_owner(due)
    assert sorted(row for part in parts.values() for row in part.rows()) == sorted(due.rows())
    assert all(part["owner"].n_unique() == 1 for part in parts.values())
    assert all(name.strip(". ") and not set(name) & set('/\\:*?"<>|\x00\n') for name in parts)
