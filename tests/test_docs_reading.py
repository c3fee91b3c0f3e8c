"""The page on reading a log says what the code does."""

import re
from pathlib import Path

from clvlab.transactions.rules import RULES

PAGE = (Path(__file__).parents[1] / "docs" / "reading.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def test_every_rule_is_on_the_page_in_order():
    assert re.findall(r"^\| `(\w+)` \| (?:more|a|an|no) ", PAGE, re.MULTILINE) == list(RULES)


def test_the_worked_example_prints_what_the_page_says(tmp_path, monkeypatch, capsys):
    (tmp_path / "retail.csv").write_text(block("csv"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    exec(block("python"), {})
    assert capsys.readouterr().out == block("text")
