"""Shifted-beta-geometric against its papers' tables, sums in many digits, and simulation."""

import json

import mpmath as mp
import numpy as np
import polars as pl
import pytest

import clvlab as cl
from clvlab.errors import ConvergenceError, DataError, ParamsError

# Fader & Hardie (2007), table 1: customers left of 1,000 after 0 ... 12 years; the first seven years are fitted.
REGULAR = [1000, 631, 468, 382, 326, 289, 262, 241, 223, 207, 194, 183, 173]
HIGH_END = [1000, 869, 743, 653, 593, 551, 517, 491, 468, 445, 427, 409, 394]

KNOWN = cl.ShiftedBetaGeometric(0.7, 3.8, period="1 year")
CONTRACTS = pl.DataFrame(
    {"customer_id": ["a", "b", "c", "d"], "renewals": [0, 4, 4, 30], "cancelled": [False, False, True, False]}
)


@pytest.mark.parametrize(
    ("survivors", "alpha", "beta", "log_likelihood"),
    [(REGULAR, 0.704, 1.182, -1680.27), (HIGH_END, 0.668, 3.806, -1611.16)],
    ids=["regular", "high end"],
)
def test_parameters_match_fader_hardie_2007(survivors, alpha, beta, log_likelihood):
    model = cl.ShiftedBetaGeometric.fit_survivors(survivors[:8], period="1 year")
    assert (model.alpha, model.beta) == pytest.approx((alpha, beta), abs=1e-3)
    assert model.log_likelihood == pytest.approx(log_likelihood, abs=0.01)
    # As in the paper's figure, the twelfth year is met to within two points.
    assert model.survival(12)[12] == pytest.approx(survivors[12] / 1000, abs=0.02)


def test_contracts_one_by_one_are_the_table_of_survivors():
    left = np.array(REGULAR[:8])
    ends = [pl.DataFrame({"renewals": [m] * n, "cancelled": [True] * n}) for m, n in enumerate(-np.diff(left))]
    running = pl.DataFrame({"renewals": [7] * left[-1], "cancelled": [False] * left[-1]})
    one_by_one = cl.ShiftedBetaGeometric.fit(pl.concat([*ends, running]), period="1 year")
    table = cl.ShiftedBetaGeometric.fit_survivors(REGULAR[:8], period="1 year")
    assert one_by_one.parameters == pytest.approx(table.parameters, rel=1e-8)
    assert one_by_one.log_likelihood == pytest.approx(table.log_likelihood, rel=1e-12)


def test_retention_and_survival_by_hand():
    assert KNOWN.retention(2) == pytest.approx([3.8 / 4.5, 4.8 / 5.5])
    assert KNOWN.survival(2) == pytest.approx([1, 3.8 / 4.5, 3.8 / 4.5 * 4.8 / 5.5])
    assert KNOWN.survival(0).tolist() == [1]
    assert KNOWN.p_renewal(CONTRACTS) == pytest.approx([3.8 / 4.5, 7.8 / 8.5, 0, 33.8 / 34.5])


@pytest.mark.parametrize("rate", [0.02, 0.1, 1.0])
@pytest.mark.parametrize("alpha", [0.3, 1.0, 3.0])
def test_residual_lifetime_is_the_hypergeometric_function_of_fader_hardie_2010(rate, alpha):
    """Equation (6): (beta + m) / (alpha + beta + m) 2F1(1, beta + m + 1; alpha + beta + m + 1; 1 / (1 + d))."""
    model = cl.ShiftedBetaGeometric(alpha, 3.8, period="1 year")
    found = model.discounted_renewals(CONTRACTS, None, rate)
    for value, m, cancelled in zip(found, CONTRACTS["renewals"], CONTRACTS["cancelled"], strict=True):
        b = 3.8 + m
        expected = b / (alpha + b) * mp.hyp2f1(1, b + 1, alpha + b + 1, 1 / (1 + mp.mpf(rate)))
        assert value == pytest.approx(0 if cancelled else float(expected), rel=1e-9)
    new = mp.hyp2f1(1, 3.8, alpha + 3.8, 1 / (1 + mp.mpf(rate)))
    assert model.new_customer_value(20.0, rate, margin=0.5) == pytest.approx(10 * float(new), rel=1e-9)


def test_a_long_horizon_is_without_end():
    assert KNOWN.discounted_renewals(CONTRACTS, 2_000, 0.1) == pytest.approx(
        KNOWN.discounted_renewals(CONTRACTS, None, 0.1), rel=1e-9
    )
    assert KNOWN.expected_renewals(CONTRACTS, 2) == pytest.approx(
        [3.8 / 4.5 * (1 + 4.8 / 5.5), 7.8 / 8.5 * (1 + 8.8 / 9.5), 0, 33.8 / 34.5 * (1 + 34.8 / 35.5)]
    )


def test_the_value_of_contracts():
    values = KNOWN.residual_value(CONTRACTS, price=30.0, annual_discount_rate=0.1, margin=0.4, horizon=1)
    assert values["customer_id"].to_list() == ["a", "b", "c", "d"]
    assert values["residual_clv"].to_numpy() == pytest.approx(12 * KNOWN.p_renewal(CONTRACTS))
    endless = KNOWN.residual_value(CONTRACTS, price=30.0, annual_discount_rate=0.1, margin=0.4)
    assert (endless["residual_clv"] >= values["residual_clv"]).all()
    assert endless["residual_clv"][2] == 0


def test_truth_of_a_simulated_population_lies_in_its_intervals():
    contracts = KNOWN.simulate(20_000, np.arange(20_000) % 9 + 1, seed=1)
    fitted = cl.ShiftedBetaGeometric.fit(contracts, period="1 month")
    intervals = fitted.confidence_intervals(level=0.999)
    truth = pl.Series([0.7, 3.8])
    assert ((intervals["low"] < truth) & (truth < intervals["high"])).all()
    assert (contracts.filter(pl.col("renewals") == 0)["cancelled"]).all()


def test_simulated_contracts_survive_as_expected():
    contracts = KNOWN.simulate(50_000, 5, seed=2)
    for m, share in enumerate(KNOWN.survival(5)):
        assert (contracts["renewals"] >= m).mean() == pytest.approx(share, abs=0.01)


def test_nobody_has_cancelled_yet():
    running = pl.DataFrame({"renewals": [1, 2, 3], "cancelled": [False] * 3})
    with pytest.raises(ConvergenceError, match="how readily customers cancel"):
        cl.ShiftedBetaGeometric.fit(running, period="1 month")
    model = cl.ShiftedBetaGeometric.fit(running, period="1 month", prior=True)
    assert 0.7 < model.retention(1)[0] < 1
    draws = [each.retention(1)[0] for each in model.at_draws(model.draws(300, seed=1))]
    assert np.quantile(draws, 0.05) < 0.7 < np.quantile(draws, 0.95)


def test_plain_json_and_back():
    fitted = cl.ShiftedBetaGeometric.fit_survivors(HIGH_END, period="1 year")
    assert cl.ShiftedBetaGeometric.from_dict(json.loads(json.dumps(fitted.to_dict()))) == fitted


@pytest.mark.parametrize("survivors", [[10], [10, 11], [10, -1], [10, float("nan")], []])
def test_survivors_never_become_more(survivors):
    with pytest.raises(DataError, match="never become more"):
        cl.ShiftedBetaGeometric.fit_survivors(survivors, period="1 year")


def test_what_was_asked_wrongly_is_said():
    with pytest.raises(DataError, match="'cancelled', row 0: 2 is neither"):
        KNOWN.p_renewal(pl.DataFrame({"renewals": [1], "cancelled": [2]}))
    with pytest.raises(ParamsError, match="n is -1"):
        KNOWN.survival(-1)
    with pytest.raises(ParamsError, match="only if discounted"):
        KNOWN.new_customer_value(10.0, 0.0)
    with pytest.raises(ParamsError, match="margin"):
        KNOWN.residual_value(CONTRACTS, 10.0, 0.1, margin=2.0)
