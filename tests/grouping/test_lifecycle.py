from datetime import date, timedelta

import pytest

import clvlab as cl
from clvlab.errors import ParamsError
from clvlab.grouping import AliveBands, FixedDays, Lifecycle
from tests.grouping.customers import CUTOFF, groups, table


def ago(*days) -> list[date | None]:
    return [None if d is None else CUTOFF - timedelta(days=d) for d in days]


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
