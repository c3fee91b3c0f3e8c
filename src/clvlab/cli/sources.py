"""The CRM or database that is the source of a run."""

from contextlib import closing
from datetime import date
from typing import TYPE_CHECKING, TypeVar

from clvlab.cli.output import logger
from clvlab.errors import ClvlabError

if TYPE_CHECKING:
    from clvlab.crm.protocol import Crm, TakesLabels
    from clvlab.params import RunParams

_Params = TypeVar("_Params", bound="RunParams")


def read_first(params: "_Params", until: date | None) -> "_Params":
    """The parameters of a run over what its CRM or database holds (up to a day), where its source is one."""
    if params.database is not None:
        from clvlab.crm.database_log import read as read_database

        read_params, copy = read_database(params, until)
        logger.info("read %s: %s rows", params.source_name, f"{copy.rows:,}")
        return read_params
    if params.crm is None:
        return params
    from clvlab.crm.reading import read

    with closing(connected(params)) as crm:
        read_params = read(params, crm, date.today())
    for each in crm.reads:
        logger.info("read %s: %s records in %s replies", each.module, f"{each.rows:,}", each.pages)
    return read_params


def taking_labels(params: "RunParams") -> "TakesLabels":
    """The CRM that is the source of a run, or the table that its database has for labels."""
    if params.database is None:
        return connected(params)
    from clvlab.sources.faults import fault

    if "spark" in params.database:
        raise fault("spark_no_labels", ClvlabError)
    try:
        from clvlab.crm.database_labels import DatabaseLabels
    except ModuleNotFoundError as error:
        raise fault("database_no_extra", ClvlabError, module=error.name) from None
    return DatabaseLabels(params.database)


def connected(params: "RunParams") -> "Crm":
    """The CRM that is the source of a run; ClvlabError where what calls it is not installed."""
    from clvlab.sources.faults import fault

    try:
        from clvlab.crm.connect import connect
    except ModuleNotFoundError as error:
        raise fault("crm_no_extra", ClvlabError, module=error.name) from None
    return connect(params)
