"""What may be the source of a run: files, a CRM, or a table or query of a database or of Spark."""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, NotRequired, final

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, with_config
from typing_extensions import TypedDict

from clvlab.errors import ParamsError, did_you_mean
from clvlab.params.problems import ADDRESS
from clvlab.params.values import STRICT, Day, Text, Texts, Values

SPARK_TOKEN = "SPARK_CONNECT_AUTHENTICATE_TOKEN"
"""The environment variable in which Spark itself looks for a token."""


def _one_or_several(value: object) -> object:
    """A list of one is that one; longer ones are tuples."""
    if isinstance(value, list | tuple):
        return value[0] if len(value) == 1 else tuple(value)
    return value


def _not_empty(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        raise ValueError("name one file at least")
    return names


def _no_address(paths: str | tuple[str, ...]) -> str | tuple[str, ...]:
    """Refuse an address in place of a path: it may have a password in it, and paths are told and kept."""
    if any(re.match(ADDRESS, path) for path in ([paths] if isinstance(paths, str) else paths)):
        raise ValueError(
            "files are named by paths, and a database as `{sql: <the environment variable that holds its URL>, "
            "table: <a table>}`"
        )
    return paths


def _variable(name: str) -> str:
    """Refuse what is no name of an environment variable, above all the URL itself."""
    if not re.fullmatch(r"[A-Za-z_]\w*", name):
        raise ValueError(
            "give the name of an environment variable that holds the URL, such as DATABASE_URL; the URL itself has a "
            "password in it, and belongs into no file"
        )
    return name


def _spark(address: str) -> str:
    """Refuse what is no address of Spark, above all one with a token in it."""
    if not re.fullmatch(r"sc://[^\s/;@?#]+(/(;(use_ssl|user_id)=[^;=\s]+)*)?|local(\[(\d+|\*)\])?", address):
        raise ValueError(
            "give an address such as sc://host:15002, with `/;use_ssl=true` behind it where the server needs it, or "
            "local[2] for a Spark on this machine; a token belongs into no file, the environment variable "
            f"{SPARK_TOKEN} holds it"
        )
    return address


def _either(one: str, other: str) -> BeforeValidator:
    """Refuse a source that has both keys or neither."""

    def checked(source: Any) -> Any:
        if (one in source) == (other in source):
            raise ValueError(f"give either `{one}` or `{other}`")
        return source

    return BeforeValidator(checked)


@with_config(STRICT)
class LabelFields(TypedDict, total=False):
    """Fields of a customer's record in the CRM, made for labels: which holds what."""

    group: Text
    group_name: Text
    value: Text
    p_alive: Text
    as_of: Text
    due: Text


@with_config(STRICT)
class BulkWrite(TypedDict):
    """Many labels are written as files: the organisation whose they are, and where files are taken."""

    organisation: Text
    upload: NotRequired[Text]


@final
@with_config(STRICT)
class ZohoSource(TypedDict):
    """Zoho CRM as the source: which records are purchases and customers, and which fields take labels.

    `orders` is the module of purchases, `customers` that of customers; `customer`, `date` and `amount` are fields of
    the purchases, where not the usual ones; `deals` takes the open ones of Deals for the pipeline; `fields` are
    further attributes, our name: the customer's field; `leads` takes leads for prospects as well; `satisfaction` is
    the field of cases that holds how satisfied who opened them was; `bulk` writes many labels as files; `login`,
    `api` and `version` say where it is.
    """

    crm: Literal["zoho"]
    orders: NotRequired[Literal["Invoices", "Deals", "Sales_Orders"]]
    customers: NotRequired[Literal["Accounts", "Contacts"]]
    customer: NotRequired[Text]
    date: NotRequired[Text]
    amount: NotRequired[Text]
    deals: NotRequired[bool]
    fields: NotRequired[dict[Text, Text]]
    leads: NotRequired[bool]
    satisfaction: NotRequired[Text]
    labels: NotRequired[LabelFields]
    bulk: NotRequired[BulkWrite]
    login: NotRequired[Text]
    api: NotRequired[Text]
    version: NotRequired[Annotated[str, Field(pattern=r"^v[2-8]$")]]


@final
@with_config(STRICT)
class FxiaokeSource(TypedDict):
    """纷享销客 as the source: which records are purchases, and which fields of customers take labels.

    `orders` is the object of purchases; `customer`, `date` and `amount` are its fields, where not the usual ones, and
    `states` further ones by whose values `where` may keep rows; `deals` takes the open ones of 商机2.0 for the
    pipeline; `fields` are further attributes, our name: the customer's field; `returns` takes goods that came back
    off what was bought; `satisfaction` is the field of AppraiseObj that holds how satisfied a customer was; `api`
    says where it is.
    """

    crm: Literal["fxiaoke"]
    orders: NotRequired[Literal["SalesOrderObj", "NewOpportunityObj"]]
    customer: NotRequired[Text]
    date: NotRequired[Text]
    amount: NotRequired[Text]
    states: NotRequired[Texts]
    deals: NotRequired[bool]
    returns: NotRequired[bool]
    satisfaction: NotRequired[Text]
    fields: NotRequired[dict[Text, Text]]
    labels: NotRequired[LabelFields]
    api: NotRequired[Text]


@with_config(STRICT)
class LabelColumns(LabelFields):
    """Columns of a table that take labels: the table, the column with the ids of customers, and which holds what."""

    table: Text
    key: Text


@with_config(STRICT)
class _OfTable(TypedDict):
    """A table or query; `where` and `since` leave rows out before they are read."""

    table: NotRequired[Text]
    query: NotRequired[Text]
    where: NotRequired[dict[Text, Values]]
    since: NotRequired[Day]


@with_config(STRICT)
class _OfDatabase(_OfTable):
    """A table or query of a database, and the columns that take labels."""

    labels: NotRequired[LabelColumns]


@final
@with_config(STRICT)
class DuckdbSource(_OfDatabase):
    """A DuckDB database that is the source: its file."""

    duckdb: Text


@final
@with_config(STRICT)
class SqlSource(_OfDatabase):
    """A PostgreSQL database that is the source: the environment variable that holds its URL."""

    sql: Annotated[str, AfterValidator(_variable)]


@final
@with_config(STRICT)
class SparkSource(_OfTable):
    """Spark as the source: the address of a Spark Connect server, or local[2] for a Spark on this machine."""

    spark: Annotated[str, AfterValidator(_spark)]


CrmSource = ZohoSource | FxiaokeSource
_DATABASES = frozenset({"duckdb", "spark", "sql"})
_CRMS = {"zoho": ZohoSource, "fxiaoke": FxiaokeSource}


def _crm_of(source: object) -> object:
    """Refuse a CRM that nobody knows, before its keys are judged by those of another."""
    if isinstance(source, dict) and not _DATABASES & source.keys() and source.get("crm") not in _CRMS:
        known = " or ".join(f"`{name}`" for name in _CRMS)
        raise ValueError(f"no CRM of this kind is known.{did_you_mean(str(source.get('crm')), _CRMS)} Give {known}")
    return source


def _kind_of_source(source: object) -> str:
    if not isinstance(source, dict):
        return "#files"
    return next((f"#{kind}" for kind in sorted(_DATABASES) if kind in source), f"#{source.get('crm')}")


_Files = Annotated[
    Annotated[Text, Tag("#one")] | Annotated[Texts, AfterValidator(_not_empty), Tag("#several")],
    Discriminator(lambda paths: "#several" if isinstance(paths, tuple) else "#one"),
    AfterValidator(_no_address),
]
Source = Annotated[
    Annotated[_Files, Tag("#files")]
    | Annotated[ZohoSource, Tag("#zoho")]
    | Annotated[FxiaokeSource, Tag("#fxiaoke")]
    | Annotated[DuckdbSource, _either("duckdb", "sql"), _either("table", "query"), Tag("#duckdb")]
    | Annotated[SqlSource, _either("duckdb", "sql"), _either("table", "query"), Tag("#sql")]
    | Annotated[SparkSource, _either("table", "query"), Tag("#spark")],
    Discriminator(_kind_of_source),
    BeforeValidator(_crm_of),
    BeforeValidator(_one_or_several),
]

SOURCE_KEYS: Mapping[str, Iterable[str]] = {
    "source.#zoho": ZohoSource.__annotations__,
    "source.#fxiaoke": FxiaokeSource.__annotations__,
    "source.#duckdb": DuckdbSource.__annotations__,
    "source.#duckdb.labels": LabelColumns.__annotations__,
    "source.#spark": SparkSource.__annotations__,
    "source.#sql": SqlSource.__annotations__,
    "source.#sql.labels": LabelColumns.__annotations__,
    "source.labels": LabelFields.__annotations__,
    "source.bulk": BulkWrite.__annotations__,
}
"""The keys of each kind of source, and of each mapping in one, by where it stands."""


def with_source(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with `orders`, as the source is called where it has items, under its name."""
    if "orders" not in values:
        return dict(values)
    if "source" in values:
        raise ParamsError("`orders` and `source` are the same: give one of them.")
    return {"source" if name == "orders" else name: value for name, value in values.items()}
