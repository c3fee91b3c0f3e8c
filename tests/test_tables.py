import re
from datetime import date
from html.parser import HTMLParser

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clvlab import tables
from clvlab.wording import Words

TEXTS = st.text("ab <>&\"'/=;{%}冠\0\u202e\U0001f4a1", max_size=12)


class Parsed(HTMLParser):
    """Elements of a table: (tag, attributes), and the text of each cell, row by row."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.rows, self.caption, self._into = [], [], "", None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        elif tag in {"th", "td"}:
            self.rows[-1].append("")
        self._into = tag

    def handle_endtag(self, tag):
        self._into = None if tag == self._into else self._into

    def handle_data(self, data):
        if self._into in {"th", "td"}:
            self.rows[-1][-1] += data
        elif self._into == "caption":
            self.caption += data

    def all(self, *tags):
        return [attrs for tag, attrs in self.elements if tag in tags]


def cells(values, kind, lang="en", dtype=None):
    """The cells of one column as they are shown."""
    table = pl.DataFrame({"value": pl.Series(values, dtype=dtype)})
    return list(tables.display(table, {"value": kind}, Words(lang, "USD")).columns[0].cells)


def groups(caption="Groups"):
    table = pl.DataFrame(
        {"group": ["champions", "lost"], "customers": [1234, 56], "share": [0.9566, 0.0434], "left": ["out", "out"]}
    )
    kinds = {"group": "group", "share": "pct1", "customers": "int"}
    return tables.display(table, kinds, Words("en"), caption=caption)


def test_columns_are_those_asked_for_in_that_order_under_their_names():
    assert [column.heading for column in groups().columns] == ["Group", "Share", "Customers"]
    assert list(groups().rows) == [("Champions", "95.7%", "1,234"), ("Lost", "4.3%", "56")]


@pytest.mark.parametrize(
    ("values", "kind", "english", "chinese"),
    [
        (["Zürich"], "group", ["Zürich"], ["Zürich"]),
        ([True, False], "yesno", ["yes", "no"], ["是", "否"]),
        (["as it is_stored"], "text", ["as it is_stored"], ["as it is_stored"]),
        ([7], "text", ["7"], ["7"]),
        ([1234, 5], "int", ["1,234", "5"], ["1,234", "5"]),
        ([3.14159, 2.0], "dec2", ["3.14", "2.00"], ["3.14", "2.00"]),
        ([0.41, 1.0], "pct", ["41%", "100%"], ["41%", "100%"]),
        ([41_000.0, 96.4], "money", ["$41,000", "$96"], ["US$41,000", "US$96"]),
        ([1_234_567.0, 41_000.0, 96.0], "money", ["$1,235K", "$41K", "$96"], ["US$123.5万", "US$4.1万", "US$96"]),
        ([141.88, 5.72, -5.72], "price", ["$142", "$6", "−$6"], ["US$142", "US$6", "−US$6"]),
        ([0.5, 12.25, None], "exact", ["0.50", "12.25", "–"], ["0.50", "12.25", "–"]),
        ([35.174], "price", ["$35.17"], ["US$35.17"]),
        ([date(1998, 9, 30)], "date", ["30 Sept 1998"], ["1998年9月30日"]),
    ],
)
def test_cells_read_in_the_manner_of_their_kind(values, kind, english, chinese):
    assert cells(values, kind, "en") == english
    assert cells(values, kind, "zh") == chinese


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_codes_have_the_names_of_their_catalogue(lang):
    words = Words(lang)
    assert cells(["lost", "champions"], "group", lang) == [words.group("lost"), words.group("champions")]
    assert cells(["abc"], "strategy", lang) == [words.name("strategies", "abc")]
    assert cells(["read"], "rule", lang) == [words.row("read")]
    assert cells(["gini"], "name:columns", lang) == [words.column("gini")]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_condition_names_its_columns_in_the_readers_language(lang):
    words = Words(lang)
    shown = cells(["r_score 4-5, total_spend > 3"], "condition", lang)
    assert shown == [f"{words.column('r_score')} 4–5, {words.column('total_spend')} > 3"]


@pytest.mark.parametrize(
    ("condition", "shown"),
    [
        ("n_purchases == 0", "Purchases = 0"),
        ("city != Beijing", "City ≠ Beijing"),
        ("city == unknown, n_purchases <= 3", "City = Unknown, Purchases ≤ 3"),
        ("50 <= total_spend < 312.5", "50 ≤ Total spend < 312.5"),
        ("n_purchases >= 3; r_score 1-2, f_score 5", "Purchases ≥ 3; recency score 1–2, frequency score 5"),
        ("district = 1-2 | 3-4", "district = 1-2 | 3-4"),
        ("city = total_spend | a >= b", "City = total_spend | a >= b"),
        ("-5.5 <= total_spend < -1", "−5.5 ≤ Total spend < −1"),
        ("total_spend -20 [-30.5, 4]", "Total spend −20 [−30.5, 4]"),
        ("city = -1 | -2", "City = -1 | -2"),
        ("city == spend, total_spend <= 3", "City = spend, Total spend ≤ 3"),
        ("(city = New York) & (n_purchases >= 2)", "(City = New York) & (Purchases ≥ 2)"),
    ],
)
def test_a_condition_has_the_signs_of_a_reader_not_of_a_programmer(condition, shown):
    assert cells([condition], "condition") == [shown]


@pytest.mark.parametrize("kind", ["group", "yesno", "text", "condition", "int", "pct", "money", "date"])
def test_a_null_is_a_dash(kind):
    assert cells([None], kind) == ["–"]


def test_what_is_not_a_number_is_a_dash():
    assert cells([float("nan"), 1.0], "dec1") == ["–", "1.0"]


@pytest.mark.parametrize(
    ("value", "kind", "shown"),
    [(-1234, "int", "−1,234"), (-0.143, "pct1", "−14.3%"), (-5.5, "price", "−$5.50"), (-0.0004, "dec3", "0.000")],
)
def test_a_negative_number_has_a_minus_sign_and_what_rounds_to_zero_has_none(value, kind, shown):
    assert cells([value], kind) == [shown]


def test_a_hyphen_in_a_text_stays_a_hyphen():
    assert cells(["k-means"], "text") == ["k-means"]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=6), st.sampled_from([("dec1", 1), ("dec3", 3)]))
def test_a_column_has_one_precision(values, kind):
    name, places = kind
    assert {len(cell.partition(".")[2]) for cell in cells(values, name)} == {places}


def test_numbers_are_aligned_right_and_names_are_not():
    html = Parsed(groups().to_html())
    assert [attrs.get("class") for attrs in html.all("th", "td")] == [None, "num", "num"] * 3


def test_a_column_of_sentences_has_room():
    table = pl.DataFrame({"group": ["lost"], "action": ["Save those who can be saved, and let the others go."]})
    shown = tables.display(table, {"group": "group", "action": "text"}, Words("en"))
    assert [column.style for column in shown.columns] == [None, "long"]


def test_heads_and_row_names_are_headers_of_their_columns_and_rows():
    html = Parsed(groups().to_html())
    assert [attrs["scope"] for attrs in html.all("th")] == ["col"] * 3 + ["row"] * 2
    assert html.rows == [["Group", "Share", "Customers"], ["Champions", "95.7%", "1,234"], ["Lost", "4.3%", "56"]]


def test_the_caption_names_the_table_and_its_frame():
    html = Parsed(groups(caption="Who & what").to_html())
    assert html.caption == "Who & what"
    assert html.all("div") == [{"class": "table", "tabindex": "0", "role": "group", "aria-label": "Who & what"}]


def test_a_table_without_a_caption_has_none():
    html = Parsed(groups(caption="").to_html())
    assert not html.all("caption")
    assert html.all("div") == [{"class": "table", "tabindex": "0"}]
    assert groups(caption="").to_text().startswith("Group ")


def test_the_style_sets_no_colours_so_that_every_theme_can():
    style = re.search(r"<style>(.*)</style>", groups().to_html(), re.DOTALL)[1]
    assert not re.search("color|background|#[0-9a-f]{3}", style)


@settings(max_examples=30, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=4), TEXTS)
def test_texts_come_out_of_the_html_as_they_went_in(texts, caption):
    shown = tables.display(pl.DataFrame({"value": texts}), {"value": "text"}, Words("en"), caption=f"<{caption}")
    html = Parsed(shown.to_html().replace("\0", "\ufffd"))
    assert [row[0] for row in html.rows[1:]] == [Words("en").plain(text) for text in texts]
    assert html.caption == f"<{caption}".replace("\0", "\ufffd")


def test_markup_in_a_cell_is_inert():
    shown = tables.display(pl.DataFrame({"group": ["<script>alert(1)</script>"]}), {"group": "group"}, Words("en"))
    assert "<script>" not in shown.to_html()
    assert "&lt;script&gt;" in shown.to_html()


def test_a_table_without_rows_has_its_heads():
    shown = tables.display(pl.DataFrame({"group": []}, schema={"group": pl.String}), {"group": "group"}, Words("en"))
    assert Parsed(shown.to_html()).rows == [["Group"]]
    assert shown.to_text() == "Group"


def test_the_html_is_the_same_every_time():
    assert groups().to_html() == groups().to_html()


def test_the_plain_text_is_in_columns():
    assert groups().to_text().splitlines() == [
        "Groups",
        "Group      Share  Customers",
        "Champions  95.7%      1,234",
        "Lost        4.3%         56",
    ]


def test_a_chinese_character_takes_two_columns_of_plain_text():
    columns = (("分组", ("冠军", "A"), False), ("客户数", ("5", "10"), True))
    shown = tables.DisplayTable(tuple(tables.DisplayColumn(*column) for column in columns))
    assert shown.to_text().splitlines() == ["分组  客户数", "冠军       5", "A         10"]


def test_an_empty_cell_keeps_its_line():
    assert tables.display(pl.DataFrame({"value": ["a", "", "b"]}), {"value": "text"}, Words("en")).to_text() == (
        "Value\na\n\nb"
    )
