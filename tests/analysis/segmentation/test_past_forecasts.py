"""Forecasts of past days by hand: ten days ahead, four days, ten customers who spend 10 a purchase."""

from datetime import date, timedelta

import polars as pl
import pytest

from clvlab.analysis.segmentation import outlook, summary, validation, value
from clvlab.analysis.segmentation.past_forecasts import PastForecasts
from clvlab.models import BgNbd, Nbd
from clvlab.validation import Backtest
from clvlab.validation.backtest import PROBLEMS
from clvlab.validation.challenge import Challenge
from clvlab.validation.origins import PAST_DAYS, Ahead, past_days
from clvlab.wording import Name
from tests.analysis.pages import is_chinese, page_of, sentences_of
from tests.analysis.segmentation.logs import context_of, nbd, valued

ORIGINS = tuple(date(2024, 1, 10) + timedelta(10 * place) for place in range(4))
PREDICTED = (40.0, 50.0, 50.0, 40.0)
ACTUAL = (50.0, 40.0, 60.0, 44.0)
RULES = {"own_rate": (20.0, 20.0, 20.0, 20.0), "average": (50.0, 45.0, 50.0, 50.0)}
LOG = (
    ("a", "2024-01-01", 10.0), ("a", "2024-01-21", 10.0), ("b", "2024-01-01", 10.0), ("c", "2024-01-01", 10.0),
)  # fmt: skip


def sums(actual=ACTUAL, predicted=PREDICTED, what="purchases", worth=1.0) -> pl.DataFrame:
    """A total of each day, by the model (with an interval of a tenth about it) and by two rules."""
    rows = [
        {
            "origin": origin,
            "horizon": "10 days",
            "end": origin + timedelta(10),
            "what": what,
            "method": method,
            "part": "total",
            "name": None,
            "customers": 10,
            "actual": actual[place] * worth,
            "predicted": expected[place] * worth,
            "error": expected[place] / actual[place] - 1,
            "half_purchase": worth / 2,
            "low": expected[place] * worth * 0.9 if method == "Nbd" else None,
            "high": expected[place] * worth * 1.1 if method == "Nbd" else None,
        }
        for method, expected in {"Nbd": predicted, **RULES}.items()
        for place, origin in enumerate(ORIGINS[: len(actual)])
    ]
    return pl.DataFrame(rows, schema_overrides={"name": pl.String, "low": pl.Float64, "high": pl.Float64})


def scored(**differences: tuple[float, float]) -> pl.DataFrame:
    """Scores of the model and of the learned one by day: of each outcome RMSEs of 10 and 8, and their difference."""
    rows = [
        (origin, "10 days", what, method, rmse, *(difference if method == "Nbd" else (0.0, 0.0)))
        for what, difference in differences.items()
        for origin in ORIGINS[2:]
        for method, rmse in {"Nbd": 10.0, "Learned": 8.0}.items()
    ]
    names = ["origin", "horizon", "what", "method", "rmse", "over_learned", "over_learned_error"]
    kinds = [pl.Date, *[pl.String] * 3, *[pl.Float64] * 3]
    return pl.DataFrame(rows, schema=dict(zip(names, kinds, strict=True)), orient="row")


def past(*tables: pl.DataFrame, **differences: tuple[float, float]) -> PastForecasts:
    summed = pl.concat(tables or [sums(), sums(what="spend", worth=10.0)])
    found = Backtest(ORIGINS, summed, scored(**differences), pl.DataFrame(schema=PROBLEMS), 0.9)
    return PastForecasts(found, "Nbd", "10 days")


def context(earlier: PastForecasts | None, **given):
    plain = valued(context_of(*LOG, as_of="2024-02-29", annual_discount_rate=0.0, **given), nbd(1.0, 100.0), 10.0)
    vars(plain)["past"] = earlier
    return plain


def test_the_totals_by_hand():
    table = past().totals
    purchases = table.filter(what="purchases")
    assert purchases.select("origin", "end", "predicted", "actual").row(0) == (
        date(2024, 1, 10),
        date(2024, 1, 20),
        40,
        50,
    )
    assert purchases["error"].to_list() == pytest.approx([-0.2, 0.25, -1 / 6, -1 / 11])
    # off by 0, 5, 10 and 6, against 30, 20, 40 and 24 by the own rate
    assert purchases.select("simple", "simple_predicted").rows() == [("average", each) for each in RULES["average"]]
    assert purchases["held_alone"].to_list() == [False, False, False, True]
    assert (purchases["honest_low"] < purchases["predicted"]).all()
    assert (purchases["predicted"] < purchases["honest_high"]).all()
    # Before any forecast had ended an interval has only the typical error to go by: a factor of about 1.6.
    assert purchases["held"].to_list() == [
        low <= actual <= high for low, actual, high in purchases.select("honest_low", "actual", "honest_high").rows()
    ]
    assert purchases["held"].all()
    spend = table.filter(what="spend")
    assert spend["honest_low"].to_list() == pytest.approx((purchases["honest_low"] * 10).to_list())


def test_forecasts_that_ended_before_the_next_began_count_in_full():
    assert past().seen("spend") == 4
    assert past().independent("spend") == 4
    assert past().days == 10


@pytest.mark.parametrize(
    ("actual", "predicted", "bias"),
    [
        ((50.0, 62.5, 60.0), (40.0, 50.0, 54.0), (0.2 + 0.2 + 0.1) / 3),
        ((32.0, 40.0, 40.0), (40.0, 50.0, 50.0), -0.25),
        ((50.0, 45.0, 60.0), (40.0, 50.0, 50.0), None),  # to both sides
        ((50.5, 50.5, 50.5), (50.0, 50.0, 50.0), None),  # 1 %
        ((50.0, 60.0), (40.0, 50.0), None),  # two may err to one side by chance
    ],
)
def test_a_bias_is_what_every_forecast_shows(actual, predicted, bias):
    found = past(sums(actual, predicted)).bias("purchases")
    assert found == (None if bias is None else pytest.approx(bias))


def values(low=90.0, high=110.0) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "group": ["best", "total"],
            "customers": [4, 10],
            "clv": [60.0, 100.0],
            "clv_low": [50.0, low],
            "clv_high": [70.0, high],
        }
    )


def test_intervals_are_widened_by_what_earlier_forecasts_missed():
    wide = past().widened(values(), 10.0, "10 days")
    assert wide.select("group", "customers", "clv").equals(values().select("group", "customers", "clv"))
    assert (wide["clv_low"] < values()["clv_low"]).all()
    assert (wide["clv_high"] > values()["clv_high"]).all()
    exact = past(sums(PREDICTED, PREDICTED, "spend", 10.0)).widened(values(), 10.0, "10 days")
    assert exact["clv_high"][-1] < wide["clv_high"][-1]
    further = past().widened(values(), 10.0, "40 days")
    assert further["clv_high"][-1] > wide["clv_high"][-1]


def test_without_past_spend_an_interval_stays_the_models_own():
    assert past(sums()).widened(values(), 10.0, "10 days").equals(values())
    assert past().widened(values(), 0.0, "10 days").equals(values())


@pytest.mark.parametrize(
    ("days", "horizon", "judged"),
    [
        (99, "30 days", "30 days"),
        (99, "33 days", "33 days"),
        (99, "34 days", "4 weeks"),
        # 365.25 days are 365 when days are counted, which are a third of three years.
        (1096, "12 months", "12 months"),
        (20, "1 week", None),
    ],
)
def test_forecasts_look_over_a_third_of_the_history_at_most(days, horizon, judged):
    found = past_days(date(2024, 1, 1), date(2024, 1, 1) + timedelta(days - 1), Ahead.of(horizon, "day"))
    assert (found and found[0].name) == judged


def test_the_sentences_of_the_section_by_hand():
    plain = context(past(), horizon="10 days")
    section = validation.compute(plain)
    assert sentences_of("validation", section, plain.params) == [
        "No last part of the history was held back for a closer look, customer by customer; the totals of earlier "
        "forecasts can be judged all the same.",
        "How our earlier forecasts would have turned out: on 4 past days, from 10 January 2024 to 9 February 2024, "
        "the model was fitted again to what was known then, and looked 10 days ahead. Its totals (Spend) were off by "
        "17.7% of what happened on average; “Average for everybody”, the nearest of the simple rules, by 10.7%.",
        "Spend: the 90% intervals of 4 of 4 earlier forecasts held what happened; those of the model alone, 1",
    ]
    (table,) = [piece for piece in page_of("validation", section, plain.params) if "\n" in piece]
    first = table.splitlines()[2]
    assert first.split()[:7] == ["Purchases", "10", "Jan", "2024", "20", "Jan", "2024"]
    assert first.split()[-5:] == ["yes", "Average", "for", "everybody", "50"]
    assert is_chinese(sentences_of("validation", section, plain.params, "zh"))


@pytest.mark.parametrize(
    ("difference", "told"),
    [
        (
            (36.0, 9.0),
            "came nearer to single customers than NBD (nobody leaves) (Spend): over 2 earlier forecasts its error "
            "per customer was 20.0% smaller, by more than chance (paired test over customers and forecasts, 5%).",
        ),
        (
            (36.0, 20.0),
            "does not beat NBD (nobody leaves) by more than chance (Spend): over 2 earlier forecasts its error per "
            "customer was 20.0% smaller, which a paired test over customers and forecasts does not tell from chance",
        ),
    ],
)
def test_the_learned_challenger_is_told_of_in_a_sentence(difference, told):
    plain = context(past(spend=difference, purchases=(-1.0, 9.0)), horizon="10 days")
    section = validation.compute(plain)
    (sentence,) = [each for each in sentences_of("validation", section, plain.params) if "challenger" in each]
    assert told in sentence
    assert is_chinese(sentences_of("validation", section, plain.params, "zh"))


@pytest.mark.parametrize(
    ("outcome", "key"),
    [
        (Challenge("Nbd", "spend", 2, -0.1, -3.0, "worse"), "validation.learned_worse"),
        (Challenge("Nbd", "spend", 2, -0.1, -1.0, "alike"), "validation.learned_more"),
        (Challenge("Nbd", "spend", 2, 0.1, 1.0, "alike"), "validation.learned_less"),
    ],
)
def test_a_challenger_that_does_not_win_is_told_of_as_well(outcome, key, monkeypatch):
    monkeypatch.setattr(PastForecasts, "challenge", outcome)
    plain = context(past(), horizon="10 days")
    section = validation.compute(plain)
    assert section.findings["learned"].key == key
    assert any("10.0%" in each for each in sentences_of("validation", section, plain.params))
    assert is_chinese(sentences_of("validation", section, plain.params, "zh"))


def test_that_a_sample_judged_the_challenger_is_told_where_there_are_more_customers(monkeypatch):
    outcome = Challenge("Nbd", "spend", 2, -0.1, -3.0, "worse")
    monkeypatch.setattr(PastForecasts, "challenge", outcome)
    plain = context(past(), horizon="10 days")
    assert "learned_sample" not in validation.compute(plain).findings
    monkeypatch.setattr(validation, "MOST_ASKED", 2)
    section = validation.compute(plain)
    (sentence,) = [each for each in sentences_of("validation", section, plain.params) if "drawn by lot" in each]
    assert sentence.startswith("The challenger was trained on 2 of the customers")
    assert is_chinese(sentences_of("validation", section, plain.params, "zh"))


@pytest.mark.parametrize(("factor", "direction"), [(1.25, "more"), (5 / 6, "less")])
@pytest.mark.parametrize("what", ["spend", "purchases"])
def test_a_bias_that_the_first_page_tells_is_told_of_values_and_in_the_outlook(factor, direction, what):
    off = sums(tuple(expected * factor for expected in PREDICTED), what=what, worth=10.0 if what == "spend" else 1.0)
    plain = context(past(off), horizon="10 days")
    pages = {"summary": summary, "value": value, "outlook": outlook}
    found = {page: module.compute(plain).findings for page, module in pages.items()}
    first = found["summary"][f"bias_{what}"]
    assert first.figures["size"] == pytest.approx(0.2)
    for page in ("value", "outlook"):
        assert found[page]["bias"].key == f"{page}.bias_{direction}"
        assert found[page]["bias"].figures == first.figures
        section = pages[page].compute(plain)
        words = {"more": "less was expected", "less": "more was expected"}[direction]
        assert any(words in each for each in sentences_of(page, section, plain.params))
        assert is_chinese(sentences_of(page, section, plain.params, "zh"))


def test_where_the_first_page_tells_of_no_bias_nobody_does():
    plain = context(past(), horizon="10 days")
    for module in (summary, value, outlook):
        assert not any(place.startswith("bias") for place in module.compute(plain).findings)


def test_what_the_section_warns_of_is_on_the_first_page_as_well():
    low = past(sums((50.0, 60.0, 60.0, 44.0), what="spend", worth=10.0))
    plain = context(low, horizon="40 days")
    for name, section in (("validation", validation.compute(plain)), ("summary", summary.compute(plain))):
        told = sentences_of(name, section, plain.params)
        assert (
            "Caution (Spend): in all 4 earlier forecasts less was expected than happened, by 15.6% of what happened "
            "on average. The expected values are not corrected for it: they may be too low as well."
        ) in told
        assert (
            "Caution: the report looks 40 days ahead, and the past forecasts that could be judged looked 10 days. "
            "No forecast of a longer time has been judged; intervals are widened with the square root of time."
        ) in told
        assert is_chinese(sentences_of(name, section, plain.params, "zh"))


@pytest.mark.parametrize(
    ("earlier", "words", "basis"),
    [
        (past(), "with a probability of 90%, allowing for how far 4 past forecasts missed)", "value.basis"),
        (
            past(sums(ACTUAL[:2], what="spend", worth=10.0)),
            "with a probability of 90%, with 2 past forecasts to go by)",
            "value.basis_few",
        ),
        (past(sums()), "no past forecast could be judged, so nothing shows", "value.basis_alone"),
        (None, "no past forecast could be judged, so nothing shows", "value.basis_alone"),
    ],
)
def test_the_headline_says_what_its_interval_allows_for(earlier, words, basis):
    plain = context(earlier, horizon="10 days")
    first, section = summary.compute(plain), value.compute(plain)
    (told,) = [text for text in sentences_of("summary", first, plain.params) if text.startswith("Over the next")]
    assert words in told
    assert "model holds" not in told
    assert section.findings["basis"].key == basis
    for page, found in (("summary", first), ("value", section)):
        assert is_chinese(sentences_of(page, found, plain.params, "zh"))


def test_the_first_page_says_how_the_last_forecast_turned_out():
    plain = context(past(), horizon="10 days")
    told = sentences_of("summary", summary.compute(plain), plain.params)
    assert (
        "The last forecast that could be judged: on 9 February 2024, 400 was expected from the customers of that day "
        "within 10 days; 440 came, so that the forecast was too low by 9.1% of it; it lay within the 90% interval."
    ) in told
    missed = context(past(sums((*ACTUAL[:3], 5.0))), horizon="10 days")
    assert (
        "The last forecast that could be judged: on 9 February 2024, 40 purchases were expected from the customers "
        "of that day within 10 days; there were 5, so that the forecast was too high by 700.0% of it; it lay outside "
        "the 90% interval."
    ) in sentences_of("summary", summary.compute(missed), missed.params)
    assert "trust" not in summary.compute(context(None)).findings


def test_forecasts_of_a_real_log_are_next_to_what_it_has(sample_results):
    table = sample_results["validation"]["forecasts"]
    assert table["what"].unique(maintain_order=True).to_list() == ["purchases", "spend"]
    # At the first of the days, after 13 weeks, Pareto/NBD cannot be fitted.
    assert table.filter(what="spend")["method"].to_list() == ["BgNbd", *["ParetoNbd"] * (PAST_DAYS - 1)]
    assert (
        "On 1 of these days too little was known for Pareto/NBD to be fitted: BG/NBD predicted in its place, as in a "
        "report of that day."
    ) in sentences_of("validation", sample_results["validation"], sample_results.params)
    log = sample_results.log.accepted.collect()
    for row in table.filter(what="spend").iter_rows(named=True):
        known = log.filter(pl.col("date") <= row["origin"])["customer_id"].unique()
        came = log.filter(pl.col("date").is_between(row["origin"], row["end"], closed="right"))
        came = came.filter(pl.col("customer_id").is_in(known.implode()))
        assert row["actual"] == pytest.approx(came["amount"].sum())
        assert row["held"] == (row["honest_low"] <= row["actual"] <= row["honest_high"])
    title = sample_results["validation"].findings["forecasts"].figures
    assert title["what"] == Name("outcomes", "spend")
    assert title["held"] == table.filter(what="spend")["held"].sum()


def test_groups_of_an_earlier_day_are_those_of_the_strategy_then():
    plain = context_of(*LOG, as_of="2024-02-29")
    then = plain.summarise(date(2024, 1, 10))
    assert plain._groups_at(then).select("customer_id", "group").sort("customer_id").rows() == [
        ("a", "active"),
        ("b", "active"),
        ("c", "active"),
    ]
    worth = context_of(*LOG, as_of="2024-02-29", strategy="lifecycle_alive")
    assert worth._groups_at(then).height == 3


@pytest.mark.parametrize("model", [BgNbd, Nbd])
def test_a_history_without_a_forecast_to_judge_has_none(model):
    plain = context_of(*LOG, as_of="2024-02-29")
    given = {"time_unit": "day", "groups": plain._groups_at, "level": 0.9, "buyers": 3}
    assert PastForecasts.of(plain.log, model, (date(2024, 1, 1), date(2024, 1, 15)), "10 days", **given) is None
    assert PastForecasts.of(plain.log, model, (date(2024, 1, 1), date(2024, 2, 29)), "10 days", **given) is None
