"""Late by one's own habit, and at risk: by hand."""

import polars as pl
import pytest

from clvlab.playbook.at_risk import is_late, value_at_risk


@pytest.mark.parametrize(
    ("n_purchases", "days_since_last", "gap_p80", "late"),
    [(3, 31, 30.0, True), (3, 30, 30.0, False), (2, 400, 30.0, False), (0, None, None, False)],
)
def test_who_is_late_has_a_habit_and_is_beyond_it(n_purchases, days_since_last, gap_p80, late):
    schema = {"n_purchases": pl.Int64, "days_since_last": pl.Int64, "gap_p80": pl.Float64}
    customer = pl.DataFrame([(n_purchases, days_since_last, gap_p80)], schema=schema, orient="row")
    assert customer.select(is_late().fill_null(False)).item() is late


def test_what_is_at_risk_is_last_years_spend_of_those_who_have_left():
    customers = pl.DataFrame({"spend_last_year": [200.0, 200.0, 0.0, -40.0], "p_alive": [0.75, 1.0, 0.1, 0.1]})
    assert customers.select(value_at_risk(leaves=True))["at_risk"].to_list() == [50.0, 0.0, 0.0, 0.0]
    assert customers.select(value_at_risk(leaves=False))["at_risk"].null_count() == 4
