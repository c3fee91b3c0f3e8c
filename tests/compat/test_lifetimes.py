"""What lifetimes fitted, said and called its columns, in our terms."""

import json
import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pytest

import clvlab as cl
from clvlab.compat import lifetimes as compat
from clvlab.errors import DataError, MissingColumnsError, ParamsError
from tests.models.lifetimes_models import fitted, silently


@pytest.fixture(scope="module")
def cdnow():
    return cl.split_holdout(cl.datasets.cdnow(sample=True), "1997-09-30", "1998-06-30", "week")


@pytest.fixture(scope="module")
def summary(cdnow):
    return compat.summary_of(cdnow[0])


@pytest.fixture(scope="module")
def columns(summary):
    return summary["frequency"], summary["recency"], summary["T"]


@pytest.mark.parametrize(
    ("fitter", "ours"),
    [("BetaGeoFitter", cl.BgNbd), ("ModifiedBetaGeoFitter", cl.MbgNbd), ("ParetoNBDFitter", cl.ParetoNbd)],
)
def test_a_fitted_purchase_model_predicts_what_lifetimes_predicts(fitter, ours, columns, cdnow):
    theirs = fitted(fitter, *columns)
    model = compat.from_fitter(theirs, time_unit="week")
    assert type(model) is ours
    assert compat.params_of(model) == pytest.approx(dict(theirs.params_))
    alive = silently(theirs.conditional_probability_alive, *columns)
    np.testing.assert_allclose(model.p_alive(cdnow[0]), np.asarray(alive).ravel(), rtol=1e-6)
    expected = silently(theirs.conditional_expected_number_of_purchases_up_to_time, 39, *columns)
    np.testing.assert_allclose(model.expected_purchases(cdnow[0], 39), np.asarray(expected), rtol=1e-6)


def test_a_fitted_spend_model_expects_what_lifetimes_expects(summary):
    repeaters = summary[summary["frequency"] > 0]
    theirs = fitted("GammaGammaFitter", repeaters["frequency"], repeaters["monetary_value"])
    model = compat.from_fitter(theirs)
    assert compat.params_of(model) == pytest.approx(dict(theirs.params_))
    expected = silently(theirs.conditional_expected_average_profit, summary["frequency"], summary["monetary_value"])
    got = model.expected_spend(compat.customers_from(summary))
    np.testing.assert_allclose(got, expected, rtol=1e-6)


def test_a_model_from_parameters_knows_no_errors():
    model = compat.from_params({"r": 1, "alpha": 2, "s": 3, "beta": 4}, time_unit="day")
    with pytest.raises(ParamsError, match="knows no errors"):
        _ = model.standard_errors


def test_ours_fitted_to_the_data_of_a_fitter_finds_the_same_maximum(columns):
    theirs = fitted("BetaGeoFitter", *columns)
    ours = cl.BgNbd.fit(compat.customers_from(theirs.data), time_unit="week")
    assert compat.params_of(ours) == pytest.approx(dict(theirs.params_), rel=1e-3)
    assert list(ours.standard_errors.values()) == pytest.approx(list(theirs.standard_errors_), rel=1e-2)


def test_saved_parameters_are_read_from_json(tmp_path):
    path = tmp_path / "params.json"
    path.write_text(json.dumps({"p": 6.25, "q": 3.74, "v": 15.44}))
    assert compat.from_params(path) == cl.GammaGamma(p=6.25, q=3.74, gamma=15.44)
    assert compat.from_params(str(path)) == compat.from_params(path)


def test_a_pickle_is_not_opened(tmp_path):
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps({"p": 1.0}))
    with pytest.raises(ParamsError, match="is a pickle, which is not opened here"):
        compat.from_params(path)


@pytest.mark.parametrize("text", ["[1, 2]", '{"r": "0.2"}', "3"])
def test_json_of_another_shape_is_refused(tmp_path, text):
    path = tmp_path / "params.json"
    path.write_text(text)
    with pytest.raises(ParamsError, match="one JSON object of parameters"):
        compat.from_params(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"gone\.json cannot be read: No such file"):
        compat.from_params(tmp_path / "gone.json")


@pytest.mark.parametrize(
    ("params", "options", "message"),
    [
        ({"r": 1, "alpha": 1, "a": 1, "b": 1}, {"time_unit": "week"}, "BetaGeoFitter or ModifiedBetaGeoFitter"),
        ({"r": 1, "alpha": 1, "s": 1, "beta": 1}, {}, "Pass time_unit='day'"),
        ({"alpha": 1, "beta": 1, "gamma": 1, "delta": 1}, {}, "No fitter of lifetimes has the parameters"),
        ({"r": 1, "alpha": 1}, {"fitter": "BetaGeoFitter", "time_unit": "week"}, "has the parameters r, alpha, a, b"),
        ({"r": 1}, {"fitter": "BetaGeoFiter"}, "Did you mean 'BetaGeoFitter'"),
        ({"p": 1, "q": 1, "v": -1}, {}, "gamma is -1"),
    ],
)
def test_parameters_of_no_known_model_are_refused(params, options, message):
    with pytest.raises(ParamsError, match=message):
        compat.from_params(params, **options)


def test_an_unfitted_fitter_is_refused():
    class BetaGeoFitter:
        pass

    with pytest.raises(ParamsError, match="call its `fit` first"):
        compat.from_fitter(BetaGeoFitter(), time_unit="week")


def test_a_summary_has_lifetimes_columns_and_0_without_a_repeat(summary, cdnow):
    assert list(summary.columns) == ["frequency", "recency", "T", "monetary_value"]
    assert summary.index.name == "customer_id"
    assert (summary.loc[summary["frequency"] == 0, "monetary_value"] == 0).all()
    back = compat.customers_from(summary)
    assert back["monetary_value"].null_count() == 1411
    assert back["customer_id"].to_list() == cdnow[0].data["customer_id"].to_list()


def test_calibration_and_holdout_have_lifetimes_columns(cdnow):
    table = compat.calibration_and_holdout_of(*cdnow)
    assert list(table.columns) == [
        "frequency_cal",
        "recency_cal",
        "T_cal",
        "monetary_value_cal",
        "frequency_holdout",
        "monetary_value_holdout",
        "duration_holdout",
    ]
    assert table["frequency_holdout"].sum() == 1882
    assert set(table["duration_holdout"]) == {39.0}
    spend = (table["frequency_holdout"] * table["monetary_value_holdout"]).sum()
    assert spend == pytest.approx(cdnow[1].data["holdout_spend"].sum())
    assert compat.customers_from(table)["frequency"].sum() == 2457


def test_a_table_of_other_columns_is_refused():
    with pytest.raises(MissingColumnsError, match="has no column 'T', 'recency'"):
        compat.customers_from(pd.DataFrame({"frequency": [1]}))


PARAMS = {
    "BetaGeoFitter": ({"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}, cl.BgNbd),
    "ModifiedBetaGeoFitter": ({"r": 0.525, "alpha": 6.183, "a": 0.891, "b": 1.614}, cl.MbgNbd),
    "ParetoNBDFitter": ({"r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.669}, cl.ParetoNbd),
    "GammaGammaFitter": ({"p": 6.25, "q": 3.74, "v": 15.44}, cl.GammaGamma),
}


@pytest.mark.parametrize("name", PARAMS)
def test_parameters_come_and_go_unchanged(name):
    params, family = PARAMS[name]
    model = compat.from_params(params, fitter=name, time_unit=None if family is cl.GammaGamma else "week")
    assert type(model) is family
    assert compat.params_of(model) == params
    assert list(compat.params_of(model)) == list(params)


@pytest.mark.parametrize("name", PARAMS)
def test_anything_with_the_name_and_the_parameters_of_a_fitter_is_one(name):
    """A fitter is known by its class's name and `params_`, so that lifetimes need not be installed."""
    params, family = PARAMS[name]
    fitter = type(name, (), {"params_": pd.Series(params)})()
    assert type(compat.from_fitter(fitter, time_unit="week")) is family


def test_the_order_of_the_parameters_does_not_matter():
    params, _ = PARAMS["ParetoNBDFitter"]
    turned = dict(reversed(params.items()))
    assert compat.from_params(turned, time_unit="day") == compat.from_params(params, time_unit="day")


def test_prospects_are_unknown_to_lifetimes(cdnow):
    prospect = pl.DataFrame({"customer_id": ["p"], "n_purchases": [0]})
    table = pl.concat([cdnow[0].data, prospect], how="diagonal_relaxed")
    summary = compat.summary_of(cl.CustomerSummary(table, cdnow[0].cutoff, "week"))
    assert "p" not in summary.index
    assert len(summary) == 2357


def test_a_log_without_money_has_a_summary_without_it(cdnow):
    calibration, holdout = cdnow
    table = cl.CustomerSummary(calibration.data.drop("monetary_value"), calibration.cutoff, "week")
    assert list(compat.summary_of(table).columns) == ["frequency", "recency", "T"]
    later = replace(holdout, data=holdout.data.drop("holdout_spend"))
    both = compat.calibration_and_holdout_of(table, later)
    assert [name for name in both.columns if name.startswith("monetary")] == []
    assert compat.customers_from(compat.summary_of(table)).columns == ["customer_id", "frequency", "recency", "T"]


def test_customers_without_an_index_of_ids_are_numbered():
    summary = pd.DataFrame(
        {"frequency": [2.0, 0.0], "recency": [5.0, 0.0], "T": [9.0, 4.0], "monetary_value": [7.5, 0.0]}
    )
    table = compat.customers_from(summary)
    assert table["customer_id"].to_list() == ["0", "1"]
    assert table["monetary_value"].to_list() == [7.5, None]


def test_what_summarises_and_comes_back_is_fitted_alike(cdnow, summary):
    there_and_back = compat.customers_from(summary)
    assert cl.BgNbd.fit(there_and_back, time_unit="week") == cl.BgNbd.fit(cdnow[0])
    assert cl.GammaGamma.fit(there_and_back) == cl.GammaGamma.fit(cdnow[0])
