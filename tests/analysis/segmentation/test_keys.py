"""No key of the parameters without effect: for each, two values give two results, or an error."""

from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import clvlab as cl
from clvlab.columns import names
from clvlab.customers import DERIVED
from clvlab.customers.attributes import OURS
from clvlab.errors import ClvlabError, ParamsError
from clvlab.inputs import read_log
from clvlab.params import CompareParams, ReaderSettings, ReportParams

pytestmark = pytest.mark.usefixtures("few_futures")

LAST = date(2024, 12, 31)


def shop() -> pl.DataFrame:
    """80 customers over two years, with costs, a country that some change, and a name of their own for it."""
    rows = []
    for i in range(80):
        for k in range(1 + i % 7):
            day = date(2023, 1, 5) + timedelta(7 * i % 350 + (15, 60, 83)[i % 3] * k)
            price = 10.0 + i * 13 % 50 + (k * 7 + i) % 19
            rows.append((f"c{i:02d}", day, price, price * 0.7, "UK" if (i + k // 4) % 2 else "EIRE"))
    return pl.DataFrame(rows, schema=["customer_id", "date", "amount", "cost", "Country"], orient="row")


@pytest.fixture(scope="module", autouse=True)
def workplace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        log = shop().sort("date")
        log.write_csv("log.csv")
        pl.concat([log, log.head(1).with_columns(customer_id=None)], how="vertical_relaxed").write_csv("flawed.csv")
        log.rename({"amount": "paid"}).write_csv("renamed.csv")
        people = log.select("customer_id").unique().sort("customer_id").with_row_index("n")
        city = pl.when(pl.col("n") % 3 == 0).then(pl.lit("Bern")).otherwise(pl.lit("Basel"))
        people.select("customer_id", city=city, since=pl.lit("01/02/2024")).write_csv("people.csv")
        log.filter(customer_id="c06").select("customer_id", "date", "amount").tail(1).write_csv("returned.csv")
        people.select(who="customer_id", spot=city).write_csv("mapped.csv")
        (folder / "ours.yaml").write_text("class_a: {cadence: none}", encoding="utf-8")
        (folder / "wrong.yaml").write_text("class_a: {cadence: often}", encoding="utf-8")
        yield folder


LEAST = {"name": "keys", "source": "log.csv", "as_of": LAST, "holdout": None, "n_clusters": 2, "strategy": "abc"}


def told(**given):
    """What a report of these parameters says."""
    return said_by(cl.analyse(ReportParams(**{**LEAST, **given})))


def said_by(results):
    """All tables and sentences of a report, but for those that only repeat the parameters."""
    tables = {f"{name}.{key}": table for name, section in results.items() for key, table in section.items()}
    del tables["appendix.parameters"]
    sentences = {
        f"{name}.{key} (sentence)": found
        for name, section in results.items()
        for key, found in section.findings.items()
    }
    return {name: table.write_json() for name, table in tables.items()} | {k: str(v) for k, v in sentences.items()}


@pytest.fixture(scope="module")
def least():
    return cl.analyse(ReportParams(**LEAST))


@pytest.fixture(scope="module")
def told_once(least):
    """What a report of these parameters says; several tests begin with the same."""
    known = {str({}): said_by(least)}

    def of(given):
        if str(given) not in known:
            known[str(given)] = told(**given)
        return known[str(given)]

    return of


@pytest.fixture
def few_resamples(monkeypatch):
    """For comparisons whose stability is not the question."""
    monkeypatch.setattr("clvlab.comparison.stability.N_RESAMPLES", 2)


PEOPLE = {"attributes": "people.csv"}
MAPPED = {"attributes": "mapped.csv", "attribute_columns": {"customer_id": "who"}}

# Customers of the shop do not leave, and nothing is at risk with them.
LEAVING = {"source": "cdnow_sample", "as_of": date(1998, 6, 30)}


TWO_RESULTS = [
    ({}, {"as_of": date(2024, 11, 30)}),
    ({}, {"time_unit": "month"}),
    ({}, {"horizon": "3 months"}),
    ({}, {"annual_discount_rate": 0.3}),
    ({}, {"margin": 0.5}),
    ({}, {"margin": "from cost"}),
    ({}, {"model": "nbd"}),
    ({}, {"model": "mbg_cnbd_k"}),
    ({}, {"holdout": "26 weeks"}),
    ({}, {"strategy": "rfm11"}),
    ({}, {"rfm": {"n_bins": 3}}),
    ({}, {"n_clusters": 3}),
    ({}, {"log_attributes": ["Country"]}),
    ({}, {"returns": "returned.csv"}),
    ({}, {"every": "month"}),
    ({}, {"alerts": {"customers": 1, "share": 0.0}}),
    ({"every": "month", "strategy": "rfm11"}, {"every": "month", "strategy": "rfm11", "rule": "refit"}),
    ({}, {"season": "month"}),
    ({"season": "month"}, {"season": "month", "events": [{"event": "fair", "first_day": "2023-06-01"}]}),
    ({}, PEOPLE),
    (PEOPLE, {**PEOPLE, "strategy": {"attribute": "city"}}),
    (PEOPLE, {**PEOPLE, "covariates": ["city"]}),
    (PEOPLE, {**PEOPLE, "dated": ["since"], "attribute_reading": {"date_format": "%d/%m/%Y"}}),
    ({}, {"playbook": "ours.yaml"}),
    ({}, {"contacts": 10}),
    ({}, {"export_ids": True}),
    ({}, {"control_share": 0.2}),
    ({"control_share": 0.2}, {"control_share": 0.2, "control_seed": 1}),
    (LEAVING, {**LEAVING, "assumed_effect": 0.1}),
    ({}, {"due_by_owner": True}),
    (MAPPED, {**MAPPED, "attribute_columns": {"customer_id": "who", "city": "spot"}}),
]


@pytest.mark.parametrize(("one", "other"), TWO_RESULTS, ids=lambda given: ", ".join(given))
def test_two_values_give_two_results(told_once, one, other):
    assert told_once(one) != told_once(other)


def test_a_log_without_amounts_has_groups_that_need_none():
    shop().select("customer_id", "date").write_csv("days.csv")
    asked = {"name": "days", "source": "days.csv", "as_of": LAST, "n_clusters": 2}
    results = cl.analyse(ReportParams(**asked))
    assert results.params.strategy == "lifecycle5"
    assert set(results.customers["group"]) <= {"new", "active", "dormant", "churned"}
    assert cl.analyse(ReportParams(**{**asked, "source": "log.csv"})).params.strategy == "rfm11"


ERRORS = [
    ("columns", {"source": "renamed.csv", "columns": {"amount": "price"}}),
    ("columns", {"columns": {"date": "Country"}}),
    ("reading", {"reading": {"date_format": "%d%m"}}),
    ("rfm", {"strategy": "rfm11", "rfm": {"n_bins": 3}}),
    ("max_refused", {"source": "flawed.csv", "max_refused": 0.0}),
    ("static", {**PEOPLE, "static": ["town"]}),
    ("dated", {**PEOPLE, "dated": ["since"]}),
    ("attribute_reading", {**PEOPLE, "attribute_reading": {"separator": ";"}}),
    ("attribute_columns", {"attribute_columns": {"city": "town"}}),
    ("log_attributes", {"log_attributes": ["Contry"]}),
    ("as_of", {"as_of": "9999-12-31"}),
    ("items", {"items": "people.csv"}),
    ("returns", {"returns": "people.csv"}),
    ("events", {"events": "people.csv"}),
    ("playbook", {"playbook": "wrong.yaml"}),
    ("keep", {"keep": 3}),
]


@pytest.mark.parametrize(("key", "given"), ERRORS)
def test_or_an_error(key, given):
    assert key in given
    with pytest.raises(ClvlabError):
        told(**given)


# For each setting of the reader: a file (None is a workbook), with what it can be read, and another value.
LOG = "customer_id,date,amount\n"
SETTINGS = {
    "date_format": (LOG + "a,01/02/2024,1\n", {"date_format": "%d/%m/%Y"}, "%m/%d/%Y"),
    "decimal": (LOG + 'a,2024-01-31,"1.500"\n', {}, ","),
    "encoding": (LOG + "é,2024-01-31,1\n", {}, "cp1252"),
    "separator": (LOG + "a,2024-01-31,1\n", {}, ";"),
    "sheet": (None, {}, "Orders"),
    "header_row": (LOG + "a,2024-01-31,1\n", {}, 2),
    "time_zone": (LOG + "a,2024-01-31T23:00Z,1\n", {}, "Asia/Shanghai"),
    "date_cells": (None, {}, "swap"),
    "duplicates": (LOG + "a,2024-01-31,1\n" * 2, {}, "drop"),
    "zero_amounts": (LOG + "a,2024-01-31,0\nb,2024-01-31,1\n", {}, "refuse"),
    "signs": (LOG + "a,2024-01-31,-1\n", {}, "turn"),
    "where": (LOG + "a,2024-01-31,1\nb,2024-01-31,1\n", {}, {"customer_id": "a"}),
    "fill_down": (LOG + "a,2024-01-31,1\n,2024-02-01,2\n", {}, "customer_id"),
    "guests": (LOG + "a,2024-01-31,1\n0,2024-02-01,2\n", {}, [0]),
    "largest_amount": (LOG + "a,2024-01-31,1\na,2024-02-01,90\n", {}, 50),
    "duplicate_key": (LOG + "a,2024-01-31,1\na,2024-01-31,2\n", {}, ["customer_id", "date"]),
    "currency_rates": (
        "customer_id,date,amount,currency\na,2024-01-31,1,EUR\n",
        {"currency_rates": {"EUR": 1.1}},
        {"EUR": 1.2},
    ),
}


def read_with(source, settings):
    """What a run reads by these settings, or the error with which it ends."""
    given = {"name": "settings", "source": source, "as_of": LAST, "currency": "USD", "max_refused": 1.0}
    try:
        log = read_log(ReportParams(**given, reading=settings))
    except ClvlabError as error:
        return str(error)
    return log.data.rows(), log.quality.rows()


@pytest.mark.parametrize("key", SETTINGS)
def test_two_values_of_a_setting_of_the_reader_give_two_logs_or_an_error(workplace, key):
    text, settings, other = SETTINGS[key]
    source = "settings.csv" if text else "settings.xlsx"
    if text:
        (workplace / source).write_text(text, encoding="utf-8")
    else:
        sheet = pl.DataFrame({"customer_id": ["a"], "date": [date(2024, 2, 1)], "amount": [1.0]})
        sheet.write_excel(workplace / source)
    plain = read_with(source, settings)
    assert isinstance(plain, tuple)
    assert plain != read_with(source, {**settings, key: other})


def test_memory_decides_how_a_log_is_read_and_not_what_is_read(workplace):
    rows = pl.DataFrame({"customer_id": ["a", "b"], "date": [date(2024, 1, 31)] * 2, "amount": [1.0, 2.0]})
    pl.concat([rows] * 1_800_000).write_parquet(workplace / "long.parquet")
    given = {"name": "m", "source": "long.parquet", "as_of": LAST}
    plain, tight = (read_log(ReportParams(**given, reading=reading)) for reading in ({}, {"memory_limit": "540 MB"}))
    assert "SCAN" in tight.accepted.explain()
    assert "SCAN" not in plain.accepted.explain()
    assert (len(plain.days), len(tight.days)) == (1, 2)
    assert tight.quality.equals(plain.quality)
    assert tight.data.equals(plain.data)
    tables = [cl.summarise_customers(log, LAST).data for log in (plain, tight)]
    assert tables[0].equals(tables[1])


def test_every_setting_of_the_reader_is_tried():
    assert set(SETTINGS) == set(ReaderSettings.__annotations__) - {"memory_limit"}


@pytest.mark.usefixtures("few_resamples")
def test_a_comparison_values_on_the_terms_of_the_run():
    least = {"name": "c", "source": "log.csv", "as_of": "2024-09-30", "holdout": "26 weeks", "rounds": 20}

    def bounds(**given):
        results = cl.analyse_comparison(CompareParams(**least, strategies=["clv_tiers"], **given), progress=False)
        return results["recommendation"]["card"]["condition"].to_list()

    plain = bounds()
    others = [
        {"margin": 0.5},
        {"margin": "from cost"},
        {"annual_discount_rate": 0.5},
        {"horizon": "3 months"},
        {"season": "month"},
    ]
    found = [bounds(**given) for given in others]
    assert all(plain != other for other in found)
    assert len({tuple(other) for other in found}) == len(others)


@pytest.mark.usefixtures("few_resamples")
def test_a_comparison_values_by_the_model_of_the_run():
    sample = cl.datasets.cdnow(sample=True).data
    some = cl.read_transactions(sample.filter(pl.col("customer_id") < "0400"))
    cards = []
    for model in ("auto", "bg_nbd", "mbg_nbd"):
        board = cl.compare(["clv_tiers"], some, "1997-09-30", "1998-06-30", n_rounds=20, model=model)
        cards.append(board.cards.filter(strategy="clv_tiers")["condition"].to_list())
    assert cards[0] == cards[1] != cards[2]
    with pytest.raises(ParamsError, match="model is 'bgnbd'"):
        cl.compare(["clv_tiers"], some, "1997-09-30", "1998-06-30", model="bgnbd")


@pytest.mark.usefixtures("few_resamples")
def test_a_comparison_judges_at_as_many_days_as_it_is_told():
    least = {"name": "c", "source": "log.csv", "as_of": "2024-03-31", "holdout": "13 weeks", "rounds": 20}

    def foresight(**given):
        run = CompareParams(**least, strategies=["value_tiers", "hiatus"], **given)
        return cl.analyse_comparison(run, progress=False)["foresight"]

    assert "windows" not in foresight()
    assert foresight(cutoffs=2)["windows"]["cutoff"].n_unique() == 2


def test_the_title_is_the_heading_of_the_page(least):
    titled = replace(least, params=ReportParams(**LEAST, title="<Our> customers"))
    cover = cl.Report(titled).pieces("summary")[0]
    assert cover.text.startswith("<Our> customers\n")
    assert "<h1>&lt;Our&gt; customers</h1>" in cover.html


def test_the_files_of_a_run_are_named_on_the_page(workplace):
    given = {**LEAST, "source": ["log.csv", str(workplace / "flawed.csv")]}
    cover = cl.Report(cl.analyse(ReportParams(**given))).pieces("summary")[0]
    assert "log.csv, flawed.csv" in cover.text
    assert str(workplace) not in cover.text


def test_attributes_that_are_called_as_columns_of_the_report_change_no_figure_of_it(workplace, least):
    used = {name for section in least.values() for table in section.values() for name in table.columns}
    passing = {"before", "after", "fixed", "move", "rank_before", "rank_after", "bought_before", "to_save", "cohort"}
    taken = {*OURS, *names(DERIVED), "customer_id"}
    people = shop().select("customer_id").unique(maintain_order=True)
    awkward = people.with_columns(pl.lit(f"value of {name}").alias(name) for name in sorted((used | passing) - taken))
    assert awkward.width > 60
    awkward.write_csv(workplace / "awkward.csv")
    found = cl.analyse(ReportParams(**LEAST, attributes="awkward.csv"))
    for section in least:
        for name in least[section]:
            if section not in ("profiles", "appendix"):
                assert_frame_equal(found[section][name], least[section][name])


def test_every_key_is_tried_above_or_is_about_the_page_or_the_runner():
    elsewhere = {"name", "title", "currency", "lang", "export_labels", "output", "low_value", "source", "allow_stale"}
    elsewhere |= {"edition"}
    tried = {key for pair in TWO_RESULTS for given in pair for key in given} | {key for key, _ in ERRORS}
    assert tried | elsewhere >= set(ReportParams.model_fields)
