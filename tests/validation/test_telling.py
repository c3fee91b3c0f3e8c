"""What a validation warns of, in sentences."""

import polars as pl
import pytest

from clvlab.validation import telling
from clvlab.wording import LANGUAGES, Name


@pytest.mark.parametrize(
    ("model", "rank", "best", "key"),
    [
        (0.6, 0.5, 0.4, "total"),
        (0.3, 0.5, 0.4, "total_alone"),
        (-0.2, -0.3, 0.0, "total_unordered"),
        (0.6, 0.1, 0.4, "total_unordered"),  # 0.1 of 100 customers is one standard error
        (0.0, None, 0.0, "total_unordered"),
    ],
)
def test_an_order_is_trusted_if_it_is_beyond_chance_and_the_best(model, rank, best, key):
    errors = pl.DataFrame(
        {"method": ["model", "naive"], "gini": [model, best], "rank_correlation": [rank, 0.2]},
        schema_overrides={"rank_correlation": pl.Float64},
    )
    assert telling._total_warning(errors, 100) == key


def test_who_orders_customers_best_is_named():
    errors = pl.DataFrame({"method": ["model", "naive", "average"], "gini": [0.3, 0.4, None]})
    assert telling._orders(errors) == {"gini": 0.3, "best": Name("methods", "naive"), "best_gini": 0.4}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_it_is_told_a_sentence_a_line_for_each_warning(validation, lang):
    lines = validation.explain(lang).splitlines()
    assert len(lines) == validation.warnings.height > 2
    assert {line[:2] for line in lines} == {{"en": "Ca", "zh": "注意"}[lang]}


def test_the_figures_of_a_sentence_are_those_of_the_warning(validation):
    row = validation.warnings.filter(warning="cohort", what="purchases").row(0, named=True)
    assert f"(Purchases): cohorts for which the model fails: {row['count']}. The cohort" in validation.explain()
    assert f"at {-row['error']:.0%} below what happened" in validation.explain()


def test_that_nothing_deserves_a_warning_is_told(validation):
    none = validation.warnings.clear()
    assert list(telling.sentences(validation.errors, validation.totals, none, 2_357)) == ["calibrated"]


def test_no_total_is_called_right_where_nothing_happened(validation):
    nothing = validation.totals.with_columns(actual=pl.lit(0.0))
    assert telling.sentences(validation.errors, nothing, validation.warnings.clear(), 2_357) == {}
