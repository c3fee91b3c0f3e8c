"""Expected purchases of regular buyers against their sum in 30 digits, and the laws that they obey."""

import mpmath as mp
import numpy as np
import pytest
from scipy import special, stats

from clvlab.clock import STEADY
from clvlab.models.numerics.distinct import run_starts
from clvlab.models.renewals import COUNTED_AT_ONCE, MANY_TIMES, MOST_COUNTED, NOTHING_LEFT_AT, Renewals

R, A, B = 0.24, 0.94, 1.9
every_k = pytest.mark.parametrize("k", [1, 2, 3, 6, 9])


def of(k):
    return Renewals(R, A, B, k)


def summed(k, x, j, time):
    """The sum over m of P(m events) times the purchases that a customer stays for of those due then, in 30 digits."""
    with mp.workdps(30):
        shape, a, b, z = mp.mpf(R) + k * int(x) + j, mp.mpf(A), mp.mpf(B) + int(x), mp.mpf(time) / (1 + mp.mpf(time))
        chance, staying, bought, total, m = (1 - z) ** shape, mp.mpf(1), mp.mpf(0), mp.mpf(0), 0
        while m < shape * time + k or chance * bought > total * mp.mpf(10) ** -16:
            chance, m = chance * z * (shape + m) / (m + 1), m + 1
            if (m + j) % k == 0:
                n = (m + j) // k
                bought, staying = bought + staying, staying * (b + n - 1) / (a + b + n - 1)
            total += chance * bought
        return float(total)


def exact(k, x, time):
    return np.array([[summed(k, *row) for row in zip(x, [j] * x.size, time, strict=True)] for j in range(k)])


@every_k
def test_one_event_ahead_by_hand(k):
    """In next to no time at most one purchase is made: P(k - j events) is (shape)_(k - j) / (k - j)! time^(k - j)."""
    time, j = 1e-9, np.arange(k)
    found = of(k).expected(np.array([2.0]), np.array([time]))[:, 0]
    by_hand = special.poch(R + 2 * k + j, k - j) / special.factorial(k - j) * time ** (k - j)
    assert found == pytest.approx(by_hand, rel=1e-6, abs=0)


@every_k
def test_in_no_time_nobody_buys(k):
    assert (of(k).expected(np.array([0.0, 0.0, 7.0]), np.zeros(3)) == 0).all()
    assert of(k).expected(np.zeros(0), np.zeros(0)).shape == (k, 0)


@every_k
def test_few_times_are_their_sum_in_30_digits(k):
    random = np.random.default_rng(k)
    x = np.sort(random.choice([0.0, 1.0, 7.0, 50.0, 3_000.0], 12))
    # From hardly any time to several ages; heavy buyers make as many purchases in a hundredth of them.
    time = 10 ** random.uniform(-8, 1, 12) * np.where(x > 100, 1e-3, 1.0)
    assert of(k).expected(x, time) == pytest.approx(exact(k, x, time), rel=1e-11, abs=0)


@every_k
@pytest.mark.parametrize("x", [0.0, 4.0, 400.0])
@pytest.mark.parametrize("reach", [(1e-7, 1e-3), (1e-3, 1.0), (0.05, 4.0)], ids=str)
def test_many_times_are_interpolated_to_their_sum_in_30_digits(k, x, reach):
    time = np.sort(np.exp(np.random.default_rng(1).uniform(*np.log(reach), 3 * MANY_TIMES)))
    # What takes more terms is summed in another way.
    time = time[of(k)._counted(x, time) < MOST_COUNTED]
    some = [0, time.size // 3, time.size - 1]
    found = of(k).expected(np.full(time.size, x), time)[:, some]
    assert found == pytest.approx(exact(k, np.full(3, x), time[some]), rel=2e-10, abs=0)


@pytest.mark.parametrize("k", [1, 2, 6])
def test_long_times_are_their_sum_in_30_digits(k):
    """Over the roots of unity, then."""
    x, time = np.array([0.0, 30.0]), np.array([60.0, 12.0])
    assert (of(k)._counted(x, time) > MOST_COUNTED).all()
    assert of(k).expected(x, time) == pytest.approx(exact(k, x, time), rel=1e-9)


@every_k
def test_both_ways_of_summing_agree(k):
    x, time = np.array([0.0, 0.0, 3.0, 20.0]), np.array([0.5, 5.0, 2.0, 1.0])
    assert of(k)._over_counts(x, time) == pytest.approx(of(k)._over_roots(x, time), rel=1e-8)


@every_k
def test_a_row_does_not_depend_on_the_others(k):
    random = np.random.default_rng(3)
    x = np.sort(np.concatenate([np.zeros(2 * MANY_TIMES), random.integers(0, 60, 3 * COUNTED_AT_ONCE).astype(float)]))
    time = 10 ** random.uniform(-3, 1.5, x.size)
    together = of(k).expected(x, time)
    for row in range(0, x.size, 61):
        alone = of(k).expected(x[row : row + 1], time[row : row + 1])[:, 0]
        assert together[:, row] == pytest.approx(alone, rel=1e-9, abs=0)


@every_k
def test_many_times_of_a_heavy_buyer_are_those_of_each_alone(k):
    """From none to hundreds of purchases ahead, the chance of no event from 1 to next to nothing."""
    time = np.geomspace(1e-7, 600 / (3_000 * k), 2 * MANY_TIMES)
    together = of(k).expected(np.full(time.size, 3_000.0), time)
    for row in range(0, time.size, 40):
        alone = of(k).expected(np.array([3_000.0]), time[row : row + 1])[:, 0]
        assert together[:, row] == pytest.approx(alone, rel=1e-9, abs=0)


@every_k
def test_more_time_and_more_events_since_the_last_purchase_bring_more_purchases(k):
    x = np.repeat([0.0, 3.0, 90.0], 60)
    expected = of(k).expected(x, np.tile(np.geomspace(1e-6, 40, 60), 3))
    for low in run_starts(x):
        assert (np.diff(expected[:, low : low + 60], axis=1) > 0).all()
    assert (np.diff(expected, axis=0) > 0).all()


@every_k
def test_no_more_purchases_than_events(k):
    """Who never leaves buys at every k-th event: at most (shape time + j) / k times, and one less at least."""
    x, time = np.repeat([0.0, 5.0, 200.0], 3), np.tile([0.01, 0.5, 2.0], 3)
    loyal = Renewals(R, 1e-9, B, k).expected(x, time)
    events = (R + k * x + np.arange(k)[:, None]) * time + np.arange(k)[:, None]
    assert (loyal <= events / k * (1 + 1e-12)).all()
    assert (loyal >= (events - (k - 1)) / k - 1e-6).all()


def test_who_leaves_at_once_buys_once():
    """The chance of one purchase, then: of k - j events or more."""
    k, x, time = 3, np.array([0.0, 4.0]), np.array([0.7, 0.2])
    fickle = Renewals(R, 1e12, 1e-3, k).expected(x, time)
    shape = R + k * x + np.arange(k)[:, None]
    due = stats.nbinom.sf(k - 1 - np.arange(k)[:, None], shape, 1 / (1 + time))
    assert fickle == pytest.approx(due, rel=1e-9)


@every_k
def test_what_is_not_counted_is_next_to_nothing(k):
    random = np.random.default_rng(5)
    x, time = random.choice([0.0, 1.0, 30.0, 2_000.0], 200), 10 ** random.uniform(-6, 1, 200)
    counted, shape = of(k)._counted(x, time), R + k * x
    left = stats.nbinom.logsf(np.floor(counted), shape, 1 / (1 + time))
    of_a_purchase = stats.nbinom.logsf(k - 1, shape, 1 / (1 + time))
    assert (left < of_a_purchase - NOTHING_LEFT_AT).all()


@every_k
def test_rates_are_the_slope_of_the_expected_purchases(k):
    x, time = np.array([0.0, 2.0, 40.0]), np.array([0.3, 2.0, 0.5])
    step = 1e-5 * time
    slope = (of(k).expected(x, time + step) - of(k).expected(x, time - step)) / (2 * step)
    assert of(k).rates(x, time) == pytest.approx(slope, rel=1e-6)


@every_k
def test_expected_and_discounted_purchases_are_in_any_unit_of_time(k):
    x, age = np.array([0.0, 0.0, 6.0, 900.0]), np.array([0.5, 90.0, 30.0, 30.0])
    weeks = of(k).expected_and_discounted(x, age, 26.0, 0.002, STEADY)
    days = of(k).expected_and_discounted(x, 7 * age, 7 * 26.0, 0.002 / 7, STEADY)
    assert days == pytest.approx(weeks, rel=1e-8)


@every_k
@pytest.mark.parametrize("end", [0.01, 26.0, 2_000.0])
def test_a_discount_takes_something_and_at_most_what_it_takes_at_the_end(k, end):
    x, age = np.array([0.0, 0.0, 6.0, 900.0]), np.array([0.5, 90.0, 30.0, 30.0])
    expected, discounted = of(k).expected_and_discounted(x, age, end, 0.002, STEADY)
    assert expected == pytest.approx(of(k).expected(x, end / age), rel=1e-6)
    assert (discounted < expected).all()
    assert (discounted >= np.exp(-0.002 * end) * expected).all()
