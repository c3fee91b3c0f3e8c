"""clvlab inside scikit-learn."""

import logging
import pickle

import numpy as np
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

import clvlab as cl
from clvlab.errors import MissingColumnsError, ParamsError

_TEXTS = "predictions are the codes of groups, and the check subtracts them"
EXPECTED_FAILURES = {
    "SegmentLabeler": {
        "check_methods_sample_order_invariance": _TEXTS,
        "check_methods_subset_invariance": _TEXTS,
        "check_fit_idempotent": _TEXTS,
        "check_estimators_pickle": _TEXTS,
    }
}


@parametrize_with_checks(
    [cl.RfmScorer(), cl.SegmentLabeler(), cl.ClvRegressor()],
    expected_failed_checks=lambda estimator: EXPECTED_FAILURES.get(type(estimator).__name__, {}),
)
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def halves():
    log = cl.datasets.cdnow(sample=True)
    return cl.split_holdout(log, cutoff="1997-09-30", end="1998-06-30", time_unit="week")


@pytest.fixture(scope="module")
def customers(halves):
    return halves[0]


@pytest.fixture(scope="module")
def spend(halves):
    return halves[1].data["holdout_spend"].to_numpy()


@pytest.fixture(params=["polars", "pandas"])
def table(request, customers):
    return customers.data if request.param == "polars" else customers.to_pandas()


def test_scores_are_those_of_score_rfm(customers, table):
    scores = cl.RfmScorer().set_output(transform="polars").fit_transform(table)
    assert scores.columns == ["r_score", "f_score", "m_score"]
    assert scores.cast(pl.Int8).equals(cl.score_rfm(customers).drop("customer_id"))


def test_customers_without_a_purchase_have_no_scores():
    table = pl.DataFrame(
        {
            "days_since_last": [5, 50, None, 500],
            "n_purchases": [3, 1, 0, 2],
            "total_spend": [30.0, 1.0, 0.0, 9.0],
        }
    )
    scores = cl.RfmScorer(n_bins=3).fit_transform(table)
    assert np.isnan(scores[2]).all()
    assert scores[[0, 1, 3], 0].tolist() == [3, 2, 1]
    assert scores[[0, 1, 3], 2].tolist() == [3, 1, 2]


def test_other_columns_can_be_scored():
    table = pl.DataFrame({"since": [1, 2, 3], "visits": [9, 5, 7], "margin": [1.0, 3.0, 2.0], "views": [5, 6, 7]})
    scorer = cl.RfmScorer(3, columns=["since", "visits", "margin", "views"]).set_output(transform="polars")
    scores = scorer.fit_transform(table)
    assert scores.columns == ["r_score", "f_score", "m_score", "views_score"]
    assert scores.rows() == [(3, 3, 1, 1), (2, 1, 3, 2), (1, 2, 2, 3)]


@pytest.mark.parametrize("strategy", ["rfm11", "rfm8", "value_tiers", "frequency_tiers"])
def test_groups_are_those_of_the_strategy(customers, table, strategy):
    labeler = cl.SegmentLabeler(strategy).fit(table)
    groups = cl.strategies[strategy].assign(customers)["group"]
    assert labeler.predict(table).tolist() == groups.to_list()
    shown = labeler.set_output(transform="pandas").transform(table)
    assert shown.idxmax(axis=1).tolist() == groups.to_list()
    assert (shown.sum(axis=1) == 1).all()


def test_a_strategy_that_reads_days_has_to_know_the_day(customers):
    with pytest.raises(ParamsError, match="give `cutoff`, the table's last day"):
        cl.SegmentLabeler("lifecycle5").fit(customers.data)
    labeler = cl.SegmentLabeler("lifecycle5", cutoff="1997-09-30").fit(customers.data)
    assert (
        labeler.predict(customers.data).tolist() == cl.strategies["lifecycle5"].assign(customers)["group"].to_list()
    )
    with pytest.raises(ParamsError, match="reads first_purchase: give a frame"):
        cl.SegmentLabeler("lifecycle5", cutoff="1997-09-30").fit(np.ones((5, 3)))


def test_values_are_those_of_lifetime_value(customers, table):
    terms = {"horizon": "39 weeks", "annual_discount_rate": 0.1, "margin": 0.3}
    model, gamma_gamma = cl.BgNbd.fit(customers), cl.GammaGamma.fit(customers)
    expected = cl.lifetime_value(model, gamma_gamma, customers, **terms)["clv"]
    assert cl.ClvRegressor(**terms).fit(table).predict(table) == pytest.approx(expected.to_numpy())


def test_values_without_spend_are_purchases(customers):
    table = customers.data.drop("monetary_value")
    expected = cl.BgNbd.fit(customers).expected_purchases(customers, "12 months")
    assert cl.ClvRegressor().fit(table).predict(table) == pytest.approx(expected)


def test_prospects_are_worth_nothing():
    table = pl.DataFrame(
        {
            "frequency": [2, 0, None, 5, 1],
            "recency": [10.0, 0.0, None, 30.0, 5.0],
            "T": [30.0, 20.0, None, 38.0, 36.0],
            "n_purchases": [3, 1, 0, 6, 2],
        }
    )
    values = cl.ClvRegressor().fit(table).predict(table)
    assert values[2] == 0
    assert (np.delete(values, 2) > 0).all()


def test_an_array_is_taken_by_place(customers, caplog):
    table = customers.data.select("frequency", "recency", "T")
    with caplog.at_level(logging.WARNING, "clvlab"):
        values = cl.ClvRegressor().fit(table.to_numpy()).predict(table.to_numpy())
    assert values == pytest.approx(cl.ClvRegressor().fit(table).predict(table))
    assert not caplog.records


def test_an_array_of_two_columns_is_of_customers_of_whom_none_is_known_to_have_left(customers):
    two = customers.data.select("frequency", "T").to_numpy()
    found = cl.ClvRegressor(model="nbd").fit(two)
    assert found.predict(two) == pytest.approx(cl.Nbd.fit(customers).expected_purchases(customers, "12 months"))


def test_what_is_no_history_in_an_array_is_told(caplog):
    rows = np.array([[2.4, 10.0, 30.0], [0.0, 3.0, 20.0], [5.0, 40.0, 38.0], [1.0, 5.0, 36.0], [3.0, 9.0, 30.0]])
    with caplog.at_level(logging.WARNING, "clvlab"):
        cl.ClvRegressor().fit(rows)
    assert "3 of 5 rows of the array are no purchase history" in caplog.text


def test_they_work_in_pipelines_and_are_cross_validated(table, spend):
    scores = cross_val_score(cl.ClvRegressor(horizon="39 weeks"), table, spend, cv=3)
    assert (scores > 0.2).all()
    clusters = make_pipeline(cl.RfmScorer(), KMeans(4, n_init=3, random_state=0)).fit_predict(table)
    assert len(set(clusters)) == 4
    by_group = make_pipeline(cl.SegmentLabeler("rfm11"), LinearRegression()).fit(table, spend)
    assert by_group.score(table, spend) > 0.1


@pytest.mark.parametrize(
    "estimator", [cl.RfmScorer(4), cl.SegmentLabeler("rfm8"), cl.ClvRegressor(horizon="26 weeks", margin=0.5)]
)
def test_they_are_cloned_and_pickled(customers, estimator):
    copied = clone(estimator)
    assert copied.get_params() == estimator.get_params()
    fitted = copied.fit(customers.data)
    again = pickle.loads(pickle.dumps(fitted))
    verb = "transform" if hasattr(fitted, "transform") else "predict"
    assert np.array_equal(getattr(fitted, verb)(customers.data), getattr(again, verb)(customers.data))


def test_what_is_wrong_is_said(customers):
    with pytest.raises(MissingColumnsError, match="RfmScorer reads, has no column 'total_spend'"):
        cl.RfmScorer().fit(customers.data.drop("total_spend"))
    with pytest.raises(ParamsError, match=r"no strategy 'rfm12'. Did you mean"):
        cl.SegmentLabeler("rfm12").fit(customers.data)
    with pytest.raises(ParamsError, match=r"no model 'bgnbd'. Did you mean 'bg_nbd'"):
        cl.ClvRegressor(model="bgnbd").fit(customers.data)
