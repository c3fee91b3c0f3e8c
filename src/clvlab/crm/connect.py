"""Which CRM the parameters of a run name, connected."""

from collections.abc import Callable, Mapping
from typing import Any

from clvlab.crm.fxiaoke import FxiaokeCrm
from clvlab.crm.protocol import Crm
from clvlab.crm.transport import Transport
from clvlab.crm.zoho import ZohoCrm
from clvlab.errors import ParamsError
from clvlab.params import RunParams
from clvlab.sources.faults import fault

CONNECTORS: Mapping[str, Callable[[Any, Transport | None], Crm]] = {"zoho": ZohoCrm, "fxiaoke": FxiaokeCrm}


def connect(params: RunParams, transport: Transport | None = None) -> Crm:
    """The CRM that is the source of a run.

    Raises
    ------
    ParamsError : the source is none, or credentials are missing
    """
    if params.crm is None:
        raise fault("crm_no_source", ParamsError)
    return CONNECTORS[params.crm["crm"]](params.crm, transport)
