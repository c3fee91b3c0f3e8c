"""A day is read from whatever else its text says, in whatever language its month is named."""

from datetime import date

import polars as pl
import pytest
from babel.dates import format_date

from clvlab.errors import ParamsError, UnsettledError
from clvlab.sources.dates import day_of_number, found_formats, given_format, moment_of_number
from clvlab.sources.zones import check_zone

DAY = date(2024, 1, 31)


def days_of(*texts, date_format=None):
    frame = pl.LazyFrame({"text": texts}, schema={"text": pl.String})
    reader = given_format(date_format) if date_format else found_formats(frame, "text", "Column 'when'")
    return frame.select(reader.days(pl.col("text"))).collect().to_series().to_list()


WRITTEN = """
2024年1月31号|2024年1月31日10:30|2024年1月31日10时30分20秒|2024年01月31日 下午10:30
2024年1月31日星期三|2024年1月31日 星期三 10:30|周三 2024/1/31|2024年1月31日(水)|2024年1月31日水曜日|2024년 1월 31일
2024년 1월 31일 수요일|２０２４年１月３１日|２０２４－０１－３１
２０２４／１／３１　１０：３０|2024. 1. 31.|24年1月31日|31-1月 -24|31-1月-2024|31-一月-2024
31-JAN-24|31-JAN-2024|31-JAN-24 10.30.00.000000 AM|31JAN2024|31JAN24|20240131T103000Z|20240131T1030|20240131 103000
2024013110|202401311030|2024-01-31T10|2024-01-31-10.30.00.000000|2024-01-31T10:30:00.123456789+0800
Wed Jan 31 10:30:00 CST 2024|Wed Jan 31 10:30:00 2024|Wed Jan 31 2024 10:30:00 GMT+0800 (China Standard Time)
Wed, 31 Jan 2024 10:30:00 +0000|2024-01-31 10:30:00 UTC|2024-1-31 0:00:00
Wednesday, January 31, 2024|Wednesday 31 January 2024|Wed 31/01/2024|2024-01-31 Wed|2024-01-31 (Wed)
January 31st, 2024|31st January 2024|the 31st of January 2024|Jan 31 '24|2024 Jan 31|2024-Jan-31
31.Jan.2024|31/Jan/2024|31/ 1/2024|8:30 31/01/2024|31/01/2024 at 10:30|31.01.2024 10.30
31.01.2024 10.30 Uhr|Jan 31, 2024 6 PM|31/01/2024 8.26 PM|2024-01-31 10h30| 2024-01-31\u200b
31. Januar 2024|31. Jänner 2024|Mi, 31.01.2024|Mi., 31. Jan. 2024|Mittwoch, den 31. Januar 2024|31 janvier 2024
mer. 31 janv. 2024|mercredi 31 janvier 2024|31 de enero de 2024|miércoles, 31 ene 2024|31 de janeiro de 2024
31 gennaio 2024|31 januari 2024|31 stycznia 2024|31 ledna 2024|31 января 2024|31 января 2024 г.|31 Ocak 2024
2024. január 31.|31 ianuarie 2024|31/Jan/2024:10:30:00 +0800|31/Jan/2024:10:30:00
"""


@pytest.mark.parametrize("text", WRITTEN.strip("\n").replace("\n", "|").split("|"))
def test_one_day_in_still_more_hands(text):
    assert days_of(text) == [DAY]


@pytest.mark.parametrize(
    "locale",
    ["en_GB", "en_US", "en_AU", "en_CA", "de_DE", "de_AT", "fr_FR", "fr_CA", "es_ES", "es_MX", "pt_BR", "it_IT",
     "nl_NL", "sv_SE", "nb_NO", "da_DK", "fi_FI", "pl_PL", "cs_CZ", "ru_RU", "tr_TR", "zh_CN", "ja_JP", "ko_KR"],
)  # fmt: skip
@pytest.mark.parametrize("style", ["long", "full", "medium"])
def test_every_month_is_read_as_a_locale_writes_it(locale, style):
    days = [date(2024, month, 17) for month in range(1, 13)]
    assert days_of(*(format_date(day, style, locale=locale) for day in days)) == days


@pytest.mark.parametrize("name", ["Sep", "Sept", "Sept.", "SEPT", "September", "sept"])
def test_september_however_it_is_shortened(name):
    assert days_of(f"5 {name} 2024", f"{name} 5, 2024", f"5-{name}-24") == [date(2024, 9, 5)] * 3


def test_a_day_of_the_week_is_not_taken_for_a_month():
    assert days_of("mar. 30 janv. 2024", "mar 5 2024", "mar. 5 mars 2024") == [
        date(2024, 1, 30),
        date(2024, 3, 5),
        date(2024, 3, 5),
    ]


@pytest.mark.parametrize(
    "text",
    ["31 Foo 2024", "listopada", "32 Jan 2024", "30 February 2024", "2024年13月1日", "24-7", "10:30", "Wednesday",
     "1月31日", "2024-01-31x", "170657280", "31 Jan", "Jan 2024", "99991231T10"],
)  # fmt: skip
def test_what_says_no_day_is_null(text):
    assert days_of(text) == [None]


def test_the_formats_are_told_as_they_would_be_set():
    frame = pl.LazyFrame({"text": ["31-JAN-24", "31 janv. 2024", "2024年1月31日", "13/01/2024"]})
    formats = found_formats(frame, "text", "Column 'when'").formats
    assert formats == ("%Y-%m-%d", "%d/%m/%Y", "%d %B %Y", "%d %B %y")


def test_full_width_digits_settle_the_order_too():
    assert days_of("１３/１/２０２４", "01/02/2024") == [date(2024, 1, 13), date(2024, 2, 1)]
    with pytest.raises(UnsettledError, match="order of day and month, as in '1/2/2024'"):
        days_of("１/２/２０２４")


@pytest.mark.parametrize(
    ("date_format", "text", "expected"),
    [
        ("%d %b %Y", "31 janv. 2024", DAY),
        ("%d-%b-%y", "05-SEPT-24", date(2024, 9, 5)),
        ("%d/%m/%Y", "３１/０１/２０２４", DAY),
        ("%d/%m/%Y", "Wed 31/01/2024 10:30", DAY),
        ("%a %d/%m/%Y", "Wed 31/01/2024", DAY),
        ("%Y-%m-%dT%H:%M:%S%z", "2024-01-31T01:30:00+0800", DAY),
        ("%Y-%m-%d %H:%M:%S %Z", "2024-01-31 23:30:00 PST", DAY),
        ("%m/%d/%Y %I:%M %p", "1/31/2024 6:55 PM", DAY),
        ("%d/%m/%Y", "31 Jan 2024", None),
    ],
)
def test_a_given_format_reads_what_is_written_in_it(date_format, text, expected):
    assert days_of(text, date_format=date_format) == [expected]


@pytest.mark.parametrize(
    ("date_format", "number", "expected"),
    [
        ("%d%m%Y", 31012024, DAY),
        ("%d%m%Y", 1022024, date(2024, 2, 1)),
        ("%y%m%d", 240131, DAY),
        ("%y%m%d", 10131, date(2001, 1, 31)),
        ("%Y%m%d", 20240131, DAY),
        ("%Y%j", 2024031, DAY),
        ("%d%m%Y", 31012024.5, None),
        ("%d%m%Y", 45322, None),
    ],
)
def test_a_given_format_of_digits_reads_numbers(date_format, number, expected):
    frame = pl.DataFrame({"n": [float(number)]})
    assert frame.select(given_format(date_format).days_of_numbers(pl.col("n"))).item() == expected


@pytest.mark.parametrize("date_format", ["%d/%m/%Y", "%d %b %Y", "%Y%m%d %H", "%s"])
def test_a_format_with_other_signs_does_not_read_numbers(date_format):
    assert given_format(date_format).days_of_numbers(pl.col("n")) is None


@pytest.mark.parametrize(
    ("number", "expected"),
    [(20240131, DAY), (202401311030, DAY), (20240131103059, DAY), (45322, DAY), (20241331, None), (1706659200, None)],
)
def test_numbers_that_are_written_days(number, expected):
    frame = pl.DataFrame({"n": [float(number)]})
    assert frame.select(day_of_number(pl.col("n"))).item() == expected


@pytest.mark.parametrize("per_second", [1, 10**3, 10**6, 10**9])
@pytest.mark.parametrize("second", [315532800, 1706659200, 4102444800])
def test_moments_are_told_by_their_size(second, per_second):
    frame = pl.DataFrame({"n": [float(second * per_second)]})
    assert frame.select(moment_of_number(pl.col("n")).dt.epoch("s")).item() == second


@pytest.mark.parametrize("number", [0, 45322, 20240131, 99999999, 1e12 * 50, -1706659200, 1e20, float("inf")])
def test_other_numbers_are_not_moments(number):
    frame = pl.DataFrame({"n": [float(number)]})
    assert frame.select(moment_of_number(pl.col("n"))).item() is None


def test_seconds_on_demand_are_any_number():
    frame = pl.DataFrame({"n": [0.0, -86400.0, 1e15]})
    days = frame.select(moment_of_number(pl.col("n"), seconds=True).dt.date()).to_series().to_list()
    assert days == [date(1970, 1, 1), date(1969, 12, 31), None]


@pytest.mark.parametrize("zone", ["Asia/Peking", "", "CST+8", "../etc/passwd", "a\0b"])
def test_a_zone_that_is_not_there_is_refused(zone):
    with pytest.raises(ParamsError, match=r"which is not a time zone. Write its name, such as 'Asia/Shanghai'"):
        check_zone(zone)
