"""From a log to one row per customer, and from there to what later steps need of the log."""

from clvlab.customers.attribute_table import AttributeSettings, AttributeTable
from clvlab.customers.attributes import read_attributes
from clvlab.customers.calendar import Calendar, CalendarFit
from clvlab.customers.derived import DERIVED, derivable, derive, exact_profit
from clvlab.customers.events import read_events
from clvlab.customers.gate import (
    MIN_HISTORY_DAYS,
    MOSTLY_ONE_TIME,
    OF_MONEY,
    advice_on,
    minimum_data,
    one_time_share,
    refuse_stale,
)
from clvlab.customers.margin import MeanMargin, mean_margin
from clvlab.customers.next_order import next_order
from clvlab.customers.opportunities import summarise_opportunities
from clvlab.customers.perishable import refuse_perishable
from clvlab.customers.personal import is_personal
from clvlab.customers.purchase_days import customer_days, in_currency, numbered_days, places_of, with_ids
from clvlab.customers.summary import split_holdout, summarise_customers

__all__ = [
    "DERIVED",
    "MIN_HISTORY_DAYS",
    "MOSTLY_ONE_TIME",
    "OF_MONEY",
    "AttributeSettings",
    "AttributeTable",
    "Calendar",
    "CalendarFit",
    "MeanMargin",
    "advice_on",
    "customer_days",
    "derivable",
    "derive",
    "exact_profit",
    "in_currency",
    "is_personal",
    "mean_margin",
    "minimum_data",
    "next_order",
    "numbered_days",
    "one_time_share",
    "places_of",
    "read_attributes",
    "read_events",
    "refuse_perishable",
    "refuse_stale",
    "split_holdout",
    "summarise_customers",
    "summarise_opportunities",
    "with_ids",
]
