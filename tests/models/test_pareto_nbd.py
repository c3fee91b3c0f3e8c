import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

import clvlab as cl
from clvlab.models.numerics.population import Population
from clvlab.models.pareto_nbd import INTEGRALS_AT_ONCE, log_odds_left
from tests.models.laws import few_examples
from tests.models.lifetimes_models import fitted, silently
from tests.models.populations import history


@pytest.fixture(scope="module")
def model(cdnow):
    return cl.ParetoNbd.fit(cdnow)


def test_fit_of_the_log_matches_fader_hardie_2005(model, published):
    known = published["pnbd_cdnow"]
    assert model.parameters == pytest.approx({name: known[name] for name in model.names}, rel=1e-4)
    assert model.log_likelihood == pytest.approx(known["LL"], abs=1e-3)
    assert list(model.standard_errors.values()) == pytest.approx(known["se"], rel=1e-3)


def test_whole_cdnow_matches_the_independent_refit(whole_cdnow, published):
    known = published["pnbd_cdnow_full"]
    model = cl.ParetoNbd.fit(whole_cdnow)
    assert model.parameters == pytest.approx({name: known[name] for name in model.names}, rel=1e-4)
    assert model.log_likelihood == pytest.approx(known["LL"], abs=1e-2)


def test_customer_1516_matches_the_btyd_walkthrough(model, cdnow, row_of, published):
    point, row = published["pnbd_cdnow_points"][0], row_of("1516")
    assert model.expected_purchases(cdnow, 52)[row] == pytest.approx(point["expected_purchases"], rel=1e-4)
    assert model.p_alive(cdnow)[row] == pytest.approx(point["p_alive"], rel=1e-4)


def test_new_customers_match_the_btyd_walkthrough(model, published):
    point = published["pnbd_cdnow_points"][1]
    assert model.expected_purchases_new(point["horizon"]) == pytest.approx(point["value"], rel=1e-5)


def test_predictions_agree_with_lifetimes(cdnow):
    columns = [cdnow.data[name].to_numpy() for name in ("frequency", "recency", "T")]
    theirs = fitted("ParetoNBDFitter", *columns)
    ours = cl.ParetoNbd(*(theirs.params_[name] for name in ("r", "alpha", "s", "beta")), time_unit="week")
    alive = silently(theirs.conditional_probability_alive, *columns)
    expected = silently(theirs.conditional_expected_number_of_purchases_up_to_time, 39, *columns)
    assert ours.p_alive(cdnow) == pytest.approx(np.asarray(alive), rel=1e-6)
    assert ours.expected_purchases(cdnow, 39) == pytest.approx(np.asarray(expected), rel=1e-6)


def test_heavy_buyers_are_finite_where_lifetimes_is_not(model):
    heavy = history(400, 1_000, 1_000)
    assert 0.99 < model.p_alive(heavy)[0] <= 1
    assert model.expected_purchases(heavy, 52)[0] == pytest.approx(400 / 1_000 * 52, rel=0.05)


@pytest.mark.parametrize(("alpha", "beta"), [(0.05, 500.0), (500.0, 0.05), (3.0, 3.0)])
def test_p_alive_is_a_probability_however_far_apart_the_scales(alpha, beta):
    model = cl.ParetoNbd(0.5, alpha, 0.5, beta, time_unit="day")
    alive = [model.p_alive(history(5, t_x, 1_000))[0] for t_x in (1, 100, 900, 999.9, 1_000)]
    assert np.all(np.diff(alive) > 0)
    assert alive[-1] == 1


PARAMETERS = (0.6, 8.0, 0.7, 12.0)
KNOWN = cl.ParetoNbd(*PARAMETERS, time_unit="week")
HISTORIES = [(0, 0.0, 30.0), (1, 3.0, 30.0), (3, 20.0, 30.0), (40, 29.0, 30.0)]


def vectors(*values):
    return [np.array([float(value)]) for value in values]


def likelihood(parameters, x, t_x, T):
    population = Population(np.array([[x], [t_x], [T]], dtype=float), np.ones(1))
    return np.exp(cl.ParetoNbd.log_likelihood_of(parameters, population))


@pytest.mark.parametrize("customer", HISTORIES, ids=str)
@pytest.mark.parametrize("parameters", [PARAMETERS, (0.6, 12.0, 0.7, 8.0), (2.5, 9.0, 3.0, 9.0)], ids=str)
def test_the_likelihood_is_the_papers(parameters, customer):
    """Fader & Hardie (2005), "A note on deriving the Pareto/NBD model", equation (20), whichever scale is larger."""
    (r, alpha, s, beta), (x, t_x, T) = parameters, customer
    largest, power = max(alpha, beta), (s + 1 if alpha >= beta else r + x)
    with mp.workdps(40):

        def a_0(age):
            z = mp.mpf(abs(alpha - beta)) / (largest + age)
            return mp.hyp2f1(r + s + x, power, r + s + x + 1, z) / mp.mpf(largest + age) ** (r + s + x)

        active = 1 / (mp.mpf(alpha + T) ** (r + x) * mp.mpf(beta + T) ** s)
        left = s / (r + s + x) * (a_0(t_x) - a_0(T))
        expected = mp.gamma(r + x) / mp.gamma(r) * mp.mpf(alpha) ** r * mp.mpf(beta) ** s * (active + left)
    assert likelihood(parameters, *customer) == pytest.approx(float(expected), rel=1e-10)
    alive = cl.ParetoNbd(*parameters, time_unit="week").p_alive_given(*vectors(*customer))[0]
    assert alive == pytest.approx(float(active / (active + left)), rel=1e-10)


@few_examples
@given(st.integers(0, 60), st.floats(0, 1), st.floats(0.1, 500), st.floats(0.5, 50), st.floats(0.1, 5))
def test_odds_of_having_left_are_elementary_where_both_scales_are_one(x, share, T, scale, s):
    """alpha = beta: s / (r + s + x) * (((alpha + T) / (alpha + t_x))^(r + s + x) - 1)."""
    t_x = share * T if x else 0.0
    power = 0.6 + s + x
    found = log_odds_left((0.6, scale, s, scale), *vectors(x, t_x, T))[0]
    if T - t_x > 1e-9 * T:
        expected = np.log(s / power) + np.log(np.expm1(power * np.log((scale + T) / (scale + t_x))))
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)


@few_examples
@given(
    st.tuples(*(st.floats(0.1, 5), st.floats(0.01, 5)) * 2),
    st.integers(0, 200),
    st.floats(0, 1),
    st.floats(1, 3_000),
)
def test_p_alive_to_draw_by_is_exact_but_for_what_no_simulation_could_tell(parameters, x, share, T):
    r, alpha, s, beta = parameters
    model = cl.ParetoNbd(r, alpha * T, s, beta * T, time_unit="day")
    customer = vectors(x, share * T if x else 0.0, T)
    assert model.p_alive_to_draw_by(*customer) == pytest.approx(model.p_alive_given(*customer), abs=1e-7)


def test_who_has_just_bought_is_alive():
    assert KNOWN.p_alive_given(*vectors(3, 30, 30))[0] == 1
    assert KNOWN.p_alive_given(*vectors(0, 0, 0))[0] == 1


@few_examples
@given(st.integers(0, 50), st.floats(0.05, 0.95), st.floats(1, 500), st.floats(0.1, 100))
def test_p_alive_falls_with_silence_and_grows_with_recency(x, share, T, longer):
    t_x = share * T if x else 0.0
    now, later = (KNOWN.p_alive_given(*vectors(x, t_x, age))[0] for age in (T, T + longer))
    assert 0 <= later < now <= 1
    if x:
        assert KNOWN.p_alive_given(*vectors(x, 1.05 * t_x, T))[0] > now


def test_expected_purchases_have_the_papers_form():
    """Equation (41): (r + x) (beta + T) / ((alpha + T) (s - 1)) * (1 - ((beta + T) / (beta + T + t))^(s - 1))."""
    x, T, t = 3.0, 30.0, 39.0
    r, alpha, s, beta = PARAMETERS
    expected = (r + x) * (beta + T) / ((alpha + T) * (s - 1)) * (1 - ((beta + T) / (beta + T + t)) ** (s - 1))
    assert KNOWN.purchases_if_alive(t, *vectors(x, T))[0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("s", [1.0, 1.0 + 1e-9, 1.0 - 1e-9])
def test_expected_purchases_are_smooth_at_s_equal_to_one(s):
    model = cl.ParetoNbd(0.6, 8.0, s, 12.0, time_unit="week")
    expected = (0.6 + 3) / (8 + 30) * (12 + 30) * np.log((12 + 30 + 39) / (12 + 30))
    assert model.purchases_if_alive(39.0, *vectors(3, 30))[0] == pytest.approx(expected, rel=1e-7)


def test_the_rate_is_the_slope_of_the_expected_purchases():
    x, T = np.array([0.0, 3.0, 40.0]), np.array([0.0, 30.0, 30.0])
    rate = KNOWN.rate_if_alive(x, T)
    for u in (0.1, 10.0, 300.0):
        step = 1e-4 * u
        slope = (KNOWN.purchases_if_alive(u + step, x, T) - KNOWN.purchases_if_alive(u - step, x, T)) / (2 * step)
        assert rate(np.full(3, u)) == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize("n", [0, 1, 4])
def test_probabilities_are_the_integral_over_the_time_of_leaving(n):
    """P(n by t) of those who stay, plus P(n by the time of leaving), Lomax in beta + T."""
    x, T, t = 3.0, 30.0, 26.0
    r, alpha, s, beta = 0.6 + x, 8.0 + T, 0.7, 12.0 + T

    def bought(until):
        return stats.nbinom.pmf(n, r, alpha / (alpha + until))

    leaving, _ = integrate.quad(lambda u: s / beta * (1 + u / beta) ** (-s - 1) * bought(u), 0, t, epsabs=1e-13)
    expected = (1 + t / beta) ** -s * bought(t) + leaving
    assert KNOWN.pmf_if_alive(n, t, *vectors(x, T))[0] == pytest.approx(expected, rel=1e-9)


def test_draws_follow_the_probabilities():
    n = 60_000
    x, T = np.full(n, 3.0), np.full(n, 30.0)
    count, last = KNOWN.draw_if_alive(np.random.default_rng(1), np.full(n, 26.0), x, T)
    for k in range(4):
        chance = KNOWN.pmf_if_alive(k, 26.0, x[:1], T[:1])[0]
        assert np.mean(count == k) == pytest.approx(chance, abs=4 * np.sqrt(chance * (1 - chance) / n))
    assert ((last > 0) == (count > 0)).all()
    assert last.max() <= 26.0


@pytest.mark.parametrize("s", [1e-9, 1e-3])
def test_where_hardly_anybody_leaves_draws_are_those_of_nbd(s):
    """Rates of leaving that underflow to 0 leave everybody there."""
    model = cl.ParetoNbd(0.6, 8.0, s, 1e6, time_unit="week")
    n = 40_000
    count, _ = model.draw_if_alive(np.random.default_rng(2), np.full(n, 26.0), np.zeros(n), np.full(n, 4.0))
    expected = 0.6 / 12.0 * 26.0
    assert count.mean() == pytest.approx(expected, abs=4 * count.std() / np.sqrt(n))


def test_a_population_is_the_sum_of_its_customers():
    """Of more than are worked on at once."""
    rows = np.array([(x, t_x, T + day / 7) for x, t_x, T in HISTORIES for day in range(150)])
    assert len(rows) > INTEGRALS_AT_ONCE
    together = cl.ParetoNbd.log_likelihood_of(PARAMETERS, Population.of(rows.T))
    apart = sum(np.log(likelihood(PARAMETERS, *row)) for row in rows)
    assert together == pytest.approx(apart, rel=1e-11)


def test_at_large_s_and_beta_the_likelihood_is_that_of_lifetimes_at_one_rate():
    """s and beta without bound, s / beta = mu: every customer leaves at the rate mu. Integrated by hand over tau."""
    r, alpha, mu, customer = 0.8, 9.0, 0.02, (2, 20.0, 30.0)

    def at_one_rate(x, t_x, T):
        with mp.workdps(30):
            stay = mp.exp(-mu * T) / mp.mpf(alpha + T) ** (r + x)
            left = mp.quad(lambda tau: mu * mp.exp(-mu * tau) / mp.mpf(alpha + tau) ** (r + x), [t_x, T])
            return float(mp.log(mp.gamma(r + x) / mp.gamma(r) * mp.mpf(alpha) ** r * (stay + left)))

    for size in (1e6, 1e9, 1e15, 1e20):
        found = np.log(likelihood((r, alpha, size, size / mu), *customer))
        assert found == pytest.approx(at_one_rate(*customer), rel=1e-6 if size < 1e9 else 1e-9)
