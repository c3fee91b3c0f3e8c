"""What tests of several parts share."""

import pytest

import clvlab as cl

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
