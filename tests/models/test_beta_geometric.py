"""What BG/NBD and MBG/NBD share, against the integrals and closed forms that their papers start from."""

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import clvlab as cl
from clvlab.models.numerics.population import Population
from tests.models.laws import few_examples
from tests.models.populations import history

PARAMETERS = (0.6, 8.0, 0.7, 2.5)
BOTH = [cl.BgNbd, cl.MbgNbd]
HISTORIES = [(0, 0.0, 0.0), (0, 0.0, 30.0), (1, 3.0, 30.0), (3, 20.0, 30.0), (40, 29.0, 30.0)]

both = pytest.mark.parametrize("family", BOTH, ids=lambda family: family.__name__)


def of(family, *parameters):
    return family(*(parameters or PARAMETERS), time_unit="week")


def vectors(*values):
    return [np.array([float(value)]) for value in values]


def likelihood(family, parameters, x, t_x, T):
    return np.exp(family.log_likelihood_of(parameters, Population(np.array([[x], [t_x], [T]]), np.ones(1))))


def survived(family, x):
    return x if family is cl.BgNbd else x + 1


def integrated_likelihood(family, r, alpha, a, b, x, t_x, T):
    """The likelihood as one starts to derive it: over all rates and probabilities of leaving."""
    n = survived(family, x)

    def over_rates(until):
        return mp.quad(
            lambda rate: rate ** (r + x - 1) * mp.e ** (-rate * (alpha + until)) * alpha**r / mp.gamma(r),
            [0, (r + x) / (alpha + until), mp.inf],
        )

    def over_p(left):
        return mp.quad(
            lambda p: p ** (a - 1 + left) * (1 - p) ** (b - 1 + n - left) / mp.beta(a, b), [0, mp.mpf(1) / 2, 1]
        )

    active = over_p(0) * over_rates(T)
    return float(active + (over_p(1) * over_rates(t_x) if n > 0 else 0))


@both
@pytest.mark.parametrize("customer", HISTORIES[1:4], ids=str)
def test_the_likelihood_is_the_integral_over_rates_and_probabilities(family, customer):
    parameters = (2.0, 8.0, 1.7, 2.5)  # whose densities are bounded, so that plain quadrature is exact
    expected = integrated_likelihood(family, *parameters, *customer)
    assert likelihood(family, parameters, *customer) == pytest.approx(expected, rel=1e-8)


@both
@pytest.mark.parametrize("customer", HISTORIES, ids=str)
def test_p_alive_is_the_share_of_the_likelihood_of_staying(family, customer):
    """P(alive) times the likelihood is what it would be if nobody could leave at the last purchase."""
    x, t_x, T = customer
    r, alpha, a, b = PARAMETERS
    n = survived(family, x)
    active = mp.gamma(r + x) / mp.gamma(r) * mp.mpf(alpha) ** r / mp.mpf(alpha + T) ** (r + x)
    active *= mp.beta(a, b + n) / mp.beta(a, b)
    alive = of(family).p_alive_given(*vectors(x, t_x, T))[0]
    assert alive == pytest.approx(float(active) / likelihood(family, PARAMETERS, x, t_x, T), rel=1e-11)


@both
@pytest.mark.parametrize("customer", HISTORIES, ids=str)
@pytest.mark.parametrize("t", [0.5, 39.0, 2_000.0])
def test_purchases_if_alive_are_the_papers_hypergeometric_function(family, customer, t):
    """Fader, Hardie & Lee (2005), equation (10), over P(alive); with one more survival it is that of MBG/NBD."""
    x, _, T = customer
    r, alpha, a, b = PARAMETERS
    n = survived(family, x)
    with mp.workdps(40):
        z = mp.mpf(t) / (alpha + T + t)
        fall = (mp.mpf(alpha + T) / (alpha + T + t)) ** (r + x) * mp.hyp2f1(r + x, b + n, a + b + n - 1, z)
        expected = float((a + b + n - 1) / (a - 1) * (1 - fall))
    assert of(family).purchases_if_alive(t, *vectors(x, T))[0] == pytest.approx(expected, rel=1e-10)


@both
def test_the_rate_is_the_slope_of_the_expected_purchases(family):
    model = of(family)
    x, T = np.array([0.0, 3.0, 40.0]), np.array([0.0, 30.0, 30.0])
    rate = model.rate_if_alive(x, T)
    for u in (0.1, 10.0, 300.0):
        step = 1e-4 * u
        slope = (model.purchases_if_alive(u + step, x, T) - model.purchases_if_alive(u - step, x, T)) / (2 * step)
        assert rate(np.full(3, u)) == pytest.approx(slope, rel=1e-6)


@both
def test_the_rate_of_an_active_customer_is_at_first_that_of_a_gamma_mean(family):
    x, T = np.array([0.0, 3.0]), np.array([5.0, 30.0])
    assert of(family).rate_if_alive(x, T)(np.zeros(2)) == pytest.approx((0.6 + x) / (8.0 + T), rel=1e-12)


@both
def test_new_customers_have_the_papers_probabilities(family):
    """Equation (8) of Fader, Hardie & Lee (2005): bought n times and stayed, or left at the n-th of at least n."""
    r, alpha, a, b = PARAMETERS
    t = 26.0
    later = survived(family, 0)
    for n in range(4):
        stayed = mp.beta(a, b + later + n) / mp.beta(a, b + later)
        stayed *= mp.gamma(r + n) / mp.gamma(r) / mp.factorial(n)
        stayed *= (alpha / (alpha + t)) ** r * (t / (alpha + t)) ** n
        fewer = sum(
            mp.gamma(r + j) / mp.gamma(r) / mp.factorial(j) * (alpha / (alpha + t)) ** r * (t / (alpha + t)) ** j
            for j in range(n)
        )
        left = mp.beta(a + 1, b + later + n - 1) / mp.beta(a, b + later) * (1 - fewer) if n else 0
        assert of(family).pmf_if_alive(n, t, *vectors(0, 0))[0] == pytest.approx(float(stayed + left), rel=1e-10)


@both
def test_draws_follow_the_probabilities(family):
    model, n = of(family), 60_000
    x, T = np.full(n, 3.0), np.full(n, 30.0)
    count, last = model.draw_if_alive(np.random.default_rng(1), np.full(n, 26.0), x, T)
    for k in range(4):
        chance = model.pmf_if_alive(k, 26.0, x[:1], T[:1])[0]
        assert np.mean(count == k) == pytest.approx(chance, abs=4 * np.sqrt(chance * (1 - chance) / n))
    assert ((last > 0) == (count > 0)).all()
    assert last.max() <= 26.0


@both
@few_examples
@given(st.integers(1, 50), st.floats(0.1, 1), st.floats(1, 500))
def test_p_alive_grows_with_recency(family, x, share, T):
    earlier, later = (of(family).p_alive_given(*vectors(x, at, T))[0] for at in (0.9 * share * T, share * T))
    assert 0 < earlier < later <= 1


@both
@few_examples
@given(st.integers(1, 50), st.floats(0.1, 0.9), st.floats(1, 500), st.floats(0.1, 100))
def test_p_alive_falls_with_silence(family, x, share, T, longer):
    now, then = (of(family).p_alive_given(*vectors(x, share * T, age))[0] for age in (T, T + longer))
    assert then < now


@both
def test_a_frequent_buyer_who_fell_silent_is_the_more_surely_gone(family):
    alive = [of(family).p_alive_given(*vectors(x, 10, 30))[0] for x in (1, 3, 10, 40)]
    assert np.all(np.diff(alive) < 0)


def test_one_more_survival_is_all_that_distinguishes_the_two():
    """An active customer of MBG/NBD is one of BG/NBD whose b is larger by 1."""
    bg_nbd, mbg_nbd = of(cl.BgNbd, 0.6, 8.0, 0.7, 3.5), of(cl.MbgNbd)
    x, T = np.array([0.0, 3.0, 40.0]), np.array([2.0, 30.0, 30.0])
    assert np.array_equal(bg_nbd.purchases_if_alive(26.0, x, T), mbg_nbd.purchases_if_alive(26.0, x, T))
    assert np.array_equal(bg_nbd.pmf_if_alive(2, 26.0, x, T), mbg_nbd.pmf_if_alive(2, 26.0, x, T))


@both
def test_where_hardly_anybody_leaves_it_is_nbd(family):
    model, nbd = of(family, 0.6, 8.0, 1e-9, 1.0), cl.Nbd(0.6, 8.0, time_unit="week")
    x, t_x, T = (np.array(column) for column in zip(*HISTORIES, strict=True))
    # A customer of 40 purchases has had 40 occasions to leave, each at odds of 1e-9.
    assert model.p_alive_given(x, t_x, T) == pytest.approx(np.ones(5), abs=1e-6)
    assert model.purchases_if_alive(39.0, x, T) == pytest.approx(nbd.purchases_if_alive(39.0, x, T), rel=1e-6)
    difference = likelihood(family, (0.6, 8.0, 1e-9, 1.0), 3.0, 20.0, 30.0) / likelihood(
        cl.Nbd, (0.6, 8.0), 3.0, 20.0, 30.0
    )
    assert difference == pytest.approx(1, abs=1e-6)


def test_where_everybody_leaves_at_the_first_repeat_nobody_buys_twice():
    """b -> 0: one-time buyers of BG/NBD are all alive, and buy once more at most."""
    model = of(cl.BgNbd, 0.6, 8.0, 5.0, 1e-9)
    alive = model.p_alive_given(np.array([0.0, 1.0]), np.array([0.0, 10.0]), np.array([30.0, 30.0]))
    assert alive == pytest.approx([1, 0], abs=1e-8)
    assert model.probability_of_purchases_new(2, 52) == pytest.approx(0, abs=1e-8)
    once = 1 - (8.0 / (8.0 + 52)) ** 0.6
    assert model.expected_purchases_new(52) == pytest.approx(once, rel=1e-6)


def test_mbg_nbd_loses_them_at_once():
    model = of(cl.MbgNbd, 0.6, 8.0, 5.0, 1e-9)
    assert model.p_alive(history(0, 0, 0))[0] == pytest.approx(0, abs=1e-8)
    assert model.expected_purchases_new(52) == pytest.approx(0, abs=1e-8)


@both
@few_examples
@given(st.floats(0.05, 5), st.floats(0.05, 20), st.floats(0.05, 20))
def test_time_is_measured_in_any_unit(family, scale, a, b):
    customer = (3.0, 20.0, 30.0)
    model, other = of(family, 0.6, 8.0, a, b), of(family, 0.6, 8.0 * scale, a, b)
    x, t_x, T = vectors(*customer)
    assert other.p_alive_given(x, scale * t_x, scale * T) == pytest.approx(model.p_alive_given(x, t_x, T), rel=1e-10)
    ahead = other.purchases_if_alive(39.0 * scale, x, scale * T)
    assert ahead == pytest.approx(model.purchases_if_alive(39.0, x, T), rel=1e-10)


def test_odds_of_having_left_that_no_number_holds_are_a_p_alive_of_nothing():
    alive = of(cl.BgNbd).p_alive_given(*vectors(5_000, 1, 5_000))[0]
    assert 0 <= alive < 1e-290


@both
@pytest.mark.parametrize("a", [1e-9, 1e-3])
def test_where_hardly_anybody_leaves_draws_are_those_of_nbd(family, a):
    """Probabilities of leaving that underflow to 0 leave everybody there."""
    n = 40_000
    model = of(family, 0.6, 8.0, a, 1e3)
    count, _ = model.draw_if_alive(np.random.default_rng(2), np.full(n, 26.0), np.zeros(n), np.full(n, 4.0))
    assert count.mean() == pytest.approx(0.6 / 12.0 * 26.0, abs=4 * count.std() / np.sqrt(n))
