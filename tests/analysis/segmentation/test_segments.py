"""Segments: every customer in one group, and the groups' figures add up to the log's."""

from dataclasses import replace

import polars as pl
import pytest

from clvlab.analysis.segmentation import segments
from clvlab.analysis.segmentation.segments import group_profile, score_grid
from clvlab.models import BgNbd, MbgNbd, Nbd, Terms, ValueModels
from tests.analysis.pages import page_of, sentences_of
from tests.analysis.segmentation.logs import context_of

LOG = (
    ("a", "2024-01-01", 10.0),
    ("a", "2024-12-01", 30.0),
    ("b", "2024-11-01", 20.0),
    ("c", "2024-01-01", 40.0),
)


def rows_of(context):
    return {row["group"]: row for row in segments.compute(context)["groups"].iter_rows(named=True)}


def test_the_groups_by_hand():
    groups = rows_of(context_of(*LOG, as_of="2024-12-31"))
    assert list(groups) == ["active", "inactive"]
    active, inactive = groups.values()
    assert (active["customers"], active["share_customers"]) == (2, pytest.approx(2 / 3))
    assert (active["spend"], active["share_spend"]) == (60, pytest.approx(0.6))
    assert active["order_value"] == 20  # 60 over three purchase days
    assert active["median_days_since_last"] == 45  # of 30 and 60
    assert active["median_purchases"] == 1.5
    assert (inactive["customers"], inactive["spend"], inactive["order_value"]) == (1, 40, 40)


def test_the_sentences_by_hand():
    findings = segments.compute(context_of(*LOG, as_of="2024-12-31")).findings
    assert (findings["lead"].figures["groups"], findings["lead"].figures["filled"]) == (2, 2)
    assert "prospects" not in findings
    assert findings["lead"].figures["group"].code == "active"
    assert findings["groups"].key == "segments.groups"
    assert (findings["groups"].figures["customers"], findings["groups"].figures["spend"]) == (
        pytest.approx(2 / 3),
        pytest.approx(0.6),
    )


@pytest.mark.parametrize(("as_of", "told"), [("2024-12-31", True), ("2025-11-15", False)])
def test_who_is_called_lost_within_a_year_is_so_by_comparison(as_of, told):
    often = [(f"o{n}", f"2024-{month:02}-{20 + n}", 50.0) for n in range(8) for month in (9, 11, 12)]
    once = [(f"l{n}", "2024-11-10", 5.0) for n in range(4)]
    section = segments.compute(context_of(*often, *once, as_of=as_of, strategy="rfm11", allow_stale=True))
    assert section["groups"].filter(group="lost")["customers"].item() == 4
    assert ("relative" in section.findings) is told
    if told:
        assert section.findings["relative"].figures["days"] == 51  # since 10 November


def test_without_amounts_spend_is_unknown_not_nought():
    rows = [row[:2] for row in LOG]
    context = context_of(*rows, as_of="2024-12-31", columns="customer_id date")
    groups = segments.compute(context)["groups"]
    assert groups["spend"].null_count() == groups["share_spend"].null_count() == groups.height
    assert segments.compute(context).findings["groups"].key == "segments.groups_no_spend"


def test_money_that_adds_up_to_nothing_has_no_shares():
    context = context_of(*LOG, ("d", "2024-03-01", 1.0), ("d", "2024-04-01", -101.0), as_of="2024-12-31")
    section = segments.compute(context)
    assert section["groups"]["spend"].sum() == 0
    assert section["groups"]["share_spend"].null_count() == section["groups"].height
    assert section.findings["groups"].key == "segments.groups_no_spend"


def test_prospects_are_counted_where_they_are():
    table = pl.DataFrame(
        {
            "group": ["vip", "prospect", "prospect"],
            "n_purchases": [2, 0, 0],
            "days_since_last": [10, None, None],
            "total_spend": [50.0, 0.0, 0.0],
            "p_alive": [0.5, None, None],
            "p_buys_again": [None, None, None],
            "clv": [7.0, None, None],
        }
    )
    groups = group_profile(table, ("vip", "prospect"))
    assert groups["customers"].to_list() == [1, 2]
    assert groups["order_value"].to_list() == [25.0, None]
    assert groups["median_purchases"].to_list() == [2.0, None]
    assert groups["clv"].to_list() == [7.0, None]  # unknown, not nought


def test_a_group_without_a_customer_is_named_and_a_filled_one_is_not():
    section = segments.compute(context_of(*LOG[:1], *LOG[3:], as_of="2024-12-31"))
    assert [name.code for name in section.findings["empty"].figures["groups"]] == ["active"]
    assert section["groups"].height == 2
    assert section["groups"].filter(group="active")["customers"].to_list() == [0]
    assert "empty" not in segments.compute(context_of(*LOG, as_of="2024-12-31")).findings


@pytest.mark.parametrize(
    ("lang", "told"),
    [("en", "shares of all 4, with the 1 who has not bought yet;"), ("zh", "以全部4位客户为分母（含尚未购买的1位）")],
)
def test_whom_shares_are_of_is_said_where_there_are_prospects(lang, told):
    context = context_of(*LOG, as_of="2024-12-31")
    people = pl.DataFrame({"customer_id": ["a", "p"], "region": ["north", "south"]})
    context = replace(context, log=replace(context.log, attributes=(people,)))
    section = segments.compute(context)
    assert section["groups"]["share_customers"].to_list() == [0.5, 0.25, 0.25]  # active, inactive, who has not bought
    assert any(told in text for text in sentences_of("segments", section, context.params, lang))


def test_groups_whose_names_and_p_alive_disagree_are_named_to_both_sides():
    groups = pl.DataFrame(
        {"group": ["loyal", "at_risk", "lost", "hibernating", "new"], "p_alive": [0.6, 0.1, 0.2, 0.7, None]}
    )
    found = {
        key: [name.code for name in each.figures["groups"]] for key, each in segments._against_names(groups).items()
    }
    assert found == {"alive": ["hibernating"], "left": ["at_risk"]}
    assert segments._against_names(groups.filter(pl.col("group").is_in(["loyal", "lost"]))) == {}


def test_how_many_groups_are_in_use_is_said_where_some_are_empty():
    all_used = context_of(*LOG, as_of="2024-12-31")
    some_used = context_of(*LOG[:1], *LOG[1:2], *LOG[2:3], as_of="2024-12-31", strategy="lifecycle5")
    assert segments.compute(all_used).findings["lead"].key == "segments.lead"
    assert segments._lead(5, 2) == segments.compute(some_used).findings["lead"].key == "segments.lead_some"


def test_why_nobody_is_new(sample_results):
    findings = sample_results["segments"].findings
    assert "new" in {name.code for name in findings["empty"].figures["groups"]}
    latest = sample_results.customers["first_purchase"].max()
    assert findings["empty_new"].figures["latest"] == latest


def test_the_map_counts_every_customer_once_by_hand():
    table = pl.DataFrame(
        {"r_score": [1, 1, 5, None], "f_score": [1, 1, 2, None], "total_spend": [5.0, 15.0, 80.0, 0.0]}
    )
    assert score_grid(table).rows() == [
        (1, 1, 2, 20.0, pytest.approx(2 / 3), 0.2),
        (5, 2, 1, 80.0, pytest.approx(1 / 3), 0.8),
    ]


def with_model(context, model):
    vars(context)["models"] = ValueModels(model, None, Terms("12 months"))
    return context


def shown(context, name):
    return dict(context.with_activity(context.shown).select("customer_id", name).iter_rows())


def test_p_alive_is_shown_where_the_model_finds_it_of_all():
    context = with_model(context_of(*LOG, as_of="2024-12-31"), MbgNbd(0.6, 8.0, 0.7, 2.5, time_unit="day"))
    alive = dict(context.customers.data.select("customer_id", "p_alive").iter_rows())
    assert shown(context, "p_alive") == alive
    assert set(shown(context, "p_buys_again").values()) == {None}
    section = segments.compute(context)
    assert "p_alive" not in section.findings
    assert section["groups"]["p_alive"].to_list() == pytest.approx([(alive["a"] + alive["b"]) / 2, alive["c"]])
    assert section["groups"]["p_buys_again"].null_count() == 2


@pytest.mark.parametrize(
    ("model", "key"),
    [
        (BgNbd(0.6, 8.0, 0.7, 2.5, time_unit="day"), "segments.p_buys_again"),
        (Nbd(0.6, 8.0, time_unit="day"), "segments.p_buys_again_nobody_leaves"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_who_is_alive_by_assumption_is_shown_with_the_probability_of_buying_again(model, key):
    """By NBD of who bought x times again in T days: 1 - ((8 + T) / (8 + T + 100))^(0.6 + x)."""
    context = with_model(context_of(*LOG, as_of="2024-12-31", horizon="100 days"), model)
    assert set(shown(context, "p_alive").values()) == {None}
    found = shown(context, "p_buys_again")
    stays = {"b": (1 - (68 / 168) ** 0.6), "c": 1 - (373 / 473) ** 0.6, "a": 1 - (373 / 473) ** 1.6}
    if isinstance(model, Nbd):
        assert found == pytest.approx(stays)
    else:  # one-time buyers cannot have left before the horizon's first purchase
        assert (found["b"], found["c"]) == pytest.approx((stays["b"], stays["c"]))
        assert 0 < found["a"] < stays["a"]
    section = segments.compute(context)
    assert section.findings["p_alive"].key == key
    assert section["groups"]["p_alive"].null_count() == 2
    assert section["groups"]["p_buys_again"].to_list() == pytest.approx([(found["a"] + found["b"]) / 2, found["c"]])


@pytest.mark.parametrize(
    ("model", "lang", "shown", "hidden", "told"),
    [
        (MbgNbd, "en", "P(alive)", "P(buys again)", None),
        (MbgNbd, "zh", "仍活跃概率", "再次购买概率", None),
        (
            BgNbd,
            "en",
            "P(buys again)",
            "P(alive)",
            "In place of P(alive) the tables show P(buys again), the probability of a purchase within 100 days: "
            "BG/NBD assumes that nobody leaves before their second purchase, so that its P(alive) would say nothing "
            "of customers who bought once.",
        ),
        (
            BgNbd,
            "zh",
            "再次购买概率",
            "仍活跃概率",
            "表中以再次购买概率（未来100天内至少购买一次）代替仍活跃概率：BG/NBD假定客户在第二次购买之前不会流失，"
            "其仍活跃概率无法反映只购买过一次的客户。",
        ),
    ],
)
def test_the_page_shows_one_of_both_probabilities_and_why(model, lang, shown, hidden, told):
    context = context_of(*LOG, as_of="2024-12-31", horizon="100 days")
    section = segments.compute(with_model(context, model(0.6, 8.0, 0.7, 2.5, time_unit="day")))
    page = page_of("segments", section, context.params, lang)
    table = next(text for text in page if "\n" in text)
    assert shown in table
    assert hidden not in table
    about = [text for text in page if text != table and (shown in text or hidden in text)]
    assert about == ([told] if told else [])


@pytest.mark.parametrize(
    ("b", "lang", "told"),
    [
        # MBG/NBD: P(alive) of who bought once 365 days ago is 1 / (1 + 0.7 / b (373 / 8)^0.6)
        (2.5, "en", None),  # 0.27
        (
            25.0,
            "en",
            "The names of groups say when, how often and for how much customers bought. By the model, customers in "
            "these groups are quiet rather than gone, with a mean P(alive) of 50% or more: Inactive.",
        ),
        (
            25.0,
            "zh",
            "分组名称仅反映客户何时购买、购买多少次、消费多少。就以下分组而言，模型认为客户多为暂时未购而非流失"
            "（平均仍活跃概率不低于50%）：不活跃客户。",
        ),
    ],
)
def test_who_is_gone_by_name_and_alive_by_the_model_is_said_to_be_quiet(b, lang, told):
    context = with_model(context_of(*LOG, as_of="2024-12-31"), MbgNbd(0.6, 8.0, 0.7, b, time_unit="day"))
    section = segments.compute(context)
    alive = section["groups"].filter(group="inactive")["p_alive"].item()
    assert alive == pytest.approx(1 / (1 + 0.7 / b * (373 / 8) ** 0.6))
    assert (alive >= 0.5) == (told is not None)
    assert [text for text in sentences_of("segments", section, context.params, lang) if "50%" in text] == (
        [told] if told else []
    )


def test_a_log_of_fewer_customers_than_scores_has_no_map():
    section = segments.compute(context_of(*LOG, as_of="2024-12-31"))
    assert "grid" not in section
    assert "grid" not in section.findings
    more = [(f"m{i}", f"2024-0{i}-01", 10.0 * i) for i in range(1, 6)]
    assert segments.compute(context_of(*LOG, *more, as_of="2024-12-31"))["grid"]["customers"].sum() == 8


@pytest.mark.parametrize(
    ("lang", "told"),
    [
        ("en", "“Recently active or not” puts every customer into the same group, “Active”."),
        ("zh", "“近期是否活跃”把所有客户归入同一分组：“活跃客户”组。"),
    ],
)
def test_one_group_for_all_is_said_to_be_one(lang, told):
    context = context_of(*LOG[1:3], as_of="2024-12-31")
    assert sentences_of("segments", segments.compute(context), context.params, lang)[0] == told
