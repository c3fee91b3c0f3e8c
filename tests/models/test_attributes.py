"""Attributes of customers as numbers."""

import json
from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clvlab.errors import ClvlabWarning, DataError, MissingColumnsError
from clvlab.models.attributes import MISSING_LEVEL, OTHER_LEVEL, Attributes, kinds_of
from tests.models.laws import few_examples

TABLE = pl.DataFrame(
    {
        "region": ["south", "north", "south", None, "east", "south"],
        "income": [1.5, 2.0, 0.0, -1.0, 7.0, 3.0],
        "member": [True, False, True, True, False, True],
        "children": [0, 1, 2, 0, 0, 1],
    }
)


def test_a_number_stands_for_itself():
    attributes = Attributes.of(TABLE, ["income"])
    assert attributes.terms == ("income",)
    assert attributes.matrix(TABLE).tolist() == [[1.5], [2.0], [0.0], [-1.0], [7.0], [3.0]]


def test_whole_numbers_are_numbers():
    assert Attributes.of(TABLE, ["children"]).matrix(TABLE).ravel().tolist() == [0, 1, 2, 0, 0, 1]


def test_a_text_is_compared_with_its_most_frequent_level():
    attributes = Attributes.of(TABLE, ["region"])
    assert attributes.levels == {"region": ("south", MISSING_LEVEL, "east", "north")}
    assert attributes.terms == ("region=(missing)", "region=east", "region=north")
    assert attributes.matrix(TABLE).tolist() == [
        [0, 0, 0],
        [0, 0, 1],
        [0, 0, 0],
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 0],
    ]


def test_yes_and_no_are_levels():
    attributes = Attributes.of(TABLE, ["member"])
    assert attributes.terms == ("member=false",)
    assert attributes.matrix(TABLE).ravel().tolist() == [0, 1, 0, 0, 1, 0]


def test_levels_of_one_frequency_are_in_the_order_of_the_alphabet():
    table = pl.DataFrame({"sector": ["b", "a", "c", "a", "b", "c"]})
    assert Attributes.of(table, ["sector"]).levels == {"sector": ("a", "b", "c")}


def test_columns_come_in_the_order_in_which_attributes_were_named():
    attributes = Attributes.of(TABLE, ["children", "member", "income"])
    assert attributes.terms == ("children", "member=false", "income")
    assert attributes.matrix(TABLE.head(2)).tolist() == [[0, 0, 1.5], [1, 1, 2.0]]


def test_no_attributes_are_no_columns():
    attributes = Attributes.of(TABLE, [])
    assert attributes.terms == ()
    assert attributes.matrix(TABLE).shape == (6, 0)


def test_nobody_has_no_rows():
    assert Attributes.of(TABLE, ["region", "income"]).matrix(TABLE.clear()).shape == (0, 4)


def test_the_reference_stays_that_of_the_customers_it_was_fitted_on():
    attributes = Attributes.of(TABLE, ["region"])
    others = pl.DataFrame({"region": ["north", "north", "south"]})
    assert attributes.matrix(others).tolist() == [[0, 0, 1], [0, 0, 1], [0, 0, 0]]


@few_examples
@given(st.lists(st.sampled_from(["a", "b", "c", None]), min_size=2, max_size=20).filter(lambda v: len(set(v)) > 1))
def test_every_customer_has_one_level_or_is_the_reference(values):
    table = pl.DataFrame({"kind": values}, schema={"kind": pl.String})
    attributes = Attributes.of(table, ["kind"])
    ones = attributes.matrix(table).sum(axis=1)
    reference = attributes.levels["kind"][0]
    assert ones.tolist() == [float((value or MISSING_LEVEL) != reference) for value in values]
    assert len(attributes.terms) == len(set(values)) - 1


@pytest.mark.parametrize("value", [float("inf"), float("-inf")])
def test_a_number_that_is_not_finite_is_named(value):
    attributes = Attributes.of(TABLE, ["income"])
    with pytest.raises(DataError, match=rf"'income', row 1: {value} is not a finite number"):
        attributes.matrix(pl.DataFrame({"income": [1.0, value, 2.0]}))


@pytest.mark.parametrize("missing", [None, float("nan")])
def test_a_number_that_some_lack_is_their_mean_and_a_level_of_its_own(missing):
    attributes = Attributes.of(pl.DataFrame({"income": [1.0, missing, 5.0, missing]}), ["income"])
    assert attributes.levels == {"income": (MISSING_LEVEL,)}
    assert attributes.terms == ("income", "income=(missing)")
    assert attributes.matrix(pl.DataFrame({"income": [missing, 7.0]})).tolist() == [[3.0, 1.0], [7.0, 0.0]]


def test_a_number_that_nobody_lacked_is_the_mean_where_it_is_missing_later():
    attributes = Attributes.of(pl.DataFrame({"income": [1.0, 2.0, 6.0]}), ["income"])
    with pytest.warns(
        ClvlabWarning, match=r"'income' of 1 customer .* such as '\(missing\)': they count as the average"
    ):
        assert attributes.matrix(pl.DataFrame({"income": [None, 7.0]})).tolist() == [[3.0], [7.0]]


def test_a_level_not_seen_at_the_fit_counts_as_the_average_and_is_told():
    """Of six customers three are in the south, the reference; one each is missing, in the east and in the north."""
    attributes = Attributes.of(TABLE, ["region"])
    with pytest.warns(
        ClvlabWarning, match=r"'region' of 2 customers .* such as 'west'.*'south', '\(missing\)', 'east'"
    ):
        rows = attributes.matrix(pl.DataFrame({"region": ["south", "west", "off"]}))
    assert rows.tolist() == [[0, 0, 0], [1 / 6] * 3, [1 / 6] * 3]


def test_a_missing_text_counts_as_the_average_where_none_was_missing_in_the_fit():
    attributes = Attributes.of(TABLE.drop_nulls(), ["region"])
    with pytest.warns(ClvlabWarning, match=r"such as '\(missing\)'"):
        rows = attributes.matrix(pl.DataFrame({"region": [None, "south"]}))
    assert rows.tolist() == [[0.2, 0.2], [0, 0]]


def test_means_and_scales_count_each_row_as_often_as_its_weight():
    table = pl.DataFrame({"income": [1.0, 4.0, None], "sector": ["a", "b", "b"]})
    weighted = Attributes.of(table, ["income", "sector"], np.array([2.0, 1.0, 3.0]))
    repeated = Attributes.of(table[[0, 0, 1, 2, 2, 2]], ["income", "sector"])
    assert weighted.means == pytest.approx([2.0, 0.5, 1 / 3])
    assert weighted.means == pytest.approx(repeated.means)
    assert weighted.scales == pytest.approx([1.0, 1.0, 1.0])
    assert weighted.scales == pytest.approx(repeated.scales)


def test_attributes_are_among_those_with_the_same_levels():
    both = Attributes.of(TABLE, ["region", "children"])
    assert Attributes.of(TABLE, ["children"]).is_among(both)
    assert both.is_among(both)
    assert not both.is_among(Attributes.of(TABLE, ["children"]))
    assert not Attributes.of(TABLE.drop_nulls(), ["region"]).is_among(both)


def test_rare_levels_are_one_and_so_is_what_comes_later():
    table = pl.DataFrame({"region": ["a"] * 4 + ["b"] * 3 + ["c", "d", None]})
    attributes = Attributes.of(table, ["region"], smallest_level=2)
    assert attributes.levels == {"region": ("a", "b", OTHER_LEVEL)}
    assert attributes.matrix(pl.DataFrame({"region": ["b", "d", None, "e"]})).tolist() == [[1, 0], *[[0, 1]] * 3]
    assert attributes.means == pytest.approx([0.3, 0.3])


def test_a_level_is_as_frequent_as_its_customers_weigh():
    table = pl.DataFrame({"region": ["a", "a", "b", "c"]})
    attributes = Attributes.of(table, ["region"], np.array([1.0, 1.0, 5.0, 1.5]), smallest_level=2)
    assert attributes.levels == {"region": ("b", "a", OTHER_LEVEL)}


def test_numbers_in_bands_are_levels_of_about_equally_many():
    table = pl.DataFrame({"age": [20, 25, 30, 35, 40, 45, 50, 1_250, None]})
    attributes = Attributes.of(table, ["age"], bands=4)
    assert attributes.bounds == {"age": (30.0, 40.0, 45.0)}
    assert attributes.levels == {"age": ("≥ 45", "30 – < 40", "< 30", MISSING_LEVEL, "40 – < 45")}
    rows = attributes.matrix(pl.DataFrame({"age": [30.0, 39.9, 40.0, 3.0, 9e9, None]}))
    assert rows.tolist() == [[1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 1, 0, 0], [0] * 4, [0, 0, 1, 0]]


def test_few_numbers_have_fewer_bands():
    few, many = pl.DataFrame({"children": [0, 0, 1, 2, 0]}), pl.DataFrame({"children": [0] * 9 + [1, 2, 3]})
    assert Attributes.of(few, ["children"], bands=3).levels == {"children": ("< 1", "1 – < 2", "≥ 2")}
    assert Attributes.of(many, ["children"], bands=3).levels == {"children": ("< 1", "≥ 1")}
    with pytest.raises(DataError, match="'children' is the same for all"):
        Attributes.of(pl.DataFrame({"children": [2, 2, 2]}), ["children"], bands=3)


def test_days_are_told_apart_by_their_years():
    table = pl.DataFrame({"since": [date(2020, 1, 1), date(2020, 12, 31), date(2021, 1, 1)]})
    assert Attributes.of(table, ["since"]).levels == {"since": ("2020", "2021")}


def test_attributes_can_be_written_and_read():
    attributes = Attributes.of(TABLE, ["region", "income", "children"], bands=2)
    assert Attributes.from_dict(json.loads(json.dumps(attributes.to_dict()))) == attributes


def test_customers_are_told_apart_by_their_numbers():
    kinds = kinds_of(np.array([[1.0, -2.0], [0.0, 3.0], [1.0, -2.0]]))
    assert [(z.tolist(), places.tolist()) for z, places in kinds] == [([0.0, 3.0], [1]), ([1.0, -2.0], [0, 2])]
    assert [(z.tolist(), places.tolist()) for z, places in kinds_of(np.empty((3, 0)))] == [([], [0, 1, 2])]


@pytest.mark.parametrize(
    "column", [pl.lit("x"), pl.lit(3.0), pl.lit(None, pl.String)], ids=["text", "number", "null"]
)
def test_an_attribute_that_all_share_explains_nothing(column):
    with pytest.raises(DataError, match="'shared' is the same for all customers"):
        Attributes.of(TABLE.with_columns(shared=column), ["income", "shared"])


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(MissingColumnsError, match=r"no column 'age'.*Join the attributes to it"):
        Attributes.of(TABLE, ["income", "age"])
    with pytest.raises(MissingColumnsError, match="no column 'income'"):
        Attributes.of(TABLE, ["income", "region"]).matrix(TABLE.drop("income"))


def test_a_matrix_holds_floats():
    assert Attributes.of(TABLE, ["region", "children"]).matrix(TABLE).dtype == np.float64
