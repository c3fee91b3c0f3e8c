import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clvlab as cl
from clvlab.errors import ParamsError
from clvlab.grouping import Potential
from tests.grouping.customers import groups, table

CUSTOMERS = table(
    n_purchases=[3, 3, 3, 3, 3, 0, 0],
    clv=[100.0, 60.0, 50.0, 30.0, None, None, None],
    spend_last_year=[20.0, 10.0, 50.0, 90.0, 0.0, 0.0, 0.0],
    pipeline=[None, None, 0.0, 100.0, None, 500.0, None],
)


def test_gain_is_expected_less_last_years_value():
    # Gains 80, 50, 0, -60; a half of the four known has high potential.
    assert groups(Potential(share=0.5).assign(CUSTOMERS)) == [
        "potential",
        "potential",
        "steady",
        "fading",
        "unknown",
        "prospect",
        "prospect",
    ]


def test_open_pipeline_adds_to_the_gain_and_lifts_a_prospect():
    # Gains 80, 50, 0, 40, and 500 for the first prospect; the bound is that of buyers.
    assert groups(Potential(share=0.5, pipeline=True).assign(CUSTOMERS)) == [
        "potential",
        "potential",
        "steady",
        "steady",
        "unknown",
        "potential",
        "prospect",
    ]


def test_nobody_has_potential_where_everybody_fades():
    fading = table(n_purchases=[1, 1, 1], clv=[1.0, 2.0, 3.0], spend_last_year=[3.0, 3.0, 3.0])
    assert groups(cl.strategies["potential"].assign(fading)) == ["fading", "fading", "steady"]


@pytest.mark.parametrize("share", [0, 1, 20])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(ParamsError, match="between 0 and 1"):
        Potential(share=share)


def gains(*gain, share=0.2):
    """The groups of buyers with these gains."""
    n = len(gain)
    customers = table(
        customer_id=list(map(str, range(n))),
        n_purchases=[1] * n,
        clv=[100.0 + g for g in gain],
        spend_last_year=[100.0] * n,
    )
    return groups(Potential(share=share).assign(customers))


def test_the_fifth_with_the_largest_gains_has_high_potential():
    assert gains(*range(1, 11)) == ["steady"] * 8 + ["potential"] * 2


def test_who_gains_nothing_is_steady_and_any_gain_is_one():
    assert gains(0, 0.009, 0.01, -0.001, share=0.9) == ["steady", "potential", "potential", "fading"]


def test_equal_gains_are_in_one_group():
    assert gains(5, 5, 5, 5, 1, share=0.8) == ["potential"] * 4 + ["steady"]
    assert gains(5, 5, 5) == ["potential"] * 3


def test_where_only_some_gain_the_bound_is_a_gain_and_not_a_loss():
    # The largest fifth by gain begins at -1: losing less than the others is no potential.
    assert gains(-9, -8, -7, -6, -1) == ["fading"] * 5


def test_a_prospect_without_a_pipeline_to_speak_of_stays_one():
    customers = table(
        n_purchases=[2, 2, 0, 0, 0],
        clv=[150.0, 90.0, None, None, None],
        spend_last_year=[100.0, 100.0, 0.0, 0.0, 0.0],
        pipeline=[0.0, 0.0, 50.0, 49.0, None],
    )
    assert groups(Potential(share=0.5, pipeline=True).assign(customers)) == [
        "potential",
        "fading",
        "potential",
        "prospect",
        "prospect",
    ]


def test_the_bound_is_that_of_the_buyers_whatever_prospects_bring():
    buyers = {"n_purchases": [2, 2], "clv": [150.0, 120.0], "spend_last_year": [100.0, 100.0], "pipeline": [0.0, 0.0]}
    crowd = {name: [*column, *([0.0] * 5)] for name, column in buyers.items()} | {
        "n_purchases": [2, 2, *[0] * 5],
        "pipeline": [0.0, 0.0, *[10_000.0] * 5],
    }
    strategy = Potential(share=0.5, pipeline=True)
    assert strategy.fit(table(**buyers)) == strategy.fit(table(**crowd))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-5000, 5000), min_size=1, max_size=25))
def test_the_more_a_customer_gains_the_better_the_group(cents):
    places = {"potential": 1, "steady": 2, "fading": 3}
    ranks = [places[group] for group in gains(*(cent / 100 for cent in cents))]
    ordered = [rank for _, rank in sorted(zip(cents, ranks, strict=True), key=lambda pair: (-pair[0], pair[1]))]
    assert ordered == sorted(ordered)
    assert all((cent < 0) == (rank == 3) for cent, rank in zip(cents, ranks, strict=True))


def test_needs_are_value_spend_and_the_pipeline_where_it_counts():
    assert Potential().needs == {"clv", "spend_last_year", "n_purchases"}
    assert Potential(pipeline=True).needs == {"clv", "spend_last_year", "n_purchases", "pipeline"}
