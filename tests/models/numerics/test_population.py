import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clvlab.models.numerics.population import CELLS_PER_COUNT, Population

DAYS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(0, 6)), max_size=40)


def counted(population):
    return {tuple(row): weight for row, weight in zip(population.columns.T.tolist(), population.weight, strict=True)}


@settings(max_examples=40, deadline=None)
@given(DAYS, st.sampled_from([1.0, 7.0, 30.4375, 0.37]))
def test_customers_are_counted_the_same_in_any_unit(rows, per):
    x, t_x, T = np.array(rows, dtype=float).reshape(-1, 3).T
    columns = [x, t_x / per, T / per]
    plain = Population.of(columns)
    weighted = Population.of(columns, np.ones(x.size))
    assert counted(plain) == counted(weighted)
    assert plain.columns.tolist() == weighted.columns.tolist()
    assert plain.n_customers == len(rows)
    assert list(counted(plain)) == sorted({tuple(row) for row in np.stack(columns, axis=1).tolist()})


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 4), st.sampled_from([0.1, 2.5, 9.99])), max_size=40))
def test_pairs_of_a_count_and_any_number_are_counted_alike(rows):
    x, m = np.array(rows, dtype=float).reshape(-1, 2).T
    plain, weighted = Population.of([x, m]), Population.of([x, m], np.ones(x.size))
    assert counted(plain) == counted(weighted)
    assert plain.columns.tolist() == weighted.columns.tolist()


def test_large_times_need_no_key():
    columns = [np.array([2.0**30, 1.0]), np.array([2.0**30, 2.0]), np.array([2.0**30, 3.0])]
    assert counted(Population.of(columns)) == {(1, 2, 3): 1, (2**30, 2**30, 2**30): 1}


@settings(max_examples=40, deadline=None)
@given(DAYS)
def test_margins_add_up(rows):
    x, t_x, T = np.array(rows, dtype=float).reshape(-1, 3).T
    population = Population.of([x, t_x, T])
    counts, weight = population.by_x
    assert weight.sum() == len(rows)
    assert counts @ weight == x.sum()
    assert population.columns[0][population.starts].tolist() == counts.tolist()
    assert population.repeaters.n_customers == (x > 0).sum()


def test_blocks_and_parts_are_what_they_say():
    population = Population.of([np.arange(20_000.0), np.zeros(20_000), np.zeros(20_000)])
    assert sum(block.n_distinct for block in population.blocks) == 20_000


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 400), st.integers(400, 700)), min_size=1, max_size=400))
def test_a_coarser_population_has_the_same_totals(rows):
    x, t_x, T = np.array(rows, dtype=float).T
    population = Population.of([x, t_x / 7, T / 7])
    coarse = population.coarse()
    assert coarse.n_distinct <= population.n_distinct
    assert coarse.n_customers == population.n_customers
    for column in range(3):
        assert coarse.mean(column) == pytest.approx(population.mean(column))
    for mine, theirs in zip(coarse.by_x, population.by_x, strict=True):
        assert mine.tolist() == theirs.tolist()


def test_a_coarser_population_is_as_small_as_it_says():
    random = np.random.default_rng(0)
    x, t_x = np.repeat([0.0, 1.0, 2.0], 10_000), random.uniform(0, 50, 30_000)
    population = Population.of([x, t_x * (x > 0), t_x + random.uniform(0, 50, 30_000)])
    assert population.n_distinct == 30_000
    assert 1_000 < population.coarse().n_distinct <= 2 * CELLS_PER_COUNT + 40


def test_customers_of_three_kinds_by_hand():
    population = Population.of([np.array([0.0, 2.0, 0.0, 2.0]), np.array([0.0, 5.0, 0.0, 5.0]), np.full(4, 9.0)])
    assert population.columns.tolist() == [[0, 2], [0, 5], [9, 9]]
    assert population.weight.tolist() == [2, 2]
    assert (population.n_customers, population.n_distinct) == (4, 2)
    assert (population.mean(0), population.mean(1), population.mean(2)) == (1, 2.5, 9)


def test_spenders_know_what_they_spent():
    population = Population.of([np.array([1.0, 4.0]), np.array([20.0, 25.0])], np.array([1.0, 3.0]))
    assert population.over_spent.tolist() == [1 / 20, 1 / 100]
    log_spent, log_mean = population.log_spent
    assert log_spent == pytest.approx(np.log(20) + 3 * np.log(100))
    assert log_mean == pytest.approx(np.log(20) + 3 * np.log(25))


@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_parts_are_the_same_customers_in_order(size):
    population = Population.of([np.arange(5.0), np.arange(5.0), np.full(5, 9.0)])
    parts = population.split(size)
    assert np.array_equal(np.concatenate([part.columns for part in parts], axis=1), population.columns)
    assert max(part.n_distinct for part in parts) == min(size, 5)


def test_nobody_has_no_blocks():
    nobody = Population.of([np.empty(0)] * 3)
    assert (nobody.n_distinct, nobody.n_customers, nobody.blocks) == (0, 0.0, ())


def test_one_time_buyers_are_no_repeaters():
    population = Population.of([np.array([0.0, 0.0, 1.0]), np.array([0.0, 0.0, 2.0]), np.array([3.0, 4.0, 5.0])])
    assert population.repeaters.columns.tolist() == [[1], [2], [5]]
    only_once = Population.of([np.zeros(2), np.zeros(2), np.array([3.0, 4.0])])
    assert only_once.repeaters.n_distinct == 0


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 1, 0, 2]])
def test_weights_that_round_add_up_alike_in_any_order(order):
    weight = np.array([0.1, 0.2, 0.3, 1e16])
    population = Population.of([np.ones(4), np.ones(4), np.full(4, 2.0)], weight[order])
    assert population.n_customers == 0.1 + 0.2 + 0.3 + 1e16


def test_equal_customers_are_as_coarse_as_can_be():
    population = Population.of(
        [np.array([0.0, 1.0]), np.array([0.0, 2.0]), np.array([5.0, 5.0])], np.array([7.0, 3.0])
    )
    assert population.coarse().columns.tolist() == population.columns.tolist()
    assert population.coarse().weight.tolist() == [7, 3]


def test_those_who_are_taken_together_are_near_one_another():
    """No member of a cell is farther from its mean than a step of the logarithmic scale."""
    random = np.random.default_rng(1)
    T = random.uniform(0, 100, 20_000)
    population = Population.of([np.zeros(T.size), np.zeros(T.size), T])
    coarse = population.coarse()
    nearest = np.abs(T[:, None] - coarse.columns[2]).min(axis=1)
    assert (nearest < 0.2 * (T + T.mean() / 4)).all()
