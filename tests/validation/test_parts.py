"""Parts of the customers, by hand."""

import datetime

import numpy as np
import polars as pl
import pytest

from clvlab.validation import parts


def part(size, actual, model, **columns):
    """Customers who all did one thing but for a spread of +-1, with one prediction for all."""
    return pl.DataFrame(
        {
            "what": "purchases",
            "actual": actual + np.tile([-1.0, 1.0], size // 2),
            "model": np.full(size, model),
            "naive": np.zeros(size),
            **{name: [value] * size for name, value in columns.items()},
        }
    )


def test_a_part_has_the_mean_and_its_interval():
    row = parts.by_part(part(100, actual=3.0, model=3.1, group="a"), ["group"]).row(0, named=True)
    half = 1.96 * np.sqrt(100 / 99) / 10
    assert (row["customers"], row["actual"], row["model"], row["fails"]) == (100, 3.0, pytest.approx(3.1), False)
    assert (row["low"], row["high"]) == pytest.approx((3 - half, 3 + half))


@pytest.mark.parametrize(
    ("size", "actual", "model", "fails"),
    [
        (100, 3.0, 4.0, True),
        (100, 3.0, 2.0, True),
        (10_000, 3.0, 3.3, False),  # outside the interval, but only 10 % off
        (28, 3.0, 9.0, False),  # too few customers
        (4_000, 3.0, 3.61, True),  # just more than 20 % off
    ],
)
def test_a_part_fails_where_it_is_far_off_and_large_enough_to_tell(size, actual, model, fails):
    assert parts.by_part(part(size, actual, model, group="a"), ["group"])["fails"].to_list() == [fails]


def test_many_repeats_share_a_part_and_parts_are_in_order():
    table = pl.concat([part(2, 1.0, 1.0, frequency=x) for x in (12, 7, 2, 0)])
    found = parts.by_frequency(table)
    assert found.select("repeats", "customers").rows() == [("0", 2), ("2", 2), ("7+", 4)]


def test_customers_with_one_prediction_stay_in_one_tenth():
    table = part(100, 1.0, 1.0).with_columns(model=pl.Series([9.0] * 10 + [1.0] * 90))
    assert parts.by_decile(table).select("decile", "customers").rows() == [(1, 10), (6, 90)]


def test_tenths_are_tenths_where_predictions_differ():
    table = part(50, 1.0, 1.0).with_columns(model=pl.int_range(50, 0, -1).cast(pl.Float64))
    found = parts.by_decile(table)
    assert found["customers"].to_list() == [5] * 10
    assert found["model"].to_list() == [48.0 - 5 * i for i in range(10)]


@pytest.mark.parametrize(("months", "cohorts"), [(12, 12), (13, 5)])
def test_cohorts_are_months_up_to_a_year_and_quarters_after_it(months, cohorts):
    days = pl.date_range(datetime.date(2023, 1, 1), interval="1mo", end=datetime.date(2024, 1, 1), eager=True)
    table = pl.concat([part(2, 1.0, 1.0, first_purchase=day) for day in days[:months]])
    assert parts.by_cohort(table).height == cohorts


def test_gain_curve_of_four_customers():
    table = pl.DataFrame({"what": ["purchases"] * 4, "actual": [6.0, 4.0, 2.0, 0.0], "model": [3.0, 4.0, 2.0, 1.0]})
    table = table.with_columns(naive=pl.lit(1.0), last_period=pl.lit(None, pl.Float64), average=pl.lit(1.0))
    curves = parts.gain(table)
    at = {
        (method, round(share, 2)): value
        for _, method, share, value in curves.filter(pl.col("share_customers").is_in([0.25, 0.5, 1.0])).rows()
    }
    assert at["model", 0.25] == pytest.approx(4 / 12)
    assert at["best", 0.25] == pytest.approx(6 / 12)
    assert at["model", 0.5] == pytest.approx(10 / 12)
    assert at["naive", 0.5] == pytest.approx(0.5)
    assert at["model", 1.0] == pytest.approx(1)


def test_an_interval_does_not_reach_below_what_can_happen():
    counts = pl.DataFrame(
        {"what": "purchases", "actual": [0.0] * 9 + [1.0], "model": 0.1, "naive": 0.1, "group": "a"}
    )
    row = parts.by_part(counts, ["group"]).row(0, named=True)
    assert (row["low"], row["actual"]) == (0.0, pytest.approx(0.1))
    # Money may be negative, where returns outweigh purchases.
    money = counts.with_columns(actual=pl.Series([-5.0] + [0.0] * 8 + [1.0]))
    assert parts.by_part(money, ["group"])["low"][0] < 0


def test_a_single_customer_has_no_interval_and_cannot_fail():
    row = parts.by_part(part(2, 3.0, 9.0, group="a").head(1), ["group"]).row(0, named=True)
    assert (row["low"], row["high"], row["fails"]) == (None, None, False)


def test_a_part_in_which_nothing_happened_is_not_judged():
    nothing = part(200, 1.0, 5.0, group="a").with_columns(actual=0.0)
    assert parts.by_part(nothing, ["group"])["fails"].to_list() == [False]


def test_parts_are_sorted_and_together_all_customers():
    table = pl.concat([part(4, 1.0, 1.0, group="b"), part(6, 2.0, 1.0, group="a")])
    found = parts.by_part(table, ["group"])
    assert found.select("group", "customers", "actual").rows() == [("a", 6, 2.0), ("b", 4, 1.0)]


def test_spend_is_not_parted_by_frequency():
    table = pl.concat(
        [part(2, 1.0, 1.0, frequency=1), part(2, 1.0, 1.0, frequency=1).with_columns(what=pl.lit("spend"))]
    )
    assert parts.by_frequency(table).select("repeats", "customers").rows() == [("1", 2)]


def test_each_outcome_has_tenths_of_its_own():
    table = part(20, 1.0, 1.0).with_columns(model=pl.int_range(20, eager=True).cast(pl.Float64))
    both = pl.concat([table, table.with_columns(model=-pl.col("model"), what=pl.lit("spend"))])
    found = parts.by_decile(both)
    assert found["decile"].to_list() == [*range(1, 11)] * 2
    best = dict(found.filter(decile=1).select("what", "model").rows())
    assert best == {"purchases": 18.5, "spend": -0.5}


def test_groups_are_joined_by_customer():
    table = part(2, 1.0, 1.0).with_columns(customer_id=pl.Series(["x", "y"]))
    groups = pl.DataFrame({"customer_id": ["y", "x"], "group": ["late", "early"], "rank": [2, 1]})
    assert parts.by_group(table, groups).select("group", "customers").rows() == [("early", 1), ("late", 1)]


def test_without_groups_there_is_a_table_without_rows():
    table = part(2, 1.0, 1.0).with_columns(customer_id=pl.Series(["x", "y"]))
    groups = pl.DataFrame({"customer_id": ["y", "x"], "group": ["late", "early"]})
    empty = parts.by_group(table, None)
    assert empty.is_empty()
    assert empty.schema == parts.by_group(table, groups).schema


def test_a_gain_curve_rises_from_nothing_to_all_and_none_is_above_the_best():
    random = np.random.default_rng(1)
    table = pl.DataFrame({"what": "purchases", "actual": random.poisson(1.0, 200).astype(float)})
    table = table.with_columns(
        model=pl.Series(random.random(200)), naive=pl.col("actual") + 0.5, last_period=1.0, average=1.0
    )
    curves = {method: curve["share_actual"].to_numpy() for (method,), curve in parts.gain(table).group_by("method")}
    for curve in curves.values():
        assert curve[[0, -1]] == pytest.approx([0, 1], abs=1e-12)
        assert (np.diff(curve) >= -1e-12).all()
        assert (curve <= curves["best"] + 1e-12).all()
    assert curves["naive"] == pytest.approx(curves["best"])
    assert curves["average"] == pytest.approx(parts.GAIN_SHARES)
