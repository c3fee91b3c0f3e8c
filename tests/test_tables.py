import polars as pl

from clvlab import tables
from clvlab.wording import Words


def html(table, kinds, lang="en"):
    return tables.display(table, kinds, Words(lang, "USD"), name="t").as_raw_html()


def test_cells_read_in_the_manner_of_their_kind():
    table = pl.DataFrame({"group": ["champions"], "customers": [1234], "share": [0.0551], "passed": [True]})
    shown = html(table, {"group": "group", "customers": "int", "share": "pct1", "passed": "yesno"}, "zh")
    for text in ("冠军", "1,234", "5.5%", "是", "分组", "客户数"):
        assert text in shown


def test_a_null_is_a_dash():
    assert html(pl.DataFrame({"clv": [None]}, schema={"clv": pl.Float64}), {"clv": "money"}).count("–") == 1


def test_markup_in_a_cell_is_inert():
    shown = html(pl.DataFrame({"group": ["<script>alert(1)</script>"]}), {"group": "group"})
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def test_a_condition_names_its_columns_in_the_readers_language():
    shown = html(pl.DataFrame({"condition": ["r_score 4-5, total_spend &gt; 3"]}), {"condition": "condition"}, "zh")
    assert "最近购买得分 4-5, 累计消费金额" in shown


def test_the_html_is_the_same_every_time():
    table = pl.DataFrame({"customers": [1, 2]})
    assert html(table, {"customers": "int"}) == html(table, {"customers": "int"})
