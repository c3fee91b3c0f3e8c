"""What contacts brought, as the page says it: by hand, and one line where nothing is known."""

import json
from datetime import date

import polars as pl
import pytest

from clvlab import export
from clvlab.analysis.segmentation import context as context_module
from clvlab.analysis.segmentation import effect
from clvlab.params import DUE_LISTS
from tests.analysis.pages import is_chinese, page_of, sentences_of
from tests.analysis.segmentation.logs import context_of, valued
from tests.analysis.segmentation.test_due import LOG, STAYING, results_of

DECEMBER, JANUARY = date(2024, 12, 31), date(2025, 1, 31)
# Of those who are not held back bob and cyd buy, and dee returns something; of those who are, ann buys.
NEXT = (
    ("ann", "2025-01-10", 10.0),
    ("bob", "2025-01-11", 70.0),
    ("cyd", "2025-01-12", 20.0),
    ("dee", "2025-01-13", -5.0),
)


def context_on(day, **given):
    params = {"strategy": "lifecycle5", "every": "month", "control_share": 0.4, **given}
    return valued(context_of(*LOG, *NEXT, as_of=str(day), **params), STAYING)


@pytest.fixture
def published(tmp_path, monkeypatch):
    """The due list of December, of which ann and eve are held back, as the runner of a later report has found it."""
    monkeypatch.setattr(context_module, "held_back", lambda ids, *_: ids.is_in(["ann", "eve"]).alias("is_control"))
    folder = tmp_path / DECEMBER.isoformat()
    export.write(results_of(context_on(DECEMBER)), folder)
    monkeypatch.setenv(DUE_LISTS, json.dumps([str(folder / "due.parquet")]))
    return folder


@pytest.mark.usefixtures("published")
def test_the_effect_by_hand(monkeypatch):
    monkeypatch.setattr("clvlab.playbook.effect.FEWEST", 2)
    section = effect.compute(context_on(JANUARY))
    revenue, bought = (section[outcome].row(0, named=True) for outcome in ("revenue", "bought"))
    assert (revenue["list_of"], revenue["followed_to"]) == (DECEMBER, JANUARY)
    assert (revenue["contacted"], revenue["held_back"]) == (3, 2)
    assert (revenue["contacted_mean"], revenue["held_back_mean"]) == (pytest.approx(85 / 3), 5.0)
    assert bought["effect"] == pytest.approx(2 / 3 - 1 / 2)
    assert {name: found.key for name, found in section.findings.items()} == {
        "revenue": "effect.revenue_open",  # of five customers nothing can be told
        "bought": "effect.bought_open",
        "note": "effect.note",
    }
    context = context_on(JANUARY)
    assert is_chinese(page_of("effect", section, context.params, "zh"))
    assert "2024-12-31" not in str(page_of("effect", section, context.params))


def test_what_was_on_a_list_is_what_was_published_and_what_came_is_what_the_log_has(published, monkeypatch):
    monkeypatch.setattr("clvlab.playbook.effect.FEWEST", 2)
    listed = pl.read_parquet(published / "due.parquet")
    others = listed.with_columns(is_control=pl.col("customer_id").is_in(["bob", "cyd"]), total_spend=0.0)
    others.filter(pl.col("customer_id") != "dee").write_parquet(published / "due.parquet")
    revenue = effect.compute(context_on(JANUARY))["revenue"].row(0, named=True)
    assert (revenue["contacted"], revenue["held_back"]) == (2, 2)
    assert (revenue["contacted_mean"], revenue["held_back_mean"]) == (5.0, 45.0)


@pytest.mark.usefixtures("published")
def test_of_few_customers_no_figure_is_given():
    section = effect.compute(context_on(JANUARY))
    assert section["revenue"]["effect"].null_count() == 1
    (told, _) = sentences_of("effect", section, context_on(JANUARY).params)
    assert told.startswith("No figure is given of fewer than 30 customers")


@pytest.mark.parametrize(
    ("given", "key", "said"),
    [
        ({"control_share": 0.0}, "no_control", "No control is held back (“control_share”)"),
        ({"every": None}, "no_control", "No control is held back"),
        ({}, "no_lists", "No earlier report of this series"),
    ],
)
def test_where_nothing_is_known_that_is_one_line(given, key, said):
    context = context_on(JANUARY, **given)
    section = effect.compute(context)
    assert not section
    assert {name: found.key for name, found in section.findings.items()} == {"lead": f"effect.{key}"}
    (told,) = sentences_of("effect", section, context.params)
    assert told.startswith(said)
    assert is_chinese(sentences_of("effect", section, context.params, "zh"))


def test_a_list_without_a_control_shows_nothing(published):
    listed = pl.read_parquet(published / "due.parquet").with_columns(is_control=pl.lit(False))
    listed.write_parquet(published / "due.parquet")
    assert effect.compute(context_on(JANUARY)).findings["lead"].key == "effect.no_lists"
