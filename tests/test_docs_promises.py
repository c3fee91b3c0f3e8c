"""The page of promises names tests that are there."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "docs" / "reference" / "promises.md").read_text(encoding="utf-8")
ROWS = [
    line
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith(("| ---", "| promise", "| code"))
]


@pytest.mark.parametrize("row", ROWS)
def test_every_promise_has_a_test_that_is_there(row):
    named = re.findall(r"`([\w/.]+)::(\w+)`", row)
    assert named, "no test is behind this promise"
    for file, test in named:
        assert f"def {test}(" in (TESTS / file).read_text(encoding="utf-8"), f"{file} has no {test}"
