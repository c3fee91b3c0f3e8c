import pytest

import clvlab as cl
from clvlab.errors import ParamsError
from clvlab.grouping import Hiatus, RandomGroups
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
