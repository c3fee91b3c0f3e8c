"""A report that follows the season: who gets one, what the page says of it, and what it is worth."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

import clvlab as cl
from clvlab.analysis.segmentation import validation, value
from clvlab.analysis.segmentation.context import Context
from clvlab.analysis.segmentation.season import season
from clvlab.errors import DataError, ParamsError
from clvlab.params import ReportParams
from clvlab.preflight import check_run
from clvlab.wording import Name
from tests.seasonal import EVENTS, known_calendar, simulated_log

LAST, AUTUMN = date(2023, 10, 31), date(2023, 9, 30)
SALE = [row for row in EVENTS if row["event"] == "sale"]


@pytest.fixture(scope="module")
def log():
    return simulated_log(known_calendar(factors={"sale": 2.0}), n=1_200)


def context(log, **given):
    asked = {"name": "season", "source": "log.csv", "as_of": LAST, "horizon": "13 weeks", "strategy": "lifecycle5"}
    return Context(ReportParams(**{**asked, **given}), log)


def test_a_history_of_two_years_has_a_season_unasked(log):
    for day, seasons in (
        (date(2022, 12, 31), ("auto", "month")),
        (date(2022, 12, 1), ("month",)),
        (date(2022, 2, 1), ()),
    ):
        known = {each: context(log, season=each).calendar(day) for each in ("auto", "month", "none")}
        assert tuple(each for each, calendar in known.items() if calendar is not None) == seasons


def test_forecasts_and_values_follow_the_season(log):
    seasonal, plain = (
        context(log, as_of=AUTUMN, horizon="92 days", model="bg_nbd", season=each) for each in ("auto", "none")
    )
    expected, without = (each.customers.data["expected_purchases"].sum() for each in (seasonal, plain))
    later = log.data.join(seasonal.base.data, on="customer_id", how="semi").filter(pl.col("date") > AUTUMN)
    happened = later.select("customer_id", "date").n_unique()
    assert without / happened < 0.85
    assert expected / happened == pytest.approx(1, abs=0.1)


def test_past_forecasts_and_the_holdout_follow_the_season(log):
    given = {"as_of": date(2023, 12, 31), "model": "bg_nbd", "holdout": "61 days", "horizon": "61 days"}
    seasonal, plain = (context(log, **given, season=each) for each in ("month", "none"))
    past = seasonal.past.found
    without = cl.backtest(log, ["bg_nbd"], past.origins, "61 days", until=date(2023, 12, 31))
    off = [each.sums.filter(method="BgNbd", part="total")["error"].abs().mean() for each in (past, without)]
    assert off[0] < off[1] * 0.7  # the first of them knew too little
    missed = [abs(validation.compute(each)["totals"]["model_error"][0]) for each in (seasonal, plain)]
    assert missed[0] < missed[1] / 2


def test_the_page_names_the_months_and_the_events(log):
    found = season(context(log, events=[*SALE, {"event": "opening", "first_day": "2024-01-02"}]))
    told = found["season"]
    assert told.key == "value.season"
    assert told.figures["history"] == "34 months"
    assert told.figures["high"][0] == Name("months", "november")
    assert told.figures["low"][0] == Name("months", "february")
    assert told.figures["above"] > 0.4
    assert 0.2 < told.figures["below"] < 0.5
    events = found["events"].figures["events"]
    assert [each.key for each in events] == ["value.event_unseen", "value.event_more"]
    assert events[1].figures["size"] == pytest.approx(1, abs=0.4)


def test_an_event_that_changes_nothing_is_said_to():
    fair = [row for row in EVENTS if row["event"] == "fair"]
    told = season(context(simulated_log(known_calendar((1.0,) * 12), n=1_200, seed=3), events=fair))["events"]
    assert [each.key for each in told.figures["events"]] == ["value.event_even"]


def test_the_page_says_why_there_is_none(log):
    short = {"as_of": date(2022, 2, 1)}
    told = {
        "value.season_off": context(log, season="none"),
        "value.season_unasked": context(log, **short),
        "value.season_short": context(log, **short, season="month"),
    }
    for key, each in told.items():
        assert {name: found.key for name, found in season(each).items()} == {"season": key}
    assert season(context(log, **short))["season"].figures == {"history": "13 months", "needed": "24 months"}


def test_customers_who_bought_twice_show_no_season():
    days = pl.date_range(date(2021, 1, 1), LAST, "40d", eager=True)
    rows = pl.DataFrame({"customer_id": [str(i // 2) for i in range(days.len())], "date": days})
    few = context(cl.read_transactions(rows))
    assert few.calendar(LAST) is None
    assert season(few)["season"].key == "value.season_unseen"


def test_a_log_without_a_season_is_said_to_have_next_to_none():
    even = simulated_log(known_calendar((1.0,) * 12))
    assert season(context(even))["season"].key == "value.season_even"


def test_the_section_of_values_tells_it_without_amounts_too(log):
    assert "season" in value.compute(context(log, holdout=None)).findings


def test_the_sentences_are_in_the_language_of_the_report(log):
    results = cl.analyse(context(log, events=SALE, n_clusters=2).params, log=log)
    for lang, months, events in (
        ("en", "customers buy most in November", "In the event “sale”, customers buy"),
        ("zh", "客户在11月", "“sale”期间，客户购买比当月其他日子多"),
    ):
        report = cl.Report(replace(results, params=results.params.model_copy(update={"lang": lang})))
        page = "\n".join(piece.text for piece in report.pieces("value"))
        assert months in page
        assert events in page


def test_events_are_read_from_files_and_faults_are_found_before_the_notebook(log, tmp_path):
    path = tmp_path / "events.csv"
    path.write_text("event,first_day\nsale,2023-05-03\n", encoding="utf-8")
    asked = context(log, events=str(path))
    assert asked.params.events == (str(path),)
    assert set(asked.calendar(LAST).factors) == {"sale"}
    check_run(asked.params, log)
    path.write_text("event,first_day,last_day\nsale,2023-05-03,2023-05-01\n", encoding="utf-8")
    with pytest.raises(DataError, match="before it begins"):
        check_run(asked.params, log)


def test_events_travel_as_plain_values():
    params = ReportParams(name="x", source="y", as_of=LAST, events=[*SALE, "more.csv"])
    assert params.events[0]["first_day"] == date(2021, 5, 3)
    assert ReportParams(**params.to_dict()) == params


@pytest.mark.parametrize(
    "wrong", [[{"event": "x"}], [{"event": "x", "first_day": "soon"}], [{"event": "x", "day": 1}], 3]
)
def test_a_wrong_event_is_named_by_its_key(wrong):
    with pytest.raises(ParamsError, match="- `events"):
        ReportParams(name="x", source="y", as_of=LAST, events=wrong)
