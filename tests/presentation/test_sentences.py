"""Figures in sentences: read back from the text, in both languages, they are those of the tables they tell of."""

import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from string import Formatter

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation import bridge, due, movement, structure, summary
from clvlab.analysis.segmentation.first_screen import first_screen
from clvlab.analysis.segmentation.watch import LIKELY
from clvlab.params import ReportParams
from clvlab.playbook.effect import EFFECT
from clvlab.playbook.report import verdicts
from clvlab.wording import LANGUAGES, MINUS, Name, Words, catalogue
from tests.analysis.pages import page_of, sentences_of
from tests.analysis.segmentation.logs import context_of, nbd, rows_since, valued
from tests.analysis.segmentation.test_due import STAYING

SECTIONS = ("summary", "movement", "bridge", "structure", "due", "effect")
FIGURE = re.compile(rf"({MINUS}?)[$¥]?(\d[\d,]*(?:\.\d+)?)([KMB万亿]?)(%?)(?! [A-Z][a-z]+ \d{{4}})")
DAY = re.compile(r"\d{1,2} [A-Z][a-z]+ \d{4}|\d{4}年\d{1,2}月\d{1,2}日")
UNITS = {"": 1.0, "K": 1e3, "M": 1e6, "B": 1e9, "万": 1e4, "亿": 1e8}
JUNK = re.compile(
    r"\bnan\b|None|\binf\b|[{}]|(?<!fewer than )\b1 (?:customers|purchases|contacts|periods|days)\b|▼\W*\+|▲\W*−"
)


def read(text: str) -> list[tuple[float, float]]:
    """The figures of a text, each with by how much it can be off, as its digits are rounded."""
    plain = DAY.sub("", text).replace("US$", "$").replace("CN¥", "¥")
    found = []
    for sign, digits, unit, percent in FIGURE.findall(plain):
        scale = UNITS[unit] / (100 if percent else 1)
        decimals = len(digits.partition(".")[2])
        value = float(digits.replace(",", "")) * scale * (-1 if sign else 1)
        found.append((value, 0.5001 * 10**-decimals * scale + 1e-9))
    return found


def days_in(text: str) -> list[str]:
    return DAY.findall(text)


def is_of(figure: tuple[float, float], values: list[float]) -> bool:
    """Whether a figure that was read is one of these values, as it is rounded; its direction may be told in words."""
    read_as, off = figure
    return any(abs(read_as - value) <= off or abs(read_as + value) <= off for value in values)


# Every sentence, with figures that are drawn


KINDS = {
    "int": st.sampled_from([0, 1, 2, 7, 999, 1_000, 23_570]),
    "money": st.sampled_from([0.0, 0.07, 1.0, 96.4, 999.5, 1_250.0, 76_310.9, 1.2e6, 3.4e9]),
    "price": st.sampled_from([0.0, 0.5, 1.0, 31.25, 99.99, 640.0]),
    "pct": st.sampled_from([0.0, 0.01, 0.5, 1.0]),
    "pct1": st.sampled_from([0.0, 0.001, 0.123, 1.0, 7.0]),
    "dec1": st.sampled_from([0.0, 1.0, 3.4]),
    "dec2": st.sampled_from([0.0, 1.0, 1.25]),
    "points": st.sampled_from([-0.5, -0.012, 0.0, 0.034]),
}
NAMES = {
    "lapse": ("lapses", "quarter"),
    "period": ("periods", "month"),
    "what": ("outcomes", "spend"),
    "direction": ("summary", "low"),
    "place": ("summary", "inside"),
    "step": ("steps", "lost"),
}
LISTS = {
    "alerts",
    "drivers",
    "days",
    "gap",
    "names",
    "change",
    "arrow",
    "sign",
    "title",
    "name",
    "source",
    "currency",
}


@cache
def fields(key: str) -> dict[str, str]:
    """Figure -> its kind, of a sentence that has figures; a word of a plural has no kind of its own."""
    found: dict[str, str] = {}
    for _, name, kind, _ in Formatter().parse(catalogue()[key]["en"]):
        if name and ("|" not in (kind or "") or name not in found):
            found[name] = found.get(name) or ("int" if "|" in (kind or "") else kind or "")
    return found


SENTENCES = sorted(
    key
    for key in catalogue()
    if key.split(".")[0] in SECTIONS
    and not re.search(r"_(table|subtitle)$|heading", key)
    and any(kind in KINDS for kind in fields(key).values())
    and not LISTS & (set(fields(key)) - ({"alerts", "drivers"}))
)


def drawn(key: str, data: st.DataObject) -> tuple[dict[str, object], list[float], list[date]]:
    """Figures for a sentence: what is set in, the numbers among it, the days among it."""
    figures: dict[str, object] = {}
    for name, kind in fields(key).items():
        if kind in KINDS:
            figures[name] = data.draw(KINDS[kind], label=name)
        elif kind == "span":
            figures[name] = "12 months"
        elif name in NAMES:
            figures[name] = Name(*NAMES[name])
        elif name in {"alerts", "drivers"}:
            figures[name] = ""
        elif re.search(r"since|until|first|as_of|review|latest|origin|drawn|day|last", name):
            figures[name] = date(2024, 3, 31)
        else:
            figures[name] = Name("groups", "champions")
    numbers = [float(it) for it in figures.values() if isinstance(it, int | float)]
    return figures, numbers, [it for it in figures.values() if isinstance(it, date)]


@pytest.mark.parametrize("key", SENTENCES)
@settings(max_examples=12)
@given(data=st.data())
def test_every_figure_of_a_sentence_is_read_back_from_it(key, data):
    figures, numbers, days = drawn(key, data)
    scaled = [scale * value for value in numbers for scale in (1.0, 100.0)]  # points are told times a hundred
    for lang in LANGUAGES:
        text = Words(lang, "USD")(key, **figures)
        said_always = read(re.sub(r"\{[^}]*\}", "", catalogue()[key][lang]))
        assert not JUNK.search(text), text
        for figure in read(text):
            spans = [12.0] if "span" in fields(key).values() else []
            assert is_of(figure, scaled + spans) or figure in said_always, (text, figure)
        for name, value in figures.items():
            if isinstance(value, int | float) and f"{{{name}:" in catalogue()[key][lang]:
                told = read(text)
                assert any(is_of(figure, [float(value), 100.0 * value]) for figure in told), (text, name, value)
        assert len(days_in(text)) >= len(days)


def test_sentences_of_every_section_are_drawn():
    assert {key.split(".")[0] for key in SENTENCES} == set(SECTIONS)
    assert len(SENTENCES) >= 40


# Whole sections, of logs that are drawn


def cells(section: Section) -> Iterator[float]:
    """All numbers of the tables of a section, and the sums and ratios of their columns that a sentence may tell."""
    for table in section.values():
        for column in table.select(pl.selectors.numeric()).iter_columns():
            values = [float(value) for value in column.drop_nulls()]
            yield from values
            yield sum(values)


def told_of(context) -> dict[str, tuple[Section, list[float]]]:
    """Section -> what it computes, and the numbers that its sentences may have: of its tables, and of the log."""
    moved = movement.compute(context)
    sections = {"summary": summary.compute(context), "movement": moved, "validation": Section({})}
    made = {
        "summary": first_screen(context, sections),
        "movement": moved,
        "bridge": bridge.compute(context),
        "structure": structure.compute(context),
        "due": due.compute(context),
    }
    of_log = {
        "summary": [*of_summary(context), *of_redrawn(context), *sums_of_two(list(cells(moved)))],
        "movement": [*of_moves(context), *shares(list(cells(moved)))],
        "bridge": of_bridge(context, made["bridge"]),
        "structure": of_structure(context, made["structure"]),
        "due": of_due(context),
    }
    return {name: (section, [*cells(section), *of_log[name]]) for name, section in made.items()}


def sums_of_two(values: list[float]) -> list[float]:
    return [one + other for one in [0.0, *values] for other in [0.0, *values]]


def shares(values: list[float]) -> list[float]:
    counts = [value for value in values if value > 0 and value == int(value)]
    return [0.0, *(value / of for value in counts for of in counts)]


def at_risk_to(context) -> list[float]:
    """What is at risk with the first customer who is due, with the first two, and so on: with all, or those there."""
    if context.due is None:
        return []
    there = context.due.select(pl.when(pl.col("p_alive") >= LIKELY).then("at_risk"))["at_risk"]
    return [float(it) for column in (context.due["at_risk"], there) for it in column.fill_null(0).cum_sum()]


def of_summary(context) -> list[float]:
    """Customers; what is at risk; what all are expected to bring; days since the last one came."""
    buyers, everybody = context.buyers, context.table.height
    one_time = buyers.filter(pl.col("n_purchases") == 1).height
    latest = buyers["first_purchase"].max()
    values = [] if context.group_values is None else context.group_values.row(-1)[2:]
    counts = [*map(float, range(everybody + 1)), one_time / buyers.height, float((context.as_of - latest).days)]
    return [*counts, *values, *at_risk_to(context)]


def of_moves(context) -> list[float]:
    """What those who moved each way had spent in the year before, and any two of these ways together."""
    if context.previous is None or not context.has_amounts:
        return []
    spent = (
        movement.pairs_of(context, context.previous)
        .group_by("move")
        .agg(pl.col("spent_before").sum())["spent_before"]
    )
    spent = [float(it) for it in spent.drop_nulls()]
    return [*sums_of_two(spent), sum(spent)]


def of_redrawn(context) -> list[float]:
    """The share of those who were there before whom thresholds alone put into another group."""
    if context.previous is None:
        return []
    known = movement.pairs_of(context, context.previous).filter(pl.col("move") != "arrived")
    return [(known["move"] == "reranked").mean() or 0.0]


def of_bridge(context, section: Section) -> list[float]:
    """By how much revenue changed, and by which share of it; what the kept customers did."""
    found = []
    for name, periods in (("period", 1), ("year", 4)):
        if name in section:
            then, now = section[name]["change"][0], section[name]["change"][-1]
            found += [now - then, *([now / then - 1] if then else []), *kept_by_hand(context, periods)]
    return found


def of_structure(context, section: Section) -> list[float]:
    """By how many points shares changed, over how many periods, and how old the log was on the first day."""
    if "ends" not in section:
        return []
    points = 100 * (section["ends"]["customers_last"] - section["ends"]["customers_first"])
    age = (section["groups"]["day"].min() - context.first_day).days + 1
    return [*points, float(section["groups"]["day"].n_unique()), float(age)]


def of_due(context) -> list[float]:
    """Customers, those who are due, those who are not; what these spent and what is at risk with them."""
    everybody = context.table.height
    if context.due is None:
        return [float(everybody)]
    spent = float(context.due["spend_last_year"].fill_null(0).sum())
    counts = [float(everybody), float(context.due.height), float(everybody - context.due.height)]
    return [*counts, spent, context.params.control_share, *at_risk_to(context)]


def kept_by_hand(context, periods: int) -> list[float]:
    """Customers who bought in both periods, their purchases each and their spend a purchase, then and now."""
    days = context.window.group_by("customer_id", "date").agg(
        pl.col("amount").sum(), bad=(pl.col("amount") < 0).any()
    )
    days = days.with_columns(is_purchase=(pl.col("amount") > 0) | ~pl.col("bad"))
    sums = []
    for end in (context.day_before(context.as_of, periods), context.as_of):
        within = days.filter((pl.col("date") > context.day_before(end)) & (pl.col("date") <= end))
        sums.append(within.group_by("customer_id").agg(pl.col("amount").sum(), n=pl.col("is_purchase").sum()))
    both = sums[0].filter(pl.col("n") > 0).join(sums[1].filter(pl.col("n") > 0), on="customer_id", suffix="_now")
    if both.is_empty():
        return []
    each = [both[name].sum() / both.height for name in ("n", "n_now")]
    return [
        float(both.height),
        *each,
        *(both[it].sum() / both[n].sum() for it, n in (("amount", "n"), ("amount_now", "n_now"))),
    ]


FIRST = date(2023, 10, 1)
OF_NO_WORTH = [("a", date(2024, 5, 12)), ("d", date(2024, 8, 15)), *[(who, FIRST) for who in "aaace"]]
"""With these a customer of six is in another group for the thresholds alone."""


@pytest.mark.filterwarnings("ignore::clvlab.errors.ClvlabWarning")
@settings(max_examples=12)
@example(
    rows=[(who, day, 0.0) for who, day in (*OF_NO_WORTH, ("c", date(2023, 11, 12)), ("f", date(2023, 10, 25)))],
    model=None,
    given_={"strategy": "lifecycle5", "assumed_effect": 0.5},
)
@given(
    rows=rows_since(FIRST, [0.0, 0.1, 10.01, 99.99, 2_500.0]),
    model=st.sampled_from([None, STAYING, nbd(1.0, 100.0)]),
    given_=st.sampled_from([{}, {"control_share": 0.3}, {"strategy": "lifecycle5", "assumed_effect": 0.5}]),
)
def test_every_figure_of_a_section_is_in_its_tables_or_the_log(rows, model, given_):
    steady = [("z", date(2023, 7, day), 7.0) for day in range(1, 4)]
    context = context_of(*steady, *rows, as_of="2024-12-31", currency="USD", **given_)
    valued(context, model, 10.0 if model is not None and model is not STAYING else None)
    constants = [0.9, 0.95, 12.0, given_.get("assumed_effect", 0.0)]
    told = told_of(context)
    told_the_right_way({name: section for name, (section, _) in told.items()})
    for lang in LANGUAGES:
        assert not JUNK.search("\n".join(page_of("summary", told["summary"][0], context.params, lang)))
    for name, (section, allowed) in told.items():
        effect = [it * given_.get("assumed_effect", 0.0) for it in allowed]
        for lang in LANGUAGES:
            for text in sentences_of(name, section, context.params, lang):
                assert not JUNK.search(text), text
                for figure in read(text.replace("`control_share: 0.1`", "").replace("“control_share: 0.1”", "")):
                    assert is_of(figure, [*allowed, *effect, *constants]), (name, text, figure)


def told_the_right_way(made: dict[str, Section]) -> None:
    """Whether the words for a direction are those of the sign."""
    lead = made["bridge"].findings.get("lead")
    if "period" in made["bridge"] and lead is not None:
        then, now = made["bridge"]["period"]["change"][0], made["bridge"]["period"]["change"][-1]
        change = round(now - then, 2)
        if then > 0:
            assert lead.key == f"bridge.{'rose' if change > 0 else 'fell' if change < 0 else 'alike'}"
    shifted = made["summary"].findings.get("shifted")
    if shifted is not None:
        money = made["movement"]["money"].select("group", change=pl.col("closing") - pl.col("opening"))
        changes = dict(money.iter_rows())
        assert "lost" not in shifted.figures or changes[shifted.figures["lost_in"].code] < 0
        assert "gained" not in shifted.figures or changes[shifted.figures["gained_in"].code] > 0


PARAMS = ReportParams(name="shop", source="rows", as_of="2024-12-31", currency="USD")
OUTCOME = st.tuples(st.floats(-500, 500), st.floats(0.1, 400), st.floats(0.1, 400), st.floats(0.1, 900))


@given(revenue=OUTCOME, bought=OUTCOME, size=st.sampled_from([30, 31, 5_000]))
def test_an_effect_is_told_with_the_figures_of_its_table_and_in_their_direction(revenue, bought, size):
    rows = []
    for outcome, scale, (effect, below, above, smallest) in (("revenue", 1.0, revenue), ("bought", 0.001, bought)):
        figures = {"effect": effect, "low": effect - below, "high": effect + above, "smallest_found": smallest}
        rows.append(
            {"outcome": outcome, "is_overall": False, "since": date(2024, 6, 30), "until": date(2024, 7, 31)}
            | {"contacted": size, "held_back": size, "contacted_mean": 1.0, "held_back_mean": 1.0}
            | {name: scale * value for name, value in figures.items()}
        )
    found = pl.DataFrame(rows, schema=EFFECT)
    for outcome, (key, figures) in verdicts(found).items():
        row = found.filter(outcome=outcome).row(0, named=True)
        unit = 100.0 if outcome == "bought" else 1.0
        known = [unit * row[name] for name in ("effect", "low", "high", "smallest_found")]
        assert ("more" in key) == (row["low"] > 0)
        assert ("less" in key) == (row["high"] < 0)
        for lang in LANGUAGES:
            (text,) = sentences_of(
                "effect",
                Section({}, {outcome: Finding.of(key, **figures)}),
                PARAMS,
                lang,
            )
            assert not JUNK.search(text)
            assert all(is_of(figure, [*known, 0.95]) for figure in read(text)), text
