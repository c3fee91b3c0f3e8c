"""BG/CNBD-k and MBG/CNBD-k against what they are at k = 1, the integrals they start from, and simulated gaps."""

import json
from itertools import pairwise

import mpmath as mp
import numpy as np
import polars as pl
import pytest
from scipy import special

import clvlab as cl
from clvlab.errors import ParamsError
from clvlab.models.numerics.population import Population
from clvlab.models.regular import silence
from tests.models.populations import history

PLAIN = {cl.BgCnbdK: cl.BgNbd, cl.MbgCnbdK: cl.MbgNbd}
PARAMETERS = (2.0, 8.0, 1.7, 2.5)  # whose densities are bounded, so that plain quadrature is exact
CUSTOMERS = pl.concat(
    [history(0, 0, 0), history(0, 0, 30), history(3, 20, 30), history(3, 5, 30), history(40, 29, 30)]
)

both = pytest.mark.parametrize("family", PLAIN, ids=lambda family: family.__name__)
every_k = pytest.mark.parametrize("k", [1, 2, 3, 4, 6])


def of(family, k, parameters=PARAMETERS):
    return family(*parameters, k=k, time_unit="week")


def buyers_of_erlang_gaps(n, seed, k, r, alpha, a, b, ages, *, may_leave_at_first):
    """Customers one by one, gap by gap: written independently of the package."""
    random = np.random.default_rng(seed)
    rows = []
    for T in random.uniform(*ages, n):
        rate, p = random.gamma(r, 1 / alpha), random.beta(a, b)
        x, t_x, t = 0, 0.0, random.gamma(k, 1 / rate)
        stays = random.random() >= p if may_leave_at_first else True
        while stays and t < T:
            x, t_x, stays = x + 1, t, random.random() >= p
            t += random.gamma(k, 1 / rate)
        rows.append((x, t_x, T))
    return pl.DataFrame(rows, schema=["frequency", "recency", "T"], orient="row")


@both
def test_at_k_1_it_is_the_plain_model(family):
    plain = PLAIN[family](0.6, 8.0, 0.7, 2.5, time_unit="week")
    table = plain.simulate(400, np.linspace(0, 80, 400), seed=1)
    fitted, known = family.fit(table, k=1, time_unit="week"), PLAIN[family].fit(table, time_unit="week")
    assert fitted.parameters == pytest.approx(known.parameters, rel=1e-10)
    assert fitted.log_likelihood == pytest.approx(known.log_likelihood, rel=1e-10)
    assert fitted.covariance == pytest.approx(known.covariance, rel=1e-8)
    for ask in (
        lambda model: model.p_alive(table),
        lambda model: model.expected_purchases(table, 26),
        lambda model: model.expected_purchases(table, 0.01),
        lambda model: model.probability_of_purchases(0, table, 26),
        lambda model: model.probability_of_purchases(2, table, 26),
        lambda model: model.discounted_purchases(table, 52, 0.1),
        lambda model: model.discounted_purchases(table, None, 0.1),
        lambda model: model.expected_purchases_new([1, 52]),
        lambda model: model.discounted_purchases_new(52, 0.1),
    ):
        assert ask(fitted) == pytest.approx(ask(replaced(known, fitted)), rel=1e-10)


EXTREMES = pl.concat(
    [history(0, 0, 0), history(0, 0, 5_000), history(1, 0.1, 0.2), history(3, 2, 5_000), history(5_000, 99, 100)]
)


@both
@pytest.mark.parametrize("horizon", [1e-6, 1.0, 520.0, 20_000.0])
def test_at_k_1_it_is_the_plain_model_for_any_history_and_horizon(family, horizon):
    regular, plain = of(family, 1), PLAIN[family](*PARAMETERS, time_unit="week")
    assert regular.p_alive(EXTREMES) == pytest.approx(plain.p_alive(EXTREMES), rel=1e-12, abs=0)
    expected = plain.expected_purchases(EXTREMES, horizon)
    assert regular.expected_purchases(EXTREMES, horizon) == pytest.approx(expected, rel=1e-10, abs=0)
    for n in (0, 1, 7):
        chance = plain.probability_of_purchases(n, EXTREMES, horizon)
        assert regular.probability_of_purchases(n, EXTREMES, horizon) == pytest.approx(chance, rel=1e-10, abs=0)
    worth = plain.discounted_purchases(EXTREMES, horizon, 0.1)
    assert regular.discounted_purchases(EXTREMES, horizon, 0.1) == pytest.approx(worth, rel=1e-7, abs=0)


@both
@every_k
def test_a_longer_horizon_brings_more_purchases(family, k):
    horizons = np.geomspace(1e-6, 20_000, 20)
    expected = np.array([of(family, k).expected_purchases(EXTREMES, horizon) for horizon in horizons])
    worth = np.array([of(family, k).discounted_purchases(EXTREMES, horizon, 0.1) for horizon in horizons])
    likely = of(family, k).p_alive(EXTREMES) > 1e-100
    assert (np.diff(expected[:, likely], axis=0) > 0).all()
    # What is bought after centuries is worth nothing.
    assert (np.diff(worth[:, likely], axis=0) > -1e-7 * worth[-1, likely]).all()
    assert (worth <= expected * (1 + 1e-9)).all()


@both
@every_k
def test_predictions_are_in_any_unit_of_time(family, k):
    weeks = of(family, k)
    days = family(*(PARAMETERS * np.array([1, 7, 1, 1])).tolist(), k=k, time_unit="day")
    in_days = CUSTOMERS.with_columns(pl.col("recency", "T") * 7)
    assert days.p_alive(in_days) == pytest.approx(weeks.p_alive(CUSTOMERS), rel=1e-12)
    for ask in (
        lambda model, customers: model.expected_purchases(customers, "26 weeks"),
        lambda model, customers: model.probability_of_purchases(2, customers, "26 weeks"),
        lambda model, customers: model.discounted_purchases(customers, "26 weeks", 0.1),
        lambda model, customers: model.discounted_purchases(customers, None, 0.1),
    ):
        assert ask(days, in_days) == pytest.approx(ask(weeks, CUSTOMERS), rel=1e-9)


@both
def test_at_k_3_what_is_expected_of_histories_is_what_simulated_gaps_bring(family):
    """Of customers whose purchases are drawn gap by gap: what the first year tells of the next half."""
    random = np.random.default_rng(4)
    n, may_leave_at_first = 20_000, family is cl.MbgCnbdK
    rate, p = random.gamma(2.0, 1 / 3.0, n), random.beta(1.7, 2.5, n)
    gaps = random.gamma(3, 1 / rate[:, None], (n, 80))
    stays = random.random((n, 80)) >= p[:, None]
    times, may_buy = gaps.cumsum(axis=1), np.ones((n, 80), dtype=bool)
    may_buy[:, 1:] = stays[:, :-1].cumprod(axis=1)
    if may_leave_at_first:
        may_buy &= (random.random(n) >= p)[:, None]
    past, future = may_buy & (times <= 52), may_buy & (times > 52) & (times <= 78)
    x, bought = past.sum(axis=1), future.sum(axis=1)
    table = pl.DataFrame({"frequency": x, "recency": (times * past).max(axis=1), "T": np.full(n, 52.0)})
    model = of(family, 3, (2.0, 3.0, 1.7, 2.5))
    expected = model.expected_purchases(table, 26)
    for some in (x == 0, (x > 0) & (x < 4), x >= 4, table["recency"].to_numpy() > 46):
        error = (bought - expected)[some].std() / np.sqrt(some.sum())
        assert bought[some].mean() == pytest.approx(expected[some].mean(), abs=4 * error)
    assert model.probability_of_none(table, 26).mean() == pytest.approx(
        (bought == 0).mean(), abs=4 * 0.5 / np.sqrt(n)
    )


def replaced(known, fitted):
    """The plain model at the very same parameters."""
    return type(known)(*fitted.parameters.values(), time_unit="week")


def test_cdnow_is_not_regular(cdnow, bg_nbd):
    """As BTYDplus finds: k = 1 fits it best, which is BG/NBD."""
    fitted = cl.BgCnbdK.fit(cdnow)
    assert fitted.k == 1
    assert fitted.parameters == pytest.approx(bg_nbd.parameters, rel=1e-10)


@both
def test_the_parameters_of_btydplus_are_recovered_from_simulated_gaps(family):
    """The population of BTYDplus' own test of its estimator."""
    truth = {"r": 0.85, "alpha": 1.45, "a": 0.79, "b": 2.42}
    table = buyers_of_erlang_gaps(
        8_000, 1, 3, *truth.values(), ages=(12, 96), may_leave_at_first=family is cl.MbgCnbdK
    )
    fitted = family.fit(table, time_unit="week")
    assert fitted.k == 3
    assert (fitted.r, fitted.alpha) == pytest.approx((truth["r"], truth["alpha"]), rel=0.1)
    intervals = fitted.confidence_intervals(0.999)
    assert (intervals["low"] < pl.Series(list(truth.values()))).all()
    assert (pl.Series(list(truth.values())) < intervals["high"]).all()


def likelihood_of_last(family, k, x, t_x, T):
    """Over rates and probabilities of leaving: the last of x purchases at t_x, none since; and left at the last."""
    r, alpha, a, b = PARAMETERS
    survived = x if family is cl.BgCnbdK else x + 1

    def at_rate(rate, silent):
        density = rate ** (k * x) * (mp.mpf(t_x) ** (k * x - 1) / mp.gamma(k * x) if x else 1) * mp.e ** (-rate * t_x)
        none = sum((rate * (T - t_x)) ** j / mp.factorial(j) for j in range(k)) * mp.e ** (-rate * (T - t_x))
        return density * (none if silent else 1) * rate ** (r - 1) * alpha**r * mp.e ** (-alpha * rate) / mp.gamma(r)

    def over_rates(silent):
        return mp.quad(lambda rate: at_rate(rate, silent), [0, (r + k * x) / (alpha + T), 20])

    def over_p(left):
        return mp.beta(a + left, b + survived - left) / mp.beta(a, b)

    return over_p(0) * over_rates(True), over_p(1) * over_rates(False) if survived else 0


@both
@every_k
@pytest.mark.parametrize("customer", [(0, 0.0, 30.0), (1, 3.0, 30.0), (4, 20.0, 30.0)], ids=str)
def test_likelihood_and_p_alive_are_the_integrals_over_rates(family, k, customer):
    active, left = likelihood_of_last(family, k, *customer)
    x, t_x, _ = customer
    # In the package, as for the plain models, of purchase times: those between the first and the last fall anywhere.
    times = mp.mpf(t_x) ** (x - 1) / mp.gamma(x) if x else 1
    population = Population(np.array(customer)[:, None], np.ones(1))
    found = family.log_likelihood_of(PARAMETERS, population, k)
    assert found == pytest.approx(float(mp.log((active + left) / times)), rel=1e-9)
    assert of(family, k).p_alive(history(*customer))[0] == pytest.approx(float(active / (active + left)), rel=1e-9)


def summed(model, events, T, t):
    """E[purchases in (T, T + t]] as the sum over n, in 40 digits."""
    x, j = divmod(events, model.k)
    r, alpha, a, b = map(mp.mpf, PARAMETERS)
    b += x if isinstance(model, cl.BgCnbdK) else x + 1
    shape, z = r + events, t / (alpha + T + mp.mpf(t))
    term, below, staying, total, event, n = (1 - z) ** shape, mp.mpf(0), mp.mpf(1), mp.mpf(0), 0, 1
    while n == 1 or 1 - below > mp.mpf(10) ** -16:
        while event < n * model.k - j:
            below, term, event = below + term, term * z * (shape + event) / (event + 1), event + 1
        total, staying, n = total + staying * (1 - below), staying * (b + n - 1) / (a + b + n - 1), n + 1
    return float(total)


@both
@every_k
@pytest.mark.parametrize("t", [0.5, 39.0, 200.0])
def test_expected_purchases_are_their_sum_over_n_in_40_digits(family, k, t):
    model = of(family, k)
    for events, T in ((0, 0.0), (0, 30.0), (1, 5.0), (7, 30.0), (90, 30.0)):
        with mp.workdps(40):
            expected = summed(model, events, T, t)
        found = model.purchases_if_alive(t, np.array([float(events)]), np.array([T]))[0]
        assert found == pytest.approx(expected, rel=1e-10)


@both
@every_k
def test_the_rate_is_the_slope_of_the_expected_purchases(family, k):
    model = of(family, k)
    events, T = np.array([0.0, 3.0, 40.0]), np.array([0.0, 30.0, 30.0])
    rate = model.rate_if_alive(events, T)
    for u in (0.1, 10.0, 300.0):
        step = 1e-4 * u
        slope = model.purchases_if_alive(u + step, events, T) - model.purchases_if_alive(u - step, events, T)
        assert rate(np.full(3, u)) == pytest.approx(slope / (2 * step), rel=1e-5)


@both
@every_k
@pytest.mark.parametrize("horizon", [1.0, 39.0, 520.0])
def test_discounted_purchases_are_the_integral_of_the_discounted_rate(family, k, horizon):
    model, decay = of(family, k), 0.01
    events, T = np.array([0.0, 5.0, 40.0]), np.array([0.0, 30.0, 30.0])
    rate, total = model.rate_if_alive(events, T), np.zeros(3)
    # Pieces as long as they are far away, with so many nodes that nothing is missed.
    edges = horizon * np.concatenate([[0.0], 2.0 ** -np.arange(14)[::-1]])
    nodes, weights = np.polynomial.legendre.leggauss(24)
    for low, high in pairwise(edges):
        for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
            u = low + node * (high - low)
            total += (high - low) * weight * np.exp(-decay * u) * rate(np.full(3, u))
    assert model._discounted_if_alive(horizon, decay, events, T) == pytest.approx(total, rel=1e-9)


@both
@pytest.mark.parametrize("k", [2, 3, 6])
@pytest.mark.parametrize("horizon", [1.0, 52.0, None])
def test_discounted_purchases_of_a_table_are_those_of_each_customer_alone(family, k, horizon):
    model = of(family, k, (0.6, 6.0 / k, 0.8, 2.4))
    # Few distinct x and many ages, so that ages are interpolated.
    table = model.simulate(300, np.linspace(0, 20, 300), seed=4)
    x, t_x, T = table.select("frequency", "recency", "T").cast(pl.Float64).to_numpy().T
    decay = np.log(1.1) * 7 / 365.25
    end = np.inf if horizon is None else horizon
    alone = np.zeros(3)
    for place, row in enumerate((0, 150, 299)):
        history = x[row : row + 1], t_x[row : row + 1], T[row : row + 1]
        for phase, share in enumerate(model.since_last(*history)[:, 0]):
            alone[place] += share * model._discounted_if_alive(end, decay, k * history[0] + phase, history[2])[0]
        alone[place] *= model.p_alive_given(*history)[0]
    assert model.discounted_purchases(table, horizon, 0.1)[[0, 150, 299]] == pytest.approx(alone, rel=1e-7)


@both
@pytest.mark.parametrize("k", [2, 6])
def test_discounted_purchases_are_an_integral_of_sums_over_n_in_40_digits(family, k):
    model, decay, end = of(family, k), 0.01, 39.0
    for events, T in ((0, 0.0), (7, 30.0)):
        with mp.workdps(40):
            nodes, weights = np.polynomial.legendre.leggauss(24)
            times = (nodes + 1) / 2 * end
            inside = sum(
                weight / 2 * end * decay * np.exp(-decay * u) * summed(model, events, T, u)
                for u, weight in zip(times, weights, strict=True)
            )
            expected = inside + np.exp(-decay * end) * summed(model, events, T, end)
        found = model._discounted_if_alive(end, decay, np.array([float(events)]), np.array([T]))[0]
        assert found == pytest.approx(expected, rel=1e-7)


def test_prospects_alone_are_worth_nothing_that_is_known():
    nobody = pl.DataFrame({"frequency": [0], "recency": [0.0], "T": [0.0], "n_purchases": [0]})
    model = of(cl.BgCnbdK, 3)
    assert np.isnan(model.discounted_purchases(nobody, 52, 0.1)).all()
    assert np.isnan(model.expected_purchases(nobody, 52)).all()


@both
def test_draws_follow_the_probabilities(family):
    n, model = 60_000, of(family, 3, (0.6, 3.0, 0.7, 2.5))
    random = np.random.default_rng(1)
    events, T = np.full(n, 7.0), np.full(n, 30.0)
    count, last = model.draw_if_alive(random, np.full(n, 26.0), events, T)
    for m in range(4):
        chance = model.pmf_if_alive(m, 26.0, events[:1], T[:1])[0]
        assert np.mean(count == m) == pytest.approx(chance, abs=4 * np.sqrt(chance * (1 - chance) / n))
    assert ((last > 0) == (count > 0)).all()
    assert last.max() <= 26.0


def test_events_since_the_last_purchase_are_drawn_as_often_as_is_probable():
    n, model = 60_000, of(cl.BgCnbdK, 3)
    x, t_x, T = np.full(n, 2.0), np.full(n, 20.0), np.full(n, 30.0)
    since = model.state_if_alive(np.random.default_rng(2), x, t_x, T) - 6
    shares = model.since_last(x[:1], t_x[:1], T[:1])[:, 0]
    # (r + 6)_j / j! (10 / 38)^j for j = 0, 1, 2.
    by_hand = np.array([1, 8 * 10 / 38, 8 * 9 / 2 * (10 / 38) ** 2])
    assert shares == pytest.approx(by_hand / by_hand.sum())
    assert np.bincount(since.astype(int)) / n == pytest.approx(shares, abs=4 * 0.5 / np.sqrt(n))


def test_a_silence_is_more_probable_for_who_needs_k_events_by_hand():
    x, t_x, T = np.array([1.0]), np.array([3.0]), np.array([7.0])
    assert silence(2.0, 8.0, x, t_x, T, 1) == [1.0]
    assert silence(2.0, 8.0, x, t_x, T, 2) == pytest.approx([1 + 4 * 4 / 15])


def test_the_more_regular_the_sooner_silence_tells():
    alive = [of(cl.BgCnbdK, k, (0.6, 8.0 / k, 0.7, 2.5)).p_alive(history(10, 30, 40))[0] for k in (1, 2, 4)]
    assert alive == sorted(alive, reverse=True)
    assert alive[0] > 10 * alive[2]


def test_one_who_has_just_bought_waits():
    """Soon after a purchase a regular buyer buys less probably than a casual one of the same mean gap."""
    soon = [
        of(cl.MbgCnbdK, k, (0.6, 8.0 / k, 0.7, 2.5)).expected_purchases(history(10, 30, 30), 1)[0] for k in (1, 4)
    ]
    late = [
        of(cl.MbgCnbdK, k, (0.6, 8.0 / k, 0.7, 2.5)).expected_purchases(history(10, 30, 33), 1)[0] for k in (1, 4)
    ]
    assert soon[1] < soon[0] / 2
    assert late[1] / late[0] > soon[1] / soon[0]


def test_a_longer_series_places_its_last_purchase_as_a_gamma_variable_does():
    """Of two purchases, the last at 5: Gamma(4) over Gamma(2) is 5^2 / 6, which k = 2 has more than k = 1."""
    population = Population(np.array([[2.0], [5.0], [9.0]]), np.ones(1))
    found = cl.BgCnbdK.log_likelihood_of(PARAMETERS, population, 2)
    r, alpha, a, b = PARAMETERS
    active = (
        special.beta(a, b + 2)
        / special.beta(a, b)
        * sum(special.gamma(r + 4 + j) / special.factorial(j) * 4**j / (alpha + 9) ** (r + 4 + j) for j in (0, 1))
    )
    left = special.beta(a + 1, b + 1) / special.beta(a, b) * special.gamma(r + 4) / (alpha + 5) ** (r + 4)
    assert found == pytest.approx(np.log((active + left) * alpha**r / special.gamma(r) * 25 / 6), rel=1e-12)


def test_purchases_in_no_time_are_not_regular():
    regular = of(cl.MbgCnbdK, 3).simulate(800, np.linspace(5, 60, 800), seed=7).drop("customer_id", "n_purchases")
    assert cl.MbgCnbdK.fit(regular, time_unit="week").k > 1
    at_once = pl.concat([regular, history(2, 0.0, 9.0)], how="vertical_relaxed")
    assert cl.MbgCnbdK.fit(at_once, time_unit="week").k == 1


def test_k_is_part_of_the_model_and_of_its_saved_form():
    model = of(cl.BgCnbdK, 3)
    saved = json.loads(json.dumps(model.to_dict()))
    assert saved["k"] == 3
    assert cl.BgCnbdK.from_dict(saved) == model != of(cl.BgCnbdK, 2)


@pytest.mark.parametrize("k", [0, -1, 1.5, True, "2"])
def test_k_is_a_whole_number(k):
    with pytest.raises(ParamsError, match="k is"):
        of(cl.BgCnbdK, k)
    with pytest.raises(ParamsError, match="k is"):
        cl.BgCnbdK.fit(CUSTOMERS, k=k, time_unit="week")


def test_k_is_shown():
    assert repr(of(cl.BgCnbdK, 3)).startswith("BgCnbdK: k 3, r 2, alpha 8,")


def test_draws_and_the_bootstrap_keep_k():
    table = of(cl.MbgCnbdK, 2).simulate(600, np.linspace(5, 60, 600), seed=5)
    fitted = cl.MbgCnbdK.fit(table, k=2, time_unit="week")
    for method in ("likelihood", "bootstrap"):
        drawn = fitted.at_draws(fitted.draws(20, seed=1, method=method))
        assert {model.k for model in drawn} == {2}
        assert np.median([model.r for model in drawn]) == pytest.approx(fitted.r, rel=0.5)


def test_intervals_hold_what_is_expected():
    table = of(cl.MbgCnbdK, 2).simulate(800, np.linspace(5, 60, 800), seed=6)
    fitted = cl.MbgCnbdK.fit(table, k=2, time_unit="week")
    total = cl.models.purchase_intervals(fitted, table, "26 weeks", n_draws=100).row(-1, named=True)
    assert total["low"] < total["expected_purchases"] < total["high"]
    assert total["expected_purchases"] == pytest.approx(fitted.expected_purchases(table, 26).sum())


def test_attributes_are_refused():
    with pytest.raises(ParamsError, match="takes no attributes"):
        cl.CovariateModel.fit(cl.BgCnbdK, CUSTOMERS, purchase=["industry"], time_unit="week")
