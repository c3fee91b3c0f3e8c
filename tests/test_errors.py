import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clvlab as cl
from clvlab import errors
from clvlab.analysis.section import Section
from clvlab.errors import (
    ClvlabError,
    ClvlabWarning,
    ConvergenceError,
    DataError,
    MissingColumnsError,
    ParamsError,
    UnknownNameError,
    UnsettledError,
    did_you_mean,
)


def kinds():
    return [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]


def test_every_error_of_ours_is_a_clvlab_error_and_a_value_error():
    assert all(issubclass(kind, ClvlabError) for kind in kinds() if not issubclass(kind, Warning))
    assert issubclass(ClvlabError, ValueError)
    assert issubclass(ClvlabWarning, UserWarning)
    assert not issubclass(ClvlabWarning, ClvlabError)


@pytest.mark.parametrize("kind", [DataError, ParamsError, ClvlabError, ClvlabWarning])
def test_an_error_says_its_message_and_may_have_a_code_with_figures(kind):
    plain, coded = kind("Too few."), kind("Too few.", code="too_few", customers=3)
    assert str(plain) == str(coded) == "Too few."
    assert (plain.code, plain.figures) == ("", {})
    assert (coded.code, coded.figures) == ("too_few", {"customers": 3})


def test_an_open_question_has_a_key_and_choices_likeliest_first():
    question = UnsettledError("Day or month first?", "date_format", ["%d/%m/%Y", "%m/%d/%Y"])
    assert isinstance(question, DataError)
    assert (question.key, question.choices) == ("date_format", ("%d/%m/%Y", "%m/%d/%Y"))
    assert UnsettledError("Which rates?", "currency_rates").choices == ()


def test_a_model_without_parameters_names_which():
    error = ConvergenceError("No repeats.", ["r", "alpha"], code="no_repeats", customers=24)
    assert error.parameters == ("r", "alpha")
    assert error.figures == {"parameters": "r, alpha", "customers": 24}
    assert ConvergenceError("No repeats.").parameters == ()


def test_missing_columns_are_named_in_order_with_those_found_and_what_to_do():
    error = MissingColumnsError("The log", {"date", "customer_id"}, ["when", "who"])
    assert error.missing == ["customer_id", "date"]
    assert str(error) == (
        "The log has no column 'customer_id', 'date'. Columns found: 'when', 'who'. "
        "Map yours in the params file: `columns: {customer_id: <your column>}`."
    )


def test_a_hint_takes_the_place_of_the_usual_advice():
    error = MissingColumnsError("The log", ["cost"], ["amount"], hint="Add the cost of each row.")
    assert str(error).endswith("Columns found: 'amount'. Add the cost of each row.")


def test_a_table_without_any_column_says_so():
    assert str(MissingColumnsError("The log", ["cost"], [])).startswith(
        "The log has no column 'cost'. Columns found: . "
    )


@pytest.mark.parametrize(
    ("wrong", "known", "advice"),
    [
        ("horizn", ["horizon", "holdout"], " Did you mean 'horizon'?"),
        ("weeks", ("day", "week", "month"), " Did you mean 'week'?"),
        ("xyz", ["horizon", "holdout"], ""),
        ("", ["horizon"], ""),
        ("horizon", [], ""),
        (None, ["none"], ""),
        (7, ["seven"], ""),
        ("客户编码", ["客户编号", "下单日期"], " Did you mean '客户编号'?"),
    ],
)
def test_the_nearest_name_is_offered_where_one_is_near(wrong, known, advice):
    assert did_you_mean(wrong, known) == advice


@settings(max_examples=30, deadline=None)
@given(st.text("abc", min_size=1, max_size=6), st.lists(st.text("abc", min_size=1, max_size=6), max_size=5))
def test_a_name_that_is_known_is_its_own_nearest_and_only_known_names_are_offered(wrong, known):
    assert did_you_mean(wrong, [*known, wrong]) == f" Did you mean {wrong!r}?"
    assert did_you_mean(wrong, known) in {"", *(f" Did you mean {name!r}?" for name in known)}


def test_an_unknown_name_is_told_with_the_known_ones_and_is_a_key_error_as_mappings_have_it():
    error = UnknownNameError("strategy", "rmf", ["rfm", "abc"])
    assert str(error) == "There is no strategy 'rmf'. Did you mean 'rfm'? Known: rfm, abc."
    assert str(UnknownNameError("table", "x", [])) == "There is no table 'x'. There is none."
    assert isinstance(error, KeyError)


@pytest.mark.parametrize(
    "mapping", [cl.strategies, Section({"groups": pl.DataFrame()})], ids=["strategies", "section"]
)
def test_what_has_names_says_which_and_is_a_mapping_still(mapping):
    with pytest.raises(UnknownNameError, match="Known: "):
        mapping["nothing"]
    assert "nothing" not in mapping
    assert mapping.get("nothing") is None
