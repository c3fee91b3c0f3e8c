"""Where the pages of a run are: by hand, then what holds of any editions in any languages."""

from itertools import combinations

import pytest

from clvlab.editions import EDITIONS, folder_of, views
from clvlab.params import CompareParams, ReportParams
from clvlab.wording import LANGUAGES

GIVEN = {"name": "shop", "source": "log.csv", "as_of": "2024-06-30"}


@pytest.mark.parametrize(
    ("edition", "lang", "paths"),
    [
        ("analyst", "en", ["report.html"]),
        ("analyst", "zh", ["report.html"]),
        ("stakeholder", "zh", ["report.html"]),
        ("analyst", "both", ["report.html", "report.zh.html"]),
        ("stakeholder", "both", ["report.html", "report.zh.html"]),
        ("both", "zh", ["report.html", "stakeholder/report.html"]),
        (
            "both",
            "both",
            ["report.html", "report.zh.html", "stakeholder/report.html", "stakeholder/report.zh.html"],
        ),
    ],
)
def test_the_pages_of_a_report(edition, lang, paths):
    assert [view.path for view in ReportParams(**GIVEN, edition=edition, lang=lang).views] == paths


def test_a_comparison_is_for_analysts_in_one_language_or_in_both():
    params = CompareParams(**GIVEN, lang="both")
    assert [(view.edition, view.lang, view.path) for view in params.views] == [
        ("analyst", "en", "report.html"),
        ("analyst", "zh", "report.zh.html"),
    ]
    with pytest.raises(Exception, match="`edition` is unknown"):
        CompareParams(**GIVEN, edition="both")


def _some(of):
    return [some for size in range(1, len(of) + 1) for some in combinations(of, size)]


@pytest.mark.parametrize("among", _some(EDITIONS))
@pytest.mark.parametrize("languages", _some(LANGUAGES))
def test_every_page_has_a_place_of_its_own_below_the_folder_of_its_edition(among, languages):
    found = list(views(among, languages))
    assert [(view.edition, view.lang) for view in found] == [(e, lang) for e in among for lang in languages]
    assert len({view.path for view in found}) == len(found)
    assert found[0].path == "report.html"
    assert all(view.folder == folder_of(view.edition, among) for view in found)
