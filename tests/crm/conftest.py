"""Made-up CRMs, and connectors to them, without waiting and without anything of the user's own."""

from contextlib import ExitStack

import pytest

from clvlab.crm.credentials import FILE
from clvlab.crm.fakes import FakeFxiaoke, FakeZoho
from clvlab.crm.fakes.retailer import retailer
from clvlab.crm.fakes.trial import CREDENTIALS, FXIAOKE_CREDENTIALS
from clvlab.crm.fxiaoke import FxiaokeCrm
from clvlab.crm.transport import Transport
from clvlab.crm.zoho import ZohoCrm
from tests.crm.organisation import organisation
from tests.crm.tenant import tenant


@pytest.fixture(autouse=True)
def surroundings(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv(FILE, raising=False)
    for name, value in (CREDENTIALS | FXIAOKE_CREDENTIALS).items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def zoho():
    """A small organisation: 450 accounts, as many invoices, a few deals."""
    with FakeZoho(organisation()) as server:
        yield server


@pytest.fixture
def fxiaoke():
    """A small tenant of 纷享销客: 130 customers, 250 orders, a few opportunities."""
    with FakeFxiaoke(tenant()) as server:
        yield server


@pytest.fixture
def shop():
    """The lighting retailer."""
    with FakeZoho(retailer(n_customers=300)) as server:
        yield server


@pytest.fixture
def waits():
    """For how long a connector would have waited."""
    return []


@pytest.fixture
def connected(zoho, waits):
    """Connect to the small organisation, with further keys of the source."""

    with ExitStack() as opened:

        def connect(**source):
            transport = Transport(sleep=waits.append, timeout=source.pop("timeout", 5.0))
            opened.callback(transport.close)
            return ZohoCrm({"crm": "zoho", "login": zoho.url, "api": zoho.url, **source}, transport)

        yield connect


@pytest.fixture
def linked(fxiaoke, waits):
    """Connect to the small tenant, with further keys of the source; its clock moves while the connector waits."""

    def wait(seconds):
        waits.append(seconds)
        fxiaoke.pass_time(seconds=seconds)

    with ExitStack() as opened:

        def connect(**source):
            transport = Transport(sleep=wait, timeout=source.pop("timeout", 5.0))
            opened.callback(transport.close)
            return FxiaokeCrm({"crm": "fxiaoke", "api": fxiaoke.url, **source}, transport)

        yield connect
