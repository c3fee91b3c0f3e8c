"""BG/BB against the donations of its paper, sums in many digits, and simulation."""

import json
from importlib.metadata import distribution

import mpmath as mp
import numpy as np
import polars as pl
import pytest

import clvlab as cl
from clvlab.errors import ConvergenceError, DataError, MissingColumnsError, ParamsError
from tests.models.lifetimes_models import fitted, silently

KNOWN = cl.BgBb(1.2, 0.75, 0.65, 2.8, period="1 year")
CUSTOMERS = pl.DataFrame(
    {"frequency": [0, 0, 4, 6, 1], "recency": [0, 0, 5, 6, 1], "opportunities": [0, 6, 6, 6, 40]}
)


@pytest.fixture(scope="module")
def donations():
    path = distribution("lifetimes").locate_file("lifetimes/datasets/donations.csv")
    return pl.read_csv(str(path)).rename({"periods": "opportunities"})


@pytest.fixture(scope="module")
def donors(donations):
    return cl.BgBb.fit(donations, period="1 year", weights=donations["weights"])


def test_parameters_match_fader_hardie_shang_2010(donors, published):
    known = published["bgbb_donations"]
    assert donors.parameters == pytest.approx({name: known[name] for name in donors.names}, rel=1e-5)
    assert donors.log_likelihood == pytest.approx(known["LL"], abs=1e-3)
    assert donors.n_customers == known["N"]


def test_predictions_match_the_walkthrough_of_btyd(donors):
    """Ten years ahead of a donor who never gave again, one who gave four times, and a new one."""
    a_and_b = pl.DataFrame({"frequency": [0, 4], "recency": [0, 5], "opportunities": [6, 6]})
    assert donors.expected_purchases(a_and_b, 10) == pytest.approx([0.1302, 3.6279], abs=3e-4)
    assert donors.expected_purchases_new(10) == pytest.approx(3.1798, abs=3e-4)


def test_predictions_agree_with_lifetimes(donors, donations):
    columns = [donations[name].to_numpy() for name in ("frequency", "recency", "opportunities", "weights")]
    theirs = fitted("BetaGeoBetaBinomFitter", *columns)
    model = cl.BgBb(*(theirs.params_[name] for name in donors.names), period="1 year")
    expected = silently(theirs.conditional_expected_number_of_purchases_up_to_time, 5, *columns[:3])
    alive = silently(theirs.conditional_probability_alive, 0, *columns[:3])
    assert model.expected_purchases(donations, 5) == pytest.approx(np.asarray(expected), rel=1e-6)
    assert model.p_alive(donations) == pytest.approx(np.asarray(alive), rel=1e-6)


def likelihood(model, x, t_x, n):
    """Equation (5) of the paper in 40 digits: of being active, and of each time to have left."""
    alpha, beta, gamma, delta = map(mp.mpf, model.parameters.values())
    taken = [mp.beta(alpha + x, beta + i - x) / mp.beta(alpha, beta) for i in range(t_x, n + 1)]
    active = taken[-1] * mp.beta(gamma, delta + n) / mp.beta(gamma, delta)
    left = sum(
        chance * mp.beta(gamma + 1, delta + i) / mp.beta(gamma, delta)
        for i, chance in zip(range(t_x, n), taken, strict=False)
    )
    return active, left


@pytest.mark.parametrize("row", CUSTOMERS.rows(), ids=str)
def test_likelihood_and_p_alive_are_the_papers_in_40_digits(row):
    table = pl.DataFrame([row], schema=CUSTOMERS.columns, orient="row")
    with mp.workdps(40):
        active, left = likelihood(KNOWN, *row)
        expected, alive = float(mp.log(active + left)), float(active / (active + left))
    population = cl.models.numerics.population.Population(np.array(row, dtype=float)[:, None], np.ones(1))
    assert KNOWN.log_likelihood_of(list(KNOWN.parameters.values()), population) == pytest.approx(expected, rel=1e-10)
    assert KNOWN.p_alive(table)[0] == pytest.approx(alive, rel=1e-10)


@pytest.mark.parametrize("rate", [0.02, 0.1, 1.0])
@pytest.mark.parametrize("gamma", [0.3, 1.0, 2.5])
def test_purchases_without_end_are_the_papers_hypergeometric_function(rate, gamma):
    model = cl.BgBb(1.2, 0.75, gamma, 2.8, period="1 year")
    found = model.discounted_purchases(CUSTOMERS, None, rate)
    for value, alive, (x, _, n) in zip(found, model.p_alive(CUSTOMERS), CUSTOMERS.rows(), strict=True):
        z = 1 / (1 + mp.mpf(rate))
        ratio = mp.beta(gamma, 2.8 + n + 1) / mp.beta(gamma, 2.8 + n) * z
        ahead = ratio * mp.hyp2f1(1, 2.8 + n + 1, gamma + 2.8 + n + 1, z)
        assert value == pytest.approx(float(alive * (1.2 + x) / (1.95 + n) * ahead), rel=1e-9)
    assert model.discounted_purchases(CUSTOMERS, 3_000, 0.1) == pytest.approx(
        model.discounted_purchases(CUSTOMERS, None, 0.1), rel=1e-9
    )


def test_probabilities_of_all_counts_sum_to_one_and_average_to_the_expectation():
    chances = np.array([KNOWN.probability_of_purchases(count, CUSTOMERS, 12) for count in range(13)])
    assert chances.sum(axis=0) == pytest.approx(1, abs=1e-12)
    assert np.arange(13) @ chances == pytest.approx(KNOWN.expected_purchases(CUSTOMERS, 12), rel=1e-10)


def test_probabilities_of_a_new_customer_agree_with_simulation():
    n = 50_000
    table = KNOWN.simulate(n, 8, seed=1)
    for count in range(9):
        chance = KNOWN.probability_of_purchases_new(count, 8)
        share = (table["frequency"] == count).mean()
        assert share == pytest.approx(chance, abs=4 * np.sqrt(chance * (1 - chance) / n))


def test_the_future_of_like_histories_agrees_with_simulation():
    whole = KNOWN.simulate(50_000, 12, seed=2)
    short = cl.BgBb(1.2, 0.75, 0.65, 2.8, period="1 year").simulate(50_000, 6, seed=3)
    expected = short["frequency"].sum() + KNOWN.expected_purchases(short, 6).sum()
    assert whole["frequency"].sum() == pytest.approx(expected, rel=0.02)


def test_truth_of_a_simulated_population_lies_in_its_intervals():
    table = KNOWN.simulate(20_000, np.arange(20_000) % 12 + 1, seed=4)
    fitted_model = cl.BgBb.fit(table, period="1 month")
    intervals = fitted_model.confidence_intervals(level=0.999)
    truth = pl.Series(list(KNOWN.parameters.values()))
    assert ((intervals["low"] < truth) & (truth < intervals["high"])).all()


def test_weights_are_repetition_and_order_changes_nothing():
    table = KNOWN.simulate(900, 6, seed=5).drop("customer_id")
    times = np.arange(900) % 3
    weighted = cl.BgBb.fit(table, period="1 year", weights=times)
    repeated = pl.concat([table.filter(times > 0), table.filter(times > 1)]).sample(fraction=1, shuffle=True, seed=1)
    assert weighted.parameters == pytest.approx(cl.BgBb.fit(repeated, period="1 year").parameters, rel=1e-6)


def test_a_prior_answers_for_one_donor():
    with pytest.raises(ConvergenceError):
        cl.BgBb.fit(CUSTOMERS[1:2], period="1 year")
    model = cl.BgBb.fit(CUSTOMERS[1:2], period="1 year", prior=True)
    draws = model.draws(200, seed=1)
    assert 0 < model.expected_purchases_new(6) < 3
    assert draws.intervals(0.9)["high"][0] / draws.intervals(0.9)["low"][0] > 10


def test_the_period_is_shown():
    assert repr(KNOWN).endswith("; period 1 year")


def test_plain_json_and_back(donors):
    again = cl.BgBb.from_dict(json.loads(json.dumps(donors.to_dict())))
    assert again == donors
    assert again.period == "1 year"


def test_a_discount_is_for_the_length_of_a_period():
    monthly = cl.BgBb(1.2, 0.75, 0.65, 2.8, period="1 month")
    assert monthly.discount(0.1) ** 12 == pytest.approx(KNOWN.discount(0.1)) == pytest.approx(1 / 1.1)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ((1, 7, 6), "'recency', row 0: 7 is later"),
        ((3, 2, 6), "'frequency', row 0: 3 does not go"),
        ((0, 2, 6), "'frequency', row 0: 0 does not go"),
        ((1.5, 2.0, 6.0), "'frequency', row 0: 1.5 is not a whole number"),
        ((1, 1, None), "'opportunities', row 0: None is not a whole number"),
    ],
)
def test_what_is_not_a_history_is_refused(row, said):
    with pytest.raises(DataError, match=said):
        cl.BgBb.fit(pl.DataFrame([row], schema=CUSTOMERS.columns, orient="row"), period="1 year")


def test_what_was_asked_wrongly_is_said():
    with pytest.raises(MissingColumnsError, match="opportunities"):
        KNOWN.p_alive(CUSTOMERS.drop("opportunities"))
    with pytest.raises(DataError, match="the table has none"):
        cl.BgBb.fit(CUSTOMERS[:0], period="1 year")
    with pytest.raises(ParamsError, match=r"horizon is 1\.5"):
        KNOWN.expected_purchases(CUSTOMERS, 1.5)
    with pytest.raises(ParamsError, match="only if discounted"):
        KNOWN.discounted_purchases(CUSTOMERS, None, 0.0)
    with pytest.raises(ParamsError, match="annual_discount_rate is -1"):
        KNOWN.discounted_purchases(CUSTOMERS, 2, -1)
    with pytest.raises(ParamsError, match="period is '0 years'"):
        cl.BgBb(1, 1, 1, 1, period="0 years")
