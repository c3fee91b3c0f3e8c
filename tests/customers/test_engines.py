"""The same log gives the same customers, to the last bit, in whatever it is held."""

from datetime import date

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import clvlab as cl
from clvlab.scratch import scratch_file

COLUMNS = {"customer_id": pl.String, "date": pl.Date, "amount": pl.Float64, "order_id": pl.String}
DAYS = st.dates(date(2023, 1, 1), date(2023, 12, 31))
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["a", "007", "客户", "guest", "", None]),
        st.one_of(DAYS, st.none()),
        st.one_of(st.integers(-500, 5000).map(lambda cents: cents / 100), st.none(), st.just(float("nan"))),
        st.sampled_from(["1", "2", None]),
    ),
    min_size=1,
    max_size=30,
)


def parquet(frame, folder):
    frame.write_parquet(folder / "log.parquet")
    return folder / "log.parquet"


def csv(frame, folder):
    # A text has no NaN and no way to tell an empty text from nothing: both are missing, as they are in all forms.
    frame.write_csv(folder / "log.csv")
    return folder / "log.csv"


FORMS = {
    "pandas": lambda frame, _: frame.to_pandas(),
    "lazy": lambda frame, _: frame.lazy(),
    "arrow": lambda frame, _: frame.to_arrow(),
    "duckdb": lambda frame, _: duckdb.connect().from_arrow(frame.to_arrow()),
    "parquet": parquet,
    "csv": csv,
}


@pytest.mark.filterwarnings("ignore::clvlab.errors.ClvlabWarning")
@pytest.mark.parametrize("form", FORMS)
@given(rows=ROWS)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_customers_do_not_depend_on_what_holds_the_log(tmp_path, form, rows):
    known = ("sure", date(2023, 6, 30), 10.0, "0")
    frame = pl.DataFrame([known, *rows], schema=COLUMNS, orient="row")
    plain, other = (cl.read_transactions(source) for source in (frame, FORMS[form](frame, tmp_path)))
    assert other.quality.equals(plain.quality)
    for cutoff in ("2023-06-30", "2023-12-31"):
        assert cl.summarise_customers(other, cutoff).data.equals(cl.summarise_customers(plain, cutoff).data)


def test_a_relation_of_a_database_keeps_its_moments_and_decimals():
    relation = duckdb.connect().sql(
        "SELECT 'C' || i AS customer_id, TIMESTAMP '2024-01-31 23:59:59' AS date, 12.345::DECIMAL(9, 3) AS amount "
        "FROM range(3) t(i)"
    )
    before = set(scratch_file().parent.iterdir())
    log = cl.read_transactions(relation)
    assert set(scratch_file().parent.iterdir()) == before
    assert sorted(log.data.rows()) == [(f"C{i}", date(2024, 1, 31), 12.345) for i in range(3)]


def test_what_a_database_cannot_compute_is_told():
    relation = duckdb.connect().sql("SELECT 'C' AS customer_id, DATE '2024-01-31' AS date, 'x'::TEXT AS t")
    broken = relation.project("customer_id, date, t::INTEGER AS amount")
    with pytest.raises(cl.errors.DataError, match="The frame cannot be read"):
        cl.read_transactions(broken)
