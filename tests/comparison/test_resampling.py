"""Customers drawn again and again, and intervals."""

import numpy as np
import pytest

from clvlab.comparison import resampling
from clvlab.comparison.resampling import Figure, resamples, simultaneous


@pytest.mark.parametrize(("customers", "rounds"), [(1, 3), (7, 50), (300, 120)])
def test_every_round_draws_as_many_as_there_are(customers, rounds):
    weight = np.concatenate(list(resamples(customers, rounds, seed=1)))
    assert weight.shape == (rounds, customers)
    assert (weight.sum(axis=1) == customers).all()
    assert (weight >= 0).all()


def test_a_seed_draws_the_same_and_another_does_not():
    one, same, other = (np.concatenate(list(resamples(40, 30, seed))) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_blocks_bound_the_memory_and_change_nothing(monkeypatch):
    whole = np.concatenate(list(resamples(40, 30, seed=5)))
    monkeypatch.setattr(resampling, "_CELLS_AT_ONCE", 400)
    blocks = list(resamples(40, 30, seed=5))
    assert [len(block) for block in blocks] == [10, 10, 10]
    assert np.array_equal(np.concatenate(blocks), whole)


def test_everybody_is_drawn_as_often_on_average():
    weight = np.concatenate(list(resamples(20, 2_000, seed=0)))
    assert weight.mean(axis=0) == pytest.approx(np.ones(20), abs=0.1)
    assert weight.var() == pytest.approx(0.95, abs=0.05)  # of a binomial with 20 draws and chance 1/20


def figure(points, errors):
    return Figure(np.array(points, float), np.array(errors, float))


def test_a_figure_is_the_mean_over_windows_and_deals():
    assert figure([[1, 3], [5, 7]], [[0, 0], [0, 0]]).value == 4


def test_the_errors_of_one_deal_are_those_of_its_rounds():
    one = figure([[0.5]], [[-0.1, 0.1, -0.1, 0.1]])
    assert one.error == pytest.approx(0.1)
    assert one.interval() == pytest.approx((0.5 - 0.196, 0.5 + 0.196), abs=1e-4)


def test_what_lies_between_deals_is_averaged_away():
    # Rounds err with a variance of 4; deals differ with one of 1, three quarters of which four deals average away.
    points = 0.5 + np.array([[-1, 1, -1, 1]]) * np.sqrt(3 / 4)
    assert figure(points, [[-2, 2, -2, 2]]).error ** 2 == pytest.approx(4 - 3 / 4)


def test_no_more_is_taken_off_than_if_every_customer_were_judged():
    far_apart = figure([[-9, 9, -9, 9]], [[-2, 2, -2, 2]])
    assert far_apart.error**2 == pytest.approx(0.6 * 4)


def test_windows_err_together_where_the_same_customers_are_drawn():
    rounds = [-1.0, 1.0, -1.0, 1.0]
    assert figure([[0], [0]], [rounds, rounds]).error == pytest.approx(1)
    assert figure([[0], [0]], [rounds, [1.0, 1.0, -1.0, -1.0]]).error == pytest.approx(np.sqrt(0.5))


def test_a_difference_is_paired():
    one, other = figure([[1, 3]], [[0.5, -0.5]]), figure([[0, 1]], [[0.5, -0.5]])
    assert (one - other).points.tolist() == [[1, 2]]
    assert (one - other).error == 0
    assert (one - one).interval() == (0, 0)


def test_what_is_open_in_a_round_leaves_the_interval_open():
    assert np.isnan(figure([[1.0]], [[0.1, np.nan]]).interval()).all()


def test_intervals_that_hold_at_once_are_wider_than_each_by_itself():
    rng = np.random.default_rng(0)
    figures = [figure([[0.0]], rng.normal(size=(1, 4_000))) for _ in range(20)]
    width = np.mean([high - low for low, high in simultaneous(figures)]) / 2
    assert width == pytest.approx(3.02, abs=0.1)  # 95 % of the largest of 20 independent normal errors
    same = [figures[0]] * 20
    assert simultaneous(same)[0] == pytest.approx(figures[0].interval(), rel=0.05)


def test_what_is_certain_or_open_widens_no_other_interval():
    rng = np.random.default_rng(1)
    one = figure([[0.0]], rng.normal(size=(1, 2_000)))
    certain, opened = figure([[0.3]], np.zeros((1, 2_000))), figure([[0.1]], np.full((1, 2_000), np.nan))
    alone, with_others = simultaneous([one]), simultaneous([one, certain, opened])
    assert with_others[0] == alone[0]
    assert with_others[1] == (0.3, 0.3)
    assert np.isnan(with_others[2]).all()
    assert simultaneous([]) == []
