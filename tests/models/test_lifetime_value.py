import numpy as np
import polars as pl
import pytest
from populations import history

import clvlab as cl


def test_customer_1_is_worth_36_not_140(bg_nbd, gamma_gamma, cdnow, row_of, published):
    known = published["clv_customer_1"]["from_log"]
    values = cl.lifetime_value(bg_nbd, gamma_gamma, cdnow, horizon="12 months", annual_discount_rate=0.126825)
    assert values["clv"][row_of("0001")] == pytest.approx(known, rel=0.01)


def test_the_unit_of_the_table_does_not_matter(bg_nbd, gamma_gamma, cdnow):
    days = cdnow.data.with_columns(pl.col("recency", "T") * 7)
    weekly = cl.lifetime_value(bg_nbd, gamma_gamma, cdnow, "12 months", 0.1)
    daily = cl.lifetime_value(bg_nbd, gamma_gamma, days, "12 months", 0.1, time_unit="day")
    assert daily["clv"].to_numpy() == pytest.approx(weekly["clv"].to_numpy(), rel=1e-10)


def test_without_discount_value_is_purchases_times_spend(bg_nbd, gamma_gamma, cdnow):
    values = cl.lifetime_value(bg_nbd, gamma_gamma, cdnow, "12 months", annual_discount_rate=0.0, margin=0.3)
    product = values["expected_purchases"] * values["expected_spend"] * 0.3
    assert values["clv"].to_numpy() == pytest.approx(product.to_numpy(), rel=1e-10)


def test_discounting_agrees_with_a_fine_sum(bg_nbd, cdnow):
    edges = np.linspace(0, 52, 105)
    bought = np.diff([bg_nbd.expected_purchases(cdnow, float(edge)) for edge in edges], axis=0)
    years = (edges[1:] + edges[:-1]) / 2 * 7 / 365.25
    summed = (bought * 1.1 ** -years[:, None]).sum(axis=0)
    assert bg_nbd.discounted_purchases(cdnow, 52, 0.1) == pytest.approx(summed, rel=1e-5)


def test_prospects_have_null_and_keep_their_place(bg_nbd, gamma_gamma):
    buyer = history(2, 30, 38).with_columns(monetary_value=20.0, n_purchases=3, customer_id=pl.lit("b"))
    prospect = pl.DataFrame({"customer_id": ["p"], "n_purchases": [0]})
    table = pl.concat([prospect, buyer], how="diagonal_relaxed")
    values = cl.lifetime_value(bg_nbd, gamma_gamma, table, "12 months")
    assert values["customer_id"].to_list() == ["p", "b"]
    assert values.select(pl.exclude("customer_id"))[0].null_count().sum_horizontal().item() == 4
    assert values["clv"][1] > 0


@pytest.mark.parametrize(
    ("argument", "value"), [("annual_discount_rate", -0.1), ("margin", 0.0), ("margin", float("nan"))]
)
def test_impossible_arguments_are_refused(bg_nbd, gamma_gamma, cdnow, argument, value):
    with pytest.raises(cl.errors.ParamsError, match=argument):
        cl.lifetime_value(bg_nbd, gamma_gamma, cdnow, "12 months", **{argument: value})
