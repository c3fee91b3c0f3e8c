"""Sums over sets of customers: by hand, next to what is expected, and of a sample next to all."""

from dataclasses import replace

import numpy as np
import pytest

from clvlab.models import sums
from clvlab.models.attributes import Attributes
from clvlab.models.covariates import CovariateModel
from clvlab.models.gamma_gamma import GammaGamma
from clvlab.models.mean_spend import MeanSpend
from clvlab.models.simulation import Buyers, Simulation
from clvlab.models.spend_by_attributes import SpendByAttributes
from clvlab.models.sums import Sets, summed
from tests.models.laws import MODELS, SPEND, every_model

BG_NBD = MODELS[0]


def population(n=3_000, seed=0):
    """Customers of many histories."""
    random = np.random.default_rng(seed)
    T = random.uniform(5, 100, n).round()
    x = np.minimum(random.poisson(random.gamma(0.6, 1 / 8, n) * T), 40).astype(float)
    t_x = np.where(x > 0, T * random.random(n), 0.0).round(2)
    return Buyers(x, t_x, T, x * random.gamma(6, 5, n))


def known(model, spend=SPEND, n_futures=300, decay=0.01, margin=0.5, seed=0):
    return Simulation([model] * n_futures, [spend] * n_futures, 26.0, decay, margin, seed)


def thirds(buyers):
    """Customers by how often they bought: many, some, and a few."""
    return Sets([np.digitize(buyers.x, [1, 12])], [3])


@pytest.fixture
def many(monkeypatch):
    """However few customers there are, they are very many."""
    monkeypatch.setattr(sums, "MOST_ALONE", 0)


def test_totals_are_of_all_and_of_each_set():
    sets = Sets([np.array([0, 1, 0]), np.array([2, 2, 0])], [2, 4])
    assert sets.totals(np.array([1.0, 2.0, 4.0])).tolist() == [7, 5, 2, 4, 0, 3, 0]
    assert sets[np.array([0, 2])].totals(np.array([1.0, 4.0])).tolist() == [5, 5, 0, 4, 0, 1, 0]
    assert sets.largest(np.array([3.0, 1.0, 9.0, 5.0, 0.0, 2.0, 0.0])).tolist() == [3, 9, 5]
    assert Sets([], []).totals(np.array([1.0, 2.0])).tolist() == [3]


def test_sums_of_few_customers_are_those_of_each():
    buyers = population(200)
    purchases, values = summed(known(BG_NBD, n_futures=5), buyers, thirds(buyers))
    (rows, counts, worth), *others = known(BG_NBD, n_futures=5).purchases_and_values(buyers)
    assert (others, rows.size) == ([], 200)
    assert purchases[:, 0].tolist() == counts.sum(axis=1).tolist()
    assert values[:, 1] == pytest.approx(worth[:, buyers.x < 1].sum(axis=1), rel=1e-12)


@every_model
def test_what_is_expected_is_the_mean_of_what_is_simulated(model):
    buyers = population(50)
    futures = known(model, n_futures=2_000)
    (_, *outcomes), *_ = futures.purchases_and_values(buyers)
    for expected, simulated in zip(futures.expected(0, buyers), outcomes, strict=True):
        error = simulated.sum(axis=1).std() / np.sqrt(2_000)
        assert simulated.sum(axis=1).mean() == pytest.approx(expected.sum(), abs=4 * error)


def test_without_spend_and_discount_the_value_is_the_margin_of_the_purchases():
    purchases, value = known(BG_NBD, None, decay=0.0).expected(0, population(50))
    assert value == pytest.approx(0.5 * purchases, rel=1e-12)


@pytest.mark.usefixtures("many")
@every_model
def test_a_sample_of_known_parameters_has_the_expected_sums(model, monkeypatch):
    monkeypatch.setattr(sums, "SAMPLE", 200)
    buyers = population()
    sets, futures = thirds(buyers), known(model)
    for found, expected in zip(summed(futures, buyers, sets), futures.expected(0, buyers), strict=True):
        large = [0, 1, 2]  # the third set is small, and simulated as it is
        assert found.mean(axis=0)[large] == pytest.approx(sets.totals(expected)[large], rel=1e-9)


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(
    ("model", "spend"),
    [*((model, SPEND) for model in MODELS), (BG_NBD, MeanSpend(20.0))],
    ids=lambda each: type(each).__name__,
)
def test_sums_of_a_sample_vary_as_those_of_all(model, spend, monkeypatch):
    buyers = population(1_500)
    sets, n = thirds(buyers), 500
    monkeypatch.setattr(sums, "SAMPLE", 400)
    sample = summed(known(model, spend, n), buyers, sets)
    monkeypatch.setattr(sums, "MOST_ALONE", len(buyers))
    whole = summed(known(model, spend, n), buyers, sets)
    for of_sample, of_all in zip(sample, whole, strict=True):
        assert of_sample.std(axis=0) == pytest.approx(of_all.std(axis=0), rel=0.2)
        for tail in (0.05, 0.95):
            ends = (np.quantile(each, tail, axis=0) for each in (of_sample, of_all))
            assert next(ends) == pytest.approx(next(ends), abs=0.3 * of_all.std(axis=0).max(), rel=0.05)


@pytest.mark.usefixtures("many")
def test_small_sets_are_simulated_as_they_are(monkeypatch):
    monkeypatch.setattr(sums, "SAMPLE", 700)
    buyers = population()
    sets = thirds(buyers)
    assert (sets.codes[0] == 2).sum() < 350
    purchases, _ = summed(known(BG_NBD), buyers, sets)
    assert np.array_equal(purchases[:, 3], np.rint(purchases[:, 3]))
    assert not np.array_equal(purchases[:, 1], np.rint(purchases[:, 1]))


@pytest.mark.usefixtures("many")
def test_sums_of_a_sample_follow_the_parameters(monkeypatch):
    monkeypatch.setattr(sums, "SAMPLE", 600)
    buyers, sets = population(), Sets([], [])
    models = [type(BG_NBD)(0.6, 8.0, a, 2.5, time_unit="week") for a in np.geomspace(0.1, 2.0, 200)]
    futures = Simulation(models, [SPEND] * 200, 26.0, 0.0, 1.0, 0)
    _, sample = summed(futures, buyers, sets)
    monkeypatch.setattr(sums, "MOST_ALONE", len(buyers))
    _, whole = summed(futures, buyers, sets)
    assert np.corrcoef(sample[:, 0], whole[:, 0])[0, 1] > 0.95
    assert sample.mean() == pytest.approx(whole.mean(), rel=0.02)
    assert sample.std() == pytest.approx(whole.std(), rel=0.15)


@pytest.mark.usefixtures("many")
def test_customers_with_attributes_follow_their_own_models(monkeypatch):
    monkeypatch.setattr(sums, "SAMPLE", 200)
    regions, nothing = Attributes({"region": ("north", "south")}, (0.5,), (1.0,)), Attributes({}, (), ())
    model = CovariateModel(BG_NBD, BG_NBD, regions, nothing, np.log([3.0]), np.zeros(0), -1.0, np.eye(5))
    spend = SpendByAttributes(SPEND, regions, np.log([2.0]))
    plain, south = population(), np.random.default_rng(0).integers(0, 2, 3_000).astype(float)
    buyers, futures = replace(plain, z=south[:, None], of_spend=(south,)), known(model, spend)
    sets = Sets([south.astype(np.intp)], [2])
    of_south, _ = known(model.model_of(np.ones(1)), None).expected(0, plain)
    assert sets.totals(futures.expected(0, buyers)[0])[2] == pytest.approx(of_south[south == 1].sum(), rel=1e-9)
    for found, expected in zip(summed(futures, buyers, sets), futures.expected(0, buyers), strict=True):
        assert found.mean(axis=0) == pytest.approx(sets.totals(expected), rel=1e-9)


@pytest.mark.usefixtures("many")
def test_where_spend_has_no_mean_each_customer_is_simulated():
    buyers = population(300)
    no_mean = known(BG_NBD, GammaGamma(6.0, 0.9, 15.0), n_futures=5)
    purchases, _ = summed(no_mean, buyers, thirds(buyers))
    assert np.array_equal(purchases, np.rint(purchases))


def test_nobody_has_sums_of_nothing():
    nobody = Buyers(*np.zeros((4, 0)))
    purchases, values = summed(known(BG_NBD, n_futures=3), nobody, Sets([], []))
    assert purchases.tolist() == values.tolist() == [[0], [0], [0]]
