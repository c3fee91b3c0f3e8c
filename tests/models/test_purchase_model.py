"""Laws that every purchase model obeys."""

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clvlab as cl
from clvlab.errors import ConvergenceError, DataError, MissingColumnsError, ParamsError
from clvlab.models import MODEL_NAMES, PURCHASE_MODELS
from clvlab.models.purchase_model import decay_rate
from clvlab.wording import catalogue
from tests.models.laws import MODELS, every_model, few_examples
from tests.models.populations import history

CUSTOMERS = pl.concat(
    [history(0, 0, 0), history(0, 0, 30), history(3, 20, 30), history(3, 5, 30), history(40, 30, 30)]
)


OFFERED = {*PURCHASE_MODELS, *MODEL_NAMES.values()}


def test_every_model_that_is_tried_or_named_is_held_to_the_laws():
    assert {type(model) for model in MODELS} >= OFFERED


def test_every_model_that_is_tried_or_named_has_a_name():
    codes = {f"{kind}.{model.__name__}" for kind in ("models", "methods") for model in OFFERED}
    assert codes <= set(catalogue())


@every_model
def test_probabilities_of_all_counts_sum_to_one_and_average_to_the_expectation(model):
    chances = np.array([model.probability_of_purchases(n, CUSTOMERS, 10) for n in range(600)])
    assert chances.sum(axis=0) == pytest.approx(1, abs=1e-9)
    assert np.arange(600) @ chances == pytest.approx(model.expected_purchases(CUSTOMERS, 10), rel=1e-8)


@every_model
def test_probabilities_of_a_new_customer_agree_with_simulation(model):
    n = 100_000
    counts = model.simulate(n, 26.0, seed=1)["frequency"].to_numpy()
    for count in (0, 1, 2, 5):
        chance = model.probability_of_purchases_new(count, 26.0)
        assert np.mean(counts == count) == pytest.approx(chance, abs=4 * np.sqrt(chance * (1 - chance) / n))
    assert counts.mean() == pytest.approx(model.expected_purchases_new("26 weeks"), abs=4 * counts.std() / np.sqrt(n))


@every_model
def test_p_alive_and_the_future_agree_with_simulated_customers_of_like_history(model):
    # One long simulation, seen at two ages: the past at 30 and what follows until 60.
    n, random = 200_000, np.random.default_rng(2)
    zeros = np.zeros(n)
    past, t_x = model.draw_future(random, np.full(n, 30.0), zeros, zeros, zeros)
    future, _ = model.draw_future(random, np.full(n, 30.0), past, t_x, np.full(n, 30.0))
    whole = model.simulate(n, 60.0, seed=3)["frequency"].to_numpy()
    total = past + future
    error = np.hypot(total.std(), whole.std()) / np.sqrt(n)
    assert total.mean() == pytest.approx(whole.mean(), abs=4 * error)
    assert (total**2).mean() == pytest.approx((whole**2).mean(), rel=0.1)
    table = pl.DataFrame({"frequency": past, "recency": t_x, "T": 30.0})
    assert model.expected_purchases(table, 30.0).mean() == pytest.approx(future.mean(), abs=4 * error)


@every_model
def test_truth_of_a_simulated_population_lies_in_its_intervals(model):
    ages = np.random.default_rng(4).uniform(0, 100, 20_000)
    fitted = type(model).fit(model.simulate(20_000, ages, seed=5), time_unit="week")
    intervals = fitted.confidence_intervals(level=0.999)
    truth = pl.Series(list(model.parameters.values()))
    assert ((intervals["low"] < truth) & (truth < intervals["high"])).all()


@every_model
def test_the_time_unit_does_not_matter(model):
    ages = np.random.default_rng(6).integers(0, 500, 3_000) / 7
    weeks = model.simulate(3_000, ages, seed=7)
    days = weeks.with_columns(pl.col("recency", "T") * 7)
    by_week, by_day = type(model).fit(weeks, time_unit="week"), type(model).fit(days, time_unit="day")
    assert by_day.alpha == pytest.approx(7 * by_week.alpha, rel=1e-6)
    assert by_day.r == pytest.approx(by_week.r, rel=1e-6)
    monthly = by_day.expected_purchases(weeks, "12 months", time_unit="week")
    assert monthly == pytest.approx(by_week.expected_purchases(weeks, "12 months"), rel=1e-6)


@every_model
def test_row_order_changes_nothing_to_the_last_bit(model):
    table = model.simulate(2_000, 50.0, seed=8)
    shuffled = table.sample(fraction=1, shuffle=True, seed=9)
    fitted, again = type(model).fit(table, time_unit="week"), type(model).fit(shuffled, time_unit="week")
    assert fitted == again
    expected = pl.DataFrame({"customer_id": table["customer_id"], "e": fitted.expected_purchases(table, 9)})
    reordered = pl.DataFrame({"customer_id": shuffled["customer_id"], "e": fitted.expected_purchases(shuffled, 9)})
    assert expected.equals(reordered.sort("customer_id"))


@every_model
def test_weights_are_repetition(model):
    table = model.simulate(2_000, 50.0, seed=10)
    times = np.arange(2_000) % 3
    repeated = pl.concat([table.filter(times > 0), table.filter(times > 1)])
    weighted = type(model).fit(table, time_unit="week", weights=times)
    plain = type(model).fit(repeated, time_unit="week")
    assert weighted.parameters == pytest.approx(plain.parameters, rel=1e-6)
    assert weighted.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-12)


@every_model
def test_plain_json_and_back(model):
    fitted = type(model).fit(model.simulate(1_000, 50.0, seed=11), time_unit="week")
    again = type(model).from_dict(json.loads(json.dumps(fitted.to_dict())))
    assert again == fitted
    assert (again.log_likelihood, again.aic, again.bic) == (fitted.log_likelihood, fitted.aic, fitted.bic)
    assert np.array_equal(again.covariance, fitted.covariance)


@every_model
def test_nothing_happens_in_no_time(model):
    assert np.array_equal(model.expected_purchases(CUSTOMERS, 0), np.zeros(5))
    assert model.probability_of_none(CUSTOMERS, 0) == pytest.approx(np.ones(5))
    assert np.array_equal(model.probability_of_purchases(3, CUSTOMERS, 0), np.zeros(5))
    assert model.discounted_purchases(CUSTOMERS, 0, 0.1) == pytest.approx(np.zeros(5))


@every_model
def test_expected_purchases_and_none_move_the_right_way_with_the_horizon(model):
    horizons = (0.01, 1.0, 26.0, 500.0)
    expected = np.array([model.expected_purchases(CUSTOMERS, horizon) for horizon in horizons])
    none = np.array([model.probability_of_none(CUSTOMERS, horizon) for horizon in horizons])
    assert (np.diff(expected, axis=0) > 0).all()
    assert (np.diff(none, axis=0) <= 0).all()
    assert (np.diff(none, axis=0) < 0)[:, :4].all()  # The fifth, who buys every day, does so again by then.


@every_model
def test_one_time_buyers_alone_identify_nothing(model):
    with pytest.raises(ConvergenceError, match="repeat purchase") as raised:
        type(model).fit(pl.concat([history(0, 0, 9), history(0, 0, 20)]), time_unit="week")
    assert raised.value.parameters == model.names


HISTORIES = st.lists(
    st.tuples(st.integers(0, 30), st.floats(0, 1), st.floats(0.1, 5_000)), min_size=1, max_size=30
).map(lambda rows: [(x, T * share if x else 0.0, T) for x, share, T in rows])


@every_model
@pytest.mark.filterwarnings("ignore::clvlab.errors.ClvlabWarning")
@settings(max_examples=25, deadline=None)
@given(HISTORIES)
def test_any_customers_are_fitted_or_a_parameter_is_named(model, rows):
    table = pl.DataFrame(rows, schema=["frequency", "recency", "T"], orient="row")
    try:
        fitted = type(model).fit(table, time_unit="day")
    except ConvergenceError as error:
        named = set(error.parameters)
    else:
        named = {model.names[0]}
        assert np.isfinite(list(fitted.standard_errors.values())).all()
        assert np.isfinite(fitted.expected_purchases(table, 365)).all()
    assert named
    assert named <= set(model.names)


def on_days(x, share, T):
    """A history whose purchases are on different days."""
    x = min(x, T)
    return x, float(x + int(share * (T - x))) if x else 0.0, float(T)


DAYS = st.builds(on_days, st.integers(0, 30), st.floats(0, 1), st.integers(1, 2_000))


@every_model
@pytest.mark.filterwarnings("ignore::clvlab.errors.ClvlabWarning")
@settings(max_examples=10, deadline=None, derandomize=True)
@given(st.lists(DAYS, min_size=1, max_size=20))
def test_with_a_weak_prior_any_customers_have_an_answer(model, rows):
    table = pl.DataFrame(rows, schema=["frequency", "recency", "T"], orient="row")
    fitted = type(model).fit(table, time_unit="day", prior=True)
    assert np.isfinite(list(fitted.standard_errors.values())).all()
    assert np.isfinite(fitted.expected_purchases(table, 365)).all()


@every_model
def test_a_weak_prior_knows_no_unit_of_time_and_yields_to_many_customers(model):
    few, many = model.simulate(12, 40.0, seed=12), model.simulate(5_000, 40.0, seed=13)
    weeks = type(model).fit(few, time_unit="week", prior=True)
    days = type(model).fit(few.with_columns(pl.col("recency", "T") * 7), time_unit="day", prior=True)
    assert days.alpha == pytest.approx(7 * weeks.alpha, rel=1e-6)
    assert days.r == pytest.approx(weeks.r, rel=1e-6)
    without, with_prior = (type(model).fit(many, time_unit="week", prior=prior) for prior in (False, True))
    errors = np.array(list(without.standard_errors.values()))
    moved = np.array(list(with_prior.parameters.values())) - np.array(list(without.parameters.values()))
    assert (np.abs(moved) < errors / 3).all()
    assert with_prior.log_likelihood == pytest.approx(without.log_likelihood, abs=0.1)
    assert with_prior.log_likelihood <= without.log_likelihood


@every_model
@pytest.mark.filterwarnings("ignore::clvlab.errors.ClvlabWarning")
def test_one_time_buyers_alone_are_expected_to_buy_less_the_more_they_are(model):
    few, many = (pl.concat([history(0, 0, 20)] * n) for n in (5, 500))
    expected = [
        type(model).fit(table, time_unit="week", prior=True).expected_purchases_new(52) for table in (few, many)
    ]
    assert 0 < expected[1] < expected[0] < 52


def test_a_penalty_and_a_prior_are_one_too_many():
    with pytest.raises(ParamsError, match="Give one of them"):
        cl.BgNbd.fit(history(2, 5.0, 9.0), time_unit="week", penalty=0.1, prior=True)


def test_what_cannot_be_identified_is_said_in_words():
    everybody_stays = pl.concat([history(x, 99, 100) for x in (1, 4, 9, 30)] * 30)
    with pytest.raises(ConvergenceError, match="how readily customers leave"):
        cl.BgNbd.fit(everybody_stays, time_unit="week")


@every_model
def test_prospects_alone_are_an_error(model):
    with pytest.raises(DataError, match="who have bought"):
        type(model).fit(history(0, 0, 9).with_columns(n_purchases=0), time_unit="week")


@every_model
def test_prospects_and_empty_tables_have_predictions_of_their_length(model):
    prospect = pl.DataFrame({"n_purchases": [0], "frequency": [None], "recency": [None], "T": [None]})
    for table in (prospect, prospect.clear()):
        for predicted in (
            model.p_alive(table),
            model.expected_purchases(table, 9),
            model.discounted_purchases(table, None, 0.1),
            model.probability_of_purchases(2, table, 9),
        ):
            assert predicted.size == table.height
            assert np.isnan(predicted).all()


@every_model
def test_information_criteria(model):
    fitted = type(model).fit(model.simulate(1_000, 50.0, seed=12), time_unit="week")
    k = len(model.names)
    assert fitted.aic == 2 * k - 2 * fitted.log_likelihood
    assert fitted.bic == pytest.approx(k * np.log(1_000) - 2 * fitted.log_likelihood)


def test_given_parameters_know_no_errors():
    with pytest.raises(ParamsError, match="not fitted"):
        MODELS[0].standard_errors  # noqa: B018


def test_parameters_of_another_model_are_refused():
    with pytest.raises(ParamsError, match="'MbgNbd', not of 'BgNbd'"):
        cl.BgNbd.from_dict(MODELS[1].to_dict())
    with pytest.raises(ParamsError, match="not a saved BgNbd: it lacks model and parameters"):
        cl.BgNbd.from_dict({})


@pytest.mark.parametrize(
    "change",
    [
        {"parameters": {"r": 1.0}},
        {"parameters": {"r": "a", "alpha": 1.0, "a": 1.0, "b": 1.0}},
        {"parameters": None},
        {"estimate": {"log_likelihood": 1.0}},
        {"colour": "red"},
    ],
    ids=str,
)
def test_a_damaged_saved_model_is_refused(change):
    with pytest.raises(ParamsError, match="not a saved BgNbd"):
        cl.BgNbd.from_dict({**cl.BgNbd(1, 2, 3, 4, time_unit="week").to_dict(), **change})


def test_a_penalty_is_a_number():
    with pytest.raises(ParamsError, match="penalty is x"):
        cl.BgNbd.fit(history(2, 5.0, 9.0), time_unit="week", penalty="x")


@pytest.mark.parametrize("n", [-1, 1.5])
def test_a_number_of_purchases_is_a_whole_number(n):
    with pytest.raises(ParamsError, match="whole number"):
        MODELS[0].probability_of_purchases(n, CUSTOMERS, 10)


@pytest.mark.parametrize("level", [0.0, 1.0, 95])
def test_a_confidence_level_is_a_share(level):
    with pytest.raises(ParamsError, match="level"):
        MODELS[0].confidence_intervals(level)


def test_a_frame_without_recency_is_refused():
    with pytest.raises(MissingColumnsError, match="recency"):
        MODELS[0].p_alive(CUSTOMERS.drop("recency"))


@every_model
@few_examples
@given(st.floats(0.01, 500), st.floats(0.01, 500))
def test_expected_purchases_of_two_periods_add_up(model, first, second):
    """Seen from now: what is expected of the first, and of the second after it."""
    x, T = np.array([0.0, 3.0]), np.array([5.0, 30.0])
    whole = model.purchases_if_alive(first + second, x, T)
    nodes, weights = np.polynomial.legendre.leggauss(60)
    rate = model.rate_if_alive(x, T)
    times = first + second * (nodes + 1) / 2
    rest = sum(second / 2 * weight * rate(np.full(2, u)) for u, weight in zip(times, weights, strict=True))
    assert model.purchases_if_alive(first, x, T) + rest == pytest.approx(whole, rel=1e-9)


@every_model
def test_a_customers_figure_is_that_of_a_table_of_one(model):
    for ask in (
        lambda table: model.p_alive(table),
        lambda table: model.expected_purchases(table, 26),
        lambda table: model.probability_of_purchases(1, table, 26),
    ):
        together = ask(CUSTOMERS)
        assert together == pytest.approx([ask(CUSTOMERS[i])[0] for i in range(CUSTOMERS.height)], rel=1e-11)


@every_model
def test_all_that_a_value_rests_on_is_what_each_verb_says(model):
    ahead = model.purchases_ahead(CUSTOMERS, "12 months", 0.1)
    assert np.array_equal(ahead["p_alive"], model.p_alive(CUSTOMERS))
    # Of regular buyers all is read from one polynomial in time, and its sum alone from the sum itself.
    rounding = 1e-8 if hasattr(model, "k") else 0.0
    expected = model.expected_purchases(CUSTOMERS, "12 months")
    assert ahead["expected_purchases"] == pytest.approx(expected, rel=rounding, abs=0.0)
    assert np.array_equal(ahead["discounted_purchases"], model.discounted_purchases(CUSTOMERS, "12 months", 0.1))


@every_model
def test_a_new_customer_is_one_of_age_0(model):
    newcomer = history(0, 0, 0)
    assert model.expected_purchases_new(26) == pytest.approx(model.expected_purchases(newcomer, 26)[0], rel=1e-12)
    several = model.expected_purchases_new(["26 weeks", 52.0])
    assert several == pytest.approx([model.expected_purchases_new(26), model.expected_purchases_new(52)])
    assert model.probability_of_purchases_new(2, 26) == model.probability_of_purchases(2, newcomer, 26)[0]
    discounted = model.discounted_purchases(newcomer, 26, 0.1)[0]
    assert model.discounted_purchases_new(26, 0.1) == pytest.approx(discounted, rel=1e-9)


@every_model
def test_the_probability_of_none_is_that_of_zero(model):
    none = model.probability_of_none(CUSTOMERS, 26)
    assert np.array_equal(none, model.probability_of_purchases(0, CUSTOMERS, 26))
    assert (none >= 1 - model.p_alive(CUSTOMERS)).all()


@every_model
def test_a_horizon_is_in_the_tables_unit_and_a_text_in_its_own(model):
    days = CUSTOMERS.with_columns(pl.col("recency", "T") * 7)
    expected = model.expected_purchases(CUSTOMERS, 26)
    assert model.expected_purchases(days, 182, time_unit="day") == pytest.approx(expected, rel=1e-12)
    assert model.expected_purchases(days, "26 weeks", time_unit="day") == pytest.approx(expected, rel=1e-12)
    assert model.horizon_length(days, 182, "day") == pytest.approx(26)
    assert model.unit_of(days, None) == "week"


@every_model
@pytest.mark.parametrize("horizon", [-1, float("nan"), float("inf"), "39 moons", "soon", None, True])
def test_what_is_not_a_length_of_time_is_refused(model, horizon):
    with pytest.raises(ParamsError):
        model.expected_purchases(CUSTOMERS, horizon)


@every_model
def test_simulated_customers_are_histories(model):
    table = model.simulate(500, np.linspace(0, 60, 500), seed=3)
    assert table.columns == ["customer_id", "frequency", "recency", "T", "n_purchases"]
    assert np.isfinite(model.p_alive(table)).all()
    assert (table["n_purchases"] == table["frequency"] + 1).all()
    assert table["customer_id"].to_list()[::499] == ["001", "500"]
    assert table.equals(model.simulate(500, np.linspace(0, 60, 500), seed=3))
    assert not table.equals(model.simulate(500, np.linspace(0, 60, 500), seed=4))


@every_model
def test_nobody_buys_again_before_the_first_moment_has_passed(model):
    assert model.simulate(50, 0.0, seed=1)["frequency"].sum() == 0


def test_a_discount_is_a_decay_per_unit_of_time():
    assert decay_rate(0.1, "week") == pytest.approx(np.log(1.1) * 7 / 365.25)
    assert decay_rate(0.1, "month") * 12 == pytest.approx(np.log(1.1))
    assert decay_rate(0.0, "day") == 0
