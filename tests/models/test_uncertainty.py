"""Draws of parameters, and the intervals made of them."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import clvlab as cl
from clvlab.errors import ConvergenceError, DataError, MissingColumnsError, ParamsError
from clvlab.models import purchase_intervals, uncertainty
from clvlab.models.covariates import CovariateModel
from clvlab.models.numerics.jets import log
from clvlab.models.numerics.maximum import Likelihood, maximise
from clvlab.models.numerics.population import Population
from clvlab.models.simulation import Buyers, Simulation, simulated_purchases
from tests.models.populations import simulated_bg_nbd, with_spend

WAITS = np.array([0.3, 1.1, 2.4, 0.2, 0.9, 3.0])


def exponential(waits, penalty=0.0):
    """Waiting times at one rate: with a flat prior on ln(rate) the posterior is Gamma(n, sum of waits) exactly."""

    def total(parameters, population):
        return population.n_customers * log(parameters[0]) - parameters[0] * float(
            population.weight @ population.columns[0]
        )

    return Likelihood(total, ("rate",), Population.of([waits]), penalty)


def exponential_draws(draw, waits=WAITS, n=40_000):
    likelihood = exponential(waits)
    found = maximise(likelihood, np.zeros(1))
    return draw(likelihood, found.point, np.linalg.inv(-found.hessian), n, 0)


@pytest.fixture(scope="module")
def small():
    """A population of 1,500, with spend."""
    return with_spend(simulated_bg_nbd(1_500, seed=3), seed=4)


@pytest.fixture(scope="module")
def models(small):
    return cl.BgNbd.fit(small, time_unit="week"), cl.GammaGamma.fit(small)


def test_importance_draws_follow_a_posterior_known_in_closed_form():
    draws = exponential_draws(uncertainty.from_likelihood)
    levels = np.array([0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99])
    exact = stats.gamma.ppf(levels, WAITS.size, scale=1 / WAITS.sum())
    np.testing.assert_allclose(np.quantile(draws.data["rate"], levels), exact, rtol=0.03)
    assert draws.method == "importance"
    assert 0.5 * len(draws) < draws.effective_size <= len(draws)


def test_plain_normal_draws_miss_that_posterior_in_the_tails_of_six_observations():
    draws = exponential_draws(lambda likelihood, *rest: uncertainty.from_normal(likelihood.names, *rest))
    exact = stats.gamma.ppf(0.05, WAITS.size, scale=1 / WAITS.sum())
    assert np.quantile(draws.data["rate"], 0.05) / exact > 1.1


def test_a_penalty_takes_part_in_the_target():
    likelihood = exponential(WAITS, penalty=1e4)
    found = maximise(likelihood, np.zeros(1))
    draws = uncertainty.from_likelihood(likelihood, found.point, np.linalg.inv(-found.hessian), 2_000, 0)
    # A prior of standard deviation 1 / sqrt(2e4) about ln(rate) = 0 outweighs six observations.
    assert draws.log_values.mean() == pytest.approx(0, abs=1e-3)
    assert draws.log_values.std() == pytest.approx(1 / np.sqrt(2e4), rel=0.05)


def test_many_tuples_are_drawn_from_the_normal_approximation(models, monkeypatch):
    monkeypatch.setattr(uncertainty, "MOST_DISTINCT", 100)
    model, _ = models
    draws = model.draws(20_000, seed=1)
    assert (draws.method, draws.effective_size) == ("laplace", 20_000)
    np.testing.assert_allclose(np.cov(draws.log_values.T), model.estimate.log_covariance, rtol=0.1, atol=5e-4)


def test_bootstrap_spreads_as_the_standard_errors_say(models):
    model, _ = models
    draws = model.draws(100, seed=0, method="bootstrap")
    assert draws.method == "bootstrap"
    assert len(draws) + draws.n_failed == 100
    spread = draws.log_values.std(axis=0) / np.sqrt(np.diag(model.estimate.log_covariance))
    np.testing.assert_allclose(spread, 1.0, atol=0.3)


def test_a_bootstrap_that_mostly_fails_says_so():
    endless = Likelihood(lambda parameters, _: parameters[0] * 1.0, ("rate",), Population.of([WAITS]))
    with pytest.raises(ConvergenceError, match="Only 0 of 4 bootstrap samples can identify rate"):
        uncertainty.from_bootstrap(endless, np.zeros(1), 4, 0)


def test_the_seed_decides(models):
    model, _ = models
    same = model.draws(50, seed=5).data
    assert same.equals(model.draws(50, seed=5).data)
    assert not same.equals(model.draws(50, seed=6).data)


def test_a_model_read_from_json_draws_from_the_normal_approximation(models):
    model = cl.BgNbd.from_dict(models[0].to_dict())
    assert model.draws(10).method == "laplace"
    with pytest.raises(ParamsError, match="read without its customers"):
        model.draws(10, method="bootstrap")


@pytest.mark.parametrize(("n", "method"), [(0, "likelihood"), (10, "gibbs")])
def test_draws_refuse_what_they_cannot_do(models, n, method):
    with pytest.raises(ParamsError, match="n must be 1 or more"):
        models[0].draws(n, method=method)


@pytest.mark.parametrize("level", [0.0, 1.0, 90])
def test_a_level_outside_0_to_1_is_refused(models, small, level):
    with pytest.raises(ParamsError, match=r"0\.9 for 90 %"):
        cl.lifetime_value(*models, small, 52, interval=level, n_draws=5)


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


def test_customer_intervals_hold_the_expected_value_and_equal_customers_have_equal_ones(models, small):
    doubled = pl.concat([small, small])
    value = cl.lifetime_value(*models, doubled, "12 months", 0.1, interval=0.9, n_draws=100)
    low, clv, high = (value[name].to_numpy() for name in ("clv_low", "clv", "clv_high"))
    assert ((low >= 0) & (low <= clv) & (clv <= high)).all()
    assert (
        value.head(small.height)
        .select("clv_low", "clv_high")
        .equals(value.tail(small.height).select("clv_low", "clv_high"))
    )


def test_customer_intervals_do_not_depend_on_the_order_of_the_rows(models, small):
    value = cl.lifetime_value(*models, small, 52, interval=0.8, n_draws=50)
    turned = cl.lifetime_value(*models, small.reverse(), 52, interval=0.8, n_draws=50)
    assert turned.reverse().equals(value)


def test_prospects_have_no_interval(models, small):
    prospect = {"frequency": None, "recency": None, "T": None, "monetary_value": None, "n_purchases": 0}
    table = small.head(3).with_columns(n_purchases=pl.col("frequency") + 1)
    table = pl.concat([table, pl.DataFrame([{**prospect, "customer_id": "new"}])], how="diagonal_relaxed")
    value = cl.lifetime_value(*models, table, 52, interval=0.9, n_draws=20)
    assert value.row(-1) == ("new", None, None, None, None, None, None)
    groups = pl.DataFrame({"customer_id": table["customer_id"], "group": ["a", "a", "b", "prospect"]})
    assert cl.value_intervals(*models, table, 52, groups=groups, n_draws=20)["customers"].to_list() == [2, 1, 3]


def test_groups_add_up_and_the_total_is_relatively_surer(models, small):
    groups = small.select(
        "customer_id", group=pl.when(pl.col("frequency") > 2).then(pl.lit("many")).otherwise(pl.lit("few"))
    )
    table = cl.value_intervals(*models, small, "12 months", groups=groups, n_draws=200)
    assert table["group"].to_list() == ["few", "many", "total"]
    few, many, total = table.iter_rows(named=True)
    assert few["customers"] + many["customers"] == total["customers"] == small.height
    assert few["clv"] + many["clv"] == pytest.approx(total["clv"])
    assert total["clv"] == pytest.approx(cl.lifetime_value(*models, small, "12 months")["clv"].sum())
    assert few["clv_low"] + many["clv_low"] < total["clv_low"] < total["clv"] < total["clv_high"]


def test_purchases_of_groups_have_intervals_too(models, small):
    model, _ = models
    table = small.drop("monetary_value")
    groups = table.select("customer_id", group=pl.col("frequency").clip(0, 2).cast(pl.String))
    found = purchase_intervals(model, table, "26 weeks", groups=groups, n_draws=200)
    assert found["group"].to_list() == ["0", "1", "2", "total"]
    assert found["expected_purchases"][-1] == pytest.approx(model.expected_purchases(table, 26).sum())
    assert (found["low"] < found["expected_purchases"]).all()
    assert (found["expected_purchases"] < found["high"]).all()
    # Counts of many customers: at least as wide as Poisson counts of their mean would be.
    assert found["high"][-1] - found["low"][-1] > 2 * 1.64 * np.sqrt(found["expected_purchases"][-1])


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


@settings(max_examples=10, deadline=None)
@given(margin=st.floats(0.01, 1.0))
def test_intervals_scale_with_the_margin(models, small, margin):
    few = small.head(20)
    whole = cl.value_intervals(*models, few, 52, n_draws=20).row(-1)[2:]
    part = cl.value_intervals(*models, few, 52, margin=margin, n_draws=20).row(-1)[2:]
    assert part == pytest.approx([margin * each for each in whole])


def test_a_wider_level_gives_a_wider_interval(models, small):
    narrow, wide = (
        cl.value_intervals(*models, small, 52, level=level, n_draws=150).row(-1, named=True) for level in (0.5, 0.95)
    )
    assert wide["clv_low"] < narrow["clv_low"] < narrow["clv_high"] < wide["clv_high"]


def test_a_customer_without_a_group_is_an_error(models, small):
    groups = small.head(10).select("customer_id", group=pl.lit("a"))
    with pytest.raises(DataError, match="1490 of 1500 customers have no group"):
        cl.value_intervals(*models, small, 52, groups=groups)
    with pytest.raises(MissingColumnsError, match="groups has no column 'group'"):
        cl.value_intervals(*models, small, 52, groups=groups.select("customer_id"))
    with pytest.raises(DataError, match="twice in `groups`"):
        cl.value_intervals(*models, small, 52, groups=pl.concat([groups, groups]).to_pandas())


def test_a_model_with_attributes_is_told_that_it_has_no_intervals(models, small):
    table = small.with_columns(kind=pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.lit("a")).otherwise(pl.lit("b")))
    model = CovariateModel.fit(cl.BgNbd, table, purchase=["kind"], time_unit="week")
    with pytest.raises(ParamsError, match="Intervals are for models without attributes"):
        cl.lifetime_value(model, models[1], table, 52, interval=0.9)


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
