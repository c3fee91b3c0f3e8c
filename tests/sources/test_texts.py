from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clvlab.errors import DataError
from clvlab.sources import texts as read_texts
from clvlab.sources.texts import MISSING, as_text, is_text, missing_to_null, spelled_apart


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
    with pytest.raises(DataError, match=r"Column 'v' of the frame holds .*Text, numbers or dates are expected"):
        as_text("v", dtype, "The frame")


def test_ids_that_may_be_one_customers():
    assert spelled_apart(pl.Series(["7", "007", "7.0", "8", "0", "00", "a7", "a07"])) == [
        ("0", "00"),
        ("007", "7", "7.0"),
    ]
    assert spelled_apart(pl.Series(["0001", "0002", "10", "x.1"])) == []


@pytest.mark.parametrize("word", MISSING)
def test_words_for_nothing_are_null_in_any_case_and_with_blanks_around_them(word):
    frame = pl.DataFrame({"v": [word, word.upper(), f"  {word.title()} "]})
    assert frame.select(missing_to_null(pl.col("v"))).to_series().to_list() == [None] * 3


@pytest.mark.parametrize("text", ["0", "nano", "none of it", "无锡", "NA7"])
def test_other_texts_stay(text):
    assert pl.DataFrame({"v": [text]}).select(missing_to_null(pl.col("v"))).item() == text


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-(2**53) + 1, 2**53 - 1), max_size=10))
def test_whole_numbers_read_alike_whether_a_blank_has_made_them_floats_or_not(numbers):
    as_ints = pl.DataFrame({"v": pl.Series(numbers, dtype=pl.Int64)})
    as_floats = pl.DataFrame({"v": pl.Series([*numbers, None], dtype=pl.Float64)})
    texts = as_ints.select(as_text("v", pl.Int64(), "t")).to_series().to_list()
    assert texts == list(map(str, numbers))
    assert as_floats.select(as_text("v", pl.Float64(), "t")).to_series().to_list() == [*texts, None]


@pytest.mark.parametrize(("number", "text"), [(0.1, "0.1"), (-2.5, "-2.5"), (-0.0, "0"), (float("inf"), "inf")])
def test_other_floats_are_written_in_full(number, text):
    assert pl.DataFrame({"v": [number]}).select(as_text("v", pl.Float64(), "t")).item() == text


@pytest.mark.parametrize("dtype", [pl.Categorical(), pl.Enum(["a", "b"]), pl.String()])
def test_categories_are_texts(dtype):
    assert is_text(dtype)
    assert pl.Series("v", ["a", "b"], dtype=dtype).to_frame().select(as_text("v", dtype, "t")).rows() == [
        ("a",),
        ("b",),
    ]


@pytest.mark.parametrize("dtype", [pl.Int64(), pl.Float64(), pl.Date(), pl.Boolean(), pl.Null()])
def test_numbers_and_days_are_not_texts(dtype):
    assert not is_text(dtype)


def test_ids_spelled_apart_are_told_three_at_a_time_unless_more_are_asked_for():
    ids = pl.Series([f"{zero}{n}" for n in range(1, 6) for zero in ("", "0")])
    assert spelled_apart(ids) == [("01", "1"), ("02", "2"), ("03", "3")]
    assert len(spelled_apart(ids, limit=9)) == 5


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(["1", "01", "001", "1.0", "2", "02", "x", "0x"]), max_size=8), st.randoms())
def test_neither_order_nor_repetition_of_ids_matters(ids, random):
    shuffled = random.sample(ids, len(ids)) + ids[:2]
    assert spelled_apart(pl.Series(ids, dtype=pl.String)) == spelled_apart(pl.Series(shuffled, dtype=pl.String))


@given(ids=st.lists(st.from_regex(r"[0-9AB]{1,4}|[0-9ab]{1,4}", fullmatch=True), unique=True, min_size=1))
def test_ids_that_can_only_differ_in_what_counts_are_never_spelled_apart(ids):
    series = pl.Series(ids)
    if read_texts._are_of_one_kind(series):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(read_texts, "_are_of_one_kind", lambda _: False)
            assert spelled_apart(series) == []
