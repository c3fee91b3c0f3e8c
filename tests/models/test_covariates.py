from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest
from scipy import stats

import clvlab as cl
from clvlab.errors import DataError, MissingColumnsError, ParamsError

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


def test_a_missing_number_is_refused(customers):
    table = customers.with_columns(income=pl.when(pl.int_range(pl.len()) != 2).then(pl.int_range(pl.len()) % 3))
    with pytest.raises(DataError, match="'income', row 2: None is not a finite number"):
        cl.CovariateModel.fit(cl.BgNbd, table, purchase=["income"], time_unit="week")


def test_an_unknown_level_is_refused(customers, fitted):
    with pytest.raises(DataError, match="'space' did not occur"):
        fitted.p_alive(customers.head(3).with_columns(sector=pl.lit("space")))


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
        ({"purchase": ["constant"]}, ParamsError, "same for all"),
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


def test_a_ratio_test_needs_fewer_attributes_of_the_same_customers(fitted):
    with pytest.raises(ParamsError, match="fewer attributes"):
        fitted.likelihood_ratio_test(fitted)


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
