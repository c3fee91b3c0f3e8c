"""The appendix: parameters as a reader would write them, and data that change with the rows that were used."""

import platform
import re
from dataclasses import replace
from importlib.metadata import version

import polars as pl
import pytest

import clvlab as cl
from clvlab.analysis.segmentation import appendix
from clvlab.params import ReportParams
from tests.analysis.pages import is_chinese, page_of
from tests.analysis.segmentation.logs import context_of

ROWS = (("a", "2024-01-10", 30.0), ("b", "2024-03-01", 10.0), ("b", "2025-02-01", 99.0))


def context(*rows, as_of="2024-12-31", **given):
    plain = context_of(*(rows or ROWS), as_of=as_of)
    return replace(plain, params=ReportParams(**{**plain.params.to_dict(), **given}))


def facts_of(*rows, **given):
    section = appendix.compute(context(*rows, **given))
    return {name: dict(table.iter_rows()) for name, table in section.items()}


def test_the_data_by_hand():
    data = facts_of()["data"]
    assert (data["rows"], data["first_day"], data["last_day"]) == ("2", "2024-01-10", "2024-03-01")
    assert re.fullmatch("[0-9a-f]{64}", data["sha256"])


def test_rows_after_the_day_are_not_part_of_the_data():
    assert facts_of(*ROWS[:2])["data"] == facts_of()["data"]
    assert facts_of(as_of="2025-12-31")["data"]["rows"] == "3"


@pytest.mark.parametrize(
    "other",
    [
        (("a", "2024-01-10", 30.01), ROWS[1]),
        (("a", "2024-01-11", 30.0), ROWS[1]),
        (("A", "2024-01-10", 30.0), ROWS[1]),
        (ROWS[0],),
    ],
    ids=["an amount", "a day", "a name", "a row"],
)
def test_other_data_have_another_fingerprint(other):
    assert facts_of(*other)["data"]["sha256"] != facts_of()["data"]["sha256"]


def test_the_same_data_have_the_same_fingerprint_whatever_the_order_of_the_rows():
    assert facts_of(*reversed(ROWS))["data"]["sha256"] == facts_of()["data"]["sha256"]


def test_the_parameters_are_those_of_the_run_by_their_own_names():
    plain = context(horizon="6 months", currency="CNY")
    shown = dict(appendix.compute(plain)["parameters"].iter_rows())
    of_pages = {"lang", "edition"}  # which pages there are changes nothing on any of them
    assert list(shown) == [name for name in plain.params.to_dict() if name not in of_pages]
    assert (shown["as_of"], shown["horizon"], shown["currency"]) == ("2024-12-31", "6 months", "CNY")
    assert shown["holdout"] == ""  # none


@pytest.mark.parametrize(
    ("given", "parameter", "shown"),
    [
        ({"rfm": {"n_bins": 3}}, "rfm", "n_bins: 3"),
        ({"attributes": ["people.csv", "surveys.csv"]}, "attributes", "people.csv, surveys.csv"),
        ({"attributes": []}, "attributes", ""),
        ({"columns": {"amount": "Paid"}}, "columns", "amount: Paid"),
        ({"columns": {}}, "columns", ""),
        ({"strategy": {"attribute": "city"}}, "strategy", "attribute: city"),
        (
            {"strategy": {"attribute": "city", "groups": {"far": ["Bern", "Basel"]}}},
            "strategy",
            "attribute: city, groups: far: Bern, Basel",
        ),
    ],
)
def test_lists_and_mappings_are_no_code(given, parameter, shown):
    plain = context(**given)
    assert dict(appendix.compute(plain)["parameters"].iter_rows())[parameter] == shown


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("/home/mara/shop/orders.csv", "orders.csv"),
        ("~/orders/*.csv", "*.csv"),
        (r"C:\\Users\\mara\\orders.xlsx", "orders.xlsx"),
        ("data/orders.csv", "data/orders.csv"),
        ("cdnow", "cdnow"),
        (("/a/2023.csv", "2024.csv"), "2023.csv, 2024.csv"),
    ],
)
def test_no_full_path_on_the_page(given, shown):
    plain = context()
    params = plain.params.model_copy(update={"source": given, "output": "/srv/reports"})
    found = dict(appendix.compute(replace(plain, params=params))["parameters"].iter_rows())
    assert (found["source"], found["output"]) == (shown, "reports")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_code_on_the_page(lang):
    plain = context(rfm={"n_bins": 4}, attributes=["x.csv"], columns={"amount": "Paid"})
    shown = "\n".join(page_of("appendix", appendix.compute(plain), plain.params, lang))
    assert not re.search(r"[\[\]{}']|\bNone\b", shown)


def test_the_versions_are_those_that_run():
    versions = facts_of()["versions"]
    assert versions["python"] == platform.python_version()
    assert {name: shown for name, shown in versions.items() if name != "python"} == {
        name: version(name) for name in versions if name != "python"
    }
    assert versions["clvlab"] == cl.__version__


def test_the_sentences_by_hand():
    plain = context()
    heading, lead, parameters, data, versions = page_of("appendix", appendix.compute(plain), plain.params)
    assert (heading, lead) == (
        "Appendix",
        "What it takes to reproduce this report: the same parameters, data and versions give the same report.",
    )
    assert [table.splitlines()[0] for table in (parameters, data, versions)] == ["Parameters", "Data", "Versions"]
    assert data.splitlines()[2].split() == ["Rows", "used", "2"]
    chinese = page_of("appendix", appendix.compute(plain), plain.params, "zh")
    assert is_chinese([text.splitlines()[0] for text in chinese])


def test_attributes_do_not_move_the_fingerprint_of_the_rows():
    plain = context()
    people = pl.DataFrame({"customer_id": ["a"], "city": ["Bern"]})
    attributed = replace(plain, log=replace(plain.log, attributes=(people,)))
    rows = [appendix.compute(each)["data"].filter(fact="rows")["value"].item() for each in (plain, attributed)]
    assert rows == ["2", "2"]
