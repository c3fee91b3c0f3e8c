import os

import pytest

from clvlab.lock import LockedError, locked


def test_second_run_of_a_series_is_told_who_holds_the_lock(tmp_path):
    with (
        locked(tmp_path),
        pytest.raises(
            LockedError, match=rf"Another run of {tmp_path.name} is at work \(process {os.getpid()}, since 2"
        ),
        locked(tmp_path),
    ):
        pytest.fail("two runs at once")


def test_holder_that_has_not_yet_written_is_not_named(tmp_path):
    with locked(tmp_path):
        (tmp_path / ".holder.json").write_text("{", encoding="utf-8")
        with pytest.raises(LockedError, match=r"is at work\. Try again later"), locked(tmp_path):
            pytest.fail("two runs at once")


def test_lock_is_free_after_a_run_however_it_ended(tmp_path):
    with pytest.raises(KeyError), locked(tmp_path):
        raise KeyError
    with locked(tmp_path):
        assert (tmp_path / ".holder.json").exists()
    assert not (tmp_path / ".holder.json").exists()


def test_lock_left_by_a_process_that_is_gone_bars_nobody(tmp_path):
    (tmp_path / ".lock").touch()
    (tmp_path / ".holder.json").write_text('{"pid": 1, "start": "2024-01-01T00:00:00+00:00"}', encoding="utf-8")
    with locked(tmp_path):
        assert str(os.getpid()) in (tmp_path / ".holder.json").read_text(encoding="utf-8")


def test_different_series_run_side_by_side(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with locked(tmp_path / "one"), locked(tmp_path / "two"):
        assert (tmp_path / "two" / ".holder.json").exists()
