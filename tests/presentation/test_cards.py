"""A card of a group: what each of its figures becomes, in both languages, and what is left out."""

import re
from datetime import date

import polars as pl
import pytest

from clvlab.charts.colours import group_colour
from clvlab.presentation.cards import cards_of
from clvlab.wording import Name, Words

FULL = {
    "group": "champions",
    "place": 0.0,
    "customers": 1_204,
    "share_customers": 0.051,
    "share_spend": 0.334,
    "median_purchases": 7.0,
    "median_days_since_last": 48.0,
    "p_alive": 0.93,
    "p_buys_again": None,
    "spend_last_year": 219.0,
    "index": 5.3,
    "clv": 48_250.0,
    "clv_low": 40_000.0,
    "clv_high": 56_500.0,
    "attribute": None,
    "value": None,
    "share_value": None,
    "share_base": None,
    "due": 120,
    "held_back": 3,
    "cadence": "month",
    "review_on": date(2024, 9, 30),
    "were": 100,
    "stayed": 90,
    "rose": 0,
    "fell": 10,
    "elsewhere": 0,
    "again": 1,
    "action": "Call <them>.",
    "owner": "Ms Li",
    "channel": "Phone",
}


def card(lang="en", own_groups=frozenset(), **other):
    words = Words(lang, "USD", own_groups)
    [made] = cards_of(pl.DataFrame([{**FULL, **other}]), words, "12 months", Name("lapses", "month"))
    return made


def test_a_card_by_hand():
    assert card().text.split("\n") == [
        "Champions",
        "Typically 7 purchases, the last 48 days ago. Within the last year each spent $219, 5.3 times the average.",
        "Customers: 1,204 (5.1%)",
        "Share of spend: 33.4%",
        "Value, next 12 months (90%): $48.2K ($40K to $56.5K)",
        "P(alive): 93%",
        "To contact: 120",
        "Call <them>.",
        "Ms Li · Phone · Every month · review on 30 September 2024",
        "Of the 100 customers of a month ago 90 are still in this group, 0 rose and 10 fell; 1 has bought since.",
    ]


def test_the_same_in_chinese():
    assert card("zh").text.split("\n") == [
        Words("zh").group("champions"),
        "通常购买7次，距最近一次购买48天。近一年人均消费US$219，为全体平均的5.3倍。",
        "客户数: 1,204（5.1%）",
        "消费占比: 33.4%",
        "未来12个月预期价值（90%区间）: US$4.8万（US$4万至US$5.6万）",
        "仍活跃概率: 93%",
        "应联系客户数: 120",
        "Call <them>.",
        "Ms Li · Phone · 每月 · 复核日期2024年9月30日",
        "一个月前该组有100位客户，其中90位仍在该组，0位上升，10位下降；此间有购买的1位。",
    ]


@pytest.mark.parametrize(
    ("index", "said"),
    [
        (2.0, "2.0 times the average"),
        (1.99, "99% more than the average"),
        (1.1, "10% more than the average"),
        (1.09, "about the average"),
        (0.91, "about the average"),
        (0.5, "50% less than the average"),
    ],
)
def test_spend_is_compared_in_words(index, said):
    assert card(index=index).text.split("\n")[1].endswith(f"each spent $219, {said}.")


def test_what_is_not_known_is_not_said():
    bare = dict.fromkeys(
        ("share_spend", "p_alive", "spend_last_year", "index", "clv", "clv_low", "clv_high", "due", "held_back"), None
    )
    text = card(**bare, were=None, cadence=None, review_on=None).text
    assert text.split("\n") == [
        "Champions",
        "Typically 7 purchases, the last 48 days ago.",
        "Customers: 1,204 (5.1%)",
        "Call <them>.",
    ]
    assert "None" not in text


def test_other_lines():
    assert "spent next to nothing" in card(spend_last_year=0.02, index=0.004).text
    assert "spent next to nothing" in card(spend_last_year=-5.0, index=-0.2).text
    assert "They have not bought yet." in card(median_purchases=None, median_days_since_last=None).text
    elsewhere = card(were=100, stayed=40, rose=0, fell=10, elsewhere=50).text
    assert "40 are still in this group, 0 rose, 10 fell, and 50 are elsewhere because thresholds moved" in elsewhere
    assert "A month ago nobody was in this group." in card(were=0, stayed=0, fell=0, again=0).text
    assert card(review_on=None).text.count("review") == 0
    trait = {"attribute": "city", "value": "Hangzhou", "share_value": 0.58, "share_base": 0.3}
    assert "Frequent among those of whom it is known: City “Hangzhou”, 58%, against 30% of all." in card(**trait).text
    assert "P(buys again): 63%" in card(p_alive=None, p_buys_again=0.634).text


def test_its_edge_has_the_colour_of_the_group_and_its_texts_are_inert():
    html = card().html
    assert html.startswith(f'<section class="card" style="--bar: {group_colour("champions")}; --bar-dark: #')
    assert "Call &lt;them&gt;." in html
    assert html.count("<dt>") == html.count("<dd>") == 5
    own = card(own_groups=frozenset({"champions"}), group="champions").html
    assert re.search("--bar: (#[0-9a-f]{6});", own)
    assert "<h3>" in own
