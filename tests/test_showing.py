"""Tables as a reader has them."""

from datetime import date, datetime

import pandas as pd
import polars as pl
import pytest

import clvlab as cl


def text(table, **how):
    return repr(cl.show(pl.DataFrame(table), **how)).splitlines()


def test_headings_codes_shares_money_and_days_are_in_the_readers_language():
    table = {
        "group": ["champions", None],
        "share_customers": [0.125, 0.5],
        "total_spend": [1234.5, 2.0],
        "last_purchase": [date(2024, 3, 8), None],
    }
    assert [line.split() for line in text(table, lang="en", currency="USD")] == [
        ["Group", "Share", "of", "customers", "Total", "spend", "Last", "purchase"],
        ["Champions", "12.5%", "$1,234", "8", "Mar", "2024"],
        ["–", "50.0%", "$2", "–"],
    ]
    assert [line.split() for line in text(table, lang="zh", currency="CNY")] == [
        ["分组", "客户占比", "累计消费金额", "最近购买日期"],
        ["冠军客户", "12.5%", "¥1,234", "2024年3月8日"],
        ["–", "50.0%", "¥2", "–"],
    ]


@pytest.mark.parametrize(
    ("column", "codes", "shown"),
    [
        ("rule", ["read", "missing_date"], ["读取", "剔除：缺少日期"]),
        ("check", ["customers"], ["有购买的客户数，不少于"]),
        ("method", ["naive"], ["按自身频率外推"]),
        ("what", ["spend"], ["消费金额"]),
        ("strategy", ["abc"], ["ABC客户分类"]),
        ("channel", ["Shop"], ["门店"]),
        ("condition", ["n_purchases >= 2"], ["购买次数 ≥ 2"]),
        ("passed", [True, False], ["是", "否"]),
        # Codes of the user's own stay as they are, one of them among ours, too.
        ("channel", ["Shop", "Stall"], ["Shop", "Stall"]),
        ("check", ["cash"], ["cash"]),
        ("group", ["Hangzhou 2"], ["Hangzhou 2"]),
        ("客户编号", ["007"], ["007"]),
    ],
)
def test_codes_have_names_where_all_of_them_are_known(column, codes, shown):
    assert text({column: codes}, lang="zh")[1:] == shown


@pytest.mark.parametrize(
    ("lang", "shown"), [("en", ["CN¥5,778,548", "CN¥720", "–"]), ("zh", ["¥5,778,548", "¥720", "–"])]
)
def test_money_is_shown_in_full(lang, shown):
    table = {"amount": [5_778_548.14, 720.0, None]}
    assert [line.strip() for line in text(table, lang=lang, currency="CNY")[1:]] == shown


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([0.25, 4.4136], ["0.250", "4.414"]),
        ([15.44, 2.0], ["15.4", "2.0"]),
        ([19195.9, 0.5], ["19,196", "0"]),
        ([1.0, 1500.0, None], ["1", "1,500", "–"]),
        ([2.0, float("nan")], ["2", "–"]),
        ([2.0, 3.5], ["2.0", "3.5"]),
        ([None, None], ["–", "–"]),
    ],
)
def test_as_many_decimals_are_shown_as_tell_figures_apart(values, shown):
    assert [line.strip() for line in text({"x": pl.Series(values, dtype=pl.Float64)})[1:]] == shown


def test_how_many_rows_are_left_out_is_said():
    assert text({"x": [1, 2, 3]}, caption="Rows", most=2)[0] == "Rows (first 2 of 3 rows)"
    assert text({"x": [1, 2, 3]}, lang="zh", caption="明细", most=2)[0] == "明细（前2行，共3行）"
    assert text({"x": [1, 2]}, most=2) == ["x", "1", "2"]


def test_a_frame_of_pandas_is_shown_as_one_of_polars():
    frame = pd.DataFrame({"date": [datetime(2024, 3, 8)], "amount": [9.5]})
    assert [line.split() for line in repr(cl.show(frame)).splitlines()] == [
        ["Date", "Amount"],
        ["8", "Mar", "2024", "9.50"],
    ]


def test_money_is_not_taken_for_a_formula_by_a_notebook():
    html = cl.show(pl.DataFrame({"amount": [1.0]}), currency="USD")._repr_html_()
    assert html.startswith('<div class="mathjax_ignore">')
    assert "<td" not in html
    assert "$1.00" in html


def test_what_users_write_is_escaped():
    assert "<b>" not in cl.show(pl.DataFrame({"<b>": ["<b>x"]}))._repr_html_()
