"""What a page shows beyond its tables: whole figures, advice for every group, titles true of their charts."""

import re
from dataclasses import replace
from html import unescape

import polars as pl
import pytest

from clvlab.params import ReportParams
from clvlab.presentation import PAGES, Chart, Drawing, Fragment, Report, Table
from clvlab.presentation.comparison import PAGES as COMPARISON
from clvlab.presentation.fragments import unbroken
from clvlab.wording import Words, catalogue

BLOCKS = [(section, block) for section, blocks in {**PAGES, **COMPARISON}.items() for block in blocks]
SPAN = re.compile(r'<span class="figure">(.*?)</span>')


@pytest.fixture(scope="module", params=["en", "zh"])
def report(request, sample_results):
    given = sample_results.params.to_dict() | {"lang": request.param}
    return Report(replace(sample_results, params=ReportParams(**given)))


def html_of(report, section):
    return "".join(piece.html for piece in report.pieces(section) if isinstance(piece, Fragment))


def rows_of(html, caption):
    """The texts of the cells of the table with that caption, row by row, its head first."""
    table = next(it for it in re.findall(r"<table.*?</table>", html, re.DOTALL) if caption in unescape(it))
    rows = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
    return [[unescape(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)] for row in rows]


def titles_of(report, section):
    drawn = (piece.chart.to_dict()["title"] for piece in report.pieces(section) if isinstance(piece, Drawing))
    return {title["text"]: title["subtitle"] for title in drawn}


# Figures


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("2,357 customers bought", ["2,357 customers"]),
        ("812 of them (34%) bought", ["812", "34%"]),
        ("on 30 June 1998, a day", ["30 June 1998"]),
        ("within the next 12 months.", ["12 months"]),
        ("▼ −13.1% in a quarter", ["−13.1%"]),
        ("about $69.1K ($63.3K to $74.7K)", ["$69.1K", "$63.3K", "$74.7K"]),
        ("CN¥5 each", ["CN¥5 each"]),
        ("共2,357位客户", ["2,357位"]),
        ("约¥80.9万（¥67.8万至¥93.4万）", ["¥80.9万", "¥67.8万至", "¥93.4万"]),
        ("截至1998年6月30日的12个月", ["1998年6月30日", "12个月"]),
        ("上升+1.4个百分点", ["+1.4个百分点"]),
        ("no figure at all", []),
        ("", []),
    ],
)
def test_a_figure_stays_with_its_unit(text, whole):
    html = unbroken(text)
    assert SPAN.findall(html) == whole
    assert re.sub("<[^>]*>", "", html) == text


@pytest.mark.parametrize("text", ["<b>5 apples</b>", 'a "5" & <3', "<script>1</script>"])
def test_what_is_around_a_figure_is_escaped(text):
    html = str(unbroken(text))
    assert unescape(re.sub(r"</?span[^>]*>", "", html)) == text
    assert not re.search(r"<(?!/?span)", html)


def test_figures_of_the_first_page_are_whole(report):
    html = html_of(report, "summary")
    sentences = re.findall(r"<p class=\"(?:lead|value|stake)\">(.*?)</p>", html)
    assert len(sentences) == 3
    assert all(SPAN.search(sentence) for sentence in sentences)
    rest = unescape(SPAN.sub("", " ".join(sentences)))
    assert not re.search(r"\d", rest), "a digit outside of any figure"


# Advice


def test_every_group_has_its_action(report):
    cards = html_of(report, "cards").split('<section class="card"')[1:]
    groups = report.results["cards"]["cards"]["group"].to_list()
    told = [
        (re.search("<h3>(.*?)</h3>", card)[1], re.search('<p class="action">(.*?)</p>', card)[1]) for card in cards
    ]
    plain = [(unescape(name), unescape(re.sub("<[^>]*>", "", action))) for name, action in told]
    assert plain == [(report.words.group(code), report.words.action(code)) for code in groups]
    assert len({action for _, action in plain}) == len(groups)


def test_what_to_do_comes_before_the_figures(report):
    rows = rows_of(html_of(report, "summary"), report.words("summary.actions_table"))
    assert rows[0][:2] == [report.words.column("group"), report.words.column("action")]
    assert len(rows) == 4


# Titles


def test_the_cohort_that_the_title_quotes_is_in_the_chart(report):
    table = report.results["cohorts"]["spend"]
    oldest = table.filter(pl.col("cohort") == table["cohort"].min()).row(-1, named=True)
    title = next(
        title for title in titles_of(report, "cohorts") if report.words.number(oldest["spend"], "price") in title
    )
    assert report.words.number(oldest["cohort"], "date") in title
    chart = next(
        piece.chart.to_dict()
        for piece in report.pieces("cohorts")
        if isinstance(piece, Drawing) and piece.chart.to_dict()["title"]["text"] == title
    )
    (rows,) = chart["datasets"].values()
    drawn = [row for row in rows if row["cohort"] == f"{oldest['cohort']:%Y-%m}"]
    assert drawn[-1]["spend"] == pytest.approx(oldest["spend"])


def test_the_subtitle_of_retention_says_what_its_figures_are(report):
    subtitle = next(iter(titles_of(report, "cohorts").values()))
    assert {"en": "in per cent", "zh": "（%）"}[report.words.lang] in subtitle


# Every block


@pytest.mark.parametrize(("section", "block"), BLOCKS, ids=lambda it: getattr(it, "table", None) or str(it)[:40])
def test_every_block_has_its_words(section, block):
    if isinstance(block, Table):
        assert f"{section}.{block.caption or block.table}_table" in catalogue()
    elif isinstance(block, Chart):
        assert f"{section}.{block.table}_subtitle" in catalogue()
    else:
        assert f"{section}.heading" in catalogue()


def test_two_views_of_one_table_have_captions_of_their_own():
    shown = [(section, block.table, block.caption) for section, block in BLOCKS if isinstance(block, Table)]
    assert len(shown) == len(set(shown))


@pytest.mark.parametrize("section", PAGES)
def test_money_in_a_table_is_of_one_precision_a_column(report, section):
    for table in re.findall(r"<table.*?</table>", html_of(report, section), re.DOTALL):
        rows = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)[1:]
        cells = [
            [unescape(re.sub("<[^>]*>", "", cell)) for cell in re.findall(r"<t[hd].*?</t[hd]>", row)] for row in rows
        ]
        for column in zip(*cells, strict=True):
            # What is less than 1 would be a plain 0.
            money = [cell for cell in column if re.fullmatch(r"−?(US)?\$(?!0\.)[\d,.]+\D?", cell)]
            assert len({len(cell.partition(".")[2]) for cell in money}) <= 1, money
            assert len({cell[-1] for cell in money if not cell[-1].isdigit()}) <= 1, money


@pytest.mark.parametrize("section", PAGES)
def test_no_cell_has_a_hyphen_for_a_minus(report, section):
    cells = re.findall(r"<td[^>]*>(.*?)</td>", html_of(report, section))
    assert not [cell for cell in cells if re.match(r"-\W?\d", cell)]


def test_the_page_says_where_pseudonyms_are_resolved(report):
    assert "customers.parquet" in html_of(report, "watch")
    assert "due.csv" in html_of(report, "due")
    assert "pseudonym" in report.results.customers.columns


def test_a_heading_is_the_section_of_the_contents(report):
    for section in PAGES:
        assert f'<h2 id="{section}">{Words(report.words.lang)(f"{section}.heading")}</h2>' in html_of(report, section)
