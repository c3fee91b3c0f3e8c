"""The file of one customer."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest
import vl_convert

import clvlab as cl
from clvlab.analysis.customer_file import CustomerFiles
from clvlab.errors import DataError, ParamsError
from clvlab.models import Terms, ValueModels
from clvlab.pictures import MOST_DAYS

MODEL = cl.BgNbd(0.25, 4.0, 0.8, 2.4, time_unit="week")
ROWS = [
    ("c1", date(2024, 1, 1), "A", 10.0, "lamp"),
    ("c1", date(2024, 1, 1), "A", 5.0, "lamp"),
    ("c1", date(2024, 1, 15), "B", 20.0, "bulb"),
    ("c1", date(2024, 1, 15), "B", -4.0, "bulb"),
    ("c1", date(2024, 2, 5), "B", -6.0, "bulb"),
    ("c2", date(2024, 1, 3), "C", 7.0, "lamp"),
    ("c1", date(2024, 6, 1), "D", 99.0, "lamp"),
]
ATTRIBUTES = pl.DataFrame(
    {
        "customer_id": ["c1", "c2", "c3"],
        "email": ["li@example.com", "wang@example.com", "zhao@example.com"],
        "city": ["Bern", "Basel", "Bern"],
        "last_contact": [date(2024, 2, 1), None, None],
    }
)


@pytest.fixture(scope="module")
def files():
    """Two customers and a prospect, as of 1 March 2024, valued by a model that is given."""
    frame = pl.DataFrame(ROWS, schema=["customer_id", "date", "order_id", "amount", "category"], orient="row")
    log = cl.read_transactions(frame)
    base = cl.summarise_customers(log, "2024-03-01", "week", attributes=ATTRIBUTES)
    models = ValueModels(MODEL, None, Terms("12 months"))
    known = base.with_columns(models.value(base))
    return CustomerFiles(known.data, log, base.cutoff, customers=known, models=models, horizon="12 months")


def test_history_by_hand(files):
    assert files.of("c1").timeline.rows() == [
        (date(2024, 1, 1), True, 15.0, 15.0, 0.0, 1),
        (date(2024, 1, 15), True, 16.0, 20.0, -4.0, 1),
        (date(2024, 2, 5), False, -6.0, 0.0, -6.0, 0),
    ]
    assert files.of("c1").timeline["amount"].sum() == files.of("c1")["total_spend"] == 25


def test_p_alive_by_hand(files):
    """By formula 4.2 of Fader, Hardie & Lee (2005) with what was known on the day."""
    by_day = dict(files.of("c1").alive.iter_rows())
    r, alpha, a, b = 0.25, 4.0, 0.8, 2.4
    assert len(by_day) == 61
    assert by_day[date(2024, 1, 8)] == 1.0  # without a repeat nobody has had a chance to leave
    assert by_day[date(2024, 1, 22)] == pytest.approx(1 / (1 + a / b * ((alpha + 3) / (alpha + 2)) ** (r + 1)))
    age, last = (date(2024, 3, 1) - date(2024, 1, 1)).days / 7, 2
    today = 1 / (1 + a / b * ((alpha + age) / (alpha + last)) ** (r + 1))
    assert by_day[date(2024, 3, 1)] == pytest.approx(today) == pytest.approx(files.of("c1")["p_alive"])


def test_the_last_day_is_what_the_table_says(sample_results):
    for customer_id in ("0001", "0017", "0990", "2357"):
        one = sample_results.customer(customer_id)
        assert one.alive["date"][0] == one["first_purchase"]
        assert one.alive["date"][-1] == date(1998, 6, 30)
        assert one.alive["p_alive"][-1] == pytest.approx(one["p_alive"])
        assert one.alive["p_alive"].is_between(0, 1).all()


def test_what_happened_later_does_not_count(files):
    short = pl.DataFrame(ROWS[:2], schema=["customer_id", "date", "order_id", "amount", "category"], orient="row")
    base = cl.summarise_customers(cl.read_transactions(short), "2024-01-10", "week")
    then = MODEL.p_alive(base)[0]
    assert dict(files.of("c1").alive.iter_rows())[date(2024, 1, 10)] == then


def test_it_is_a_mapping_of_all_columns(files):
    one = files.of("c1")
    assert list(one) == files.table.columns
    assert dict(one) == files.table.row(0, named=True)
    assert one["city"] == "Bern"
    assert one.get("region") is None
    assert "n_purchases" in one
    assert one._ipython_key_completions_() == list(one)


def test_who_somebody_is_is_told_to_whoever_asks(files):
    assert files.of("c1").attributes == {"city": "Bern"}
    assert files.of("c1", personal=True).attributes == {"email": "li@example.com", "city": "Bern"}
    assert "li@example.com" not in files.of("c1")._repr_html_()
    assert "li@example.com" in files.of("c1", personal=True)._repr_html_()


def test_what_they_buy_and_when_they_were_contacted(files):
    assert files.of("c1").preferences.rows() == [("lamp", 2, 15.0), ("bulb", 3, 10.0)]
    assert files.of("c1").last_contact == date(2024, 2, 1)
    assert files.of("c2").last_contact is None
    assert files.of("c2").next_order is None


def test_groups_by_every_strategy_that_the_columns_allow(sample_results):
    groups = sample_results.customer("0001").groups
    row = sample_results.customer("0001")
    assert groups.row(0) == ("rfm11", row["group"], row["rank"])
    assert {"value_tiers", "loyalty", "lifecycle_alive", "clusters"} <= set(groups["strategy"])
    assert not {"region", "one_group", "random_groups"} & set(groups["strategy"])
    assert groups["strategy"].is_unique().all()
    tiers = cl.strategies["value_tiers"].assign(sample_results.base).filter(customer_id="0001")
    assert groups.filter(strategy="value_tiers").rows() == [("value_tiers", *tiers.row(0)[1:])]


def test_rules_are_drawn_once_for_all_customers(sample_results):
    assert sample_results.customer("0002").files is sample_results.customer("0001").files


def test_why_they_are_due(sample_results):
    listed = sample_results.due.row(0, named=True)
    assert sample_results.customer(listed["customer_id"]).due == listed
    files = replace(sample_results.customer("0001").files, due=sample_results.due.head(1))
    other = next(each for each in ("0001", "0002") if each != listed["customer_id"])
    assert files.of(other).due is None
    assert repr(files.of(other)).endswith("not due")
    assert "Due for a contact: no" in files.of(other).show("en").text


def test_a_line_says_what_matters(files, sample_results):
    assert repr(files.of("c1")) == (
        "CustomerFile: 'c1' as of 2024-03-01: 2 purchases, the last on 2024-01-15; spend 25; P(alive) "
        f"{files.of('c1')['p_alive']:.4g}"
    )
    assert repr(sample_results.customer("0001")).startswith(
        "CustomerFile: '0001' as of 1998-06-30: 4 purchases, the last on 1997-12-12; spend 100.5; P(alive) 0.728"
    )


def test_a_value_without_an_interval_says_so(sample_results):
    files = sample_results.customer("0001").files
    table = files.table.with_columns(clv_low=pl.lit(None, pl.Float64), clv_high=pl.lit(None, pl.Float64))
    bare = CustomerFiles(table, files.log, files.as_of, horizon="12 months").of("0001")
    assert "(no interval)" in repr(bare)
    assert "(no interval)" in bare.show("en").text
    assert "（无区间）" in bare.show("zh").text
    assert "（90%区间：" in sample_results.customer("0001").show("zh").text


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_it_shows_itself_in_both_languages(files, sample_results, lang):
    one = sample_results.customer("0001").show(lang)
    assert one.html.count('<section class="card"') == 1
    assert one.html.count("<table") == 2
    assert ("Customer 0001" if lang == "en" else "客户0001") in one.text
    assert ("longer than is usual for them" if lang == "en" else "超过其通常的") in one.text
    own = files.of("c1").show(lang)
    assert own.html.count("<table") == 4
    assert ("10.00 went back on 2 days" if lang == "en" else "退货10.00，共2天") in own.text


def test_a_prospect_has_a_file_as_well(files):
    one = files.of("c3")
    assert one.timeline.is_empty()
    assert one.alive.is_empty()
    assert "No purchase yet." in one.show().text
    assert vl_convert.vegalite_to_svg(one.plot("timeline").to_dict(), allowed_base_urls=[])
    with pytest.raises(DataError, match="no P\\(alive\\) of customer 'c3'"):
        one.plot("alive")


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("what", ["timeline", "alive"])
def test_it_draws_itself(files, what, lang):
    spec = files.of("c1").plot(what, lang=lang).to_dict()
    assert vl_convert.vegalite_to_svg(spec, allowed_base_urls=[]).count("<path") > 3
    assert "c1" in spec["title"]["subtitle"]
    assert ("2024年3月1日" if lang == "zh" else "1 March 2024") in spec["description"]
    with pytest.raises(ParamsError, match="no picture 'live'"):
        files.of("c1").plot("live")


def test_a_long_life_is_drawn_within_what_a_chart_can_have():
    days = [date(2000, 1, 1), date(2010, 6, 1), date(2023, 12, 1)]
    log = cl.read_transactions(pl.DataFrame({"customer_id": "a", "date": days, "amount": [1.0, 2.0, 3.0]}))
    base = cl.summarise_customers(log, "2024-03-01", "week")
    files = CustomerFiles(base.data, log, base.cutoff, customers=base, models=ValueModels(MODEL, None, Terms()))
    assert files.of("a").alive.height > 8_000
    rows = files.of("a").plot("alive").to_dict()["datasets"].values()
    assert MOST_DAYS / 2 < max(map(len, rows)) < MOST_DAYS + 10


def test_without_amounts_orders_are_shown():
    log = cl.read_transactions(
        pl.DataFrame({"customer_id": ["a", "a"], "date": [date(2024, 1, 1), date(2024, 1, 9)]})
    )
    base = cl.summarise_customers(log, "2024-03-01", "week")
    one = CustomerFiles(base.data, log, base.cutoff, customers=base).of("a")
    assert one.timeline.columns == ["date", "is_purchase", "n_orders"]
    assert vl_convert.vegalite_to_svg(one.plot().to_dict(), allowed_base_urls=[])
    assert "2 purchases" in one.show().text


def test_a_comparison_has_files_too():
    params = {"name": "few", "source": "cdnow_sample", "as_of": "1998-06-30", "holdout": "39 weeks"}
    results = cl.analyse_comparison({**params, "strategies": ["abc", "value_tiers"], "rounds": 20})
    one = results.customer("0001")
    assert dict(one.groups.select("strategy", "group").iter_rows()) == {
        name: one[name] for name in results.customers.columns if name != "customer_id"
    }
    assert one.attributes == {}
    assert one.show().html.count("<table") == 2
