"""Intervals of very many customers: next to those of each simulated by itself, and at known parameters."""

import numpy as np
import pytest

import clvlab as cl
from clvlab.models import alike
from clvlab.models.alike import Classes, in_steps, value_ends
from clvlab.models.attributes import Attributes
from clvlab.models.covariates import CovariateModel
from clvlab.models.mean_spend import MeanSpend
from clvlab.models.simulation import Buyers, Simulation
from tests.models.laws import MODELS, SPEND, every_model

BG_NBD = MODELS[0]
HISTORIES = [(0.0, 0.0, 5.0), (0.0, 0.0, 60.0), (1.0, 8.0, 30.0), (3.0, 20.0, 30.0), (12.0, 50.0, 52.0)]


def unlike(spent=25.0, times=1):
    """Customers of some histories, several of each; what they spent a repeat purchase."""
    x, t_x, T = (np.repeat(column, times) for column in np.array(HISTORIES).T)
    return Buyers(x, t_x, T, x * spent)


def known(model, spend=SPEND, n_futures=400, decay=0.0, seed=0):
    """Futures of 26 weeks at parameters that are known."""
    return Simulation([model] * n_futures, [spend] * n_futures, 26.0, decay, 1.0, seed)


@pytest.fixture
def many(monkeypatch):
    """However few customers there are, they are very many."""
    monkeypatch.setattr(alike, "MOST_ALONE", 0)


def test_steps_are_of_a_width_relative_to_the_value():
    values = np.array([0.0, 0.9, 1.1, 9.0])
    assert in_steps(values, 1.0, np.log(2)).tolist() == [0, 0, 1, 3]
    assert in_steps(10 * values, 10.0, np.log(2)).tolist() == [0, 0, 1, 3]


def test_a_class_has_the_mean_history_and_the_range_of_money_of_its_customers():
    buyers = Buyers(np.full(3, 2.0), np.full(3, 4.0), np.array([10.0, 50.0, 10.2]), np.array([30.0, 7.0, 50.0]))
    classes = Classes.of(buyers, BG_NBD, 0.1)
    assert pytest.approx([10.1, 50.0]) == classes.buyers.T
    assert (classes.buyers.spent.tolist(), classes.most.tolist()) == ([30, 7], [50, 7])
    assert (classes.order.tolist(), classes.starts.tolist()) == ([0, 2, 1], [0, 2, 3])


def test_only_who_buys_regularly_is_told_apart_by_the_last_purchase():
    buyers = Buyers(np.full(2, 2.0), np.array([1.0, 9.0]), np.full(2, 10.0), np.zeros(2))
    assert [len(Classes.of(buyers, model, 0.1)) for model in MODELS] == [1, 1, 1, 1, 2, 2]


def test_few_customers_are_simulated_one_by_one():
    futures, buyers = known(BG_NBD, n_futures=50), unlike()
    assert np.array_equal(value_ends(futures, buyers, 0.9), futures.intervals(buyers, 0.9))


@pytest.mark.usefixtures("many")
@every_model
def test_ends_are_those_of_each_customer_by_itself(model, monkeypatch):
    monkeypatch.setattr(alike, "REPEATS", 40)
    ends = value_ends(known(model, n_futures=500, decay=0.01), unlike(), 0.8)
    alone = known(model, n_futures=20_000, decay=0.01, seed=1).intervals(unlike(), 0.8)
    assert ends == pytest.approx(np.array(alone), rel=0.06, abs=1.5)


@pytest.mark.usefixtures("many")
def test_ends_lie_between_those_of_the_least_and_the_most_money():
    spent = np.array([0.0, 25.0, 75.0, 100.0])
    buyers = Buyers(np.full(4, 3.0), np.full(4, 20.0), np.full(4, 21.0), spent)
    _, high = value_ends(known(BG_NBD), buyers, 0.8)
    # At known parameters they are in proportion to gamma + spent.
    assert high / (SPEND.gamma + spent) == pytest.approx(np.full(4, high[0] / SPEND.gamma), rel=1e-12)
    assert high[0] > 0


@pytest.mark.usefixtures("many")
def test_purchases_of_one_price_are_worth_multiples_of_it():
    low, high = value_ends(known(BG_NBD, MeanSpend(8.0), n_futures=375), unlike(), 0.9)
    assert (low <= high).all()
    assert high.max() > 16
    assert (np.abs(high / 8 - np.rint(high / 8)) < 1e-9).mean() >= 0.8  # an end may lie between two counts


@pytest.mark.usefixtures("many")
def test_who_is_gone_has_an_interval_of_nothing():
    gone = Buyers(np.array([300.0]), np.array([1.0]), np.array([1_000.0]), np.array([6_000.0]))
    assert np.array_equal(value_ends(known(BG_NBD, n_futures=50), gone, 0.9), np.zeros((2, 1)))


@pytest.mark.usefixtures("many")
def test_customers_of_one_history_and_money_have_equal_ends(monkeypatch):
    monkeypatch.setattr(alike, "CLASSES_AT_ONCE", 2)
    buyers = unlike(times=3)
    low, high = value_ends(known(BG_NBD), buyers, 0.9)
    assert (np.ptp(low.reshape(-1, 3), axis=1) == 0).all()
    assert (np.ptp(high.reshape(-1, 3), axis=1) == 0).all()
    assert len(set(high)) == len(HISTORIES)


@pytest.mark.usefixtures("many")
def test_customers_with_attributes_have_the_ends_of_their_own_model(monkeypatch):
    monkeypatch.setattr(alike, "REPEATS", 40)
    regions = Attributes({"region": ("north", "south")}, (0.5,), (1.0,))
    nothing = Attributes({}, (), ())
    model = CovariateModel(BG_NBD, BG_NBD, regions, nothing, np.log([3.0]), np.zeros(0), -1.0, np.eye(5))
    x, t_x, T = (np.tile(column, 2) for column in np.array(HISTORIES).T)
    z = np.repeat([[0.0], [1.0]], len(HISTORIES), axis=0)
    buyers = Buyers(x, t_x, T, 25 * x, z)
    _, high = value_ends(known(model, n_futures=500), buyers, 0.8)
    for kind in (0.0, 1.0):
        own = known(model.model_of(np.array([kind])), n_futures=20_000, seed=1)
        _, alone = own.intervals(unlike(), 0.8)
        assert high[z[:, 0] == kind] == pytest.approx(alone, rel=0.06, abs=1.5)


def test_values_of_very_many_are_much_as_those_of_each(models, small, monkeypatch):
    model, spend = models
    each = cl.lifetime_value(model, spend, small, "12 months", 0.1, interval=0.9)
    monkeypatch.setattr(alike, "MOST_ALONE", 0)
    many = cl.lifetime_value(model, spend, small, "12 months", 0.1, interval=0.9)
    assert many.drop("clv_low", "clv_high").equals(each.drop("clv_low", "clv_high"))
    assert many["clv_high"].sum() == pytest.approx(each["clv_high"].sum(), rel=0.03)
    assert many["clv_low"].sum() == pytest.approx(each["clv_low"].sum(), abs=0.01 * each["clv"].sum())
    assert np.corrcoef(many["clv_high"], each["clv_high"])[0, 1] > 0.98
