"""Lifetime value by hand: NBD, r = 1, alpha = 100 days, 20 a purchase, 100 days ahead: 2,000 (1 + x) / (100 + T)."""

from datetime import date, timedelta

import polars as pl
import pytest

from clvlab.analysis.segmentation import segments, summary, value
from clvlab.analysis.segmentation.value import histogram, value_deciles
from clvlab.errors import ClvlabWarning, ConvergenceError
from clvlab.models import BgNbd, MbgNbd, Terms, ValueModels
from clvlab.models.value_models import Caveat
from clvlab.presentation import Drawing, Report
from tests.analysis.pages import is_chinese, page_of, sentences_of
from tests.analysis.segmentation.logs import context_of, nbd, valued

AS_OF = date(2024, 12, 31)
TERMS = {"horizon": "100 days", "annual_discount_rate": 0.0}


def ago(days: int) -> str:
    return str(AS_OF - timedelta(days))


LOG = (
    ("a", ago(100), 1.0), ("a", ago(50), 1.0), ("a", ago(20), 1.0), ("a", ago(10), 1.0),  # 3 repeats: worth 40
    ("b", ago(100), 1.0), ("b", ago(5), 1.0),  # 20
    ("c", ago(100), 1.0),  # 10
    ("d", ago(100), 1.0),  # 10
    ("e", ago(300), 1.0),  # 5, inactive
    ("f", ago(300), 1.0), ("f", ago(250), 1.0),  # 10, inactive
)  # fmt: skip


def context(*rows, model=None, spend=20.0, **given):
    log = rows or LOG
    return valued(context_of(*log, as_of=str(AS_OF), **{**TERMS, **given}), model or nbd(1.0, 100.0), spend)


@pytest.fixture(scope="module")
def plain():
    return context()


@pytest.fixture(scope="module")
def section(plain):
    return value.compute(plain)


def test_customers_by_hand(plain):
    worth = dict(plain.table.select("customer_id", "clv").iter_rows())
    assert worth == pytest.approx({"a": 40, "b": 20, "c": 10, "d": 10, "e": 5, "f": 10})


def test_groups_by_hand(section):
    active, inactive = section["by_group"].iter_rows(named=True)
    assert (active["group"], active["customers"], active["clv"]) == ("active", 4, pytest.approx(80))
    assert (inactive["group"], inactive["customers"], inactive["clv"]) == ("inactive", 2, pytest.approx(15))
    assert (active["share"], inactive["share"]) == (pytest.approx(80 / 95), pytest.approx(15 / 95))
    assert (active["clv_mean"], inactive["clv_mean"]) == (pytest.approx(20), pytest.approx(7.5))
    assert [active[name] for name in ("low", "median", "high")] == pytest.approx([10, 15, 25])
    assert [inactive[name] for name in ("low", "median", "high")] == pytest.approx([6.25, 7.5, 8.75])


def test_an_interval_holds_what_it_is_an_interval_of(section):
    groups = section["by_group"]
    assert (groups["clv_low"] <= groups["clv"]).all()
    assert (groups["clv"] <= groups["clv_high"]).all()
    lead = section.findings["lead"].figures
    assert lead["low"] <= lead["total"] <= lead["high"]


def test_parameters_by_hand(section):
    r, alpha = section["parameters"].rows()
    assert r == ("Nbd", "r", 1, pytest.approx(0.01), pytest.approx(0.981, abs=1e-3), pytest.approx(1.020, abs=1e-3))
    assert alpha[:4] == ("Nbd", "alpha", pytest.approx(100), pytest.approx(2))
    assert alpha[4:] == (pytest.approx(96.2, abs=0.1), pytest.approx(104.0, abs=0.1))


def test_every_customer_is_in_one_bar(section):
    bars = section["distribution"]
    assert bars["customers"].sum() == 6
    for below, customers in ((4, 0), (8, 1), (15, 4), (30, 5)):  # one is worth 5, three 10, one 20, one 40
        assert bars.filter(pl.col("low") < below)["customers"].sum() == customers, below


NO_SEASON = (
    "Forecasts know of no season: with 10 months of history, not every month has been seen twice. From 14 months on, "
    "“season: month” learns one all the same."
)


def test_the_sentences_by_hand(section, plain):
    told = sentences_of("value", section, plain.params)
    low, high = (f"{section.findings['lead'].figures[end]:.0f}" for end in ("low", "high"))
    assert told[0].startswith(
        f"Over the next 100 days, a customer is expected to bring in 15.83 on average, and all together about 95 "
        f"({low} to {high} with a probability of 90%)."
    )
    assert told[1:] == [
        "The intervals of the total and of the groups are the model's own: the history is too short, or customers "
        "too few, for any past forecast to be judged, and a model that errs errs outside them.",
        "Throughout this report customers are valued by one model. NBD (nobody leaves) was chosen: it is the "
        "simplest whose BIC, 65, is the lowest or within 6 of it, which may be chance. There was no holdout to judge "
        "it on. 50% of the customers had bought once by 31 December 2024, and NBD (nobody leaves) lets none of them "
        "leave: no model that does could be fitted.",
        NO_SEASON,
        "Half of the customers are worth 10.00 or less; the mean is 15.83",  # four of six are
        "Customers in the group “Active” are worth most: 20.00 on average",
    ]


def test_the_sentences_are_there_in_chinese(section, plain):
    told = sentences_of("value", section, plain.params, "zh")
    assert is_chinese(told)
    assert "一半客户的预期价值不超过10.00，平均为15.83" in told


def test_the_first_page_and_the_groups_say_the_same(section, plain):
    first = summary.compute(plain)
    total = section.findings["lead"].figures["total"]
    assert first.findings["value"].figures["total"] == total
    assert first["numbers"].filter(measure="clv")["value"].item() == pytest.approx(total)
    groups = segments.compute(plain)["groups"].filter(pl.col("customers") > 0)
    assert groups["clv"].to_list() == pytest.approx(section["by_group"]["clv"].to_list())
    assert groups["clv_mean"].to_list() == pytest.approx(section["by_group"]["clv_mean"].to_list())


def test_parts_need_ten_customers_each(section):
    assert "deciles" not in section
    assert "deciles" not in section.findings


def test_parts_by_hand():
    rows = [(f"c{i:02d}", ago(100), 1.0) for i in range(21)]
    twice = [(f"c{i:02d}", ago(50), 1.0) for i in range(2)]
    whole = context(*rows, *twice)  # two are worth 20, nineteen are worth 10
    halves = value.compute(whole)
    table = halves["deciles"]
    assert table.select("decile", "customers").rows() == [(1, 11), (2, 10)]
    assert table["clv"].to_list() == pytest.approx([130, 100])
    assert table["mean"].to_list() == pytest.approx([130 / 11, 10])
    assert "The most valuable 50% of customers hold 57% of all expected value" in sentences_of(
        "value", halves, whole.params
    )


def test_a_chart_of_parts_says_how_many_there_are(sample_results):
    report = Report(sample_results)
    titles = [piece.chart.to_dict()["title"] for piece in report.pieces("value") if isinstance(piece, Drawing)]
    assert any("(10 of equal size)" in title["subtitle"] for title in titles)


def test_what_is_worth_nothing_has_no_parts():
    assert value.compute(context(*LOG, model=nbd(1.0, 100.0), spend=1e-300))["by_group"]["clv"].sum() < 1e-290
    free = valued(context_of(*LOG, as_of=str(AS_OF), **TERMS), nbd(1.0, 100.0), 0.0)
    assert "deciles" not in value.compute(free)


def test_parts_hold_all_the_value_and_are_of_one_size_whatever_the_number_of_customers():
    for n in [*range(20, 40), 99, 104]:
        table = value_deciles(pl.Series([float(i) for i in range(n)]))
        assert table["customers"].sum() == n
        assert table["customers"].max() - table["customers"].min() <= 1 <= table["customers"].min() / 10
        assert table["share"].sum() == pytest.approx(1)
        assert table["mean"].is_sorted(descending=True)


def test_those_worth_less_than_one_are_one_bar():
    bars = histogram(pl.Series([0.0, 0.2, 0.99, 1.0, 50.0]))
    assert bars.row(0) == (0, 1, 3)
    assert bars["customers"].sum() == 5


def test_prospects_are_worth_nothing_that_is_known():
    plain = context(*LOG, ("p", ago(40), -3.0))
    section = value.compute(plain)
    assert plain.table.filter(customer_id="p")["clv"].to_list() == [None]
    assert section["by_group"]["group"].to_list() == ["active", "inactive"]
    assert section["distribution"]["customers"].sum() == 6
    assert section.findings["lead"].figures["mean"] == pytest.approx(95 / 6)
    assert section.findings["by_group"].figures["group"].code == "active"


def test_without_amounts_there_are_parameters_and_no_money():
    rows = [row[:2] for row in LOG]
    plain = valued(context_of(*rows, as_of=str(AS_OF), columns="customer_id date", **TERMS), nbd(1.0, 100.0))
    section = value.compute(plain)
    assert set(section) == {"parameters"}
    assert sentences_of("value", section, plain.params) == [
        "The log has no amounts, so purchases can be predicted, but not their value.",
        NO_SEASON,
    ]
    assert is_chinese(sentences_of("value", section, plain.params, "zh"))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_without_a_model_only_the_reason_is_given(lang):
    plain = context_of(*LOG, as_of=str(AS_OF), **TERMS)
    error = ConvergenceError("whatever", ("r",), code="no_repeats", customers=6)
    vars(plain)["models"] = ValueModels(None, None, Terms("100 days"), (BgNbd,), (Caveat(BgNbd, error),))
    section = value.compute(plain)
    assert not section
    (told,) = sentences_of("value", section, plain.params, lang)
    assert (
        told
        == {
            "en": "No purchase model could be fitted. None of the 6 customers has a repeat purchase, so BG/NBD "
            "cannot be fitted; a longer history may help.",
            "zh": "无法拟合购买模型。6位客户均无复购，无法拟合BG/NBD；可尝试使用更长的历史数据。",
        }[lang]
    )


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_model_that_steps_in_and_what_it_warns_of_are_named(lang):
    plain = context_of(*LOG, as_of=str(AS_OF), **TERMS)
    warning = ClvlabWarning("whatever", code="vague", parameters="r")
    models = valued(plain, nbd(1.0, 100.0), 20.0).models
    vars(plain)["models"] = ValueModels(
        models.purchases, models.spend, models.terms, (BgNbd, MbgNbd), (Caveat(type(models.purchases), warning),)
    )
    told = sentences_of("value", value.compute(plain), plain.params, lang)
    assert {
        "en": "These customers cannot identify BG/NBD, MBG/NBD; NBD (nobody leaves) is used instead. Its assumptions "
        "are simpler: treat the figures of single customers as rough.",
        "zh": "这批客户的数据无法确定BG/NBD、MBG/NBD的参数，改用NBD（假定无人流失）；"
        "其假设更简单，单个客户的数值仅供粗略参考。",
    }[lang] in told
    assert {
        "en": "Please note: The data leave r of NBD (nobody leaves) vague: treat what follows from them as rough.",
        "zh": "请注意：数据对NBD（假定无人流失）的参数r约束很弱，相关结果仅供粗略参考。",
    }[lang] in told


@pytest.mark.parametrize(("margin", "worth"), [(1.0, 95.0), (0.3, 28.5)])
def test_values_are_at_the_margin_of_the_parameters(margin, worth):
    plain = context_of(*LOG, as_of=str(AS_OF), **TERMS, margin=margin)
    models = valued(plain, nbd(1.0, 100.0), 20.0).models
    vars(plain)["models"] = ValueModels(models.purchases, models.spend, Terms("100 days", 0.0, margin))
    assert value.compute(plain).findings["lead"].figures["total"] == pytest.approx(worth)


def test_costs_that_are_not_used_are_mentioned():
    rows = [(*row, 0.75) for row in LOG]
    plain = valued(
        context_of(*rows, as_of=str(AS_OF), columns="customer_id date amount cost", **TERMS), nbd(1.0, 100.0), 20.0
    )
    section = value.compute(plain)
    assert dict(section.findings["margin"].figures) == {"margin": pytest.approx(0.25), "given": 1.0}
    told = sentences_of("value", section, plain.params)[4]
    assert told.startswith(
        "The log has costs, which leave a margin of 25.0%; values in this report are at the margin"
    )
    assert is_chinese(sentences_of("value", section, plain.params, "zh"))


def test_the_tables_read_as_computed(section, plain):
    *_, groups, parameters = page_of("value", section, plain.params)
    active = next(line for line in groups.splitlines() if line.startswith("Active"))
    assert active.split()[:3] == ["Active", "4", "80"]
    assert active.split()[-1] == "84%"
    assert parameters.splitlines()[2].split()[-4:] == ["1.000", "0.010", "0.981", "1.020"]


def test_a_model_that_no_choice_found_is_said_to_be_the_first():
    context = valued(context_of(("a", "2024-01-10", 30.0), as_of="2024-01-31"), nbd(1.0, 100.0), 20.0)
    assert value.compute(context).findings["model"].key == "value.model_first"
