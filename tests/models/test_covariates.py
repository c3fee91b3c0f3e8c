import json
from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest
from scipy import stats

import clvlab as cl
from clvlab.errors import ClvlabWarning, ConvergenceError, DataError, MissingColumnsError, ParamsError
from clvlab.models import purchase_intervals
from clvlab.models.fitted_model import Estimate

GAMMA = {"home": 0.0, "trade": 0.7, "industry": -0.4}
DELTA = {"south": 0.0, "north": 0.8}


def simulated(model, n_each, seed):
    """A population in which the sector acts on purchases, and the region on leaving."""
    tables = []
    for i, (sector, gamma) in enumerate(GAMMA.items()):
        for j, (region, delta) in enumerate(DELTA.items()):
            leaving, power = model.leaving
            changed = {"alpha": model.alpha * np.exp(-gamma)}
            changed[leaving] = model.parameters[leaving] * np.exp(power * delta)
            own = type(model)(**(model.parameters | changed), time_unit="week")
            n = n_each * (3 if (i, j) == (0, 0) else 1)
            ages = np.random.default_rng([seed, i, j, 0]).integers(0, 700, n) / 7
            table = own.simulate(n, ages, seed=100 * seed + 10 * i + j)
            tables.append(table.with_columns(sector=pl.lit(sector), region=pl.lit(region)))
    return pl.concat(tables).with_columns(customer_id=pl.int_range(pl.len()).cast(pl.String))


MODELS = [
    cl.BgNbd(0.8, 8.0, 0.6, 2.5, time_unit="week"),
    cl.ParetoNbd(0.8, 8.0, 0.7, 12.0, time_unit="week"),
]
every_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)


@pytest.fixture(scope="module")
def customers():
    return simulated(MODELS[0], 800, seed=1)


@pytest.fixture(scope="module")
def fitted(customers):
    return cl.CovariateModel.fit(cl.BgNbd, customers, purchase=["sector"], dropout=["region"], time_unit="week")


@every_model
def test_the_truth_of_a_simulated_population_is_recovered(model):
    table = simulated(model, 2_500, seed=2)
    found = cl.CovariateModel.fit(type(model), table, purchase=["sector"], dropout=["region"], time_unit="week")
    coefficients = found.coefficients(level=0.999)
    assert coefficients["term"].to_list() == ["sector=industry", "sector=trade", "region=north"]
    truth = pl.Series([GAMMA["industry"], GAMMA["trade"], DELTA["north"]])
    assert ((coefficients["low"] < truth) & (truth < coefficients["high"])).all()
    assert coefficients["standard_error"].max() < 0.2
    assert found.likelihood_ratio_test().p_value < 1e-6
    errors = np.sqrt(np.diag(found.covariance))[: len(model.names)]
    assert (np.abs(found.reference.log_parameters - model.log_parameters) < 4 * errors).all()


def test_an_attribute_that_explains_nothing_is_distinguished_from_one_that_does(customers, fitted):
    coin = pl.Series(np.random.default_rng(3).choice(["heads", "tails"], customers.height))
    more = cl.CovariateModel.fit(
        cl.BgNbd, customers.with_columns(coin=coin), purchase=["sector", "coin"], dropout=["region"], time_unit="week"
    )
    test = more.likelihood_ratio_test(fitted)
    assert (test.degrees, test.p_value > 0.01) == (1, True)
    assert fitted.likelihood_ratio_test().degrees == 3


def test_a_single_attribute_splits_the_population_as_separate_fits_would(customers):
    both = customers.with_columns(north=(pl.col("region") == "north").cast(pl.Float64))
    by_text = cl.CovariateModel.fit(cl.BgNbd, both, dropout=["region"], time_unit="week")
    by_number = cl.CovariateModel.fit(cl.BgNbd, both, dropout=["north"], time_unit="week")
    assert by_text.delta == pytest.approx(by_number.delta, abs=1e-8)
    assert by_text.log_likelihood == pytest.approx(by_number.log_likelihood)


def test_the_likelihood_is_the_sum_of_those_of_the_kinds(customers, fitted):
    total = 0.0
    for (sector, region), part in customers.group_by("sector", "region"):
        z = [float(sector == "industry"), float(sector == "trade"), float(region == "north")]
        own = fitted.model_of(np.array(z))
        refitted = cl.BgNbd.fit(part, time_unit="week")
        total += refitted.estimate.likelihood.at(own.log_parameters)
    assert fitted.log_likelihood == pytest.approx(total, rel=1e-10)


def test_predictions_are_those_of_each_customers_own_model(customers, fitted):
    trade = customers.filter(sector="trade", region="north").head(50)
    own = fitted.model_of(np.array([0.0, 1.0, 1.0]))
    assert own.alpha == pytest.approx(fitted.reference.alpha * np.exp(-fitted.gamma[1]))
    assert own.a == pytest.approx(fitted.reference.a * np.exp(fitted.delta[0]))
    assert np.array_equal(fitted.p_alive(trade), own.p_alive(trade))
    assert np.array_equal(fitted.expected_purchases(trade, 39), own.expected_purchases(trade, 39))
    assert np.array_equal(fitted.discounted_purchases(trade, None, 0.1), own.discounted_purchases(trade, None, 0.1))
    assert np.array_equal(fitted.probability_of_purchases(2, trade, 9), own.probability_of_purchases(2, trade, 9))


def test_prospects_have_nan_and_need_no_attributes(customers, fitted):
    prospect = pl.DataFrame({"customer_id": ["p"], "n_purchases": [0]})
    table = pl.concat([prospect, customers.head(3)], how="diagonal_relaxed")
    alive = fitted.p_alive(table)
    assert np.isnan(alive[0])
    assert np.array_equal(alive[1:], fitted.p_alive(customers.head(3)))


def test_a_missing_text_is_a_level_of_its_own(customers):
    gaps = customers.with_columns(sector=pl.when(pl.col("sector") != "trade").then("sector"))
    model = cl.CovariateModel.fit(cl.BgNbd, gaps, purchase=["sector"], time_unit="week")
    assert model.purchase.terms == ("sector=(missing)", "sector=industry")


def test_a_missing_number_has_a_level_of_its_own(customers):
    """Whoever is in trade does not say how old they are: the level says what the sector would."""
    ages = pl.Series(np.random.default_rng(5).integers(20, 60, customers.height).astype(float))
    table = customers.with_columns(age=pl.when(pl.col("sector") != "trade").then(ages))
    model = cl.CovariateModel.fit(cl.BgNbd, table, purchase=["age"], time_unit="week")
    assert model.purchase.terms == ("age", "age=(missing)")
    assert model.gamma[1] > 0.5
    ahead = model.expected_purchases(table.filter(frequency=0, T=50).head(1).with_columns(age=None), 52)
    assert np.isfinite(ahead).all()


def test_a_level_not_seen_at_the_fit_is_predicted_as_the_average_customer(customers, fitted):
    some = customers.head(5).with_columns(region=pl.lit("south"))
    z = [(customers["sector"] == sector).mean() for sector in ("industry", "trade")]
    with pytest.warns(ClvlabWarning, match="'sector' of 5 customers"):
        alive = fitted.p_alive(some.with_columns(sector=pl.lit("space")))
    assert alive == pytest.approx(fitted.model_of(np.array([*z, 0.0])).p_alive(some), rel=1e-12)


def test_too_many_levels_and_combinations_are_refused(customers):
    with pytest.raises(ParamsError, match=r"'customer_id' has \d+ levels"):
        cl.CovariateModel.fit(cl.BgNbd, customers, purchase=["customer_id"], time_unit="week")
    all_different = pl.concat([customers] * 2).with_columns(number=pl.int_range(pl.len()))
    with pytest.raises(ParamsError, match="different combinations"):
        cl.CovariateModel.fit(cl.BgNbd, all_different, purchase=["number"], time_unit="week")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({}, ParamsError, "Name attributes"),
        ({"purchase": ["colour"]}, MissingColumnsError, "colour"),
        ({"purchase": ["constant"]}, DataError, "same for all"),
    ],
)
def test_impossible_attributes_are_refused(customers, arguments, error, message):
    with pytest.raises(error, match=message):
        cl.CovariateModel.fit(cl.BgNbd, customers.with_columns(constant=1), time_unit="week", **arguments)


def test_nobody_leaves_in_nbd(customers):
    with pytest.raises(ParamsError, match="Nobody leaves"):
        cl.CovariateModel.fit(cl.Nbd, customers, dropout=["region"], time_unit="week")
    model = cl.CovariateModel.fit(cl.Nbd, customers, purchase=["sector"], time_unit="week")
    assert model.delta.size == 0


def test_a_ratio_test_needs_a_model_that_is_nested(customers, fitted):
    """By what the models are, not by how many parameters they have."""

    def one(table=customers, kind=cl.BgNbd, **arguments):
        return cl.CovariateModel.fit(kind, table, **({"purchase": ["sector"]} | arguments), time_unit="week")

    mixed = customers.with_columns(pl.col("sector").shuffle(seed=1))
    others = {
        "itself": fitted,
        "another attribute": one(purchase=["region"]),
        "the other side": one(purchase=[], dropout=["sector"]),
        "fewer customers": one(customers.head(6_000)),
        "attributes dealt anew": one(mixed),
        "another kind": one(kind=cl.MbgNbd),
        "a penalty": one(coefficient_penalty=0.1),
    }
    for other in others.values():
        with pytest.raises(ParamsError, match="all among those of the larger model"):
            fitted.likelihood_ratio_test(other)
    assert fitted.likelihood_ratio_test(one(customers.reverse())).degrees == 1


@pytest.fixture(scope="module")
def cohorts():
    """Customers who buy the more often the later they were born: by 2 % a year."""
    tables = []
    for year in range(1950, 2005, 6):
        ages = np.random.default_rng(year).integers(0, 700, 600) / 7
        own = cl.BgNbd(0.8, 8.0 * np.exp(-0.02 * (year - 1977)), 0.6, 2.5, time_unit="week")
        tables.append(own.simulate(600, ages, seed=year).with_columns(birth_year=float(year)))
    return pl.concat(tables)


@pytest.mark.parametrize(("shift", "unit"), [(0, 1.0), (1977, 1.0), (1977, 1e6), (1977, 1e-3)])
def test_a_number_has_the_same_effect_in_any_unit_and_from_any_zero(cohorts, shift, unit):
    table = cohorts.with_columns(z=(pl.col("birth_year") - shift) * unit)
    found = cl.CovariateModel.fit(cl.BgNbd, table, purchase=["z"], dropout=["z"], time_unit="week")
    usual = cl.CovariateModel.fit(
        cl.BgNbd,
        cohorts.with_columns(pl.col("birth_year") - 1977),
        purchase=["birth_year"],
        dropout=["birth_year"],
        time_unit="week",
    )
    expected = usual.coefficients()
    coefficients = found.coefficients()
    assert coefficients["coefficient"].to_list() == pytest.approx(expected["coefficient"] / unit, rel=1e-6)
    assert coefficients["standard_error"].to_list() == pytest.approx(expected["standard_error"] / unit, rel=1e-5)
    low, high = expected.select("low", "high").row(0)
    assert low < 0.02 < high
    assert found.log_likelihood == pytest.approx(usual.log_likelihood, rel=1e-12)
    assert found.aic == pytest.approx(12 - 2 * found.log_likelihood)
    ahead = usual.expected_purchases(cohorts.with_columns(pl.col("birth_year") - 1977), 52, time_unit="week")
    assert found.expected_purchases(table, 52, time_unit="week") == pytest.approx(ahead, rel=1e-6)


def test_an_attribute_that_follows_from_others_is_named(customers):
    coded = customers.with_columns(code=pl.when(pl.col("region") == "north").then(7.0).otherwise(2.0))
    with pytest.raises(ParamsError, match=r"code follows from the other attributes \(region=north, code\)"):
        cl.CovariateModel.fit(cl.BgNbd, coded, purchase=["region", "code"], time_unit="week")


def test_customers_of_no_weight_have_no_say(customers):
    weights = (customers["sector"] != "trade").cast(pl.Float64).to_numpy()
    weighted = cl.CovariateModel.fit(cl.BgNbd, customers, purchase=["sector"], time_unit="week", weights=weights)
    fewer = cl.CovariateModel.fit(
        cl.BgNbd, customers.filter(pl.col("sector") != "trade"), purchase=["sector"], time_unit="week"
    )
    assert weighted.coefficients().equals(fewer.coefficients())


def test_a_new_customer_has_no_attributes_to_be_valued_by(fitted):
    with pytest.raises(ParamsError, match="give its `reference`"):
        cl.new_customer_value(fitted, cl.GammaGamma(6.25, 3.74, 15.44), 0.1)
    assert cl.new_customer_value(fitted.reference, cl.GammaGamma(6.25, 3.74, 15.44), 0.1) > 0


def test_the_order_of_the_rows_does_not_matter(customers, fitted):
    shuffled = customers.sample(fraction=1, shuffle=True, seed=4)
    again = cl.CovariateModel.fit(cl.BgNbd, shuffled, purchase=["sector"], dropout=["region"], time_unit="week")
    assert again.coefficients()["coefficient"].to_list() == pytest.approx(
        fitted.coefficients()["coefficient"].to_list(), rel=1e-10
    )
    some = customers.head(40)
    alive, turned = fitted.p_alive(some), fitted.p_alive(some.reverse())
    assert np.array_equal(alive, turned[::-1])


def test_the_unit_of_time_acts_on_alpha_alone(customers, fitted):
    days = customers.with_columns(pl.col("recency", "T") * 7)
    daily = cl.CovariateModel.fit(cl.BgNbd, days, purchase=["sector"], dropout=["region"], time_unit="day")
    assert np.append(daily.gamma, daily.delta) == pytest.approx(np.append(fitted.gamma, fitted.delta), rel=1e-6)
    assert daily.reference.alpha == pytest.approx(7 * fitted.reference.alpha, rel=1e-6)
    assert daily.reference.a == pytest.approx(fitted.reference.a, rel=1e-6)


def test_weights_are_repetition(customers):
    some = customers.gather_every(4)
    doubled = pl.concat([some, some])
    weighted = cl.CovariateModel.fit(
        cl.BgNbd, some, purchase=["sector"], time_unit="week", weights=np.full(some.height, 2.0)
    )
    repeated = cl.CovariateModel.fit(cl.BgNbd, doubled, purchase=["sector"], time_unit="week")
    assert weighted.gamma == pytest.approx(repeated.gamma, rel=1e-8)
    assert weighted.log_likelihood == pytest.approx(repeated.log_likelihood, rel=1e-12)


def test_effects_are_put_into_factors_and_intervals(fitted):
    table = fitted.coefficients(0.9)
    assert table["acts_on"].to_list() == ["purchases", "purchases", "leaving"]
    assert table["factor"].to_list() == pytest.approx(np.exp(table["coefficient"]).to_list())
    reach = 1.6448536 * table["standard_error"]
    assert table["high"].to_list() == pytest.approx((table["coefficient"] + reach).to_list(), rel=1e-6)
    assert table["low"].to_list() == pytest.approx((table["coefficient"] - reach).to_list(), rel=1e-6)


@pytest.mark.parametrize("level", [0.0, 1.0, 95])
def test_a_level_is_a_share(fitted, level):
    with pytest.raises(ParamsError, match=f"level is {level}"):
        fitted.coefficients(level)


def test_more_attributes_never_fit_worse(customers, fitted):
    fewer = cl.CovariateModel.fit(cl.BgNbd, customers, purchase=["sector"], time_unit="week")
    assert fewer.plain.log_likelihood < fewer.log_likelihood < fitted.log_likelihood
    test = fitted.likelihood_ratio_test(fewer)
    assert test.statistic == pytest.approx(2 * (fitted.log_likelihood - fewer.log_likelihood))
    assert (test.degrees, test.p_value) == (1, pytest.approx(stats.chi2.sf(test.statistic, 1)))


def test_criteria_count_the_coefficients(customers, fitted):
    k = 4 + 3
    assert fitted.aic == pytest.approx(2 * k - 2 * fitted.log_likelihood)
    assert fitted.bic == pytest.approx(k * np.log(customers.height) - 2 * fitted.log_likelihood)
    assert fitted.covariance.shape == (k, k)


def test_the_reference_is_the_model_of_whose_attributes_are_all_at_theirs(customers, fitted):
    assert fitted.model_of(np.zeros(3)) == fitted.reference
    at_home = customers.filter(sector="home", region="south").head(20)
    assert np.array_equal(fitted.p_alive(at_home), fitted.reference.p_alive(at_home))


def test_of_one_time_buyers_those_who_buy_more_readily_are_expected_to_buy_more(customers, fitted):
    """They are all active; a silence that follows purchases would say the more, the more readily they buy."""
    one = customers.filter(frequency=0).head(1)
    of_sector = {
        sector: fitted.expected_purchases(one.with_columns(sector=pl.lit(sector)), 26)[0] for sector in GAMMA
    }
    assert of_sector["trade"] > of_sector["home"] > of_sector["industry"]


def test_all_that_a_value_rests_on_is_what_each_verb_says(customers, fitted):
    some = customers.head(30)
    ahead = fitted.purchases_ahead(some, "12 months", 0.1)
    assert np.array_equal(ahead["p_alive"], fitted.p_alive(some))
    assert np.array_equal(ahead["expected_purchases"], fitted.expected_purchases(some, "12 months"))
    assert np.array_equal(ahead["discounted_purchases"], fitted.discounted_purchases(some, "12 months", 0.1))
    assert np.array_equal(fitted.probability_of_none(some, 26), fitted.probability_of_purchases(0, some, 26))


def test_customers_with_attributes_have_values(customers, fitted):
    some = customers.head(20).with_columns(
        monetary_value=pl.when(pl.col("frequency") > 0).then(pl.lit(30.0)),
    )
    values = cl.lifetime_value(fitted, cl.GammaGamma(6.25, 3.74, 15.44), some, "12 months", 0.1)
    assert values["expected_purchases"].to_list() == pytest.approx(fitted.expected_purchases(some, "12 months"))
    assert (values["clv"] > 0).all()


def test_a_summary_keeps_its_unit(customers, fitted):
    table = customers.head(10)
    summary = cl.CustomerSummary(table, date(2024, 1, 1), "week")
    assert np.array_equal(fitted.p_alive(summary), fitted.p_alive(table))
    with pytest.raises(ParamsError, match="the customer table says 'week'"):
        fitted.p_alive(summary, time_unit="day")


def test_the_first_of_several_attributes_with_too_many_levels_is_named(customers):
    many = customers.with_columns(a_name=pl.col("customer_id"), b_name=pl.col("customer_id"))
    with pytest.raises(ParamsError, match="'a_name' has"):
        cl.CovariateModel.fit(cl.BgNbd, many, purchase=["b_name", "a_name"], time_unit="week")


def test_models_with_attributes_are_equal_to_themselves_alone(fitted):
    other = replace(fitted)
    assert other != fitted
    assert len({fitted, other}) == 2


def test_draws_lie_about_the_estimates_as_their_errors_say(fitted):
    draws = fitted.draws(300, seed=1)
    assert draws.names == fitted.names
    assert draws.names[4:] == ("sector=industry (purchases)", "sector=trade (purchases)", "region=north (leaving)")
    errors = np.sqrt(np.diag(fitted.covariance))
    assert (np.abs(draws.log_values.mean(axis=0) - fitted.log_parameters) < 0.3 * errors).all()
    assert draws.log_values.std(axis=0) == pytest.approx(errors, rel=0.2)
    assert np.corrcoef(draws.log_values.T)[0, 1] == pytest.approx(
        fitted.covariance[0, 1] / errors[0] / errors[1], abs=0.15
    )
    assert np.array_equal(fitted.draws(20, seed=2).log_values, fitted.draws(20, seed=2).log_values)


def test_a_drawn_factor_is_that_of_the_rate(fitted):
    draws = fitted.draws(5)
    drawn = fitted.at_draws(draws)
    factor = draws.data["sector=trade (purchases)"].to_list()
    for model, expected in zip(drawn, factor, strict=True):
        assert model.reference.alpha / model.model_of(np.array([0.0, 1.0, 0.0])).alpha == pytest.approx(expected)
    assert [model.reference.r for model in drawn] == pytest.approx(draws.data["r"].to_list())


def test_the_bootstrap_draws_customers_of_all_kinds(customers):
    some = customers.gather_every(8)
    model = cl.CovariateModel.fit(cl.BgNbd, some, purchase=["sector"], time_unit="week")
    draws = model.draws(12, seed=1, method="bootstrap")
    errors = np.sqrt(np.diag(model.covariance))
    assert (draws.method, draws.n_failed) == ("bootstrap", 0)
    assert (np.abs(draws.log_values - model.log_parameters) < 6 * errors).all()
    assert (draws.log_values.std(axis=0) > errors / 4).all()


@pytest.mark.parametrize(("shift", "unit"), [(1977, 1.0), (0, 1e-3)])
def test_draws_of_a_number_are_the_same_in_any_unit_and_from_any_zero(cohorts, shift, unit):
    some = cohorts.gather_every(10).with_columns(z=(pl.col("birth_year") - shift) * unit)
    found = cl.CovariateModel.fit(cl.BgNbd, some, purchase=["z"], time_unit="week").draws(40)
    usual = cl.CovariateModel.fit(cl.BgNbd, some, purchase=["birth_year"], time_unit="week").draws(40)
    assert found.log_values[:, -1] * unit == pytest.approx(usual.log_values[:, -1], abs=1e-6)


def test_a_model_can_be_written_and_read(customers, fitted):
    again = cl.CovariateModel.from_dict(json.loads(json.dumps(fitted.to_dict())))
    some = customers.head(50)
    assert again.coefficients().equals(fitted.coefficients())
    assert np.array_equal(again.expected_purchases(some, 52), fitted.expected_purchases(some, 52))
    assert again.likelihood_ratio_test() == fitted.likelihood_ratio_test()
    assert again.to_dict() == fitted.to_dict()
    draws = again.draws(400, seed=1)
    assert draws.method == "laplace"
    assert draws.log_values.std(axis=0) == pytest.approx(np.sqrt(np.diag(fitted.covariance)), rel=0.15)
    with pytest.raises(ParamsError, match="read without its customers"):
        again.draws(method="bootstrap")
    with pytest.raises(ParamsError, match="read without its customers"):
        fitted.likelihood_ratio_test(again)


@pytest.mark.parametrize(
    ("saved", "message"),
    [({"model": "BgNbd"}, "of 'BgNbd', not of 'CovariateModel'"), ({"model": "CovariateModel"}, "not a saved")],
)
def test_what_is_not_a_saved_model_is_refused(saved, message):
    with pytest.raises(ParamsError, match=message):
        cl.CovariateModel.from_dict(saved)


def penalised(table, **arguments):
    return cl.CovariateModel.fit(cl.BgNbd, table, purchase=["sector"], time_unit="week", **arguments)


def test_a_penalty_on_coefficients_draws_them_to_nothing(customers):
    some = customers.gather_every(4)
    sizes = [np.abs(penalised(some, coefficient_penalty=each).gamma).max() for each in (0.0, 10.0, 1e3, 1e8)]
    assert (np.diff(sizes) < 0).all()
    held = penalised(some, coefficient_penalty=1e8)
    assert held.gamma == pytest.approx([0, 0], abs=1e-4)
    assert held.reference.log_parameters == pytest.approx(held.plain.log_parameters, abs=1e-4)
    assert held.log_likelihood == pytest.approx(held.plain.log_likelihood, abs=0.1)


def test_a_penalty_takes_the_normal_prior_that_it_is(customers):
    """At the maximum the likelihood's slope in a coefficient is 2 penalty * coefficient."""
    held = penalised(customers.gather_every(4), coefficient_penalty=3.0)
    point, step = held.likelihood.maps[0] @ np.zeros(6), 1e-4
    assert point.size == 4
    at = np.linalg.solve(
        np.block([[np.eye(4), held_shift(held)], [np.zeros((2, 4)), np.eye(2)]]), held.log_parameters
    )
    for i in (4, 5):
        ahead, behind = at.copy(), at.copy()
        ahead[i], behind[i] = at[i] + step, at[i] - step
        slope = (held.likelihood.at(ahead) - held.likelihood.at(behind)) / (2 * step)
        assert slope == pytest.approx(6.0 * at[i], rel=1e-4)


def held_shift(model):
    """What the average of the terms adds to ln(alpha) of the reference: all of the sector, none of leaving."""
    shift = np.zeros((4, 2))
    shift[1] = model.purchase.means
    return shift


def test_a_penalty_on_the_parameters_is_of_the_average_customer(cohorts):
    """However far from anybody a number's zero lies, the penalty does the same."""
    some = cohorts.gather_every(6).with_columns(age=2000 - pl.col("birth_year"))
    by_year, by_age = (
        cl.CovariateModel.fit(cl.BgNbd, some, purchase=[name], time_unit="week", penalty=5.0, coefficient_penalty=2.0)
        for name in ("birth_year", "age")
    )
    assert by_year.gamma == pytest.approx(-by_age.gamma, rel=1e-6)
    assert by_year.log_likelihood == pytest.approx(by_age.log_likelihood, rel=1e-12)
    assert (
        by_year.log_likelihood
        < cl.CovariateModel.fit(cl.BgNbd, some, purchase=["age"], time_unit="week").log_likelihood
    )


@pytest.fixture(scope="module")
def silent(customers):
    """A few in a sector of their own, none of whom bought again."""
    few = customers.filter(frequency=0).head(12).with_columns(sector=pl.lit("space"))
    return pl.concat([customers.gather_every(4), few])


def test_a_level_in_which_nobody_bought_again_is_named(silent):
    with pytest.raises(ConvergenceError, match=r"cannot identify sector=space \(purchases\)"):
        penalised(silent)


@pytest.mark.parametrize("held", [{"prior": True}, {"coefficient_penalty": 0.5}])
def test_a_level_in_which_nobody_bought_again_has_an_answer_with_a_prior(silent, held):
    model = penalised(silent, **held)
    table = model.coefficients().rows_by_key("term", unique=True, named=True)
    assert table["sector=space"]["factor"] < 0.5
    assert table["sector=space"]["high"] - table["sector=space"]["low"] > 4 * (
        table["sector=trade"]["high"] - table["sector=trade"]["low"]
    )
    assert np.isfinite(model.draws(30).log_values).all()


def test_a_prior_is_weak_where_the_data_say_what_it_is(customers, fitted):
    held = cl.CovariateModel.fit(
        cl.BgNbd, customers, purchase=["sector"], dropout=["region"], time_unit="week", prior=True
    )
    errors = np.sqrt(np.diag(fitted.covariance))
    assert (np.abs(held.log_parameters - fitted.log_parameters) < 0.1 * errors).all()
    assert fitted.log_likelihood - 0.01 < held.log_likelihood < fitted.log_likelihood


@pytest.mark.parametrize("held", [{"penalty": -1.0}, {"coefficient_penalty": np.inf}])
def test_a_penalty_is_a_finite_number(customers, held):
    with pytest.raises(ParamsError, match="finite number, 0 or more"):
        penalised(customers, **held)
    with pytest.raises(ParamsError, match="Give one of them"):
        penalised(customers, coefficient_penalty=1.0, prior=True)


def test_intervals_hold_the_values_of_each_kind(customers, fitted):
    """New customers of two sectors, alike but for that: each sector's interval is about its own value."""
    one = customers.filter(pl.col("T") == 0, region="south").head(1)
    alike = pl.concat([one.with_columns(sector=pl.lit(sector)) for sector in ("trade", "industry")] * 100)
    alike = alike.with_columns(
        monetary_value=pl.lit(None, pl.Float64), customer_id=pl.int_range(pl.len()).cast(pl.String).str.zfill(3)
    )
    groups = alike.select("customer_id", group="sector")
    spend = cl.GammaGamma(6.25, 3.74, 15.44)
    table = purchase_intervals(fitted, alike, 52, groups=groups, n_draws=60)
    expected = fitted.expected_purchases(alike, 52)
    sums = {"trade": 100 * expected[0], "industry": 100 * expected[1], "total": 100 * expected[:2].sum()}
    assert dict(table.select("group", "expected_purchases").rows()) == pytest.approx(sums)
    assert (table["low"] < table["expected_purchases"]).all()
    assert (table["expected_purchases"] < table["high"]).all()
    trade, industry = (table.row(by_predicate=pl.col("group") == each, named=True) for each in ("trade", "industry"))
    assert industry["high"] < trade["low"]
    values = cl.lifetime_value(fitted, known_spend(spend), alike, 52, interval=0.9, n_draws=60)
    assert ((values["clv_low"] <= values["clv"]) & (values["clv"] <= values["clv_high"])).all()
    assert values.group_by("clv_low", "clv_high").len()["len"].to_list() == [100, 100]


def known_spend(spend):
    """The same model, as sure of its parameters as can be."""
    return replace(spend, estimate=Estimate(0.0, np.eye(3) * 1e-12, 1_000.0))


def test_futures_of_a_known_model_are_those_of_each_customers_own(customers, fitted):
    sure = replace(fitted, covariance=fitted.covariance * 1e-12, likelihood=None)
    some = customers.gather_every(40)
    table = purchase_intervals(sure, some, 52, groups=some.select("customer_id", group="sector"), n_draws=200)
    for sector, expected, low, high in table.select("group", "expected_purchases", "low", "high").rows():
        part = some if sector == "total" else some.filter(sector=sector)
        own = fitted.expected_purchases(part, 52).sum()
        assert expected == pytest.approx(own)
        assert (low + high) / 2 == pytest.approx(own, rel=0.08)


def test_rare_levels_and_bands_are_fitted_as_one(customers):
    """Bands of a number are levels, and a sector of a few is one with those that come later."""
    numbers = pl.Series(np.random.default_rng(6).normal(40, 10, customers.height))
    few = pl.when(pl.int_range(pl.len()) < 20).then(pl.lit("space")).otherwise("sector")
    table = customers.with_columns(age=numbers, sector=few)
    model = cl.CovariateModel.fit(
        cl.BgNbd, table, purchase=["sector", "age"], time_unit="week", bands=2, smallest_level=30
    )
    assert [term for term in model.purchase.terms if term.startswith("sector")] == [
        "sector=industry",
        "sector=trade",
        "sector=(other)",
    ]
    assert len(model.purchase.levels["age"]) == 2
    later = table.head(1).with_columns(sector=pl.lit("sea"), age=-5.0)
    assert model.expected_purchases(later, 9) == pytest.approx(
        model.expected_purchases(later.with_columns(sector=pl.lit("space"), age=0.0), 9)
    )


def test_what_follows_from_others_is_shared_with_a_prior(customers):
    coded = customers.with_columns(code=pl.col("sector").replace({"home": "h", "trade": "t", "industry": "i"}))
    both = cl.CovariateModel.fit(cl.BgNbd, coded, purchase=["sector", "code"], time_unit="week", prior=True)
    alone = penalised(coded, prior=True)
    ahead = [model.expected_purchases(coded.head(20), 52) for model in (both, alone)]
    assert ahead[0] == pytest.approx(ahead[1], rel=0.02)


def test_parameters_are_those_of_the_reference_and_the_factors_of_terms(fitted):
    table = fitted.confidence_intervals(0.95)
    assert table["parameter"].to_list() == list(fitted.names)
    assert table["estimate"].to_list()[:4] == pytest.approx(list(fitted.reference.parameters.values()))
    effects = fitted.coefficients(0.95)
    assert table["estimate"].to_list()[4:] == pytest.approx(effects["factor"].to_list())
    assert table["low"].to_list()[4:] == pytest.approx(np.exp(effects["low"]).to_list())
    errors = fitted.standard_errors
    assert list(errors) == list(fitted.names)
    assert errors["region=north (leaving)"] == pytest.approx(effects["factor"][2] * effects["standard_error"][2])
