"""Sections against figures computed by hand from the same customer table."""

from datetime import date

import polars as pl
import pytest

import clvlab as cl
from clvlab.analysis.segmentation import SECTIONS
from clvlab.analysis.segmentation.base_health import concentration, purchases_per_customer
from clvlab.analysis.segmentation.value import histogram, value_deciles
from clvlab.errors import DataError, ParamsError

N_SOME = 399


def some(*columns):
    """The log of a part of the sample's customers."""
    rows = cl.datasets.cdnow(sample=True).data.filter(pl.col("customer_id") <= str(N_SOME).zfill(4))
    return cl.read_transactions(rows.select(columns or rows.columns))


def test_results_are_the_sections_in_their_order(sample_results):
    assert list(sample_results) == list(SECTIONS)
    assert sample_results["segments"]["groups"].height == 11


def test_results_and_sections_are_frozen(sample_results):
    with pytest.raises(TypeError):
        sample_results["segments"] = None
    with pytest.raises(TypeError):
        sample_results["segments"]["groups"] = None


def test_the_groups_partition_customers_and_spend(sample_results):
    groups = sample_results["segments"]["groups"]
    customers = sample_results.customers
    assert groups["customers"].sum() == customers.height == 2357
    assert groups["spend"].sum() == pytest.approx(customers["total_spend"].sum())
    assert groups["share_customers"].sum() == pytest.approx(1)
    assert groups["clv"].sum() == pytest.approx(customers["clv"].sum())


def test_the_rf_map_counts_every_customer_once(sample_results):
    assert sample_results["segments"]["grid"]["customers"].sum() == 2357


def test_the_quality_table_accounts_for_every_row(sample_results):
    rows = dict(sample_results["quality"]["rows"].select("rule", "rows").iter_rows())
    assert rows.pop("read") == sum(rows.values()) == 6919


def test_rows_after_the_runs_day_are_outside_the_window_not_refused():
    params = {"name": "early", "source": "cdnow_sample", "as_of": "1997-12-31", "holdout": None}
    log = some()
    results = cl.analyse(params, log=log)
    rows = results["quality"]["rows"].filter(pl.col("rule") == "outside_window").row(0, named=True)
    later = log.data.filter(pl.col("date") > date(1997, 12, 31))
    assert rows["rows"] == later.height
    assert rows["amount"] == pytest.approx(later["amount"].sum())


def test_the_summary_has_five_numbers_with_their_change(sample_results):
    numbers = sample_results["summary"]["numbers"]
    assert numbers["measure"].to_list() == ["customers", "active", "repeat_share", "revenue", "clv"]
    assert numbers["change"].null_count() == 0
    revenue = numbers.filter(pl.col("measure") == "revenue").row(0, named=True)
    log = sample_results.log.data
    quarter = log.filter(pl.col("date").is_between(date(1998, 4, 1), date(1998, 6, 30)))["amount"].sum()
    assert revenue["value"] == pytest.approx(quarter)


def test_cohorts_leave_out_months_that_are_not_over(sample_results):
    retention = sample_results["cohorts"]["retention"]
    assert retention.group_by("cohort").agg(pl.col("age").max()).sort("cohort")["age"].to_list() == [17, 16, 15]
    first = retention.filter(pl.col("age") == 0)
    assert first["share"].to_list() == [1.0, 1.0, 1.0]
    assert first["customers"].sum() == 2357


def test_validation_is_beside_a_naive_baseline(sample_results):
    totals = sample_results["validation"]["totals"].row(0, named=True)
    holdout = sample_results.log.data.filter(pl.col("date") > date(1997, 9, 30))
    assert totals["actual"] == holdout.select("customer_id", "date").unique().height
    assert abs(totals["model_error"]) < abs(totals["naive_error"])


def test_a_customer_can_be_looked_up(sample_results):
    one = sample_results.customer("0001")
    assert one["n_purchases"] == 4
    assert one["total_spend"] == pytest.approx(29.33 + 29.73 + 14.96 + 26.48)
    assert one["group"]
    with pytest.raises(DataError, match="Ids are text, such as '0001'"):
        sample_results.customer("1")


def test_a_history_too_short_for_a_holdout_is_said_to_be_not_validated():
    results = cl.analyse({"name": "x", "source": "cdnow_sample", "as_of": "1997-01-01", "holdout": "39 weeks"})
    assert not results["validation"]
    assert results["validation"].findings["lead"].key == "validation.none"


def test_a_log_without_amounts_serves_all_but_money():
    params = {
        "name": "x",
        "source": "cdnow_sample",
        "as_of": "1998-06-30",
        "holdout": "39 weeks",
        "strategy": "lifecycle5",
    }
    results = cl.analyse(params, log=some("customer_id", "date"))
    assert results["value"].findings["lead"].key == "value.no_amounts"
    assert results["validation"]["totals"]["what"].to_list() == ["purchases"]
    assert results["segments"]["groups"]["customers"].sum() == N_SOME


@pytest.mark.parametrize(("progress", "shown"), [(True, True), (None, False), (False, False)])
def test_the_section_that_is_being_made_is_told_where_it_is_asked_for(capsys, progress, shown):
    rows = [("a", "2024-01-05", 10.0), ("b", "2024-02-05", 20.0), ("a", "2024-03-05", 30.0)]
    log = cl.read_transactions(pl.DataFrame(rows, schema=["customer_id", "date", "amount"], orient="row"))
    params = {"name": "p", "source": "rows", "as_of": "2024-03-31", "strategy": "hiatus", "holdout": None}
    cl.analyse(params, log=log, progress=progress)
    told = capsys.readouterr().err
    assert ("appendix: 100%" in told) is shown
    assert bool(told) is shown


def test_unknown_parameters_are_refused_before_any_work():
    with pytest.raises(ParamsError, match="Did you mean 'horizon'"):
        cl.analyse({"name": "x", "source": "nowhere.csv", "as_of": "1998-06-30", "horizn": "1 year"})


def test_concentration_by_hand():
    curve = concentration(pl.Series([60.0, 30.0, 10.0, 0.0]))
    at = dict(curve.iter_rows())
    assert at[0.0] == 0
    assert at[0.25] == pytest.approx(0.60)
    assert at[0.5] == pytest.approx(0.90)
    assert at[1.0] == pytest.approx(1.0)


def test_purchases_per_customer_gathers_the_heavy_buyers():
    counts = purchases_per_customer(pl.DataFrame({"n_purchases": [1, 1, 2, 10, 99]}))
    assert counts.rows() == [("1", 2, 0.4), ("2", 1, 0.2), ("10+", 2, 0.4)]


def test_deciles_share_all_value_best_first():
    deciles = value_deciles(pl.Series([float(i) for i in range(1, 101)]))
    assert deciles["customers"].to_list() == [10] * 10
    assert deciles["clv"].to_list()[0] == sum(range(91, 101))
    assert deciles["share"].sum() == pytest.approx(1)


@pytest.mark.parametrize("values", [[0.0], [0.5, 2.0, 3_000.0], [-4.0, 1.0, 10.0]])
def test_the_histogram_counts_every_customer(values):
    assert histogram(pl.Series(values))["customers"].sum() == len(values)
