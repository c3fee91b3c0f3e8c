"""Any table with any subset of corruptions yields an account that adds up, or an error of ours."""

import csv
import io

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.transactions.corruption import ENCODINGS, OPTIONS, check_account, frames, text_rows

EXAMPLES = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(frame=frames(), options=OPTIONS)
@EXAMPLES
def test_frames(frame, options):
    check_account(frame, rows=frame.height, **options)


@given(frame=frames(), options=OPTIONS)
@settings(EXAMPLES, max_examples=25)
def test_pandas_frames(frame, options):
    check_account(frame.to_pandas(), rows=frame.height, **options)


@given(rows=text_rows(), options=OPTIONS, encoding=st.sampled_from(ENCODINGS), separator=st.sampled_from(",;\t|"))
@EXAMPLES
def test_text_files(tmp_path, rows, options, encoding, separator):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator="\n")
    writer.writerows([("customer_id", "date", "amount"), *rows])
    path = tmp_path / "log.csv"
    path.write_bytes(text.getvalue().encode(encoding))
    check_account(path, rows=len(rows), encoding=encoding, **options)
    check_account(path, **options)


@given(
    rows=text_rows(), options=OPTIONS, damage=st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=3)), max_size=3)
)
@EXAMPLES
def test_damaged_text_files(tmp_path, rows, options, damage):
    frame = pl.DataFrame(rows, schema=dict.fromkeys(["customer_id", "date", "amount"], pl.String), orient="row")
    content = bytearray(frame.write_csv().encode())
    for where, what in damage:
        at = int(where * len(content))
        content[at : at + 1] = what
    path = tmp_path / "log.csv"
    path.write_bytes(content)
    check_account(path, **options)


@pytest.fixture(scope="module")
def untried():
    """Spares sound Parquet files the process of a trial, which `test_hostile_files.py` tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("clvlab.sources.files.check_parquet", lambda *_: None)
        yield


@given(tables=st.lists(frames(), min_size=2, max_size=3), options=OPTIONS)
@settings(EXAMPLES, max_examples=20)
@pytest.mark.usefixtures("untried")
def test_several_files_of_different_types(tmp_path, tables, options):
    for number, table in enumerate(tables):
        table.write_parquet(tmp_path / f"{number}.parquet")
    for number in range(len(tables), 3):
        (tmp_path / f"{number}.parquet").unlink(missing_ok=True)
    check_account(str(tmp_path / "*.parquet"), rows=sum(table.height for table in tables), **options)
