import json

import pytest

import clvlab as cl
from clvlab.errors import ParamsError
from clvlab.grouping import Hiatus, OneGroup, RandomGroups, rule_from_dict
from tests.grouping.customers import groups, table

MANY = table(customer_id=[f"{i:05d}" for i in range(5000)])


def test_one_group_holds_everybody():
    assert groups(cl.strategies["one_group"].assign(table(n_purchases=[3, 0]))) == ["everyone", "everyone"]


def test_hiatus_counts_days_since_the_last_purchase():
    customers = table(n_purchases=[2, 2, 0], days_since_last=[30, 31, None])
    assert groups(Hiatus(30).assign(customers)) == ["active", "inactive", "prospect"]


def test_random_groups_are_about_equal_and_seeds_draw_apart():
    counts = RandomGroups(4).assign(MANY)["group"].value_counts()["count"]
    # Four standard deviations of a binomial count of 5,000 with a chance of 1/4.
    assert counts.to_list() == pytest.approx([1250] * 4, abs=4 * (5000 * 0.25 * 0.75) ** 0.5)
    same = (RandomGroups(4, seed=1).assign(MANY)["group"] == RandomGroups(4, seed=2).assign(MANY)["group"]).mean()
    assert same == pytest.approx(0.25, abs=4 * (0.25 * 0.75 / 5000) ** 0.5)


def test_random_groups_are_the_same_on_every_machine():
    draws = RandomGroups(5, seed=0).assign(table(customer_id=["00001", "a", "客户"]))
    assert groups(draws) == ["random_2", "random_3", "random_2"]


def test_random_groups_need_a_group():
    with pytest.raises(ParamsError, match="1 or more"):
        RandomGroups(0)


def test_last_years_spend_is_cut_into_fifths():
    customers = table(n_purchases=[1] * 5, spend_last_year=[0.0, 10.0, 20.0, 30.0, 40.0])
    assert groups(cl.strategies["last_year_spend"].assign(customers)) == [
        "fifth_5",
        "fifth_4",
        "fifth_3",
        "fifth_2",
        "fifth_1",
    ]


def test_a_customer_keeps_the_random_group_whoever_else_is_there():
    alone = groups(RandomGroups(7, seed=3).assign(table(customer_id=["00042"])))
    crowd = RandomGroups(7, seed=3).assign(MANY).filter(customer_id="00042")
    assert alone == groups(crowd)


@pytest.mark.parametrize("n", [1, 2, 9])
def test_random_groups_are_as_many_as_asked_for_and_have_no_order(n):
    card = RandomGroups(n).fit(MANY).card
    assert card["group"].to_list() == [f"random_{i}" for i in range(1, n + 1)]
    assert card["rank"].null_count() == n
    assert set(groups(RandomGroups(n).assign(MANY))) == set(card["group"])


def test_the_card_of_random_groups_says_how_they_are_drawn():
    assert RandomGroups(2, seed=5).fit(MANY).card["condition"].to_list() == [
        "blake2b(5:customer_id) mod 2 = 0",
        "blake2b(5:customer_id) mod 2 = 1",
    ]


def test_random_groups_of_ids_that_are_alike_are_drawn_apart():
    # A difference of one zero or one letter's case is another customer, and so another draw.
    alike = table(customer_id=["7", "07", "007", "a", "A", "ａ", "", " "])
    assert len(set(groups(RandomGroups(10_000).assign(alike)))) == 8


@pytest.mark.parametrize("strategy", [OneGroup(), Hiatus(30), RandomGroups(3, seed=1)], ids=lambda s: s.name)
def test_a_kept_baseline_comes_back_from_json(strategy):
    customers = table(n_purchases=[2, 0], days_since_last=[30, None])
    rule = strategy.fit(customers)
    kept = rule_from_dict(json.loads(json.dumps(rule.to_dict())))
    assert kept == rule
    assert kept.assign(customers).equals(rule.assign(customers))


def test_a_hiatus_of_no_days_keeps_those_of_today_active():
    customers = table(n_purchases=[1, 1, 1], days_since_last=[0, 1, None])
    assert groups(Hiatus(0).assign(customers)) == ["active", "inactive", "unknown"]


def test_last_years_spend_puts_those_who_spent_nothing_last():
    customers = table(n_purchases=[1] * 6, spend_last_year=[0.0, 0.0, 0.0, 10.0, 20.0, 30.0])
    assigned = cl.strategies["last_year_spend"].assign(customers)
    assert len(set(groups(assigned)[:3])) == 1
    assert assigned["rank"][0] == max(assigned["rank"])
