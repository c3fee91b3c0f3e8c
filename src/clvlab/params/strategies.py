"""How parameters choose strategies: by name, by the path of an RFM map, or by an attribute."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, NotRequired

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, with_config
from typing_extensions import TypedDict

from clvlab.errors import did_you_mean
from clvlab.params.values import STRICT, Text, as_tuple, unique
from clvlab.wording import catalogue

AUTO = "auto"
WITH_MONEY, WITHOUT_MONEY = "rfm11", "lifecycle5"
"""The strategies of a report that names none: for a log with amounts, and for one without."""
MAP_SUFFIXES = (".yaml", ".yml")


def strategy_name(choice: Any) -> str:
    """What pages call a strategy that parameters choose.

    >>> strategy_name("rfm11"), strategy_name("maps/ours.yaml"), strategy_name({"attribute": "city"})
    ('rfm11', 'ours', 'city')
    """
    if isinstance(choice, Mapping):
        return str(choice["attribute"])
    return Path(choice).stem if Path(choice).suffix in MAP_SUFFIXES else str(choice)


def _strategy(name: str) -> str:
    """Refuse a name that no strategy has; the wording catalogue names them all. A map of the user's is a path."""
    known = [key.removeprefix("strategies.") for key in catalogue() if key.startswith("strategies.")]
    if name != AUTO and name not in known and Path(name).suffix not in MAP_SUFFIXES:
        raise ValueError(
            f"no strategy has this name.{did_you_mean(name, known)} Known: {', '.join(known)}; or the path of an RFM "
            "map in YAML; or `{attribute: <a column>}` for groups by an attribute"
        )
    return name


def _unique_by_name(choices: tuple[Any, ...]) -> tuple[Any, ...]:
    unique(tuple(map(strategy_name, choices)))
    return choices


@with_config(STRICT)
class ByAttribute(TypedDict):
    """Groups by the values of an attribute: as they are, or put together under names of one's own."""

    attribute: Text
    groups: NotRequired[dict[Text, Annotated[list[str | int | float], Field(min_length=1)]]]


StrategyChoice = Annotated[
    Annotated[Text, AfterValidator(_strategy), Tag("#name")] | Annotated[ByAttribute, Tag("#attribute")],
    Discriminator(lambda value: "#attribute" if isinstance(value, dict) else "#name"),
]
StrategyChoices = Annotated[tuple[StrategyChoice, ...], BeforeValidator(as_tuple), AfterValidator(_unique_by_name)]
