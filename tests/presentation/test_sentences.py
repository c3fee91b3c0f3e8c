"""Figures in sentences: read back from the text, in both languages, they are those of the tables they tell of."""

import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from string import Formatter

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation import bridge, due, movement, structure, summary
from clvlab.analysis.segmentation.first_screen import first_screen
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


def shares(values: list[float], of: list[float]) -> list[float]:
    return [value / whole for value in values for whole in of if whole]


def told_of(context) -> dict[str, tuple[Section, list[float]]]:
    """Section -> what it computes, and the numbers that its sentences may have: of its tables, and of the log."""
    moved, listed = movement.compute(context), due.compute(context)
    made = {
        "summary": first_screen(
            context, {"summary": summary.compute(context), "movement": moved, "validation": Section({})}
        ),
        "movement": moved,
        "bridge": bridge.compute(context),
        "structure": structure.compute(context),
        "due": listed,
    }
    allowed = {name: list(cells(section)) for name, section in made.items()}
    counts = [float(context.table.height), float(context.buyers.height)]
    one_time = context.buyers.filter(pl.col("n_purchases") == 1).height
    latest = context.buyers["first_purchase"].max()
    people = [] if context.due is None else context.due
    at_risk = [] if context.due is None else [float(it) for it in people["at_risk"].fill_null(0).cum_sum()]
    allowed["summary"] += [*counts, *at_risk, *allowed["movement"], *map(float, range(context.table.height + 1))]
    allowed["summary"] += [one_time / counts[1], float((context.as_of - latest).days)]
    for value in allowed["movement"]:
        allowed["summary"] += [value + other for other in allowed["movement"]]
    sizes = [value for value in allowed["movement"] if value == int(value)]
    allowed["movement"] += shares(sizes, [value for value in sizes if value > 0])
    before = context.previous
    if before is not None and context.has_amounts:
        spent = context.spent_last_year(before)
        sums = movement._pairs(context, before).group_by("move").agg(pl.col("spent_before").sum())["spent_before"]
        allowed["movement"] += [float(spent["spend_last_year"].sum()), *map(float, sums.drop_nulls())]
        allowed["movement"] += [sum(map(float, sums.drop_nulls())), float(sums[:].sum())]
        allowed["movement"] += [one + other for one in sums.drop_nulls() for other in sums.drop_nulls()]
    for name in ("period", "year"):
        if name in made["bridge"]:
            ends = made["bridge"][name]["change"]
            allowed["bridge"] += [ends[-1] - ends[0], *([ends[-1] / ends[0] - 1] if ends[0] else [])]
            allowed["bridge"] += kept_by_hand(context, 1 if name == "period" else 4)
    if "ends" in made["structure"]:
        ends = made["structure"]["ends"]
        allowed["structure"] += (100 * (ends["customers_last"] - ends["customers_first"])).to_list()  # in points
        allowed["structure"] += [float(made["structure"]["groups"]["day"].n_unique())]
    allowed["due"] += [*counts, *at_risk, context.params.control_share]
    if context.due is not None:
        spent = context.due["spend_last_year"].fill_null(0)
        allowed["due"] += [float(context.due.height), float(spent.sum()), counts[0] - context.due.height]
    return {name: (section, allowed[name]) for name, section in made.items()}


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


@settings(max_examples=12)
@given(
    rows=rows_since(date(2023, 10, 1), [0.0, 0.1, 10.01, 99.99, 2_500.0]),
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
