"""Every example of the documentation runs, and prints what its page says."""

import pytest

from tests.examples import DOCS, PAGES, examples, run

ON_SPARK = DOCS / "how_to" / "spark.md"
"""Needs PySpark, and is run by `make spark`."""
RUN = [
    page
    for page in PAGES
    if page != ON_SPARK and any(it.language in {"python", "sh"} for it in examples(page.read_text(encoding="utf-8")))
]


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.relative_to(DOCS).with_suffix("").as_posix())
def test_the_examples_of_a_page_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run(page, tmp_path)


def test_the_pages_have_examples():
    folders = {page.relative_to(DOCS).parts[0] for page in RUN}
    assert folders == {"tutorial", "how_to", "explanation", "reference"}
