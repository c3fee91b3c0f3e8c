"""Validation under NBD with r = 1 and alpha = 100 days, by hand.

All bought first 100 days before the cutoff, which lies 100 days back: who had bought x times again is expected to buy
(1 + x) / 2 times, by their own rate x times.
"""

from datetime import date, timedelta

import polars as pl
import pytest

from clvlab.analysis.segmentation import validation
from clvlab.analysis.segmentation.context import Backtest
from clvlab.models import Terms, ValueModels
from clvlab.models.mean_spend import MeanSpend
from clvlab.validation import ModelChoice
from clvlab.wording import Name
from tests.analysis.pages import is_chinese, page_of, sentences_of
from tests.analysis.segmentation.logs import context_of, nbd, valued

AS_OF = date(2024, 12, 31)


def days_ago(customer: str, *ago: int, amount: float = 10.0):
    return [(customer, str(AS_OF - timedelta(each)), amount) for each in ago]


LOG = (
    *days_ago("a", 200, 190, 180, 170, 60, 20),  # expected 2, bought 2
    *days_ago("b", 200, 150, 30, 10),  # expected 1, bought 2
    *days_ago("c", 200),  # expected 1/2, bought nothing
    *days_ago("d", 200, 50),  # expected 1/2, bought 1
    *days_ago("f", 200),  # expected 1/2, bought nothing
    *days_ago("new", 40, 5),  # nobody could have expected anything
)


def choice() -> ModelChoice:
    """NBD, as the parameters ask."""
    row = {"method": "Nbd", "log_likelihood": -50.0, "aic": 104.0, "bic": 103.2}
    row |= {"total_error": -0.1, "mae": 0.5, "rmse": 0.59}
    figures = {"model": Name("methods", "Nbd")}
    return ModelChoice(nbd(1.0, 100.0), pl.DataFrame([row]), ("model_choice.given",), figures)


def context(*rows, columns="customer_id date amount", spend=10.0):
    log = rows or LOG
    plain = valued(context_of(*log, as_of=str(AS_OF), columns=columns, holdout="100 days"), nbd(1.0, 100.0), spend)
    calibration, holdout = plain.halves
    money = None if spend is None else MeanSpend(spend)
    models = ValueModels(nbd(1.0, 100.0), money, Terms("100 days"))
    vars(plain)["backtest"] = Backtest(calibration, holdout, models, choice())
    return plain


@pytest.fixture(scope="module")
def plain():
    return context()


@pytest.fixture(scope="module")
def section(plain):
    return validation.compute(plain)


def test_the_totals_by_hand(section):
    purchases, spend = section["totals"].iter_rows(named=True)
    methods = ("actual", "model", "naive", "last_period", "average")
    assert [purchases[name] for name in methods] == pytest.approx([5, 4.5, 4, 4, 4])
    assert [spend[name] for name in methods[:2]] == pytest.approx([50, 45])
    assert purchases["model_error"] == pytest.approx(-0.1)
    assert purchases["naive_error"] == pytest.approx(-0.2)
    assert purchases["low"] <= 4.5 <= purchases["high"]


def test_errors_per_customer_by_hand(section):
    errors = {row["method"]: row for row in section["errors"].filter(what="purchases").iter_rows(named=True)}
    assert errors["model"]["mae"] == pytest.approx((0 + 1 + 0.5 + 0.5 + 0.5) / 5)
    assert errors["naive"]["mae"] == pytest.approx((1 + 1 + 0 + 1 + 0) / 5)
    assert errors["model"]["rmse"] == pytest.approx((1.75 / 5) ** 0.5)
    assert errors["naive"]["rmse"] == pytest.approx((3 / 5) ** 0.5)


def test_groups_by_hand(section):
    (active,) = section["by_group"].iter_rows(named=True)
    assert (active["group"], active["customers"], active["fails"]) == ("active", 5, False)
    assert [active[name] for name in ("actual", "model", "naive")] == pytest.approx([1.0, 0.9, 0.8])


def test_customers_by_earlier_repeats_by_hand(section):
    repeats = section["by_frequency"].select("repeats", "customers", "actual", "model").rows()
    assert repeats == [
        ("0", 3, pytest.approx(1 / 3), pytest.approx(0.5)),
        ("1", 1, pytest.approx(2), pytest.approx(1)),
        ("3", 1, pytest.approx(2), pytest.approx(2)),
    ]


def test_what_accumulates_by_hand(section):
    last = section["tracking"].row(-1, named=True)
    assert last["date"] == AS_OF
    assert last["expected_cumulative"] == pytest.approx(5 * 200 / 100)  # 200 days of five customers
    assert last["actual_cumulative"] == 9  # four before the cutoff, five after
    at_cutoff = section["tracking"].filter(period="calibration").row(-1, named=True)
    assert at_cutoff["actual_cumulative"] == 4


def test_only_those_who_had_bought_by_the_cutoff_are_judged(section):
    assert section.findings["lead"].figures["customers"] == 5
    assert section["by_group"]["customers"].sum() == 5
    assert section["by_frequency"]["customers"].sum() == 5


def test_the_sentences_by_hand(section, plain):
    assert sentences_of("validation", section, plain.params) == [
        "The model was fitted on data up to 22 September 2024 and judged on what 5 customers did up to 31 December "
        "2024: its total was 10.0% below the actual purchases; with “Own rate carried forward”, the nearest of the "
        "simple rules, it would have been 20.0% below.",
        "Beyond chance, no total is more than 2% off, no cohort or group of 30 customers or more is more than 15% "
        "off, and at most two of the ten tenths are.",
        "No earlier forecast could be judged: the history is too short, or too few customers had bought again by "
        "then.",
        "From the first day on, the time before the cutoff included, the model expected 10 repeat purchases; there "
        "were 9",
        "Purchases in the holdout by earlier behaviour",
        "The tenth that the model ranks highest bought 2.0 times each, against 2.0 expected; the lowest tenth, 0.3 "
        "times",
        "Spend: the 20% of customers whom the model ranks highest brought 40%; ranked by their own rate, 40%; at "
        "best, 40%",
        "Per customer, the model is off by 0.50 purchases on average; the own rate carried forward, by 0.60.",
        # c and f bought nothing, with a probability of 2/3 each: .05 / (2/3) of either is outside, 1 - 2/5 * .075.
        # Below .45 there is nobody else: 2/5 * .45 / (2/3) = .27.
        "Single customers: what 97.0% of them bought lies within the central 90% of the distribution that the model "
        "gives each (of distributions that are right, 90%). The share of customers below any point of their "
        "distributions differs from its probability by at most 18.0 points.",
        "The parameters ask for NBD (nobody leaves); the rule of this report would have chosen it as well.",
    ]


def test_the_sentences_are_there_in_chinese(section, plain):
    told = sentences_of("validation", section, plain.params, "zh")
    assert is_chinese(told)
    assert told[0] == (
        "模型用截至2024年9月22日的数据拟合，并以5位客户到2024年12月31日的实际表现检验：模型合计比实际购买低10.0%；"
        "最接近的简单方法“按自身频率外推”则低20.0%。"
    )


def test_the_sentences_agree_with_the_tables(section):
    lead, totals = section.findings["lead"].figures, section["totals"].row(0, named=True)
    for error, direction, column in (
        (lead["error"], lead["direction"], "model_error"),
        (lead["simple"], lead["simple_direction"], f"{lead['method'].code}_error"),
    ):
        assert error == abs(totals[column])
        assert direction.code == ("above" if totals[column] >= 0 else "below")
    errors = dict(section["errors"].filter(what="purchases").select("method", "mae").iter_rows())
    assert section.findings["errors"].figures["model"] == errors["model"]
    assert section.findings["errors"].figures["naive"] == errors["naive"]


def many(n, *ago):
    return [row for i in range(n) for row in days_ago(f"c{i:02d}", *ago)]


def test_a_total_a_cohort_and_a_group_that_are_off_are_warned_of():
    off = context(*many(40, 200, 50))  # expected 20, bought 40
    section = validation.compute(off)
    told = sentences_of("validation", section, off.params)
    assert told[0].endswith(
        "its total was 50.0% below the actual purchases; with “Own rate carried forward”, the nearest of the simple "
        "rules, it would have been 100.0% below."
    )
    assert [sentence for sentence in told if sentence.startswith("Caution")] == [
        f"Caution ({what}): {warning}"
        for what in ("Purchases", "Spend")
        for warning in (
            "the model's total was 50.0% below what happened, which its own 95% interval misses, and its order of "
            "customers is no better than chance.",
            "cohorts for which the model fails: 1. The cohort that begins on 1 June 2024 matters most, at 50% "
            "below what happened.",
            "groups for which the model fails: 1. The group “Active” matters most, at 50% below what happened.",
        )
    ]
    assert "calibrated" not in section.findings
    assert section["by_group"]["fails"].to_list() == [True]
    assert is_chinese(sentences_of("validation", section, off.params, "zh"))


def test_a_total_above_what_happened_is_said_to_be_above():
    over = context(*many(40, 200, 190, 180, 170), *days_ago("c00", 50))  # expected 80, bought 1
    section = validation.compute(over)
    lead = section.findings["lead"].figures
    assert (lead["direction"].code, lead["error"]) == ("above", pytest.approx(79))
    assert section.findings["warning_total_purchases"].figures["direction"].code == "above"


def test_a_baseline_that_comes_nearer_is_named():
    steady = context(*many(40, 200, 190, 180, 170, 60, 50, 40))  # by their own rate 3, expected 2, bought 3
    section = validation.compute(steady)
    told = sentences_of("validation", section, steady.params)
    assert (
        "Caution (Purchases): for single customers another method comes closer; the error of “Own rate carried "
        "forward” is 100% smaller than the model's."
    ) in told
    assert (
        "Per customer, the model is off by 1.00 purchases on average; the own rate carried forward does no worse, "
        "with 0.00: use the model for groups and totals rather than for single customers."
    ) in told
    for what in ("Purchases", "Spend"):
        nearer = "“Own rate carried forward” came nearer to the total than the model, at 0.0% above what happened."
        assert f"Caution ({what}): {nearer}" in told
    assert is_chinese(sentences_of("validation", section, steady.params, "zh"))


def test_the_nearest_of_the_simple_rules_is_the_one_to_beat():
    section = validation.compute(context(*many(40, 200, 190, 180, 170, 60, 50, 40), *days_ago("d", 200)))
    lead, totals = section.findings["lead"].figures, section["totals"].row(0, named=True)
    errors = {name: abs(totals[f"{name}_error"]) for name in ("naive", "last_period", "average")}
    assert lead["simple"] == min(errors.values()) == errors[lead["method"].code]


def test_an_order_worse_than_chance_is_not_to_be_trusted():
    # The more they had bought, the less they bought: the model has the order turned round, an average has none.
    early = many(30, 200, 190, 180, 170)  # expected 60, bought nothing
    late = [row for i in range(30) for row in days_ago(f"l{i:02d}", 200, 60, 50, 40, 30, 20)]  # 15, and 150
    section = validation.compute(context(*early, *late))
    ginis = dict(section["errors"].filter(what="purchases").select("method", "gini").iter_rows())
    assert ginis["model"] == -0.5
    assert ginis["average"] == 0
    assert section.findings["warning_total_purchases"].key == "validation.warning_total_unordered"


def test_a_holdout_without_a_purchase_has_no_relative_errors():
    quiet = context(*many(12, 200, 190), *days_ago("c00", 50, amount=-5.0))  # expected 12, bought nothing
    section = validation.compute(quiet)
    totals = section["totals"].row(0, named=True)
    assert (totals["actual"], totals["model_error"], totals["naive_error"]) == (0, None, None)
    told = sentences_of("validation", section, quiet.params)
    assert told[0] == (
        "The model was fitted on data up to 22 September 2024 and judged on what 12 customers did up to 31 December "
        "2024: they bought nothing; it had expected 12.0 purchases, and each customer's own rate carried forward "
        "12.0."
    )
    assert "gain" not in section
    assert "calibrated" not in section.findings
    assert not any("∞" in text or "nan" in text for text in page_of("validation", section, quiet.params))
    assert is_chinese(sentences_of("validation", section, quiet.params, "zh"))


def test_where_returns_eat_the_spend_the_ranking_is_for_purchases():
    returned = context(*LOG, *days_ago("a", 15, amount=-90.0))  # spend of the holdout: 50 less 90
    section = validation.compute(returned)
    assert section["totals"].filter(what="spend")["model_error"].to_list() == [None]
    assert section["gain"]["what"].unique().to_list() == ["purchases"]
    assert "calibrated" not in section.findings


def test_without_amounts_purchases_are_judged():
    rows = [row[:2] for row in LOG]
    section = validation.compute(context(*rows, columns="customer_id date", spend=None))
    assert section["totals"]["what"].to_list() == ["purchases"]
    assert section.findings["gain"].figures["what"].code == "purchases"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_without_a_holdout_it_is_said_to_be_not_validated(lang):
    without = context_of(*LOG, as_of=str(AS_OF), holdout=None)
    vars(without)["past"] = None
    section = validation.compute(without)
    assert not section
    assert sentences_of("validation", section, without.params, lang) == [
        {
            "en": "Not validated: the history is too short, or too few customers bought again, for a part of it to "
            "be held back.",
            "zh": "未验证：历史太短，或复购客户太少，无法留出一段作检验。",
        }[lang]
    ]


BY_GROUP = (
    "Purchases per customer by group, and where the model fails (more than 15% off, beyond the interval of the "
    "actual mean)"
)


def test_the_tables_read_as_computed(section, plain):
    tables = {piece.splitlines()[0]: piece for piece in page_of("validation", section, plain.params) if "\n" in piece}
    totals = tables["Totals of the holdout, with the model's 95% interval"].splitlines()
    assert totals[2].split()[:3] == ["Purchases", "5", "4"]  # 4.5, rounded to even
    assert totals[2].split()[-4:] == ["−10.0%", "−20.0%", "−20.0%", "−20.0%"]
    groups = tables[BY_GROUP].splitlines()
    assert groups[2].split()[:3] == ["Active", "5", "1.00"]
    assert groups[2].split()[-3:] == ["0.90", "0.80", "no"]
