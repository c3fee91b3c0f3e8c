"""The page on reading a log says what the code does."""

import re
from pathlib import Path

from clvlab.transactions.rules import RULES

PAGE = (Path(__file__).parents[1] / "docs" / "how_to" / "reading.md").read_text(encoding="utf-8")


def test_every_rule_is_on_the_page_in_order():
    assert re.findall(r"^\| `(\w+)` \| (?:more|a|an|no) ", PAGE, re.MULTILINE) == list(RULES)
