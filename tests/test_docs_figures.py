"""What the pages say of the package's own bounds is what they are."""

import pytest

from clvlab.analysis.segmentation.context import VALUE_LEVEL
from clvlab.analysis.segmentation.profiles import LEVEL
from clvlab.analysis.small_groups import SMALLEST
from clvlab.comparison.groups import FEWEST
from clvlab.comparison.recommend import CAMPAIGN, TOLERANCE
from clvlab.customers.gate import MIN_CUSTOMERS, MIN_HISTORY_DAYS
from clvlab.models.gamma_gamma import STRONG_CORRELATION
from clvlab.playbook.effect import FEWEST as COMPARED_FROM
from clvlab.validation.parts import PART_TOLERANCE
from tests.examples import DOCS

ENGLISH, CHINESE = {10: ("ten", "十")}[SMALLEST]
SAID = [
    ("explanation/groupings.md", f"no more than {TOLERANCE:.2f} of"),
    ("explanation/groupings.md", f"from the {CAMPAIGN:.0%} of customers".replace("%", " %")),
    ("explanation/groupings.md", f"without a group of fewer than {FEWEST} customers"),
    ("explanation/intervals.md", f"of values and plans are at {VALUE_LEVEL:.0%},".replace("%", " %")),
    ("explanation/intervals.md", f"of what was observed at {LEVEL:.0%};".replace("%", " %")),
    ("explanation/trust.md", f"Above {STRONG_CORRELATION} fitting warns"),
    ("explanation/trust.md", f"Below {MIN_CUSTOMERS} customers with a purchase, {MIN_HISTORY_DAYS} days"),
    ("explanation/trust.md", f"more than {PART_TOLERANCE:.0%} off".replace("%", " %")),
    ("how_to/playbook.md", f"Of fewer than {COMPARED_FROM} customers"),
    ("how_to/read_a_report.md", f"Groups of fewer than {ENGLISH} customers"),
    ("zh/read_a_report.md", f"少于{CHINESE}位客户"),
]


@pytest.mark.parametrize(("page", "words"), SAID)
def test_a_bound_is_what_the_page_says(page, words):
    assert words in " ".join((DOCS / page).read_text(encoding="utf-8").split())
