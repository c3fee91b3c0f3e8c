"""What holds for every strategy that the package ships."""

import json
import re
from dataclasses import replace

import polars as pl
import pytest

import clvlab as cl
from clvlab.errors import MissingColumnsError
from clvlab.grouping import PROSPECT, UNKNOWN, rule_from_dict
from clvlab.grouping.measures import MEASURES
from clvlab.wording import CROSSED, Words, catalogue
from tests.grouping.customers import wide

CUSTOMERS = wide()
NAMES = list(cl.strategies)
ATTRIBUTES = {
    *("province", "city", "industry", "customer_type", "lead_source", "age", "gender", "income_band"),
    *("occupation", "education", "interests", "satisfaction", "nps", "favourite_category"),
}
TAGS = {"design", "outdoor", "music", "rare"}
RANDOM = "random_groups"  # its groups are drawn from the names themselves

pytestmark = pytest.mark.parametrize("name", NAMES)


def assert_partition(assigned, rule, customers):
    assert assigned.schema == {"customer_id": pl.String, "group": pl.String, "rank": pl.Int64}
    assert assigned["customer_id"].to_list() == customers.data["customer_id"].to_list()
    assert assigned["group"].null_count() == 0
    ranks = dict(rule.card.select("group", "rank").iter_rows())
    assert len(ranks) == rule.card.height, "a group is in the card twice"
    assert {(g, r) for g, r in assigned.select("group", "rank").iter_rows()} <= set(ranks.items())


def test_everybody_is_in_exactly_one_group_of_the_card(name):
    rule = cl.strategies[name].fit(CUSTOMERS)
    assigned = rule.assign(CUSTOMERS)
    assert_partition(assigned, rule, CUSTOMERS)
    assert assigned["group"].n_unique() > 1 or name == "one_group"


def test_ranks_count_from_one_and_the_card_is_in_their_order(name):
    ranks = cl.strategies[name].fit(CUSTOMERS).card["rank"].to_list()
    ranked = [rank for rank in ranks if rank is not None]
    assert ranked == list(range(1, len(ranked) + 1))
    assert ranks == ranked + [None] * (len(ranks) - len(ranked))


def test_fitting_twice_gives_the_same_rule(name):
    strategy = cl.strategies[name]
    assert strategy.fit(CUSTOMERS) == strategy.fit(CUSTOMERS)
    assert strategy.assign(CUSTOMERS).equals(strategy.fit(CUSTOMERS).assign(CUSTOMERS))


def test_the_order_of_customers_does_not_matter(name):
    shuffled = replace(CUSTOMERS, data=CUSTOMERS.data.sample(fraction=1, shuffle=True, seed=1))
    strategy = cl.strategies[name]
    assert strategy.fit(shuffled) == strategy.fit(CUSTOMERS)
    assert strategy.assign(shuffled).sort("customer_id").equals(strategy.assign(CUSTOMERS).sort("customer_id"))


def test_the_names_of_customers_do_not_matter(name):
    renamed = replace(CUSTOMERS, data=CUSTOMERS.data.with_columns(customer_id="renamed " + pl.col("customer_id")))
    before, after = (cl.strategies[name].assign(customers)["group"] for customers in (CUSTOMERS, renamed))
    assert after.equals(before) == (name != RANDOM)


def test_a_rule_comes_back_from_json_as_it_was(name):
    rule = cl.strategies[name].fit(CUSTOMERS)
    stored = json.loads(json.dumps(rule.to_dict(), allow_nan=False))
    assert rule_from_dict(stored) == rule
    assert rule_from_dict(stored).assign(CUSTOMERS).equals(rule.assign(CUSTOMERS))


def test_a_rule_groups_other_customers_by_the_same_thresholds(name):
    rule = cl.strategies[name].fit(CUSTOMERS)
    others = wide(250, seed=9, prospects=0.1, once=0.7)
    assert_partition(rule.assign(others), rule, others)
    both = replace(CUSTOMERS, data=pl.concat([CUSTOMERS.data, others.data], how="vertical_relaxed"))
    assert rule.assign(both)["group"].to_list() == [
        *rule.assign(CUSTOMERS)["group"].to_list(),
        *rule.assign(others)["group"].to_list(),
    ]


def test_a_rule_needs_what_its_strategy_needs_and_says_so(name):
    strategy = cl.strategies[name]
    rule = strategy.fit(CUSTOMERS)
    assert rule.needs <= strategy.needs
    for column in sorted(strategy.needs - {"customer_id"}):
        lacking = replace(CUSTOMERS, data=CUSTOMERS.data.drop(column))
        with pytest.raises(MissingColumnsError, match=column):
            strategy.fit(lacking)


def test_needs_are_all_that_it_reads(name):
    strategy = cl.strategies[name]
    narrow = replace(CUSTOMERS, data=CUSTOMERS.data.select({"customer_id", *strategy.needs}))
    assert strategy.assign(narrow).equals(strategy.assign(CUSTOMERS))


def test_prospects_and_missing_values_are_in_groups_of_their_own(name):
    strategy = cl.strategies[name]
    assigned = strategy.assign(CUSTOMERS)
    bought = CUSTOMERS.data["n_purchases"] > 0
    if PROSPECT in strategy.fit(CUSTOMERS).card["group"]:
        assert PROSPECT not in assigned.filter(bought)["group"]
        assert set(assigned.filter(~bought)["group"]) <= {PROSPECT, "potential"}
    unordered = assigned.filter(pl.col("group").is_in([PROSPECT, UNKNOWN]))
    assert unordered["rank"].null_count() == unordered.height


def test_nothing_known_of_anybody_still_gives_everybody_a_group(name):
    kept = {"customer_id", "n_purchases", "total_spend", "days_since_last", "first_purchase", "last_purchase"}
    blank = [pl.lit(None, dtype=dtype).alias(c) for c, dtype in CUSTOMERS.data.schema.items() if c not in kept]
    customers = replace(CUSTOMERS, data=CUSTOMERS.data.with_columns(blank))
    rule = cl.strategies[name].fit(customers)
    assert_partition(rule.assign(customers), rule, customers)


def test_who_lacks_the_attribute_is_unknown(name):
    strategy = cl.strategies[name]
    read = sorted(strategy.needs & ATTRIBUTES)
    assigned = strategy.fit(CUSTOMERS).assign(CUSTOMERS)
    lacks = CUSTOMERS.data.select(pl.any_horizontal(pl.lit(False), *(pl.col(c).is_null() for c in read))).to_series()
    assert set(assigned.filter(lacks)["group"]) <= {UNKNOWN}
    assert UNKNOWN not in assigned.filter(~lacks)["group"]


@pytest.mark.parametrize(
    "customers",
    [
        pytest.param(wide(1, prospects=0), id="one customer"),
        pytest.param(wide(1, prospects=1), id="one prospect"),
        pytest.param(wide(40, prospects=0, once=1), id="all one-time buyers"),
        pytest.param(wide(40, prospects=1), id="all prospects"),
        pytest.param(replace(CUSTOMERS, data=pl.concat([CUSTOMERS.data[7:8]] * 20)), id="all alike"),
        pytest.param(replace(CUSTOMERS, data=CUSTOMERS.data.clear()), id="nobody"),
    ],
)
def test_meagre_tables_are_partitioned_too(name, customers):
    rule = cl.strategies[name].fit(customers)
    assert_partition(rule.assign(customers), rule, customers)
    assert_partition(rule.assign(CUSTOMERS), rule, CUSTOMERS)
    assert rule_from_dict(json.loads(json.dumps(rule.to_dict(), allow_nan=False))) == rule


def test_equal_customers_are_in_equal_groups(name):
    twins = replace(
        CUSTOMERS,
        data=pl.concat([CUSTOMERS.data, CUSTOMERS.data.with_columns(customer_id="twin of " + pl.col("customer_id"))]),
    )
    groups = cl.strategies[name].assign(twins)["group"]
    assert groups[: len(CUSTOMERS)].equals(groups[len(CUSTOMERS) :]) == (name != RANDOM)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_strategy_and_groups_have_names_in_both_languages(name, lang):
    rule = cl.strategies[name].fit(CUSTOMERS)
    own_values = {value for column in ATTRIBUTES for value in CUSTOMERS.data[column].cast(pl.String)} | TAGS
    codes = {part for code in set(rule.card["group"]) - own_values for part in code.split(CROSSED)}
    unnamed = {f"groups.{code}" for code in codes if Words(lang).group(code) == code}
    unnamed |= {f"strategies.{name}"} - set(catalogue())
    assert not unnamed


def test_every_column_that_a_condition_names_has_a_heading(name):
    strategy = cl.strategies[name]
    words = {word for text in strategy.fit(CUSTOMERS).card["condition"] for word in re.findall(r"[A-Za-z]\w+", text)}
    named = words & (strategy.needs | set(MEASURES) | {"r_score", "f_score", "m_score", "rfm_score", "known"})
    assert {word for word in named if f"columns.{word}" not in catalogue()} == set()
