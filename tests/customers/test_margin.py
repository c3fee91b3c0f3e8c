"""What is kept of the customers' money, where the log knows costs."""

from datetime import date

import pytest

from clvlab.customers import mean_margin
from clvlab.errors import DataError
from tests.customers.logs import log_of

COLUMNS = "customer_id date amount cost"


def log(*rows):
    return log_of(*rows, columns=COLUMNS)


def test_margin_is_what_cost_leaves_of_the_money_up_to_the_day():
    rows = (("a", "2024-01-01", 100.0, 60.0), ("b", "2024-01-02", 50.0, 20.0), ("a", "2024-03-01", 1.0, 1.0))
    found = mean_margin(log(*rows), date(2024, 2, 1))
    assert (found.margin, found.coverage) == (pytest.approx(70 / 150), 1.0)


def test_returns_count_and_rows_of_unknown_cost_do_not():
    rows = (("a", "2024-01-01", 100.0, 60.0), ("a", "2024-01-02", -50.0, -30.0), ("b", "2024-01-03", 900.0, None))
    found = mean_margin(log(*rows), date(2024, 2, 1))
    assert (found.margin, found.coverage) == (pytest.approx(0.4), pytest.approx(2 / 3))


@pytest.mark.parametrize(
    "rows",
    [
        (("a", "2024-01-01", 10.0, 12.0),),
        (("a", "2024-01-01", 10.0, -2.0),),
        (("a", "2024-01-01", 10.0, None), ("a", "2024-05-01", 10.0, 5.0)),
        (("a", "2024-05-01", 10.0, 5.0),),
    ],
)
def test_costs_that_tell_no_margin_are_an_error(rows):
    with pytest.raises(DataError, match=r"no margin follows.*`margin: 0\.3`"):
        mean_margin(log(*rows), date(2024, 2, 1))


@pytest.mark.parametrize(
    ("columns", "missing"), [("customer_id date amount", "cost"), ("customer_id date cost", "amount")]
)
def test_without_costs_or_money_the_missing_column_is_named(columns, missing):
    with pytest.raises(DataError, match=rf"needs {missing}, which the log does not have.*`columns: \{{{missing}: "):
        mean_margin(log_of(("a", "2024-01-01", 1.0), columns=columns), date(2024, 2, 1))
