"""The comparison as a whole: what comes out, what is refused, and that the future stays unseen."""

from datetime import date

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import clvlab as cl
from clvlab.comparison import Board
from clvlab.comparison.fitted_strategies import CHANCE
from clvlab.comparison.rankings import BARS
from clvlab.comparison.split import Split
from clvlab.errors import DataError, MissingColumnsError, ParamsError
from clvlab.frames import TransactionLog
from clvlab.grouping import Attribute, Clusters, FixedBounds, Tiers
from clvlab.models import Terms, ValueModels

CDNOW = {"cutoff": "1997-09-30", "end": "1998-06-30"}
LIGHTING = {"cutoff": "2024-12-31", "end": "2025-12-31"}
SOME = ["value_tiers", "frequency_tiers", "hiatus"]


@pytest.fixture(scope="module")
def cdnow() -> TransactionLog:
    return cl.datasets.cdnow(sample=True)


@pytest.fixture(scope="module")
def board(cdnow) -> Board:
    return cl.compare([*SOME, Clusters(k=3)], cdnow, **CDNOW, n_rounds=60)


@pytest.fixture(scope="module")
def retailer():
    return cl.datasets.lighting(1_500, seed=4)


@pytest.fixture(scope="module")
def attributed(retailer) -> Board:
    wanted = ["industry", "income", "gender", "satisfaction", "profit_tiers"]
    return cl.compare(wanted, retailer, **LIGHTING, attributes=retailer.attributes, n_rounds=60)


@pytest.fixture
def few_resamples(monkeypatch):
    """For boards of all strategies whose stability is not the question."""
    monkeypatch.setattr("clvlab.comparison.stability.N_RESAMPLES", 2)


def with_rows(log: TransactionLog, rows: pl.LazyFrame) -> TransactionLog:
    return TransactionLog(rows, log.rejected, log.quality)


def test_board_is_tidy(board):
    assert board.data.columns == ["strategy", "metric", "value", "low", "high"]
    assert board.data.select("strategy", "metric").is_unique().all()
    assert set(board.data["strategy"]) == {*SOME, "clusters", *CHANCE, *BARS}
    known = board.data.drop_nulls(["low", "high"])
    assert (known["low"] <= known["high"]).all()
    assert not board.data.select(pl.col("value", "low", "high").is_nan().any()).row(0).count(True)


def test_every_strategy_has_every_metric_and_clusters_have_three_more(board):
    groupings = board.data.filter(~pl.col("strategy").is_in(BARS))
    counts = dict(groupings.group_by("strategy").len().iter_rows())
    assert counts.pop("clusters") == counts["hiatus"] + 3
    assert len(set(counts.values())) == 1


def test_one_group_is_worth_what_chance_is(board):
    one = dict(board.data.filter(pl.col("strategy") == "one_group").select("metric", "value").iter_rows())
    assert one["gini"] == 0.0
    assert one["capture_20"] == pytest.approx(0.2)
    assert one["buys_again_auc"] == 0.5
    assert -0.01 < one["variance_explained"] < 0
    assert one["calibration_slope"] is None
    assert one["balance"] is None


def test_spend_foretells_spend_better_than_random_groups(board):
    versus = board.differences.filter((pl.col("strategy") == "value_tiers") & (pl.col("versus") == "random_groups"))
    assert versus["low"].item() > 0.2


def test_paired_differences_are_antisymmetric(board):
    there = board.differences.sort("strategy", "versus")
    back = board.differences.select(
        "error",
        strategy="versus",
        versus="strategy",
        value=-pl.col("value"),
        low=-pl.col("high"),
        high=-pl.col("low"),
    )
    assert_frame_equal(there, back.sort("strategy", "versus"), check_column_order=False)


def test_the_recommended_strategy_can_be_recommended(board):
    assert board.recommended in {*SOME, "clusters"}
    assert board.ranking["recommended"].sum() == 1
    assert set(board.ranking["strategy"]) == {*SOME, "clusters"}


def test_every_customer_is_in_one_group_of_every_strategy(board):
    assert board.assignments.height == board.n_customers == 2357
    assert board.assignments.null_count().sum_horizontal().item() == 0
    counts = board.outcomes.filter(pl.col("measure") == "spend").group_by("strategy").agg(pl.col("n").sum())
    assert counts["n"].unique().to_list() == [2357]


def test_groups_bring_what_the_log_says(board, cdnow):
    spent = cdnow.data.filter(pl.col("date").is_between(date(1997, 10, 1), date(1998, 6, 30)))
    by_customer = spent.group_by("customer_id").agg(pl.col("amount").sum())
    mean = (
        board.assignments.join(by_customer, on="customer_id", how="left")
        .group_by("value_tiers")
        .agg(pl.col("amount").fill_null(0).mean())
    )
    mine = board.outcomes.filter((pl.col("strategy") == "value_tiers") & (pl.col("measure") == "spend"))
    assert dict(mine.select("group", "value").iter_rows()) == pytest.approx(dict(mean.iter_rows()))


def test_reach_lies_between_chance_and_the_oracle(board):
    wide = board.reach.pivot("strategy", index="share", values="reached")
    for strategy in SOME:
        assert (wide[strategy] >= wide["random"]).all()
        assert (wide[strategy] <= wide["oracle"]).all()
    assert wide["random"].to_list() == wide["share"].to_list()


def test_a_budget_is_spent_once_and_most_on_the_best(board):
    budget = board.allocation.filter(pl.col("strategy") == "value_tiers")
    assert budget["share_budget"].sum() == pytest.approx(1.0)
    per_customer = budget["share_budget"] / budget["share_customers"]
    assert per_customer.to_list() == sorted(per_customer, reverse=True)


def test_the_same_seed_gives_the_same_board(board, cdnow):
    again = cl.compare(SOME, cdnow, **CDNOW, n_rounds=60)
    other = cl.compare(SOME, cdnow, **CDNOW, n_rounds=60, seed=1)
    mine = board.data.filter(pl.col("strategy").is_in(SOME))
    assert_frame_equal(again.data.filter(pl.col("strategy").is_in(SOME)), mine)
    assert not other.data["value"].equals(again.data["value"])


def test_order_of_rows_does_not_matter(board, cdnow):
    turned = with_rows(cdnow, cdnow.data.reverse().lazy())
    again = cl.compare(SOME, turned, **CDNOW, n_rounds=60)
    assert_frame_equal(again.data, board.data.filter(pl.col("strategy") != "clusters"), check_row_order=False)


def test_what_happens_after_the_end_changes_nothing(cdnow):
    early = cl.compare(["value_tiers"], cdnow, "1997-06-30", "1997-12-31", n_rounds=20)
    rows = cdnow.accepted.filter(pl.col("date") <= date(1997, 12, 31))
    assert_frame_equal(
        cl.compare(["value_tiers"], with_rows(cdnow, rows), "1997-06-30", "1997-12-31", n_rounds=20).data, early.data
    )


def test_groups_are_formed_without_the_holdout(attributed, retailer):
    rows = retailer.accepted.with_columns(
        amount=pl.when(pl.col("date") > date(2024, 12, 31)).then(1.0).otherwise(pl.col("amount"))
    )
    wanted = ["industry", "income", "gender", "satisfaction", "profit_tiers"]
    other = cl.compare(wanted, with_rows(retailer, rows), **LIGHTING, attributes=retailer.attributes, n_rounds=20)
    assert_frame_equal(other.assignments, attributed.assignments)


def test_answers_after_the_cutoff_form_no_groups(attributed, retailer):
    static, surveys, *_ = retailer.attributes
    before = surveys.filter(pl.col("date") <= date(2024, 12, 31))
    board = cl.compare(["satisfaction"], retailer, **LIGHTING, attributes=[static, before], n_rounds=20)
    assert_frame_equal(board.assignments.select("satisfaction"), attributed.assignments.select("satisfaction"))


def test_attributes_that_carry_are_told_from_those_that_do_not(attributed):
    gini = dict(attributed.metric("gini").select("strategy", "low").iter_rows())
    assert gini["industry"] > 0.25
    assert gini["income"] > 0.05
    assert gini["gender"] < 0.05


def test_groups_report_repurchase_satisfaction_and_profit(attributed):
    measures = attributed.outcomes.filter(pl.col("strategy") == "industry").group_by("measure").agg(pl.col("n").sum())
    counts = dict(measures.iter_rows())
    assert counts["spend"] == counts["repurchase"] == counts["profit"] == attributed.n_customers
    assert 0 < counts["satisfaction"] < attributed.n_customers
    rates = attributed.outcomes.filter(pl.col("measure") == "repurchase").drop_nulls("value")
    assert rates["value"].is_between(0, 1).all()


def test_prospects_form_groups_but_are_not_judged(retailer):
    split = Split.read(retailer, *LIGHTING.values(), retailer.attributes, "week", seed=0)
    assert len(split.customers) == 1_500
    assert len(split.buyers) < 1_500
    assert (split.buyers.data["n_purchases"] > 0).all()


@pytest.mark.usefixtures("few_resamples")
def test_strategies_that_the_data_cannot_serve_are_left_out_unless_asked_for(cdnow):
    small = with_rows(cdnow, cdnow.accepted.filter(pl.col("customer_id") <= "0400"))
    board = cl.compare(None, small, **CDNOW, n_rounds=20)
    left_out = dict(board.left_out.select("strategy", "missing").iter_rows())
    assert left_out["industry"] == "industry"
    assert left_out["profit_tiers"] == "profit_last_year"
    assert {"rfm11", "clv_tiers", "lifecycle5"} <= set(board.ranking["strategy"])
    with pytest.raises(MissingColumnsError, match="'industry'"):
        cl.compare(["industry"], small, **CDNOW, n_rounds=20)


def test_a_strategy_that_is_asked_for_and_cannot_use_its_values_is_an_error(cdnow):
    ages = cdnow.accepted.select("customer_id").unique(maintain_order=True).with_columns(age=pl.lit("45-54"))
    with pytest.raises(DataError, match="'age' of the customer table holds String"):
        cl.compare(["demographics"], cdnow, **CDNOW, attributes=ages, n_rounds=20)


def test_strategies_of_ones_own_are_compared_like_any(cdnow):
    mine = Tiers("total_spend", ("much", "little"), FixedBounds((50.0,)), name="mine")
    board = cl.compare([mine], cdnow, **CDNOW, n_rounds=20)
    assert board.recommended == "mine"
    assert set(board.assignments["mine"]) == {"much", "little"}


def test_undated_values_of_a_perishable_kind_are_refused(retailer):
    static, surveys, *_ = retailer.attributes
    undated = surveys.unique("customer_id").drop("date")
    with pytest.raises(DataError, match=r"'satisfaction' without a date.*leak the future"):
        cl.compare(["industry"], retailer, **LIGHTING, attributes=[static, undated])


def test_a_log_without_amounts_is_judged_by_purchases(cdnow):
    moneyless = with_rows(cdnow, cdnow.accepted.drop("amount"))
    board = cl.compare(["frequency_tiers", "hiatus"], moneyless, **CDNOW, n_rounds=20)
    assert board.judged_by == "purchases"
    assert board.recommended == "frequency_tiers"
    mine = board.outcomes.filter(strategy="frequency_tiers", measure="purchases")
    assert mine["value"].is_sorted(descending=True)
    assert board.bar["money"].null_count() == board.bar.height
    with pytest.raises(MissingColumnsError, match="'total_spend'"):
        cl.compare(["value_tiers"], moneyless, **CDNOW)


def test_money_is_no_measure_of_a_log_without_amounts(cdnow):
    moneyless = with_rows(cdnow, cdnow.accepted.drop("amount"))
    with pytest.raises(ParamsError, match="acceptable_loss is 50, which is money, and the log knows no amounts"):
        cl.compare(SOME, moneyless, **CDNOW, acceptable_loss=50)


def test_too_few_customers_are_refused(cdnow):
    few = with_rows(cdnow, cdnow.accepted.filter(pl.col("customer_id") <= "0049"))
    with pytest.raises(DataError, match="49 customers bought up to 1997-09-30; 50 or more"):
        cl.compare(SOME, few, **CDNOW)


def test_a_holdout_without_spend_is_refused(cdnow):
    rows = cdnow.accepted.with_columns(
        amount=pl.when(pl.col("date") > date(1997, 9, 30)).then(0.0).otherwise(pl.col("amount"))
    )
    with pytest.raises(DataError, match="spent nothing"):
        cl.compare(SOME, with_rows(cdnow, rows), **CDNOW)


@pytest.mark.parametrize(
    ("strategies", "options", "message"),
    [
        (["valu_tiers"], {}, "Did you mean 'value_tiers'"),
        (["hiatus", "hiatus"], {}, "Two strategies are called 'hiatus'"),
        (["one_group"], {}, "nothing to compare"),
        (SOME, {"n_rounds": 19}, "n_rounds is 19"),
        (SOME, {"cutoffs": 0}, "cutoffs is 0. Choose 1 to 12"),
        (SOME, {"acceptable_loss": -1}, "acceptable_loss is -1. Choose an amount of 0 or more"),
        (SOME, {"acceptable_loss": float("nan")}, "acceptable_loss is nan"),
    ],
)
def test_wrong_arguments_are_refused(cdnow, strategies, options, message):
    with pytest.raises(ParamsError, match=message):
        cl.compare(strategies, cdnow, **CDNOW, **options)


@pytest.mark.usefixtures("few_resamples")
def test_all_one_time_buyers_can_be_compared():
    rng = np.random.default_rng(0)
    n = 200
    once = pl.DataFrame(
        {
            "customer_id": [f"{i}" for i in range(n)],
            "date": [date(2024, 1, 1 + i % 28) for i in range(n)],
            "amount": rng.lognormal(3, 1, n),
        }
    )
    again = once.head(60).with_columns(date=pl.lit(date(2024, 9, 1)))
    board = cl.compare(None, cl.read_transactions(pl.concat([once, again])), "2024-06-30", "2024-12-31", n_rounds=20)
    reason = board.left_out.filter(pl.col("strategy") == "clv_tiers")
    assert reason["missing"].item() == "clv"
    assert "None of 200 customers has a repeat purchase" in reason["reason"].item()
    assert set(board.assignments["frequency_tiers"]) == {"freq_low"}


def test_customers_are_valued_by_the_calendar_of_the_cutoff(retailer):
    board = cl.compare(["clv_tiers"], retailer, **LIGHTING, n_rounds=20, model="nbd", calendar=cl.Calendar.fit)
    clock = cl.Calendar.fit(retailer, LIGHTING["cutoff"])
    customers = cl.summarise_customers(retailer, LIGHTING["cutoff"], "week", calendar=clock)
    values = ValueModels.fit(customers, Terms(), cl.Nbd).value(customers)
    expected = cl.strategies["clv_tiers"].assign(customers.with_columns(values))
    both = board.assignments.join(expected, on="customer_id", how="inner")
    assert both.height == board.n_customers
    assert both["clv_tiers"].to_list() == both["group"].to_list()


def test_values_of_the_users_own_are_groups(retailer):
    by_city = Attribute("city", name="by_city")
    board = cl.compare([by_city], retailer, **LIGHTING, attributes=retailer.attributes, n_rounds=20)
    sizes = board.outcomes.filter((pl.col("strategy") == "by_city") & (pl.col("measure") == "spend"))
    assert sizes["n"].sum() == board.n_customers
    assert sizes.filter(pl.col("n") < 10)["value"].null_count() == sizes.filter(pl.col("n") < 10).height
