"""Base health: how many, how often, how much, and from whom, by hand."""

from datetime import date

import polars as pl
import pytest

from clvlab.analysis.segmentation import base_health, summary
from tests.analysis.pages import is_chinese, sentences_of
from tests.analysis.segmentation.logs import context_of

AS_OF = "2024-12-31"
LOG = (
    ("a", "2024-01-10", 100.0),
    ("a", "2024-02-10", 50.0),
    ("b", "2024-01-20", 30.0),
    ("c", "2023-06-01", 20.0),
    ("d", "2024-02-05", 200.0),
    ("d", "2024-02-06", 100.0),
    ("d", "2024-03-01", 300.0),
)


def section_of(*rows, **given):
    return base_health.compute(context_of(*rows, as_of=AS_OF, **given))


def sentences(*rows, lang="en", **given):
    context = context_of(*rows, as_of=AS_OF, **given)
    return sentences_of("base_health", base_health.compute(context), context.params, lang)


def test_the_headline_by_hand():
    headline = dict(section_of(*LOG)["headline"].iter_rows())
    assert headline == {
        "customers": 4,
        "prospects": 0,
        "returned_all": 0,
        "purchases": 7,
        "purchases_per_customer": 1.75,
        "repeat_share": 0.5,
        "median_days_since_last": 335.5,  # 305, 325, 346 and 579 days
        "revenue": 800,
        "spend_per_customer": 200,
        "spend_per_purchase": pytest.approx(800 / 7),
    }


def test_customers_by_purchases_by_hand():
    assert section_of(*LOG)["orders"].rows() == [("1", 2, 0.5), ("2", 1, 0.25), ("3", 1, 0.25)]


def test_two_orders_of_a_day_are_one_purchase():
    orders = section_of(("a", "2024-01-10", 10.0), ("a", "2024-01-10", 20.0), ("b", "2024-01-10", 5.0))["orders"]
    assert orders.rows() == [("1", 2, 1.0)]


def test_first_and_repeat_money_by_month_by_hand():
    assert section_of(*LOG)["months"].rows() == [
        (date(2023, 6, 1), 20, 0),
        (date(2024, 1, 1), 130, 0),
        (date(2024, 2, 1), 200, 150),  # d's first day; d's second and a's second
        (date(2024, 3, 1), 0, 300),
    ]


def test_the_best_customers_share_by_hand():
    curve = dict(section_of(*LOG)["lorenz"].iter_rows())
    assert curve[0.25] == pytest.approx(600 / 800)
    assert curve[0.5] == pytest.approx(750 / 800)
    assert curve[0.2] == pytest.approx(0.8 * 600 / 800)  # four fifths of the best customer
    assert (curve[0.0], curve[1.0]) == (0, pytest.approx(1))


def test_the_sentences_by_hand():
    assert sentences(*LOG) == [
        "4 customers have bought so far; 3 (75%) of them within the last 365 days.",
        "50% of customers have bought only once",
        "The best 20% of customers bring 60% of spend",
        "Repeat purchases bring 56% of revenue",  # 450 of 800
    ]


def test_the_sentences_are_there_in_chinese():
    assert is_chinese(sentences(*LOG, lang="zh"))
    assert sentences(*LOG, lang="zh")[0] == "迄今共有4位客户购买过，其中3位（75%）在最近365天内有过购买。"


@pytest.mark.parametrize(("day", "active"), [("2024-01-02", 1), ("2024-01-01", 0)])
def test_a_year_is_365_days(day, active):
    context = context_of(("a", day, 1.0), as_of=AS_OF)
    assert base_health.compute(context).findings["lead"].figures["active"] == active
    measures = summary.compute(context)["numbers"].filter(measure="active")
    assert measures["value"].to_list() == [active]  # page one says the same


def test_who_returned_all_is_not_a_customer_or_a_prospect():
    section = section_of(*LOG, ("p", "2024-05-01", -7.0))
    headline = dict(section["headline"].iter_rows())
    assert (headline["customers"], headline["prospects"], headline["returned_all"]) == (4, 0, 1)
    assert section["orders"]["customers"].sum() == 4
    assert section.findings["lead"].figures["customers"] == 4


def test_a_return_of_somebody_who_never_bought_is_no_new_money():
    months = section_of(*LOG, ("p", "2024-03-09", -7.0))["months"]
    assert months.row(-1) == (date(2024, 3, 1), 0, 293)
    assert months.select(pl.col("new", "repeat").sum()).row(0) == (350, 443)


def test_without_amounts_nothing_is_said_of_money():
    section = section_of(*(row[:2] for row in LOG), columns="customer_id date")
    assert set(section) == {"headline", "orders"}
    assert set(section.findings) == {"lead", "orders"}
    assert "revenue" not in set(section["headline"]["measure"])


def test_money_that_adds_up_to_nothing_has_no_shares():
    rows = (*LOG, ("d", "2024-04-01", -800.0))
    assert "lorenz" not in section_of(*rows)
    assert sentences(*rows)[-1] == "Returns take back all revenue: 0 in all"
    assert is_chinese(sentences(*rows, lang="zh"))


def test_returns_that_outweigh_repeat_purchases_are_no_negative_share():
    rows = (*LOG, ("d", "2024-04-01", -500.0))
    assert sentences(*rows)[-1] == "Returns after the first purchase outweigh repeat purchases: −50 in all"
    assert is_chinese(sentences(*rows, lang="zh"))


def test_rows_after_the_day_do_not_count():
    later = ("e", "2025-01-01", 999.0)
    for name, table in section_of(*LOG).items():
        assert table.equals(section_of(*LOG, later)[name]), name


@pytest.mark.parametrize("n", [9, 10, 11, 30])
def test_ten_purchases_and_more_are_one_bar(n):
    rows = [("a", f"2024-03-{day:02d}", 1.0) for day in range(1, n + 1)]
    assert section_of(*rows)["orders"].rows() == [("9" if n == 9 else "10+", 1, 1.0)]


def test_one_customer_alone():
    assert sentences(("only", "2024-12-30", 5.0))[1:] == [
        "100% of customers have bought only once",
        "The best 20% of customers bring 20% of spend",
        "Repeat purchases bring 0% of revenue",
    ]
