"""CDNOW as the published figures were made of it, and a small population of a known law, each fitted once."""

import json
from pathlib import Path

import pytest

import clvlab as cl
from tests.models.populations import simulated_bg_nbd, with_spend

CUTOFF, END = "1997-09-30", "1998-06-30"


@pytest.fixture(scope="session")
def published():
    path = Path(__file__).parents[1] / "reference" / "published_values.json"
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def cdnow():
    return cl.split_holdout(cl.datasets.cdnow(sample=True), cutoff=CUTOFF, end=END, time_unit="week")[0]


@pytest.fixture(scope="session")
def whole_cdnow():
    return cl.split_holdout(cl.datasets.cdnow(), cutoff=CUTOFF, end=END, time_unit="week")[0]


@pytest.fixture(scope="session")
def bg_nbd(cdnow):
    return cl.BgNbd.fit(cdnow)


@pytest.fixture(scope="session")
def gamma_gamma(cdnow):
    return cl.GammaGamma.fit(cdnow)


@pytest.fixture(scope="session")
def small():
    """A population of 1,500, with spend."""
    return with_spend(simulated_bg_nbd(1_500, seed=3), seed=4)


@pytest.fixture(scope="session")
def models(small):
    """A purchase and a spend model of the small population."""
    return cl.BgNbd.fit(small, time_unit="week"), cl.GammaGamma.fit(small)


@pytest.fixture
def row_of(cdnow):
    """customer_id -> its row in the table."""
    return lambda customer_id: cdnow.data["customer_id"].index_of(customer_id)
