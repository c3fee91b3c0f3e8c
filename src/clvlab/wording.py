"""Every word that a reader sees, in English and Chinese.

Each YAML file of the folder `wording` is a catalogue: `key: {en: ..., zh: ...}`; a key is addressed by its file and
its own name, as in `groups.champions`.

The catalogue is strict: what has no words is an error. Only where users bring codes of their own (`USERS_KINDS`,
and the attributes of customers) is a code without words shown as it is.

Figures are written in a text as `{name:kind}`, where kind is one of

    int    1,234               dec1   3.1                 dec2   3.14    dec3   3.142
    pct    41%  (of a share)   pct1   41.3%               short  41K, 1.2M; 4.1万
    money  $1.2M, $35          price  $35.17; $142        span   12 months; 12个月
    date   30 June 1998; 1998年6月30日
    points  +4.3 points, the difference of two shares; +4.3个百分点
    exact  1,234.5678, every digit                        exact_price  $35.17, $35.1768

and a plain `{name}` is inserted as it is. `{name:customer|customers}` is the word that goes with the figure `name`:
the first with 1, the second with any other.
"""

import math
import re
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import localcontext
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal, get_args

from babel.dates import format_date
from babel.numbers import (
    format_compact_currency,
    format_compact_decimal,
    format_currency,
    format_decimal,
    get_currency_symbol,
)
from babel.units import format_unit

from clvlab.errors import ClvlabError, ParamsError, did_you_mean
from clvlab.shipped import shipped

Language = Literal["en", "zh"]
LowValue = Literal["stimulate", "basic", "save"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
Languages = Literal["en", "zh", "both"]
TAGS: Mapping[Language, str] = MappingProxyType({"en": "en", "zh": "zh-CN"})
"""Languages as BCP 47 has them."""
LONGEST_NAME, LONGEST_TEXT = 100, 1_000
"""From how many characters on a value is cut where it is a name, and where it is a cell of a table."""
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""What changes how the text around it is read, such as marks that turn its direction."""
_LISTED = ";"
"""Separates what a cell holds several of, such as interests."""
MINUS = "\N{MINUS SIGN}"
CROSSED = " × "
"""Joins the codes of a group that belongs to a crossing of two groupings."""
USERS_KINDS = frozenset({"groups", "strategies"})
"""Kinds of codes to which users add their own: a city is a group, a grouping has the name that its author gave it."""
_PATTERNS: Mapping[str, str] = MappingProxyType(
    {
        "int": "#,##0",
        "dec1": "#,##0.0",
        "dec2": "#,##0.00",
        "dec3": "#,##0.000",
        "pct": "#,##0%",
        "pct1": "#,##0.0%",
        "exact": "#,##0.#################",
    }
)
_PRICES: Mapping[str, str] = MappingProxyType({"price": "¤#,##0.00", "exact_price": "¤#,##0.00###############"})
_NO_CENTS_FROM = 100
"""From where on cents are noise."""
_LARGEST = 1e15
"""Beyond it a figure is said to be larger: none of its digits would tell anything."""
_DIGITS = 40
"""Digits in which figures are rounded: those of the largest, and of the longest pattern behind the point."""
_CENT = 0.005
"""From where on an amount is a cent."""
_WHOLE = "¤#,##0"
_UNITS: Mapping[str, tuple[tuple[float, float, float, str], ...]] = MappingProxyType(
    {
        "en": ((1e9, 1e6, 1e5, "¤#,##0.0M"), (1e6, 1e3, 1e3, "¤#,##0K")),
        "zh": ((1e10, 1e8, 1e6, "¤#,##0.00亿"), (1e6, 1e4, 1e3, "¤#,##0.0万")),
    }
)
"""From which amount on a column is written in a larger unit, the unit, its smallest step, and how it is written."""


@cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """All texts: file.key -> language -> text."""
    texts: dict[str, Mapping[str, str]] = {}
    for path in sorted(files("clvlab").joinpath("wording").iterdir(), key=lambda p: p.name):
        for key, entry in shipped("wording", path.name).items():
            texts[f"{path.name.removesuffix('.yaml')}.{key}"] = MappingProxyType(entry)
    return MappingProxyType(texts)


def languages(asked: Languages) -> tuple[Language, ...]:
    """The languages that a run's parameter asks for; what there is only once, such as a table, is in the first.

    >>> languages("zh"), languages("both")
    (('zh',), ('en', 'zh'))
    """
    return LANGUAGES if asked == "both" else (asked,)


@cache
def _known_values() -> Mapping[str, str]:
    """A value of an attribute in either language -> its key."""
    known = {key: texts for key, texts in catalogue().items() if key.startswith("values.")}
    return MappingProxyType({text: key for key, texts in known.items() for text in texts.values()})


@dataclass(frozen=True)
class Name:
    """A code that stands for a name in each language, such as `Name("groups", "champions")`."""

    kind: str
    code: str


@dataclass(frozen=True)
class Words:
    """The catalogue in one language, with the run's currency and the codes of groups that are the user's own.

    >>> Words("en").number(1_234_567, "short")
    '1.2M'
    >>> Words("zh").number(41_000, "short")
    '4.1万'
    """

    lang: Language
    currency: str | None = None
    own_groups: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.lang not in LANGUAGES:
            raise ParamsError(f"lang is {self.lang!r}. Choose one of {', '.join(LANGUAGES)}.")

    def __call__(self, key: str, **figures: Any) -> str:
        """The text of `key` with its figures set in; KeyError names the nearest known key."""
        texts = catalogue()
        if key not in texts:
            raise KeyError(f"No wording for {key!r}.{did_you_mean(key, texts)}")
        return _Figures(self).format(texts[key][self.lang], **figures)

    def name(self, kind: str, code: str) -> str:
        """The name of a code: a column, a measure, a group, ...; a crossing's code has the names of both its parts.

        A user's own value, such as a city or a grouping of their own, is its own name; so is a group of their own,
        even where it is called as one of ours.

        Raises
        ------
        KeyError : a code of ours has no words; the message names the nearest that has

        >>> Words("en").name("groups", "vip × cluster_3"), Words("en").name("groups", "Hangzhou")
        ('VIP × Cluster 3', 'Hangzhou')
        """
        if kind == "attributes":
            return self.attribute(code)
        if kind == "attribute_values":
            return self.attribute_value(code)
        if kind == "groups" and code in self.own_groups:
            return self.attribute_value(code)
        if kind in USERS_KINDS and CROSSED in code:
            return CROSSED.join(self.name(kind, part) for part in code.split(CROSSED))
        stem, _, number = code.rpartition("_")
        if kind == "groups" and number.isdecimal() and f"numbered.{stem}" in catalogue():
            return self(f"numbered.{stem}", n=number)
        key = f"{kind}.{code}"
        if kind in USERS_KINDS and key not in catalogue():
            return self.attribute_value(code) if kind == "groups" else self.plain(code)
        return self(key)

    def error(self, error: ClvlabError) -> str:
        """What an error says: in this language where the catalogue has it, else in its own words."""
        key = f"faults.{error.code}"
        return self(key, **error.figures) if key in catalogue() else str(error)

    def plain(self, value: str, longest: int = LONGEST_NAME) -> str:
        """A user's own text as a page shows it: marks of direction and the like made visible, cut where it is long.

        >>> Words("en").plain("\u202etxt.exe"), Words("en").plain("x" * 10_000, 5)
        ('\ufffdtxt.exe', 'xxxxx… (10,000 characters)')
        """
        text = _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", value)
        return text if len(text) <= longest else self("page.cut", start=text[:longest], length=len(text))

    def group(self, code: str) -> str:
        """The name of a group."""
        return self.name("groups", code)

    def column(self, code: str) -> str:
        """The heading of a column of ours."""
        return self.name("columns", code)

    def attribute(self, code: str) -> str:
        """The heading of a column that customers have: one that we know, or the user's own, which is its own name."""
        return self.column(code) if f"columns.{code}" in catalogue() else self.plain(code)

    def row(self, code: str) -> str:
        """Where rows of a log went: accepted, merged, ..., or refused by the rule of that name."""
        if f"rows.{code}" in catalogue():
            return self(f"rows.{code}")
        return self("rows.refused", rule=Name("refusals", code))

    def action(self, code: str, low_value: LowValue | None = None) -> str:
        """What to do with a group: its own action, of a crossing's group both, and what suits everyone else.

        Practitioners disagree on customers of low value: `low_value` says what to do with them instead.
        """
        texts = catalogue()
        parts = () if code in self.own_groups else code.split(CROSSED)
        known = [f"actions.{part}" for part in parts if part not in self.own_groups and f"actions.{part}" in texts]
        if low_value is not None:
            low = texts["actions.value_low"]
            known = [f"actions.value_low_{low_value}" if texts[key] == low else key for key in known]
        return self.sentences(self(key) for key in dict.fromkeys(known or ["actions.everyone"]))

    def sentences(self, texts: Iterable[str]) -> str:
        """Sentences in a row: Chinese ones have no space between them.

        >>> Words("en").sentences(["One.", "Two."]), Words("zh").sentences(["一。", "二。"])
        ('One. Two.', '一。二。')
        """
        return {"en": " ", "zh": ""}[self.lang].join(texts)

    def attribute_value(self, value: str | None) -> str:
        """A value of an attribute: the user's own, unless it is known in both languages; null gathers all others.

        >>> Words("zh").attribute_value("female"), Words("en").attribute_value("女"), Words("zh").attribute_value("A")
        ('女', 'female', 'A')
        """
        if value is None:
            return self("profiles.others")
        if value in {"true", "false"}:
            return self.name("yesno", value)
        known = _known_values()
        parts = [self(known[part]) if part in known else part for part in value.split(_LISTED)]
        return self.plain({"en": "; ", "zh": "；"}[self.lang].join(parts))

    def number(self, value: float | str | date | None, kind: str) -> str:
        """A figure in this language's manner; kinds as in the module's head. A dash stands for null."""
        if value is None or value != value:
            return "–"
        if isinstance(value, date):
            return self._day(value, "long")
        if isinstance(value, str):
            return self._span(value)
        if abs(value) > _LARGEST:
            return _signed(f"{'>' if value > 0 else '<'} {self._short(math.copysign(_LARGEST, value))}")
        return _signed(self._figure(value, kind))

    def numbers(self, values: Iterable[float | str | date | None], kind: str) -> list[str]:
        """The figures of a column, all to one precision and in one unit; kinds as for `number`.

        >>> Words("en", "USD").numbers([47_012.4, 96.0, None], "money"), Words("en").numbers([1.5, 10.0], "exact")
        (['$47,012', '$96', '–'], ['1.5', '10.0'])
        """
        column = list(values)
        if kind == "date":
            return [
                self._day(value, "medium") if isinstance(value, date) else self.number(value, kind)
                for value in column
            ]
        if kind in {"exact", "exact_price"}:
            return _padded([self.number(value, kind) for value in column])
        if kind not in {"money", "price"}:
            return [self.number(value, kind) for value in column]
        largest = max((abs(value) for value in column if isinstance(value, int | float)), default=0.0)
        cents = kind == "price" and largest < _NO_CENTS_FROM
        plain = (0.0, 1.0, 0.0, _PRICES["price"]) if cents else (0.0, 1.0, 1.0, _WHOLE)
        _, unit, step, pattern = next((way for way in _UNITS[self.lang] if largest >= way[0]), plain)
        return [self._amount(value, pattern, unit, step) for value in column]

    @property
    def currency_symbol(self) -> str:
        """The sign of the run's currency, such as $ or ¥; nothing without a currency."""
        return str(get_currency_symbol(self.currency, locale=self.lang)) if self.currency else ""

    @property
    def _compact_from(self) -> int:
        """From where on a figure is shortened: 1 K in English, 1 万 in Chinese."""
        return {"en": 1_000, "zh": 10_000}[self.lang]

    @property
    def _locale(self) -> str:
        return {"en": "en_GB", "zh": "zh_CN"}[self.lang]

    def _figure(self, value: float, kind: str) -> str:
        if kind in _PATTERNS:
            return self._decimal(value, _PATTERNS[kind])
        if kind == "points":
            return self._decimal(100 * value, "+#,##0.0;-#,##0.0") + {"en": " points", "zh": "个百分点"}[self.lang]
        if kind == "price" and abs(value) >= _NO_CENTS_FROM:
            return self._currency(value, _WHOLE)
        if kind in _PRICES:
            return self._currency(value, _PRICES[kind])
        return {"short": self._short, "money": self._money}[kind](value)

    def _decimal(self, value: float, pattern: str) -> str:
        with localcontext(prec=_DIGITS):
            return str(format_decimal(value, format=pattern, locale=self._locale))

    def _day(self, day: date, length: Literal["medium", "long"]) -> str:
        return str(format_date(day, format=length, locale=self._locale))

    def _span(self, text: str) -> str:
        number, unit = text.split()
        unit = f"duration-{unit.lower().removesuffix('s')}"
        # CLDR's Chinese has short forms only, and those are the usual words.
        length: Literal["long", "short"] = "long" if self.lang == "en" else "short"
        return str(format_unit(float(number), unit, length=length, locale=self._locale))

    def _short(self, value: float) -> str:
        if abs(value) < self._compact_from:
            return self._decimal(value, "#,##0.#" if abs(value) < 100 else "#,##0")
        return str(format_compact_decimal(value, fraction_digits=1, locale=self.lang))

    def _money(self, value: float) -> str:
        if self.currency is None:
            return self._short(value)
        if abs(value) < self._compact_from:
            return self._in_full(value)
        return str(format_compact_currency(value, self.currency, fraction_digits=1, locale=self.lang))

    def _amount(self, value: Any, pattern: str, unit: float, step: float) -> str:
        """An amount of a column; a dash stands for null, and what is less than a step of the unit is in full."""
        if value is None or value != value or abs(value) > _LARGEST:
            return self.number(value, "money")
        return _signed(self._in_full(value) if abs(value) < step else self._currency(value / unit, pattern))

    def _in_full(self, value: float) -> str:
        """An amount in whole units of the currency; what is less than one, in cents."""
        return self._currency(value, _PRICES["price"] if _CENT <= abs(value) < 1 else _WHOLE)

    def _currency(self, value: float, pattern: str) -> str:
        if self.currency is None:
            return self._decimal(value, pattern.removeprefix("¤"))
        with localcontext(prec=_DIGITS):
            return str(format_currency(value, self.currency, pattern, self.lang, currency_digits=False))


def _signed(text: str) -> str:
    """The figure with a minus sign instead of a hyphen; what rounds to zero has none."""
    return text.replace("-", MINUS if any(digit in text for digit in "123456789") else "")


def _padded(texts: list[str]) -> list[str]:
    """Figures with as many decimals as the one that has most."""
    decimals = [len(text.partition(".")[2]) for text in texts]
    most = max(decimals, default=0)
    return [
        f"{text}{'' if found or not most else '.'}{'0' * (most - found)}" if text[-1:].isdigit() else text
        for text, found in zip(texts, decimals, strict=True)
    ]


class _Figures(string.Formatter):
    """Sets figures into a text in the manner of one language."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, Name):
            return self._words.name(value.kind, value.code)
        if isinstance(value, date):
            return self._words.number(value, "date")
        one, bar, other = format_spec.partition("|")
        if bar:
            return one if value == 1 else other
        if format_spec:
            return self._words.number(value, format_spec)
        return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", str(value))
