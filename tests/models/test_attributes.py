"""Attributes of customers as numbers."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clvlab.errors import DataError, MissingColumnsError, ParamsError
from clvlab.models.attributes import MISSING_LEVEL, Attributes
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


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), None])
def test_a_number_that_is_not_finite_is_named(value):
    attributes = Attributes.of(TABLE, ["income"])
    with pytest.raises(DataError, match=rf"'income', row 1: {value} is not a finite number\. Turn the attribute"):
        attributes.matrix(pl.DataFrame({"income": [1.0, value, 2.0]}))


def test_a_level_not_seen_in_the_fit_is_named_with_those_known():
    attributes = Attributes.of(TABLE, ["region"])
    with pytest.raises(DataError, match=r"'region', row 1: 'west' did not occur.*'south', '\(missing\)', 'east'"):
        attributes.matrix(pl.DataFrame({"region": ["south", "west"]}))


def test_a_missing_text_is_unknown_where_none_was_missing_in_the_fit():
    attributes = Attributes.of(TABLE.drop_nulls(), ["region"])
    with pytest.raises(DataError, match=r"'region', row 0: '\(missing\)' did not occur"):
        attributes.matrix(pl.DataFrame({"region": [None, "south"]}))


@pytest.mark.parametrize(
    "column", [pl.lit("x"), pl.lit(3.0), pl.lit(None, pl.String)], ids=["text", "number", "null"]
)
def test_an_attribute_that_all_share_explains_nothing(column):
    with pytest.raises(ParamsError, match="'shared' is the same for all customers"):
        Attributes.of(TABLE.with_columns(shared=column), ["income", "shared"])


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(MissingColumnsError, match=r"no column 'age'.*Join the attributes to it"):
        Attributes.of(TABLE, ["income", "age"])
    with pytest.raises(MissingColumnsError, match="no column 'income'"):
        Attributes.of(TABLE, ["income", "region"]).matrix(TABLE.drop("income"))


def test_a_matrix_holds_floats():
    assert Attributes.of(TABLE, ["region", "children"]).matrix(TABLE).dtype == np.float64
