"""What is said of Spark before any is reached; `tests/spark` reads from one."""

import pytest

import clvlab as cl
from clvlab.errors import ClvlabError, ParamsError
from clvlab.inputs import log_sources
from clvlab.params import ReportParams
from clvlab.sources.spark import tables


def params_of(source):
    return ReportParams(name="shop", source=source, as_of="2024-06-30")


@pytest.mark.parametrize(
    "source",
    [
        {"spark": "sc://spark.example:15002", "table": "main.sales.orders"},
        {"spark": "sc://spark.example/;use_ssl=true;user_id=ann", "query": "SELECT 1", "where": {"a": (1,)}},
        {"spark": "local[2]", "query": "SELECT 1"},
        {"spark": "local[*]", "table": "orders"},
    ],
)
def test_spark_is_a_source(source):
    given = params_of(source)
    assert given.database == source
    assert given.sources == ()
    assert given.source_name == source.get("table", "query")
    assert ReportParams.from_yaml(given.to_yaml()) == given
    tables.check_source(source)


@pytest.mark.parametrize(
    "address",
    [
        "sc://host:15002/;token=s3cret",
        "sc://ann:s3cret@host:15002",
        "sc://host/;use_ssl=true;x-key=s3cret",
        "sc://host?token=s3cret",
        "spark://s3cret:7077",
        "local[s3cret]",
        "sc://host:15002/; token=s3cret",
        "host:15002/;token=s3cret",
    ],
)
def test_an_address_with_a_token_is_refused_and_not_repeated(address):
    source = {"spark": address, "table": "orders"}
    for refusing in (params_of, cl.read_transactions):
        with pytest.raises(ParamsError, match="SPARK_CONNECT_AUTHENTICATE_TOKEN") as told:
            refusing(source)
        assert "s3cret" not in str(told.value)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ({"spark": "local"}, "give either `table` or `query`"),
        ({"spark": "local", "table": "a", "query": "b"}, "give either `table` or `query`"),
        ({"spark": "local", "table": "a", "labels": {}}, "`source.labels` is unknown"),
        ({"spark": "local", "table": "a", "sinse": "2024-01-01"}, "`source.sinse` is unknown. Did you mean 'since'"),
        ({"spark": "local", "duckdb": "a", "table": "b"}, "`source.spark` is unknown"),
    ],
)
def test_what_is_wrong_with_a_source_is_told(source, told):
    with pytest.raises(ParamsError, match=told):
        params_of(source)


def test_without_pyspark_it_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr(tables, "find_spec", lambda _: None)
    with pytest.raises(ParamsError, match=r"pip install 'clvlab\[spark\]'"):
        cl.read_transactions({"spark": "local", "table": "orders"})


def test_a_source_of_spark_is_read_by_the_command_line_before_a_run():
    with pytest.raises(ClvlabError, match="which the command line reads before a run"):
        log_sources(params_of({"spark": "local", "table": "orders"}))
