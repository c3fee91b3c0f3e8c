from datetime import date

import polars as pl
import pytest

from clvlab.errors import DataError
from clvlab.sources.texts import as_text, spelled_apart


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (["00001", " 7 ", "nan", "NaN", "None", "", "  ", None, "N/A", "<NA>"], ["00001", "7"] + [None] * 8),
        ([7, 8, None], ["7", "8", None]),
        ([7.0, 7.5, float("nan"), None], ["7", "7.5", None, None]),
        ([True, None], ["true", None]),
        ([date(2024, 1, 31)], ["2024-01-31"]),
        (["=cmd|' /C calc'!A0", "\u202e‮x", "🙂"], ["=cmd|' /C calc'!A0", "\u202e‮x", "🙂"]),
    ],
)
def test_any_column_as_text(values, texts):
    frame = pl.DataFrame({"v": values})
    assert frame.select(as_text("v", frame.schema["v"], "The frame")).to_series().to_list() == texts


@pytest.mark.parametrize("dtype", [pl.List(pl.Int64), pl.Binary(), pl.Struct({"a": pl.Int64})])
def test_what_is_no_text_is_refused_by_name(dtype):
    with pytest.raises(DataError, match=r"Column 'v' of The frame holds .*Text, numbers or dates are expected"):
        as_text("v", dtype, "The frame")


def test_ids_that_may_be_one_customers():
    assert spelled_apart(pl.Series(["7", "007", "7.0", "8", "0", "00", "a7", "a07"])) == [
        ("0", "00"),
        ("007", "7", "7.0"),
    ]
    assert spelled_apart(pl.Series(["0001", "0002", "10", "x.1"])) == []
