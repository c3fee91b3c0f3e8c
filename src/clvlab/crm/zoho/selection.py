"""Which modules and fields of an organisation are read: as the parameters say, of those that there are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from clvlab.crm.selected import AnswersRead, CustomersRead, OrdersRead, check, check_impersonal
from clvlab.crm.zoho.records import Fields
from clvlab.params.source import ZohoSource

LASTING: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "Accounts": {
            "industry": "Industry",
            "customer_type": "Account_Type",
            "province": "Billing_State",
            "city": "Billing_City",
            "owner": "Owner",
        },
        "Contacts": {
            "lead_source": "Lead_Source",
            "province": "Mailing_State",
            "city": "Mailing_City",
            "birthday": "Date_of_Birth",
            "owner": "Owner",
        },
        "Leads": {
            "industry": "Industry",
            "lead_source": "Lead_Source",
            "province": "State",
            "city": "City",
            "owner": "Owner",
        },
    }
)
_USUAL = {"rating": "Rating", "tags": "Tag", "last_contact": "Last_Activity_Time"}
_VISITS = {"visits": "Days_Visited", "chats": "Number_Of_Chats", "last_visit": "Last_Visited_Time"}
PASSING: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {"Accounts": _USUAL, "Contacts": _USUAL | _VISITS, "Leads": _USUAL}
)
"""Our name of an attribute -> the field, where the tenant has it; those that say what is true today apart."""
LOOKUP: Mapping[str, str] = MappingProxyType({"Accounts": "Account_Name", "Contacts": "Contact_Name"})
_LOOKUP_OF_CASES: Mapping[str, str] = MappingProxyType({"Accounts": "Account_Name", "Contacts": "Related_To"})
_PERSONAL = frozenset({"phone", "email"})


@dataclass(frozen=True)
class _Purchases:
    """Which fields of a module are the day, the money and the state of a purchase."""

    date: str
    amount: str
    state: str
    more: tuple[str, ...] = ()


PURCHASES: Mapping[str, _Purchases] = MappingProxyType(
    {
        "Invoices": _Purchases("Invoice_Date", "Grand_Total", "Status"),
        "Deals": _Purchases("Closing_Date", "Amount", "Stage", ("Lead_Source",)),
        "Sales_Orders": _Purchases("Created_Time", "Grand_Total", "Status"),
    }
)
"""Modules that may be read as purchases; never two of them, for one sale may be in all three."""

_OURS = {"Currency": "currency", "Lead_Source": "channel"}


class Selection:
    """What is read of one organisation.

    Parameters
    ----------
    source
        as the parameters of a run have it
    fields_of
        the fields of a module
    """

    def __init__(self, source: ZohoSource, fields_of: Callable[[str], Fields]) -> None:
        self._source = source
        self._fields_of = fields_of
        self.purchases: str = source.get("orders", "Invoices")
        self.customer_module: str = source.get("customers", "Accounts")

    def orders(self) -> OrdersRead:
        """The module of purchases."""
        return self._sales(self.purchases, self._source)

    def deals(self) -> OrdersRead | None:
        """Deals next to other purchases, where they are asked for."""
        return self._sales("Deals", {}) if self._source.get("deals") and self.purchases != "Deals" else None

    def _sales(self, module: str, given: Mapping[str, Any]) -> OrdersRead:
        known, theirs = self._fields_of(module), PURCHASES[module]
        customer = given.get("customer", LOOKUP[self.customer_module])
        day, amount = given.get("date", theirs.date), given.get("amount", theirs.amount)
        check(module, known, (customer, day, amount))
        more = [name for name in ("Currency", *theirs.more, theirs.state) if name in known]
        return OrdersRead(module, customer, day, amount, {_OURS.get(name, name): name for name in more})

    def customers(self) -> list[CustomersRead]:
        """The module of customers, and leads where they are asked for."""
        given = self._source.get("fields", {})
        known = self._fields_of(self.customer_module)
        check(self.customer_module, known, given.values())
        check_impersonal({name: each["data_type"] for name, each in known.items()}, given, _PERSONAL)
        modules = [self.customer_module, *(["Leads"] if self._source.get("leads") else [])]
        return [self._attributes(module, given if module == self.customer_module else {}) for module in modules]

    def _attributes(self, module: str, given: Mapping[str, str]) -> CustomersRead:
        """The usual fields of a module, those that there are, and further ones."""
        known = self._fields_of(module)
        lasting = {name: field for name, field in LASTING[module].items() if field in known}
        passing = {name: field for name, field in PASSING[module].items() if field in known and name not in given}
        return CustomersRead(module, {**lasting, **given}, passing)

    def answers(self) -> AnswersRead | None:
        """Cases, where one of their fields says how satisfied customers are."""
        if "satisfaction" not in self._source:
            return None
        customer = _LOOKUP_OF_CASES[self.customer_module]
        read = AnswersRead("Cases", customer, self._source["satisfaction"], "Created_Time")
        check(read.module, self._fields_of(read.module), (read.customer, read.score, read.date))
        return read
