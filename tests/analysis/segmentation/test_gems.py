"""Hidden gems: six customers by hand, then what holds for every base, then bases that have none."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clvlab.analysis.section import Finding
from clvlab.analysis.segmentation import gems
from clvlab.wording import LANGUAGES, Name
from tests.analysis.pages import is_chinese, page_of, sentences_of
from tests.analysis.segmentation.logs import context_of, nbd, rows_since, valued

# Every purchase to come is worth 10, so that whoever buys most often is expected to bring most.
SIX = (
    *(("often", f"2024-{month:02d}-01", 2.0) for month in range(1, 13)),  # 24 in all
    *(("both", f"2024-{month:02d}-02", 90.0) for month in range(1, 12)),  # 990
    ("rich", "2024-01-05", 800.0),
    ("well", "2024-01-05", 100.0),
    ("little", "2024-01-05", 20.0),
    ("least", "2024-01-05", 10.0),
)


def context_with(*rows, **given):
    return context_of(*(rows or SIX), as_of="2024-12-31", **given)


def section_of(*rows, **given):
    return gems.compute(valued(context_with(*rows, **given), nbd(1.0, 100.0), spend=10.0))


def test_quadrants_by_hand():
    context = valued(context_with(), nbd(1.0, 100.0), spend=10.0)
    section = gems.compute(context)
    # The upper half by spend are both, rich and well; the best third by value are often and both.
    clv = dict(context.customers.data.select("customer_id", "clv").iter_rows())
    members = {"stars": ["both"], "gems": ["often"], "fading": ["rich", "well"], "small": ["little", "least"]}
    for row in section["quadrants"].iter_rows(named=True):
        assert row["customers"] == len(members[row["quadrant"]])
        assert row["clv"] == pytest.approx(sum(clv[name] for name in members[row["quadrant"]]))
        assert row["share_clv"] == pytest.approx(row["clv"] / sum(clv.values()))
    [gem] = section["gems"].iter_rows(named=True)
    [often] = context.table.filter(customer_id="often").iter_rows(named=True)
    assert (gem["pseudonym"], gem["n_purchases"], gem["total_spend"]) == (often["pseudonym"], 12, 24.0)


def test_the_sentence_by_hand():
    context = valued(context_with(), nbd(1.0, 100.0), spend=10.0)
    section = gems.compute(context)
    told = section.findings["lead"].figures
    clv = section["gems"]["clv"][0]
    assert (told["gems"], told["clv"]) == (1, pytest.approx(clv))
    assert told["clv_low"] < clv < told["clv_high"]
    assert sentences_of("gems", section, context.params)[0].startswith(
        "1 customer is a hidden gem: past spend hides what they are expected to bring over the next 12 months, "
    )
    assert is_chinese(page_of("gems", section, context.params, "zh"))


@settings(max_examples=8)
@given(rows=rows_since(date(2024, 3, 1), [5.0, 20.0, 80.0], most=40), unit=st.sampled_from([1.0, 7.5]))
def test_quadrants_share_out_all_buyers_in_whatever_currency(rows, unit):
    rows = [*rows, ("a", date(2024, 3, 2), 5.0)]
    context = valued(context_with(*((who, day, amount * unit) for who, day, amount in rows)), nbd(1.0, 100.0), 10.0)
    section = gems.compute(context)
    quadrants = section["quadrants"]
    buyers = context.buyers.height
    assert quadrants["customers"].sum() == buyers
    assert quadrants["share_clv"].sum() == pytest.approx(1)
    assert quadrants.filter("high_potential")["customers"].sum() <= buyers * gems.BEST
    assert quadrants.filter("high_value")["customers"].sum() <= buyers * gems.UPPER
    assert quadrants["customers"].to_list() == section_of(*rows)["quadrants"]["customers"].to_list()
    hidden = section.get("gems", pl.DataFrame())
    assert hidden.height == quadrants.filter(quadrant=gems.GEMS)["customers"].item()
    if hidden.height:
        assert hidden["clv"].is_sorted(descending=True)
        assert hidden["total_spend"].max() <= context.buyers["total_spend"].median()


def test_the_longest_list_is_cut_and_all_are_counted():
    rows = [
        *((f"gem{i:02d}", f"2024-{month:02d}-01", 1.0) for i in range(25) for month in range(1, 13)),
        *((f"old{i:02d}", "2024-01-01", 500.0 + i) for i in range(60)),
    ]
    section = section_of(*rows)
    assert section["gems"].height == gems.LONGEST
    assert section.findings["lead"].figures["gems"] == 25
    assert section["gems"]["pseudonym"].n_unique() == gems.LONGEST


# Bases without any


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("rows", [[("only", "2024-05-01", 5.0)], [(f"c{i}", "2024-05-01", 5.0) for i in range(9)]])
def test_where_nobody_stands_out_there_are_none(rows, lang):
    section = section_of(*rows)
    assert section.findings["lead"] == Finding.of("gems.none")
    assert list(section) == ["quadrants"]
    assert section["quadrants"]["customers"].to_list() == [0, 0, 0, len(rows)]
    assert is_chinese(sentences_of("gems", section, context_with().params, lang)) == (lang == "zh")


def test_without_amounts_or_a_model_it_is_one_line():
    plain = context_of(*(row[:2] for row in SIX), as_of="2024-12-31", columns="customer_id date")
    assert gems.compute(valued(plain, nbd(1.0, 100.0))).findings == {"lead": Finding.of("gems.unvalued")}
    unfit = valued(context_with(), None)
    assert not gems.compute(unfit)


def test_the_title_is_of_those_of_high_value_and_potential():
    told = section_of().findings["quadrants"].figures
    assert (told["quadrant"], told["customers"]) == (Name("quadrants", "stars"), pytest.approx(1 / 6))
