"""Every dimension, group name and action that practitioners ask for is there, in both languages."""

from pathlib import Path

import pytest
import yaml

import clvlab as cl
from clvlab.wording import Words, catalogue
from tests.grouping.customers import wide

ASKED = yaml.safe_load(Path(__file__).with_name("practitioners.yaml").read_text(encoding="utf-8"))
CUSTOMERS = wide(gaps_known=True)
# Of these no group says what to do: they are attributes of many kinds, or not meant to be acted upon.
WITHOUT_ACTION = {
    *("customer_type", "lead_source", "preference", "demographics", "gender", "income", "occupation", "education"),
    *("psychographics", "clusters", "clusters_mixture", "clusters_hierarchical", "clusters_hdbscan"),
    *("value_lifecycle", "random_groups"),
}


@pytest.mark.parametrize("dimension", ASKED["dimensions"], ids=lambda dimension: dimension["en"])
def test_dimension_has_its_strategies(dimension):
    assert dimension["strategies"]
    assert set(dimension["strategies"]) <= set(cl.strategies)


@pytest.mark.parametrize("code", ASKED["groups"])
def test_group_is_given_by_its_strategy_and_goes_by_its_names(code):
    strategy, zh, en = ASKED["groups"][code]
    assert code in cl.strategies[strategy].fit(CUSTOMERS).card["group"]
    name = catalogue()[f"groups.{code}"]
    assert zh in name["zh"]
    assert en in name["en"].lower()


@pytest.mark.parametrize("code", ASKED["actions"])
def test_action_says_what_practitioners_do(code):
    action = catalogue()[f"actions.{code}"]
    assert [words for words in ASKED["actions"][code] if words not in action["zh"]] == []
    assert action["en"]


@pytest.mark.parametrize("name", sorted(set(cl.strategies) - WITHOUT_ACTION))
def test_every_group_that_can_be_acted_upon_has_an_action(name):
    own_values = set(CUSTOMERS.data["industry"].drop_nulls()) | {"other", "unmapped"}
    codes = set(cl.strategies[name].fit(CUSTOMERS).card["group"]) - own_values
    assert {code for code in codes if f"actions.{code}" not in catalogue()} == set()


def test_a_crossed_group_has_both_actions_and_a_users_own_group_what_suits_everyone():
    words = Words("zh")
    assert words.action("vip × dormant") == words.action("vip") + words.action("dormant")
    assert words.action("vip × vip") == words.action("vip")
    assert words.action("Hotels") == words.action("everyone")
    assert "忠诚度计划" in words.action("cluster_1")


def test_what_to_do_with_customers_of_low_value_can_be_chosen():
    words = Words("zh")
    assert words.action("class_c", "save") == words.action("value_low", "save") == "控制服务成本，避免资源浪费。"
    assert words.action("vip × bronze", "basic") == words.action("vip") + "定期沟通，提供基本服务。"
    assert words.action("vip", "stimulate") == words.action("vip")
