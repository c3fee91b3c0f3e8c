"""Days of a log: moments and time zones, days that a spreadsheet has turned round, dates that look like slips."""

import warnings
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import polars as pl
import pytest
import xlsxwriter

import clvlab as cl
from clvlab.errors import ClvlabWarning, DataError, ParamsError, UnsettledError
from clvlab.transactions import doubts

LATE = datetime(2024, 1, 31, 16, 30, tzinfo=UTC)  # half past midnight of the next day in China


def read(dates, **settings):
    """The days of a log, and the codes of the warnings that came with it."""
    frame = pd.DataFrame({"customer_id": "a", "date": dates, "amount": 1.0})
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        log = cl.read_transactions(frame, **settings)
    return log.data["date"].to_list(), [each.message.code for each in said]


@pytest.mark.parametrize(
    "text",
    [
        "٢٠٢٤/٠١/٣١", "۲۰۲۴-۰۱-۳۱ ۱۰:۳۰", "२०२४-०१-३१", "民國113年1月31日", "中華民國113年1月31日 上午10:30",
        "民国 113-1-31", "ROC 113/01/31", "民國1130131", "令和6年1月31日", "平成36/1/31", "2024-W05-3", "2024W053",
        "2024-W05-3T10:30",
    ],
)  # fmt: skip
def test_days_in_other_digits_eras_and_weeks(text):
    assert read([text]) == ([date(2024, 1, 31)], [])


def test_the_first_year_of_an_era_has_a_word():
    assert read(["民國元年1月31日", "令和元年5月1日"]) == ([date(1912, 1, 31), date(2019, 5, 1)], [])


@pytest.mark.parametrize("header", ["日期(民國)", "Date (ROC)", "民国日期"])
def test_years_are_counted_as_the_header_says(header):
    frame = pl.DataFrame({"customer_id": "a", header: ["113/01/31", "99.12.1", "1130201", "2024-02-02"]})
    log = cl.read_transactions(frame, {"date": header})
    assert log.data["date"].to_list() == [date(2024, 1, 31), date(2010, 12, 1), date(2024, 2, 1), date(2024, 2, 2)]


def test_years_are_counted_as_the_format_says_and_otherwise_not():
    given = read(["113/01/31", "民國99/12/1"], date_format="民國%Y/%m/%d")
    assert given == ([date(2024, 1, 31), date(2010, 12, 1)], [])
    with pytest.raises(DataError, match="cannot be read"):
        read(["113/01/31"])


def test_a_week_without_a_day_is_its_monday_and_that_is_said():
    assert read(["2024-W05", "2024-W06-7"]) == ([date(2024, 1, 29), date(2024, 2, 11)], ["weeks_for_days"])
    assert read(["2024-W05-1", "2024-W53-1"]) == ([date(2024, 1, 29)], [])


def seconds(*moments):
    return [int(moment.timestamp()) for moment in moments]


@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize("per_second", [1, 10**3, 10**6, 10**9])
def test_seconds_since_1970_are_days_of_utc_and_that_is_said(per_second, as_text):
    numbers = [second * per_second for second in seconds(LATE, LATE + timedelta(hours=9))]
    dates = [str(number) for number in numbers] if as_text else numbers
    assert read(dates) == ([date(2024, 1, 31), date(2024, 2, 1)], ["counted_in_utc"])
    assert read(dates, time_zone="Asia/Shanghai") == ([date(2024, 2, 1)] * 2, [])
    assert read(dates, time_zone="America/New_York") == ([date(2024, 1, 31)] * 2, [])


def test_midnights_of_utc_need_no_word():
    assert read(seconds(datetime(2024, 1, 30, tzinfo=UTC))) == ([date(2024, 1, 30)], [])


@pytest.mark.parametrize(("hour", "day"), [(16, 1), (5, 31), (22, 1)])
def test_midnights_of_another_place_are_its_days(hour, day):
    moments = [datetime(2024, 1, 31, hour, tzinfo=UTC) + timedelta(days=week) for week in (0, 7, 14)]
    days, said = read(seconds(*moments))
    first = date(2024, 1, 31) + timedelta(days=day == 1)
    assert days == [first + timedelta(days=week) for week in (0, 7, 14)]
    assert said == ["counted_elsewhere"]


def test_midnights_of_a_place_with_summer_time_are_its_days():
    moments = [
        datetime(2024, 1, 31, 23, tzinfo=UTC),
        datetime(2024, 7, 31, 22, tzinfo=UTC),
        datetime(2024, 8, 1, 22, tzinfo=UTC),
    ]
    assert read(seconds(*moments))[0] == [date(2024, 2, 1), date(2024, 8, 1), date(2024, 8, 2)]


def test_a_given_format_of_seconds_reads_any_number():
    assert read([0, 86400], date_format="%s")[0] == [date(1970, 1, 1), date(1970, 1, 2)]
    assert read(["0", "86400"], date_format="%s")[0] == [date(1970, 1, 1), date(1970, 1, 2)]


@pytest.mark.parametrize(
    "dates",
    [
        ["2024-01-31T16:30:00Z"],
        ["2024-01-31 16:30"],
        ["2024-02-01T00:30:00+08:00"],
        ["2024-01-31 11:30:00 -0500"],
        ["Jan 31, 2024 4:30 PM"],
        ["2024年1月31日 下午4:30"],
        [LATE],
        [LATE.replace(tzinfo=None)],
        pd.Series([LATE, "x"], dtype=object).head(1),
    ],
)
def test_moments_count_on_the_days_of_the_zone(dates):
    assert read(dates, time_zone="Asia/Shanghai")[0] == [date(2024, 2, 1)]
    assert read(dates, time_zone="America/New_York")[0] == [date(2024, 1, 31)]


@pytest.mark.parametrize(
    "dates",
    [
        ["2024-01-31", "2024-02-01"],
        [datetime(2024, 1, 31), datetime(2024, 2, 1)],
        ["2024-01-31 00:00:00", "2024-02-01 00:00:00"],
        [date(2024, 1, 31), date(2024, 2, 1)],
        [45322, 45323],
    ],
)
@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Shanghai"])
def test_days_without_a_time_are_left_alone(dates, zone):
    assert read(dates, time_zone=zone)[0] == [date(2024, 1, 31), date(2024, 2, 1)]


def test_a_day_among_moments_is_left_alone():
    assert read(["2024-01-31T16:30Z", "2024-01-31"], time_zone="Asia/Shanghai")[0] == [
        date(2024, 2, 1),
        date(2024, 1, 31),
    ]


def test_without_a_zone_a_day_is_the_one_that_is_written():
    assert read(["2024-01-31T23:30:00-08:00"]) == ([date(2024, 1, 31)], [])


def test_a_zone_that_is_not_there_is_refused_before_work_starts():
    with pytest.raises(ParamsError, match="time_zone is 'Beijing', which is not a time zone"):
        cl.read_transactions("none.csv", time_zone="Beijing")


DAYS = [date(2024, 1, 1) + timedelta(days=k) for k in range(120)]


def turned_sheet(folder, days=DAYS):
    """What a spreadsheet with American settings makes of 04/01/2024: a date in April; of 13/01/2024: nothing."""
    path = folder / "orders.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet, as_date = book.add_worksheet(), book.add_format({"num_format": "m/d/yyyy"})
    sheet.write_row(0, 0, ["customer_id", "date", "amount"])
    for row, day in enumerate(days, start=1):
        sheet.write(row, 0, "a")
        sheet.write(row, 2, 1)
        if day.day <= 12:
            sheet.write_datetime(row, 1, datetime(day.year, day.day, day.month), as_date)
        else:
            sheet.write_string(row, 1, day.strftime("%d/%m/%Y"))
    book.close()
    return path


def test_days_that_a_spreadsheet_has_turned_round_are_asked_about(tmp_path):
    path = turned_sheet(tmp_path)
    with pytest.raises(UnsettledError, match=r"all 48 days that are dates .* all 72 that are texts") as caught:
        cl.read_transactions(path)
    assert (caught.value.key, caught.value.choices) == ("date_cells", ("swap", "keep"))
    assert cl.read_transactions(path, date_cells="swap").data["date"].to_list() == DAYS
    kept = cl.read_transactions(path, date_cells="keep").data["date"]
    assert (kept.min(), kept.max()) == (date(2024, 1, 1), date(2024, 12, 4))


def test_a_text_file_made_of_such_a_sheet_is_asked_about_as_well(tmp_path):
    path = tmp_path / "orders.csv"
    texts = [f"2024-{d.day:02}-{d.month:02} 00:00:00" if d.day <= 12 else f"{d:%d/%m/%Y}" for d in DAYS]
    path.write_text("customer_id,date,amount\n" + "".join(f"a,{text},1\n" for text in texts))
    with pytest.raises(UnsettledError, match="turned round"):
        cl.read_transactions(path)
    assert cl.read_transactions(path, date_cells="swap").data["date"].to_list() == DAYS


@pytest.mark.parametrize(
    "dates",
    [
        [datetime(2024, 1, 5), "13/01/2024"],
        [*(datetime(2024, 1, day) for day in range(1, 13)), *(f"{day}/01/2024" for day in range(5, 20))],
        [*(datetime(2024, 1, day) for day in range(5, 20)), *(f"{day}/01/2024" for day in range(13, 30))],
        [datetime(2024, month, 1) for month in range(1, 13)],
        [*(datetime(2024, month, 1) for month in range(1, 13)), *(f"{day} Jan 2024" for day in range(13, 30))],
    ],
)
def test_dates_and_texts_that_are_not_turned_are_read(dates):
    days, said = read(pd.Series(dates, dtype=object))
    assert (len(days), said) == (len(dates), [])


def test_a_wrong_choice_is_told():
    with pytest.raises(ParamsError, match=r"date_cells is 'yes'. Choose one of 'swap', 'keep'"):
        cl.read_transactions("none.csv", date_cells="yes")


MONTH = [date(2024, 1, 1) + timedelta(days=k) for k in range(31)]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ([], []),
        ([date.today() + timedelta(days=2)], ["dates_after_today"]),
        ([date(2042, 3, 5)], ["dates_after_today"]),
        ([date(2024, 9, 1)], ["lone_last_day"]),
        ([date(2024, 9, 1), date(2024, 9, 1), date(2024, 9, 4)], ["lone_last_day"]),
        ([date(2024, 9, 1)] * 4, []),
        ([date(2024, 3, 1)], []),
        ([date(1970, 1, 1)], ["lone_first_day"]),
        ([date(1970, 1, 1), date(2024, 9, 1)], ["lone_first_day"]),
        ([date(2023, 9, 1), date(2024, 9, 1)], []),
    ],
)
def test_dates_that_look_like_slips_are_warned_of(more, said):
    days, codes = read([*MONTH, *more])
    assert (len(days), codes) == (31 + len(more), said)


def test_a_short_log_has_no_lone_days():
    assert read([date(2020, 1, 1), date(2022, 1, 1), date(2022, 1, 2)])[1] == []


def test_what_a_slip_of_a_date_is_said_to_be():
    frame = pd.DataFrame({"customer_id": "a", "date": [*MONTH, date(2042, 3, 5)], "amount": 1.0})
    with pytest.warns(ClvlabWarning, match=r"dates after today \(rows: 1\), the last one 5 March 2042"):
        cl.read_transactions(frame)
    frame = pd.DataFrame({"customer_id": "a", "date": [*MONTH, date(2024, 9, 1)], "amount": 1.0})
    with pytest.warns(ClvlabWarning, match=r"ends on 1 September 2024 \(rows: 1\), 214 days after all others"):
        cl.read_transactions(frame)


@pytest.mark.parametrize(
    ("more", "last"),
    [
        ([], date(2024, 1, 31)),
        ([date(2042, 3, 5)], date(2024, 1, 31)),
        ([date(2024, 9, 1), date(2024, 9, 3), date(2042, 3, 5)], date(2024, 1, 31)),
        ([date(2024, 3, 5)], date(2024, 3, 5)),
    ],
)
def test_a_slip_is_not_the_last_day_that_counts(more, last):
    counts = pl.DataFrame({"date": [*MONTH, *more]}).lazy()
    assert doubts.last_settled_day(counts) == last
    coming = [date(2098, 1, 1), date(2098, 1, 2)]
    assert doubts.last_settled_day(pl.LazyFrame({"date": coming})) == coming[-1]


def test_rows_that_are_refused_are_not_slips():
    frame = pd.DataFrame({"customer_id": ["a"] * 31 + [None], "date": [*MONTH, date(2042, 3, 5)], "amount": 1.0})
    assert cl.read_transactions(frame).data.height == 31


def test_lone_days_are_looked_for_in_order():
    counts = pl.DataFrame({"day": MONTH, "rows": [1] * 31})
    assert doubts._lone_end(counts) is None
