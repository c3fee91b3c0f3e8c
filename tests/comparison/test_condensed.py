"""Many customers as few: the same sums, hence the same figures; bags vary as customers do."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

from clvlab.comparison import condensed, samples, scoring
from clvlab.comparison.condensed import Condensed, dealt_into_bags
from clvlab.comparison.crossfit import CrossFitted
from clvlab.comparison.foresight import HEADLINE, METRICS, scored
from clvlab.comparison.outcomes import Outcomes
from clvlab.comparison.rankings import Ranking
from clvlab.comparison.resampling import resamples
from clvlab.comparison.scoring import COARSE, FINE, Scoring, Window, point
from tests.comparison.splits import fitted_on, split_of

N, UNKNOWN = 6_000, 7


def people(n=N, seed=0):
    """Groups of whom some buy more, and some returned more than they bought."""
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, 8, n)
    bought = (rng.random(n) < 0.1 + 0.1 * groups).astype(float)
    spend = np.round(bought * rng.lognormal(3 + 0.1 * groups, 1.5), 2) - 5.0 * (rng.random(n) < 0.01)
    return groups, Outcomes.deal(spend, bought, seed)


def test_stand_ins_have_the_sums_of_their_customers():
    groups = np.array([0, 0, 1, 1, 1])
    outcomes = Outcomes(np.array([3.0, -1, 5, 0, 2]), np.array([1.0, 0, 1, 0, 1]), np.array([0, 1, 1, 1, 1]))
    few = Condensed.of(groups, outcomes)
    for group, part in [(0, 0), (0, 1), (1, 0), (1, 1)]:
        mine, theirs = (
            (labels == group) & (dealt.part == part)
            for labels, dealt in ((groups, outcomes), (few.labels, few.outcomes))
        )
        counts, spend, bought = few.outcomes.counts[theirs], few.outcomes.spend[theirs], few.outcomes.bought[theirs]
        assert counts.sum() == pytest.approx(mine.sum())
        assert counts @ spend == pytest.approx(outcomes.spend[mine].sum())
        assert counts @ spend**2 == pytest.approx((outcomes.spend[mine] ** 2).sum())
        assert counts @ bought == counts @ bought**2 == pytest.approx(outcomes.bought[mine].sum())


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
@pytest.mark.parametrize("unknown", [None, UNKNOWN])
def test_every_metric_is_the_same_of_stand_ins(metric, unknown, monkeypatch):
    monkeypatch.setattr(condensed, "N_BAGS", 50)
    groups, outcomes = people()
    bag = dealt_into_bags(N, 0, 0)
    few, drawn = Condensed.of(groups, replace(outcomes, bag=bag)), next(resamples(50, 20, 0))
    of_all = CrossFitted.of(groups, outcomes, unknown)
    of_few = CrossFitted.of(few.labels, few.outcomes, unknown)
    assert scored(of_few, few.outcomes, metric) == pytest.approx(scored(of_all, outcomes, metric), rel=1e-9)
    assert scored(of_few, few.outcomes, metric, few.counts(drawn)[:, few.outcomes.judged]) == pytest.approx(
        scored(of_all, outcomes, metric, drawn[:, bag][:, outcomes.judged]), rel=1e-9
    )


def test_a_group_that_one_part_lacks_is_no_trouble():
    groups, outcomes = people(60)
    groups = np.where((groups == 3) & (outcomes.part == 2), 4, groups)
    few, of_all = Condensed.of(groups, outcomes), CrossFitted.of(groups, outcomes)
    of_few = CrossFitted.of(few.labels, few.outcomes)
    for metric in METRICS:
        assert scored(of_few, few.outcomes, metric) == pytest.approx(scored(of_all, outcomes, metric)), metric.name


def test_where_nobody_spent_a_figure_stays_open():
    groups, outcomes = people(60)
    few = Condensed.of(groups, Outcomes(np.zeros(60), np.zeros(60), outcomes.part))
    assert np.isnan(scored(CrossFitted.of(few.labels, few.outcomes), few.outcomes, HEADLINE))


def test_bags_vary_as_their_customers_do_by_hand():
    # A sum over four customers drawn with replacement has the variance 4 * 5 = 20. Two bags of two can be dealt in
    # three ways, and sums over two bags drawn have the variance 0, 8 or 32. Their mean is 20 less what n drawn of n
    # and 2 of 2 leave out.
    customers, dealt = np.array([0.0, 2.0, 4.0, 6.0]), []
    outcomes = Outcomes(customers, np.zeros(4), np.zeros(4, np.int64))
    for order in permutations(range(4)):
        few = Condensed.of(np.zeros(4, np.int64), replace(outcomes, bag=np.array(order) // 2))
        dealt.append(2 * (customers.max() * few.bags[1][:, 0]).var())
    assert set(np.round(dealt, 9)) == {0, 8, 32}
    assert np.mean(dealt) / (1 - 1 / 2) == pytest.approx(4 * customers.var() / (1 - 1 / 4))


def test_bags_are_dealt_anew_in_each_deal_and_evenly():
    bag = dealt_into_bags(9_000, seed=0, deal=0)
    assert np.isin(np.bincount(bag), [4, 5]).all()
    assert np.array_equal(bag, dealt_into_bags(9_000, seed=0, deal=0))
    assert (bag != dealt_into_bags(9_000, seed=0, deal=1)).mean() > 0.99


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_the_error_by_bags_is_that_by_customers(metric):
    groups, outcomes = people(20_000)
    few = Condensed.of(groups, replace(outcomes, bag=dealt_into_bags(20_000, 0, 0)))
    by_bags = scored(
        CrossFitted.of(few.labels, few.outcomes),
        few.outcomes,
        metric,
        few.counts(next(resamples(condensed.N_BAGS, 1_000, 0)))[:, few.outcomes.judged],
    )
    weight = np.concatenate([block[:, outcomes.judged] for block in resamples(20_000, 1_000, 1)])
    by_customers = scored(CrossFitted.of(groups, outcomes), outcomes, metric, weight)
    assert by_bags.std() == pytest.approx(by_customers.std(), rel=0.12)
    assert by_bags.mean() == pytest.approx(by_customers.mean(), abs=0.2 * by_customers.std())


def test_intervals_by_bags_hold_as_often_as_those_by_customers():
    found = np.array([_gini(seed) for seed in range(300)])
    away = np.abs(found[:, 0] - found[:, 0].mean())
    by_customers, by_bags = (np.mean(away <= 1.96 * error) for error in found[:, 1:].T)
    assert 0.91 <= by_bags <= 0.985
    assert by_bags == pytest.approx(by_customers, abs=0.02)


def _gini(seed):
    """The headline of customers of one law, its error by customers and by bags of ten."""
    groups, outcomes = people(2_000, seed)
    outcomes = replace(outcomes, spend=np.sqrt(np.maximum(outcomes.spend, 0)))
    predicted = CrossFitted.of(groups, outcomes)
    weight = next(resamples(2_000, 100, seed))[:, outcomes.judged]
    few = Condensed.of(groups, replace(outcomes, bag=np.random.default_rng(seed).permutation(2_000) % 200))
    of_few = CrossFitted.of(few.labels, few.outcomes)
    bags = few.counts(next(resamples(200, 100, seed)))[:, few.outcomes.judged]
    return (
        scored(predicted, outcomes, HEADLINE),
        scored(predicted, outcomes, HEADLINE, weight).std(),
        scored(of_few, few.outcomes, HEADLINE, bags).std(),
    )


def test_places_of_a_ranking_keep_the_order_and_equals_together():
    values = np.random.default_rng(0).geometric(0.01, 5_000).astype(float)
    for most in (10, 5_000):
        places = Ranking("ranked", values).labels(0, most)
        assert 0 <= places.min() <= places.max() < most
        order = np.argsort(values, kind="stable")
        assert (np.diff(places[order]) >= 0).all()
        assert (
            places[order][1:][np.diff(values[order]) == 0] == places[order][:-1][np.diff(values[order]) == 0]
        ).all()


@pytest.fixture
def scorings(monkeypatch):
    """The same strategies scored by customers, and by bags."""
    groups, outcomes = people(3_000)
    split = split_of(
        outcomes.spend,
        outcomes.part,
        right=[f"g{group}" for group in groups],
        half=["unknown" if group == 7 else str(group % 4) for group in groups],
    )
    ranking = Ranking("ranked", groups + np.arange(3_000) / 3_000)
    window = Window(split, fitted_on(split, "right", "half"), (ranking,))
    whole = Scoring.run([window], 400, lambda _: None, n_deals=20)
    monkeypatch.setattr(scoring, "MANY", 1_000)
    return whole, Scoring.run([window], 400, lambda _: None, n_deals=20)


def test_a_scoring_of_bags_is_that_of_the_customers(scorings):
    whole, by_bags = scorings
    assert by_bags.figures.keys() == whole.figures.keys()
    assert ("half", "gini_covered") in whole.figures
    for (name, metric), figure in whole.figures.items():
        found, what = by_bags.figures[name, metric], (name, metric)
        assert found.points == pytest.approx(figure.points, abs=1e-9), what
        assert found.error == pytest.approx(figure.error, rel=0.15, abs=1e-12), what
        assert abs(found.errors.mean()) < 0.15 * found.error + 1e-12, what
    gap, found = whole.difference("right", "ranked"), by_bags.difference("right", "ranked")
    assert found.error == pytest.approx(gap.error, rel=0.15)
    for one, other in zip(whole.fitted_strategies, by_bags.fitted_strategies, strict=True):
        assert by_bags.expected[other.name] == pytest.approx(whole.expected[one.name])


def test_few_places_of_a_ranking_err_by_less_than_its_chance():
    rng = np.random.default_rng(0)
    known = rng.lognormal(3, 1.5, 30_000)
    spend = np.where(rng.random(30_000) < 0.4, known * rng.lognormal(0, 1, 30_000), 0.0)
    outcomes = Outcomes.deal(spend, (spend > 0).astype(float), 0)
    order = Ranking("ranked", known)
    exact = scored(order.taught(order.labels(0), outcomes), outcomes, HEADLINE)
    assert outcomes.part.size > samples.MANY
    assert point(order, outcomes) == pytest.approx(float(exact), abs=1e-5)
    coarse = Condensed.of(order.labels(0, COARSE), outcomes)
    assert scored(order.taught(coarse.labels, coarse.outcomes), coarse.outcomes, HEADLINE) == pytest.approx(
        float(exact), abs=1e-3
    )
    assert COARSE < FINE
