"""The verdict: its figures are those of the other sections, and it says of no grouping what is not so."""

import polars as pl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from clvlab.analysis.comparison import ComparisonContext
from clvlab.analysis.comparison.verdict import _others_tied, choice, over_windows, price
from clvlab.comparison.recommend import recommend
from clvlab.params import CompareParams
from clvlab.wording import LANGUAGES, Words
from tests.analysis.comparison.logs import (
    STRATEGIES,
    context,
    page_of,
    params_of,
    ranking,
    section_of,
    sentences_of,
    with_tables,
)
from tests.analysis.pages import is_chinese


def test_the_contenders_by_hand():
    first, second = section_of("verdict")["contenders"].iter_rows(named=True)
    assert (first["strategy"], first["n_groups"], first["stability_resamples"]) == ("last_year_spend", 3, 1)
    assert (first["first"], first["from_bar"]) == (1, 0)
    assert (second["strategy"], second["n_groups"]) == ("frequency_tiers", 2)
    board = context().board
    gini = board.metric("gini").filter(strategy="last_year_spend").row(0, named=True)
    assert (first["gini"], first["low"], first["high"]) == (gini["value"], gini["low"], gini["high"])
    reach = board.reach.filter(strategy="oracle", share=0.2)["reached"].item()
    assert first["reached"] == pytest.approx(reach)  # it knows what everybody will spend


def test_the_sentences_by_hand():
    lead, best, tied, bar, data, as_of = sentences_of("verdict")
    reached = context().board.reach.filter(strategy="last_year_spend", share=0.2).row(0, named=True)
    low, middle, high = (f"{reached[name]:.0%}" for name in ("low", "reached", "high"))
    assert lead == (
        "Use “Last year's spend in fifths” (number of groups: 3). Contacting the 20% of customers that it places "
        f"first would have reached {middle} (95% interval {low}–{high}) of all spend after 30 June 2024 and up to 31 "
        "December 2024; as many picked at random would have reached 20%."
    )
    deals = context().board.n_deals
    assert best.startswith("“Last year's spend in fifths” predicts best (Gini 0.")
    assert best.endswith(f"It came first in 100% of {deals} random splits of these customers.")
    assert tied.startswith("The data cannot choose between “Last year's spend in fifths” and these: Frequency tiers.")
    assert bar.startswith(
        "The data cannot distinguish it from “Ranking one by one by last year's spend”: “Last year's "
    )
    assert "the first 10% of customers reach +0.0 points against the ranking (+0.0 points to +0.0 points)" in bar
    assert as_of.startswith("The groups in this report are those of 30 June 2024, for checking.")
    assert data == (
        "60 customers had bought by 30 June 2024. They were grouped in 3 ways by what was known that day, judged by "
        f"what they did until 31 December 2024, and split at random {deals} times into those to learn from and those "
        "to judge by."
    )


@pytest.mark.parametrize(("highest", "told"), [(0.19, True), (0.2, False)])
def test_where_even_the_best_tells_little_that_is_said(highest, told):
    made = context().board.ranking.with_columns(gini=pl.Series([highest, 0.1, 0.0]))
    findings = section_of("verdict", with_tables(ranking=made)).findings
    assert ("weak" in findings) is told
    if told:
        assert findings["weak"].figures == {"gini": 0.19}
        assert "the highest Gini is 0.19" in Words("en")(findings["weak"].key, **findings["weak"].figures)


def test_the_sentences_are_there_in_chinese():
    assert is_chinese(sentences_of("verdict", lang="zh"))


def test_the_last_line_puts_the_winner_to_work():
    applied = section_of("verdict")["apply"].row(0)
    assert applied == ("strategy", "last_year_spend")
    assert page_of("verdict")[-1].splitlines()[2].split() == ["strategy", "last_year_spend"]


def test_a_grouping_of_ones_own_is_named_as_params_name_it():
    choices = [{"attribute": "city", "groups": {"south": ["Bern", "Basel"]}}, "hiatus"]
    given_params = params_of(strategies=choices)
    board = context().board
    names = ("data", "ranking", "bar", "reach", "windows")
    told = with_tables(
        **{
            name: getattr(board, name).with_columns(strategy=pl.col("strategy").replace("last_year_spend", "city"))
            for name in names
        }
    )
    line = section_of("verdict", ComparisonContext(given_params, told.log, told.board))["apply"]["value"].item()
    assert "\n" not in line
    assert yaml.safe_load(line) == choices[0]
    assert CompareParams(**{**params_of().to_dict(), "strategies": [yaml.safe_load(line)]}).strategies


BEST = ("rfm8", 8, 0.50, None, 0.0, 0.0, True)
ALIKE = ("abc", 3, 0.47, None, -0.06, 0.001, False)
WORSE = ("region", 4, 0.30, None, -0.25, -0.15, False)
BEATEN = ("industry", 3, 0.30, "rfm8", -0.25, -0.15, False)
SIMPLER = ("abc", 3, 0.49, None, -0.03, 0.01, True)


def told(*rows, lang="en"):
    found = choice(with_tables(ranking=ranking(*rows)))
    return found.key, Words(lang)(found.key, **found.figures)


@pytest.mark.parametrize(
    ("rows", "key"),
    [
        ((BEST,), "verdict.only"),
        ((BEST, WORSE), "verdict.alone"),
        ((BEST, BEATEN), "verdict.alone"),
        ((BEST, ALIKE, WORSE), "verdict.best"),
        (((*BEST[:6], False), SIMPLER, WORSE), "verdict.simplest"),
    ],
)
def test_that_no_other_comes_close_is_only_said_where_none_does(rows, key):
    found, sentence = told(*rows)
    assert found == key
    assert ("excludes zero" in sentence) == (key == "verdict.alone")
    assert is_chinese([told(*rows, lang="zh")[1]])


def test_a_single_grouping_has_none_to_compare_with():
    assert told(BEST)[1] == "“RFM cube of eight types” is the only grouping compared."


def test_the_simpler_costs_what_is_stated():
    _, sentence = told((*BEST[:6], False), SIMPLER)
    assert sentence == (
        "“RFM cube of eight types” predicts best, by a Gini higher by 0.010. That is no more than one standard error "
        "and 0.02, the most that simplicity may cost: “ABC classes” has 3 groups, “RFM cube of eight types” 8."
    )


@pytest.mark.parametrize(
    ("loss", "key", "part"),
    [
        (
            180.0,
            "verdict.simplest_in_money",
            "its first 20% of customers spent 180 more. The loss that the parameters",
        ),
        (-180.0, "verdict.simplest_gains", "by “ABC classes” spent as much or more (by 180)."),
    ],
)
def test_what_the_simpler_costs_in_money_is_stated(loss, key, part):
    made = ranking((*BEST[:6], False), SIMPLER).with_columns(loss=pl.Series([0.0, loss]))
    found = choice(with_tables(ranking=made, acceptable_loss=200.0))
    assert found.key == key
    assert part in Words("en")(found.key, **found.figures)
    assert is_chinese([Words("zh")(found.key, **found.figures)])


def test_the_undecided_are_those_whom_the_data_cannot_tell_from_the_grouping_shown():
    # Nearer to the best than to the simpler one that is recommended: the list is of the latter.
    pairs = [("abc", "rfm8", -0.03, 0.01), ("abc", "industry", 0.02, 0.05), ("rfm8", "industry", -0.01, 0.09)]
    rows = [row for one, other, low, high in pairs for row in ((one, other, low, high), (other, one, -high, -low))]
    differences = pl.DataFrame(rows, schema=["strategy", "versus", "low", "high"], orient="row")
    made = ranking((*BEST[:6], False), SIMPLER, ("industry", 3, 0.46, None, -0.09, 0.01, False))
    tied = _others_tied(with_tables(ranking=made, differences=differences))
    assert tied == ["rfm8"]


def test_the_first_of_the_customers_are_named_as_groups_where_whole_groups_come_near():
    assert "first_groups" not in section_of("verdict").findings  # 33 % are in the first group
    allocation = context().board.allocation
    mine = pl.col("strategy") == "last_year_spend"
    shares = {"fifth_1": 0.10, "fifth_3": 0.09, "fifth_5": 0.81}
    near = allocation.with_columns(
        share_customers=pl.when(mine)
        .then(pl.col("group").replace_strict(shares, default=None))
        .otherwise(pl.col("share_customers"))
    )
    told = sentences_of("verdict", with_tables(allocation=near))[1]
    assert told == ("The first 20% are about these groups: Highest of five bands, Middle band (45 customers).")
    assert is_chinese([sentences_of("verdict", with_tables(allocation=near), "zh")[1]])


def none_known():
    return with_tables(
        ranking=context().board.ranking.with_columns(
            knows=pl.lit(False), recommended=pl.lit(False), equal=pl.lit(False), gini_low=pl.lit(-0.1)
        )
    )


@pytest.mark.parametrize("lang", LANGUAGES)
def test_where_nothing_tells_more_than_chance_no_grouping_is_to_be_used(lang):
    section = section_of("verdict", none_known())
    assert "apply" not in section
    told = sentences_of("verdict", none_known(), lang)
    start = {"en": "No grouping is of use here: of the groupings compared (3)", "zh": "此处没有可用的分组方式"}
    assert told[0].startswith(start[lang])
    assert not any("Use “" in sentence or "建议采用" in sentence for sentence in told)
    assert len(page_of("by_group", none_known(), lang)) > 2  # the best one's groups are shown all the same


@pytest.mark.parametrize(
    ("low", "high", "key"),
    [
        (-0.05, -0.01, "verdict.price"),
        (-0.02, 0.02, "verdict.as_good"),
        (0.01, 0.05, "verdict.gain"),
        (None, None, "verdict.as_good"),
    ],
)
def test_the_price_is_told_as_the_difference_from_the_bar_is(low, high, key):
    shift = [pl.lit(value, pl.Float64).alias(name) for name, value in (("low", low), ("high", high))]
    found = price(with_tables(bar=context().board.bar.with_columns(shift)))
    assert found.key == key
    assert is_chinese([Words("zh")(found.key, **found.figures)])


def test_one_group_is_no_plural():
    one = context().board.ranking.with_columns(n_groups=pl.lit(1))
    assert "(number of groups: 1)" in sentences_of("verdict", with_tables(ranking=one))[0]


def test_of_one_cutoff_nothing_is_said_of_several():
    assert over_windows(context()) is None


NAMES = ("rfm8", "abc", "industry", "last_year_spend", "hiatus")
NUMBER = st.floats(-0.3, 0.9).map(lambda value: round(value, 3))
SPREAD = st.floats(0.001, 0.2).map(lambda value: round(value, 3))


@st.composite
def boards(draw, all_names=NAMES):
    """A ranking as the rule makes it of any figures, with the differences that it was made of."""
    names = all_names[: draw(st.integers(1, len(all_names)))]
    gini = {name: draw(NUMBER) for name in names}
    criteria = pl.DataFrame(
        {
            "strategy": names,
            "gini": [gini[name] for name in names],
            "gini_low": [gini[name] - draw(SPREAD) for name in names],
            "gini_high": [gini[name] + draw(SPREAD) for name in names],
            "first": [1 / len(names)] * len(names),
            "n_groups": [draw(st.integers(1, 12)) for _ in names],
            "smallest": [draw(st.integers(1, 40)) for _ in names],
            "coverage": [draw(st.sampled_from([0.5, 1.0])) for _ in names],
            "stability_resamples": [draw(st.sampled_from([0.8, 0.95])) for _ in names],
            "fidelity": [draw(st.sampled_from([0.8, 1.0])) for _ in names],
            "reached": [draw(st.floats(0, 1_000)) for _ in names],
        }
    )
    rows = []
    for i, one in enumerate(names):
        for other in names[i + 1 :]:
            value, spread = gini[one] - gini[other], draw(SPREAD)
            rows += [(one, other, value, value - spread, value + spread, spread / 3)]
            rows += [(other, one, -value, -value - spread, -value + spread, spread / 3)]
    schema = {"strategy": pl.String, "versus": pl.String}
    schema |= dict.fromkeys(("value", "low", "high", "error"), pl.Float64)
    differences = pl.DataFrame(rows, schema=schema, orient="row")
    acceptable = draw(st.none() | st.floats(0, 500))
    return recommend(criteria, differences, acceptable), differences, acceptable


@given(boards())
@settings(max_examples=60, deadline=None)
def test_every_sentence_is_true_of_the_figures_that_it_was_made_of(made):
    ranked, differences, acceptable = made
    board = {row["strategy"]: row for row in ranked.iter_rows(named=True)}
    shown = with_tables(ranking=ranked, differences=differences, acceptable_loss=acceptable)
    section = choice(shown)
    recommended = shown.recommended
    knows = {name for name, row in board.items() if row["gini_low"] > 0}
    assert (recommended is None) == (not knows)
    for lang in LANGUAGES:
        sentence = Words(lang)(section.key, **section.figures)
        assert "{" not in sentence
    if recommended is None:
        assert section.key == "verdict.no_choice"
        return
    assert recommended in knows
    best = shown.board.best
    assert board[best]["gini"] == max(board[name]["gini"] for name in knows)
    gap = board[best]["gini"] - board[recommended]["gini"]
    if acceptable is None:
        assert gap <= 0.02 + 1e-9
    else:
        assert board[recommended]["loss"] <= acceptable
    from_me = differences.filter(strategy=recommended)
    if section.key == "verdict.alone":
        assert ((from_me["low"] > 0) | (from_me["high"] < 0)).all()
    if section.key in ("verdict.alone", "verdict.best"):
        assert gap == 0
        assert section.figures["gini"] == board[recommended]["gini"]
    if section.key == "verdict.simplest":
        against = from_me.filter(versus=best).row(0, named=True)
        assert section.figures["difference"] == pytest.approx(-against["value"])
        assert -against["value"] <= min(against["error"], 0.02) + 1e-9
        assert section.figures["groups"] == board[recommended]["n_groups"]
    if section.key in ("verdict.simplest_in_money", "verdict.simplest_gains"):
        lost = board[recommended]["loss"]
        assert (lost > 0) == (section.key == "verdict.simplest_in_money")
        assert (section.figures["loss"], section.figures["acceptable"]) == (abs(lost), acceptable)
    for name in ranked.filter("tied")["strategy"]:
        if name != shown.board.best:
            row = differences.filter(strategy=name, versus=shown.board.best).row(0, named=True)
            assert row["low"] <= 0 <= row["high"]


@st.composite
def pages(draw):
    """A whole board of the pencil's groupings, whose figures may be any."""
    ranked, differences, acceptable = draw(boards(STRATEGIES))
    board, names = context().board, ranked["strategy"].to_list()
    gini = dict(ranked.select("strategy", "gini").iter_rows())

    def drawn(table, of):
        values = [draw(of) for _ in range(table.height)]
        spreads = [draw(SPREAD) for _ in range(table.height)]
        ends = {"low": [v - s for v, s in zip(values, spreads, strict=True)],
                "high": [v + s for v, s in zip(values, spreads, strict=True)]}  # fmt: skip
        return values, {name: pl.Series(each) for name, each in ends.items()}

    bar = board.bar.filter(pl.col("strategy").is_in(names))
    values, ends = drawn(bar, NUMBER)
    bar = bar.with_columns(value=pl.Series(values), **ends)
    reach = board.reach.filter(pl.col("strategy").is_in(names), share=0.2)
    values, ends = drawn(reach, SPREAD)
    reach = reach.with_columns(reached=pl.Series(values), **ends)
    is_gini = (pl.col("metric") == "gini") & pl.col("strategy").is_in(names)
    rate = draw(st.booleans())
    better = {"ranked_last_year": 0.5, "ranked_rate": 0.6 if rate else 0.4}
    known = pl.col("strategy").replace_strict({**gini, **better}, default=None, return_dtype=pl.Float64)
    data = board.data.with_columns(
        value=pl.when(is_gini | ((pl.col("metric") == "gini") & pl.col("strategy").is_in(list(better))))
        .then(known)
        .otherwise(pl.col("value"))
    )
    return with_tables(
        ranking=ranked, differences=differences, acceptable_loss=acceptable, bar=bar, reach=reach, data=data
    ), "ranked_rate" if rate else "ranked_last_year"


@given(pages())
@settings(max_examples=25, deadline=None)
def test_every_sentence_on_the_page_is_true_of_the_board(made):
    shown, ranking_name = made
    board, mine = shown.board, shown.shown
    findings, row = (
        section_of("verdict", shown).findings,
        shown.board.ranking.filter(strategy=mine).row(0, named=True),
    )
    bar = {
        each["metric"]: each for each in board.bar.filter(strategy=mine, versus=ranking_name).iter_rows(named=True)
    }
    undecided = board.differences.filter(strategy=mine).filter(pl.col("low") <= 0, pl.col("high") >= 0)["versus"]
    for lang in LANGUAGES:
        words = Words(lang)
        told = {key: words(each.key, **each.figures) for key, each in findings.items()}
        name = words.name("strategies", mine)
        assert f"“{name}”" in told["lead"]
        if shown.recommended:
            reached = board.reach.filter(strategy=mine).row(0, named=True)
            figures = [words.number(reached[each], "pct") for each in ("reached", "low", "high")]
            assert all(each in told["lead"] for each in figures)
        else:
            figures = [words.number(row[each], "dec2") for each in ("gini", "gini_low", "gini_high")]
            assert all(each in told["lead"] for each in figures)
            assert not {"as_of", "weak"} & set(told)
        assert ("weak" in told) == (shown.recommended is not None and board.ranking["gini"].max() < 0.2)
        assert f"“{words.name('strategies', ranking_name)}”" in told["price"]
        key = {(True, False): "price", (False, True): "gain", (False, False): "as_good"}[
            bar["gini"]["high"] < 0, bar["gini"]["low"] > 0
        ]
        assert findings["price"].key == f"verdict.{key}"
        ends = [words.number(bar["gini"][end], "dec3") for end in ("low", "high")]
        points = [
            words.number(bar[f"capture_{share}"][end], "points")
            for share in (10, 20)
            for end in ("value", "low", "high")
        ]
        assert all(each in told["price"] for each in (*ends, *points))
        known = [each for each in board.ranking.filter("knows")["strategy"] if each in undecided.to_list()]
        assert ("tied" in told) == bool(known)
        for other in board.ranking["strategy"]:
            if other != mine and known:
                assert (words.name("strategies", other) in told["tied"]) == (other in known)


def test_the_table_reads_as_computed():
    contenders = page_of("verdict")[-3].splitlines()
    gini = context().board.metric("gini").filter(strategy="last_year_spend").row(0, named=True)
    assert contenders[0].startswith("The best groupings, by predictive power")
    assert contenders[2].split()[5:7] == ["3", f"{gini['value']:.2f}"]
    assert len(contenders) == 4
