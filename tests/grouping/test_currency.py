"""The currency in which money is counted puts nobody into another group."""

from dataclasses import replace

import polars as pl
import pytest

import clvlab as cl
from clvlab.grouping import Clusters
from clvlab.grouping.feature_space import LogScale
from tests.grouping.customers import groups, table, wide

CUSTOMERS = wide(300, seed=4)
MONEY = ["total_spend", "clv", "spend_last_year", "profit_last_year", "pipeline"]


def in_another_currency(customers, rate):
    present = [column for column in MONEY if column in customers.data.columns]
    return replace(customers, data=customers.data.with_columns(pl.col(present) * rate))


@pytest.mark.parametrize("rate", [7.2, 0.001, 1e6])
@pytest.mark.parametrize("name", cl.strategies)
def test_every_strategy_gives_the_same_groups(name, rate):
    strategy = cl.strategies[name]
    assert groups(strategy.assign(in_another_currency(CUSTOMERS, rate))) == groups(strategy.assign(CUSTOMERS))


@pytest.mark.parametrize("rate", [7.2, 0.001])
@pytest.mark.parametrize(
    "strategy",
    [Clusters(4), *(cl.strategies[name] for name in ("clusters_hdbscan", "rfm11_125", "rfm8", "abc"))],
    ids=lambda strategy: strategy.name,
)
def test_nobody_of_cdnow_changes_group(cdnow, strategy, rate):
    customers = replace(cdnow, data=cdnow.data[::8])
    assert groups(strategy.assign(in_another_currency(customers, rate))) == groups(strategy.assign(customers))


def test_money_is_measured_in_fiftieths_of_its_median_and_days_and_counts_as_they_are():
    data = table(
        days_since_last=[10, 20, 30, 40], n_purchases=[1, 2, 2, 3], total_spend=[-5.0, 0.0, 100.0, 300.0]
    ).data
    scale = LogScale.fit(data, ("days_since_last", "n_purchases", "total_spend"))
    assert scale.unit == (1.0, 1.0, 4.0)


def test_money_of_which_nobody_has_any_has_a_scale_too():
    scale = LogScale.fit(table(total_spend=[0.0, 0.0]).data, ("total_spend",))
    assert scale == LogScale(("total_spend",), mean=(0.0,), deviation=(1.0,), unit=(1.0,))
