"""The numbers on the first page, and what they are compared with."""

from datetime import date

import pytest

from clvlab.analysis.segmentation import summary
from tests.analysis.pages import sentences_of
from tests.analysis.segmentation.logs import context_of

# Quarters end on 2024-12-31, 2024-09-30, ...; the year before ends on 2023-12-31.
LOG = (
    ("a", "2023-09-29", 5.0),
    ("a", "2023-11-01", 100.0),
    ("b", "2024-08-01", 40.0),
    ("b", "2024-08-02", 20.0),
    ("c", "2024-10-10", 30.0),
    ("c", "2024-12-31", 60.0),
)


def numbers_of(*rows, as_of="2024-12-31", **params):
    table = summary.compute(context_of(*rows, as_of=as_of, **params))["numbers"]
    return {row["measure"]: row for row in table.iter_rows(named=True)}


def test_the_numbers_by_hand():
    numbers = numbers_of(*LOG)
    assert {name: row["value"] for name, row in numbers.items()} == {
        "customers": 3,
        "active": 2,  # b and c; a last bought 426 days ago
        "repeat_share": 1,
        "revenue": 90,
    }
    assert numbers["customers"]["previous"] == 2
    assert numbers["customers"]["change"] == pytest.approx(0.5)
    assert numbers["repeat_share"]["change"] == 0
    assert numbers["revenue"]["previous"] == 60
    assert numbers["revenue"]["change"] == pytest.approx(0.5)


@pytest.mark.parametrize(("once", "warned"), [(8, True), (7, False)])
def test_a_base_that_mostly_bought_once_is_told_what_it_cannot_tell(once, warned):
    rows = [(f"c{i}", "2024-11-01", 10.0) for i in range(10)]
    again = [(f"c{i}", "2024-12-01", 10.0) for i in range(once, 10)]
    context = context_of(*rows, *again, as_of="2024-12-31")
    section = summary.compute(context)
    assert ("one_time" in section.findings) == warned
    if warned:
        (told,) = [text for text in sentences_of("summary", section, context.params) if text.startswith("Caution")]
        assert told.startswith("Caution: 80% of customers have bought only once")
        assert "the 2 who have bought again" in told


def test_the_same_quarter_of_the_year_before_where_the_log_has_it():
    numbers = numbers_of(*LOG)
    assert numbers["revenue"]["year_before"] == 100
    assert numbers["revenue"]["change_in_year"] == pytest.approx(-0.1)
    later = numbers_of(*LOG[2:])
    assert later["revenue"]["year_before"] is None
    assert later["revenue"]["change_in_year"] is None


@pytest.mark.parametrize(
    ("first", "compared"), [("2024-07-01", True), ("2024-07-07", True), ("2024-07-20", False), ("2024-09-01", False)]
)
def test_a_quarter_that_the_log_holds_in_part_is_not_compared_with(first, compared):
    numbers = numbers_of(("a", first, 10.0), ("b", "2024-09-20", 10.0), ("c", "2024-12-01", 10.0))
    for row in numbers.values():
        assert (row["previous"] is not None) == compared
        assert (row["change"] is not None) == compared


def test_what_grew_from_nothing_has_no_rate():
    numbers = numbers_of(("a", "2024-06-01", 10.0), ("a", "2024-12-01", 10.0))
    assert (numbers["revenue"]["previous"], numbers["revenue"]["change"]) == (0, None)


def test_prospects_are_not_customers_who_bought():
    rows = [("a", "2024-06-01", 10.0), ("p", "2024-06-01", -4.0)]
    assert numbers_of(*rows)["customers"]["value"] == 1


def test_a_log_without_amounts_has_no_revenue():
    rows = [row[:2] for row in LOG]
    assert list(numbers_of(*rows, columns="customer_id date")) == ["customers", "active", "repeat_share"]


def test_the_sentence_by_hand():
    lead = summary.compute(context_of(*LOG, as_of="2024-12-31")).findings["lead"].figures
    assert dict(lead) == {
        "customers": 3,
        "first": date(2023, 9, 29),
        "as_of": date(2024, 12, 31),
    }


def test_that_nobody_new_has_come_is_said_on_the_first_page():
    quiet = summary.compute(context_of(*LOG, as_of="2025-03-31")).findings["no_new"]
    assert dict(quiet.figures) == {"latest": date(2024, 10, 10), "days": 172}
    assert "no_new" not in summary.compute(context_of(*LOG, as_of="2024-12-31")).findings


def test_a_report_of_every_month_is_compared_by_the_month():
    numbers = numbers_of(*LOG, every="month")
    assert "revenue" not in numbers
    assert (numbers["revenue_month"]["value"], numbers["revenue_month"]["previous"]) == (60, 0)
    assert (numbers["customers"]["previous"], numbers["customers"]["year_before"]) == (3, 1)


def test_the_line_of_a_number_ends_with_the_number():
    section = summary.compute(context_of(*LOG, as_of="2024-12-31", every="quarter"))
    days = [date(2023, 12, 31), date(2024, 3, 31), date(2024, 6, 30), date(2024, 9, 30), date(2024, 12, 31)]
    lines = {
        measure: dict(rows.select("day", "value").iter_rows())
        for (measure,), rows in section["trend"].group_by("measure", maintain_order=True)
    }
    assert lines == {
        "customers": dict(zip(days, [1, 1, 1, 2, 3], strict=True)),
        "active": dict(zip(days, [1, 1, 1, 2, 2], strict=True)),  # until 31 October 2024 the purchase of a counts
        "repeat_share": dict(zip(days, [1, 1, 1, 1, 1], strict=True)),
        "revenue": dict(zip(days, [100, 0, 0, 60, 90], strict=True)),
    }
    now = dict(section["numbers"].select("measure", "value").iter_rows())
    assert {measure: line[days[-1]] for measure, line in lines.items()} == now
    assert "trend" not in summary.compute(context_of(*LOG, as_of="2024-12-31"))
