"""The control: the same customers in every period, whoever else is there."""

import polars as pl
import pytest

from clvlab.playbook.control import held_back

IDS = pl.Series("customer_id", [f"{number:05d}" for number in range(20_000)])


def members(share, seed=0, ids=IDS):
    return set(ids.filter(held_back(ids, share, seed)))


@pytest.mark.parametrize("share", [0.05, 0.1, 0.3])
def test_it_has_about_its_share_of_all_and_of_every_part(share):
    found = members(share)
    slack = 4 * (share * (1 - share) / 10_000) ** 0.5
    for part in (IDS.head(10_000), IDS.tail(10_000), IDS.gather_every(2)):
        assert len(found & set(part)) / len(part) == pytest.approx(share, abs=slack)


def test_a_customer_is_in_it_whoever_else_is_there_and_in_whatever_order():
    some = IDS.sample(500, seed=1)
    assert members(0.2, ids=some) == members(0.2) & set(some)


def test_a_larger_share_holds_all_of_a_smaller_one():
    assert members(0.05) < members(0.1) < members(0.4)


def test_another_seed_draws_another_one():
    first, second = members(0.2, seed=0), members(0.2, seed=1)
    assert len(first & second) / len(IDS) == pytest.approx(0.2 * 0.2, abs=0.01)


def test_without_a_share_nobody_is_in_it():
    assert members(0.0) == set()
    assert held_back(IDS.clear(), 0.2, 0).to_list() == []
