"""The catalogue has words for every code and sentence, in both languages; and figures read as they should."""

import ast
import re
import string
from datetime import date
from functools import cache
from pathlib import Path
from typing import get_args

import polars as pl
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import clvlab as cl
from clvlab.analysis import comparison, segmentation
from clvlab.analysis.comparison.by_group import MEASURES as OUTCOMES
from clvlab.analysis.segmentation import bridge
from clvlab.analysis.segmentation.cohorts import PERIODS
from clvlab.analysis.segmentation.context import VALUE_LEVEL
from clvlab.analysis.segmentation.gems import QUADRANTS
from clvlab.analysis.segmentation.glossary import TERMS
from clvlab.analysis.segmentation.movement import MOVES
from clvlab.analysis.segmentation.season import MONTHS
from clvlab.analysis.segmentation.summary import REVENUE
from clvlab.analysis.small_groups import SMALL
from clvlab.charts.comparison import ROLES
from clvlab.columns import CUSTOMERS, LOG, names
from clvlab.comparison.answering import ANSWERING
from clvlab.comparison.rankings import BARS
from clvlab.comparison.stability import N_RESAMPLES
from clvlab.customers import DERIVED
from clvlab.customers.attribute_values import Kind
from clvlab.errors import ParamsError
from clvlab.grouping.measures import MEASURES
from clvlab.models import MODEL_NAMES, MODELLED, PURCHASE_MODELS, GammaGamma, SpendKind, WithAttributes
from clvlab.models.attributes import MISSING_LEVEL
from clvlab.models.value_models import name_of
from clvlab.params import CompareParams, ReportParams
from clvlab.period_ends import PER_YEAR
from clvlab.planning.outcomes import PARTS
from clvlab.playbook import CADENCES
from clvlab.playbook.report import SHOWN
from clvlab.playbook.telling import DUE_FILE
from clvlab.presentation import Chart, Table
from clvlab.presentation import comparison as comparison_pages
from clvlab.presentation import segmentation as segmentation_pages
from clvlab.sources.headers import known_headers
from clvlab.strategy_numbers import numbers_of
from clvlab.transactions.rules import HINTED, RULES
from clvlab.validation.naive import NAIVE
from clvlab.validation.parts import PART_TOLERANCE
from clvlab.validation.predictions import METHODS
from clvlab.validation.validate import TOTALS_LEVEL
from clvlab.wording import CROSSED, LANGUAGES, USERS_KINDS, Name, Words, catalogue
from tests.grouping.customers import wide

SRC = Path(cl.__file__).parent
FILES = {key.split(".")[0] for key in catalogue()}
KINDS = {"", "int", "dec1", "dec2", "dec3", "pct", "pct1", "points", "short", "money", "price", "span"}
PAGES = {**segmentation_pages.PAGES, **comparison_pages.PAGES}
CHINESE = "[\u4e00-\u9fff]"
EN, ZH = Words("en", "USD"), Words("zh", "USD")
NUMBERS = st.floats(-1e12, 1e12, allow_nan=False)


def codes(file):
    """The keys of one catalogue."""
    return {key.partition(".")[2] for key in catalogue() if key.startswith(f"{file}.")}


def fields(text):
    """The figures of a text with their kinds; words that go with a figure are a language's own affair."""
    found = {(name, kind) for _, name, kind, _ in string.Formatter().parse(text) if name is not None}
    return {(name, kind) for name, kind in found if "|" not in kind}


def sources(pattern):
    return [path.read_text(encoding="utf-8") for path in sorted(SRC.glob(pattern))]


def found(pattern, files):
    return {match for source in sources(files) for match in re.findall(pattern, source)}


# Every text


@pytest.mark.parametrize("key", sorted(catalogue()))
def test_a_text_is_there_in_both_languages_with_the_same_figures_of_the_same_kinds(key):
    entry = catalogue()[key]
    assert set(entry) == set(LANGUAGES)
    assert all(isinstance(text, str) and text == text.strip() != "" for text in entry.values())
    assert fields(entry["en"]) == fields(entry["zh"])
    assert {kind for _, kind in fields(entry["en"])} <= KINDS


def test_in_english_one_thing_is_singular():
    told = {}
    for key, entry in catalogue().items():
        figures = {name: 1 if kind else "x" for name, kind in sorted(fields(entry["en"]))}
        spans = dict.fromkeys((name for name, kind in fields(entry["en"]) if kind == "span"), "1 month")
        told[key] = EN(key, **figures | spans)
    things = r"\b1 (?:[a-z]+ )?(?!is|was|has|less|as|this|values )[a-z]+s\b"
    plural = rf"(?<!fewer than ){things}|\b1 (?:\([^)]*\) )?(?:are|were|have)\b"
    assert {key: text for key, text in told.items() if re.search(plural, text)} == {}


@pytest.mark.parametrize(("n", "said"), [(1, "1 customer has"), (2, "2 customers have"), (0, "0 customers have")])
def test_a_word_goes_with_its_figure(n, said):
    assert said in EN("summary.moved", lapse=Name("lapses", "month"), down=n, up=n)


@pytest.mark.parametrize("key", sorted(catalogue()))
def test_a_text_is_punctuated_in_the_manner_of_its_language(key):
    en, zh = catalogue()[key]["en"], re.sub(r"\{\w+(:\w+)?\}", "0", catalogue()[key]["zh"])
    assert not re.search(CHINESE + "|[，。；：（）、]", en)
    assert not re.search(rf"{CHINESE}[,.;:!?()]|[,.;:!?()]{CHINESE}", zh)
    assert not re.search(rf"{CHINESE} {CHINESE}", zh)
    assert en.count("“") == en.count("”")
    assert zh.count("“") == zh.count("”") == en.count("“")


AVOIDED = {
    "en": r"(?<!there )\b(is|are|be) no (?!more|better|worse)|foret|foresight|\b(beside|stands?|amiss|told)\b|\d %|’",
    "zh": "逾期|风险价值|拒收|批次|客户基础|终生|预见|名次变动|化名|毛利|日志|基线",
}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_words_that_readers_stumble_over_are_avoided(lang):
    texts = {key: entry[lang] for key, entry in catalogue().items()}
    assert {key: text for key, text in texts.items() if re.search(AVOIDED[lang], text, re.IGNORECASE)} == {}


def test_a_group_inside_a_sentence_is_quoted():
    sentences = {key: entry for key, entry in catalogue().items() if "{group}" in entry["en"]}
    assert sentences
    assert all("“{group}”" in text for entry in sentences.values() for text in entry.values())


@pytest.mark.parametrize("lang", LANGUAGES)
def test_figures_that_a_text_states_are_those_of_the_code(lang):
    words = Words(lang)
    percent = [words.number(level, "pct") for level in (VALUE_LEVEL, TOTALS_LEVEL)]
    assert re.findall(r"\d+%", words("glossary.interval_meaning")) == percent
    assert percent[0] in catalogue()["summary.value"][lang]
    assert percent[0] in words.column("clv_low")
    assert percent[1] in words.column("low")
    assert str(N_RESAMPLES) in words("stability.lead")
    assert words.number(PART_TOLERANCE, "pct") in catalogue()["validation.warning_decile"][lang]


# Every code has words, and every name is the name of a code


def group_codes():
    """The codes of all groups that registered strategies yield, but for users' own values and numbered groups.

    And the one that a page has for small groups.
    """
    customers = wide()
    given = {
        code
        for strategy in cl.strategies.values()
        for code in strategy.fit(customers).card["group"]
        if CROSSED not in code
    }
    texts = customers.data.select(pl.col(pl.String).exclude("customer_id"))
    own = {value for column in texts for value in column} | {"design", "outdoor", "music"}
    answering = {f"answered_{how}" for how in ("all", "some", "none")}
    return {code for code in given - own if not re.fullmatch(r"(cluster|random)_\d+", code)} | answering | {SMALL}


def columns_shown():
    """Columns of the tables on the pages and of the charts, and those that conditions of groupings can name."""
    tables = {
        column for blocks in PAGES.values() for block in blocks if isinstance(block, Table) for column in block.kinds
    }
    of_customers = {*names(CUSTOMERS), *names(DERIVED), *names(MODELLED), *MEASURES}
    needed = {column for strategy in cl.strategies.values() for column in strategy.needs}
    # What is scored: the words of RFM conditions, and of a column that is merely known.
    scored = {"r_score", "f_score", "m_score", "rfm_score", "known"}
    # What an attribute is renamed to, where its header is recognised.
    recognised = set(known_headers()["attributes"]) - {"as_of"}
    # What notebooks show besides: logs and their refused rows, models side by side.
    in_notebooks = {*names(LOG), "row", "parameters", "chosen"}
    return (
        tables
        | recognised
        | in_notebooks
        | set(DUE_FILE)
        | {column for kinds in SHOWN.values() for column in kinds}
        | found(r'words\.column\("(\w+)"\)', "charts/*.py")
        | of_customers
        | needed
        | scored
    )


def known_values():
    """The values of the lighting retailer's attributes and the provinces, in English, and a value that is missing."""
    law = yaml.safe_load((SRC / "datasets" / "lighting.yaml").read_text(encoding="utf-8"))
    regions = yaml.safe_load((SRC / "grouping" / "maps" / "regions.yaml").read_text(encoding="utf-8"))
    listed = [values["values"] for name, values in law["attributes"].items() if name != "region"]
    values = {
        it["en"]
        for group in (*listed, law["categories"], law["channels"], law["interests"]["values"])
        for it in group
    }
    cities = {name for group in law["cities"].values() for it in group for name in it["en"]}
    names = [[name for name in row if name.isascii()] for rows in regions.values() for row in rows]
    areas = {"North", "South", "East", "West"}
    provinces = {row[0] for row in names if row and row[0] not in areas and not row[0].endswith(" China")}
    return values | cities | provinces | {MISSING_LEVEL}


def purchase_models():
    """The names of those that are tried, also with attributes, and of those that parameters may name."""
    kinds = [WithAttributes(model, ()) for model in PURCHASE_MODELS]
    return {name_of(kind) for kind in (*PURCHASE_MODELS, *MODEL_NAMES.values(), *kinds)}


def numbers_of_strategies():
    """The numbers that a what-if offers for change, but for bounds of conditions, which are told by these."""
    customers = wide()
    fitted = [(strategy, strategy.fit(customers)) for strategy in cl.strategies.values()]
    found = [number for pair in fitted for number in numbers_of(*pair).values()]
    return {str(number.path[-1]) for number in found if not number.label}


CODES = {
    "values": known_values,
    "columns": columns_shown,
    "cadences": lambda: set(CADENCES),
    "glossary": lambda: {"heading", "lead", *TERMS, *(f"{term}_meaning" for term in TERMS)},
    "groups": group_codes,
    "methods": lambda: {*METHODS, *NAIVE, "best", "Learned", *purchase_models()},
    "models": lambda: {*purchase_models(), GammaGamma.__name__},
    "moves": lambda: set(MOVES),
    "parts": lambda: set(PARTS),
    "quadrants": lambda: set(QUADRANTS.values()),
    "periods": lambda: {period.name for period in PERIODS},
    "numbered": lambda: {"cluster", "random"},
    "refusals": lambda: set(RULES),
    "spend_kinds": lambda: set(get_args(SpendKind)),
    "strategies": lambda: {*cl.strategies, ANSWERING.name, *BARS},
    "numbers": numbers_of_strategies,
    "yesno": lambda: {str(value).lower() for value in (True, False)},
    "doubts": lambda: found(r'\bwarn\("(\w+)"', "[cst]*s/*.py"),
    "faults": lambda: (
        {"max_refused"}
        | found(r'(?:\bfault\(\s*|code=)"(\w+)"', "[cst]*s/*.py")
        | found(r'\bfault\(\s*"((?:crm|database|spark)_\w+)"', "**/*.py")
    ),
    "hints": lambda: {*HINTED, "other"},
    "kinds": lambda: set(get_args(Kind)),
    "months": lambda: set(MONTHS),
    "run_kinds": lambda: {ReportParams.kind, CompareParams.kind},
    "lapses": lambda: {*PER_YEAR, "year"},
    "bridge_parts": lambda: {*bridge.PARTS, "total"},
    "steps": lambda: set(bridge.STEPS),
    "keys": lambda: {*ReportParams.model_fields, *CompareParams.model_fields},
    "caveats": lambda: {"other"} | found(r'code="(\w+)"', "models/**/*.py"),
}
FOUND = ("gate", "rows", "measures", "facts", "outcomes", "judged", "left_out")
"""Catalogues of codes that a report finds."""


@pytest.mark.parametrize("file", CODES)
def test_every_code_has_words_and_no_words_are_without_a_code(file):
    assert codes(file) == CODES[file]()


def test_what_a_report_finds_in_codes_has_words(sample_results):
    quality, summary, appendix = (sample_results[section] for section in ("quality", "summary", "appendix"))
    assert codes("gate") == set(quality["gate"]["check"])
    assert codes("rows") - {"refused", "filtered"} == set(quality["rows"]["rule"]) - set(RULES)
    assert codes("measures") == {*summary["numbers"]["measure"], *REVENUE.values()}
    assert codes("facts") == set(appendix["data"]["fact"])
    assert codes("outcomes") == {*sample_results["validation"]["totals"]["what"], *OUTCOMES}


def test_every_flaw_that_a_reader_finds_is_a_rule():
    flaws = found(r'pl\.lit\("(\w+)"\)', "sources/delimited.py")
    assert flaws
    assert flaws <= set(RULES)


def test_what_to_do_is_said_of_groups_only():
    general = {"everyone", *(f"value_low_{choice}" for choice in ("stimulate", "basic", "save"))}
    assert codes("actions") - general <= codes("groups")


# Every key is used, and every use has its key


def keys_of_pages():
    """The keys that pages and charts put together: headings, subtitles of charts, captions of tables."""
    for section, blocks in PAGES.items():
        yield f"{section}.heading"
        yield from (f"{section}.{block.table}_subtitle" for block in blocks if isinstance(block, Chart))
        yield from (f"{section}.{block.caption or block.table}_table" for block in blocks if isinstance(block, Table))
    yield from (f"{cover}.{part}" for cover in ("summary", "verdict") for part in ("title", "cover"))
    yield from (f"compare.role_{role}" for role in ROLES)


def written(source):
    """Texts of a program as patterns: f"quality.gate_{how}" is quality.gate_ and any word."""
    nodes = list(ast.walk(ast.parse(source)))
    mixed = [node for node in nodes if isinstance(node, ast.JoinedStr)]
    parts = {id(part) for node in mixed for part in node.values}
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
            yield re.escape(node.value)
    for node in mixed:
        yield "".join(re.escape(part.value) if isinstance(part, ast.Constant) else r"\w+" for part in node.values)


@cache
def keys_in_code():
    """Keys in programs and templates, as patterns: those that begin with the name of a catalogue."""
    texts = {text for source in sources("**/*.py") for text in written(source)}
    texts |= {re.escape(text) for text in found(r"""["'](\w+\.\w+)["']""", "reporting/templates/**/*.j2")}
    paths = {re.escape(path.name) for path in SRC.rglob("*")}
    paths |= {text for text in texts if text.endswith((r"\.csv", r"\.parquet"))}
    return {text for text in texts - paths if re.fullmatch(rf"({'|'.join(FILES)})\\\.[\w\\+]+", text)}


CHOSEN = {
    *("compare.oracle", "compare.random", "validation.above", "validation.below"),
    *("summary.high", "summary.low", "summary.inside", "summary.outside"),
}
"""Keys of which the code knows the last part only, where it chooses among them."""


@pytest.mark.parametrize(
    "file", sorted((Path(cl.__file__).parent / "wording").glob("*.yaml")), ids=lambda file: file.stem
)
def test_no_key_is_there_twice(file):
    """YAML would take the second and say nothing."""
    keys = re.findall(r"^(\w+):", file.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(set(keys)) == len(keys)


def test_every_key_is_used():
    patterns = keys_in_code() - {rf"{file}\.\w+" for file in FILES}
    put_together = {*keys_of_pages(), *CHOSEN}
    checked = {*CODES, *FOUND, "actions"}
    rest = {key for key in set(catalogue()) - put_together if key.split(".")[0] not in checked}
    assert {key for key in rest if not any(re.fullmatch(pattern, key) for pattern in patterns)} == set()


def test_every_use_has_its_key():
    assert {*keys_of_pages(), *CHOSEN} - set(catalogue()) == set()
    assert len(keys_in_code()) > 100
    assert {use for use in keys_in_code() if not any(re.fullmatch(use, key) for key in catalogue())} == set()


def test_every_section_has_a_page():
    assert set(PAGES) == {*segmentation.SECTIONS, *comparison.SECTIONS}


# Names


@pytest.mark.parametrize("kind", sorted({*CODES, *FOUND} - USERS_KINDS))
def test_a_code_of_ours_without_words_is_an_error(kind):
    with pytest.raises(KeyError, match=rf"No wording for '{kind}\.nothing_of_that_kind'"):
        EN.name(kind, "nothing_of_that_kind")


def test_an_error_names_the_nearest_known():
    with pytest.raises(KeyError, match=r"Did you mean 'segments\.lead'"):
        EN("segments.leed")
    with pytest.raises(KeyError, match=r"Did you mean 'refusals\.missing_date'"):
        EN.row("missing_dates")
    with pytest.raises(KeyError, match=r"Did you mean 'columns\.customers'"):
        EN.column("customer")


@pytest.mark.parametrize("kind", sorted(USERS_KINDS))
@pytest.mark.parametrize("value", ["云栖镇", "Hotels & bars", "{0.__class__}", "random_walk", "cluster_", "", "a.b"])
def test_a_users_own_value_is_its_own_name_and_is_never_a_template(kind, value):
    assert [words.name(kind, value) for words in (EN, ZH)] == [value, value]
    assert f"“{value}”" in EN("segments.groups", group=Name(kind, value), customers=0.1, spend=0.1)


RLO = "\N{RIGHT-TO-LEFT OVERRIDE}"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_marks_that_turn_the_direction_of_text_are_visible_wherever_a_value_is_shown(lang):
    words = Words(lang, own_groups=frozenset({f"a{RLO}b"}))
    value = f"a{RLO}b\x1b"
    shown = [words.group(value), words.group(f"a{RLO}b"), words.attribute(value), words.attribute_value(value)]
    shown += [words.name("strategies", value), words("doubts.unread", values=1, column="x", example=value)]
    assert all("a\ufffdb" in text and RLO not in text and "\x1b" not in text for text in shown)


def test_a_value_that_is_too_long_is_cut_with_its_length():
    assert EN.group("x" * 10_000) == "x" * 100 + "… (10,000 characters)"
    assert ZH.attribute("x" * 10_000) == "x" * 100 + "…（共10,000个字符）"
    assert EN.attribute_value("x" * 100) == "x" * 100


def test_an_attribute_is_named_where_we_know_it():
    assert (ZH.attribute("province"), ZH.attribute("会员等级"), EN.attribute("{x}")) == ("省份", "会员等级", "{x}")


def test_numbered_groups_and_crossings_are_named_from_their_parts():
    assert (EN.group("cluster_37"), ZH.group("random_2")) == ("Cluster 37", "随机组2")
    assert EN.group("vip × cluster_3") == "VIP × Cluster 3"
    assert ZH.name("strategies", "abc × own") == "ABC客户分类 × own"


def test_rows_are_named_by_where_they_went():
    assert (EN.row("accepted"), EN.row("missing_date")) == ("Accepted and used", "Refused: no date")
    assert ZH.row("missing_date") == "剔除：缺少日期"


def test_a_code_is_named_inside_a_sentence():
    text = ZH("segments.groups", group=Name("groups", "champions"), customers=0.09, spend=0.41)
    assert text == "“冠军客户”组占客户总数的9%，贡献41%的消费额"


def test_a_language_that_is_not_there_is_refused():
    with pytest.raises(ParamsError, match="en, zh"):
        Words("fr")


# Figures


@pytest.mark.parametrize(
    ("value", "kind", "en", "zh"),
    [
        (1234.5, "int", "1,234", "1,234"),
        (3.14159, "dec1", "3.1", "3.1"),
        (3.14159, "dec3", "3.142", "3.142"),
        (0.413, "pct", "41%", "41%"),
        (1.5, "pct1", "150.0%", "150.0%"),
        (-0.5, "pct", "−50%", "−50%"),
        (-0.0432, "points", "−4.3 points", "−4.3个百分点"),
        (0.0118, "points", "+1.2 points", "+1.2个百分点"),
        (-0.0001, "points", "0.0 points", "0.0个百分点"),
        (12.34, "short", "12.3", "12.3"),
        (999, "short", "999", "999"),
        (1_000, "short", "1K", "1,000"),
        (9_999, "short", "10K", "9,999"),
        (10_000, "short", "10K", "1万"),
        (41_000, "short", "41K", "4.1万"),
        (1_200_000, "short", "1.2M", "120万"),
        (99_990_000, "short", "100M", "9999万"),
        (100_000_000, "short", "100M", "1亿"),
        (-2_346_000_000, "short", "−2.3B", "−23.5亿"),
        (35.4, "money", "$35", "US$35"),
        (0.42, "money", "$0.42", "US$0.42"),
        (0.0, "money", "$0", "US$0"),
        (9_876, "money", "$9.9K", "US$9,876"),
        (2_500_000, "money", "$2.5M", "US$250万"),
        (35.171, "price", "$35.17", "US$35.17"),
        (-12.5, "price", "−$12.50", "−US$12.50"),
        (99.994, "price", "$99.99", "US$99.99"),
        (1234.56, "price", "$1,235", "US$1,235"),
        (1234.50, "exact", "1,234.5", "1,234.5"),
        (0.000012, "exact", "0.000012", "0.000012"),
        (134.6, "exact_price", "$134.60", "US$134.60"),
        (-1234.567891, "exact_price", "−$1,234.567891", "−US$1,234.567891"),
        (123_456_789_012.5, "exact", "123,456,789,012.5", "123,456,789,012.5"),
        (1e15, "dec3", "1,000,000,000,000,000.000", "1,000,000,000,000,000.000"),
        (8.03e33, "dec3", "> 1000T", "> 1000万亿"),
        (-1e26, "pct", "< −1000T", "< −1000万亿"),
        (float("inf"), "money", "> 1000T", "> 1000万亿"),
        ("12 months", "span", "12 months", "12个月"),
        ("1 year", "span", "1 year", "1年"),
        ("39 weeks", "span", "39 weeks", "39周"),
        ("1 days", "span", "1 day", "1天"),
        (date(1998, 6, 30), "date", "30 June 1998", "1998年6月30日"),
        (None, "int", "–", "–"),
        (float("nan"), "price", "–", "–"),
    ],
)
def test_a_figure_reads_in_the_manner_of_its_language(value, kind, en, zh):
    assert (EN.number(value, kind), ZH.number(value, kind)) == (en, zh)


@pytest.mark.parametrize(
    ("currency", "en", "zh"),
    [
        ("CNY", ("CN¥34.50", "CN¥1.2M"), ("¥34.50", "¥120万")),
        ("EUR", ("€34.50", "€1.2M"), ("€34.50", "€120万")),
        ("JPY", ("¥34.50", "¥1.2M"), ("JP¥34.50", "JP¥120万")),
        (None, ("34.50", "1.2M"), ("34.50", "120万")),
    ],
)
def test_money_has_the_currency_of_the_run_or_none(currency, en, zh):
    for lang, texts in (("en", en), ("zh", zh)):
        words = Words(lang, currency)
        assert (words.number(34.5, "price"), words.number(1_200_000, "money")) == texts


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (-0.2, "int"),
        (-0.04, "dec1"),
        (-0.004, "dec2"),
        (-0.004, "pct"),
        (-1e-9, "short"),
        (-0.001, "price"),
        (-0.004, "money"),
    ],
)
def test_what_rounds_to_zero_has_no_sign(lang, value, kind):
    words = Words(lang, "USD")
    assert words.number(value, kind) == words.number(0.0, kind)


COLUMNS = [
    ([47_012.4, 96.0, None], "money", ["$47,012", "$96", "–"], ["US$47,012", "US$96", "–"]),
    ([1_234_567.0, -41_200.0, None], "money", ["$1,235K", "−$41K", "–"], ["US$123.5万", "−US$4.1万", "–"]),
    (
        [2e6, 999.0, -0.4, 0.0],
        "money",
        ["$2,000K", "$999", "−$0.40", "$0"],
        ["US$200.0万", "US$999", "−US$0.40", "US$0"],
    ),
    ([2e10, 3e6, 12_345.0], "money", ["$20,000.0M", "$3.0M", "$12,345"], ["US$200.00亿", "US$0.03亿", "US$12,345"]),
    ([141.88, 5.72], "price", ["$142", "$6"], ["US$142", "US$6"]),
    ([141.88, 0.72, 0.0], "price", ["$142", "$0.72", "$0"], ["US$142", "US$0.72", "US$0"]),
    ([14.188, 5.7, None, 0.0], "price", ["$14.19", "$5.70", "–", "$0.00"], ["US$14.19", "US$5.70", "–", "US$0.00"]),
    ([1.5, 10.0, 0.125], "exact", ["1.500", "10.000", "0.125"], ["1.500", "10.000", "0.125"]),
    ([7.0, 12.0, None], "exact", ["7", "12", "–"], ["7", "12", "–"]),
    ([0.5, 1.0], "pct", ["50%", "100%"], ["50%", "100%"]),
    ([], "money", [], []),
]


@pytest.mark.parametrize(("values", "kind", "en", "zh"), COLUMNS)
def test_the_figures_of_a_column_have_one_unit_and_small_amounts_their_own_digits(values, kind, en, zh):
    assert (EN.numbers(values, kind), ZH.numbers(values, kind)) == (en, zh)


def test_the_sign_of_a_currency_is_that_of_the_readers_language():
    assert [words.currency_symbol for words in (EN, ZH, Words("zh", "CNY"), Words("en"))] == ["$", "US$", "¥", ""]


UNITS = {"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12, "万": 1e4, "亿": 1e8, "万亿": 1e12, "%": 1e-2, "": 1.0}
ERRORS = {"int": 0.5, "dec1": 0.05, "dec2": 0.005, "dec3": 5e-4, "pct": 0.005, "pct1": 5e-4, "price": 0.005}


def value_of(text):
    """The number that a figure without a currency states."""
    sign, digits, unit = re.fullmatch(r"(−?)([\d,]+(?:\.\d+)?)(\D*)", text).groups()
    return (-1 if sign else 1) * float(digits.replace(",", "")) * UNITS[unit]


@given(value=NUMBERS, lang=st.sampled_from(LANGUAGES), kind=st.sampled_from(sorted(ERRORS)))
def test_a_figure_states_its_number_to_the_digits_of_its_kind(value, lang, kind):
    stated = value_of(Words(lang).number(value, kind))
    error = 0.5 if kind == "price" and abs(value) >= 100 else ERRORS[kind]
    assert stated == pytest.approx(value, abs=1.001 * error, rel=1e-12)


@given(value=NUMBERS, lang=st.sampled_from(LANGUAGES), kind=st.sampled_from(["short", "money"]))
def test_a_short_figure_states_its_number_to_a_twentieth_of_its_unit(value, lang, kind):
    text = Words(lang).number(value, kind)
    unit = UNITS[re.sub(r"[−\d.,]", "", text)]
    exact = 0.5 if unit == 1 else 0.05 * unit
    assert value_of(text) == pytest.approx(value, abs=1.001 * exact)
    assert len(re.sub(r"\D", "", text)) <= 6


@given(value=NUMBERS, lang=st.sampled_from(LANGUAGES), kind=st.sampled_from([*ERRORS, "short", "money"]))
def test_less_than_nothing_is_the_same_figure_with_a_sign(value, lang, kind):
    above, below = (Words(lang, "EUR").number(number, kind) for number in (abs(value), -abs(value)))
    assert below in (above, f"−{above}")
    assert (below == above) == (not re.search("[1-9]", above))
