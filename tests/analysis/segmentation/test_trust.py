"""Trust: whether the last forecast held, counted by hand; the data then and now; what cannot be known."""

from datetime import date

import polars as pl
import pytest

import clvlab as cl
from clvlab.analysis.section import Finding
from clvlab.analysis.segmentation import trust
from clvlab.analysis.segmentation.context import Context
from clvlab.analysis.segmentation.kept_forecasts import PERIODS, kept_forecasts
from clvlab.params import ReportParams
from clvlab.wording import LANGUAGES
from tests.analysis.pages import is_chinese, sentences_of
from tests.analysis.segmentation.logs import SIXTY, context_of

NEWCOMER = [("new", date(2024, 2, day), 7.0) for day in (3, 9, 20)]
DAYS = (date(2023, 10, 31), date(2023, 11, 30), date(2023, 12, 31), date(2024, 1, 31), date(2024, 2, 29))


def context_on(day, rows=(*SIXTY, *NEWCOMER), columns=("customer_id", "date", "amount"), **given):
    params = {"name": "s", "source": "rows", "holdout": None, "n_clusters": 2, "every": "month", "strategy": "rfm11"}
    log = cl.read_transactions(pl.DataFrame([row[: len(columns)] for row in rows], list(columns), orient="row"))
    return Context(ReportParams(**{**params, **given}, as_of=day), log)


@pytest.fixture(scope="module")
def kept():
    return kept_forecasts(context_on(DAYS[-1]))


def test_periods_are_counted_by_hand_and_newcomers_are_not_in_them(kept):
    assert kept["what"].to_list() == ["purchases"] * PERIODS + ["spend"] * PERIODS
    for what in ("purchases", "spend"):
        rows = kept.filter(what=what)
        assert rows["origin"].to_list() == list(DAYS[:-1])
        assert rows["end"].to_list() == list(DAYS[1:])
        assert rows["customers"].to_list() == [60] * PERIODS
        for origin, end, actual in rows.select("origin", "end", "actual").iter_rows():
            bought = [spent for _, day, spent in SIXTY if origin < day <= end]
            assert actual == (sum(bought) if what == "spend" else len(bought))
    assert kept.filter(what="purchases")["actual"].to_list() == [24, 0, 6, 9]


def test_what_was_expected_is_what_the_report_of_that_day_expected(kept):
    before = context_on(DAYS[-2])
    expected = before.models.purchases.expected_purchases(before.base, "29 days")
    assert kept.filter(what="purchases")["predicted"][-1] == pytest.approx(expected[expected > 0].sum(), rel=1e-9)


def test_the_last_forecast_held_if_what_came_is_within_its_interval(kept):
    lasts = kept.filter(pl.col("origin") == pl.col("origin").max())
    assert lasts["what"].to_list() == ["purchases", "spend"]
    earlier = kept.filter(pl.col("origin") < pl.col("origin").max())
    assert earlier.height == 2 * (PERIODS - 1)
    # What the reports of those days said of them is not said again, in other words.
    assert earlier.select("honest_low", "honest_high", "held").null_count().row(0) == (earlier.height,) * 3
    for row in lasts.iter_rows(named=True):
        assert row["honest_low"] < row["predicted"] < row["honest_high"]
        assert row["held"] == (row["honest_low"] <= row["actual"] <= row["honest_high"])


def test_later_rows_and_later_periods_change_no_forecast_of_before(kept):
    earlier = kept_forecasts(context_on(DAYS[-2], [row for row in SIXTY if row[1] <= DAYS[-2]], model="bg_nbd"))
    later = kept_forecasts(context_on(DAYS[-1], model="bg_nbd"))
    columns = ["what", "origin", "end", "customers", "actual"]
    same = earlier.join(later, on=columns, how="inner")
    assert same.height == 2 * (PERIODS - 1)
    assert same["predicted"].to_list() == pytest.approx(same["predicted_right"].to_list(), rel=1e-12)
    longer = kept_forecasts(context_on(DAYS[-1], [*SIXTY, *NEWCOMER, ("c01", date(2024, 5, 1), 1_000.0)]))
    assert longer.equals(kept)


def test_a_first_period_says_so_in_a_line():
    section = trust.compute(context_on(date(2023, 3, 31)))
    assert section.findings["lead"].key == "trust.first"
    assert list(section) == ["rows"]
    assert section["rows"].height == 1
    context = context_on(date(2023, 3, 31))
    assert "no forecast yet" in sentences_of("trust", section, context.params)[0]


def test_where_no_model_could_be_fitted_nothing_was_forecast():
    context = context_of(
        ("a", "2024-01-01", 5.0), ("b", "2024-02-10", 5.0), as_of="2024-02-29", every="month", strategy="abc"
    )
    assert trust.compute(context).findings["lead"] == Finding.of("trust.no_model", day=date(2024, 1, 31))


def test_without_amounts_only_purchases_are_forecast():
    section = trust.compute(context_on(DAYS[-1], columns=("customer_id", "date"), strategy="hiatus"))
    assert section["forecasts"]["what"].to_list() == ["purchases"] * PERIODS
    assert "spend" not in section.findings


def _verdict(actual, what="purchases"):
    row = {"honest_low": 10.0, "honest_high": 20.0, "actual": actual, "held": 10 <= actual <= 20}
    return trust._verdict(what, row).key


def test_three_verdicts():
    assert [_verdict(actual) for actual in (10.0, 15.0, 20.0)] == ["trust.purchases_held"] * 3
    assert _verdict(9.0, "spend") == "trust.spend_less"
    assert _verdict(21.0) == "trust.purchases_more"


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("verdict", ["held", "more", "less"])
@pytest.mark.parametrize("what", ["purchases", "spend"])
def test_the_verdict_has_all_its_figures(what, verdict, lang):
    figures = {"origin": date(2024, 1, 31), "end": date(2024, 2, 29), "customers": 1_200, "predicted": 321.0}
    figures |= {"honest_low": 210.0, "honest_high": 456.0, "actual": 123.0}
    [told] = sentences_of(
        "trust",
        cl.analysis.section.Section({}, {"lead": Finding.of(f"trust.{what}_{verdict}", **figures)}),
        context_on(DAYS[-1]).params,
        lang,
    )
    assert all(figure in told for figure in ("321", "210", "456", "123"))
    assert is_chinese([told]) == (lang == "zh")


# The data

REFUSED = (
    ("a", "2024-01-05", "1"),
    ("a", "2024-01-06", "2"),
    ("a", "2024-01-07", "3"),
    (None, "2024-01-08", "4"),  # refused, of January
    ("b", "2024-02-05", "5"),
    ("b", "2024-02-06", "oops"),  # refused, of February
    ("b", "no day", "6"),  # refused, of no period
)


def rows_of(*rows):
    context = context_of(*rows, as_of="2024-02-29", every="month")
    return trust.compute(context)


def test_rows_by_hand():
    section = rows_of(*REFUSED)
    assert section["rows"].rows() == [
        (date(2024, 1, 5), date(2024, 1, 31), 3, 1, 0.25),
        (date(2024, 2, 1), date(2024, 2, 29), 1, 1, 0.5),
    ]
    assert section.findings["data"].key == "trust.data_worse"
    assert section.findings["undated"] == Finding.of("trust.undated", undated=1)


def test_which_way_the_share_went():
    clean = [row for row in REFUSED if row[0] and row[1] != "no day" and row[2] != "oops"]
    assert rows_of(*clean).findings["data"].key == "trust.data_clean"
    better = [row for row in REFUSED if row[2] != "oops"]
    assert rows_of(*better).findings["data"].key == "trust.data_better"
    same = [*REFUSED, *[("c", f"2024-02-{day:02d}", "1") for day in (7, 8)]]
    assert rows_of(*same).findings["data"].key == "trust.data_same"
    assert "data" not in trust.compute(context_of(*clean[:2], as_of="2024-01-31", every="month")).findings


def test_refused_rows_whose_dates_are_dates_count_by_them():
    context = context_of(
        ("a", date(2024, 1, 5), 1.0), (None, date(2024, 2, 6), 2.0), as_of="2024-02-29", every="month"
    )
    assert trust.compute(context)["rows"]["refused"].to_list() == [0, 1]


# What cannot be known


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_cannot_be_known_depends_on_what_the_run_has(lang):
    once = [(f"c{i}", "2024-01-05", 5.0) for i in range(9)]
    context = context_of(*once, ("c0", "2024-02-01", 5.0), as_of="2024-02-29", every="month", strategy="abc")
    found = trust.compute(context).findings
    assert {"world", "once", "why"} <= found.keys()
    assert found["once"].figures["share"] == pytest.approx(8 / 9)
    regular = [(f"c{i}", f"2024-{month:02d}-05", 5.0) for i in range(9) for month in (1, 2)]
    assert "once" not in trust.compute(context_of(*regular, as_of="2024-02-29", every="month")).findings
    told = sentences_of("trust", trust.compute(context), context.params, lang)
    assert is_chinese(told) == (lang == "zh")


def test_customers_who_have_not_bought_are_said_to_have_no_forecast(tmp_path):
    (tmp_path / "people.csv").write_text("customer_id,city\na,X\nz,Y\n", encoding="utf-8")
    context = context_of(("a", "2024-01-05", 5.0), as_of="2024-02-29", attributes=[str(tmp_path / "people.csv")])
    found = trust.compute(context).findings
    assert found["prospects"] == Finding.of("trust.prospects", prospects=1)
    assert found["why"].key == "trust.why_attributes"
