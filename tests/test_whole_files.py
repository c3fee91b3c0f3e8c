"""What is written is there whole, or what was there before is."""

import pytest

from clvlab.whole_files import write_whole


def test_a_file_is_replaced_in_one_step(tmp_path):
    path = tmp_path / "a.txt"
    for text in ("one", "two"):
        write_whole(path, lambda fresh, text=text: fresh.write_text(text, encoding="utf-8"))
        assert path.read_text(encoding="utf-8") == text
    assert [each.name for each in tmp_path.iterdir()] == ["a.txt"]


def test_what_fails_leaves_what_was_there(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("before", encoding="utf-8")

    def broken_off(fresh):
        fresh.write_text("half", encoding="utf-8")
        raise KeyError

    with pytest.raises(KeyError):
        write_whole(path, broken_off)
    assert path.read_text(encoding="utf-8") == "before"
