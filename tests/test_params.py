import inspect
from datetime import date, datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from clvlab.errors import ParamsError
from clvlab.grouping import strategies
from clvlab.params import CompareParams, ReaderSettings, ReportParams, file_name, parse_override
from clvlab.params.report import Rfm
from clvlab.rfm import score_rfm
from clvlab.transactions import read_transactions

PARAMS = Path(__file__).parents[1] / "params"
LEAST = {"name": "demo", "source": "cdnow_sample", "as_of": "1998-06-30"}


def written(folder, text):
    path = folder / "run.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def problem(**values):
    with pytest.raises(ParamsError) as caught:
        ReportParams(**{**LEAST, **values})
    return str(caught.value)


@pytest.mark.parametrize("path", sorted(PARAMS.glob("*.yaml")), ids=lambda path: path.stem)
def test_our_own_params_files_are_valid(path):
    kind = CompareParams if path.stem.startswith("compare") else ReportParams
    assert kind.load(path).name


def test_cdnow_is_the_whole_log_with_a_holdout_of_39_weeks():
    params = ReportParams.load(PARAMS / "cdnow.yaml")
    assert (params.source, params.as_of, params.holdout, params.horizon, params.annual_discount_rate) == (
        "cdnow",
        date(1998, 6, 30),
        "39 weeks",
        "12 months",
        0.10,
    )


def test_every_problem_is_reported_at_once_with_the_file(tmp_path):
    path = written(
        tmp_path,
        "name: 1998\nsource: cdnow\nas_of: 30/6/1998\nhorizn: 12 months\nmargin: 1e-2\nholdout: 39 wekks\n"
        "rfm: {nbins: 5}\nreading: {decimals: ','}\ncolumns: {customerid: id}\nlang: fr\n",
    )
    with pytest.raises(ParamsError) as caught:
        ReportParams.load(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: 9 problems with the parameters:")
    for expected in (
        "`name` is 1998: input should be a valid string.",
        "`as_of` is '30/6/1998': give a day as YEAR-MONTH-DAY, such as 1998-06-30.",
        "`horizn` is unknown. Did you mean 'horizon'?",
        "`margin` is '1e-2': give a share of spend, such as 0.3, or `from cost` for what",
        "`holdout` is '39 wekks': '39 wekks' has the unknown unit 'wekks'. Did you mean 'week'?",
        "`rfm.nbins` is unknown. Did you mean 'n_bins'?",
        "`reading.decimals` is unknown. Did you mean 'decimal'?",
        "'customerid' is not a column of a log. Did you mean 'customer_id'?",
        "`lang` is 'fr': input should be 'en', 'zh' or 'both'.",
    ):
        assert expected in message


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"margin": 0}, "`margin` is 0: input should be greater than 0."),
        ({"margin": 30}, "`margin` is 30: input should be less than or equal to 1."),
        ({"annual_discount_rate": -0.1}, "greater than or equal to 0"),
        ({"annual_discount_rate": float("nan")}, "finite number"),
        ({"n_clusters": True}, "valid integer"),
        ({"n_clusters": 1}, "greater than or equal to 2"),
        ({"horizon": "0 weeks"}, "must be longer than 0"),
        ({"horizon": 12}, "valid string"),
        ({"currency": "dollars"}, "string should match pattern"),
        ({"output": "a\0b"}, "string should match pattern"),
        ({"time_unit": "year"}, "'day', 'week' or 'month'"),
        ({"attributes": ["a.csv", "a.csv"]}, "'a.csv' is listed twice"),
        ({"as_of": None}, "valid date"),
        ({"source": 5}, "\n  - `source` is 5: input should be a valid string."),
        ({"source": []}, "\n  - `source` is (): name one file at least."),
        ({"source": ["a.csv", 5]}, "\n  - `source.1` is 5: input should be a valid string."),
    ],
)
def test_wrong_value_is_named_with_what_was_expected(values, expected):
    assert expected in problem(**values)


def test_missing_key_is_named():
    with pytest.raises(ParamsError, match="`as_of` is missing"):
        ReportParams(name="demo", source="cdnow")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "holds no parameters"),
        ("- a\n- b\n", "holds no parameters"),
        ("name: [", "is not plain YAML"),
        ("name: !!python/object/apply:os.system ['touch owned']", "is not plain YAML"),
    ],
)
def test_file_that_is_no_params_file_is_refused(tmp_path, monkeypatch, text, expected):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ParamsError, match=expected):
        ReportParams.load(written(tmp_path, text))
    assert not (tmp_path / "owned").exists()


def test_absent_folder_and_binary_files_are_named(tmp_path):
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00\x80")
    for path, expected in [("absent.yaml", "No such file"), ("", "Is a directory"), ("binary", "not text in UTF-8")]:
        with pytest.raises(ParamsError, match=expected):
            ReportParams.load(tmp_path / path)


def test_overrides_stand_over_the_file(tmp_path):
    path = written(tmp_path, yaml.safe_dump(LEAST))
    params = ReportParams.load(path, dict(map(parse_override, ["lang=zh", "rfm={n_bins: 4}", "n_clusters=null"])))
    assert (params.lang, params.rfm, params.n_clusters) == ("zh", {"n_bins": 4}, None)
    with pytest.raises(ParamsError, match=r"with horizn from the command line.*\n.*`horizn` is unknown"):
        ReportParams.load(path, {"horizn": 1})


@pytest.mark.parametrize("text", ["lang", "=zh", "name=[", "name=a: b: c"])
def test_override_that_is_none_is_refused(text):
    with pytest.raises(ParamsError):
        parse_override(text)


def test_values_survive_the_way_through_json_and_yaml():
    params = ReportParams(**LEAST, attributes="a.csv", columns={"amount": "实付金额"}, reading={"decimal": ","})
    assert ReportParams(**params.to_dict()) == params
    assert ReportParams(**yaml.safe_load(params.to_yaml())) == params


def test_parameters_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        ReportParams(**LEAST).lang = "zh"


def test_comparison_forms_groups_before_the_holdout():
    params = CompareParams(**LEAST, holdout="39 weeks", strategies=["rfm11", "abc"])
    assert params.cutoff == date(1997, 9, 30)
    with pytest.raises(ParamsError, match="`holdout` is None"):
        CompareParams(**LEAST, holdout=None)


@given(st.text(max_size=300))
def test_file_name_stays_in_its_folder_and_fits_a_file_system(name):
    safe = file_name(name)
    assert Path(safe).name == safe
    assert safe not in {"", ".", ".."}
    assert not safe.startswith((".", "-"))
    assert len(safe.encode()) <= 255
    assert safe.isprintable()


@given(st.text(max_size=40), st.text(max_size=40))
def test_different_names_have_different_files(one, other):
    assert (file_name(one) == file_name(other)) == (one == other)


def test_strategy_is_one_that_is_registered():
    assert ReportParams(**LEAST, strategy="abc").strategy == "abc"
    assert "`strategy` is 'rfm1': no strategy has this name. Did you mean 'rfm11'?" in problem(strategy="rfm1")
    with pytest.raises(ParamsError, match=r"`strategies\.1` is 'rfm1'"):
        CompareParams(**LEAST, strategies=["abc", "rfm1"])
    assert {CompareParams(**LEAST, strategies=[name]).strategies for name in strategies} == {
        (name,) for name in strategies
    }


def test_settings_of_the_reader_are_its_keywords():
    keywords = inspect.signature(read_transactions).parameters
    assert set(ReaderSettings.__annotations__) <= set(keywords) - {"source", "columns", "currency"}
    assert set(Rfm.__annotations__) <= set(inspect.signature(score_rfm).parameters)


def test_wrong_settings_of_the_reader_are_named():
    assert ReportParams(**LEAST, decimal=",").reading == {"decimal": ","}
    with pytest.raises(ParamsError, match=r"`decimals` is unknown\. Did you mean 'decimal'\?"):
        ReportParams(**LEAST, decimals=",")


def test_runs_stay_below_output():
    assert ReportParams(**{**LEAST, "name": "../../etc", "output": "out"}).folder.parent == Path("out")


def test_what_is_not_given_has_the_customary_value():
    params = ReportParams(**LEAST)
    assert (params.time_unit, params.holdout, params.horizon) == ("week", None, "12 months")
    assert (params.annual_discount_rate, params.margin, params.currency) == (0.10, 1.0, None)
    assert (params.strategy, params.rfm, params.n_clusters, params.low_value) == ("auto", {"n_bins": 5}, None, None)
    assert params.covariates == ()
    assert (params.lang, params.output, params.columns, params.attributes, params.reading) == (
        "en",
        "reports",
        {},
        (),
        {},
    )


@pytest.mark.parametrize(
    "as_of", [date(1998, 6, 30), "1998-06-30"], ids=["as YAML reads it", "in quotes or from the command line"]
)
def test_a_day_is_a_day_in_quotes_or_without(as_of):
    assert ReportParams(**{**LEAST, "as_of": as_of}).as_of == date(1998, 6, 30)


@pytest.mark.parametrize(
    ("as_of", "advice"),
    [
        (datetime(1998, 6, 30, 12, 0), "give a day alone, such as 1998-06-30, without a time"),
        ("1998-06-31", "give a day as YEAR-MONTH-DAY"),
        ("yesterday", "give a day as YEAR-MONTH-DAY"),
        (19980630, "valid date"),
    ],
)
def test_what_is_not_a_day_alone_is_refused(as_of, advice):
    assert advice in problem(as_of=as_of)


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("holdout", "weeks 39"),
        ("horizon", "a year"),
        ("holdout", "0 days"),
        ("columns", {"amount": ""}),
        ("columns", {"amount": None}),
        ("attributes", [1]),
        ("attributes", ""),
        ("reading", {"decimal": ";"}),
        ("reading", {"currency_rates": {"USD": 0}}),
        ("reading", {"currency_rates": {"USD": "7"}}),
        ("rfm", {"n_bins": 1}),
        ("rfm", {"n_bins": 5.0}),
        ("low_value", "ignore"),
        ("margin", True),
        ("currency", "usd"),
        ("currency", "USDT"),
        ("name", ""),
        ("lang", None),
        ("output", ""),
    ],
)
def test_a_wrong_value_is_named_by_its_key(key, wrong):
    assert problem(**{key: wrong}).startswith("1 problem with the parameters:\n  - `" + key)


@pytest.mark.parametrize(
    ("given_", "kept"), [("a.csv", ("a.csv",)), (["a.csv", "b.csv"], ("a.csv", "b.csv")), ([], ())]
)
def test_one_text_is_a_list_of_one(given_, kept):
    assert ReportParams(**LEAST, attributes=given_).attributes == kept


def test_a_long_value_is_cut_in_the_message():
    message = problem(lang="x" * 500)
    assert "xxx...: input should be" in message
    assert len(message) < 200


def test_a_key_of_a_report_is_none_of_a_comparison_and_the_other_way_round():
    with pytest.raises(ParamsError, match=r"`rounds` is unknown"):
        ReportParams(**LEAST, rounds=50)
    with pytest.raises(ParamsError, match=r"`strategy` is unknown\. Did you mean 'strategies'\?"):
        CompareParams(**LEAST, strategy="abc")


@pytest.mark.parametrize("values", [{"rounds": 19}, {"rounds": 10_001}, {"seed": -1}, {"strategies": ["abc", "abc"]}])
def test_a_comparison_refuses_what_it_cannot_draw(values):
    with pytest.raises(ParamsError, match=f"`{next(iter(values))}` is"):
        CompareParams(**LEAST, **values)


@pytest.mark.parametrize(
    ("holdout", "cutoff"),
    [("1 day", date(1998, 6, 29)), ("2 weeks", date(1998, 6, 16)), ("1 year", date(1997, 6, 30))],
)
def test_a_cutoff_is_the_holdout_before_the_day(holdout, cutoff):
    assert CompareParams(**LEAST, holdout=holdout).cutoff == cutoff


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("lang=zh", ("lang", "zh")),
        (" lang =zh", ("lang", "zh")),
        ("holdout=", ("holdout", None)),
        ("name='1998'", ("name", "1998")),
        ("margin=0.3", ("margin", 0.3)),
        ("as_of=1998-06-30", ("as_of", date(1998, 6, 30))),
        ("strategies=[abc, rfm8]", ("strategies", ["abc", "rfm8"])),
        ("source=a=b.csv", ("source", "a=b.csv")),
    ],
)
def test_an_override_is_a_name_and_a_yaml_value(text, parsed):
    assert parse_override(text) == parsed


SHARED = """name: shop
source: cdnow_sample
as_of: 1998-06-30
report:
  strategy: abc
compare:
  name: shop_compare
  rounds: 50
"""


def test_what_is_below_a_command_is_for_that_command_alone(tmp_path):
    path = tmp_path / "shop.yaml"
    path.write_text(SHARED, encoding="utf-8")
    report, comparison = ReportParams.load(path), CompareParams.load(path)
    assert (report.name, report.strategy) == ("shop", "abc")
    assert (comparison.name, comparison.rounds, comparison.as_of) == ("shop_compare", 50, report.as_of)
    assert ReportParams.load(path, {"strategy": "rfm11"}).strategy == "rfm11"


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ("report:\n  rounds: 5\n", "`rounds` is unknown"),
        ("report: 5\n", "`report` is 5. Below it are the keys for `clvlab report` alone"),
        ("reprot:\n  strategy: abc\n", "`reprot` is unknown"),
    ],
)
def test_a_wrong_key_below_a_command_is_an_error(tmp_path, own, message):
    path = tmp_path / "shop.yaml"
    path.write_text("name: shop\nsource: cdnow_sample\nas_of: 1998-06-30\n" + own, encoding="utf-8")
    with pytest.raises(ParamsError, match=message):
        ReportParams.load(path)


def test_an_empty_part_for_a_command_changes_nothing(tmp_path):
    path = tmp_path / "shop.yaml"
    path.write_text("name: shop\nsource: cdnow_sample\nas_of: 1998-06-30\nreport:\n", encoding="utf-8")
    assert ReportParams.load(path).name == "shop"
