"""All purchase models side by side, and the choice in words."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

import clvlab as cl
from clvlab.errors import ConvergenceError
from clvlab.models.value_models import PurchaseAttempt
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
    assert choice.explain().startswith("Pareto/NBD was chosen")
    assert choice.explain("zh").startswith("选用Pareto/NBD")


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
    assert model_choice.best_of(table_of(figures)) == best


def table_of(figures):
    schema = {"method": pl.String, "bic": pl.Float64, "rmse": pl.Float64, "total_error": pl.Float64}
    table = pl.DataFrame([(name, *values) for name, values in figures.items()], schema=schema, orient="row")
    return table.with_columns(parameters=pl.when(pl.col("method") == "Nbd").then(2).otherwise(4))


@pytest.mark.parametrize(
    ("figures", "best"),
    [
        ({"BgNbd": (100, 1.0, 0.1), "ParetoNbd": (200, 1.005, 0.1)}, "ParetoNbd"),  # as near, whatever its BIC
        ({"BgNbd": (100, 1.0, 0.1), "MbgNbd": (150, 1.0, 0.1), "ParetoNbd": (157, 1.0, 0.1)}, "MbgNbd"),
        ({"BgNbd": (100, 1.0, 0.1), "MbgNbd": (150, 1.02, 0.1), "ParetoNbd": (157, 1.0, 0.1)}, "ParetoNbd"),
        ({"BgNbd": (100, 1.0, 0.1), "ParetoNbd": (90, 1.02, 0.1)}, "BgNbd"),  # farther from single customers
        ({"BgNbd": (100, 1.0, 0.1), "ParetoNbd": (90, 1.0, -0.2)}, "BgNbd"),  # farther from the total
        ({"BgNbd": (100, 1.0, 0.1), "Nbd": (90, 1.0, 0.1)}, "Nbd"),  # nobody leaves by either
        ({"BgNbd": (100, None, None), "ParetoNbd": (106, None, None)}, "ParetoNbd"),  # no holdout
        ({"BgNbd": (100, None, None), "ParetoNbd": (106.1, None, None)}, "BgNbd"),
    ],
)
def test_where_many_bought_once_those_of_the_nearest_that_let_them_leave_count(figures, best):
    assert model_choice.best_of(table_of(figures), ["MbgNbd", "ParetoNbd"]) == best


def test_a_model_for_regular_buyers_is_judged_where_it_is_asked_for(cdnow):
    choice = cl.choose_model(*cdnow, given=cl.MbgCnbdK)
    assert type(choice.model) is cl.MbgCnbdK
    assert choice.table["method"].to_list()[:5] == ["BgNbd", "MbgNbd", "ParetoNbd", "Nbd", "MbgCnbdK"]
    assert row(choice, "MbgCnbdK")["rmse"] == pytest.approx(row(choice, "MbgNbd")["rmse"])


def test_without_a_holdout_a_bic_that_is_lower_by_chance_does_not_decide(cdnow):
    choice = cl.choose_model(cdnow[0])
    assert row(choice, "MbgNbd")["bic"] == pytest.approx(row(choice, "BgNbd")["bic"] - 0.587, abs=0.01)
    assert type(choice.model).__name__ == "MbgNbd"  # either would do, and it lets one-time buyers leave
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


def test_on_cdnow_a_model_that_lets_one_time_buyers_leave_is_as_near_and_counts(choice):
    assert type(choice.model) is cl.ParetoNbd
    assert row(choice, "ParetoNbd")["bic"] > row(choice, "BgNbd")["bic"]
    assert choice.reasons == ("model_choice.holdout", "model_choice.leaving")
    assert choice.figures["one_time"] == pytest.approx(1411 / 2357)
    assert (
        "Because 60% of the customers had bought once by 30 September 1997, only models that let one-time buyers"
        in choice.explain()
    )
    assert "由于截至1997年9月30日有60%的客户只购买过一次" in choice.explain("zh")


@pytest.mark.parametrize("n_once", [3, 4])
def test_only_where_more_than_a_third_bought_once_must_they_be_let_leave(n_once, monkeypatch):
    """Seven who bought twice, and three (of ten) or four (of eleven) who did not."""
    monkeypatch.setattr(model_choice, "attempts", lambda *_: map(told, (cl.BgNbd, cl.MbgNbd)))
    log = log_of([[0, 50 + i] for i in range(7)] + [[i] for i in range(n_once)])
    choice = cl.choose_model(cl.summarise_customers(log, "2020-12-31"))
    assert type(choice.model) is (cl.MbgNbd if n_once == 4 else cl.BgNbd)
    assert ("model_choice.leaving" in choice.reasons) == (n_once == 4)


def told(kind, log_likelihood=-50.0):
    """An attempt that found this log-likelihood."""
    estimate = {"log_likelihood": log_likelihood, "n_customers": 11, "penalty": 0.0}
    estimate["log_covariance"] = np.diag([1e-4] * 4).tolist()
    parameters = dict(zip(kind.names, (0.6, 8.0, 0.7, 2.5), strict=True))
    given = {"model": kind.__name__, "parameters": parameters, "time_unit": "day", "estimate": estimate}
    return PurchaseAttempt(kind, kind.from_dict(given), ())


@pytest.mark.parametrize(
    ("lang", "sentence"),
    [
        (
            "en",
            "100% of the customers had bought once by 31 December 2020, and BG/NBD lets none of them leave: to let "
            "them would cost accuracy, "
            "since MBG/NBD, the best model that does, has a BIC of 118.",
        ),
        ("zh", "若允许首购后流失则会降低准确度：这类模型中最好的MBG/NBD，其BIC为118。"),
    ],
)
def test_what_it_would_cost_to_let_one_time_buyers_leave_is_told(lang, sentence, monkeypatch):
    monkeypatch.setattr(model_choice, "attempts", lambda *_: [told(cl.BgNbd), told(cl.MbgNbd, -54.0)])
    choice = cl.choose_model(cl.summarise_customers(log_of([[i] for i in range(11)]), "2020-12-31"))
    assert type(choice.model) is cl.BgNbd
    assert choice.reasons == ("model_choice.bic", "model_choice.leaving_costs_bic")
    assert sentence in choice.explain(lang)


@pytest.mark.parametrize(
    ("lang", "sentence"),
    [
        (
            "en",
            "60% of the customers had bought once by 30 September 1997, and BG/NBD lets none of them leave: to let "
            "them would cost accuracy, "
            "since with MBG/NBD, the best model that does, the root mean squared error per customer is "
            "1.607 instead of 1.608 purchases, and that of the total −16.2% instead of −12.1%.",
        ),
        ("zh", "每位客户的均方根误差为1.607次购买（BG/NBD为1.608次），合计误差为−16.2%（BG/NBD为−12.1%）。"),
    ],
)
def test_with_a_holdout_it_is_told_in_errors(cdnow, lang, sentence, monkeypatch):
    monkeypatch.setattr(model_choice, "PURCHASE_MODELS", (cl.BgNbd, cl.MbgNbd))
    choice = cl.choose_model(*cdnow)
    assert choice.reasons == ("model_choice.holdout", "model_choice.leaving_costs")
    assert sentence in choice.explain(lang)


def test_where_no_such_model_can_be_fitted_that_is_told(cdnow, monkeypatch):
    monkeypatch.setattr(model_choice, "PURCHASE_MODELS", (cl.BgNbd, cl.Nbd))
    choice = cl.choose_model(cdnow[0])
    assert choice.reasons == ("model_choice.bic", "model_choice.leaving_unfitted")
    assert "BG/NBD lets none of them leave: no model that does could be fitted." in choice.explain()
    assert "BG/NBD假定他们均不会在首购后流失" in choice.explain("zh")


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
    given = cl.choose_model(*cdnow, given=cl.BgNbd)
    assert type(given.model).__name__ == "BgNbd"
    assert row(given, "BgNbd")["chosen"]
    assert given.reasons == ("model_choice.given_other",)
    assert "The parameters ask for BG/NBD; the rule of this report would have chosen Pareto/NBD." in given.explain()
    assert cl.choose_model(*cdnow, given=cl.ParetoNbd).reasons == ("model_choice.given",)
