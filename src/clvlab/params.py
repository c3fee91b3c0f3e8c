"""The parameters of a run: read from YAML, checked in full before any work starts.

Every problem of a params file is reported at once: each unknown key with the nearest known one, each wrong value
with what was expected. YAML is read without constructing objects.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path, PurePath
from typing import Annotated, Any, ClassVar, Literal, NotRequired, Self, final

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ByteSize,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    with_config,
)
from pydantic_core import ErrorDetails
from typing_extensions import TypedDict

from clvlab import columns
from clvlab.editions import Edition, Editions, View, editions, views
from clvlab.errors import ParamsError, did_you_mean
from clvlab.memory_limit import LEAST
from clvlab.period_ends import Every, refuse_within
from clvlab.units import Span, TimeUnit
from clvlab.wording import Language, Languages, LowValue, catalogue, languages

RUN_FOLDER = "CLVLAB_RUN_FOLDER"
"""The environment variable by which a runner says to its notebook where to leave files."""

LOG_FOLDER = "CLVLAB_LOG_FOLDER"
"""The environment variable by which a runner tells its notebook where it has laid down the log that it has read."""

PREDECESSOR = "CLVLAB_PREDECESSOR"
"""The environment variable by which a runner tells its notebook where the report of the period before is."""

DUE_LISTS = "CLVLAB_DUE_LISTS"
"""The environment variable by which a runner tells its notebook where the due lists of earlier reports are: JSON."""

PSEUDONYM_KEY = "CLVLAB_PSEUDONYM_KEY"
"""The environment variable that holds the secret of which pseudonyms are made, in place of the output folder's."""

SPARK_TOKEN = "SPARK_CONNECT_AUTHENTICATE_TOKEN"
"""The environment variable in which Spark itself looks for a token."""

_STRICT = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)
_LONGEST_FILE_NAME = 60
_ADDRESS = r"([A-Za-z][\w+.-]*://)\S*[^\s'\"),\]}]"

FROM_COST = "from cost"
AUTO = "auto"
WITH_MONEY, WITHOUT_MONEY = "rfm11", "lifecycle5"
"""The strategies of a report that names none: for a log with amounts, and for one without."""
MAP_SUFFIXES = (".yaml", ".yml")


def _day(value: object) -> object:
    """Read an ISO day; a clock time has no place in `as_of`."""
    if isinstance(value, datetime):
        raise ValueError("give a day alone, such as 1998-06-30, without a time")
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value)
        except ValueError:
            raise ValueError("give a day as YEAR-MONTH-DAY, such as 1998-06-30") from None
    if isinstance(value, date) and not columns.EARLIEST <= value <= columns.LATEST:
        raise ValueError(f"give a day from {columns.EARLIEST} to {columns.LATEST}, the days that a log may have")
    return value


def _span(text: str) -> str:
    """A length of time in its customary form, such as 12 months for "12months"; longer than nothing."""
    span = Span.parse(text)
    if span.days == 0:
        raise ValueError("must be longer than 0")
    return str(span)


def _log_columns(mapping: dict[str, str]) -> dict[str, str]:
    """Refuse names that are not columns of a log."""
    known = columns.names(columns.LOG)
    for name in mapping:
        if name not in known:
            raise ValueError(
                f"{name!r} is not a column of a log.{did_you_mean(name, known)} Known: {', '.join(known)}. "
                "Write `our name: your name`"
            )
    return mapping


def _strategy(name: str) -> str:
    """Refuse a name that no strategy has; the wording catalogue names them all. A map of the user's is a path."""
    known = [key.removeprefix("strategies.") for key in catalogue() if key.startswith("strategies.")]
    if name != AUTO and name not in known and Path(name).suffix not in MAP_SUFFIXES:
        raise ValueError(
            f"no strategy has this name.{did_you_mean(name, known)} Known: {', '.join(known)}; or the path of an RFM "
            "map in YAML; or `{attribute: <a column>}` for groups by an attribute"
        )
    return name


def _unique(names: tuple[str, ...]) -> tuple[str, ...]:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{', '.join(map(repr, twice))} is listed twice")
    return names


def _unique_by_name(choices: tuple[Any, ...]) -> tuple[Any, ...]:
    _unique(tuple(map(strategy_name, choices)))
    return choices


def _as_tuple(value: object) -> object:
    """One entry or a list of entries, as YAML gives it."""
    if isinstance(value, str | dict):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


def _as_list(value: object) -> object:
    """One value or a list of values, as YAML gives it."""
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _one_or_several(value: object) -> object:
    """A list of one is that one; longer ones are tuples."""
    if isinstance(value, list | tuple):
        return value[0] if len(value) == 1 else tuple(value)
    return value


def _not_empty(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        raise ValueError("name one file at least")
    return names


def _of_log(listed: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse names that are not columns of a log."""
    _log_columns(dict.fromkeys(listed, ""))
    return listed


def _folder(path: str) -> str:
    """Refuse the home folder of a user that the system does not know."""
    try:
        Path(path).expanduser()
    except RuntimeError:
        raise ValueError("the system knows no home folder for it. Write the path out") from None
    return path


def _margin(value: object) -> object:
    """A share of spend, or FROM_COST."""
    if isinstance(value, str) and value != FROM_COST:
        raise ValueError(f"give a share of spend, such as 0.3, or `{FROM_COST}` for what the log's costs leave of it")
    return value


def _no_address(paths: str | tuple[str, ...]) -> str | tuple[str, ...]:
    """Refuse an address in place of a path: it may have a password in it, and paths are told and kept."""
    if any(re.match(_ADDRESS, path) for path in ([paths] if isinstance(paths, str) else paths)):
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


Text = Annotated[str, Field(min_length=1)]
Value = str | int | float | bool | None
Values = Annotated[tuple[Value, ...], BeforeValidator(_as_list)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_as_tuple), AfterValidator(_unique)]
LogColumns = Annotated[Texts, AfterValidator(_of_log)]
Length = Annotated[str, AfterValidator(_span)]
Margin = Annotated[
    Annotated[float, Field(gt=0, le=1), Tag("#share")] | Annotated[Literal["from cost"], Tag("#word")],
    Discriminator(lambda value: "#word" if isinstance(value, str) else "#share"),
    BeforeValidator(_margin),
]
ModelName = Literal["auto", "bg_nbd", "mbg_nbd", "pareto_nbd", "nbd", "bg_cnbd_k", "mbg_cnbd_k"]


@with_config(_STRICT)
class ByAttribute(TypedDict):
    """Groups by the values of an attribute: as they are, or put together under names of one's own."""

    attribute: Text
    groups: NotRequired[dict[Text, Annotated[list[str | int | float], Field(min_length=1)]]]


StrategyChoice = Annotated[
    Annotated[Text, AfterValidator(_strategy), Tag("#name")] | Annotated[ByAttribute, Tag("#attribute")],
    Discriminator(lambda value: "#attribute" if isinstance(value, dict) else "#name"),
]
StrategyChoices = Annotated[tuple[StrategyChoice, ...], BeforeValidator(_as_tuple), AfterValidator(_unique_by_name)]


@with_config(_STRICT)
class Event(TypedDict):
    """A time in which customers buy more, or less: what it is called, its first and its last day."""

    event: Text
    first_day: Annotated[date, BeforeValidator(_day)]
    last_day: NotRequired[Annotated[date, BeforeValidator(_day)]]


Events = Annotated[
    tuple[
        Annotated[
            Annotated[Text, Tag("#path")] | Annotated[Event, Tag("#row")],
            Discriminator(lambda value: "#row" if isinstance(value, dict) else "#path"),
        ],
        ...,
    ],
    BeforeValidator(_as_tuple),
]


@with_config(_STRICT)
class Rfm(TypedDict, total=False):
    """How R, F and M are scored: the keywords of `clvlab.score_rfm`."""

    n_bins: Annotated[int, Field(ge=2, le=10)]


@with_config(_STRICT)
class Alerts(TypedDict):
    """Which moves from one group to another a report tells of: of how many customers, and of what share of theirs."""

    customers: Annotated[int, Field(ge=1)]
    share: Annotated[float, Field(ge=0, le=1)]


@with_config(_STRICT)
class AttributeReading(TypedDict, total=False):
    """How tables of attributes are read, where not as the log is; what is neither given is detected."""

    date_format: Text
    decimal: Literal[".", ","]
    encoding: Text
    separator: Text
    sheet: Text
    header_row: Annotated[int, Field(ge=1)]
    time_zone: Text


@with_config(_STRICT)
class ReaderSettings(AttributeReading, total=False):
    """How the source is read: the keywords of `clvlab.read_transactions`; what is not given is detected."""

    date_cells: Literal["swap", "keep"]
    duplicates: Literal["keep", "drop"]
    zero_amounts: Literal["keep", "refuse"]
    signs: Literal["turn", "keep"]
    where: dict[Text, Values]
    fill_down: LogColumns
    guests: Values
    largest_amount: Annotated[float, Field(gt=0)]
    duplicate_key: Texts
    currency_rates: dict[str, Annotated[float, Field(gt=0)]]
    memory_limit: Annotated[ByteSize, Field(ge=LEAST)]


@with_config(_STRICT)
class LabelFields(TypedDict, total=False):
    """Fields of a customer's record in the CRM, made for labels: which holds what."""

    group: Text
    group_name: Text
    value: Text
    p_alive: Text
    as_of: Text
    due: Text


@with_config(_STRICT)
class BulkWrite(TypedDict):
    """Many labels are written as files: the organisation whose they are, and where files are taken."""

    organisation: Text
    upload: NotRequired[Text]


@final
@with_config(_STRICT)
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
@with_config(_STRICT)
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


@with_config(_STRICT)
class LabelColumns(LabelFields):
    """Columns of a table that take labels: the table, the column with the ids of customers, and which holds what."""

    table: Text
    key: Text


@with_config(_STRICT)
class _OfTable(TypedDict):
    """A table or query; `where` and `since` leave rows out before they are read."""

    table: NotRequired[Text]
    query: NotRequired[Text]
    where: NotRequired[dict[Text, Values]]
    since: NotRequired[Annotated[date, BeforeValidator(_day)]]


@with_config(_STRICT)
class _OfDatabase(_OfTable):
    """A table or query of a database, and the columns that take labels."""

    labels: NotRequired[LabelColumns]


@final
@with_config(_STRICT)
class DuckdbSource(_OfDatabase):
    """A DuckDB database that is the source: its file."""

    duckdb: Text


@final
@with_config(_STRICT)
class SqlSource(_OfDatabase):
    """A PostgreSQL database that is the source: the environment variable that holds its URL."""

    sql: Annotated[str, AfterValidator(_variable)]


@final
@with_config(_STRICT)
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


Source = Annotated[
    Annotated[Text | Annotated[Texts, AfterValidator(_not_empty)], AfterValidator(_no_address), Tag("#files")]
    | Annotated[ZohoSource, Tag("#zoho")]
    | Annotated[FxiaokeSource, Tag("#fxiaoke")]
    | Annotated[DuckdbSource, _either("duckdb", "sql"), _either("table", "query"), Tag("#duckdb")]
    | Annotated[SqlSource, _either("duckdb", "sql"), _either("table", "query"), Tag("#sql")]
    | Annotated[SparkSource, _either("table", "query"), Tag("#spark")],
    Discriminator(_kind_of_source),
    BeforeValidator(_crm_of),
    BeforeValidator(_one_or_several),
]

_NESTED: Mapping[str, Iterable[str]] = {
    "source.#zoho": ZohoSource.__annotations__,
    "source.#fxiaoke": FxiaokeSource.__annotations__,
    "source.#duckdb": DuckdbSource.__annotations__,
    "source.#duckdb.labels": LabelColumns.__annotations__,
    "source.#spark": SparkSource.__annotations__,
    "source.#sql": SqlSource.__annotations__,
    "source.#sql.labels": LabelColumns.__annotations__,
    "source.labels": LabelFields.__annotations__,
    "source.bulk": BulkWrite.__annotations__,
    "rfm": Rfm.__annotations__,
    "alerts": Alerts.__annotations__,
    "reading": ReaderSettings.__annotations__,
    "attribute_reading": AttributeReading.__annotations__,
    "strategy": ByAttribute.__annotations__,
    "strategies": ByAttribute.__annotations__,
    "events": Event.__annotations__,
}


class RunParams(BaseModel):
    """What every run has: which data, as of when, valued how, published where and in which language.

    `holdout` and `horizon` are lengths with their unit; `as_of` is the last day that counts; `source` is `cdnow`,
    `cdnow_sample`, `lighting`, or a path or glob, or a list of paths and globs, seen from the working directory, or
    a CRM, such as `{crm: zoho}`, which the command line reads before it runs, or a table or query of a database,
    such as `{sql: DATABASE_URL, table: orders}`, with the environment variable that holds its URL, or
    `{duckdb: shop.duckdb, query: ...}`, or of Spark, such as `{spark: "sc://host:15002", table: orders}`;
    `currency` is an ISO code, or null where the figures carry none; `lang` is the page's language, or `both` for a
    page in each; `export_labels` says whether exports hold stable codes or, like the (first) page, names in the
    reader's language; `title` is the heading of the page, by default made of the name. `items` are paths or globs of
    the items of orders, where the source (which may then be called `orders`) has one row for each order; `returns`,
    of returns that are listed apart. Settings of the reader may be given in `reading` or by themselves. A run stops
    where more than the share `max_refused` of its rows is refused.

    `season` lets the models follow the months: `auto` where the history has two years, `month` where it has 14
    months; `none` leaves out the months and the `events`, which are paths of tables with event, first_day and
    last_day, or such rows.

    `attributes` are paths or globs of tables, `log_attributes` columns of the log itself, of which the last value up
    to a day counts; `attribute_columns` maps our name to a header of these tables that is not recognised; `static`
    names columns that never change, `dated` those that say since when a row is true. `margin` is the share of spend
    that is kept, or FROM_COST; `model` a purchase model, or `auto`. A log whose last purchase is long before `as_of`
    is refused unless `allow_stale`.

    >>> RunParams(name="demo", source="log.csv", as_of="2024-06-30", where={"Stage": "Closed Won"}).reading
    {'where': {'Stage': ('Closed Won',)}}
    """

    model_config = _STRICT
    kind: ClassVar[Literal["", "report", "comparison"]] = ""
    command: ClassVar[Literal["", "report", "compare"]] = ""

    name: Text
    title: Text | None = None
    source: Source
    items: Texts = ()
    returns: Texts = ()
    columns: Annotated[dict[str, Text], AfterValidator(_log_columns)] = Field(default_factory=dict)
    attributes: Texts = ()
    log_attributes: Texts = ()
    attribute_columns: dict[Text, Text] = Field(default_factory=dict)
    static: Texts = ()
    dated: Texts = ()
    as_of: Annotated[date, BeforeValidator(_day)]
    allow_stale: bool = False
    time_unit: TimeUnit = "week"
    model: ModelName = "auto"
    holdout: Length | None = None
    horizon: Length = "12 months"
    annual_discount_rate: Annotated[float, Field(ge=0)] = 0.10
    margin: Margin = 1.0
    season: Literal["auto", "month", "none"] = "auto"
    events: Events = ()
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None
    lang: Languages = "en"
    export_labels: Literal["codes", "names"] = "codes"
    output: Annotated[str, Field(pattern=r"^[^\x00]+$"), AfterValidator(_folder)] = "reports"
    reading: ReaderSettings = Field(default_factory=ReaderSettings)
    max_refused: Annotated[float, Field(ge=0, le=1)] = 0.5
    attribute_reading: AttributeReading = Field(default_factory=AttributeReading)

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**_with_reading(_with_source(values)))
        except ValidationError as error:
            known = (*type(self).model_fields, "orders", *ReaderSettings.__annotations__)
            raise ParamsError(problems_of(error, {**_NESTED, "": known})) from None

    @classmethod
    def load(cls, path: str | Path, overrides: Mapping[str, Any] | None = None) -> Self:
        """The parameters of a YAML file, with `overrides` set over it; ParamsError lists every problem.

        What the file has below `report:` or `compare:` is for that command alone.
        """
        values = {**_for_command(_read_params(Path(path)), cls.command), **(overrides or {})}
        try:
            return cls(**values)
        except ParamsError as error:
            also = f" (with {', '.join(overrides)} from the command line)" if overrides else ""
            raise ParamsError(f"{path}{also}: {error}") from None

    def to_dict(self) -> dict[str, Any]:
        """The parameters as plain JSON values, in their fixed order; `type(self)(**...)` reads them back."""
        return self.model_dump(mode="json")

    @classmethod
    def from_yaml(cls, text: str) -> Self:
        """The parameters of the text of a params file, of what is for this command in it."""
        return cls(**_for_command(yaml.load(text, Loader=EachKeyOnce), cls.command))

    def to_yaml(self) -> str:
        """The parameters as the text of a params file."""
        return yaml.safe_dump(self.to_dict(), allow_unicode=True, sort_keys=False)

    @property
    def sources(self) -> tuple[str, ...]:
        """The paths, globs or names of embedded data sets that `source` lists; none where it is another system."""
        if isinstance(self.source, dict):
            return ()
        return (self.source,) if isinstance(self.source, str) else self.source

    @property
    def crm(self) -> CrmSource | None:
        """The CRM that is the source; None where it is something else."""
        return self.source if isinstance(self.source, dict) and "crm" in self.source else None

    @property
    def database(self) -> DuckdbSource | SqlSource | SparkSource | None:
        """The database, or Spark, that is the source; None where it is something else."""
        return self.source if isinstance(self.source, dict) and "crm" not in self.source else None

    @property
    def labels(self) -> Mapping[str, str]:
        """Our name of a label -> the field or column of the source that takes it; empty where none is named."""
        source: Mapping[str, Any] = self.source if isinstance(self.source, dict) else {}
        given: Mapping[str, Any] = source.get("labels", {})
        return {name: field for name, field in given.items() if name in LabelFields.__annotations__}

    @property
    def source_name(self) -> str:
        """What `source` is called on pages, without its folders: where it lies is the machine's affair.

        >>> RunParams(name="demo", source=["2023/orders.csv", "*.xlsx"], as_of="2024-06-30").source_name
        'orders.csv, *.xlsx'
        """
        if self.database is not None:
            return self.database.get("table", "query")
        return ", ".join(PurePath(source).name for source in self.sources)

    @property
    def chosen(self) -> tuple[Any, ...]:
        """The strategies that the parameters choose, as they are given."""
        return ()

    def settled(self, *, has_amounts: bool) -> Self:
        """The parameters with what they leave to the log."""
        del has_amounts
        return self

    def of_one_run(self) -> Self:
        """The parameters without what is of the series alone, and changes nothing in a run."""
        return self

    @property
    def period(self) -> Every:
        """The length of the period that the run's figures are compared with the one before by."""
        return "quarter"

    @property
    def known_until(self) -> date | None:
        """The last day whose rows the run knows; None where it reads all that there are."""
        return None

    @property
    def grouped_on(self) -> date:
        """The last day whose rows have a part in forming groups."""
        return self.as_of

    @property
    def languages(self) -> tuple[Language, ...]:
        """The languages of the pages, that of the exports first."""
        return languages(self.lang)

    @property
    def editions(self) -> tuple[Edition, ...]:
        """For whom there are pages."""
        return ("analyst",)

    @property
    def views(self) -> tuple[View, ...]:
        """The pages of a run, the first in its folder as report.html."""
        return tuple(views(self.editions, self.languages))

    @property
    def output_folder(self) -> Path:
        """`output` as a path, in which ~ is the home folder."""
        return Path(self.output).expanduser()

    @property
    def folder(self) -> Path:
        """Where the runs of this series are: in `output`, by the name as a safe file name."""
        return self.output_folder / file_name(self.name)


class ReportParams(RunParams):
    """The parameters of a segmentation report.

    `strategy` names one of `clvlab.strategies`, is the path of an RFM map, or says `{attribute: <a column>}`; left to
    the log (`auto`) it is WITH_MONEY, or WITHOUT_MONEY where there are no amounts; `rfm` is how R, F and M are
    scored, by as many bins as the strategy's map has; `n_clusters` null lets the data choose;
    `holdout` null leaves the models unvalidated, and a longer one than half the history is shortened to it;
    `low_value` says what the report advises for customers of low value: stimulate them, serve them basically, save
    on them, or (null) as it pays. `covariates` are attributes that may act on how often customers buy,
    how readily they leave and what they spend; they are used where they help. `playbook` is the path of a YAML file
    that says what is done with each group, where not as shipped; `contacts` is how many customers can be contacted in
    a period (null: as many as owners can); `control_share` of all customers, drawn by `control_seed`, is held back;
    `assumed_effect` is the share of what is at risk that contacting customers is assumed to save (null: none is).
    `due_by_owner` has the due list in a file for each owner, too. Of a series (`every`), only the newest `keep`
    reports stay published, where that is not null.

    `edition` says for whom the report is: an `analyst`, a `stakeholder`, to whom no customer is told, by whatever
    name, or `both`. `export_ids` puts the ids of customers into customers.csv, customers.xlsx and due.csv, which
    otherwise have pseudonyms alone.

    >>> params = ReportParams(name="demo", source="cdnow_sample", as_of="1998-06-30", holdout="39 weeks")
    >>> params.horizon, params.rfm
    ('12 months', {'n_bins': 5})
    >>> ReportParams(name="demo", source="cdnow_sample", as_of="1998-06-30", horizn="1 year")
    Traceback (most recent call last):
    clvlab.errors.ParamsError: 1 problem with the parameters:
      - `horizn` is unknown. Did you mean 'horizon'?
    """

    kind: ClassVar[Literal["", "report", "comparison"]] = "report"
    command: ClassVar[Literal["", "report", "compare"]] = "report"

    strategy: StrategyChoice = AUTO
    rfm: Rfm = Field(default_factory=partial(Rfm, n_bins=5))
    n_clusters: Annotated[int, Field(ge=2, le=20)] | None = None
    low_value: LowValue | None = None
    covariates: Texts = ()
    every: Every | None = None
    rule: Literal["fixed", "refit"] = "fixed"
    keep: Annotated[int, Field(ge=1)] | None = None
    edition: Editions = "analyst"
    export_ids: bool = False
    alerts: Alerts = Field(default_factory=partial(Alerts, customers=5, share=0.05))
    playbook: Text | None = None
    contacts: Annotated[int, Field(ge=1)] | None = None
    control_share: Annotated[float, Field(ge=0, lt=0.5)] = 0.0
    control_seed: Annotated[int, Field(ge=0)] = 0
    assumed_effect: Annotated[float, Field(gt=0, le=1)] | None = None
    due_by_owner: bool = False

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        if self.every:
            refuse_within(self.every, self.as_of)
        elif self.keep:
            raise ParamsError(
                f"`keep: {self.keep}` is for a series of reports, and `every` is missing. Say how often the report "
                "is made, as in `every: month`, or leave `keep` out."
            )

    @property
    def period(self) -> Every:
        """How often the report is made; where the parameters do not say it, figures are compared by the quarter."""
        return self.every or "quarter"

    @property
    def known_until(self) -> date | None:
        """The end of its period, for a report of a series: what came later changes nothing in it."""
        return self.as_of if self.every else None

    def settled(self, *, has_amounts: bool) -> Self:
        """The parameters with the strategy that the log allows, where they name none.

        >>> params = ReportParams(name="demo", source="log.csv", as_of="2024-06-30")
        >>> params.strategy, params.settled(has_amounts=False).strategy
        ('auto', 'lifecycle5')
        """
        if self.strategy != AUTO:
            return self
        return self.model_copy(update={"strategy": WITH_MONEY if has_amounts else WITHOUT_MONEY})

    def of_one_run(self) -> Self:
        """The parameters without how many reports the series keeps."""
        return self.model_copy(update={"keep": None})

    @property
    def chosen(self) -> tuple[Any, ...]:
        """The strategy alone."""
        return (self.strategy,)

    @property
    def editions(self) -> tuple[Edition, ...]:
        """For whom there are pages."""
        return editions(self.edition)


class CompareParams(RunParams):
    """The parameters of a comparison of strategies.

    Groups are formed on data up to `cutoff` and judged on what follows, up to `as_of`. `strategies` empty means
    all that the data can serve; `cutoffs` is at how many days to judge, each one holdout before the next; `rounds`
    bootstrap rounds draw the intervals; `acceptable_loss` is money that a simpler grouping may lose of what the best
    one's first 20 % of customers spend.
    """

    kind: ClassVar[Literal["", "report", "comparison"]] = "comparison"
    command: ClassVar[Literal["", "report", "compare"]] = "compare"

    holdout: Length = "39 weeks"
    strategies: StrategyChoices = ()
    cutoffs: Annotated[int, Field(ge=1, le=12)] = 1
    acceptable_loss: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    rounds: Annotated[int, Field(ge=20, le=10_000)] = 500
    seed: Annotated[int, Field(ge=0)] = 0

    @property
    def chosen(self) -> tuple[Any, ...]:
        """The strategies that are named."""
        return self.strategies

    @property
    def cutoff(self) -> date:
        """Last day on which groups are formed: `as_of` less the holdout."""
        return self.as_of - timedelta(days=round(Span.parse(self.holdout).days))

    @property
    def grouped_on(self) -> date:
        """The cutoff."""
        return self.cutoff


def strategy_name(choice: Any) -> str:
    """What pages call a strategy that parameters choose.

    >>> strategy_name("rfm11"), strategy_name("maps/ours.yaml"), strategy_name({"attribute": "city"})
    ('rfm11', 'ours', 'city')
    """
    if isinstance(choice, Mapping):
        return str(choice["attribute"])
    return Path(choice).stem if Path(choice).suffix in MAP_SUFFIXES else str(choice)


def _with_source(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with `orders`, as the source is called where it has items, under its name."""
    if "orders" not in values:
        return dict(values)
    if "source" in values:
        raise ParamsError("`orders` and `source` are the same: give one of them.")
    return {"source" if name == "orders" else name: value for name, value in values.items()}


def _with_reading(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with those that are settings of the reader in `reading`, where they may be given at once."""
    own = {name: value for name, value in values.items() if name in ReaderSettings.__annotations__}
    reading = values.get("reading")
    if not own or not isinstance(reading, Mapping | None):
        return dict(values)
    twice = sorted(own.keys() & (reading or {}).keys())
    if twice:
        raise ParamsError(f"`{twice[0]}` is given twice, by itself and in `reading`. Give it once.")
    rest = {name: value for name, value in values.items() if name not in own}
    return {**rest, "reading": {**(reading or {}), **own}}


def parse_override(text: str) -> tuple[str, Any]:
    """Read one NAME=VALUE; the value is YAML.

    >>> parse_override("lang=zh"), parse_override("rfm={n_bins: 4}")
    (('lang', 'zh'), ('rfm', {'n_bins': 4}))
    """
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise ParamsError(f"{text!r} is not a parameter. Write NAME=VALUE, as in `-p lang=zh`.")
    try:
        return name.strip(), yaml.safe_load(value)
    except yaml.YAMLError:
        raise ParamsError(f"The value of {text!r} is not YAML. Quote it, as in `-p 'name=\"a: b\"'`.") from None


def file_name(name: str) -> str:
    """A file name that is safe on every system; names that had to change keep apart by a few digits of their hash.

    >>> file_name("cdnow"), file_name("季度报告 2024"), file_name("../../etc/passwd")
    ('cdnow', '季度报告_2024-4222b2', 'etc_passwd-3754d6')
    """
    safe = re.sub(r"[^\w.-]+", "_", name).strip("._-")[:_LONGEST_FILE_NAME]
    if safe and safe == name:
        return name
    digits = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:6]
    return f"{safe}-{digits}" if safe else f"run-{digits}"


class EachKeyOnce(yaml.SafeLoader):
    """Plain YAML whose mappings have no key twice: of two values, YAML would take the last in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """The mapping of a node; an error of YAML where it has a key twice."""
        keys = Counter(key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode))
        for key, times in keys.items():
            if times > 1:
                raise yaml.constructor.ConstructorError(problem=f"the key {key!r} is there more than once")
        return super().construct_mapping(node, deep)


def _read_params(path: Path) -> dict[str, Any]:
    """The parameters in a file."""
    absent = (
        f"Name a params file. `clvlab check SOURCE --write-params {path.name}` writes one for your log, or for the "
        "embedded one with `cdnow` as SOURCE."
    )
    values = read_mapping(path, absent)
    if values is None:
        raise ParamsError(f"{path} holds no parameters. Write one `key: value` a line, such as `name: cdnow`.")
    return values


def read_mapping(path: Path, absent: str) -> dict[str, Any] | None:
    """The mapping in a YAML file; None where it holds something else.

    Raises
    ------
    ParamsError : it cannot be read, of which `absent` says what to do; it is not text, or not plain YAML
    """
    try:
        values = yaml.load(path.read_text(encoding="utf-8"), Loader=EachKeyOnce)
    except OSError as error:
        raise ParamsError(f"{path}: {error.strerror}. {absent}") from None
    except UnicodeDecodeError:
        raise ParamsError(f"{path} is not text in UTF-8. Save it as UTF-8.") from None
    except yaml.YAMLError as error:
        raise ParamsError(f"{path} is not plain YAML: {' '.join(str(error).split())}") from None
    return {str(key): value for key, value in values.items()} if isinstance(values, dict) else None


def _for_command(values: Mapping[str, Any], command: str) -> dict[str, Any]:
    """The values that are for every command, and over them those that are for this one."""
    own = {name: values.get(name) or {} for name in ("report", "compare")}
    for name, part in own.items():
        if not isinstance(part, Mapping):
            raise ParamsError(f"`{name}` is {_shown(part)}. Below it are the keys for `clvlab {name}` alone.")
    return {**{name: value for name, value in values.items() if name not in own}, **own.get(command, {})}


def problems_of(error: ValidationError, known: Mapping[str, Iterable[str]], of: str = "the parameters") -> str:
    """Every problem that pydantic found, one a line; `known` are the keys of each mapping ("" is the file's own)."""
    problems = list(dict.fromkeys(_problem(detail, known) for detail in error.errors()))
    lines = "".join(f"\n  - {problem}" for problem in problems)
    return f"{len(problems)} problem{'s' if len(problems) > 1 else ''} with {of}:{lines}"


def _problem(detail: ErrorDetails, known: Mapping[str, Iterable[str]]) -> str:
    # Where a value may be of two kinds, pydantic puts the kind into the path; our tags of kinds begin with #.
    path = [part for part in detail["loc"] if not str(part).startswith("#")]
    where = ".".join(map(str, path))
    if detail["type"] == "extra_forbidden":
        *mapping, key = [part for part in path if isinstance(part, str)]
        *tagged, _ = map(str, detail["loc"])
        return f"`{where}` is unknown.{did_you_mean(key, known.get('.'.join(tagged)) or known['.'.join(mapping)])}"
    if detail["type"] == "missing":
        return f"`{where}` is missing."
    if detail["type"] == "byte_size":
        return f"`{where}` is {_shown(detail['input'])}: write bytes, such as 4 GB."
    message = detail["msg"].removeprefix("Value error, ").removesuffix(".")
    shown = "***" if path[-1:] == ["spark"] else _shown(detail["input"])  # of which any part may be a token
    return f"`{where}` is {shown}: {message[0].lower() + message[1:]}."


def _shown(value: object) -> str:
    text = value.isoformat() if isinstance(value, date) else re.sub(_ADDRESS, r"\1***", repr(value))
    return text if len(text) <= 80 else f"{text[:77]}..."
