import polars as pl
import pytest

import clvlab as cl
from clvlab.errors import DataError, ParamsError


def log_of(**days):
    rows = [(customer, day, 10.0) for customer, own in days.items() for day in own]
    return cl.read_transactions(pl.DataFrame(rows, schema=["customer_id", "date", "amount"], orient="row"))


def row(table, customer):
    return table.filter(customer_id=customer).drop("customer_id").row(0)


LOG = log_of(
    steady=["2023-01-05", "2023-02-28", "2023-03-01", "2023-04-30"],
    paused=["2023-01-31", "2023-01-31", "2023-02-01", "2023-04-15", "2023-04-16"],
    once=["2023-02-10"],
    late=["2023-04-02"],
    latest=["2023-05-01"],
)


def test_months_by_hand():
    """frequency, recency, opportunities; renewals, cancelled."""
    table = cl.summarise_opportunities(LOG, "2023-04-30", "month")
    assert table["customer_id"].to_list() == ["late", "once", "paused", "steady"]
    assert row(table, "steady") == (3, 3, 3, 3, False)
    assert row(table, "paused") == (2, 3, 3, 1, True)
    assert row(table, "once") == (0, 0, 2, 0, True)
    assert row(table, "late") == (0, 0, 0, 0, False)


def test_a_month_that_is_not_over_does_not_count():
    table = cl.summarise_opportunities(LOG, "2023-04-29", "month")
    assert table["customer_id"].to_list() == ["once", "paused", "steady"]
    assert row(table, "steady") == (2, 2, 2, 2, False)


@pytest.mark.parametrize(
    ("period", "expected"),
    [("week", (2, 9, 17, 0, True)), ("quarter", (1, 1, 1, 1, False)), ("year", (0, 0, 0, 0, False))],
)
def test_other_periods(period, expected):
    log = log_of(a=["2023-01-02", "2023-01-08", "2023-02-19", "2023-03-12", "2023-06-30", "2023-12-31"])
    ends = {"week": "2023-05-07", "quarter": "2023-06-30", "year": "2023-12-31"}
    assert row(cl.summarise_opportunities(log, ends[period], period), "a") == expected


def test_a_year_passes_from_december_to_january():
    log = log_of(a=["2022-12-31", "2023-01-01"])
    assert row(cl.summarise_opportunities(log, "2023-01-31", "month"), "a") == (1, 1, 1, 1, False)
    assert row(cl.summarise_opportunities(log, "2023-12-31", "year"), "a") == (1, 1, 1, 1, False)


def test_models_read_the_table():
    table = cl.summarise_opportunities(cl.datasets.cdnow(sample=True), "1998-06-30", "month")
    model = cl.BgBb.fit(table, period="1 month")
    assert (model.p_alive(table) <= 1).all()
    assert cl.ShiftedBetaGeometric.fit(table, period="1 month").retention(1)[0] < 0.3


def test_what_cannot_be_summarised_is_said():
    with pytest.raises(ParamsError, match=r"period is 'monht'\. Did you mean 'month'"):
        cl.summarise_opportunities(LOG, "2023-04-30", "monht")
    with pytest.raises(DataError, match="There is no purchase in a year that is over"):
        cl.summarise_opportunities(LOG, "2023-04-30", "year")
    with pytest.raises(ParamsError, match="cutoff"):
        cl.summarise_opportunities(LOG, "April", "month")
