"""The recommendation follows from the numbers, by the rule that is printed."""

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from clvlab.comparison.recommend import recommend


def criteria(*rows: tuple[str, int, float], **given: list) -> pl.DataFrame:
    """Name, groups and Gini; all know something and are alike in all else, unless given."""
    table = pl.DataFrame(rows, schema={"strategy": pl.String, "n_groups": pl.Int64, "gini": pl.Float64}, orient="row")
    alike = {
        "gini_low": 0.1,
        "smallest": 100,
        "coverage": 1.0,
        "stability_resamples": 0.9,
        "fidelity": 0.9,
        "reached": 1_000.0,
    }
    table = table.with_columns(pl.lit(value).alias(name) for name, value in alike.items())
    return table.with_columns(pl.Series(name, values) for name, values in given.items())


def differences(
    from_best: dict[str, tuple[float, float]], best: str, errors: dict[str, float] | None = None
) -> pl.DataFrame:
    """Intervals of the differences from the best, and the standard errors, which are .02 unless given."""
    rows = []
    for name, (low, high) in from_best.items():
        value, error = (low + high) / 2, (errors or {}).get(name, 0.02)
        rows += [(name, best, value, low, high, error), (best, name, -value, -high, -low, error)]
    schema = {"strategy": pl.String, "versus": pl.String}
    schema |= dict.fromkeys(("value", "low", "high", "error"), pl.Float64)
    return pl.DataFrame(rows, schema=schema, orient="row")


def recommended(table: pl.DataFrame) -> str:
    return table.filter("recommended")["strategy"].item()


def test_the_simplest_of_the_equals():
    table = recommend(
        criteria(("best", 12, 0.50), ("equal", 3, 0.49), ("worse", 2, 0.40)),
        differences({"equal": (-0.05, 0.03), "worse": (-0.15, -0.05)}, "best"),
    )
    assert recommended(table) == "equal"
    assert table["equal"].to_list() == [True, True, False]
    assert table["tied"].to_list() == [True, True, False]
    assert table["difference"].to_list() == [0.0, pytest.approx(-0.01), pytest.approx(-0.1)]


def test_what_cannot_be_told_from_the_best_is_not_for_that_its_equal():
    # On few customers a gap of .14 may well include zero.
    table = recommend(
        criteria(("best", 12, 0.49), ("vague", 3, 0.35)),
        differences({"vague": (-0.30, 0.02)}, "best", errors={"vague": 0.06}),
    )
    assert table["tied"].to_list() == [True, True]
    assert table["equal"].to_list() == [True, False]
    assert recommended(table) == "best"


@pytest.mark.parametrize(("gap", "error", "chosen"), [(0.015, 0.02, "b"), (0.015, 0.01, "a"), (0.025, 0.04, "a")])
def test_equals_lose_at_most_a_standard_error_and_never_more_than_two_hundredths(gap, error, chosen):
    table = recommend(
        criteria(("a", 5, 0.50), ("b", 3, 0.50 - gap)),
        differences({"b": (-gap - 0.05, -gap + 0.05)}, "a", errors={"b": error}),
    )
    assert recommended(table) == chosen


@pytest.mark.parametrize(("acceptable", "chosen"), [(0, "a"), (99, "a"), (100, "b"), (250, "c"), (10_000, "c")])
def test_equals_lose_at_most_the_money_that_is_acceptable(acceptable, chosen):
    rows = criteria(("a", 5, 0.50), ("b", 3, 0.47), ("c", 2, 0.40), reached=[1_000.0, 900.0, 750.0])
    table = recommend(rows, differences({"b": (-0.08, 0.02), "c": (-0.15, -0.05)}, "a"), acceptable)
    assert recommended(table) == chosen
    assert table["loss"].to_list() == [0.0, 100.0, 250.0]


def test_who_reaches_more_than_the_best_loses_less_than_nothing():
    rows = criteria(("a", 5, 0.50), ("b", 3, 0.47), reached=[900.0, 1_000.0])
    table = recommend(rows, differences({"b": (-0.08, 0.02)}, "a"), 0.0)
    assert (recommended(table), table["loss"].to_list()) == ("b", [0.0, -100.0])


def test_none_that_may_be_chance_is_acceptable_at_any_loss():
    rows = criteria(("a", 5, 0.50), ("b", 3, 0.47), gini_low=[0.1, -0.1])
    assert recommended(recommend(rows, differences({"b": (-0.08, 0.02)}, "a"), 10_000.0)) == "a"


def test_none_is_recommended_where_none_tells_more_than_chance():
    table = recommend(
        criteria(("a", 5, 0.10), ("b", 3, 0.09), gini_low=[-0.02, 0.0]), differences({"b": (-0.1, 0.1)}, "a")
    )
    assert not table["knows"].any()
    assert not table["equal"].any()
    assert not table["recommended"].any()


def test_the_best_is_one_that_is_shown_to_know():
    table = recommend(
        criteria(("lucky", 5, 0.30), ("sure", 3, 0.25), gini_low=[-0.02, 0.1]),
        differences({"lucky": (-0.2, 0.3)}, "sure"),
    )
    assert table["strategy"].to_list() == ["sure", "lucky"]
    assert recommended(table) == "sure"


def test_dominated_only_beyond_noise():
    beaten = differences({"beaten": (-0.06, -0.01)}, "best")
    rows = criteria(("best", 5, 0.50), ("beaten", 5, 0.465))
    assert recommend(rows, beaten)["dominated_by"].to_list() == [None, "best"]
    within = differences({"beaten": (-0.08, 0.01)}, "best")
    assert recommend(rows, within)["dominated_by"].to_list() == [None, None]


@pytest.mark.parametrize(
    "better",
    [
        {"stability_resamples": [0.90, 0.95]},
        {"fidelity": [0.90, 0.95]},
        {"coverage": [0.99, 1.00]},
        {"smallest": [3, 100]},
        {"n_groups": [5, 4]},
    ],
    ids=lambda better: next(iter(better)),
)
def test_whoever_is_better_in_anything_is_not_dominated(better):
    rows = criteria(("best", 5, 0.50), ("beaten", 5, 0.465), **better)
    assert recommend(rows, differences({"beaten": (-0.06, -0.01)}, "best"))["dominated_by"].null_count() == 2


def test_noise_in_stability_saves_nobody():
    rows = criteria(("best", 5, 0.50), ("beaten", 5, 0.465), stability_resamples=[0.983, 0.984])
    assert recommend(rows, differences({"beaten": (-0.06, -0.01)}, "best"))["dominated_by"][1] == "best"


def test_a_grouping_with_a_group_of_a_handful_gives_way_to_its_equal():
    table = recommend(
        criteria(("a", 5, 0.50), ("b", 3, 0.49), smallest=[40, 1]), differences({"b": (-0.05, 0.03)}, "a")
    )
    assert recommended(table) == "a"


def test_of_equally_many_groups_the_one_that_covers_more_then_the_one_that_predicts_better():
    versus = differences({"b": (-0.05, 0.03), "c": (-0.05, 0.03)}, "a")
    rows = (("a", 3, 0.500), ("b", 3, 0.495), ("c", 3, 0.490))
    assert recommended(recommend(criteria(*rows), versus)) == "a"
    assert recommended(recommend(criteria(*rows, coverage=[0.6, 0.8, 1.0]), versus)) == "c"


def test_order_of_the_strategies_does_not_matter():
    rows = criteria(("a", 5, 0.5), ("b", 3, 0.49), ("c", 3, 0.3))
    versus = differences({"b": (-0.05, 0.03), "c": (-0.3, -0.1)}, "a")
    assert_frame_equal(recommend(rows, versus), recommend(rows.reverse(), versus.reverse()))


def test_exactly_one_is_recommended_even_of_one():
    assert recommended(recommend(criteria(("a", 5, 0.5)), differences({}, "a"))) == "a"


def test_a_difference_that_is_open_proves_no_equality():
    rows = criteria(("best", 12, 0.50), ("open", 3, 0.49))
    versus = differences({"open": (-0.02, 0.0)}, "best").with_columns(
        pl.lit(None, pl.Float64).alias(name) for name in ("low", "high", "error")
    )
    table = recommend(rows, versus)
    assert table["tied"].to_list() == [True, True]
    assert table["low"].to_list() == [0.0, None]
    assert recommended(table) == "best"
