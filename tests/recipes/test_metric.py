"""The recipe for a metric: one function and one line put it on the board and on the page."""

import inspect

from tests.recipes.conftest import unmentioned
from tests.recipes.metric import mean_absolute_error

LAWS = ("tests/test_metrics.py", "src/clvlab/metrics.py", "-k", "mean_absolute_error or own")
COMPARISON = """
import polars as pl

import clvlab as cl


def test_board_and_page_have_the_metric():
    some = cl.datasets.cdnow(sample=True).data.filter(pl.col("customer_id") < "0400")
    params = cl.CompareParams(
        name="x", source="cdnow_sample", as_of="1998-06-30", holdout="39 weeks", strategies=["value_tiers"], rounds=20
    )
    results = cl.analyse_comparison(params, log=cl.read_transactions(some), progress=False)
    [figure] = results["foresight"]["board"].filter(metric="mean_absolute_error", strategy="value_tiers").to_dicts()
    assert 0 < figure["low"] < figure["value"] < figure["high"]
    page = "".join(getattr(piece, "html", "") for piece in cl.ComparisonReport(results).pieces("foresight"))
    assert "Mean error" in page and f"{figure['value']:.2f}" in page
"""


def register(checkout):
    checkout.append("src/clvlab/metrics.py", f"\n\n{inspect.getsource(mean_absolute_error)}")
    checkout.insert(
        "src/clvlab/comparison/foresight.py",
        '    Metric("buys_again_brier", "bought", metrics.brier, of_order=False),\n',
        '    Metric("mean_absolute_error", "spend", metrics.mean_absolute_error, of_order=False),\n',
    )


def test_a_metric_that_is_listed_and_named_is_judged_by(checkout):
    register(checkout)
    checkout.append("src/clvlab/wording/columns.yaml", 'mean_absolute_error: {en: "Mean error", zh: "平均误差"}\n')
    done = checkout.test(*LAWS, own=COMPARISON)
    assert done.returncode == 0, done.stdout
    assert unmentioned(checkout, "Add a metric") == set()


def test_a_metric_without_a_name_is_told_which_is_missing(checkout):
    register(checkout)
    done = checkout.test(*LAWS)
    assert done.returncode == 1
    assert "columns.mean_absolute_error" in done.stdout
