"""What is wrong with a run's parameters and attributes, found before its notebook starts.

The notebook would find it, too, but late: after half a minute, in a cell, and with a failed run to keep.
"""

from collections.abc import Mapping

from clvlab.columns import MODELLED, names
from clvlab.customers import (
    OF_MONEY,
    advice_on,
    derivable,
    read_events,
    refuse_perishable,
    refuse_stale,
    split_holdout,
    summarise_customers,
)
from clvlab.errors import MissingColumnsError, ParamsError
from clvlab.frames import CustomerSummary, TransactionLog
from clvlab.grouping import Strategy, find
from clvlab.inputs import attribute_tables, covariates_of, margin_of, our_names
from clvlab.params import CompareParams, ReportParams, RunParams
from clvlab.playbook import Playbook

_ADD_IT = (
    "Add a table that has it (`attributes`), name a column of the log (`log_attributes`), map one that is called "
    "otherwise (`attribute_columns`), or choose another strategy."
)


def check_run(params: RunParams, log: TransactionLog) -> None:
    """Raise the error that the run's notebook would end with, as far as it follows from parameters and attributes.

    Raises
    ------
    ParamsError : a map or a playbook that cannot be read or used, or scores that a map does not have; covariates
        that are none; ids of customers among parameters that stakeholders are given
    MissingColumnsError : a strategy needs a column that neither log nor attributes have
    DataError : attributes or events that cannot be read; attributes that cannot be joined; no purchases to group by;
        a last purchase long before the run's day; costs that tell no margin; where strategies are compared, or as
        covariates, attributes that are perishable and undated
    """
    params = params.settled(has_amounts=log.has_amounts)
    tables = attribute_tables(params, log)
    strategies = _strategies(params, our_names(tables))
    if isinstance(params, ReportParams):
        covariates_of(params, tables)
        Playbook.load(params.playbook)
    _refuse_named_customers(params, log)
    if not params.allow_stale:
        refuse_stale(log, params.as_of)
    if isinstance(params, CompareParams):
        refuse_perishable(tables)
        customers, _ = split_holdout(log, params.cutoff, params.as_of, params.time_unit, tables or None)
    else:
        customers = summarise_customers(log, params.as_of, params.time_unit, tables or None)
    read_events(list(params.events))
    margin_of(params, log)
    for strategy in strategies:
        _check_served(strategy, customers, log)


def _refuse_named_customers(params: RunParams, log: TransactionLog) -> None:
    """Raise ParamsError where rows are chosen by id, and nobody but stakeholders is given the parameters."""
    theirs = {"customer_id", log.detected.get("columns", {}).get("customer_id")}
    if "analyst" not in params.editions and theirs & params.reading.get("where", {}).keys():
        raise ParamsError(
            "`where` chooses customers by their ids, and with `edition: stakeholder` alone the run's parameters are "
            "for stakeholders, too. Set `edition: both`, and pass on the folder `stakeholder`."
        )


def _strategies(params: RunParams, known_as: Mapping[str, str]) -> list[Strategy]:
    n_bins = params.rfm.get("n_bins") if isinstance(params, ReportParams) else None
    return [find(choice, n_bins, known_as) for choice in params.chosen]


def _check_served(strategy: Strategy, customers: CustomerSummary, log: TransactionLog) -> None:
    """Raise MissingColumnsError for a column that the strategy needs, and nothing can give."""
    modelled = {*names(MODELLED)} - (set() if log.has_amounts else OF_MONEY)
    missing = strategy.needs - {*customers.data.columns, *derivable(log), *modelled}
    if missing:
        raise MissingColumnsError(
            f"The customer table, which {strategy.name} reads,",
            missing,
            customers.data.columns,
            hint=advice_on(missing, log, otherwise=_ADD_IT),
        )
