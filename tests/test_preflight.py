"""What is wrong with a run's parameters and attributes is found before its notebook starts."""

import re

import pytest

import clvlab as cl
from clvlab.analysis.comparison.context import ComparisonContext
from clvlab.errors import ClvlabError, DataError, MissingColumnsError, ParamsError
from clvlab.inputs import read_log
from clvlab.params import CompareParams, ReportParams
from clvlab.preflight import check_run

pytestmark = pytest.mark.usefixtures("few_futures")

MAP = "n_bins: 2\nscores: [r_score]\ngroups: {good: '2', bad: '1'}\n"
LOG = "customer_id,date,amount,cost,Country\n" + "".join(
    f"c{n},2024-0{month}-{n % 28 + 1:02},{n + month},{1 if n else ''},{'UK' if n % 2 else 'EIRE'}\n"
    for n in range(60)
    for month in (1, 3, 6)
)
PEOPLE = "customer_id,city,nps\n" + "".join(f"c{n},{'Bern' if n % 3 else 'Basel'},{n % 11}\n" for n in range(60))


@pytest.fixture(autouse=True)
def workplace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    days = "".join(",".join(line.split(",")[:2]) + "\n" for line in LOG.splitlines())
    for name, text in (
        ("log.csv", LOG),
        ("days.csv", days),
        ("people.csv", PEOPLE),
        ("own.yaml", MAP),
        ("bad.yaml", MAP + "more: 1\n"),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def report(**given):
    return ReportParams(**{"name": "r", "source": "log.csv", "as_of": "2024-06-30", **given})


def comparison(**given):
    return CompareParams(**{"name": "c", "source": "log.csv", "as_of": "2024-06-30", "holdout": "8 weeks", **given})


def check(params):
    check_run(params, read_log(params))


@pytest.mark.parametrize(
    "params",
    [
        report(),
        report(attributes="people.csv", strategy={"attribute": "city"}),
        report(log_attributes=["Country"], strategy={"attribute": "Country"}),
        report(attributes="people.csv", covariates=["city", "nps"], static=["nps"]),
        report(log_attributes=["Country"], covariates="Country"),
        report(strategy="own.yaml", rfm={"n_bins": 2}),
        report(strategy="own.yaml", rfm={}),
        report(strategy="profit_tiers", margin="from cost"),
        report(as_of="2024-12-31", allow_stale=True),
        report(where={"customer_id": ["c1", "c2"]}, edition="both"),
        report(where={"Country": "UK"}, edition="stakeholder"),
        comparison(strategies=["rfm11", "own.yaml", {"attribute": "Country"}], log_attributes=["Country"]),
        comparison(attributes="people.csv", static=["nps"]),
    ],
    ids=lambda params: params.kind,
)
def test_what_can_be_run_passes(params):
    check(params)


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        (report(attributes="people.csv", static=["ciy"]), MissingColumnsError, "Did you mean 'city'"),
        (report(static=["city"]), MissingColumnsError, "no column 'city'"),
        (report(attributes="people.csv", attribute_columns={"clv": "city"}), DataError, "a figure of ours"),
        (report(strategy="region"), MissingColumnsError, "region reads, has no column 'province'.*`log_attributes`"),
        (report(strategy={"attribute": "ctiy"}, attributes="people.csv"), MissingColumnsError, "no column 'ctiy'"),
        (
            report(attributes="people.csv", covariates=["ctiy"]),
            ParamsError,
            r"`covariates` names 'ctiy', which is not an attribute of customers. Did you mean 'city'\? "
            "Attributes there are: city, nps",
        ),
        (report(covariates=["city"]), ParamsError, "There are no attributes. Add a table that has it"),
        (
            report(attributes="people.csv", covariates=["nps"]),
            DataError,
            r"'nps' without a date.*future into the predictions of past days.*`static: \[nps\]`",
        ),
        (
            report(attributes="people.csv", covariates=["city"], model="bg_cnbd_k"),
            ParamsError,
            "`model: bg_cnbd_k` takes none",
        ),
        (
            report(where={"customer_id": ["c1", "c2"]}, edition="stakeholder"),
            ParamsError,
            "`where` chooses customers by their ids.*Set `edition: both`",
        ),
        (
            report(columns={"customer_id": "Country"}, where={"Country": "UK"}, edition="stakeholder"),
            ParamsError,
            "`where` chooses customers by their ids",
        ),
        (report(strategy="absent.yaml"), ParamsError, r"'absent\.yaml' cannot be read as YAML"),
        (report(strategy="bad.yaml"), ParamsError, "keys n_bins, scores and groups"),
        (report(strategy="own.yaml"), ParamsError, r"n_bins: 5.*from 1 to 2\. Set `rfm: \{n_bins: 2\}`"),
        (report(rfm={"n_bins": 4}), ParamsError, r"the map of rfm11 has scores from 1 to 5"),
        (report(columns={"cost": "amount", "amount": "cost"}, margin="from cost"), DataError, "no margin follows"),
        (report(as_of="2024-12-31"), DataError, "last purchase up to 2024-12-31 is of 2024-06-28, 186 days before"),
        (report(as_of="2023-12-31"), DataError, "no purchase up to the cutoff 2023-12-31"),
        (report(log_attributes=["Contry"]), MissingColumnsError, "Did you mean 'Country'"),
        (
            report(source="cdnow_sample", log_attributes=["x"]),
            ParamsError,
            "`log_attributes` goes with a file",
        ),
        (comparison(attributes="people.csv"), DataError, "'nps' without a date"),
        (comparison(source="days.csv", strategies=["value_tiers"]), MissingColumnsError, "no amounts.*`amount`"),
        (comparison(source="days.csv", strategies=["clv_tiers"]), MissingColumnsError, "'clv'.*no amounts"),
        (comparison(holdout="40 weeks"), DataError, "no purchase up to the cutoff"),
        (comparison(as_of="2025-06-30"), DataError, "`allow_stale: true`"),
    ],
)
def test_what_cannot_is_refused_in_words(params, error, message):
    with pytest.raises(error) as refused:
        check(params)
    assert re.search(message, str(refused.value))
    assert isinstance(refused.value, ClvlabError)


def test_what_passes_is_what_the_analysis_can_do():
    params = report(log_attributes=["Country"], strategy={"attribute": "Country"}, margin="from cost")
    check(params)
    groups = cl.analyse(params)["segments"]["groups"]
    assert dict(groups.select("group", "customers").iter_rows()) == {"EIRE": 30, "UK": 30, "other": 0}


@pytest.mark.parametrize("known_as", ["省份", "province"])
def test_an_attribute_may_be_named_as_its_table_names_it(workplace, known_as):
    rows = "".join(f"c{n},{'广东' if n % 3 else '浙江'}\n" for n in range(60))
    (workplace / "places.csv").write_text("客户编号,省份\n" + rows, encoding="utf-8")
    params = report(attributes="places.csv", strategy={"attribute": known_as})
    check(params)
    results = cl.analyse(params)
    assert dict(results["segments"]["groups"].select("group", "customers").iter_rows()) == {
        "广东": 40,
        "浙江": 20,
        "other": 0,
    }
    compared = comparison(attributes="places.csv", strategies=[{"attribute": known_as}], rounds=20)
    check(compared)
    board = ComparisonContext.of(compared, read_log(compared), progress=False).board
    assert known_as in board.ranking["strategy"].to_list()


def test_own_groups_of_values_are_groups():
    groups = {"lake": ["Basel"], "river": ["bern"]}
    params = report(attributes="people.csv", strategy={"attribute": "city", "groups": groups})
    check(params)
    found = cl.analyse(params)["segments"]["groups"]
    assert dict(found.select("group", "customers").iter_rows()) == {"lake": 20, "river": 40, "unmapped": 0}


def test_own_map_of_scores_is_the_strategy():
    params = report(strategy="own.yaml", rfm={"n_bins": 2})
    assert cl.analyse(params)["segments"]["groups"]["group"].to_list()[:2] == ["good", "bad"]
