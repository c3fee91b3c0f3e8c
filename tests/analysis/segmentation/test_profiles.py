"""Profiles by attribute, compared with those of whom the attribute is known."""

import polars as pl
import pytest

import clvlab as cl
from clvlab.analysis.segmentation import profiles
from clvlab.analysis.segmentation.context import Context
from clvlab.analysis.small_groups import SMALL
from clvlab.customers import read_attributes
from clvlab.params import ReportParams

# Ten customers of the north spend 10 each, ten of the south 30 each, and twenty of nowhere 100 each.
BOUGHT = (
    [(f"n{i}", 10.0) for i in range(10)]
    + [(f"s{i}", 30.0) for i in range(10)]
    + [(f"x{i}", 100.0) for i in range(20)]
)


def context_of(bought, **attributes):
    """Customers who bought once each, 2024-12-01, with attributes: column -> customer -> value."""
    log = cl.read_transactions(
        pl.DataFrame(
            [(who, "2024-12-01", money) for who, money in bought],
            schema=["customer_id", "date", "amount"],
            orient="row",
        )
    )
    context = Context(ReportParams(name="pencil", source="rows", as_of="2024-12-31", strategy="hiatus"), log)
    ids = [who for who, _ in bought]
    table = pl.DataFrame(
        {"customer_id": ids} | {name: [values.get(who) for who in ids] for name, values in attributes.items()}
    )
    vars(context)["attributes"] = read_attributes(table)
    return context


REGION = {f"n{i}": "north" for i in range(10)} | {f"s{i}": "south" for i in range(10)}


def test_the_table_by_hand():
    table = profiles.compute(context_of(BOUGHT, region=REGION))["attributes"]
    assert table["value"].to_list() == ["north", "south"]
    assert table["customers"].to_list() == [10, 10]
    assert table["spend_per_customer"].to_list() == [10, 30]
    assert table["index"].to_list() == [0.5, 1.5]  # the average of the twenty who answered is 20
    assert table["coverage"].to_list() == [0.5, 0.5]
    assert table["repeat_share"].to_list() == [0, 0]
    assert table["low"].to_list() == [0.5, 1.5]  # no spread within


def test_intervals_are_wider_the_more_values_are_compared():
    bought = [(f"c{i}", 10.0 + 4 * (i % 2)) for i in range(40)]
    halves = {f"c{i}": "a" if i < 20 else "b" for i in range(40)}
    quarters = {f"c{i}": "abcd"[i // 10] for i in range(40)}
    two = profiles.compute(context_of(bought, kind=halves))["attributes"]
    six = profiles.compute(context_of(bought, kind=halves, sort=quarters))["attributes"].filter(attribute="kind")
    error = (80 / 19 / 20) ** 0.5 / 12  # of a mean of twenty, ten of whom spend 10 and ten 14
    for table, reach in ((two, 2.2414), (six, 2.6383)):  # the normal quantiles of 1 - 0.025 / 2 and 1 - 0.025 / 6
        assert table["index"].to_list() == [1, 1]
        assert table["high"].to_list() == pytest.approx([1 + reach * error] * 2, abs=1e-5)
        assert table["low"].to_list() == pytest.approx([1 - reach * error] * 2, abs=1e-5)


def test_the_sentence_names_a_value_that_differs_by_more_than_chance():
    findings = profiles.compute(context_of(BOUGHT, region=REGION)).findings
    assert findings["attributes"].key == "profiles.attributes"
    assert (findings["attributes"].figures["value"].code, findings["attributes"].figures["index"]) == ("north", 0.5)
    assert findings["lead"].figures["attributes"] == 1
    assert not {"hidden", "gathered"} & set(findings)


def test_where_no_value_differs_it_is_said():
    bought = [(f"c{i}", 10.0 + i % 2) for i in range(40)]
    alike = {f"c{i}": "a" if i < 20 else "b" for i in range(40)}
    assert profiles.compute(context_of(bought, kind=alike)).findings["attributes"].key == "profiles.alike"


def test_groups_of_each_value_add_up():
    meeting = profiles.compute(context_of(BOUGHT, region=REGION))["segments"]
    assert meeting.rows() == [("region", "north", "active", 1, 10, 1.0), ("region", "south", "active", 1, 10, 1.0)]


def test_values_of_few_customers_are_among_all_others_and_counted():
    """One customer of `rare`: what all have less what the other values have would tell it, so a value joins it."""
    bought = [*BOUGHT, *((f"e{i}", 50.0) for i in range(12)), ("r", 7.0)]
    section = profiles.compute(
        context_of(bought, region=REGION | {f"e{i}": "east" for i in range(12)} | {"r": "rare"})
    )
    shown = section["attributes"].select("value", "customers", "spend_per_customer").rows()
    assert shown == [("east", 12, 50.0), ("south", 10, 30.0), (None, 11, pytest.approx(107 / 11))]
    assert section.findings["hidden"].figures["hidden"] == 1
    meeting = section["segments"].group_by("value", maintain_order=True).agg(pl.col("customers").sum())
    assert meeting.rows() == [("east", 12), ("south", 10), (None, 11)]


def test_an_attribute_of_which_one_value_is_left_is_not_shown():
    few = {f"n{i}": "north" for i in range(10)} | {"s0": "rare"}
    section = profiles.compute(context_of(BOUGHT, region=few))
    assert list(section) == []
    assert section.findings["hidden"].figures["hidden"] == 1


def test_groups_of_few_customers_of_a_value_are_shown_as_one():
    """Of forty in the north nine are lapsed, eleven new: the nine are shown with these, not by themselves."""
    names = [f"n{i:02d}" for i in range(40)]
    context = context_of(
        [(who, 10.0) for who in names] + BOUGHT[10:20], region=dict.fromkeys(names, "north") | REGION
    )
    of_north = ["lapsed"] * 9 + ["new"] * 11 + ["active"] * 20
    groups = [of_north[int(who[1:])] if who[0] == "n" else "active" for who in context.table["customer_id"]]
    vars(context)["table"] = context.table.with_columns(group=pl.Series(groups))
    section = profiles.compute(context)
    shown = section["segments"].select("value", "group", "customers", "share").sort("value", "group").rows()
    assert shown == [("north", "active", 20, 0.5), ("north", SMALL, 20, 0.5), ("south", "active", 10, 1.0)]
    assert section.findings["segments"].figures == {"smallest": 10}


def test_where_every_value_is_rare_there_is_no_table():
    rare = {f"n{i}": f"city {i % 3}" for i in range(9)}
    section = profiles.compute(context_of(BOUGHT, city=rare))
    assert list(section) == []
    assert section.findings["hidden"].figures["hidden"] == 3


def test_what_is_left_out_is_said_with_its_reason():
    names = {who: f"name of {who}" for who, _ in BOUGHT}
    section = profiles.compute(
        context_of(BOUGHT, region=REGION, nicknamed=names, full_name=names, country=dict.fromkeys(names, "CN"))
    )
    assert [
        (reason.key, reason.figures["attribute"].code) for reason in section.findings["left_out"].figures["reasons"]
    ] == [
        ("profiles.out_own_values", "nicknamed"),
        ("profiles.out_personal", "full_name"),
        ("profiles.out_one_value", "country"),
    ]
    assert set(section["attributes"]["attribute"]) == {"region"}


def test_the_rest_of_many_values_is_said_to_be_all_others():
    """Of twelve small cities eleven are shown, with the largest: two are all others, though neither is small."""
    bought = [(f"{city:02d}-{i}", 10.0) for city in range(13) for i in range(20 if city == 0 else 10)]
    section = profiles.compute(context_of(bought, city={who: f"city {who[:2]}" for who, _ in bought}))
    assert section["attributes"].filter(pl.col("value").is_null())["customers"].to_list() == [20]
    assert [name.code for name in section.findings["gathered"].figures["attributes"]] == ["city"]
    assert section.findings["gathered"].figures["most"] == section["attributes"].height - 1 == 11
    assert "hidden" not in section.findings


def test_numbers_are_banded_and_not_dropped():
    bought = [(f"c{i:02d}", 5.0) for i in range(60)]
    incomes = {who: 1000.0 + place for place, (who, _) in enumerate(bought)}
    table = profiles.compute(context_of(bought, income=incomes))["attributes"]
    assert table["customers"].to_list() == [12, 12, 11, 12, 13]
    assert table["value"][0] == "< 1,012"
    assert table["value"][-1] == "≥ 1,047"


def test_more_values_than_fit_are_gathered():
    province = {
        who: f"p{place % 13:02d}"
        for place, who in enumerate(who for i in range(13) for who in [f"c{i:02d}_{j:02d}" for j in range(20)])
    }
    bought = [(who, 5.0) for who in province]
    table = profiles.compute(context_of(bought, province=province))["attributes"]
    assert table.height == 12
    assert table["value"][-1] is None
    assert table["customers"].to_list() == [20] * 11 + [40]


@pytest.mark.filterwarnings("ignore:The amount of every row is 0")
def test_money_that_adds_up_to_nothing_has_no_index():
    bought = [(who, 0.0) for who, _ in BOUGHT]
    section = profiles.compute(context_of(bought, region=REGION))
    assert section["attributes"]["index"].null_count() == 2
    assert section.findings["attributes"].key == "profiles.alike"


def test_without_attributes_it_is_said():
    assert profiles.compute(context_of(BOUGHT)).findings["lead"].key == "profiles.none"
