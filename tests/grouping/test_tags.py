import json

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clvlab as cl
from clvlab.grouping import Tags, rule_from_dict
from tests.grouping.customers import groups, table

TAGS = Tags("interests", name="t")


def assigned(*interests, strategy=TAGS):
    customers = table(customer_id=list(map(str, range(len(interests)))), interests=list(interests))
    return groups(strategy.assign(customers))


def test_a_customer_goes_to_the_least_common_of_their_tags():
    found = assigned("outdoor", "outdoor; music", "outdoor、design", "design", "Design ", None, " ")
    assert found == ["outdoor", "music", *["design"] * 3, "unknown", "unknown"]


@pytest.mark.parametrize("separator", [";", ",", "|", "/", "；", "，", "、", " ; ", "\u3000、\u3000"])
def test_tags_are_parted_by_western_and_chinese_marks(separator):
    assert assigned(f"art{separator}音乐", "art", "art") == ["音乐", "art", "art"]


def test_blanks_within_a_tag_belong_to_it():
    assert assigned("slow food", "slow food;fast food") == ["slow food", "fast food"]


def test_marks_without_a_tag_between_them_are_nothing():
    assert assigned("a;;b;", ";;", "a", "a") == ["b", "unknown", "a", "a"]


def test_a_tag_named_twice_by_a_customer_counts_once():
    # a: two customers, b: three; were a counted twice for the first, b would be no more common.
    assert assigned("a;a;b", "a;b", "b") == ["a", "a", "b"]


def test_equally_common_tags_are_taken_in_the_order_of_text():
    assert assigned("b;a", "a;b") == ["a", "a"]


def test_a_tag_shows_in_its_commonest_spelling():
    assert assigned("Jazz", "jazz", "Jazz") == ["Jazz"] * 3


def test_tags_below_the_share_are_other_unless_a_customer_has_a_common_one():
    found = assigned("a", "a", "a", "a,b", "b", "c", strategy=Tags("interests", min_share=0.3, name="t"))
    assert found == [*"aaa", "b", "b", "other"]


def test_a_tag_with_just_its_share_of_the_tagged_is_a_group():
    # One in twenty of those with tags; those without do not count.
    twenty = assigned(*["common"] * 19, "rare", *[None] * 30)
    assert twenty[19:21] == ["rare", "unknown"]
    assert assigned(*["common"] * 20, "rare")[20] == "other"


def test_tags_called_other_or_unknown_are_those_groups():
    assert assigned("Other", "unknown", "UNKNOWN ", "Ulm") == ["other", "unknown", "unknown", "Ulm"]
    assert assigned("unknown;art", "art;other") == ["art", "art"]


def test_tags_may_be_lists():
    assert assigned(*pl.Series([["a", "b"], ["a"], ["a"], None, []])) == ["b", "a", "a", "unknown", "unknown"]


def test_a_kept_rule_puts_customers_with_tags_it_has_never_seen_among_the_others():
    rule = TAGS.fit(table(interests=["art", "music", "music"]))
    stored = rule_from_dict(json.loads(json.dumps(rule.to_dict())))
    assert groups(stored.assign(table(interests=["MUSIC;dance", "dance", "", "music;art"]))) == [
        "music",
        "other",
        "unknown",
        "art",
    ]


def test_the_card_lists_the_tags_in_the_order_in_which_they_are_looked_for():
    card = TAGS.fit(table(interests=["art", "music", "music"])).card
    assert card.rows() == [
        ("art", None, "interests ∋ art"),
        ("music", None, "interests ∋ music"),
        ("other", None, "interests ∋ *"),
        ("unknown", None, "–"),
    ]


def test_nobody_has_tags():
    assert TAGS.fit(table(interests=[None, " "])).card["group"].to_list() == ["other", "unknown"]


def test_interests_are_sensitive():
    assert cl.strategies["psychographics"].sensitive
    assert cl.strategies["psychographics"].needs == {"interests"}


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.sets(st.sampled_from("abcd"), max_size=4), min_size=1, max_size=12), st.randoms(use_true_random=False)
)
def test_the_order_in_which_tags_are_written_does_not_matter(tags, order):
    written = [";".join(sorted(one)) for one in tags]
    mixed = [";".join(order.sample(sorted(one), len(one))) for one in tags]
    assert assigned(*written) == assigned(*mixed)
