"""All purchase models side by side, and the choice in words."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

import clvlab as cl
from clvlab.errors import ConvergenceError
from clvlab.validation import model_choice
from clvlab.wording import Name


@pytest.fixture(scope="module")
def choice(cdnow):
    return cl.choose_model(*cdnow)


def row(choice, method):
    return choice.table.filter(method=method).row(0, named=True)


def log_of(histories):
    """A log of (customer, day number) pairs."""
    start = date(2020, 1, 1)
    rows = [
        (f"{who:05d}", start + timedelta(days=int(day)), 1.0) for who, days in enumerate(histories) for day in days
    ]
    return cl.read_transactions(pl.DataFrame(rows, schema=["customer_id", "date", "amount"], orient="row"))


def test_log_likelihoods_are_those_of_the_literature(choice):
    """Fader, Hardie & Lee (2005), table 2, and the MBG/NBD and Pareto/NBD fits to the same data."""
    known = {"BgNbd": -9582.4292, "MbgNbd": -9582.1357, "ParetoNbd": -9594.9762}
    for method, log_likelihood in known.items():
        found = row(choice, method)
        assert found["log_likelihood"] == pytest.approx(log_likelihood, abs=1e-3)
        assert found["aic"] == pytest.approx(8 - 2 * log_likelihood, abs=2e-3)
        assert found["bic"] == pytest.approx(4 * np.log(2357) - 2 * log_likelihood, abs=2e-3)


def test_models_are_listed_with_all_baselines(choice):
    methods = ["BgNbd", "MbgNbd", "ParetoNbd", "Nbd", "naive", "last_period", "average"]
    assert choice.table["method"].to_list() == methods
    assert choice.table["rmse"].null_count() == 0
    assert choice.table.filter(pl.col("bic").is_null())["method"].to_list() == methods[4:]


def test_errors_are_those_of_a_validation(choice, cdnow):
    validation = cl.validate(cl.BgNbd.fit(cdnow[0]), None, *cdnow)
    found, known = row(choice, "BgNbd"), validation.errors.filter(method="model").row(0, named=True)
    assert (found["mae"], found["rmse"]) == pytest.approx((known["mae"], known["rmse"]))
    assert found["total_error"] == pytest.approx(validation.totals["model_error"][0])


def test_the_chosen_model_is_the_one_of_the_table_and_of_the_sentence(choice):
    assert choice.table.filter("chosen")["method"].to_list() == [type(choice.model).__name__]
    assert choice.figures["model"] == Name("methods", type(choice.model).__name__)
    assert choice.explain().startswith("BG/NBD was chosen")
    assert choice.explain("zh").startswith("选用BG/NBD")


@pytest.mark.parametrize(
    ("figures", "best"),
    [
        # method: BIC, RMSE, error of the total
        ({"BgNbd": (100, 1.0, 0.1), "ParetoNbd": (90, 1.005, -0.1)}, "ParetoNbd"),
        ({"BgNbd": (100, 1.0, 0.1), "ParetoNbd": (94.1, 1.0, 0.1)}, "BgNbd"),  # better by no more than chance
        ({"BgNbd": (100, 1.0, 0.1), "Nbd": (105.9, 1.0, 0.1)}, "Nbd"),  # simpler, and worse by no more than chance
        ({"BgNbd": (100, 1.0, 0.1), "Nbd": (106.1, 1.0, 0.1)}, "BgNbd"),
        ({"BgNbd": (100, 1.0, 0.1), "ParetoNbd": (90, 1.02, -0.1)}, "BgNbd"),  # farther from single customers
        ({"BgNbd": (100, 1.0, 0.1), "ParetoNbd": (90, 1.0, -0.2)}, "BgNbd"),  # farther from the total
        ({"BgNbd": (100, 1.0, 0.1), "ParetoNbd": (90, 0.9, -0.9)}, "ParetoNbd"),  # near alone: its total is moot
        ({"BgNbd": (None, None, None), "Nbd": (90, 1.0, 0.0)}, "Nbd"),  # could not be fitted
        ({"BgNbd": (100, None, None), "MbgNbd": (90, None, None)}, "MbgNbd"),  # no holdout
        ({"BgNbd": (100, None, None), "MbgNbd": (99, None, None)}, "BgNbd"),
    ],
)
def test_the_rule(figures, best):
    schema = {"method": pl.String, "bic": pl.Float64, "rmse": pl.Float64, "total_error": pl.Float64}
    table = pl.DataFrame([(name, *values) for name, values in figures.items()], schema=schema, orient="row")
    table = table.with_columns(parameters=pl.when(pl.col("method") == "Nbd").then(2).otherwise(4))
    assert model_choice.best_of(table) == best


def test_a_model_for_regular_buyers_is_judged_where_it_is_asked_for(cdnow):
    choice = cl.choose_model(*cdnow, given=cl.MbgCnbdK)
    assert type(choice.model) is cl.MbgCnbdK
    assert choice.table["method"].to_list()[:5] == ["BgNbd", "MbgNbd", "ParetoNbd", "Nbd", "MbgCnbdK"]
    assert row(choice, "MbgCnbdK")["rmse"] == pytest.approx(row(choice, "MbgNbd")["rmse"])


def test_without_a_holdout_a_bic_that_is_lower_by_chance_does_not_decide(cdnow):
    choice = cl.choose_model(cdnow[0])
    assert row(choice, "MbgNbd")["bic"] == pytest.approx(row(choice, "BgNbd")["bic"] - 0.587, abs=0.01)
    assert type(choice.model).__name__ == "BgNbd"
    assert choice.table["method"].to_list() == ["BgNbd", "MbgNbd", "ParetoNbd", "Nbd"]
    assert "There was no holdout" in choice.explain()


def test_where_nobody_leaves_the_model_without_dropout_is_chosen():
    random = np.random.default_rng(2)
    rates = random.gamma(1.2, 1 / 60, 800)
    histories = [[0, *np.cumsum(random.exponential(1 / rate, 60))] for rate in rates]
    log = log_of([[day for day in days if day < 700] for days in histories])
    choice = cl.choose_model(*cl.split_holdout(log, "2020-12-31", "2021-11-30"))
    assert type(choice.model) is cl.Nbd
    assert "NBD (nobody leaves) was chosen" in choice.explain()


def test_mbg_nbd_is_offered_where_bg_nbd_is_chosen_and_one_time_buyers_dominate(choice):
    assert choice.reasons == ("model_choice.holdout", "model_choice.offer")
    assert choice.figures["one_time"] == pytest.approx(1411 / 2357)
    assert "60% of the customers bought once" in choice.explain()
    assert "60%的客户只购买过一次" in choice.explain("zh")


def test_a_baseline_that_comes_nearer_is_named(monkeypatch):
    """Customers who keep their own pace: what they did last is what they do next."""
    random = np.random.default_rng(5)
    paces = random.integers(5, 80, 600)
    histories = [range(0, 700, pace) for pace in paces]
    monkeypatch.setattr(model_choice, "PURCHASE_MODELS", (cl.Nbd,))
    choice = cl.choose_model(*cl.split_holdout(log_of(histories), "2020-12-31", "2021-11-30"))
    assert choice.reasons[0] == "model_choice.beaten"
    assert choice.figures["baseline"] == Name("methods", "last_period")
    assert "comes closer: “Last period repeated”" in choice.explain()


def test_a_model_that_cannot_be_fitted_is_in_the_table_with_its_reason(cdnow, monkeypatch):
    class Endless(cl.BgNbd):
        @classmethod
        def fit(cls, *_, **__):
            raise ConvergenceError("a grows without end", ["a"])

    monkeypatch.setattr(model_choice, "PURCHASE_MODELS", (Endless, cl.Nbd))
    choice = cl.choose_model(cdnow[0])
    assert row(choice, "Endless")["problem"] == "a grows without end"
    assert type(choice.model) is cl.Nbd


def test_one_time_buyers_alone_identify_no_model():
    log = log_of([[day] for day in range(50)])
    with pytest.raises(ConvergenceError, match=r"No purchase model can be fitted\. None of 50 customers"):
        cl.choose_model(cl.summarise_customers(log, "2020-12-31"))


def test_a_model_that_is_given_is_taken_and_the_rule_says_what_it_would_have_chosen(cdnow):
    given = cl.choose_model(*cdnow, given=cl.ParetoNbd)
    assert type(given.model).__name__ == "ParetoNbd"
    assert row(given, "ParetoNbd")["chosen"]
    assert given.reasons == ("model_choice.given_other",)
    assert "The parameters ask for Pareto/NBD; the rule of this report would have chosen BG/NBD." in given.explain()
    assert cl.choose_model(*cdnow, given=cl.BgNbd).reasons == ("model_choice.given",)
