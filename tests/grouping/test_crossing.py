import json
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

import clvlab as cl
from clvlab.grouping import Attribute, FixedBounds, Hiatus, Tiers, cross, rule_from_dict
from clvlab.grouping.crossing import CrossRule
from clvlab.wording import Words
from tests.grouping.customers import groups, table

VALUE = Tiers("total_spend", ("big", "small"), FixedBounds((100,)), name="value")
CUSTOMERS = table(
    n_purchases=[1, 1, 1, 1, 0],
    total_spend=[500.0, 500.0, 5.0, 5.0, 0.0],
    days_since_last=[1, 400, 1, 400, None],
    city=["Ulm", "Aue", None, "Ulm", "Ulm"],
)


def test_a_crossing_names_both_groups_and_keeps_prospects_one():
    crossed = cross(VALUE, Hiatus(180))
    assert crossed.name == "value × hiatus"
    assert groups(crossed.assign(CUSTOMERS)) == [
        "big × active",
        "big × inactive",
        "small × active",
        "small × inactive",
        "prospect",
    ]


def test_ranks_follow_the_sum_of_both_then_the_first():
    card = cross(VALUE, Hiatus(180)).fit(CUSTOMERS).card
    ranked = card.filter(card["rank"].is_not_null())
    assert ranked["group"].to_list() == ["big × active", "big × inactive", "small × active", "small × inactive"]
    assert ranked["condition"][1] == "(total_spend >= 100) & (days_since_last > 180)"


def test_a_crossing_with_groups_without_order_has_no_ranks():
    assigned = cross(VALUE, Attribute("city", name="city", sensitive=True)).assign(CUSTOMERS)
    assert groups(assigned) == ["big × Ulm", "big × Aue", "small × unknown", "small × Ulm", "prospect × Ulm"]
    assert assigned["rank"].null_count() == 5


def test_a_crossing_needs_what_both_need_and_is_as_sensitive():
    city = Attribute("city", name="city", sensitive=True)
    assert cross(VALUE, city).needs == VALUE.needs | {"city"}
    assert cross(VALUE, city).sensitive
    assert not cross(VALUE, Hiatus()).sensitive


def test_no_card_lists_a_prospect_who_is_somebody_else_too():
    codes = cl.strategies["value_lifecycle"].fit(CUSTOMERS.with_columns(DATES)).card["group"]
    assert "prospect" in codes
    assert not [code for code in codes if "prospect ×" in code or "× prospect" in code]


def test_a_crossed_group_is_named_in_both_languages():
    assert Words("en").group("vip × active") == "VIP × Active"
    assert Words("zh").group("vip × active") == "VIP客户 × 活跃客户"


DATES = CUSTOMERS.data.select("customer_id", first_purchase=CUSTOMERS.cutoff, last_purchase=CUSTOMERS.cutoff)


def test_a_crossing_with_itself_says_what_it_says_alone():
    assert groups(cross(VALUE, VALUE).assign(CUSTOMERS)) == groups(VALUE.assign(CUSTOMERS))


def test_crossing_the_other_way_round_makes_the_same_groups_under_turned_names():
    one, other = (groups(cross(*pair).assign(CUSTOMERS)) for pair in ((VALUE, Hiatus()), (Hiatus(), VALUE)))
    assert [" × ".join(reversed(code.split(" × "))) for code in one] == other


APART = {"returned_all", "prospect"}  # who has no purchase has none in both


def test_every_pair_that_can_meet_is_in_the_card_once():
    first, second = VALUE.fit(CUSTOMERS), Hiatus(180).fit(CUSTOMERS)
    card = CrossRule(first, second).card["group"].to_list()
    without = [[code for code in rule.card["group"] if code not in APART] for rule in (first, second)]
    pairs = {a if a == b else f"{a} × {b}" for a, b in product(*without)}
    assert set(card) == pairs | APART
    assert len(card) == len(set(card))


def test_ranks_by_hand_where_sums_are_equal():
    three = Tiers("total_spend", ("a", "b", "c"), FixedBounds((10, 100)), name="three")
    card = cross(three, Hiatus(180)).fit(CUSTOMERS).card.drop_nulls("rank")
    # Sums 2; 3, 3; 4, 4; 5: of equal ones the better in the first comes first.
    assert card["group"].to_list() == [
        "a × active",
        "a × inactive",
        "b × active",
        "b × inactive",
        "c × active",
        "c × inactive",
    ]
    assert card["rank"].to_list() == [1, 2, 3, 4, 5, 6]


def test_three_groupings_cross_as_two():
    city = Attribute("city", name="city")
    crossed = cross(cross(VALUE, Hiatus(180)), city, name="three")
    assert groups(crossed.assign(CUSTOMERS))[:2] == ["big × active × Ulm", "big × inactive × Aue"]
    assert crossed.needs == VALUE.needs | Hiatus().needs | {"city"}


def test_a_kept_crossing_comes_back_with_both_its_rules():
    rule = cross(VALUE, Attribute("city", name="city")).fit(CUSTOMERS)
    kept = rule_from_dict(json.loads(json.dumps(rule.to_dict())))
    assert kept == rule
    assert kept.assign(CUSTOMERS).equals(rule.assign(CUSTOMERS))


def test_a_name_of_its_own_goes_before_both_names():
    assert cross(VALUE, Hiatus(), name="mine").name == "mine"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 400)), min_size=1, max_size=12))
def test_a_customers_crossed_group_is_both_their_groups(rows):
    spend, since = (list(column) for column in zip(*rows, strict=True))
    customers = table(
        customer_id=list(map(str, range(len(rows)))),
        n_purchases=[1] * len(rows),
        total_spend=spend,
        days_since_last=since,
    )
    both = zip(groups(VALUE.assign(customers)), groups(Hiatus(180).assign(customers)), strict=True)
    assert groups(cross(VALUE, Hiatus(180)).assign(customers)) == [f"{a} × {b}" for a, b in both]
