import pytest

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
