"""Which comparison of an output folder judged a report's strategy last, by folders that are written by hand."""

import json
from datetime import date

import polars as pl
import pytest

from clvlab.inputs import sha256
from clvlab.judged import Judgement, last_judgement
from clvlab.params import ReportParams
from tests.published import RANKING, publish

MAP = "n_bins: 2\nscores: [r_score]\ngroups: {good: '2', bad: '1'}\n"


def report(output, **given):
    params = {"name": "r", "source": "rows", "as_of": "1998-06-30", "strategy": "hiatus", "output": str(output)}
    return ReportParams(**{**params, **given})


def series_for(params):
    found = last_judgement(params)
    return found and (found.series, found.as_of.isoformat())


def test_a_judgement_by_hand(tmp_path):
    publish(tmp_path, "compare_cdnow", holdout="39 weeks")
    assert last_judgement(report(tmp_path)) == Judgement(
        series="compare_cdnow",
        as_of=date(1998, 6, 30),
        key="key of compare_cdnow",
        start=date(1997, 9, 30),
        gini=0.42,
        low=0.39,
        high=0.45,
        place=2,
        n_strategies=4,
        recommended="value_grades",
    )


def test_several_cutoffs_are_judged_from_the_first_of_them_on(tmp_path):
    publish(tmp_path, holdout="10 weeks", cutoffs=3)
    assert last_judgement(report(tmp_path)).start == date(1997, 12, 2)


def test_an_interval_may_be_open_and_nothing_recommended(tmp_path):
    publish(tmp_path, ranking=RANKING.with_columns(recommended=pl.lit(False)))
    found = last_judgement(report(tmp_path, strategy="value_rfm"))
    assert (found.gini, found.low, found.high, found.place, found.recommended) == (0.1, None, None, 4, None)


def test_the_newest_up_to_the_reports_day_counts_then_the_first_by_name(tmp_path):
    for name, day in [("b", "1998-03-31"), ("c", "1998-03-31"), ("a", "1997-12-31"), ("a", "1998-06-30")]:
        publish(tmp_path, name, day)
    told = {day: series_for(report(tmp_path, as_of=day)) for day in ("1998-07-01", "1998-06-29", "1998-01-01")}
    assert told == {
        "1998-07-01": ("a", "1998-06-30"),
        "1998-06-29": ("b", "1998-03-31"),
        "1998-01-01": ("a", "1997-12-31"),
    }
    assert series_for(report(tmp_path, as_of="1997-12-30")) is None


@pytest.mark.parametrize(
    "other",
    [
        {"source": "other"},
        {"returns": "returns.csv"},
        {"where": {"Stage": "Won"}},
        {"columns": {"amount": "net"}},
        {"ranking": RANKING.filter(pl.col("strategy") != "hiatus")},
    ],
)
def test_a_comparison_of_another_log_or_of_other_strategies_does_not_count(tmp_path, other):
    publish(tmp_path, "earlier", "1998-03-31")
    publish(tmp_path, "other", **other)
    assert series_for(report(tmp_path)) == ("earlier", "1998-03-31")


@pytest.mark.parametrize(
    "terms",
    [
        {"horizon": "6 months"},
        {"annual_discount_rate": 0.2},
        {"margin": 0.3},
        {"model": "nbd"},
        {"season": "none"},
        {"events": [{"event": "fair", "first_day": "1997-06-01"}]},
    ],
)
def test_customers_valued_otherwise_matter_to_groups_by_value_alone(tmp_path, terms):
    publish(tmp_path, **terms)
    assert series_for(report(tmp_path)) is not None
    assert series_for(report(tmp_path, strategy="clv_tiers")) is None
    assert series_for(report(tmp_path, strategy="clv_tiers", **terms)) is not None


def test_a_comparison_values_nobody_by_attributes(tmp_path):
    publish(tmp_path)
    assert series_for(report(tmp_path, covariates=["city"])) is not None
    assert series_for(report(tmp_path, strategy="clv_tiers")) is not None
    assert series_for(report(tmp_path, strategy="clv_tiers", covariates=["city"])) is None


def test_a_playbook_leaves_the_grouping_as_it_is(tmp_path):
    publish(tmp_path, "compare_cdnow")
    (tmp_path / "ours.yaml").write_text("{}", encoding="utf-8")
    assert series_for(report(tmp_path, playbook=str(tmp_path / "ours.yaml"))) is not None


def test_scores_of_other_steps_are_another_grouping(tmp_path):
    publish(tmp_path)
    assert series_for(report(tmp_path, strategy="value_rfm")) is not None
    assert series_for(report(tmp_path, strategy="value_rfm", rfm={"n_bins": 4})) is None
    assert series_for(report(tmp_path, rfm={"n_bins": 4})) is not None


def renamed(name):
    return RANKING.with_columns(pl.col("strategy").replace("hiatus", name))


@pytest.mark.parametrize("labels", ["codes", "names"])
def test_groups_of_an_attribute_are_known_by_its_name_and_are_the_same_only_where_put_together_alike(
    tmp_path, labels
):
    plain, south = {"attribute": "city"}, {"attribute": "city", "groups": {"south": ["Bern", "Basel"]}}
    publish(tmp_path, ranking=renamed("city"), strategies=[south, "abc"], export_labels=labels)
    assert series_for(report(tmp_path, strategy=south)) is not None
    assert series_for(report(tmp_path, strategy=plain)) is None


def test_an_attribute_that_is_called_as_a_strategy_of_ours_is_another_grouping(tmp_path):
    publish(tmp_path)
    assert series_for(report(tmp_path, strategy={"attribute": "hiatus"})) is None


def test_a_map_counts_as_long_as_it_is_the_one_that_was_judged(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    own = tmp_path / "own.yaml"
    own.write_text(MAP, encoding="utf-8")
    publish("out", ranking=renamed("own"), strategies=["own.yaml"], files={"own.yaml": sha256(own)})
    params = report("out", strategy="own.yaml", rfm={"n_bins": 2})
    assert series_for(params) is not None
    own.write_text(MAP.replace("good", "better"), encoding="utf-8")
    assert series_for(params) is None


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_names_in_place_of_codes_say_the_same(tmp_path, lang):
    publish(tmp_path / "codes", lang=lang)
    publish(tmp_path / "names", lang=lang, export_labels="names")
    assert last_judgement(report(tmp_path / "codes")) == last_judgement(report(tmp_path / "names")) is not None


def cut(path):
    path.write_bytes(path.read_bytes()[:-40])


def edit(folder, **parameters):
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(manifest | {"parameters": manifest["parameters"] | parameters}), encoding="utf-8")


DAMAGE = {
    "half a manifest": lambda folder: cut(folder / "manifest.json"),
    "no mapping": lambda folder: (folder / "manifest.json").write_text("[1]"),
    "no text": lambda folder: (folder / "manifest.json").write_bytes(b"\xff\xfe\x00"),
    "a folder": lambda folder: [(folder / "manifest.json").unlink(), (folder / "manifest.json").mkdir()],
    "no manifest": lambda folder: (folder / "manifest.json").unlink(),
    "a holdout longer than time": lambda folder: edit(folder, holdout="9999 years"),
    "a key that none knows": lambda folder: edit(folder, judges=3),
    "no key": lambda folder: (folder / "manifest.json").write_text('{"parameters": {}}'),
    "no table": lambda folder: (folder / "tables" / "recommendation_every_strategy.csv").unlink(),
    "half a table": lambda folder: cut(folder / "tables" / "recommendation_every_strategy.csv"),
    "another day": lambda folder: folder.rename(folder.with_name("1998-06-29")),
    "no day": lambda folder: folder.rename(folder.with_name("1998-02-31")),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_is_damaged_is_passed_over(tmp_path, damage):
    publish(tmp_path, "whole", "1997-12-31")
    DAMAGE[damage](publish(tmp_path, "damaged"))
    assert series_for(report(tmp_path)) == ("whole", "1997-12-31")


def test_a_table_of_another_release_is_passed_over(tmp_path):
    publish(tmp_path, ranking=RANKING.drop("gini_low"))
    assert last_judgement(report(tmp_path)) is None


def test_reports_and_files_of_others_are_passed_over(tmp_path):
    folder = tmp_path / "r" / "1998-06-30"
    folder.mkdir(parents=True)
    manifest = {"key": "k", "parameters": report(tmp_path).to_dict(), "files": {}, "outputs": {}}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    assert last_judgement(report(tmp_path)) is None
    assert last_judgement(report(tmp_path / "nowhere")) is None
    assert last_judgement(report(tmp_path / "notes.txt")) is None
