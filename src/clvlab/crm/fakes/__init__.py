"""CRMs on this machine, for tests and for trying a connector by hand: real HTTP servers with made-up records."""

from clvlab.crm.fakes.fxiaoke import FakeFxiaoke
from clvlab.crm.fakes.server import Answer, FakeServer, Fault, Request
from clvlab.crm.fakes.zoho import FakeZoho, Switches

__all__ = ["Answer", "FakeFxiaoke", "FakeServer", "FakeZoho", "Fault", "Request", "Switches"]
