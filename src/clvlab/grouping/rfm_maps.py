"""RFM segments: maps from scores to named groups (`rfm11`, `rfm11_125`, a user's own), and the cube of eight."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby, product
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Literal

import polars as pl

from clvlab.errors import ParamsError
from clvlab.frames import CustomerSummary
from clvlab.grouping.decision import PROSPECTS, Case, Condition, DecisionList
from clvlab.grouping.measures import measured
from clvlab.grouping.stored import read_list, read_mapping
from clvlab.grouping.strategy import PROSPECT, RETURNED_ALL, Group, Rule, Strategy
from clvlab.grouping.tiers import reaching
from clvlab.rfm import NEEDS, RfmThresholds
from clvlab.shares import comparable
from clvlab.shipped import shipped

SCORES = ("r_score", "f_score", "m_score")


@dataclass(frozen=True)
class ScoreMap:
    """Which cell of scores belongs to which group; every cell to exactly one.

    Attributes
    ----------
    n_bins : scores run from 1 to n_bins
    scores : the scores that make a cell, in the order in which they are written
    groups : group code -> its cells, such as ``("54", "55")``; best group first

    Raises
    ------
    ParamsError : cells are missing, doubled, or not cells of this map; the message names them

    Examples
    --------
    >>> ScoreMap(2, ("r_score", "f_score"), {"good": ("22", "21"), "bad": ("11", "21")})
    Traceback (most recent call last):
        ...
    clvlab.errors.ParamsError: The map of r_score, f_score must give each cell to exactly one group.
      missing: 12
      more than once: 21 (good, bad)
    """

    n_bins: int
    scores: tuple[str, ...]
    groups: Mapping[str, tuple[str, ...]]

    def __post_init__(self) -> None:
        for code in {PROSPECT, RETURNED_ALL}.intersection(self.groups):
            raise ParamsError(f"A map cannot have a group {code!r}: it is the group of customers without a purchase.")
        if not (isinstance(self.n_bins, int) and 2 <= self.n_bins <= 9):
            raise ParamsError(f"n_bins is {self.n_bins!r}; a map writes each score as one digit, so 2 to 9.")
        if wrong := [score for score in self.scores if score not in SCORES] or not self.scores:
            raise ParamsError(f"scores is {list(self.scores)}, with {wrong}. Choose among {', '.join(SCORES)}.")
        object.__setattr__(self, "groups", MappingProxyType(dict(self.groups)))
        self._check_cover()

    def _check_cover(self) -> None:
        digits = "123456789"[: self.n_bins]
        every = ["".join(cell) for cell in product(digits, repeat=len(self.scores))]
        given = Counter(cell for cells in self.groups.values() for cell in cells)
        problems = {
            "missing": [cell for cell in every if cell not in given],
            "more than once": [f"{cell} ({', '.join(self._owners(cell))})" for cell in given if given[cell] > 1],
            "not a cell of this map": [f"{cell} ({self._owners(cell)[0]})" for cell in given if cell not in every],
        }
        found = [f"\n  {what}: {', '.join(cells)}" for what, cells in problems.items() if cells]
        if found:
            raise ParamsError(
                f"The map of {', '.join(self.scores)} must give each cell to exactly one group.{''.join(found)}"
            )

    def _owners(self, cell: str) -> list[str]:
        return [code for code, cells in self.groups.items() for c in cells if c == cell]

    @classmethod
    def read(cls, source: str | Path | Mapping[str, Any]) -> "ScoreMap":
        """A map from a YAML file or a mapping with the keys n_bins, scores and groups.

        A group's cells are a list or one text, as in `champions: "54 55"`.
        """
        stored = read_mapping(source)
        wrong = set(stored) ^ {"n_bins", "scores", "groups"}
        if wrong or not isinstance(stored["groups"], Mapping):
            raise ParamsError(
                "An RFM map has the keys n_bins, scores and groups (group: its cells); "
                f"found {', '.join(map(str, stored)) or 'none'}."
            )
        cells = {str(code): tuple(read_list(given)) for code, given in stored["groups"].items()}
        return cls(n_bins=stored["n_bins"], scores=tuple(read_list(stored["scores"])), groups=cells)

    def group_of(self) -> dict[str, str]:
        """Cell -> group code."""
        return {cell: code for code, cells in self.groups.items() for cell in cells}

    def condition(self, code: str) -> str:
        """The group's cells as ranges of scores, such as ``r_score 4-5, f_score 2``."""
        return "; ".join(_ranges(self.scores, sorted(self.groups[code], reverse=True)))

    def to_dict(self) -> dict[str, Any]:
        """The map as plain JSON, in the manner of its YAML file."""
        cells = {code: " ".join(given) for code, given in self.groups.items()}
        return {"n_bins": self.n_bins, "scores": list(self.scores), "groups": cells}


def shipped_map(name: str) -> ScoreMap:
    """The map of `grouping/maps/<name>.yaml`."""
    return ScoreMap.read(shipped("grouping", "maps", f"{name}.yaml"))


@cache
def shipped_codes() -> frozenset[str]:
    """The segments of the shipped maps: a user's own map that names one of them means it."""
    return frozenset(code for name in ("rfm11", "rfm11_125") for code in shipped_map(name).groups)


@dataclass(frozen=True)
class RfmSegments(Strategy):
    """Named segments by a map over R, F and M scores; prospects are a group of their own.

    Scores are the customers' own quantiles (see `clvlab.rfm.score_rfm`), or fixed bounds where given.

    Parameters
    ----------
    map
        `shipped_map(name)`, or a user's own by `ScoreMap.read`
    recency_bounds, frequency_bounds, spend_bounds
        fixed bounds instead of quantiles
    """

    map: ScoreMap
    recency_bounds: tuple[float, ...] | None = None
    frequency_bounds: tuple[float, ...] | None = None
    spend_bounds: tuple[float, ...] | None = None

    @property
    def needs(self) -> frozenset[str]:
        return NEEDS

    def fit(self, customers: CustomerSummary) -> "RfmRule":
        thresholds = RfmThresholds.fit(
            customers,
            n_bins=self.map.n_bins,
            recency_bounds=self.recency_bounds,
            frequency_bounds=self.frequency_bounds,
            spend_bounds=self.spend_bounds,
        )
        return RfmRule(thresholds, self.map)


@dataclass(frozen=True)
class RfmRule(Rule):
    """Thresholds of the scores and the map from scores to groups.

    `thresholds.table` shows where each score begins, in days, purchases and money.
    """

    kind: ClassVar[str] = "rfm_map"

    thresholds: RfmThresholds
    map: ScoreMap

    @property
    def needs(self) -> frozenset[str]:
        return NEEDS

    @property
    def groups(self) -> tuple[Group, ...]:
        ours = shipped_codes()
        named = (
            Group(code, rank, self.map.condition(code), own=code not in ours)
            for rank, code in enumerate(self.map.groups, start=1)
        )
        return (*named, Group(PROSPECT, None, "n_purchases == 0"))

    def label(self, customers: CustomerSummary) -> pl.Series:
        # A cell as a number: its digits are the scores.
        cell = pl.lit(0, pl.Int16)
        for score in self.map.scores:
            cell = 10 * cell + pl.col(score)
        codes = pl.Enum([*self.map.groups, PROSPECT])
        groups = {int(of): code for of, code in self.map.group_of().items()}
        return (
            self.thresholds.score(customers)
            .select(group=cell.replace_strict(groups, default=PROSPECT, return_dtype=codes))
            .to_series()
        )

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "thresholds": self.thresholds.to_dict(), "map": self.map.to_dict()}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "RfmRule":
        return cls(RfmThresholds.from_dict(stored["thresholds"]), ScoreMap.read(stored["map"]))


CUBE = (
    ("key_value", (True, True, True)),
    ("key_develop", (True, False, True)),
    ("key_recall", (False, True, True)),
    ("key_retain", (False, False, True)),
    ("general_value", (True, True, False)),
    ("general_develop", (True, False, False)),
    ("general_recall", (False, True, False)),
    ("general_retain", (False, False, False)),
)
"""The eight types, best first, each with its reading of (recency, frequency, spend): high or low."""


@dataclass(frozen=True)
class RfmCube(Strategy):
    """Eight types: recency, frequency and spend, each high or low.

    High is the better half of the buyers, as nearly as equal customers allow, so that one-time buyers are low where
    they are the majority, and those who bought last are high even if they are more than half (see
    `clvlab.rfm.score_rfm`, with two scores); or better than their mean (`centre="mean"`), which calls most customers
    low in spend, since spend is skewed.
    """

    centre: Literal["median", "mean"] = "median"
    name: str = field(default="rfm8", kw_only=True)

    def __post_init__(self) -> None:
        if self.centre not in ("median", "mean"):
            raise ParamsError(f"centre is {self.centre!r}. Choose median or mean.")

    @property
    def needs(self) -> frozenset[str]:
        return NEEDS

    def fit(self, customers: CustomerSummary) -> DecisionList:
        customers.require(self.needs, self.name)
        highs = _better_halves(customers) if self.centre == "median" else _better_than_mean(customers)
        cases = tuple(
            Case(
                code,
                rank,
                tuple(high if is_high else high.negated for high, is_high in zip(highs, cell, strict=True)),
            )
            for rank, (code, cell) in enumerate(CUBE, start=1)
        )
        return DecisionList((PROSPECTS, *cases))


def _better_halves(customers: CustomerSummary) -> tuple[Condition, ...]:
    """What holds of whoever scores 2 of 2 in recency, in frequency and in spend."""
    thresholds = RfmThresholds.fit(customers, n_bins=2)
    buyers = measured(customers, NEEDS).filter(pl.col("n_purchases") > 0)
    recent = [Condition("days_since_last", "<=", bound) for bound in thresholds.recency]
    return (
        *(recent or [Condition("days_since_last", "<", 0)]),
        reaching("n_purchases", thresholds.frequency, buyers["n_purchases"]),
        reaching("total_spend", thresholds.spend, buyers["total_spend"]),
    )


def _better_than_mean(customers: CustomerSummary) -> tuple[Condition, ...]:
    """What holds of whoever is better than the buyers' mean in recency, in frequency and in spend."""
    buyers = measured(customers, NEEDS).filter(pl.col("n_purchases") > 0)
    means = buyers.mean().select(comparable(pl.all().fill_null(0)))
    return (
        Condition("days_since_last", "<", means["days_since_last"][0]),
        Condition("n_purchases", ">", means["n_purchases"][0]),
        Condition("total_spend", ">", means["total_spend"][0]),
    )


def _ranges(scores: Sequence[str], cells: Sequence[str]) -> list[str]:
    """Cells as few products of ranges: equal remainders of neighbouring first scores are put together."""
    first, *rest = scores
    tails: dict[int, list[str]] = {}
    for cell in cells:
        tails.setdefault(int(cell[0]), []).append(cell[1:])
    texts = {score: tuple(_ranges(rest, tail)) if rest else ("",) for score, tail in tails.items()}
    found: list[str] = []
    for text in dict.fromkeys(texts.values()):
        for low, high in _runs(sorted(score for score in texts if texts[score] == text)):
            span = f"{first} {low}" if low == high else f"{first} {low}-{high}"
            found += [f"{span}, {tail}" if tail else span for tail in text]
    return found


def _runs(scores: Sequence[int]) -> list[tuple[int, int]]:
    """Runs of consecutive numbers.

    >>> _runs([1, 2, 4])
    [(1, 2), (4, 4)]
    """
    runs = [[n for _, n in run] for _, run in groupby(enumerate(scores), key=lambda pair: pair[1] - pair[0])]
    return [(run[0], run[-1]) for run in runs]
