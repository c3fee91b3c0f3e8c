"""What differs between two runs, by hand, and how `clvlab diff` says it."""

import polars as pl
import pytest
from click.testing import CliRunner

from clvlab import cli
from clvlab.errors import DataError
from clvlab.reporting.differences import Change, Figure, differences, in_words, words_for
from tests.reporting.hand_made import labelled

MARCH, APRIL = "2024-03-31", "2024-04-30"
HEADINGS = ["Data", "Parameters", "Rule of the groups", "Versions", "Results"]


@pytest.fixture
def runs(tmp_path):
    """Two runs that differ in everything."""
    one = labelled(
        tmp_path,
        MARCH,
        groups=("champions", "lost", "lost"),
        headline=[("customers", "int", 3.0), ("repeat_share", "pct", 0.4), ("clv", "money", 5_000.0)],
        rule={"drawn_on": "2024-01-31", "rule": {"kind": "rfm_map", "thresholds": {"spend": [1.0, 2.0]}}},
    )
    other = labelled(
        tmp_path,
        APRIL,
        groups=("champions", "lost", "new", "new"),
        headline=[("customers", "int", 4.0), ("repeat_share", "pct", 0.35), ("clv", "money", 4_000.0)],
        rule={"drawn_on": "2024-04-30", "rule": {"kind": "rfm_map", "thresholds": {"spend": [1.0, 3.0]}}},
        parameters={"alerts": {"customers": 5}, "strategy": "rfm11", "currency": "USD", "every": None},
        rows={"sha256": "e" * 64, "accepted": 1_300, "refused": {"zero_amount": 2, "missing_date": 5}},
        log_files={"log.csv": "f" * 64},
        package="9" * 64,
        versions={"python": "3.13.2", "polars": "2.0.0"},
    )
    return one, other


def test_the_differences_by_hand(runs):
    found = differences(*runs)
    assert found.counts == (Figure("accepted", "int", 1_234, 1_300), Figure("zero_amount", "int", 0, 2))
    assert found.sources == (
        Change("diff.fingerprint", "b" * 12, "e" * 12),
        Change("log.csv", "a" * 12, "f" * 12),
    )
    assert found.parameters == (
        Change("every", "month", "null"),
        Change("as_of", MARCH, APRIL),
        Change("alerts.customers", "–", "5"),
    )
    assert found.rule == (
        Change("drawn_on", "2024-01-31", "2024-04-30"),
        Change("rule.thresholds.spend", "[1.0, 2.0]", "[1.0, 3.0]"),
    )
    assert found.versions == (Change("python", "3.13.1", "3.13.2"), Change("diff.package", "c" * 12, "9" * 12))
    assert found.headline == (
        Figure("customers", "int", 3.0, 4.0),
        Figure("repeat_share", "pct", 0.4, 0.35),
        Figure("clv", "money", 5_000.0, 4_000.0),
    )
    sizes = {figure.code: (figure.old, figure.new) for figure in found.groups}
    assert sizes == {"lost": (2, 1), "champions": (1, 1), "new": (0, 2)}


def test_a_run_differs_from_itself_in_nothing(runs):
    found = differences(runs[0], runs[0])
    assert (found.counts, found.sources, found.parameters, found.rule, found.versions) == ((),) * 5
    assert all(figure.old == figure.new for figure in (*found.headline, *found.groups))
    assert in_words(found, words_for(found)).count("No difference.") == 4


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", ["Refused: an amount of zero", "Fingerprint of the accepted rows", "−5.0 points", "+1", "−$1K"]),
        ("zh", ["采用行的指纹", "−5.0个百分点", "−US$1,000"]),
    ],
)
def test_they_are_said_in_tables(runs, lang, said):
    found = differences(*runs)
    text = in_words(found, words_for(found, lang))
    assert [part for part in said if part not in text] == []


def test_the_command_says_them_in_the_language_of_the_second_run_and_exits_0(runs):
    done = CliRunner().invoke(cli.main, ["diff", *map(str, runs)])
    assert (done.exit_code, done.stderr) == (0, "")
    assert [line for line in done.stdout.splitlines() if line in HEADINGS] == HEADINGS
    assert "数据" in CliRunner().invoke(cli.main, ["diff", *map(str, runs), "--lang", "zh"]).stdout


def test_a_comparison_has_neither_rule_nor_groups(tmp_path):
    given = {"name": "which", "strategies": ["abc"]}
    one, other = (labelled(tmp_path, day, parameters=given) for day in (MARCH, APRIL))
    for folder in (one, other):
        (folder / "headline.json").unlink()
        pl.DataFrame({"customer_id": ["a"], "abc": ["class_a"]}).write_parquet(folder / "customers.parquet")
    found = differences(one, other)
    assert (found.headline, found.groups, found.rule) == ((), (), ())
    assert in_words(found, words_for(found)).endswith("Results\nNeither run has headline figures.")


def test_groups_of_ones_own_keep_their_names(tmp_path):
    given = {"strategy": {"attribute": "tier"}}
    folders = [labelled(tmp_path, day, groups=("lost", "vip"), parameters=given) for day in (MARCH, APRIL)]
    found = differences(*folders)
    assert found.own_groups == {"lost", "vip"}
    assert "\nlost " in in_words(found, words_for(found))


def test_what_another_version_called_otherwise_is_shown_by_its_code(tmp_path):
    one = labelled(tmp_path, MARCH, headline=[("old_measure", "int", 1.0)])
    other = labelled(tmp_path, APRIL, rows={"accepted": 1, "refused": {"old_rule": 3}})
    found = differences(one, other)
    text = in_words(found, words_for(found))
    assert "\nold_rule " in text
    assert "\nold_measure " in text


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("absent", "absent is not a folder. Name the folders of two runs, such as"),
        ("shop", "shop has no manifest.json of a published run. Name the folders of two runs, such as"),
    ],
)
def test_what_is_not_a_run_is_told(runs, name, said):
    output = runs[0].parents[1]
    done = CliRunner().invoke(cli.main, ["diff", str(runs[0]), str(output / name)])
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr


@pytest.mark.parametrize("file", ["rule.json", "headline.json", "customers.parquet"])
def test_a_damaged_file_is_told(runs, file):
    (runs[1] / file).write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match=rf"{file} is damaged\. Make the run again"):
        differences(*runs)
