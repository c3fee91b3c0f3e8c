"""What tests of several parts share."""

import pytest
from hypothesis import settings

import clvlab as cl

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

SAMPLE = {
    "name": "sample",
    "source": "cdnow_sample",
    "as_of": "1998-06-30",
    "holdout": "39 weeks",
    "currency": "USD",
}


@pytest.fixture(scope="session")
def sample_results():
    """A report on CDNOW's 1/10 sample."""
    return cl.analyse(SAMPLE)
