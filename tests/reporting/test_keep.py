"""How many reports a series keeps: which go, what stays, and that a kill leaves nothing half removed."""

import logging
from datetime import date

import pytest

import clvlab as cl
from clvlab.errors import ParamsError
from clvlab.params import ReportParams
from clvlab.reporting import archive
from clvlab.reporting.archive import Series
from clvlab.reporting.backfill import backfill
from clvlab.reporting.runner import reports_in, retain, run, settle
from tests.reporting.hand_made import labelled
from tests.reporting.test_backfill import EXPORT

DAYS = ["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30"]


def monthly(as_of=DAYS[-1], **given):
    return ReportParams(**{"name": "shop", "source": "log.csv", "as_of": as_of, "every": "month", **given})


@pytest.fixture
def series(workplace):
    for day in DAYS:
        labelled(workplace / "reports", day)
    series = Series(monthly().folder)
    settle(series, monthly())
    return series


def there(series):
    return [folder.name for folder in series.days()]


@pytest.mark.parametrize(
    ("keep", "as_of", "left"),
    [
        (None, DAYS[3], DAYS),
        (9, DAYS[3], DAYS),
        (4, DAYS[3], DAYS),
        (2, DAYS[3], DAYS[2:]),
        (1, DAYS[3], DAYS[3:]),
        (2, DAYS[0], [DAYS[0], *DAYS[2:]]),
    ],
)
def test_the_oldest_go_beyond_the_number_but_never_the_newest_nor_the_runs_own(series, keep, as_of, left):
    retain(series, monthly(as_of, keep=keep))
    assert there(series) == left[::-1]
    assert (series.folder / "latest").readlink().name == DAYS[3]


def test_the_groups_of_what_is_removed_stay_in_the_history_and_its_links_go(series, caplog):
    before = cl.history(series.folder)
    with caplog.at_level(logging.INFO, "clvlab"):
        retain(series, monthly(keep=2))
    assert cl.history(series.folder).equals(before)
    assert f"removed reports/shop/{DAYS[0]}: `keep: 2`" in caplog.messages
    page = (series.folder / "index.html").read_text(encoding="utf-8")
    assert [day for day in DAYS if f"{day}/report.html" in page] == DAYS[2:]


def test_what_is_not_ours_is_neither_removed_nor_counted(series):
    (series.folder / "2023-12-31").mkdir()
    (series.folder / "2023-11-30").symlink_to(DAYS[3])
    (series.folder / "notes").mkdir()
    retain(series, monthly(keep=3))
    assert there(series) == [*DAYS[:0:-1], "2023-12-31", "2023-11-30"]
    assert (series.folder / "notes").is_dir()


def test_a_kill_while_a_report_is_removed_leaves_it_whole_or_gone(series, monkeypatch):
    def killed(_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(archive, "_remove", killed)
        with pytest.raises(KeyboardInterrupt):
            retain(series, monthly(keep=3))
    assert there(series) == DAYS[:0:-1]
    series.mend()
    assert [path.name for path in series.folder.iterdir() if path.name.startswith(".")] == []
    assert there(series) == DAYS[:0:-1]


def test_how_many_are_kept_makes_no_report_out_of_date(workplace, use_notebook):
    use_notebook(EXPORT)
    assert run(monthly()).is_new
    page = (workplace / "reports" / "shop" / DAYS[3] / "params.yaml").read_bytes()
    assert not run(monthly(keep=2)).is_new
    assert run(monthly(keep=2), force=True).is_new
    assert (workplace / "reports" / "shop" / DAYS[3] / "params.yaml").read_bytes() == page


def test_a_backfill_does_not_make_what_it_would_remove(series):
    told = []
    # Nothing is made: all of these days are older than what the series keeps.
    done = backfill(monthly(keep=2), date(2023, 11, 1), date(2024, 1, 31), told=told.append)
    assert (done.made, done.kept, done.failed) == ([], [], {})
    assert told == ["2023-11-30 to 2024-01-31: not made, as the series keeps its newest 2 reports"]
    assert len(reports_in(series)) == len(DAYS)


def test_a_report_of_its_own_has_no_series_to_keep():
    with pytest.raises(ParamsError, match=r"`keep: 3` is for a series of reports, and `every` is missing\. Say"):
        ReportParams(name="shop", source="log.csv", as_of=DAYS[0], keep=3)


@pytest.mark.parametrize("keep", [0, -1, 1.5, True])
def test_a_number_that_keeps_nothing_is_refused(keep):
    with pytest.raises(ParamsError, match="`keep` is"):
        monthly(keep=keep)
