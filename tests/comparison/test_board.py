"""What a board answers: the recommended, the best, one metric."""

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
        "dominated_by": ["c", None, None],
        "recommended": [False, False, True],
    }
)
BOARD = Board(
    **dict.fromkeys(
        ("differences", "outcomes", "reach", "allocation", "agreement", "crossings", "trees", "cards"), NONE
    ),
    data=DATA,
    ranking=RANKING,
    assignments=NONE,
    left_out=NONE,
    cutoff=date(2024, 6, 30),
    end=date(2024, 12, 31),
    n_customers=100,
    n_judged=60,
    n_rounds=20,
    seed=0,
)


def test_the_recommended_is_the_one_the_rule_chose():
    assert BOARD.recommended == "a"


def test_the_best_is_not_dominated():
    assert BOARD.best == "c"


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
