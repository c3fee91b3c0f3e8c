"""The day in a text that says a day, whatever else it says: without weekday and time, its month a number.

    Wed, 31 Jan 2024 10:00:00 GMT     31 =01= 2024
    2024年1月31日 星期三 10:30           2024年1月31日
    mer. 31 janvier 2024              31 =01= 2024
    20240131T103000Z                  20240131
    民國113年1月31日                    2024年1月31日

A month that has a name stands between signs of equality, since no one can take it for a day.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache

import polars as pl
from babel import Locale

from clvlab.sources.texts import ANY_DIGIT, plain_text

_LOCALES = (
    "en", "de", "fr", "es", "pt", "it", "nl", "da", "sv", "nb", "fi", "pl", "cs", "sk", "hu", "ro", "ru", "uk", "tr",
    "id", "de_AT", "fr_CA",
)  # fmt: skip
_ENGLISH = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_PLAIN = r"^([0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4})(?:[ T][0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?Z?)?$"
_SHORTEST_NAME = 3
_USUAL_TIME = (
    r"[T\s]+(?:[^\d\s]{1,8}\s*)?[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?"
    r"(?:\s*[AaPp][Mm])?\s*(?:Z|[-+][0-9]{2}:?[0-9]{2})?$"
)
_DAY_SIGN = "[日号號일]"
_EAST_ASIAN_WEEKDAY = (
    r"\(?(?:星期|周|週|礼拜|禮拜)[一二三四五六日天]\)?|\(?[月火水木金土日]曜日?\)?|\([一二三四五六月火水木金土日]\)"
    r"|\(?[월화수목금토일]요일\)?|\([월화수목금토일]\)"
)
_TIMES = (
    # 31 Jan 2024, 10:30 PM; 2024-01-31T10:30Z; 2024年1月31日上午10时30分; 05-MAR-24 10.30.00.000000 AM
    rf"(?i)({_DAY_SIGN}?)(?:[,\s]+|T|{_DAY_SIGN}\s*|-)(?:[^\d\s]{{1,8}}\s*)?\d{{1,2}}(?:[:时時点點h]\d{{0,2}}|\.\d{{2}}\.).*$",
    r"(\d{4})\s\d{1,2}\.\d{2}$",  # 31.01.2024 10.30
    r"(\d{4}):\d{2}:\d{2}:\d{2}(?: [-+]\d{4})?$",  # 31/Jan/2024:10:30:00 +0800, as web servers log
    r"(?i)(\d)\s\d{1,2}(?:\.\d{2})?\s*(?:Uhr|[AP]M)$",  # Jan 31, 2024 6 PM
)
_COMPACT_TIMES = (r"^(\d{8})[T ]\d{4,6}.*$", r"^(\d{4}-\d{2}-\d{2})[T ]\d{2}Z?$")
_TIME_FIRST = r"(?i)^\d{1,2}:\d{2}(?::\d{2})?(?:\s*[AP]M)?,?\s+(.*)$"
_TIME_INSIDE = r"^(?:\p{L}+\.?,?\s+)?(\p{L}+\.? \d{1,2}),? \d{1,2}:\d{2}:\d{2}(?: [A-Z]\S*)? (\d{4})$"
_JAPANESE_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925}
"""Era -> the year before its first."""
_BEFORE_THE_REPUBLIC = 1911
_REPUBLIC, _REPUBLIC_IN_LATIN, _JAPANESE = r"民[國国]", r"R\.?O\.?C\.?|Minguo", "|".join(_JAPANESE_ERAS)
_ERA = re.compile(
    rf"^((?:中[華华])?{_REPUBLIC}|(?i:{_REPUBLIC_IN_LATIN})|{_JAPANESE})\s*(?:(元)|([0-9]{{1,3}}))"
    r"(\s*[-/.年]|[0-9]{4}$)"
)
_SHORT_YEAR = r"^\s*(\d{2,3}\s*[-/.年]|\d{6,7}\s*$)"
_CHINESE_MONTHS = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")


def day_part(texts: pl.Series, *, keeps_weekday: bool = False) -> pl.Series:
    """The texts without a time of day and a weekday, in plain letters and digits; null where there is no digit.

    >>> day_part(pl.Series(["2024-01-31T23:59Z", "２０２４年１月３１日 星期三 8:30", "Wed, 31 Jan 2024"])).to_list()
    ['2024-01-31', '2024年1月31日', '31 Jan 2024']
    >>> day_part(pl.Series(["31.01.", "May"])).to_list()
    ['31.01.', None]

    Years of the Republic of China and of Japanese eras are those of the common era.

    >>> day_part(pl.Series(["民國113年1月31日 10:30", "ROC 113/01/31", "民國1130131", "令和元年5月1日"])).to_list()
    ['2024年1月31日', '2024/01/31', '20240131', '2019年5月1日']
    """
    plain = texts.str.extract(_PLAIN, 1)
    hard = (plain.is_null() & texts.str.contains(ANY_DIGIT)).fill_null(False).arg_true()
    if hard.is_empty():
        return plain
    # The time first, which is cheap: what is left repeats itself, and each way of writing is looked at once.
    untimed = texts.gather(hard).str.replace(_USUAL_TIME, "")
    written = untimed.unique()
    bare = plain_text(written).str.replace_all("[–—−‒]", "-").str.replace_all(r"\s+", " ").str.strip_chars()
    if not keeps_weekday:
        bare = _without_weekday(bare)
    bare = _in_western_years(_without_time(bare).str.strip_chars(" ,"))
    return plain.clone().scatter(hard, untimed.replace_strict(written, bare, return_dtype=pl.String))


def with_numbered_months(texts: pl.Series) -> pl.Series:
    """Names of months, in the languages of Europe and of East Asia, as numbers between signs of equality.

    >>> with_numbered_months(pl.Series(["5 Sept 2024", "31 janv. 2024", "05-3月-24", "2024年3月5日"])).to_list()
    ['5 =09= 2024', '31 =01= 2024', '05-=03=-24', '2024年3月5日']
    """
    return _replace_months(texts, lambda month: f"={month:02}=")


def with_english_months(texts: pl.Series) -> pl.Series:
    """Names of months as English shortens them, which is how strftime's %b and %B are read.

    >>> with_english_months(pl.Series(["5 Sept 2024", "31 janvier 2024"])).to_list()
    ['5 Sep 2024', '31 Jan 2024']
    """
    return _replace_months(texts, lambda month: _ENGLISH[month - 1])


def era_of(header: str) -> str:
    """The era that a header says years are counted in, such as 民國; "" where it says none.

    >>> era_of("交易日期(民國)"), era_of("Date (ROC)"), era_of("process date")
    ('民國', 'ROC', '')
    """
    found = re.search(rf"{_REPUBLIC}|\b(?:{_REPUBLIC_IN_LATIN})(?!\w)|{_JAPANESE}", header)
    return found.group() if found else ""


def of_era(text: pl.Expr, era: str) -> pl.Expr:
    """Texts that begin with a year of two or three digits, with its era in front; others as they are."""
    return text.str.replace(_SHORT_YEAR, f"{era}$1")


def _in_western_years(texts: pl.Series) -> pl.Series:
    eras = texts.str.contains(_ERA.pattern).fill_null(False)
    if not eras.any():
        return texts
    return texts.clone().scatter(eras.arg_true(), [_ERA.sub(_western_year, text) for text in texts.filter(eras)])


def _western_year(era: "re.Match[str]") -> str:
    name, first, year, rest = era.groups()
    return f"{_JAPANESE_ERAS.get(name, _BEFORE_THE_REPUBLIC) + (1 if first else int(year))}{rest}"


def _without_weekday(texts: pl.Series) -> pl.Series:
    bare = texts.str.replace(_TIME_INSIDE, "$1 $2").str.replace(_EAST_ASIAN_WEEKDAY, " ").str.replace_all(r"\s+", " ")
    for pattern in _weekday_patterns():
        bare = bare.str.replace(pattern, "$1")
    return bare.str.strip_chars()


def _without_time(texts: pl.Series) -> pl.Series:
    bare = texts.str.replace(_TIME_FIRST, "$1")
    for pattern in (*_TIMES, *_COMPACT_TIMES):
        bare = bare.str.replace(pattern, "$1")
    return bare


def _replace_months(texts: pl.Series, write: Callable[[int], str]) -> pl.Series:
    named = (texts.str.contains(r"\p{L}") & ~texts.str.contains(r"\d\s*[年년]")).fill_null(False)
    bare = texts.filter(named)
    if bare.is_empty():
        return texts
    for month, names in _month_names().items():
        bare = bare.str.replace(rf"(?i)(^|\P{{L}})(?:{_any_of(names)})\.?($|\P{{L}})", f"${{1}}{write(month)}${{2}}")
        bare = bare.str.replace(rf"(^|[^\p{{L}}\d])0?{month}[月월]\s?($|[^\p{{L}}])", f"${{1}}{write(month)}${{2}}")
    return texts.clone().scatter(named.arg_true(), bare)


@cache
def _month_names() -> Mapping[int, frozenset[str]]:
    """Month -> its names, long and short, with their accents and without."""
    names: dict[int, set[str]] = {month: {f"{_CHINESE_MONTHS[month - 1]}月"} for month in range(1, 13)}
    names[9].add("sept")
    for locale in map(Locale.parse, _LOCALES):
        for month, name in _names_of(locale.months):
            names[month] |= {name, _without_accents(name)}
    return {month: frozenset(each) for month, each in names.items()}


@cache
def _weekday_patterns() -> tuple[str, ...]:
    """Patterns of a text with a weekday in front or behind, whose group is the rest."""
    names = {name for locale in map(Locale.parse, _LOCALES) for _, name in _names_of(locale.days)}
    months = frozenset().union(*_month_names().values())
    either, short = names & months, {name for name in names if len(name) < _SHORTEST_NAME}
    plain = _any_of(names - either - short)
    return (
        rf"(?i)^(?:{plain})\.?,?\s+(.*\d.*)$",
        rf"(?i)^(?:{_any_of(short)})[.,]+\s*(\d.*)$",
        # mar. 31 janv. 2024 is a Tuesday, mar 31 2024 a day in March.
        rf"(?i)^(?:{_any_of(either)})\.?,?\s+(\d{{1,2}}\.?\s+(?:de\s+)?\p{{L}}.*)$",
        rf"(?i)^(.*\d)[,\s(]+(?:{_any_of(names - either)})\.?\)?$",
    )


def _names_of(table: Mapping[str, Mapping[str, Mapping[int, str]]]) -> Iterator[tuple[int, str]]:
    """Number and name of each month or weekday that a locale has, alone and inside a date."""
    for use in ("format", "stand-alone"):
        for width in ("wide", "abbreviated"):
            yield from ((number, name.strip(". ").lower()) for number, name in table[use][width].items())


def _any_of(names: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, names), key=len, reverse=True))


def _without_accents(name: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFD", name) if not unicodedata.combining(letter))
