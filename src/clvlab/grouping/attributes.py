"""Groups by what is known of a customer apart from purchases: region, locality, industry, or any attribute.

Values are compared without regard to case and outer blanks; a blank or "unknown" is missing. Prospects
have attributes too and belong to the group of theirs.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import polars as pl

from clvlab.errors import ParamsError
from clvlab.frames import CustomerSummary
from clvlab.grouping.stored import read_mapping
from clvlab.grouping.strategy import UNKNOWN, Group, Rule, Strategy
from clvlab.shipped import shipped

UNMAPPED = "unmapped"
"""The group of values that a mapping does not know."""
OTHER = "other"
"""The group of values too rare for a group of their own, or first seen after the rule was made."""

Values = tuple[tuple[str, tuple[str, ...]], ...]  # (group, its values), in the order in which groups are shown


@dataclass(frozen=True)
class Attribute(Strategy):
    """Groups by the values of one attribute: mapped to named groups, or as they are.

    Parameters
    ----------
    column
        the attribute
    mapping
        (group, its values), or empty; `read_values` takes it from a YAML file
    keep_unmapped
        values outside the mapping are groups of their own, the commonest first, up to `max_groups` in all, the rest
        `other`; if False, they are `unmapped` together
    ours
        whether the mapping's groups are codes of ours, with a name in each language; else they are the user's own
    """

    column: str
    mapping: Values = ()
    keep_unmapped: bool = True
    max_groups: int = 12
    ours: bool = False

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({self.column})

    def fit(self, customers: CustomerSummary) -> "ValueRule":
        customers.require(self.needs, self.name)
        if not self.keep_unmapped:
            return ValueRule(self.column, self.mapping, UNMAPPED, self._ours)
        mapped = {comparable(value) for _, values in self.mapping for value in values} | {OTHER, UNKNOWN}
        found = counted(texts(customers.data[self.column]))
        others = Counter({value: n for value, n in found.items() if comparable(value) not in mapped})
        own = commonest(others, max(self.max_groups - len(self.mapping), 0))
        return ValueRule(self.column, (*self.mapping, *((value, (value,)) for value in own)), OTHER, self._ours)

    @property
    def _ours(self) -> frozenset[str]:
        return frozenset(code for code, _ in self.mapping) if self.ours else frozenset()


@dataclass(frozen=True)
class Locality(Strategy):
    """Local customers, who live in the firm's own place, and remote ones.

    Parameters
    ----------
    home
        the firm's own places, or empty for the one where most customers live
    column
        the attribute that names the place
    """

    home: tuple[str, ...] = ()
    column: str = "city"
    name: str = field(default="locality", kw_only=True)

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({self.column})

    def fit(self, customers: CustomerSummary) -> "ValueRule":
        customers.require(self.needs, self.name)
        home = self.home or tuple(commonest(counted(texts(customers.data[self.column])), 1))
        return ValueRule(self.column, (("local", home),), "remote", frozenset({"local"}))


@dataclass(frozen=True)
class ValueRule(Rule):
    """Which values of an attribute belong to which group, and the group of all other values.

    The groups of `mapping` have the user's own names, but for those in `ours`.
    """

    kind: ClassVar[str] = "values"

    column: str
    mapping: Values
    otherwise: str
    ours: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for code in {UNKNOWN, self.otherwise}.intersection(code for code, _ in self.mapping):
            raise ParamsError(
                f"The mapping of {self.column!r} cannot have a group {code!r}: it is the group of customers "
                f"{'without a value' if code == UNKNOWN else 'with any other value'}. Call yours otherwise."
            )
        count = Counter(
            comparable(value) for _, values in self.mapping for value in dict.fromkeys(map(comparable, values))
        )
        if doubled := sorted(value for value, n in count.items() if n > 1):
            raise ParamsError(
                f"The mapping of {self.column!r} gives these values to two groups: {', '.join(doubled)}."
            )

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({self.column})

    @property
    def groups(self) -> tuple[Group, ...]:
        mapped = (
            Group(code, None, f"{self.column} = {' | '.join(values)}", own=code not in self.ours)
            for code, values in self.mapping
        )
        return (
            *mapped,
            Group(self.otherwise, None, f"{self.column} = *"),
            Group(UNKNOWN, None, "–"),
        )

    def label(self, customers: CustomerSummary) -> pl.Series:
        values = texts(customers.data[self.column]).str.to_lowercase()
        groups = {UNKNOWN: UNKNOWN}
        groups |= {comparable(value): code for code, values in self.mapping for value in values}
        found = values.replace_strict(groups, default=self.otherwise, return_dtype=pl.String)
        return found.zip_with(values.is_not_null(), pl.Series([UNKNOWN]))

    def to_dict(self) -> dict[str, Any]:
        mapping = [[code, list(values)] for code, values in self.mapping]
        stored = {"kind": self.kind, "column": self.column, "mapping": mapping, "otherwise": self.otherwise}
        return {**stored, "ours": sorted(self.ours)}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "ValueRule":
        mapping = tuple((code, tuple(values)) for code, values in stored["mapping"])
        return cls(stored["column"], mapping, stored["otherwise"], frozenset(stored["ours"]))


def read_values(source: str | Path | Mapping[str, Any]) -> Values:
    """A mapping from values to groups, from a YAML file or a mapping.

    Each group has a list of values, or of lists of spellings: ``{"north": ["北京", ["河北", "河北省"]]}``.
    """
    stored = read_mapping(source)
    if not all(isinstance(values, list) for values in stored.values()):
        raise ParamsError("A mapping of values has a list of values for each group, as in `north: [北京, 天津]`.")
    return tuple((str(code), tuple(_flat(values))) for code, values in stored.items())


def _flat(values: list[Any]) -> list[str]:
    return [str(one) for value in values for one in (value if isinstance(value, list) else [value])]


def shipped_values(name: str) -> Values:
    """The mapping of `grouping/maps/<name>.yaml`."""
    return read_values(shipped("grouping", "maps", f"{name}.yaml"))


def texts(values: pl.Series) -> pl.Series:
    """The values as text without outer blanks, whole numbers without ".0"; a blank is null."""
    text = values.cast(pl.String).str.strip_chars()
    if values.dtype.is_float():
        text = text.str.strip_suffix(".0")
    return text.set(text == "", None)


def counted(values: pl.Series) -> Counter[str]:
    """How often there is each of the values that are known."""
    known = pl.DataFrame({"value": values}).drop_nulls()
    return Counter(dict(known.group_by("value").len().iter_rows()))


def commonest(values: Counter[str], n: int) -> list[str]:
    """The `n` commonest values, each in its commonest spelling; ties in the order of text.

    >>> commonest(Counter({"Berlin": 2, "berlin": 1, "Ulm": 1, "Aue": 1}), 2)
    ['Berlin', 'Aue']
    """
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    for value, times in values.items():
        spellings[comparable(value)][value] += times
    by_count = sorted(spellings, key=lambda key: (-spellings[key].total(), key))[:n]
    return [min(spellings[key], key=lambda spelling: (-spellings[key][spelling], spelling)) for key in by_count]


def comparable(value: str) -> str:
    """The value without regard to case and outer blanks: values that share it are the same."""
    return value.strip().lower()
