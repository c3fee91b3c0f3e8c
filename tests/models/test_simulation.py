"""Simulated futures: of single customers, of their sums, and at known parameters."""

import numpy as np
import polars as pl
import pytest
from scipy import stats

import clvlab as cl
from clvlab.errors import ParamsError
from clvlab.models import simulation
from clvlab.models.purchase_history import PurchaseHistories
from clvlab.models.simulation import (
    Buyers,
    Simulation,
    drawable,
    read_buyers,
    simulated_purchases,
)
from tests.models.laws import MODELS, SPEND, every_model
from tests.models.populations import history

BG_NBD = MODELS[0]


def alike(n, x=3.0, t_x=20.0, T=30.0, m=25.0):
    """`n` customers of one history."""
    return Buyers(np.full(n, x), np.full(n, t_x), np.full(n, T), np.full(n, x * m))


def certain(model, spend=None, horizon=26.0, decay=0.0, margin=1.0, n_futures=1, seed=0):
    """Futures at parameters that are known."""
    return Simulation([model] * n_futures, [spend] * n_futures, horizon, decay, margin, seed)


def all_values(futures, buyers):
    return np.concatenate([values for _, values in futures.values(buyers)], axis=1)


def test_buyers_know_what_they_spent():
    table = PurchaseHistories(
        [np.array([2.0, 0.0]), np.array([5.0, 0.0]), np.array([9.0, 4.0]), np.array([60.0, 0.0])],
        np.array([True, True]),
    )
    buyers = Buyers.of(table)
    assert buyers.spent.tolist() == [60, 0]
    assert (len(buyers), len(buyers[1:])) == (2, 1)
    assert buyers[1:].T.tolist() == [4]


def test_without_money_nobody_has_spent_any():
    table = PurchaseHistories([np.array([2.0]), np.array([5.0]), np.array([9.0])], np.array([True]))
    assert Buyers.of(table).spent.tolist() == [0]


def test_equal_customers_are_taken_once():
    buyers = Buyers(
        np.array([2.0, 0.0, 2.0, 2.0]),
        np.array([5.0, 0.0, 5.0, 5.0]),
        np.full(4, 9.0),
        np.array([60.0, 0.0, 60.0, 61.0]),
    )
    unlike, index = buyers.each_once()
    assert unlike.spent.tolist() == [0, 60, 61]
    assert index.tolist() == [1, 0, 1, 2]


@pytest.mark.parametrize("z", [None, np.array([[0.0], [0.0], [0.0], [1.0]])])
def test_customers_who_differ_in_what_their_spend_depends_on_are_not_equal(z):
    alike = np.full(4, 2.0)
    buyers = Buyers(alike, alike, np.full(4, 9.0), np.full(4, 60.0), z, (np.array([1.0, 0.0, 1.0, 1.0]),))
    unlike, index = buyers.each_once()
    assert unlike.numbers_of_spend[index].tolist() == [[1.0], [0.0], [1.0], [1.0]]
    assert len(unlike) == (2 if z is None else 3)
    assert buyers[1:2].numbers_of_spend.tolist() == [[0.0]]


@every_model
def test_p_alive_is_that_of_each_customers_history(model):
    x, t_x, T = np.array([3.0, 0.0, 3.0]), np.array([20.0, 0.0, 20.0]), np.full(3, 30.0)
    alive = Buyers(x, t_x, T, np.zeros(3)).p_alive(model)
    assert alive == pytest.approx(model.p_alive_given(x, t_x, T), abs=1e-7)
    assert alive[0] == alive[2]


def test_buyers_are_read_in_the_models_unit():
    days = pl.concat([history(2, 35, 63), history(0, 0, 28)]).with_columns(
        monetary_value=pl.Series([30.0, None]), n_purchases=pl.Series([3, 1])
    )
    prospect = pl.DataFrame({"n_purchases": [0]})
    table = read_buyers(BG_NBD, pl.concat([days, prospect], how="diagonal_relaxed"), "day", SPEND)
    assert [column.tolist() for column in table.columns] == [[2, 0], [5, 0], [9, 4], [60, 0]]
    assert table.is_buyer.tolist() == [True, True, False]
    assert len(read_buyers(BG_NBD, days, "day").columns) == 3


def test_what_has_no_parameters_cannot_be_drawn():
    assert drawable(BG_NBD) is BG_NBD
    with pytest.raises(ParamsError, match="models whose parameters can be drawn, such as BgNbd; this is a str"):
        drawable("bg_nbd")


@every_model
def test_purchases_follow_the_models_probabilities(model):
    n = 40_000
    count, last = simulated_purchases(model, alike(n), 26.0, np.random.default_rng(1))
    for k in range(4):
        chance = model.probability_of_purchases(k, history(3, 20, 30), 26)[0]
        assert np.mean(count == k) == pytest.approx(chance, abs=4 * np.sqrt(chance * (1 - chance) / n))
    assert ((last > 0) == (count > 0)).all()
    assert last.max() <= 26.0


def test_without_spend_and_discount_a_future_is_worth_its_purchases():
    values = all_values(certain(BG_NBD), alike(1_000))
    assert np.array_equal(values, np.rint(values))
    count, _ = simulated_purchases(BG_NBD, alike(1_000), 26.0, np.random.default_rng(0))
    assert np.array_equal(values[0], count)


@every_model
def test_nothing_is_worth_anything_in_no_time(model):
    assert not all_values(certain(model, SPEND, horizon=0.0), alike(50)).any()


def test_an_ever_steeper_discount_leaves_nothing():
    values = [all_values(certain(BG_NBD, SPEND, decay=decay), alike(500)).sum() for decay in (0.0, 0.1, 10.0, 1e6)]
    assert np.all(np.diff(values) < 0)
    assert values[-1] < 1e-3 * values[0]


def test_purchases_are_worth_what_the_spend_model_expects_of_their_customer():
    n = 40_000
    worth = all_values(certain(BG_NBD, SPEND), alike(n))[0]
    spend = SPEND.expected_spend_given(np.array([3.0]), np.array([25.0]))[0]
    expected = BG_NBD.expected_purchases(history(3, 20, 30), 26)[0] * spend
    assert worth.mean() == pytest.approx(expected, abs=4 * worth.std() / np.sqrt(n))


def test_the_margin_is_taken_of_the_same_futures():
    whole, part = (all_values(certain(BG_NBD, SPEND, margin=margin), alike(300)) for margin in (1.0, 0.25))
    assert part == pytest.approx(0.25 * whole, rel=1e-14)


def test_currency_scales_the_same_futures():
    in_cents = cl.GammaGamma(SPEND.p, SPEND.q, 100 * SPEND.gamma)
    whole = all_values(certain(BG_NBD, SPEND), alike(300))
    cents = all_values(certain(BG_NBD, in_cents), alike(300, m=2_500.0))
    assert cents == pytest.approx(100 * whole, rel=1e-12)


def test_the_seed_decides():
    first, again, other = (all_values(certain(BG_NBD, SPEND, seed=seed), alike(200)) for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_nobody_has_no_futures():
    assert list(certain(BG_NBD).values(alike(0))) == []


def test_blocks_cover_every_customer_once(monkeypatch):
    monkeypatch.setattr(simulation, "CUSTOMERS_AT_ONCE", 40)
    blocks = list(certain(BG_NBD, n_futures=3).values(alike(100)))
    assert [rows[0] for rows, _ in blocks] == [0, 40, 80]
    assert [values.shape for _, values in blocks] == [(3, 40), (3, 40), (3, 20)]


def test_futures_are_at_draws_of_the_parameters(models):
    model, spend = models
    futures = Simulation.of(model, spend, 52.0, 0.1, 0.3, 20, seed=1)
    assert futures.n_futures == len(futures.spends) == 20
    assert len({each.r for each in futures.models}) == 20
    assert futures.decay == pytest.approx(np.log(1.1) * 7 / 365.25)
    again = Simulation.of(model, spend, 52.0, 0.1, 0.3, 20, seed=1)
    assert again.models == futures.models
    assert again.spends == futures.spends
    assert Simulation.of(model, None, 52.0, 0.0, 1.0, 3, seed=1).spends == [None] * 3


def test_who_is_gone_has_an_interval_of_nothing():
    low, high = certain(BG_NBD, SPEND, n_futures=50).intervals(alike(3, x=300.0, t_x=1.0, T=1_000.0), 0.9)
    assert low.tolist() == high.tolist() == [0, 0, 0]


def test_equal_customers_have_equal_intervals():
    buyers = Buyers(
        np.array([3.0, 0.0, 3.0]), np.array([20.0, 0.0, 20.0]), np.full(3, 30.0), np.array([75.0, 0.0, 75.0])
    )
    low, high = certain(BG_NBD, SPEND, n_futures=60).intervals(buyers, 0.8)
    assert (low[0], high[0]) == (low[2], high[2])
    assert high[0] != high[1]


@pytest.mark.parametrize("family", [cl.BgNbd, cl.MbgNbd, cl.ParetoNbd, cl.Nbd])
def test_simulated_futures_have_the_expected_number_of_purchases(family, small):
    model = family.fit(small, time_unit="week")
    x, t_x, T = (small[name].to_numpy().astype(float) for name in ("frequency", "recency", "T"))
    buyers, random = Buyers(x, t_x, T, np.zeros(x.size)), np.random.default_rng(0)
    totals = [simulated_purchases(model, buyers, 52.0, random)[0].sum() for _ in range(100)]
    standard_error = np.std(totals) / np.sqrt(100)
    assert np.mean(totals) == pytest.approx(model.expected_purchases(small, 52).sum(), abs=4 * standard_error)


def test_simulated_values_have_the_discounted_value_for_their_mean(models, small):
    # One world, known exactly: ten years at 50 % a year, where timing is most of the value.
    model, spend = models
    simulation = Simulation([model] * 200, [spend] * 200, 520.0, np.log(1.5) / 52.17857142857143, 0.3, 0)
    x, t_x, T, m = (small[name].to_numpy().astype(float) for name in ("frequency", "recency", "T", "monetary_value"))
    totals = sum(
        futures.sum(axis=1) for _, futures in simulation.values(Buyers(x, t_x, T, np.where(x > 0, x * m, 0)))
    )
    expected = cl.lifetime_value(model, spend, small, 520, 0.5, 0.3)["clv"].sum()
    assert totals.mean() == pytest.approx(expected, abs=4 * totals.std() / np.sqrt(200))


def test_parameter_errors_do_not_average_out(models, small):
    """Ten times the same customers: their own chance averages out, the parameters' error stays."""
    model, spend = models
    many = pl.concat([small] * 10)
    total = cl.value_intervals(model, spend, many, 52, n_draws=100).row(-1, named=True)
    certain = cl.BgNbd(**model.parameters, time_unit="week")
    simulation = Simulation([certain] * 100, [spend] * 100, 52.0, 0.0, 1.0, 0)
    x, t_x, T, m = (many[name].to_numpy().astype(float) for name in ("frequency", "recency", "T", "monetary_value"))
    alone = sum(futures.sum(axis=1) for _, futures in simulation.values(Buyers(x, t_x, T, np.where(x > 0, x * m, 0))))
    low, high = np.quantile(alone, [0.05, 0.95])
    assert total["clv_high"] - total["clv_low"] > 2 * (high - low)


def test_randomised_pit_of_purchase_counts_is_uniform():
    """Customers of a known law, half their time held back: where each count falls among its futures is uniform."""
    true = cl.BgNbd(r=0.6, alpha=8.0, a=0.7, b=2.5, time_unit="week")
    random = np.random.default_rng(8)
    n = 4_000
    rate, p = random.gamma(0.6, 1 / 8.0, n), random.beta(0.7, 2.5, n)
    times = np.cumsum(random.exponential(1 / rate[:, None], (n, 80)), axis=1)
    bought = (times < 80) & (np.arange(80) < random.geometric(np.maximum(p, 1e-12))[:, None])
    x = (bought & (times < 40)).sum(axis=1)
    t_x = np.where(bought & (times < 40), times, 0).max(axis=1)
    later = bought.sum(axis=1) - x
    buyers = Buyers(x.astype(float), t_x, np.full(n, 40.0), np.zeros(n))
    futures = np.stack([simulated_purchases(true, buyers, 40.0, random)[0] for _ in range(400)])
    pit = (futures < later).mean(axis=0) + random.random(n) * (futures == later).mean(axis=0)
    assert stats.kstest(pit, "uniform").pvalue > 0.01
