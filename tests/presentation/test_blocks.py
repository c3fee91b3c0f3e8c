"""The pages of both reports name sentences, captions, columns and charts that there are, in both languages."""

import pytest

from clvlab.presentation import comparison, segmentation
from clvlab.presentation.blocks import Chart, Table, Text
from clvlab.wording import LANGUAGES, Words, catalogue

BLOCKS = [
    pytest.param(section, block, id=f"{section}-{type(block).__name__}-{getattr(block, 'table', '')}{place}")
    for pages in (segmentation.PAGES, comparison.PAGES)
    for section, blocks in pages.items()
    for place, block in enumerate(blocks)
]


def both(key):
    return all(catalogue().get(key, {}).get(language) for language in LANGUAGES)


@pytest.mark.parametrize(("section", "block"), BLOCKS)
def test_every_table_has_a_caption_and_its_columns_their_names(section, block):
    if not isinstance(block, Table):
        return
    assert both(f"{section}.{block.caption or block.table}_table")
    assert all(both(f"columns.{column}") for column in block.kinds)


@pytest.mark.parametrize("pages", [segmentation.PAGES, comparison.PAGES], ids=["segmentation", "comparison"])
def test_nothing_is_shown_twice(pages):
    for blocks in pages.values():
        for kind, name in ((Text, "finding"), (Chart, "table")):
            shown = [getattr(block, name) for block in blocks if isinstance(block, kind)]
            assert len(shown) == len(set(shown))
        # What counts purchases stands in for its namesake where the log knows no money.
        tables = [block for block in blocks if isinstance(block, Table) and not block.table.endswith("_counted")]
        captions = [block.caption or block.table for block in tables]
        assert len(captions) == len(set(captions))


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(("section", "block"), BLOCKS)
def test_no_table_has_two_columns_of_one_name(section, block, lang):
    if isinstance(block, Table):
        headings = [Words(lang).column(column) for column in block.kinds]
        assert len(headings) == len(set(headings)), (section, headings)
