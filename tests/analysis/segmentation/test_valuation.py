"""Which models a report uses where the data cannot identify the first choice."""

from datetime import date, timedelta

import numpy as np
import polars as pl

import clvlab as cl
from clvlab.analysis.valuation import ValueModels
from clvlab.models import PURCHASE_MODELS, BgNbd, Nbd
from clvlab.params import ReportParams

PARAMS = ReportParams(name="x", source="cdnow_sample", as_of="2024-12-31", horizon="3 months")


def customers_of(rows):
    log = cl.read_transactions(pl.DataFrame(rows, schema=["customer_id", "date", "amount"], orient="row"))
    return cl.summarise_customers(log, "2024-12-31", "week")


def test_the_first_choice_is_used_where_it_can_be_identified():
    customers = cl.summarise_customers(cl.datasets.cdnow(sample=True), "1997-09-30", "week")
    models = ValueModels.fit(customers, PARAMS)
    assert isinstance(models.purchases, BgNbd)
    assert models.refused == ()


def test_a_base_that_nobody_leaves_falls_back_to_the_model_without_dropout():
    random = np.random.default_rng(0)
    rows = []
    for number in range(300):
        days = np.flatnonzero(random.random(366) < random.gamma(2.0, 0.01))
        rows += [(f"c{number}", date(2024, 1, 1) + timedelta(int(day)), 10.0 + day % 7) for day in days]
    models = ValueModels.fit(customers_of(rows), PARAMS)
    assert isinstance(models.purchases, Nbd)
    assert models.refused == PURCHASE_MODELS[:3]


def test_one_time_buyers_alone_leave_no_model_and_the_reason():
    customers = customers_of([(f"c{n}", date(2024, 1, 1) + timedelta(n), 5.0) for n in range(30)])
    models = ValueModels.fit(customers, PARAMS)
    assert models.purchases is None
    assert [note.key for note in models.notes] == ["caveats.no_repeats"]
    value = models.value(customers)
    assert value["clv"].null_count() == value.height == 30
    assert models.by_group(customers, pl.DataFrame()) is None
