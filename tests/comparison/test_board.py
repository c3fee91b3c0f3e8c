"""What a board answers: the recommended, the best, one metric."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from clvlab.comparison import Board

NONE = pl.DataFrame()
DATA = pl.DataFrame(
    {
        "strategy": ["a", "b", "c", "a", "b", "c"],
        "metric": ["gini"] * 3 + ["balance"] * 3,
        "value": [0.3, 0.5, 0.4, 0.9, None, 0.8],
        "low": [0.2, 0.4, 0.3, None, None, None],
        "high": [0.4, 0.6, 0.5, None, None, None],
    }
)
RANKING = pl.DataFrame(
    {
        "strategy": ["b", "c", "a"],
        "recommended": [False, False, True],
    }
)
BOARD = Board(
    **dict.fromkeys(
        ("differences", "bar", "outcomes", "reach", "allocation", "agreement", "crossings", "windows", "ageing"), NONE
    ),
    data=DATA,
    ranking=RANKING,
    trees=NONE,
    cards=NONE,
    assignments=NONE,
    left_out=NONE,
    judged_by="spend",
    cutoff=date(2024, 6, 30),
    end=date(2024, 12, 31),
    n_customers=100,
    n_deals=20,
    n_rounds=20,
    acceptable_loss=None,
    seed=0,
)


def test_the_recommended_is_the_one_the_rule_chose():
    assert BOARD.recommended == "a"


def test_none_may_be_recommended():
    nothing = RANKING.with_columns(recommended=pl.lit(False))
    assert replace(BOARD, ranking=nothing).recommended is None


def test_the_best_is_the_first_of_the_ranking():
    assert BOARD.best == "b"


@pytest.mark.parametrize(("metric", "order"), [("gini", ["b", "c", "a"]), ("balance", ["a", "c", "b"])])
def test_a_metric_comes_best_first_and_the_unknown_last(metric, order):
    table = BOARD.metric(metric)
    assert table["strategy"].to_list() == order
    assert table.columns == ["strategy", "value", "low", "high"]


def test_it_leads_out_to_pandas():
    frame = BOARD.to_pandas()
    assert list(frame.columns) == DATA.columns
    assert len(frame) == 6


def test_it_shows_its_figures_in_a_notebook():
    assert "gini" in BOARD._repr_html_()


def test_boards_compare_by_identity():
    assert BOARD == BOARD
    assert len({BOARD, BOARD}) == 1
