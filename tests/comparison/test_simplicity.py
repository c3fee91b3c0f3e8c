"""How simply a grouping can be told."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from clvlab.comparison import samples
from clvlab.comparison.groups import Grouped
from clvlab.comparison.simplicity import Features, fidelity, readable_tree
from clvlab.frames import CustomerSummary

N = 400


@pytest.fixture(scope="module")
def customers() -> CustomerSummary:
    rng = np.random.default_rng(0)
    table = pl.DataFrame(
        {
            "customer_id": [f"{i:04d}" for i in range(N)],
            "total_spend": rng.lognormal(3, 1, N).round(2),
            "days_since_last": rng.integers(0, 500, N),
            "first_purchase": [date(2023, 1, 1)] * N,
            "frequency": np.zeros(N, np.int64),
            "city": rng.choice(["Zhongshan", "Beijing"], N),
            "remark": [f"remark {i}" for i in range(N)],
            "age": [None, *rng.integers(20, 80, N - 1).tolist()],
        }
    )
    return CustomerSummary(table, date(2025, 1, 1), "week")


@pytest.fixture(scope="module")
def features(customers: CustomerSummary) -> Features:
    return Features.of(customers)


def test_a_tree_may_ask_about_numbers_and_about_texts_of_few_values(features):
    asked = {column for column, _ in features.questions}
    assert asked == {"total_spend", "days_since_last", "days_since_first", "city", "age"}
    assert ("city", "Zhongshan") in features.questions
    assert np.isnan(features.values[0, features.questions.index(("age", None))])


def test_one_threshold_is_told_in_full(features, customers):
    groups = (customers.data["total_spend"] >= 20).cast(pl.Int64).to_numpy()
    assert fidelity(features, groups, seed=0) > 0.99
    tree = readable_tree(features, Grouped(("ordinary", "vip"), groups), seed=0)
    assert tree["group"].to_list() == ["ordinary", "vip"]
    assert tree["share"].to_list() == [1.0, 1.0]
    assert tree["customers"].sum() == N
    bound = float(tree["condition"][0].removeprefix("total_spend <= "))
    assert 19 < bound < 21


def test_one_value_of_a_text_is_told_in_words(features, customers):
    tree = readable_tree(features, Grouped.of(customers.data["city"]), seed=0)
    assert set(tree["condition"]) <= {
        f"city {sign} {city}" for sign in ("==", "!=") for city in set(customers.data["city"])
    }


def test_what_is_unknown_is_told_as_such(features, customers):
    tree = readable_tree(features, Grouped.of(customers.data["age"].is_null().cast(pl.String)), seed=0)
    assert tree.rows() == [(1, "age != unknown", "false", N - 1, 1.0), (2, "age == unknown", "true", 1, 1.0)]


def test_random_groups_cannot_be_told(features):
    groups = np.random.default_rng(1).integers(0, 5, N)
    assert fidelity(features, groups, seed=0) < 0.3


def test_one_group_needs_no_telling(features):
    groups = np.zeros(N, np.int64)
    assert fidelity(features, groups, seed=0) == 1.0
    assert readable_tree(features, Grouped.of(["everyone"] * N), seed=0).rows() == [(1, "*", "everyone", N, 1.0)]


def test_more_groups_than_three_questions_can_tell_are_told_in_part(features, customers):
    groups = np.digitize(
        customers.data["total_spend"].to_numpy(), np.quantile(customers.data["total_spend"], np.arange(1, 20) / 20)
    )
    assert fidelity(features, groups, seed=0) < 0.6


def test_of_many_customers_a_tree_is_grown_on_some_and_counts_all(features, customers, monkeypatch):
    monkeypatch.setattr(samples, "MANY", 200)
    spend = customers.data["total_spend"].to_numpy()
    tree = readable_tree(features, Grouped(("ordinary", "vip"), (spend >= 20).astype(np.int64)), seed=0)
    bound = float(tree["condition"][0].removeprefix("total_spend <= "))
    assert 18 < bound < 22
    assert tree["customers"].to_list() == [int((spend <= bound).sum()), int((spend > bound).sum())]
    assert fidelity(features, (spend >= 20).astype(np.int64), seed=0) > 0.97


def test_the_customers_that_are_taken_are_all_or_so_many_drawn(monkeypatch):
    monkeypatch.setattr(samples, "MANY", 10)
    assert samples.sampled(10, seed=0).tolist() == list(range(10))
    drawn = samples.sampled(1_000, seed=0)
    assert drawn.size == np.unique(drawn).size == 10
    assert (np.diff(drawn) > 0).all()
    assert drawn.max() > 500
    assert np.array_equal(drawn, samples.sampled(1_000, seed=0))
    assert not np.array_equal(drawn, samples.sampled(1_000, seed=1))
