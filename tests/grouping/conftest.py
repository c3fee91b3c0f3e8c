"""Real customers for the tests of groupings."""

import pytest

import clvlab as cl


@pytest.fixture(scope="session")
def cdnow():
    """CDNOW's customers as of the last day of the log."""
    return cl.summarise_customers(cl.datasets.cdnow(), cutoff="1998-06-30", time_unit="week")
