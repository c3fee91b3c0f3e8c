from datetime import date

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from clvlab.errors import DataError, ParamsError
from clvlab.sources import open_source

COLUMNS = {"id": ["a", "b"], "amount": [1.5, None]}


def own(source):
    [table] = open_source(source)
    return table.rows.select(table.columns).collect()


@pytest.mark.parametrize(
    "source",
    [
        pl.DataFrame(COLUMNS),
        pl.LazyFrame(COLUMNS),
        pd.DataFrame(COLUMNS, index=[7, 7]),
        pa.table(COLUMNS),
        pa.table(COLUMNS).to_batches()[0],
        pa.RecordBatchReader.from_batches(pa.table(COLUMNS).schema, pa.table(COLUMNS).to_batches()),
    ],
    ids=["polars", "lazy", "pandas", "arrow", "batch", "stream"],
)
def test_frames_of_every_house_are_read_alike(source):
    assert own(source).equals(pl.DataFrame(COLUMNS))


def test_columns_of_mixed_objects_become_text():
    mixed = [7, "7", 7.0, None, float("nan"), pd.NA, pd.NaT, date(2024, 1, 31)]
    expected = ["7", "7", "7", None, None, None, None, "2024-01-31"]
    assert own(pd.DataFrame({"x": pd.Series(mixed, dtype=object)}))["x"].to_list() == expected
    assert own(pl.DataFrame({"x": pl.Series(mixed, dtype=pl.Object)}))["x"].to_list() == expected


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(["a", "b"], dtype="category"),
        pd.Series([1, None], dtype="Int64"),
        pd.period_range("2024-01-01", periods=2).to_series(),
        pd.interval_range(0, 2).to_series(),
        pd.Series([1 + 2j, 0j]),
        pd.Series([2**70, 1], dtype=object),
        pd.Series(pd.timedelta_range("1 day", periods=2)),
        pd.Series([[1], [2]]),
    ],
    ids=lambda column: str(column.dtype),
)
def test_every_pandas_type_gets_in(column):
    assert own(pd.DataFrame({"x": column.to_numpy() if column.dtype == object else column.array})).height == 2


def test_columns_of_the_same_name_are_told_apart():
    [table] = open_source(pd.DataFrame([[1, 2, 3]], columns=["x", "y", "x"]))
    assert own(pd.DataFrame([[1, 2, 3]], columns=["x", "y", "x"])).rows() == [(1, 2, 3)]
    assert (table.columns, table.facts["repeated"]) == (["x (1)", "y", "x (3)"], ["x"])


def test_names_that_are_no_text_become_text():
    assert own(pd.DataFrame([[1, 2]], columns=[0, ("a", 1)])).columns == ["0", "('a', 1)"]


def test_an_index_with_names_is_columns():
    frame = pd.DataFrame({"id": ["007", "b"], "day": ["2024-01-31", "2024-02-01"], "amount": [1.5, 2.0]})
    assert own(frame.set_index("id")).equals(pl.DataFrame(frame))
    assert own(frame.set_index(["id", "day"])).equals(pl.DataFrame(frame))
    assert own(frame.set_index("id", drop=False)).equals(pl.DataFrame(frame))
    assert own(frame.set_index("id").set_index(pd.RangeIndex(2), append=True)).equals(pl.DataFrame(frame))


@pytest.mark.parametrize("source", [None, 7, {"id": [1]}, pl.Series([1]), pd.Series([1])])
def test_what_is_no_frame_is_refused_by_its_type(source):
    with pytest.raises(ParamsError, match=f"of type {type(source).__name__}. Give a path or glob, or a pandas"):
        open_source(source)


def test_a_frame_without_columns_is_empty():
    with pytest.raises(DataError, match="The frame is empty"):
        open_source(pl.DataFrame())


def test_our_prefix_is_taken():
    with pytest.raises(DataError, match=r"a column 'clvlab\.row'. Rename it"):
        open_source(pl.DataFrame({"clvlab.row": [1]}))
