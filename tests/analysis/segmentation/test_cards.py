"""Cards of groups: five customers over three periods, to be followed with a pencil; laws and edges."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clvlab.analysis.segmentation import cards, movement
from clvlab.analysis.small_groups import SMALL
from clvlab.wording import LANGUAGES
from tests.analysis.pages import is_chinese, page_of
from tests.analysis.segmentation.logs import context_of, nbd, rows_since, valued

pytestmark = pytest.mark.usefixtures("few_futures")

# Groups by the days since the last purchase (hiatus): active up to 90 days, then dormant, then churned.
FIVE = (
    ("amy", "2024-01-10", 10.0),
    ("amy", "2024-02-10", 20.0),
    ("amy", "2024-03-10", 30.0),  # buys each month
    ("bob", "2024-01-05", 40.0),
    ("bob", "2024-03-20", 40.0),  # buys again in March
    ("cat", "2024-02-01", 100.0),  # has not been back
    ("dan", "2024-01-31", 5.0),
    ("eve", "2024-03-01", 55.0),  # first bought in March
)


def context_with(*rows, **given):
    params = {"as_of": "2024-03-31", "every": "month", "strategy": "abc"} | given
    return context_of(*(rows or FIVE), **params)


def cards_of(context):
    return cards.compute(context)["cards"]


def test_cards_by_hand():
    context = valued(context_with(), nbd(1.0, 50.0), spend=10.0)
    table = cards_of(context)
    # Of 300 in all: cat 100 and bob 80 are the first 60 %, amy 60 reaches 80 %; then eve and dan.
    groups = dict(context.table.select("customer_id", "group").iter_rows())
    for row in table.iter_rows(named=True):
        members = [customer for customer, group in groups.items() if group == row["group"]]
        spent = {name: sum(amount for customer, _, amount in FIVE if customer == name) for name in members}
        assert row["customers"] == len(members)
        assert row["share_customers"] == pytest.approx(len(members) / 5)
        assert row["share_spend"] == pytest.approx(sum(spent.values()) / 300)
        assert row["spend_last_year"] == pytest.approx(sum(spent.values()) / len(members))
        assert row["index"] == pytest.approx(row["spend_last_year"] / 60)
        assert row["clv_low"] <= row["clv"] <= row["clv_high"]
    assert table["clv"].sum() == pytest.approx(context.customers.data["clv"].sum())


def test_how_those_of_before_fared_by_hand():
    context = context_with()
    before = dict(context.predecessor.customers.select("customer_id", "group").iter_rows())
    now = dict(context.table.select("customer_id", "group").iter_rows())
    assert sorted(before) == ["amy", "bob", "cat", "dan"]
    for row in cards_of(context).iter_rows(named=True):
        were = [customer for customer, group in before.items() if group == row["group"]]
        assert row["were"] == len(were)
        assert row["stayed"] == sum(now[customer] == row["group"] for customer in were)
        assert row["again"] == len({"amy", "bob"}.intersection(were))


def test_a_first_period_says_nothing_of_those_before():
    table = cards_of(context_with(as_of="2024-01-31"))
    assert table["were"].null_count() == table.height > 0


@settings(max_examples=15)
@given(rows=rows_since(date(2024, 9, 1), [5.0, 20.0, 80.0]), lang=st.sampled_from(LANGUAGES))
def test_customers_and_shares_add_up_and_all_can_be_told(rows, lang):
    rows = [*rows, ("a", date(2024, 9, 2), 5.0), ("b", date(2024, 12, 2), 5.0)]
    context = context_of(*rows, as_of="2024-12-31", every="month", strategy="lifecycle5")
    section = cards.compute(context)
    table = section["cards"]
    assert table["customers"].sum() == context.table.height
    assert table["share_customers"].sum() == pytest.approx(1)
    fates = table.drop_nulls("were")
    assert (fates["stayed"] + fates["rose"] + fates["fell"] + fates["elsewhere"] == fates["were"]).all()
    if context.previous is not None:
        direction = movement.compute(context)["direction"]
        moved = dict(direction.select("move", "customers").iter_rows())
        shown = set(fates["group"])
        known = movement.pairs_of(context, context.previous).filter(pl.col("before").is_in(list(shown)))
        assert fates["rose"].sum() == known.filter(move="up").height <= moved.get("up", 0)
    heading, _, told = page_of("cards", section, context.params, lang)
    names = told.split("\n\n")
    assert len(names) == table.height
    assert is_chinese([heading, told]) == (lang == "zh")


def test_without_amounts_money_is_left_out():
    context = context_of(
        *(row[:2] for row in FIVE), as_of="2024-03-31", columns="customer_id date", every="month", strategy="hiatus"
    )
    section = cards.compute(context)
    table = section["cards"]
    for column in ("share_spend", "spend_last_year", "index", "clv", "due", "held_back"):
        assert table[column].null_count() == table.height
    told = page_of("cards", section, context.params)[2]
    assert "Share of spend" not in told
    assert "To contact" not in told
    assert "Typically" in told


def test_one_group_has_one_card():
    table = cards_of(context_with(strategy="one_group"))
    assert table["group"].to_list() == ["everyone"]
    assert table["index"].to_list() == [1.0]
    assert table.select("were", "stayed", "rose", "fell", "again").row(0) == (4, 4, 0, 0, 2)


def test_prospects_have_a_card_that_says_that_they_have_not_bought(tmp_path):
    (tmp_path / "people.csv").write_text("customer_id,city\namy,X\nzoe,Y\n", encoding="utf-8")
    context = context_with(strategy="hiatus", attributes=[str(tmp_path / "people.csv")])
    section = cards.compute(context)
    card = section["cards"].filter(group="prospect").row(0, named=True)
    assert (card["customers"], card["median_purchases"], card["spend_last_year"]) == (1, None, None)
    assert "They have not bought yet." in page_of("cards", section, context.params)[2]


# What a group has more often than others


def people(tmp_path, cities):
    rows = "\n".join(f"c{i:03d},{city}" for i, city in enumerate(cities))
    path = tmp_path / "people.csv"
    path.write_text(f"customer_id,city\n{rows}\n", encoding="utf-8")
    return str(path)


def shop_of(n, dear):
    """n customers, of whom the first `dear` spend most of the money."""
    return [(f"c{i:03d}", "2024-03-01", 1_000.0 if i < dear else 1.0 + i / 1_000) for i in range(n)]


def test_the_trait_is_what_a_group_has_more_often_beyond_chance(tmp_path):
    cities = ["Lyon" if i < 50 else "Nice" for i in range(200)]
    context = context_with(*shop_of(200, dear=40), attributes=[people(tmp_path, cities)])
    first = cards_of(context).row(0, named=True)
    assert (first["attribute"], first["value"]) == ("city", "Lyon")
    assert (first["share_value"], first["share_base"]) == (1.0, 0.25)
    told = page_of("cards", cards.compute(context), context.params)[2]
    assert "Frequent among those of whom it is known: City “Lyon”, 100%, against 25% of all." in told


def test_what_all_have_alike_is_no_trait(tmp_path):
    cities = ["Lyon" if i % 4 else "Nice" for i in range(200)]
    table = cards_of(context_with(*shop_of(200, dear=40), attributes=[people(tmp_path, cities)]))
    assert table["attribute"].null_count() == table.height


def test_few_customers_have_no_trait(tmp_path):
    cities = ["Lyon" if i < 9 else "Nice" for i in range(200)]
    table = cards_of(context_with(*shop_of(200, dear=9), attributes=[people(tmp_path, cities)]))
    assert "Lyon" not in table["value"].to_list()


def test_groups_by_attribute_are_not_told_by_it_and_small_ones_are_one(tmp_path):
    cities = ["Lyon"] * 100 + ["Nice"] * 80 + ["Brest"] * 12 + ["Metz"] * 8
    context = context_with(
        *shop_of(200, dear=40), strategy={"attribute": "city"}, attributes=[people(tmp_path, cities)]
    )
    table = cards_of(context)
    assert set(table["group"]) == {"Lyon", "Nice", SMALL}
    assert table["attribute"].null_count() == 3
    small = table.filter(group=SMALL).row(0, named=True)
    assert (small["customers"], small["cadence"], small["review_on"]) == (20, None, None)


def test_a_city_is_no_trait_of_its_region_and_a_trade_is(tmp_path):
    rows = [
        f"c{i:03d},{('north', 'south')[i % 2]},{'ABCD'[i % 4]},{'inn' if i % 2 or i < 20 else 'bar'}"
        for i in range(200)
    ]
    (tmp_path / "people.csv").write_text("\n".join(["customer_id,area,city,trade", *rows]), encoding="utf-8")
    attributes = [str(tmp_path / "people.csv")]
    table = cards_of(context_with(*shop_of(200, dear=40), strategy={"attribute": "area"}, attributes=attributes))
    assert dict(table.select("group", "attribute").iter_rows()) == {"north": None, "south": "trade"}


def test_of_groups_by_attribute_no_few_customers_are_told_of(tmp_path):
    cities = ["Lyon"] * 100 + ["Nice"] * 100
    early = [(f"c{i:03d}", "2024-01-02", 5.0) for i in range(200)]
    again = [(f"c{i:03d}", "2024-03-09", 5.0) for i in [*range(5), *range(100, 150)]]
    attributes = [people(tmp_path, cities)]
    table = cards_of(context_with(*early, *again, strategy={"attribute": "city"}, attributes=attributes))
    assert dict(table.select("group", "again").iter_rows()) == {"Lyon": None, "Nice": 50}
