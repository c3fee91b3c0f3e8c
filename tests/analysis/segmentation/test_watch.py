"""The watch list: overdue by their own habit, in the order of what is at risk with those who are likely there."""

import hashlib
import subprocess
import sys

import polars as pl
import pytest

from clvlab.analysis.segmentation import watch
from clvlab.analysis.segmentation.pseudonyms import pseudonyms
from clvlab.models import BgNbd, MbgNbd, Nbd, Terms, ValueModels
from tests.analysis.pages import is_chinese, sentences_of
from tests.analysis.segmentation.logs import context_of

LOG = (
    ("late", "2024-01-02", 10.0),
    ("late", "2024-02-01", 20.0),
    ("late", "2024-03-02", 30.0),  # gaps of 30 days, none for 304
    ("calm", "2024-01-01", 10.0),
    ("calm", "2024-06-01", 10.0),
    ("calm", "2024-12-01", 10.0),  # gaps of 152 and 183 days, 30 ago
    ("twice", "2024-01-01", 500.0),
    ("twice", "2024-01-02", 500.0),  # one gap is no habit
    ("long ago", "2022-01-01", 900.0),
    ("long ago", "2022-01-08", 900.0),
    ("long ago", "2022-01-15", 900.0),  # overdue, but nothing spent within the year
    ("dear", "2024-02-01", 200.0),
    ("dear", "2024-03-02", 200.0),
    ("dear", "2024-04-01", 200.0),
)


def context_with(model, *rows, **given):
    """The context of these rows, valued by a model that is given instead of fitted."""
    context = context_of(*rows, as_of="2024-12-31", **given)
    models = ValueModels(model, None, Terms("12 months"))
    vars(context)["models"] = models
    return context


STAYING = BgNbd(0.6, 8.0, 0.7, 100.0, time_unit="day")  # few leave: dear and late are likely to be there
LEAVING = BgNbd(0.6, 8.0, 0.7, 2.5, time_unit="day")  # many leave: dear and late are not


def test_the_list_by_hand():
    context = context_with(STAYING, *LOG)
    section = watch.compute(context)
    alive = dict(context.customers.data.select("customer_id", "p_alive").iter_rows())
    listed = section["customers"]
    assert listed["spend_last_year"].to_list() == [600.0, 60.0]  # dear, late
    assert listed["gap_p80"].to_list() == [30.0, 30.0]
    assert listed["days_since_last"].to_list() == [274, 304]
    assert listed["at_risk"].to_list() == pytest.approx([600 * (1 - alive["dear"]), 60 * (1 - alive["late"])])


@pytest.mark.parametrize("model", [STAYING, LEAVING])
def test_the_sentence_speaks_of_all_who_are_overdue(model):
    context = context_with(model, *LOG)
    told = watch.compute(context).findings["lead"].figures
    assert (told["overdue"], told["steady"], told["purchases"]) == (2, 3, 3)  # late, dear; and calm
    alive = dict(context.customers.data.select("customer_id", "p_alive").iter_rows())
    assert told["spend"] == 660
    assert told["at_risk"] == pytest.approx(600 * (1 - alive["dear"]) + 60 * (1 - alive["late"]))


def test_who_has_rather_left_than_not_is_counted_and_not_listed():
    gone = [("gone", f"2024-01-{day:02d}", 100.0) for day in range(1, 29)]  # daily, then 338 days of silence
    section = watch.compute(context_with(STAYING, *LOG, *gone))
    listed, told = section["customers"], section.findings["listed"].figures
    assert listed["spend_last_year"].to_list() == [600.0, 60.0]
    assert listed["at_risk"].is_sorted(descending=True)
    assert (told["there"], told["at_risk"]) == (2, pytest.approx(listed["at_risk"].sum()))
    assert section.findings["lead"].figures["at_risk"] > 2_700  # hardly any of the 2,800 is to be kept


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_where_none_is_likely_to_be_there_that_is_said(lang):
    context = context_with(LEAVING, *LOG)
    section = watch.compute(context)
    assert not section
    told = sentences_of("watch", section, context.params, lang)
    assert (
        told[1]
        == {
            "en": "None of them is likely to be there still: P(alive) is below 50% for each.",
            "zh": "其中没有很可能仍活跃的客户：各人的仍活跃概率均低于50%。",
        }[lang]
    )


def test_a_model_without_dropout_says_nothing_of_having_left():
    section = watch.compute(context_with(Nbd(0.6, 8.0, time_unit="day"), *LOG))
    assert section.findings["lead"].key == "watch.lead_no_dropout"
    assert section["customers"]["p_alive"].null_count() == section["customers"].height == 2
    assert section["customers"]["at_risk"].null_count() == 2
    assert section["customers"]["spend_last_year"].to_list() == [600.0, 60.0]


def test_the_list_has_p_alive_where_the_model_finds_it_of_all_else_the_probability_of_buying_again():
    models = (kind(0.6, 8.0, 0.7, 100.0, time_unit="day") for kind in (MbgNbd, BgNbd))
    found, assumed = (watch.compute(context_with(model, *LOG))["customers"] for model in models)
    assert (found["p_alive"].null_count(), found["p_buys_again"].null_count()) == (0, 2)
    assert (assumed["p_alive"].null_count(), assumed["p_buys_again"].null_count()) == (2, 0)
    # Who buys again is there to do so.
    assert (assumed["p_buys_again"] < 1 - assumed["at_risk"] / assumed["spend_last_year"]).all()


def test_the_sentences_by_hand():
    context = context_with(Nbd(0.6, 8.0, time_unit="day"), *LOG)
    section = watch.compute(context)
    assert sentences_of("watch", section, context.params) == [
        "Of 3 customers with 3 purchases or more who have spent within the last year, 2 have waited longer than is "
        "usual for them (than four in five of their own gaps between purchases). These spent 660 in that year.",
        "Customers have pseudonyms here; customers.parquet, which has ids as well and is for whoever makes the "
        "report, says who they are.",
    ]
    assert is_chinese(sentences_of("watch", section, context.params, "zh"))


def test_where_ids_are_asked_for_another_file_says_who_a_pseudonym_is():
    context = context_with(Nbd(0.6, 8.0, time_unit="day"), *LOG, export_ids=True)
    said = sentences_of("watch", watch.compute(context), context.params)[-1]
    assert said == "Customers have pseudonyms here; the column “pseudonym” of customers.csv says who they are."


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("who", ["long ago", "calm", "twice"])
def test_where_nobody_is_late_who_could_be_saved_there_is_no_table(who, lang):
    context = context_with(BgNbd(0.6, 8.0, 0.7, 2.5, time_unit="day"), *(row for row in LOG if row[0] == who))
    section = watch.compute(context)
    assert not section
    assert sentences_of("watch", section, context.params, lang) == [
        {
            "en": "No customer with 3 purchases or more who has spent within the last year has waited longer than is "
            "usual for them.",
            "zh": "在近一年有消费且购买3次及以上的客户中，没有人超过自身的通常购买间隔。",
        }[lang]
    ]


def test_without_money_or_a_model_there_is_no_list():
    rows = [row[:2] for row in LOG]
    assert watch.compute(context_of(*rows, as_of="2024-12-31", columns="customer_id date")).findings["lead"].key == (
        "watch.none"
    )
    assert watch.compute(context_with(None, *LOG)).findings["lead"].key == "watch.none"


def test_nobody_is_named(sample_results):
    listed = sample_results["watch"]["customers"]
    ids = set(sample_results.customers["customer_id"])
    assert not ids & set(listed["pseudonym"])
    assert "customer_id" not in listed.columns
    assert listed.select((pl.col("days_since_last") > pl.col("gap_p80")).all()).item()


def test_the_window_of_the_next_order_lies_ahead_and_is_that_of_the_customer_table(sample_results):
    listed = sample_results["watch"]["customers"].drop_nulls("next_to")
    assert listed.height > 0
    assert listed.select(
        ((pl.col("next_from") > sample_results.params.as_of) & (pl.col("next_from") <= pl.col("next_to"))).all()
    ).item()
    same = listed.join(sample_results.customers, on=["pseudonym", "next_from", "next_to"], how="semi")
    assert same.height == listed.height
    assert "next" in sample_results["watch"].findings


def test_without_any_window_there_is_no_word_of_it():
    section = watch.compute(context_with(STAYING, *LOG))
    assert section["customers"]["next_to"].null_count() == section["customers"].height
    assert "next" not in section.findings


def test_a_pseudonym_on_the_page_is_in_the_customer_table_and_is_one_persons(sample_results):
    customers = sample_results.customers
    listed = sample_results["watch"]["customers"]
    assert customers["pseudonym"].n_unique() == customers.height
    met = listed.join(customers, on="pseudonym", how="left")
    assert met["customer_id"].null_count() == 0
    assert met["n_purchases"].to_list() == met["n_purchases_right"].to_list()


def test_a_pseudonym_cannot_be_told_from_the_id_alone():
    customers = pl.DataFrame({"customer_id": ["001", "002"], "total_spend": [5.0, 7.0]})
    names = pseudonyms(customers, "k" * 32)["pseudonym"].to_list()
    assert hashlib.sha256(b"001").hexdigest()[: len(names[0])] != names[0]
    assert not set(pseudonyms(customers, "l" * 32)["pseudonym"]) & set(names)


def test_a_customer_keeps_the_pseudonym_whoever_else_is_there_and_whatever_they_did():
    customers = pl.DataFrame({"customer_id": ["001", "002"], "total_spend": [5.0, 7.0]})
    names = pseudonyms(customers, "k" * 32)["pseudonym"].to_list()
    later = pl.DataFrame({"customer_id": ["002", "001", "003"], "total_spend": [7.0, 9.0, 1.0]})
    assert pseudonyms(later, "k" * 32)["pseudonym"].to_list()[:2] == names[::-1]


def test_without_a_key_pseudonyms_hold_as_long_as_the_process():
    customers = pl.DataFrame({"customer_id": ["001", "002"]})
    here = pseudonyms(customers, None)["pseudonym"].to_list()
    assert pseudonyms(customers, None)["pseudonym"].to_list() == here
    code = (
        "import polars as pl; from clvlab.analysis.segmentation.pseudonyms import pseudonyms; "
        "print(*pseudonyms(pl.DataFrame({'customer_id': ['001', '002']}), None)['pseudonym'])"
    )
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert len(there) == 2
    assert not set(there) & set(here)
