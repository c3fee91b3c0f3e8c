"""CDNOW cut in two, judged once."""

import pytest

import clvlab as cl


@pytest.fixture(scope="session")
def cdnow():
    return cl.split_holdout(cl.datasets.cdnow(sample=True), "1997-09-30", "1998-06-30", "week")


@pytest.fixture(scope="session")
def models(cdnow):
    return cl.BgNbd.fit(cdnow[0]), cl.GammaGamma.fit(cdnow[0])


@pytest.fixture(scope="session")
def groups(cdnow):
    return cl.strategies["rfm11"].assign(cdnow[0])


@pytest.fixture(scope="session")
def validation(models, cdnow, groups):
    return cl.validate(*models, *cdnow, groups=groups)
