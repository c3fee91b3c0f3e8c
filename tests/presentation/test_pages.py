"""A page from sections made by hand: what each block becomes, in which order, in which words, and safe to show."""

import re
from dataclasses import replace
from datetime import date
from types import MappingProxyType

import polars as pl
import pytest

from clvlab.analysis.results import Results
from clvlab.analysis.section import Finding, Section
from clvlab.charts import theme
from clvlab.charts.notebook import VEGA_LITE
from clvlab.editions import SHOWN_ON
from clvlab.params import CompareParams, ReportParams
from clvlab.presentation import PAGES, Chart, Drawing, Fragment, Report
from clvlab.presentation.comparison import PAGES as COMPARISON
from clvlab.presentation.comparison import ComparisonReport
from clvlab.presentation.fragments import unbroken
from clvlab.wording import Name
from tests.charts import tables
from tests.charts.drawn import layer
from tests.presentation.test_report import rows_of

LAST = date(2024, 12, 31)
HOSTILE = "<b>&\"'"
INERT = "&lt;b&gt;&amp;&#34;&#39;"
ACTIONS = pl.DataFrame(
    {
        "group": ["champions", "lost"],
        "customers": [1_204, 31],
        "at_risk": [9_800.0, 64.0],
        "spend_change": [-1_250.0, 90.0],
        "clv": [48_250.0, 910.0],
        "clv_low": [40_000.0, 500.0],
        "clv_high": [56_500.0, 1_320.0],
    }
)


def results_of(section, tables_, findings, lang="en", kind=ReportParams, **given):
    """Results of one section, of a log that no page asks for."""
    params = kind(
        **{"name": "shop", "source": "cdnow_sample", "as_of": LAST, "lang": lang, "currency": "USD", **given}
    )
    content = Section(MappingProxyType(tables_), MappingProxyType(findings))
    return Results(params, None, MappingProxyType({section: content}), pl.DataFrame(), pl.DataFrame())


def page(section, tables_=MappingProxyType({}), findings=MappingProxyType({}), **given):
    """The pieces of a section, after its heading."""
    return Report(results_of(section, tables_, findings, **given)).pieces(section)[1:]


def heading(section, show=Report, **given):
    """The heading of a section without its style sheet, and as plain text."""
    piece = show(results_of(section, {}, {}, **given)).pieces(section)[0]
    return re.sub("<style>.*?</style>\n", "", piece.html, flags=re.DOTALL), piece.text


# Headings


def test_the_first_section_has_the_title_the_day_the_source_and_the_currency():
    assert heading("summary") == (
        "<h1>Customer segmentation: shop</h1>\n"
        '<p class="cover">As of 31 December 2024 · source: cdnow_sample · currency: USD</p>\n'
        '<h2 id="summary">Summary</h2>',
        "Customer segmentation: shop\nAs of 31 December 2024 · source: cdnow_sample · currency: USD",
    )
    assert heading("summary", lang="zh", currency=None) == (
        "<h1>客户分群报告：shop</h1>\n"
        '<p class="cover">截至2024年12月31日 · 数据来源：cdnow_sample · 币种：–</p>\n'
        '<h2 id="summary">摘要</h2>',
        "客户分群报告：shop\n截至2024年12月31日 · 数据来源：cdnow_sample · 币种：–",
    )


def test_a_title_of_the_users_own_goes_before_ours_and_stays_inert():
    html, text = heading("summary", title=f"Spring {HOSTILE}")
    assert html.startswith(f"<h1>Spring {INERT}</h1>\n")
    assert text.startswith(f"Spring {HOSTILE}\n")
    assert heading("summary", name=HOSTILE)[0].startswith(f"<h1>Customer segmentation: {INERT}</h1>\n")


def test_a_source_that_bites_stays_inert_on_the_cover():
    assert f"source: {INERT}.csv ·" in heading("summary", source=f"{HOSTILE}.csv")[0]


def test_every_other_section_has_its_heading_alone():
    assert heading("segments") == ('<h2 id="segments">Segments</h2>', "Segments")
    assert heading("segments", lang="zh") == ('<h2 id="segments">客户分群</h2>', "客户分群")


def test_a_comparison_begins_with_its_verdict():
    html, _ = heading("verdict", ComparisonReport, kind=CompareParams)
    assert re.findall("<(h[12]|p)", html) == ["h1", "p", "h2"]
    assert re.findall("<(h[12]|p)", heading("reach", ComparisonReport, kind=CompareParams)[0]) == ["h2"]


def test_every_heading_brings_the_looks_of_numbers_and_of_charts_in_the_dark():
    html = Report(results_of("segments", {}, {})).pieces("segments")[0].html
    style = re.fullmatch("<style>\n(.*?)</style>\n.*", html, re.DOTALL)[1]
    assert style.startswith(".numbers { display: flex;")
    assert style.endswith(theme.dark_notebook())


# Sentences


def test_a_sentence_is_a_paragraph_of_its_finding_and_its_figures_are_whole():
    [said] = page(
        "quality", findings={"lead": Finding.of("quality.lead_all", read=6_919, used=6_919, share=1.0, refused=0)}
    )
    assert said.html.startswith('<p class="lead">')
    assert '<span class="figure">6,919' in said.html
    assert re.sub("<[^>]*>", "", said.html) == said.text


def test_blocks_are_in_the_order_of_the_page_whatever_the_order_of_the_findings():
    moved = {
        "changed": Finding.of("summary.moved", lapse=Name("lapses", "quarter"), up=1, down=2),
        "lead": Finding.of("glossary.lead"),
    }
    pieces = page("summary", {"actions": ACTIONS}, moved)
    assert [re.match(r'<p class="\w+"|<style', piece.html)[0] for piece in pieces] == [
        '<p class="lead"',
        '<p class="changed"',
        "<style",
    ]
    assert pieces[1].text == (
        "What changed: within a quarter 2 customers have moved to a lower group, and 1 to a better one."
    )


def test_a_finding_that_the_page_does_not_ask_for_is_not_shown():
    assert page("glossary", findings={"other": Finding.of("glossary.lead")}) == []


@pytest.mark.parametrize(("lang", "listed"), [("en", "New, Lost"), ("zh", "新客户、已流失客户")])
def test_groups_in_a_sentence_are_listed_by_name(lang, listed):
    names = [Name("groups", "new"), Name("groups", "lost")]
    [said] = page("segments", findings={"empty": Finding.of("segments.empty", groups=names)}, lang=lang)
    assert listed in said.text


@pytest.mark.parametrize(("lang", "between"), [("en", " "), ("zh", "")])
def test_sentences_within_a_sentence_follow_each_other(lang, between):
    report = Report(results_of("glossary", {}, {}, lang=lang))
    leads = [Finding.of("glossary.lead"), Finding.of("appendix.lead")]
    assert report._listed(leads) == between.join(map(report._sentence, leads))


def test_a_key_of_the_params_is_in_quotation_marks():
    said = page("validation", findings={"choice": Finding.of("check.remark_leaking", table="t", columns="nps")})
    assert "Name a day (“dated:”), or say that they never change (“static:”)." in said[0].text
    assert "`" not in said[0].html


def test_a_figure_that_bites_stays_inert():
    told = Finding.of("check.remark_leaking", table=HOSTILE, columns="<script>9</script>")
    html = page("validation", findings={"choice": told})[0].html
    assert INERT in html
    assert "<script" not in html


def test_chinese_figures_keep_their_sign_their_currency_and_their_unit():
    assert re.findall("<span[^>]*>(.*?)</span>", str(unbroken("预计−US$1.8万，占3%"))) == ["−US$1.8万", "3%"]


# Tables


@pytest.mark.parametrize(
    ("lang", "head", "first"),
    [
        (
            "en",
            ["Group", "Suggested action", "Customers", "Spend at risk", "Change in spend", "Expected value"],
            ["Champions", "1,204", "$9,800", "−$1,250", "$48,250", "$40,000", "$56,500"],
        ),
        (
            "zh",
            ["分组", "建议动作", "客户数", "流失风险金额", "消费额变化", "预期价值"],
            ["冠军客户", "1,204", "US$9,800", "−US$1,250", "US$48,250", "US$40,000", "US$56,500"],
        ),
    ],
)
def test_advice_is_next_to_the_name_of_its_group(lang, head, first):
    [shown] = page("summary", {"actions": ACTIONS}, lang=lang)
    rows = rows_of(shown.html, "")
    assert rows[0][:6] == head
    assert [rows[1][0], *rows[1][2:]] == first
    assert rows[1][1] != rows[2][1]
    assert all(cell in shown.text for row in rows for cell in row)


def test_a_column_that_nobody_knows_is_left_out_and_an_empty_table_keeps_all():
    unknown = ACTIONS.with_columns(clv_low=pl.lit(None, pl.Float64))
    widths = [
        len(rows_of(page("summary", {"actions": table})[0].html, "")[0])
        for table in (ACTIONS, unknown, unknown.clear())
    ]
    assert widths == [8, 7, 8]


def test_what_is_known_of_one_row_alone_has_a_dash_in_the_others():
    half = ACTIONS.with_columns(clv_low=pl.Series([None, 500.0]))
    rows = rows_of(page("summary", {"actions": half})[0].html, "")
    assert [row[6] for row in rows[1:]] == ["–", "$500"]


def test_a_group_that_bites_stays_inert_in_its_table():
    own = ACTIONS.with_columns(group=pl.Series([HOSTILE, "<script>"]))
    given = results_of("summary", {"actions": own}, {})
    shown = Report(replace(given, own_groups=frozenset(own["group"]))).pieces("summary")[1]
    assert f'<th scope="row">{INERT}</th>' in shown.html
    assert "<script" not in shown.html


def test_a_second_view_of_a_table_has_a_caption_of_its_own():
    plan = pl.DataFrame(
        {
            "group": ["champions"],
            "customers": [10],
            "due": [7],
            "held_back": [3],
            "cadence": ["month"],
            "review_on": [date(2025, 3, 31)],
        }
    )
    what, when = page("due", {"groups": plan})
    captions = [re.search("<caption>(.*?)</caption>", piece.html)[1] for piece in (what, when)]
    assert len(set(captions)) == 2
    assert rows_of(what.html, "")[0] == ["Group", "Suggested action", "Owner", "Channel", "How often"]
    assert rows_of(when.html, "")[1][:4] == ["Champions", "10", "7", "3"]


def test_a_column_of_nothing_is_left_out():
    groups = tables.GROUPS.with_columns(
        **dict.fromkeys(
            (
                *("spend", "order_value", "median_days_since_last", "median_purchases", "p_alive", "p_buys_again"),
                *("clv_mean", "clv"),
            ),
            pl.lit(None, pl.Float64),
        )
    )
    leading = {"groups": Finding.of("segments.groups", group=Name("groups", "champions"), customers=0.1, spend=0.5)}
    _, figures = page("segments", {"groups": groups}, leading)
    assert rows_of(figures.html, "")[0] == ["Group", "Customers", "Share of customers", "Share of spend"]
    assert rows_of(figures.html, "")[1] == ["Champions", "10", "10.0%", "50.0%"]


CELLS = {
    ("quality", "gate"): (
        {"check": ["customers"], "required": [500], "found": [1_480], "passed": [True]},
        ["Customers with a purchase, at least", "500", "1,480", "yes"],
    ),
    ("movement", "direction"): (
        {"move": ["down"], "customers": [1_300], "clv": [2_500.0]},
        ["Moved down, with a purchase since", "1,300", "$2,500"],
    ),
    ("movement", "money"): (
        {
            "group": ["champions"],
            "opening": [2_500.0],
            "moved_out": [500.0],
            "arrived": [0.0],
            "moved_in": [250.0],
            "revalued": [-250.0],
            "closing": [2_000.0],
        },
        ["Champions", "$2,500", "$500", "$0", "$250", "−$250", "$2,000"],
    ),
    ("movement", "alerts"): (
        {
            "before": ["champions"],
            "after": ["at_risk"],
            "fell": [True],
            "customers": [12],
            "share": [0.12],
            "clv_before": [2_500.0],
            "clv": [500.0],
            "clv_low": [250.0],
            "clv_high": [1_000.0],
        },
        ["Champions", "At risk", "12", "12%", "$2,500", "$500", "$250", "$1,000"],
    ),
    ("structure", "ends"): (
        {
            "group": ["champions"],
            "customers_first": [0.125],
            "customers_last": [0.25],
            "revenue_first": [None],
            "revenue_last": [0.5],
        },
        ["Champions", "12.5%", "25.0%", "50.0%"],
    ),
    ("bridge", "customers"): (
        {
            "since": [date(2024, 9, 30)],
            "part": ["came_back"],
            "customers": [1_300],
            "revenue_then": [-20.0],
            "revenue_now": [2_500.0],
            "change": [2_520.0],
        },
        [
            "30 Sept 2024",
            "Came back: bought earlier, not then, but in this period",
            *("1,300", "−$20", "$2,500", "$2,520"),
        ],
    ),
    ("rules", "strategy"): (
        {"group": ["champions"], "rank": [1], "condition": ["r_score >= 4"]},
        ["Champions", "1", "recency score ≥ 4"],
    ),
    ("watch", "customers"): (
        {
            "pseudonym": ["C-0007"],
            "n_purchases": [12],
            "days_since_last": [95],
            "gap_p80": [41.6],
            "next_from": [date(2025, 1, 8)],
            "next_to": [date(2025, 2, 20)],
            "spend_last_year": [1_234.6],
            "p_alive": [0.634],
            "p_buys_again": [None],
            "at_risk": [88.0],
        },
        ["C-0007", "12", "95", "41.6", "8 Jan 2025", "20 Feb 2025", "$1,235", "63%", "$88.00"],
    ),
    ("gems", "gems"): (
        {
            "pseudonym": ["C-0007"],
            "group": ["new"],
            "n_purchases": [2],
            "days_since_last": [95],
            "total_spend": [41.5],
            "clv": [88.0],
            "p_alive": [None],
            "p_buys_again": [0.634],
        },
        ["C-0007", "New", "2", "95", "$41.50", "$88.00", "63%"],
    ),
    ("trust", "rows"): (
        {
            "first_day": [date(2024, 12, 1)],
            "last_day": [date(2024, 12, 31)],
            "accepted": [1_234],
            "refused": [12],
            "share_refused": [0.0096],
        },
        ["1 Dec 2024", "31 Dec 2024", "1,234", "12", "1.0%"],
    ),
    ("trust", "forecasts"): (
        {
            "what": ["spend"],
            "origin": [date(2024, 11, 30)],
            "end": [date(2024, 12, 31)],
            "customers": [60],
            "predicted": [1_234.4],
            "honest_low": [1_000.2],
            "honest_high": [1_500.0],
            "actual": [1_600.0],
            "held": [False],
        },
        ["Spend", "30 Nov 2024", "31 Dec 2024", "1,234", "1,000", "1,500", "1,600", "no"],
    ),
    ("appendix", "parameters"): ({"parameter": ["name"], "value": [HOSTILE]}, ["name", HOSTILE]),
}


@pytest.mark.parametrize(("section", "table"), CELLS)
def test_the_cells_of_a_table_read_as_their_kind(section, table):
    data, expected = CELLS[section, table]
    [shown] = page(section, {table: pl.DataFrame(data)})
    assert rows_of(shown.html, "")[1] == expected


# Charts


@pytest.mark.parametrize(
    ("section", "block"),
    [
        pytest.param(section, block, id=f"{section}-{block.table}")
        for section, blocks in (PAGES | COMPARISON).items()
        for block in blocks
        if isinstance(block, Chart)
    ],
)
def test_a_table_is_drawn_by_the_chart_that_is_named_for_it(section, block):
    named = {"segments.groups": "shares", "clusters.clusters": "shares", "stability.map": "stability"}
    module = {"clusters": "segments"} | dict.fromkeys(COMPARISON, "comparison")
    assert block.draw.__name__ == named.get(f"{section}.{block.table}", block.table)
    assert block.draw.__module__ == f"clvlab.charts.{module.get(section, section)}"


@pytest.mark.parametrize(("lang", "stop"), [("en", ". "), ("zh", "。")])
def test_a_chart_has_its_finding_for_a_title_and_is_told_by_it(lang, stop):
    found = {"orders": Finding.of("base_health.orders", share=0.5), "lead": Finding.of("glossary.lead")}
    [_, drawing] = page("base_health", {"orders": tables.ORDERS}, found, lang=lang)
    title, subtitle = (drawing.chart.to_dict()["title"][part] for part in ("text", "subtitle"))
    assert "50%" in title
    assert drawing.chart.to_dict()["description"] == f"{title}{stop}{subtitle}"
    bundle, _ = drawing._repr_mimebundle_()
    assert bundle["text/plain"] == f"{title}{stop}{subtitle}"
    assert bundle[VEGA_LITE]["usermeta"]["published"]["title"]["text"] == title
    assert repr(drawing) == "Drawing()"


def test_each_chart_draws_its_own_table():
    found = {
        "orders": Finding.of("base_health.orders", share=0.5),
        "months": Finding.of("base_health.months", share=0.4),
    }
    orders, months = page("base_health", {"months": tables.MONTHS, "orders": tables.ORDERS}, found)
    assert [row["customers"] for row in layer(orders.chart, "bar")["rows"]] == [50, 30, 20]
    assert [row["value"] for row in layer(months.chart, "bar")["rows"]] == [10.0, 5.0, 0.0, 7.0]


# Numbers and terms


def test_numbers_are_cards_one_after_the_other():
    numbers = pl.DataFrame(
        {
            "measure": ["customers", "revenue"],
            "kind": ["int", "money"],
            "value": [2_357.0, 18_234.0],
            "previous": [None, 0.0],
            "change": [None, None],
            "beyond_chance": [None, None],
            "change_in_year": [None, 0.5],
        }
    )
    [cards] = page("summary", {"numbers": numbers})
    first, second = re.findall(r'<div class="number">(.*?)</div>', cards.html)
    assert (
        cards.html
        == f'<div class="numbers"><div class="number">{first}</div><div class="number">{second}</div></div>'
    )
    names = [line.split(": ")[0] for line in cards.text.splitlines()]
    assert (
        first
        == f"<span>{names[0]}</span><strong>2,357</strong><small>nothing to compare with a quarter before</small>"
    )
    assert second == (
        f"<span>{names[1]}</span><strong>$18.2K</strong><small>nothing a quarter before; "
        '▲\u00a0<span class="figure">+50.0%</span> in a year</small>'
    )
    assert cards.text == f"{names[0]}: 2,357\n{names[1]}: $18.2K"


def test_terms_are_a_list_of_meanings_in_the_order_of_the_table():
    [terms] = page("glossary", {"terms": pl.DataFrame({"term": ["repeat_purchase", "purchase"]})}, lang="zh")
    named = re.findall("<dt>(.*?)</dt><dd>(.*?)</dd>", terms.html)
    assert [term for term, _ in named] == ["重复购买", "购买"]
    assert terms.html.startswith('<dl class="terms"><dt>')
    assert terms.text == "\n".join(f"{term}: {meaning}" for term, meaning in named)


# In a notebook


def test_no_formula_is_read_into_money():
    piece = Fragment("<p>$5 to $9</p>", "$5 to $9")
    assert piece._repr_html_() == '<div class="mathjax_ignore"><p>$5 to $9</p></div>'
    assert repr(piece) == "$5 to $9"


def test_a_section_is_shown_piece_by_piece(monkeypatch):
    shown = []
    display = "clvlab.presentation.report.notebook.display"
    monkeypatch.setattr(display, lambda piece, metadata: shown.append((piece, metadata)))
    found = {"orders": Finding.of("base_health.orders", share=0.5), "lead": Finding.of("glossary.lead")}
    Report(results_of("base_health", {"orders": tables.ORDERS}, found)).show("base_health")
    assert [type(piece) for piece, _ in shown] == [Fragment, Fragment, Drawing]
    assert '<h2 id="base_health">' in shown[0][0].html
    assert [metadata for _, metadata in shown] == [{SHOWN_ON: {"lang": "en", "editions": ["analyst"]}}] * 3
