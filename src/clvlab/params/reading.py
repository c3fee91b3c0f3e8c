"""How sources and tables of attributes are read, where that is not detected."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import ByteSize, Field, with_config
from typing_extensions import TypedDict

from clvlab.errors import ParamsError
from clvlab.memory_limit import LEAST
from clvlab.params.values import STRICT, LogColumns, Text, Texts, Values


@with_config(STRICT)
class AttributeReading(TypedDict, total=False):
    """How tables of attributes are read, where not as the log is; what is neither given is detected."""

    date_format: Text
    decimal: Literal[".", ","]
    encoding: Text
    separator: Text
    sheet: Text
    header_row: Annotated[int, Field(ge=1)]
    time_zone: Text


@with_config(STRICT)
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


def with_reading(values: Mapping[str, Any]) -> dict[str, Any]:
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
