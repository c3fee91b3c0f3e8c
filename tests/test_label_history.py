"""The history of groups: whole, without duplicates, in line with what was published last of every day."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clvlab as cl
from clvlab.errors import DataError
from clvlab.label_history import FILE, LabelledRun, enter

DAYS = [date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31)]


def run_of(folder, day, key="1", groups=("champions", "lost"), value=7.0):
    path = folder / f"{day}-{key}.parquet"
    ids = [f"c{place}" for place in range(len(groups))]
    pl.DataFrame({"customer_id": ids, "group": groups, "clv": [value] * len(ids), "more": 1}).write_parquet(path)
    return LabelledRun(day, key, "rfm11", path)


def test_the_history_by_hand(tmp_path):
    enter(tmp_path, [run_of(tmp_path, DAYS[1], groups=("lost",)), run_of(tmp_path, DAYS[0])])
    assert cl.history(tmp_path).rows() == [
        (DAYS[0], "c0", "rfm11", "champions", 7.0),
        (DAYS[0], "c1", "rfm11", "lost", 7.0),
        (DAYS[1], "c0", "rfm11", "lost", 7.0),
    ]


def test_a_run_that_is_made_again_takes_the_place_of_what_it_was(tmp_path):
    first = run_of(tmp_path, DAYS[0])
    enter(tmp_path, [first])
    enter(tmp_path, [run_of(tmp_path, DAYS[0], "2", ("new",)), run_of(tmp_path, DAYS[1])])
    assert cl.history(tmp_path)["group"].to_list() == ["new", "champions", "lost"]


def test_what_is_no_longer_published_stays_in_the_history_until_it_is_made_again(tmp_path):
    runs = [run_of(tmp_path, day) for day in DAYS[:2]]
    enter(tmp_path, runs)
    enter(tmp_path, [run_of(tmp_path, DAYS[2])])
    assert cl.history(tmp_path)["as_of"].unique(maintain_order=True).to_list() == DAYS
    enter(tmp_path, [run_of(tmp_path, DAYS[0], "2", ("new",))])
    assert cl.history(tmp_path)["group"].to_list() == ["new", *["champions", "lost"] * 2]


def test_what_is_known_is_not_read_again(tmp_path):
    runs = [run_of(tmp_path, day) for day in DAYS[:2]]
    enter(tmp_path, runs)
    runs[0].customers.unlink()
    before = (tmp_path / FILE).read_bytes()
    enter(tmp_path, runs)
    assert (tmp_path / FILE).read_bytes() == before
    enter(tmp_path, [*runs, run_of(tmp_path, DAYS[2])])
    assert cl.history(tmp_path).height == 6


@pytest.mark.parametrize("damage", [b"", b"PAR1", b"no parquet at all"])
def test_a_damaged_history_is_made_again(tmp_path, damage):
    runs = [run_of(tmp_path, day) for day in DAYS]
    enter(tmp_path, runs)
    whole = cl.history(tmp_path)
    (tmp_path / FILE).write_bytes(damage)
    enter(tmp_path, runs)
    assert cl.history(tmp_path).equals(whole)


def test_customers_without_a_value_are_there(tmp_path):
    enter(tmp_path, [run_of(tmp_path, DAYS[0], value=None)])
    assert cl.history(tmp_path)["value"].to_list() == [None, None]


@given(st.lists(st.lists(st.tuples(st.sampled_from(DAYS), st.sampled_from("123")), unique_by=lambda run: run[0])))
@settings(max_examples=30, deadline=None)
def test_the_history_has_of_every_day_what_was_published_last_in_whatever_order(tmp_path_factory, rounds):
    one, other = (tmp_path_factory.mktemp("series") for _ in range(2))
    last = {}
    for published in rounds:
        enter(one, [run_of(one, day, key, groups=("lost",) * int(key)) for day, key in published])
        last.update(published)
    enter(other, [run_of(other, day, key, groups=("lost",) * int(key)) for day, key in last.items()])
    if last:
        assert cl.history(one).equals(cl.history(other))
        assert not cl.history(one).select("as_of", "customer_id", "strategy").is_duplicated().any()


def test_a_folder_without_a_history_is_told(tmp_path):
    with pytest.raises(DataError, match=r"history\.parquet does not exist. Name the folder of a series"):
        cl.history(tmp_path)
