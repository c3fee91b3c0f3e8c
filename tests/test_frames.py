"""The tables that travel: what each knows of itself, and that whatever holds frames compares by identity."""

import dataclasses
import importlib
import pkgutil
from collections.abc import Callable
from datetime import date
from typing import get_args, get_origin, get_type_hints

import numpy as np
import pandas as pd
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import clvlab
from clvlab.errors import MissingColumnsError
from clvlab.frames import CustomerSummary, Holdout, TransactionLog, joined

FRAMES = (pl.DataFrame, pl.LazyFrame, pl.Series, np.ndarray)
DAY = date(2024, 6, 30)
ROWS = pl.DataFrame({"customer_id": ["a", "b"], "date": [DAY, DAY], "amount": [1.0, 2.5]})
QUALITY = pl.DataFrame({"rule": ["read"], "rows": [2], "share": [1.0], "amount": [3.5]})


def dataclasses_of_the_package():
    for module in pkgutil.walk_packages(clvlab.__path__, "clvlab."):
        for found in vars(importlib.import_module(module.name)).values():
            if isinstance(found, type) and dataclasses.is_dataclass(found) and found.__module__ == module.name:
                yield found


def types_in(hint):
    """The classes that an annotation is made of; what a function takes and gives is not held."""
    if get_origin(hint) is Callable or hint is Callable:
        return
    if isinstance(hint, type):
        yield hint
    if isinstance(get_origin(hint), type):
        yield get_origin(hint)
    for part in get_args(hint):
        yield from types_in(part)


def held_by(kind):
    hints = get_type_hints(kind)
    compared = [field.name for field in dataclasses.fields(kind) if field.compare]
    return {held for name in compared for held in types_in(hints[name])}


def carriers():
    """The dataclasses that hold frames or arrays, by themselves or in another that does."""
    kinds = set(dataclasses_of_the_package())
    found = {kind for kind in kinds if any(issubclass(held, FRAMES) for held in held_by(kind))}
    while more := {kind for kind in kinds - found if held_by(kind) & found}:
        found |= more
    return sorted(found, key=lambda kind: f"{kind.__module__}.{kind.__qualname__}")


CARRIERS = carriers()


def filled(kind):
    """An instance whose every field is a frame, without any constructor's help."""
    made = object.__new__(kind)
    for field in dataclasses.fields(kind):
        object.__setattr__(made, field.name, pl.DataFrame({"n": [1, 2]}))
    return made


@pytest.mark.parametrize("kind", CARRIERS, ids=lambda kind: f"{kind.__module__}.{kind.__qualname__}")
def test_what_holds_frames_compares_by_identity(kind):
    one, other = filled(kind), filled(kind)
    assert one == one
    assert one != other
    assert hash(one) == hash(one)
    assert len({one, other, one}) == 2


def test_the_carriers_that_users_meet_are_among_them():
    names = {kind.__qualname__ for kind in CARRIERS}
    assert {"TransactionLog", "LightingLog", "CustomerSummary", "Holdout", "Board", "Results", "Section"} <= names
    assert {"Context", "ComparisonContext", "Validation", "ModelChoice", "AttributeTable"} <= names


def test_what_is_parameters_alone_compares_by_value():
    names = {kind.__qualname__ for kind in CARRIERS}
    assert not {"RfmRule", "DecisionList", "Tiers", "BgNbd", "GammaGamma", "Span", "Column"} & names
    fitted = {"r": 0.25, "alpha": 4.5, "a": 0.75, "b": 2.5, "time_unit": "week"}
    assert clvlab.BgNbd(**fitted) == clvlab.BgNbd(**fitted)


@pytest.fixture
def log():
    return TransactionLog(ROWS.lazy(), ROWS.clear().with_columns(rule=pl.lit("none")), QUALITY)


def test_rows_of_a_log_are_collected_once(log):
    assert_frame_equal(log.data, ROWS)
    assert log.data is log.data


def test_log_knows_whether_it_knows_money(log):
    assert log.has_amounts
    assert not dataclasses.replace(log, accepted=ROWS.drop("amount").lazy()).has_amounts


def test_log_has_neither_attributes_nor_facts_unless_it_is_given_some(log):
    assert (log.attributes, dict(log.detected)) == ((), {})
    with pytest.raises(TypeError):
        log.detected["files"] = []


def test_what_is_known_of_one_logs_rows_is_not_taken_over_by_another(log):
    log.fingerprints[DAY] = "known"
    assert log.fingerprints == {DAY: "known"}
    assert dataclasses.replace(log, accepted=ROWS.head(1).lazy()).fingerprints == {}


@pytest.fixture
def customers():
    return CustomerSummary(pl.DataFrame({"customer_id": ["a", "b"], "n_purchases": [3, 0]}), DAY, "week")


def test_summary_has_a_row_for_each_customer(customers):
    assert len(customers) == 2
    assert (customers.cutoff, customers.time_unit) == (DAY, "week")


def test_what_a_step_needs_must_be_there(customers):
    customers.require({"n_purchases"}, "the strategy abc")
    customers.require(frozenset(), "nobody")
    with pytest.raises(MissingColumnsError) as caught:
        customers.require({"clv", "age", "n_purchases"}, "the strategy abc")
    assert caught.value.missing == ["age", "clv"]
    assert str(caught.value) == (
        "The customer table, which the strategy abc reads, has no column 'age', 'clv'. "
        "Columns found: 'customer_id', 'n_purchases'. Add them by `attributes=` or from a log that has them."
    )


def test_columns_are_joined_in_the_order_of_the_customers(customers):
    more = pl.DataFrame({"customer_id": ["b", "stranger", "a"], "clv": [2.0, 9.0, 1.0]})
    wider = customers.with_columns(more)
    assert wider.data.rows() == [("a", 3, 1.0), ("b", 0, 2.0)]
    assert (wider.cutoff, wider.time_unit) == (customers.cutoff, customers.time_unit)
    assert customers.data.columns == ["customer_id", "n_purchases"]


def test_customer_of_whom_nothing_more_is_known_gets_null(customers):
    more = pl.DataFrame({"customer_id": ["a"], "clv": [1.0]})
    assert customers.with_columns(more).data["clv"].to_list() == [1.0, None]


@pytest.fixture
def holdout():
    done = pl.DataFrame({"customer_id": ["a", "b"], "holdout_purchases": [1, 0], "holdout_spend": [5.0, 0.0]})
    daily = pl.DataFrame({"date": [DAY], "repeat_purchases": [1]})
    return Holdout(done, date(2024, 2, 28), date(2024, 3, 31), "week", daily)


def test_length_of_a_holdout_leaves_out_its_cutoff(holdout):
    assert holdout.days == 32  # a leap year: 29 February, and March
    assert dataclasses.replace(holdout, end=date(2024, 2, 29)).days == 1
    assert holdout.previous is None


@pytest.mark.parametrize("name", ["log", "customers", "holdout"])
def test_every_table_leaves_as_pandas_and_shows_itself(request, name):
    table = request.getfixturevalue(name)
    left = table.to_pandas()
    assert isinstance(left, pd.DataFrame)
    assert_frame_equal(pl.from_pandas(left), table.data, check_dtypes=False)
    if hasattr(table, "_repr_html_"):
        assert "<table" in table._repr_html_()


@pytest.mark.parametrize("name", ["log", "customers", "holdout"])
def test_no_table_can_be_exchanged_under_its_readers_hands(request, name):
    with pytest.raises(dataclasses.FrozenInstanceError):
        request.getfixturevalue(name).data = ROWS


def test_columns_of_the_same_customers_in_one_order_need_no_lookup():
    customers = pl.DataFrame({"customer_id": ["a", "b", "c"], "x": [1, 2, 3]})
    further = pl.DataFrame({"customer_id": ["a", "b", "c"], "y": [4, None, 6]})
    wanted = customers.with_columns(y=pl.Series([4, None, 6]))
    assert joined(customers, further).equals(wanted)
    assert joined(customers, further.reverse()).equals(wanted)
    assert joined(customers, further.drop_nulls()).equals(wanted)
    assert joined(customers, further.rename({"y": "x"})).columns == ["customer_id", "x", "x_right"]
