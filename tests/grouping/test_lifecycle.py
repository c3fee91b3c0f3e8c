from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clvlab as cl
from clvlab.errors import ParamsError
from clvlab.grouping import AliveBands, FixedDays, Lifecycle, OwnCadence
from tests.grouping.customers import CUTOFF, groups, table


def ago(*days) -> pl.Series:
    return pl.Series([None if d is None else CUTOFF - timedelta(days=d) for d in days], dtype=pl.Date)


def customers(first, last, **columns):
    purchases = columns.pop(
        "n_purchases", [0 if f is None else 1 if f == s else 2 for f, s in zip(first, last, strict=True)]
    )
    return table(
        n_purchases=purchases,
        days_since_last=last,
        first_purchase=ago(*first),
        last_purchase=ago(*last),
        **columns,
    )


BASE = customers(first=[None, 90, 91, 700, 700, 700, 700], last=[None, 90, 91, 180, 181, 365, 366])


def test_five_stages_by_fixed_days():
    assert groups(cl.strategies["lifecycle5"].assign(BASE)) == [
        "prospect",
        "new",
        "active",
        "active",
        "dormant",
        "dormant",
        "churned",
    ]


def test_four_stages_by_fixed_days():
    stages = groups(cl.strategies["lifecycle4"].assign(BASE))
    assert stages == ["prospect", "new", "mature", "mature", "mature", "mature", "churned"]


def test_windows_are_parameters():
    strategy = Lifecycle(clock=FixedDays(active_days=90, churned_days=180), new_days=30, name="own")
    assert groups(strategy.assign(BASE)) == [
        "prospect",
        "active",
        "dormant",
        "dormant",
        "churned",
        "churned",
        "churned",
    ]


def test_own_cadence_judges_by_the_customers_own_gaps():
    regular = customers(
        first=[700] * 5,
        last=[60, 61, 100, 101, 10],
        n_purchases=[5] * 5,
        gap_p80=[60.0, 60.0, 60.0, 60.0, 5.0],
        gap_max=[100.0, 100.0, 100.0, 100.0, 9.0],
    )
    stages = groups(cl.strategies["lifecycle_cadence"].assign(regular))
    assert stages == ["active", "at_risk", "at_risk", "churned_late", "churned_late"]


def test_own_cadence_falls_back_on_fixed_days_below_three_purchases():
    few = customers(
        first=[180, 365, 366, 900], last=[180, 365, 366, 200], gap_p80=[None] * 3 + [700.0], gap_max=[None] * 4
    )
    assert groups(cl.strategies["lifecycle_cadence"].assign(few)) == ["active", "at_risk", "churned_quick", "at_risk"]


def test_bands_of_p_alive():
    alive = customers(first=[700] * 4, last=[50] * 4, p_alive=[0.7, 0.69, 0.3, 0.29])
    assert groups(cl.strategies["lifecycle_alive"].assign(alive)) == ["active", "at_risk", "at_risk", "churned_late"]
    wide = Lifecycle(clock=AliveBands(active_from=0.5, dormant_from=0.2), name="own")
    assert groups(wide.assign(alive)) == ["active", "active", "dormant", "dormant"]


def test_those_lost_while_new_are_apart_from_those_lost_later():
    lost = customers(first=[500, 590, 591], last=[500, 500, 500])
    strategy = Lifecycle(split_churn=True, name="own")
    assert groups(strategy.assign(lost)) == ["churned_quick", "churned_quick", "churned_late"]


def test_every_customer_meets_one_condition_only():
    rule = Lifecycle(("active", "at_risk"), split_churn=True, name="own").fit(BASE)
    assert rule.card["condition"].to_list() == [
        "days_since_first > 90, days_since_last <= 180",
        "days_since_first <= 90",
        "days_since_first > 90, 180 < days_since_last <= 365",
        "days_since_first > 90, days_since_last > 365, days_first_to_last > 90",
        "days_since_first > 90, days_since_last > 365, days_first_to_last <= 90",
        "n_purchases == 0, n_orders >= 1; n_purchases == 0, total_spend < 0",
        "n_purchases == 0",
        "–",
    ]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: FixedDays(active_days=200, churned_days=200), "the second must be larger"),
        (lambda: AliveBands(active_from=0.2, dormant_from=0.5), "the second larger"),
        (lambda: Lifecycle(("a", "b", "c"), name="own"), "one or two groups"),
    ],
)
def test_stages_without_meaning_are_refused(make, message):
    with pytest.raises(ParamsError, match=message):
        make()


def stage(first, last, purchases):
    """The stage in plain words: new within 90 days of the first purchase, then by the days since the last."""
    if not purchases:
        return "prospect"
    if first <= 90:
        return "new"
    return "active" if last <= 180 else "dormant" if last <= 365 else "churned"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500), st.booleans()), min_size=1, max_size=15))
def test_stages_are_what_they_are_in_plain_words(rows):
    firsts = [max(a, b) if bought else None for a, b, bought in rows]
    lasts = [min(a, b) if bought else None for a, b, bought in rows]
    base = customers(firsts, lasts, customer_id=list(map(str, range(len(rows)))))
    expected = [stage(f, s, f is not None) for f, s in zip(firsts, lasts, strict=True)]
    assert groups(cl.strategies["lifecycle5"].assign(base)) == expected
    four = {"active": "mature", "dormant": "mature"}
    assert groups(cl.strategies["lifecycle4"].assign(base)) == [four.get(code, code) for code in expected]


@pytest.mark.parametrize("clock", [FixedDays(), OwnCadence(), AliveBands()])
def test_time_without_a_purchase_never_brings_a_customer_back(clock):
    days = [91, 120, 181, 250, 366, 500]
    waiting = customers(
        first=[900] * 6,
        last=days,
        n_purchases=[5] * 6,
        gap_p80=[150.0] * 6,
        gap_max=[300.0] * 6,
        p_alive=[1 - day / 500 for day in days],
    )
    order = ["active", "dormant", "churned"]
    places = [order.index(code) for code in groups(Lifecycle(clock=clock, name="own").assign(waiting))]
    assert places == sorted(places)
    assert set(places) == {0, 1, 2}


def test_a_buyer_whose_gaps_or_chances_are_not_known_is_unknown_but_when_new():
    known_nothing = customers(
        first=[700, 50], last=[10, 10], n_purchases=[5, 5], gap_p80=[None] * 2, gap_max=[None] * 2, p_alive=[None] * 2
    )
    for name in ("lifecycle_cadence", "lifecycle_alive"):
        assert groups(cl.strategies[name].assign(known_nothing)) == ["unknown", "new"]


def test_a_first_purchase_on_the_cutoff_is_new():
    assert groups(cl.strategies["lifecycle5"].assign(customers(first=[0], last=[0]))) == ["new"]


def test_each_clock_needs_the_columns_that_it_reads():
    common = {"n_purchases", "first_purchase"}
    assert Lifecycle(name="own").needs == {*common, "days_since_last"}
    assert Lifecycle(clock=AliveBands(), name="own").needs == {*common, "p_alive"}
    cadence = Lifecycle(clock=OwnCadence(), name="own").needs
    assert cadence == {*common, "days_since_last", "gap_p80", "gap_max"}
    assert Lifecycle(split_churn=True, name="own").needs == {*common, "days_since_last", "last_purchase"}


def test_the_fewest_purchases_of_a_cadence_are_a_parameter():
    two = customers(first=[700], last=[200], n_purchases=[2], gap_p80=[250.0], gap_max=[300.0])
    own = Lifecycle(clock=OwnCadence(min_purchases=2), name="own")
    fallback = Lifecycle(clock=OwnCadence(), name="own")
    assert groups(own.assign(two)) == ["active"]
    assert groups(fallback.assign(two)) == ["dormant"]


def test_ranks_go_from_active_to_churned():
    ranks = dict(cl.strategies["lifecycle_cadence"].fit(REGULAR).card.select("group", "rank").iter_rows())
    assert ranks == {
        "active": 1,
        "new": 2,
        "at_risk": 3,
        "churned_late": 4,
        "churned_quick": 5,
        "returned_all": None,
        "prospect": None,
        "unknown": None,
    }


REGULAR = customers(first=[700], last=[60], n_purchases=[5], gap_p80=[60.0], gap_max=[100.0])
