"""What the parameters of every run are."""

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path, PurePath
from typing import Annotated, Any, ClassVar, Literal, Self

import yaml
from pydantic import BaseModel, Field, ValidationError

from clvlab.editions import Edition, View, views
from clvlab.errors import ParamsError
from clvlab.params.file_names import file_name
from clvlab.params.problems import problems_of
from clvlab.params.reading import AttributeReading, ReaderSettings, with_reading
from clvlab.params.source import (
    SOURCE_KEYS,
    CrmSource,
    DuckdbSource,
    LabelFields,
    Source,
    SparkSource,
    SqlSource,
    with_source,
)
from clvlab.params.values import (
    STRICT,
    ColumnNames,
    Day,
    Event,
    Events,
    Folder,
    Length,
    Margin,
    ModelName,
    Text,
    Texts,
)
from clvlab.params.yaml_file import EachKeyOnce, for_command, read_params
from clvlab.period_ends import Every
from clvlab.units import TimeUnit
from clvlab.wording import Language, Languages, languages


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

    model_config = STRICT
    kind: ClassVar[Literal["", "report", "comparison"]] = ""
    command: ClassVar[Literal["", "report", "compare"]] = ""
    # The keys of each mapping among the parameters, by where it stands.
    nested: ClassVar[Mapping[str, Iterable[str]]] = {
        **SOURCE_KEYS,
        "reading": ReaderSettings.__annotations__,
        "attribute_reading": AttributeReading.__annotations__,
        "events": Event.__annotations__,
    }

    name: Text
    title: Text | None = None
    source: Source
    items: Texts = ()
    returns: Texts = ()
    columns: ColumnNames = Field(default_factory=dict)
    attributes: Texts = ()
    log_attributes: Texts = ()
    attribute_columns: dict[Text, Text] = Field(default_factory=dict)
    static: Texts = ()
    dated: Texts = ()
    as_of: Day
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
    output: Folder = "reports"
    reading: ReaderSettings = Field(default_factory=ReaderSettings)
    max_refused: Annotated[float, Field(ge=0, le=1)] = 0.5
    attribute_reading: AttributeReading = Field(default_factory=AttributeReading)

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**with_reading(with_source(values)))
        except ValidationError as error:
            known = (*type(self).model_fields, "orders", *ReaderSettings.__annotations__)
            raise ParamsError(problems_of(error, {**self.nested, "": known})) from None

    @classmethod
    def load(cls, path: str | Path, overrides: Mapping[str, Any] | None = None) -> Self:
        """The parameters of a YAML file, with `overrides` set over it; ParamsError lists every problem.

        What the file has below `report:` or `compare:` is for that command alone.
        """
        values = {**for_command(read_params(Path(path)), cls.command), **(overrides or {})}
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
        return cls(**for_command(yaml.load(text, Loader=EachKeyOnce), cls.command))

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
