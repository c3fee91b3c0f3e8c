import clvlab as cl
from clvlab.grouping import Attribute, FixedBounds, Hiatus, Tiers, cross
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
