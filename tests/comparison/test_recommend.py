"""The recommendation follows from the numbers, by the rule that is printed."""

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from clvlab.comparison.recommend import recommend


def criteria(*rows: tuple[str, int, float, float, float]) -> pl.DataFrame:
    return pl.DataFrame(
        rows, schema=["strategy", "n_groups", "gini", "stability_resamples", "fidelity"], orient="row"
    )


def differences(from_best: dict[str, tuple[float, float]], best: str) -> pl.DataFrame:
    rows = [(name, best, (low + high) / 2, low, high) for name, (low, high) in from_best.items()]
    schema = {"strategy": pl.String, "versus": pl.String, "value": pl.Float64, "low": pl.Float64, "high": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def recommended(table: pl.DataFrame) -> str:
    return table.filter("recommended")["strategy"].item()


def test_the_simplest_that_the_data_cannot_tell_from_the_best():
    table = recommend(
        criteria(("best", 12, 0.50, 0.9, 0.7), ("tied", 3, 0.49, 0.9, 0.9), ("worse", 2, 0.40, 0.9, 1.0)),
        differences({"tied": (-0.03, 0.01), "worse": (-0.15, -0.05)}, "best"),
    )
    assert recommended(table) == "tied"
    assert table["tied"].to_list() == [True, True, False]
    assert table["difference"].to_list() == [0.0, pytest.approx(-0.01), pytest.approx(-0.1)]


def test_the_best_itself_where_no_other_comes_near():
    table = recommend(
        criteria(("best", 12, 0.50, 0.9, 0.7), ("simple", 2, 0.30, 1.0, 1.0)),
        differences({"simple": (-0.25, -0.15)}, "best"),
    )
    assert recommended(table) == "best"


def test_a_dominated_strategy_is_never_recommended_however_simple():
    table = recommend(
        criteria(("best", 5, 0.50, 0.9, 0.9), ("beaten", 2, 0.49, 0.8, 0.9)),
        differences({"beaten": (-0.05, 0.03)}, "best"),
    )
    assert recommended(table) == "best"
    assert table["dominated_by"].to_list() == [None, "best"]


def test_equals_do_not_dominate_each_other():
    table = recommend(
        criteria(("a", 5, 0.50, 0.9, 0.9), ("b", 4, 0.50, 0.9, 0.9)), differences({"b": (0.0, 0.0)}, "a")
    )
    assert table["dominated_by"].null_count() == 2
    assert recommended(table) == "b"


@pytest.mark.parametrize(("fidelity", "chosen"), [(0.95, "b"), (0.75, "a")])
def test_of_equally_many_groups_the_one_that_a_tree_tells_better(fidelity, chosen):
    table = recommend(
        criteria(("a", 3, 0.50, 0.8, 0.8), ("b", 3, 0.49, 0.9, fidelity)), differences({"b": (-0.02, 0.01)}, "a")
    )
    assert recommended(table) == chosen


def test_order_of_the_strategies_does_not_matter():
    rows = criteria(("a", 5, 0.5, 0.8, 0.8), ("b", 3, 0.49, 0.9, 0.7), ("c", 3, 0.3, 0.7, 0.6))
    versus = differences({"b": (-0.02, 0.01), "c": (-0.3, -0.1)}, "a")
    assert_frame_equal(recommend(rows, versus), recommend(rows.reverse(), versus.reverse()))


def test_exactly_one_is_recommended_even_of_one():
    table = recommend(criteria(("a", 5, 0.5, 0.8, 0.8)), differences({}, "a"))
    assert recommended(table) == "a"


def test_a_difference_that_is_open_is_not_one_from_zero():
    rows = criteria(("best", 12, 0.50, 0.9, 0.7), ("open", 3, 0.49, 0.9, 0.9))
    versus = differences({"open": (0.0, 0.0)}, "best").with_columns(low=None, high=None)
    table = recommend(rows, versus.cast({"low": pl.Float64, "high": pl.Float64}))
    assert table["tied"].to_list() == [True, True]
    assert table["low"].to_list() == [0.0, None]
    assert recommended(table) == "open"
