"""Those who returned all that they bought: a group of their own, so that the groups add up to the money used."""

import polars as pl

import clvlab as cl
from clvlab.analysis.segmentation import base_health, segments
from tests.analysis.segmentation.logs import context_of

LOG = (
    ("a", "2024-01-01", 10.0),
    ("a", "2024-12-01", 30.0),
    ("b", "2024-11-01", -25.0),  # bought before the log begins
    ("c", "2024-06-01", 40.0),
    ("c", "2024-06-01", -40.0),
)


def test_they_are_not_prospects_and_their_money_is_shown():
    context = context_of(*LOG, as_of="2024-12-31")
    groups = {row["group"]: row for row in segments.compute(context)["groups"].iter_rows(named=True)}
    assert groups["returned_all"]["customers"] == 2
    assert groups["returned_all"]["spend"] == -25
    assert "prospect" not in groups
    assert sum(row["spend"] for row in groups.values()) == context.window["amount"].sum() == 15


def test_the_base_counts_them_apart_and_all_money():
    headline = dict(base_health.compute(context_of(*LOG, as_of="2024-12-31"))["headline"].iter_rows())
    assert (headline["customers"], headline["prospects"], headline["returned_all"]) == (1, 0, 2)
    assert (headline["revenue"], headline["spend_per_customer"], headline["spend_per_purchase"]) == (15, 15, 7.5)


def test_a_prospect_of_the_attributes_remains_one():
    log = context_of(*LOG, as_of="2024-12-31").log
    attributes = {"customer_id": ["b", "d"], "region": ["north", "south"]}
    customers = cl.summarise_customers(log, "2024-12-31", attributes=pl.DataFrame(attributes))
    for name in ("rfm8", "rfm11", "value_tiers", "lifecycle5"):
        groups = dict(cl.strategies[name].assign(customers).select("customer_id", "group").iter_rows())
        assert (groups["b"], groups["c"], groups["d"]) == ("returned_all", "returned_all", "prospect"), name
