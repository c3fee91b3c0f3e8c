"""The figures of every strategy as one tidy table, and the criteria of the recommendation."""

import polars as pl
import pytest

import clvlab as cl
from clvlab.comparison import tables
from clvlab.comparison.fitted_strategies import FittedStrategy
from clvlab.comparison.foresight import FORESIGHT
from clvlab.comparison.recommend import CRITERIA, recommend
from clvlab.comparison.scoring import Scoring, Window
from clvlab.comparison.simplicity import Features
from clvlab.comparison.split import Split
from clvlab.comparison.stability import N_RESAMPLES
from clvlab.grouping import Clusters, FixedBounds, Tiers

HALVES = Tiers("total_spend", ("high", "low"), FixedBounds((60.0,)), name="halves")
SHAPE = {"n_groups", "smallest", "balance", "coverage", "fidelity"}
STABILITY = {"stability_resamples", "stability_halves", "stability_quarter"}
SEPARATION = {"silhouette", "calinski_harabasz", "davies_bouldin"}


@pytest.fixture(scope="module")
def split() -> Split:
    return Split.read(cl.datasets.cdnow(sample=True), "1997-09-30", "1998-06-30", None, "week", seed=0)


@pytest.fixture(scope="module")
def scoring(split) -> Scoring:
    wanted = (HALVES, Clusters(k=2), cl.strategies["one_group"], cl.strategies["random_groups"])
    fitted = tuple(FittedStrategy.fit(strategy, split.customers, split.buyers) for strategy in wanted)
    return Scoring.run([Window(split, fitted)], 30, lambda _: None)


@pytest.fixture(scope="module")
def ticks() -> list[int]:
    return []


@pytest.fixture(scope="module")
def figures(scoring, split, ticks) -> pl.DataFrame:
    return tables.all_figures(scoring, split.later(), Features.of(split.buyers), ticks.append)


def of(figures, strategy):
    return dict(figures.filter(strategy=strategy).select("metric", "value").iter_rows())


def test_every_strategy_has_foresight_stability_and_shape(figures):
    expected = {metric.name for metric in FORESIGHT} | STABILITY | SHAPE
    for strategy in ("halves", "one_group", "random_groups"):
        assert set(of(figures, strategy)) == expected
    assert set(of(figures, "clusters")) == expected | SEPARATION
    assert figures.select("strategy", "metric").is_unique().all()


def test_the_shape_by_hand(figures, split):
    rich = (split.buyers.data["total_spend"] >= 60).sum()
    halves = of(figures, "halves")
    assert halves["n_groups"] == 2
    assert halves["smallest"] == min(rich, len(split.buyers) - rich)
    assert halves["coverage"] == 1
    assert halves["fidelity"] > 0.99  # one question tells it
    assert halves["stability_resamples"] == 1  # a fixed bound falls where it fell
    assert of(figures, "one_group")["balance"] is None


def test_progress_is_told_for_each_resample(figures, scoring, ticks):
    assert figures.height > 0
    assert sum(ticks) == len(scoring.fitted_strategies) * (N_RESAMPLES + 1)


def test_criteria_are_of_those_that_can_be_recommended(figures, scoring):
    criteria = tables.criteria(scoring, figures)
    assert criteria.columns == ["strategy", "gini", "gini_low", "gini_high", "first", "reached", *CRITERIA]
    assert set(criteria["strategy"]) == {"halves", "clusters"}
    assert criteria["first"].sum() == pytest.approx(1)
    for row in criteria.iter_rows(named=True):
        mine = of(figures, row["strategy"])
        assert [row[name] for name in ("gini", *CRITERIA)] == [mine[name] for name in ("gini", *CRITERIA)]


def test_what_holds_for_all_at_once_is_no_narrower(figures, scoring):
    alone = dict(figures.filter(metric="gini").select("strategy", "low").iter_rows())
    for row in tables.criteria(scoring, figures).iter_rows(named=True):
        assert row["gini_low"] <= alone[row["strategy"]]


def test_the_recommendation_follows_from_criteria_and_differences(figures, scoring):
    ranking = recommend(tables.criteria(scoring, figures), tables.differences(scoring))
    assert ranking["gini"].is_sorted(descending=True)
    assert ranking["recommended"].sum() == 1
    assert ranking.select("difference", "low", "high").row(0) == (0, 0, 0)
    assert ranking.filter("recommended").select("equal", "knows").row(0) == (True, True)


def test_groups_of_every_strategy_hold_every_buyer(scoring, split):
    outcomes = tables.outcomes(scoring).filter(measure="spend")
    sizes = dict(outcomes.group_by("strategy").agg(pl.col("n").sum()).iter_rows())
    assert set(sizes.values()) == {len(split.buyers)}
    total = outcomes.with_columns(money=pl.col("n") * pl.col("value")).group_by("strategy").agg(pl.col("money").sum())
    assert total["money"].to_list() == pytest.approx([split.outcomes.spend.sum()] * 4)
