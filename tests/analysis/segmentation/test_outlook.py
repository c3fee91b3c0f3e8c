"""The outlook: its sentences and tables over a log to which one customer a day comes."""

import re
from datetime import date, timedelta

import polars as pl
import pytest

from clvlab.analysis.segmentation import outlook
from tests.analysis.pages import is_chinese, page_of, sentences_of
from tests.analysis.segmentation.logs import context_of, nbd, valued

FIRST, LAST = date(2024, 1, 1), date(2024, 6, 28)


def repeats(place: int, age: int) -> int:
    """Purchases after the first by an age: one customer in ten comes back every ten days, nine times."""
    return min(9, age // 10) if place % 10 == 0 else 0


ONE_A_DAY = [
    (f"{place:03}", str(FIRST + timedelta(days=place + 10 * time)), 10.0)
    for place in range(180)
    for time in range(1 + repeats(place, 179 - place))
]
STOPPED = [row for row in ONE_A_DAY if row[0] < "080"]


def section_of(rows, spend=10.0, horizon="4 weeks", columns="customer_id date amount", **params):
    given = {"annual_discount_rate": 0.0, "horizon": horizon, "strategy": "hiatus", **params}
    context = context_of(*rows, as_of=str(LAST), columns=columns, **given)
    plain = valued(context, nbd(1.0, 100.0), spend)
    return plain, outlook.compute(plain)


@pytest.fixture(scope="module")
def growing():
    return section_of(ONE_A_DAY)


@pytest.fixture(scope="module")
def stopped():
    return section_of(STOPPED)


def test_the_sentences_by_hand(growing):
    """28 come, and come back 1 / 100 times a day: 28^2 / 2 / 100 times. Today's buy (1 + x) / (100 + T) a day."""
    plain, section = growing
    told = sentences_of("outlook", section, plain.params)
    figures = section.findings["lead"].figures
    assert figures["new"] == pytest.approx(10 * (28 + 28**2 / 200))
    rates = [(1 + repeats(179 - age, age)) / (100 + age) for age in range(180)]
    assert figures["existing"] == pytest.approx(280 * sum(rates))
    assert figures["purchases"] == pytest.approx((figures["existing"] + figures["new"]) / 10)
    assert told[0].startswith("Over the next 4 weeks the whole business is expected to make about ")
    assert "and those still to come" in told[0]
    assert told[1] == (
        "Customers to come are an assumption: that they arrive as in the last 180 days, in which 180 came for the "
        "first time (about 28 over the horizon), and buy as the model expects of new customers, without "
        "season. More or less acquisition changes their part in proportion."
    )
    assert told[2].startswith(
        "The same forecast, newcomers included, was made again on 4 past days, looking 4 weeks ahead: "
    )
    assert told[3].startswith("Last 4 weeks: ")
    assert len(told) == 4
    assert is_chinese(sentences_of("outlook", section, plain.params, "zh"))


def test_where_nobody_comes_it_says_so(stopped):
    plain, section = stopped
    told = sentences_of("outlook", section, plain.params)
    assert told[0].endswith("all of it from today's customers.")
    assert told[1].startswith("No customer has come for the first time within the last 91 days, so none is expected:")
    assert told[2].startswith("The forecast of the customers of the day was made again on 4 past days")
    assert section["periods"]["new"].sum() == 0
    assert set(section["cohorts"]["part"]) == {"existing"}
    assert is_chinese(sentences_of("outlook", section, plain.params, "zh"))


def test_the_tables(growing):
    _, section = growing
    table = section["periods"].filter(what="spend")
    assert table.select("first_day", "last_day").row(0) == (date(2024, 6, 29), date(2024, 7, 5))
    assert (table["existing"] + table["new"]).to_list() == pytest.approx(table["total"].to_list())
    assert (table["honest_low"] < table["total"]).all()
    assert (table["total"] < table["honest_high"]).all()
    cohorts = section["cohorts"]
    assert cohorts["expected_revenue"].sum() == pytest.approx(table["total"].sum())
    assert cohorts["part"].to_list() == ["existing"] * 6 + ["new"] * 4
    course = section["course"]
    assert course["part"].value_counts().sort("part").rows() == [("actual", 24), ("existing", 4), ("new", 4)]
    last_week = [row for row in ONE_A_DAY if row[1] > "2024-06-21"]
    assert course.filter(part="actual")["value"].tail(1).item() == 10 * len(last_week)


def test_what_value_counts_is_told_where_it_is_not_revenue():
    plain, _ = section_of(STOPPED, horizon="2 weeks", margin=0.5, annual_discount_rate=0.1)
    vars(plain)["group_values"] = pl.DataFrame({"clv": [1.0, 40.0]})
    section = outlook.compute(plain)
    (told,) = [text for text in sentences_of("outlook", section, plain.params) if text.startswith("Revenue is")]
    assert told.endswith(
        "in this report, 40, counts the same purchases at a margin of 50% and a discount of 10.0% a year."
    )
    assert is_chinese(sentences_of("outlook", section, plain.params, "zh"))


@pytest.mark.parametrize("rows", [ONE_A_DAY, STOPPED])
def test_a_log_without_amounts_is_told_in_purchases(rows):
    plain, section = section_of([row[:2] for row in rows], None, columns="customer_id date")
    told = sentences_of("outlook", section, plain.params)
    assert "purchases (" in told[0]
    assert re.fullmatch(r"Last 4 weeks: \d+ purchases?; expected of the next 4: \d+", told[3])
    assert set(section["periods"]["what"]) == {"purchases"}
    assert is_chinese(sentences_of("outlook", section, plain.params, "zh"))


def test_a_long_horizon_is_told_by_month():
    plain, section = section_of(STOPPED, horizon="6 months")
    assert sentences_of("outlook", section, plain.params)[3].startswith(
        "Last 5 months: 1.2K; expected of the next 5: "
    )
    # Five months are 152 days.
    since = [row for row in STOPPED if row[1] > "2024-01-28"]
    without, section = section_of([row[:2] for row in STOPPED], None, "6 months", "customer_id date")
    title = sentences_of("outlook", section, without.params)[3]
    assert title.startswith(f"Last 5 months: {len(since)} purchases; expected of the next 5: ")


def test_a_history_without_a_forecast_to_judge_says_so():
    young = [row for row in ONE_A_DAY if row[1] > "2024-06-13"]
    plain, section = section_of(young)
    assert section.findings["basis"].key == "outlook.basis_none"
    assert is_chinese(sentences_of("outlook", section, plain.params, "zh"))


def test_without_a_model_there_is_no_forecast():
    context = context_of(("a", "2024-01-01", 1.0), as_of="2024-02-29")
    section = outlook.compute(context)
    assert page_of("outlook", section, context.params) == [
        "What to plan with",
        "The business cannot be forecast: no purchase model could be fitted.",
    ]
    assert is_chinese(sentences_of("outlook", section, context.params, "zh"))


def test_todays_customers_are_expected_to_buy_as_the_report_says(sample_results):
    table = sample_results["outlook"]["periods"]
    expected = sample_results.customers["expected_purchases"].sum()
    assert table.filter(what="purchases")["existing"].sum() == pytest.approx(expected, rel=1e-9)
    spend = (sample_results.customers["expected_purchases"] * sample_results.customers["expected_spend"]).sum()
    assert table.filter(what="spend")["existing"].sum() == pytest.approx(spend, rel=1e-9)


def test_past_forecasts_of_todays_customers_are_those_of_the_validation(sample_results):
    """CDNOW's acquisition has ended: the outlook and the validation judge one and the same record."""
    basis = sample_results["outlook"].findings["basis"]
    judged = sample_results["validation"].findings["forecasts_lead"].figures
    assert basis.key == "outlook.basis_existing"
    assert basis.figures == {
        "seen": judged["days"],
        "judged": judged["horizon"],
        "error": pytest.approx(judged["error"]),
        "held": judged["held"],
    }


def test_the_days_and_the_horizon_of_past_forecasts_are_those_of_the_validation():
    plain = context_of(*ONE_A_DAY, as_of=str(LAST), horizon="6 months", annual_discount_rate=0.0)
    plan, past = outlook._forecast(plain), plain.past
    whole = plan.judged.filter(pl.col("period").is_null(), part="existing", what="revenue")
    totals = past.totals.filter(what="spend")
    assert plan.looked == past.horizon == "8 weeks"
    assert whole.select("origin", "end").rows() == totals.select("origin", "end").rows()
    assert whole["predicted"].to_list() == pytest.approx(totals["predicted"].to_list())
    assert whole["actual"].to_list() == totals["actual"].to_list()


@pytest.mark.parametrize(
    ("in_december", "told"),
    [
        (4, "with a season of their own, which would have predicted the last year better (about "),
        (1, "without season: nothing shows that one of their own would have predicted the last year better."),
    ],
)
def test_whether_newcomers_have_a_season_is_told_where_customers_have_one(in_december, told):
    """One a day comes, or more in December, in three years; a regular buyer has the calendar known."""
    days = [LAST - timedelta(days=ago) for ago in range(1096)]
    rows = [(f"{day}{one}", str(day), 10.0) for day in days for one in range(in_december if day.month == 12 else 1)]
    rows += [("regular", str(day), 10.0) for day in days[::30]]
    plain, section = section_of(rows)
    (assumption,) = [text for text in sentences_of("outlook", section, plain.params) if "an assumption" in text]
    assert told in assumption
    assert is_chinese(sentences_of("outlook", section, plain.params, "zh"))
