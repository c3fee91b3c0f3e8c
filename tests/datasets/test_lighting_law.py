"""The law of the lighting retailer, against simulations written anew from its description."""

from datetime import date
from types import MappingProxyType

import numpy as np
import pytest

from clvlab.datasets.lighting_law import LightingLaw, law, shares

N = 200_000
YEAR = 365.25


def with_settings(**changes):
    """The law with some of its settings changed."""
    return LightingLaw(MappingProxyType({**law().settings, **changes}))


def carrying(**of):
    """The law in which these attributes, and no others, carry these shares."""
    attributes = {
        name: {key: value for key, value in spec.items() if key != "carries"}
        | ({"carries": of[name]} if name in of else {})
        for name, spec in law().settings["attributes"].items()
    }
    return with_settings(attributes=attributes)


@pytest.fixture(scope="module")
def stays():
    """Season-weighted years for which each of many simulated customers of the cutoff is there in the next year."""
    rng, known = np.random.default_rng(0), (law().cutoff - law().first_day).days + 1
    lifetime = law().settings["lifetime"]
    start = rng.random(N) * known
    leaving = rng.gamma(lifetime["shape"], 1 / lifetime["scale"], N)
    end = start + rng.exponential(1 / leaving) * YEAR
    exposure = np.interp(np.clip(end, known, law().n_days), np.arange(law().n_days + 1), law().exposure)
    return exposure - law().exposure[known]


def near(values):
    """The mean of simulated values, give or take four standard errors."""
    return pytest.approx(values.mean(), abs=4 * values.std() / np.sqrt(values.size))


def test_days_of_the_log_are_three_years_of_which_the_last_is_asked_for():
    assert (law().first_day, law().cutoff, law().last_day) == (
        date(2023, 1, 1),
        date(2024, 12, 31),
        date(2025, 12, 31),
    )
    assert law().n_days == 365 + 366 + 365


def test_exposure_rises_from_nothing_to_all_the_years():
    exposure = law().exposure
    assert exposure.shape == (law().n_days + 1,)
    assert exposure[0] == 0
    assert exposure[-1] == pytest.approx(law().n_days / YEAR)
    assert (np.diff(exposure) > 0).all()


def test_a_day_counts_by_its_season():
    daily, first = np.diff(law().exposure), law().first_day.toordinal()
    november, february = (daily[date(2024, month, 5).toordinal() - first] for month in (11, 2))
    assert november / february == pytest.approx(1.45 / 0.65)


def test_without_seasons_a_day_is_a_day():
    assert np.diff(with_settings(seasons=[1.0] * 12).exposure) == pytest.approx(1 / YEAR)


def test_time_in_the_next_year_is_that_of_simulated_customers(stays):
    mean, square = law().next_year_exposure
    assert mean == near(stays)
    assert square == near(stays**2)


def test_whoever_hardly_ever_leaves_is_there_all_year():
    mean, square = with_settings(lifetime={"shape": 2.0, "scale": 1e9}).next_year_exposure
    year = law().exposure[-1] - law().exposure[(law().cutoff - law().first_day).days + 1]
    assert mean == pytest.approx(year, rel=1e-6)
    assert square == pytest.approx(year**2, rel=1e-4)


def test_mean_and_mean_square_of_next_years_spend_are_those_of_simulated_customers(stays):
    rng, settings = np.random.default_rng(1), law().settings
    rate, value = settings["purchase_rate"], settings["order_value"]
    rates = rng.gamma(rate["shape"], rate["mean"] / rate["shape"], N)
    between, within = value["variation_between"], value["variation_within"]
    kept = rng.binomial(rng.poisson(rates * stays), 1 - settings["returned"])
    # A sum of n orders with unit gamma noise of variance w is gamma with n times its shape.
    noise = np.where(kept > 0, rng.gamma(np.maximum(kept, 1) / within, within), 0.0)
    spend = value["mean"] * rng.gamma(1 / between, between, N) * noise
    m1, m2 = law().spend_moments
    assert m1 == near(spend)
    assert m2 == near(spend**2)


def test_variances_of_the_effects_solve_their_equation():
    m1, m2 = law().spend_moments
    relative = law().variance_next_year / m1**2
    assert m2 / m1**2 * np.prod([1 + v for v in law().effect_variances.values()]) == pytest.approx(1 + relative)
    for name, share in law().carrying.items():
        assert law().effect_variances[name] == pytest.approx(share * relative)


@pytest.mark.parametrize("attribute", ["industry", "income_band", "region"])
def test_multipliers_have_the_variance_that_carries_and_keep_the_order_of_effects(attribute):
    values = law().settings["attributes"][attribute]["values"]
    multipliers = law().multipliers(attribute)
    variance = shares(values) @ (multipliers - 1) ** 2
    assert variance == pytest.approx(law().effect_variances[attribute])
    effects = [value["effect"] for value in values]
    assert np.argsort(multipliers).tolist() == np.argsort(effects).tolist()


@pytest.mark.parametrize("of", [{"industry": 0.3}, {"industry": 0.02, "region": 0.2}, {"income_band": 0.3}])
def test_whatever_share_is_asked_for_is_what_an_attribute_explains(of):
    asked = carrying(**of)
    assert {name: share for name, share in asked.variance_shares.items() if share} == pytest.approx(of)


def test_where_nothing_carries_nothing_is_explained():
    plain = carrying()
    m1, m2 = plain.spend_moments
    assert plain.variance_next_year == pytest.approx(m2 - m1**2)
    assert set(plain.variance_shares.values()) == {0.0}


def test_the_shares_name_every_attribute_of_the_log():
    assert set(law().variance_shares) == {*law().settings["attributes"], "age", "interests"}


def test_the_currency_changes_no_share():
    value = law().settings["order_value"]
    in_cents = with_settings(order_value={**value, "mean": 100 * value["mean"]})
    assert in_cents.mean_next_year == pytest.approx(100 * law().mean_next_year)
    assert dict(in_cents.variance_shares) == pytest.approx(dict(law().variance_shares))


def test_there_is_one_law_and_it_cannot_be_changed():
    assert law() is law()
    with pytest.raises(TypeError):
        law().settings["returned"] = 0.5


@pytest.mark.parametrize("attribute", law().settings["attributes"])
def test_shares_of_an_attributes_values_add_up_to_one(attribute):
    assert shares(law().settings["attributes"][attribute]["values"]).sum() == pytest.approx(1)


def test_settings_are_whole():
    settings = law().settings
    assert np.sum([category["share"] for category in settings["categories"]], axis=0) == pytest.approx([1, 1, 1])
    assert shares(settings["channels"]).sum() == pytest.approx(1)
    assert len(settings["seasons"]) == 12
    regions = [value["en"] for value in settings["attributes"]["region"]["values"]]
    assert list(settings["cities"]) == sorted(regions, key=list(settings["cities"]).index)
    named = [*settings["categories"], *settings["channels"], *settings["interests"]["values"]]
    assert all(entry["en"] and entry["zh"] for entry in named)
