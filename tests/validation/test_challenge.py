"""The learned challenger in a backtest: the paired test by hand, then on CDNOW's sample."""

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

import clvlab as cl
from clvlab.validation import challenge
from clvlab.validation.challenge import LEARNED, Challenge, over_learned

ORIGINS, HORIZON = ["1997-03-31", "1997-12-31"], "13 weeks"


@pytest.fixture(scope="module")
def log():
    return cl.datasets.cdnow(sample=True)


@pytest.fixture(scope="module")
def found(log):
    return cl.backtest(log, ["bg_nbd", "learned"], ORIGINS, HORIZON, level=0.9, futures=20)


def test_the_difference_of_two_customers():
    """They bought 0 and 2; squared errors are 1 and 1, those of the learned model 0 and 1."""
    asked = pl.DataFrame({"actual": [0.0, 2.0], "BgNbd": [1.0, 1.0], LEARNED: [0.0, 1.0]})
    figures = over_learned(asked, "BgNbd")
    assert figures == pytest.approx({"over_learned": 0.5, "over_learned_error": 0.5})


def scored(*origins, learned=1.0, model=2.0):
    """Scores of a model and of the learned one, whose difference at each origin is (mean, standard error)."""
    rows = [
        {"origin": date(2024, place + 1, 1), "horizon": "1 month", "what": "purchases", "method": method} | figures
        for place, (mean, error) in enumerate(origins)
        for method, figures in {
            "BgNbd": {"rmse": model, "over_learned": mean, "over_learned_error": error},
            "Learned": {"rmse": learned, "over_learned": 0.0, "over_learned_error": 0.0},
        }.items()
    ]
    return pl.DataFrame(rows)


@pytest.mark.parametrize(
    ("origins", "verdict", "standard_errors"),
    [
        ([(3.0, 1.0)], "better", 3),
        ([(-3.0, 1.0)], "worse", -3),
        ([(1.9, 1.0)], "alike", 1.9),
        ([(3.0, 1.0), (1.0, 1.0)], "better", 2),
        ([(9.0, 1.0), (-1.0, 1.0)], "alike", 4),  # not at every origin
        ([(2.0, 1.0), (1.0, 1.0)], "alike", 1.5),
    ],
)
def test_better_is_beyond_chance_and_at_every_origin(origins, verdict, standard_errors):
    outcome = Challenge.of(scored(*origins), "BgNbd", "purchases")
    assert (outcome.verdict, outcome.standard_errors) == (verdict, pytest.approx(standard_errors))
    assert (outcome.origins, outcome.gain) == (len(origins), 0.5)


def test_an_origin_without_the_learned_model_does_not_count():
    table = scored((3.0, 1.0), (3.0, 1.0))
    fewer = table.filter((pl.col("origin") > date(2024, 1, 1)) | (pl.col("method") == "BgNbd"))
    assert Challenge.of(fewer, "BgNbd", "purchases").origins == 1
    assert Challenge.of(table.filter(method="BgNbd"), "BgNbd", "purchases") is None
    assert Challenge.of(table, "MbgNbd", "purchases") is None


def test_in_a_backtest_it_is_one_more_method(found, log):
    assert found.problems.select("origin", "method").rows() == [(date(1997, 3, 31), "Learned")]
    assert "too short to learn" in found.problems["problem"][0]
    last = date(1997, 12, 31)
    learned, customers = cl.Learned.fit(log, last, HORIZON), cl.summarise_customers(log, last, "week")
    table = learned.value(customers)
    totals = found.sums.filter(method="Learned", part="total", origin=last)
    assert totals.select("what", "predicted", "low").rows() == [
        ("purchases", pytest.approx(table["expected_purchases"].sum()), None),
        ("spend", pytest.approx(table["clv"].sum()), None),
    ]
    score = found.customers.filter(method="Learned", what="purchases").row(0, named=True)
    assert (score["crps"], score["over_learned"]) == (score["mae"], 0)


def test_the_difference_is_that_of_the_errors(found):
    rmse = found.customers.filter(what="spend", origin=date(1997, 12, 31)).select("method", "rmse", "over_learned")
    error = {method: rmse**2 for method, rmse, _ in rmse.rows()}
    for method, _, over in rmse.rows():
        assert over == pytest.approx(error[method] - error["Learned"])
    outcome = found.challenge("BgNbd", "spend")
    assert outcome.gain == pytest.approx(1 - np.sqrt(error["Learned"] / error["BgNbd"]))


def test_what_happens_after_an_origin_changes_nothing_that_was_learnt_there(found, log):
    later = pl.col("date") > date(1997, 12, 31)
    other = log.data.with_columns(
        customer_id=pl.when(later).then(pl.col("customer_id").reverse()).otherwise("customer_id"),
        amount=pl.when(later).then(pl.col("amount") * 2).otherwise("amount"),
    ).reverse()
    changed = cl.backtest(replace(log, accepted=other.lazy()), ["learned"], ORIGINS[1:], HORIZON)
    was, now = (
        each.sums.filter(method="Learned").select("what", "part", "name", "predicted") for each in (found, changed)
    )
    assert now.equals(was)


def test_the_class_serves_as_well_as_its_name(log):
    named, classed = (cl.backtest(log, [each], ORIGINS[1:], "4 weeks") for each in ("learned", cl.Learned))
    assert named.sums.equals(classed.sums)


def asked_of(most, log):
    """At one origin, where so many are asked of the learned model at most."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(challenge, "MOST_ASKED", most)
        return cl.backtest(log, ["bg_nbd", "learned"], ORIGINS[1:], HORIZON)


@pytest.fixture(scope="module")
def of_some(log):
    return asked_of(1_000, log)


def test_a_sample_judges_as_all_do_within_its_interval():
    """Of CDNOW's 23,570 customers, a third."""
    log = cl.datasets.cdnow()
    every, some = (asked_of(most, log).customers.filter(method="BgNbd") for most in (100_000, 8_000))
    difference = (some["over_learned"] - every["over_learned"]).abs()
    assert (difference < 1.96 * some["over_learned_error"]).all()
    assert (some["over_learned_error"] > every["over_learned_error"]).all()
    assert some["rmse"].equals(every["rmse"])


def test_of_a_sample_the_learned_error_is_that_of_all_less_the_difference(of_some):
    scores = {row["method"]: row for row in of_some.customers.filter(what="purchases").iter_rows(named=True)}
    assert (scores["Learned"]["customers"], scores["BgNbd"]["customers"]) == (1_000, 2_357)
    error = scores["BgNbd"]["rmse"] ** 2 - scores["BgNbd"]["over_learned"]
    assert scores["Learned"]["rmse"] == pytest.approx(np.sqrt(error))
    gain = 1 - scores["Learned"]["rmse"] / scores["BgNbd"]["rmse"]
    assert of_some.challenge("BgNbd").gain == pytest.approx(gain)


def test_a_sample_is_in_no_sum(found, of_some):
    assert "Learned" in found.sums["method"]
    assert "Learned" not in of_some.sums["method"]
