"""Groups by tags, of which a customer may have several: lifestyle, values, interests."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import polars as pl

from clvlab.frames import CustomerSummary
from clvlab.grouping.attributes import OTHER, commonest, comparable
from clvlab.grouping.strategy import UNKNOWN, Group, Rule, Strategy

_SEPARATOR = re.compile(r"\s*[;,|/；，、]\s*")


@dataclass(frozen=True)
class Tags(Strategy):
    """Each customer goes to the least common of their tags that at least `min_share` of the tagged share.

    Least common first, so that a tag which nearly everybody has does not swallow the others. Tags are text parted
    by ``; , | /`` or their Chinese forms, or lists.

    Parameters
    ----------
    column
        the attribute that holds the tags
    min_share
        share of the customers with tags that a tag needs to be a group; rarer ones alone are `other`
    """

    column: str
    min_share: float = 0.05

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({self.column})

    def fit(self, customers: CustomerSummary) -> "TagRule":
        customers.require(self.needs, self.name)
        tagged = [tags for tags in _tags(customers.data[self.column]) if tags]
        counts = Counter(tag for tags in tagged for tag in tags)
        spelled = commonest(Counter(tag for tags in tagged for tag in tags.values()), len(counts))
        least = self.min_share * len(tagged)
        common = [tag for tag in spelled if counts[comparable(tag)] >= least and comparable(tag) != OTHER]
        return TagRule(self.column, tuple(sorted(common, key=lambda tag: (counts[comparable(tag)], tag))))


@dataclass(frozen=True)
class TagRule(Rule):
    """Tags in the order in which they are looked for; the first that a customer has is the group."""

    kind: ClassVar[str] = "tags"

    column: str
    tags: tuple[str, ...]

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({self.column})

    @property
    def groups(self) -> tuple[Group, ...]:
        tagged = (Group(tag, None, f"{self.column} ∋ {tag}", own=True) for tag in self.tags)
        return (*tagged, Group(OTHER, None, f"{self.column} ∋ *"), Group(UNKNOWN, None, "–"))

    def label(self, customers: CustomerSummary) -> pl.Series:
        place = {comparable(tag): at for at, tag in enumerate(self.tags)}
        codes = (*self.tags, OTHER)
        return pl.Series(
            [
                codes[min(place.get(tag, len(place)) for tag in tags)] if tags else UNKNOWN
                for tags in _tags(customers.data[self.column])
            ],
            dtype=pl.String,
        )

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "column": self.column, "tags": list(self.tags)}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "TagRule":
        return cls(stored["column"], tuple(stored["tags"]))


def _tags(values: pl.Series) -> list[dict[str, str]]:
    """Each customer's tags, as they compare -> as written; none where nothing is known."""
    text = values.cast(pl.List(pl.String)).list.join(";") if values.dtype == pl.List else values.cast(pl.String)
    text = text.fill_null("")
    # Many customers share few texts: each is taken apart once.
    parted = {value: _SEPARATOR.split(value.strip()) for value in text.unique()}
    known = {
        value: {comparable(tag): tag for tag in tags if comparable(tag) not in ("", UNKNOWN)}
        for value, tags in parted.items()
    }
    return [known[value] for value in text]
