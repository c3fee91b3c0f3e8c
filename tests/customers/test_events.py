"""The dated table of what is known in advance, as it is read, and what cannot be one."""

from datetime import date

import polars as pl
import pytest

from clvlab.customers.events import read_events
from clvlab.errors import DataError, MissingColumnsError, ParamsError

ROWS = [
    ("spring_festival", date(2024, 2, 10), date(2024, 2, 17)),
    ("singles_day", date(2024, 11, 11), date(2024, 11, 11)),
]
TEXT = "event,first_day,last_day\nsingles_day,2024-11-11,\nspring_festival, 2024-02-10 ,2024-02-17\n"


def test_a_file_a_frame_and_a_list_say_the_same(tmp_path):
    path = tmp_path / "events.csv"
    path.write_text(TEXT, encoding="utf-8")
    frame = pl.DataFrame(ROWS, schema=["event", "first_day", "last_day"], orient="row")
    listed = [{"event": "singles_day", "first_day": "2024-11-11"}, dict(zip(frame.columns, ROWS[0], strict=True))]
    for source in (path, str(path), frame, frame.to_pandas(), listed):
        assert read_events(source).rows() == ROWS


@pytest.mark.parametrize("nothing", [None, [], ()])
def test_no_events_are_an_empty_table(nothing):
    assert read_events(nothing).rows() == []
    assert read_events(nothing).schema == read_events([{"event": "x", "first_day": "2024-01-01"}]).schema


@pytest.mark.parametrize(
    ("row", "error", "message"),
    [
        ({"event": "x"}, MissingColumnsError, "no column 'first_day'. Columns found: 'event'. It has the columns"),
        ({"event": " ", "first_day": "2024-01-01"}, DataError, "row 1: there is no name"),
        ({"event": "x", "first_day": "soon"}, ParamsError, "first_day of the event 'x', row 1, is 'soon'"),
        ({"event": "x", "first_day": "2024-01-02", "last_day": date(2024, 1, 1)}, DataError, "before it begins"),
    ],
)
def test_what_cannot_be_an_event_is_named(row, error, message):
    with pytest.raises(error, match=message):
        read_events([row])
