"""No key of the parameters without effect: for each, two values give two results, or an error."""

from datetime import date, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import clvlab as cl
from clvlab.columns import names
from clvlab.customers import DERIVED
from clvlab.customers.attributes import OURS
from clvlab.errors import ClvlabError, ParamsError
from clvlab.params import CompareParams, ReportParams

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
        log.rename({"amount": "paid"}).write_csv("renamed.csv")
        people = log.select("customer_id").unique().sort("customer_id").with_row_index("n")
        city = pl.when(pl.col("n") % 3 == 0).then(pl.lit("Bern")).otherwise(pl.lit("Basel"))
        people.select("customer_id", city=city, since=pl.lit("01/02/2024")).write_csv("people.csv")
        people.select(who="customer_id", town=city).write_csv("mapped.csv")
        yield folder


LEAST = {"name": "keys", "source": "log.csv", "as_of": LAST, "holdout": None, "n_clusters": 2, "strategy": "abc"}


def told(**given):
    """All tables and sentences of a report, but for those that only repeat the parameters."""
    results = cl.analyse(ReportParams(**{**LEAST, **given}))
    tables = {f"{name}.{key}": table for name, section in results.items() for key, table in section.items()}
    del tables["appendix.parameters"]
    sentences = {
        f"{name}.{key}": found for name, section in results.items() for key, found in section.findings.items()
    }
    return {name: table.write_json() for name, table in tables.items()} | {k: str(v) for k, v in sentences.items()}


@pytest.fixture(scope="module")
def plain():
    return told()


PEOPLE = {"attributes": "people.csv"}
MAPPED = {"attributes": "mapped.csv", "attribute_columns": {"customer_id": "who"}}


TWO_RESULTS = [
    ({}, {"as_of": date(2024, 11, 30)}),
    ({}, {"time_unit": "month"}),
    ({}, {"horizon": "3 months"}),
    ({}, {"annual_discount_rate": 0.3}),
    ({}, {"margin": 0.5}),
    ({}, {"margin": "from cost"}),
    ({}, {"model": "nbd"}),
    ({}, {"holdout": "26 weeks"}),
    ({}, {"strategy": "rfm11"}),
    ({}, {"rfm": {"n_bins": 3}}),
    ({}, {"n_clusters": 3}),
    ({}, {"log_attributes": ["Country"]}),
    ({}, PEOPLE),
    (PEOPLE, {**PEOPLE, "strategy": {"attribute": "city"}}),
    (PEOPLE, {**PEOPLE, "dated": ["since"], "attribute_reading": {"date_format": "%d/%m/%Y"}}),
    (MAPPED, {**MAPPED, "attribute_columns": {"customer_id": "who", "city": "town"}}),
]


@pytest.mark.parametrize(("one", "other"), TWO_RESULTS, ids=lambda given: ", ".join(given))
def test_two_values_give_two_results(plain, one, other):
    assert (told(**one) if one else plain) != told(**other)


ERRORS = [
    ("columns", {"source": "renamed.csv", "columns": {"amount": "price"}}),
    ("columns", {"columns": {"date": "Country"}}),
    ("reading", {"reading": {"date_format": "%d%m"}}),
    ("rfm", {"strategy": "rfm11", "rfm": {"n_bins": 3}}),
    ("static", {**PEOPLE, "static": ["town"]}),
    ("dated", {**PEOPLE, "dated": ["since"]}),
    ("attribute_reading", {**PEOPLE, "attribute_reading": {"separator": ";"}}),
    ("attribute_columns", {"attribute_columns": {"city": "town"}}),
    ("log_attributes", {"log_attributes": ["Contry"]}),
]


@pytest.mark.parametrize(("key", "given"), ERRORS)
def test_or_an_error(key, given):
    assert key in given
    with pytest.raises(ClvlabError):
        told(**given)


def test_a_comparison_values_on_the_terms_of_the_run():
    least = {"name": "c", "source": "log.csv", "as_of": LAST, "holdout": "26 weeks", "rounds": 20}

    def bounds(**given):
        results = cl.analyse_comparison(CompareParams(**least, strategies=["clv_tiers"], **given), progress=False)
        return results["recommendation"]["card"]["condition"].to_list()

    plain = bounds()
    others = [
        {"margin": 0.5},
        {"margin": "from cost"},
        {"annual_discount_rate": 0.5},
        {"horizon": "3 months"},
    ]
    found = [bounds(**given) for given in others]
    assert all(plain != other for other in found)
    assert len({tuple(other) for other in found}) == len(others)


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


def test_the_title_is_the_heading_of_the_page():
    results = cl.analyse(ReportParams(**LEAST, title="<Our> customers"))
    cover = cl.Report(results).pieces("summary")[0]
    assert cover.text.startswith("<Our> customers\n")
    assert "<h1>&lt;Our&gt; customers</h1>" in cover.html


def test_attributes_that_are_called_as_columns_of_the_report_change_no_figure_of_it(workplace):
    plain = cl.analyse(ReportParams(**LEAST))
    used = {name for section in plain.values() for table in section.values() for name in table.columns}
    passing = {"before", "after", "fixed", "move", "rank_before", "rank_after", "bought_before", "to_save", "cohort"}
    taken = {*OURS, *names(DERIVED), "customer_id"}
    people = shop().select("customer_id").unique(maintain_order=True)
    awkward = people.with_columns(pl.lit(f"value of {name}").alias(name) for name in sorted((used | passing) - taken))
    assert awkward.width > 60
    awkward.write_csv(workplace / "awkward.csv")
    found = cl.analyse(ReportParams(**LEAST, attributes="awkward.csv"))
    for section in plain:
        for name in plain[section]:
            if section not in ("profiles", "appendix"):
                assert_frame_equal(found[section][name], plain[section][name])


def test_every_key_is_tried_above_or_is_about_the_page_or_the_runner():
    elsewhere = {"name", "title", "currency", "lang", "export_labels", "output", "low_value", "source", "allow_stale"}
    tried = {key for pair in TWO_RESULTS for given in pair for key in given} | {key for key, _ in ERRORS}
    assert tried | elsewhere >= set(ReportParams.model_fields)
