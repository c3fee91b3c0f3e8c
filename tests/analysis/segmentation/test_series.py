"""Reports of a series: each knows what was known on its day, and is compared with what the one before said."""

import json
import shutil
from datetime import date

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import clvlab as cl
from clvlab import export
from clvlab.analysis.segmentation import movement, rules
from clvlab.analysis.segmentation.context import Context
from clvlab.analysis.segmentation.predecessor import published_on
from clvlab.analysis.segmentation.trends import MOST_PERIODS, MOST_VALUED, trend
from clvlab.params import PREDECESSOR, ReportParams
from tests.analysis.segmentation.logs import SIXTY

pytestmark = pytest.mark.usefixtures("few_futures")

GIVEN = {"name": "s", "source": "rows.csv", "holdout": None, "n_clusters": 2, "every": "month", "strategy": "rfm11"}


def log_until(day=date(2024, 12, 31)):
    rows = [row for row in SIXTY if row[1] <= day]
    return cl.read_transactions(pl.DataFrame(rows, schema=["customer_id", "date", "amount"], orient="row"))


def context_on(day, log=None, **given):
    return Context(ReportParams(**{**GIVEN, **given}, as_of=day), log or log_until())


@pytest.fixture(scope="module")
def report_of_may(tmp_path_factory):
    """The report of May 2024, as a run leaves it."""
    folder = tmp_path_factory.mktemp("series") / "2024-05-31"
    day = date(2024, 5, 31)
    export.write(cl.analyse(ReportParams(**GIVEN, as_of=day), log=log_until(day)), folder)
    return folder


@pytest.fixture
def published(report_of_may, tmp_path, monkeypatch):
    """A copy of it in the working directory."""
    monkeypatch.chdir(tmp_path)
    return shutil.copytree(report_of_may, tmp_path / report_of_may.name)


def test_what_the_report_before_said_is_the_same_read_or_computed_again(published, monkeypatch):
    computed = context_on(date(2024, 6, 30)).predecessor
    monkeypatch.setenv(PREDECESSOR, str(published))
    read = context_on(date(2024, 6, 30)).predecessor
    assert_frame_equal(read.customers.select(computed.customers.columns), computed.customers)
    assert {"clv", "p_alive", "group", "rank"} <= set(computed.customers.columns)
    assert (read.as_of, read.rule_day, read.model) == (computed.as_of, computed.rule_day, computed.model)
    assert read.rule.to_dict() == computed.rule.to_dict()


def test_a_report_of_another_day_than_the_one_before_is_not_read(published, monkeypatch):
    assert published_on(date(2024, 5, 31)) is None
    monkeypatch.setenv(PREDECESSOR, str(published))
    assert published_on(date(2024, 5, 31)) is not None
    assert published_on(date(2024, 4, 30)) is None


def test_customers_move_from_where_the_report_before_put_them(published, monkeypatch):
    monkeypatch.setenv(PREDECESSOR, str(published))
    said = pl.read_parquet(published / "customers.parquet").filter(pl.col("n_purchases") > 0)
    balance = movement.compute(context_on(date(2024, 6, 30)))["balance"]
    opening = dict(balance.filter(pl.col("opening") > 0).select("group", "opening").iter_rows())
    assert opening == dict(said.group_by("group").len().iter_rows())


def test_the_change_of_the_value_is_from_what_the_report_before_said(published, monkeypatch):
    told = pl.read_parquet(published / "customers.parquet")["clv"].sum()
    monkeypatch.setenv(PREDECESSOR, str(published))
    numbers = cl.analyse(ReportParams(**GIVEN, as_of="2024-06-30"), log=log_until())["summary"]["numbers"]
    assert numbers.filter(measure="clv")["previous"].item() == pytest.approx(told, rel=1e-12)


def test_the_lines_of_the_first_screen_are_the_same_read_or_computed_again(published, monkeypatch):
    computed = trend(context_on(date(2024, 6, 30)), "revenue_month")
    monkeypatch.setenv(PREDECESSOR, str(published))
    read = trend(context_on(date(2024, 6, 30)), "revenue_month")
    assert_frame_equal(read, computed, check_exact=True)
    told = json.loads((published / "headline.json").read_text(encoding="utf-8"))
    lines = {figure["measure"]: figure["trend"] for figure in told}
    assert {measure: len(line) for measure, line in lines.items()} == {
        **dict.fromkeys(["customers", "active", "repeat_share", "revenue_month"], MOST_PERIODS),
        "clv": MOST_VALUED,
    }
    for figure in told:
        assert figure["trend"][-1] == pytest.approx(figure["value"], abs=0.01)
        # May is the last but one of June's.
        line = read.filter(measure=figure["measure"])["value"].to_list()
        assert figure["trend"][1:] == line[:-1]


def test_a_line_goes_back_as_far_as_the_log_holds_periods():
    days = trend(context_on(date(2023, 6, 30)), "revenue_month").filter(measure="customers")["day"].to_list()
    assert days == [date(2023, 3, 31), date(2023, 4, 30), date(2023, 5, 31), date(2023, 6, 30)]


@pytest.mark.parametrize(
    ("day", "drawn"),
    [
        (date(2023, 8, 31), date(2023, 8, 31)),  # 184 days of history: the first that is long enough
        (date(2023, 7, 31), date(2023, 7, 31)),  # no day of the year is, so it follows
        (date(2023, 12, 31), date(2023, 8, 31)),
        (date(2024, 1, 31), date(2024, 1, 31)),
        (date(2024, 6, 30), date(2024, 1, 31)),
    ],
)
def test_the_rule_of_a_year_is_that_of_its_first_period_with_history_enough(day, drawn):
    context = context_on(day)
    assert context.rule_day == drawn
    assert context.rule.to_dict() == context_on(drawn).own_rule.to_dict()


def test_the_rule_of_the_year_is_that_which_the_report_before_was_made_by(published, monkeypatch):
    monkeypatch.setenv(PREDECESSOR, str(published))
    context = context_on(date(2024, 6, 30))
    assert (context.rule_day, context.rule) == (date(2024, 1, 31), context.predecessor.rule)


def test_a_rule_may_follow_every_period():
    context = context_on(date(2024, 6, 30), rule="refit")
    assert context.rule_day == date(2024, 6, 30)
    assert context.rule.to_dict() == context.own_rule.to_dict() != context_on(date(2024, 6, 30)).rule.to_dict()


def test_under_a_rule_of_the_year_nobody_moves_because_of_thresholds():
    def moves(rule):
        context = context_on(date(2024, 6, 30), rule=rule, strategy="spend_tiers")
        return movement.compute(context)["direction"]["move"].to_list()

    assert moves("fixed") == ["up", "stayed"]
    assert moves("refit") == ["up", "stayed", "reranked"]


def test_the_page_says_when_the_rule_was_drawn_and_what_one_of_today_would_change():
    section = rules.compute(context_on(date(2024, 6, 30), strategy="spend_tiers"))
    found, readings = section.findings, section["readings"]
    assert dict(found["drawn"].figures) == {"day": date(2024, 1, 31), "year": "2024"}
    context = context_on(date(2024, 6, 30), strategy="spend_tiers")
    shares = [
        dict(rule.assign(context.customers).group_by("group").len().iter_rows())
        for rule in (context.rule, context.own_rule)
    ]
    gaps = {group: abs(shares[0].get(group, 0) - shares[1].get(group, 0)) / 60 for group in {*shares[0], *shares[1]}}
    for name, counts in zip(("customers", "customers_today"), shares, strict=True):
        of_groups = dict(readings.filter(pl.col(name) > 0).select("group", name).iter_rows())
        assert of_groups == counts
    assert (readings["share_customers"].sum(), readings["share_today"].sum()) == pytest.approx((1, 1))
    told = found["refit"].figures
    assert gaps[told["group"].code] == max(gaps.values()) >= rules.NOTABLE
    assert told["share"] == pytest.approx(shares[0].get(told["group"].code, 0) / 60)
    assert told["fresh"] == pytest.approx(shares[1].get(told["group"].code, 0) / 60)
    first = rules.compute(context_on(date(2024, 1, 31)))
    assert "drawn" not in first.findings
    assert "readings" not in first


def test_a_first_period_has_no_movement_and_says_so():
    section = movement.compute(context_on(date(2023, 3, 31)))
    assert not section
    assert section.findings["lead"].key == "movement.none"


def test_what_comes_later_changes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    day = date(2023, 10, 31)
    params = ReportParams(**GIVEN, as_of=day)
    told = []
    for log in (log_until(), log_until(day)):
        log.data.write_csv("rows.csv")
        results = cl.analyse(params)
        told.append({name: dict(section) for name, section in results.items()})
    assert told[0].keys() == told[1].keys()
    for name, tables in told[0].items():
        for table, found in tables.items():
            assert_frame_equal(found, told[1][name][table])


def test_a_log_read_until_a_day_knows_no_later_row():
    rows = pl.DataFrame(
        {"who": ["a", "b", ""], "day": ["2024-01-31", "2024-02-01", "2024-02-02"], "paid": [1.0, 2, 3]}
    )
    columns = {"customer_id": "who", "date": "day", "amount": "paid"}
    log = cl.read_transactions(rows, columns, until="2024-01-31")
    assert log.data["customer_id"].to_list() == ["a"]
    assert log.quality.select("rule", "rows").rows() == [("read", 1), ("accepted", 1), ("merged", 0)]
    whole = cl.read_transactions(rows, columns, until=date(2024, 2, 2))
    assert dict(whole.quality.select("rule", "rows").iter_rows())["missing_customer"] == 1
    undated = rows.with_columns(day=pl.Series(["soon", "2024-01-30", "2024-02-02"]))
    told = cl.read_transactions(undated, columns, until="2024-01-31", date_format="%Y-%m-%d").quality
    assert told.select("rule", "rows").rows()[-1] == ("unreadable_date", 1)  # it may be of any day


def test_a_report_that_stands_alone_is_drawn_from_its_own_customers():
    alone = context_on(date(2024, 6, 30), every=None)
    assert (alone.rule_day, alone.predecessor) == (date(2024, 6, 30), None)
