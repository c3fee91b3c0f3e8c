"""What data leave open is settled by the likeliest choice, and what is doubtful is kept."""

import warnings

import pytest

from clvlab.check.settling import Question, heard, settle
from clvlab.check.verdict import Remark, Verdict
from clvlab.errors import ClvlabWarning, DataError, MissingColumnsError, UnsettledError


def reader(*open_settings):
    """A reader that leaves settings open, one after the other, and then returns what it was given."""

    def read(settings):
        for key, choices in open_settings:
            if key not in settings:
                raise UnsettledError(f"{key} is open", key, choices, example=f"as in {key}")
        return dict(settings)

    return read


TWO = (("date_format", ("%d/%m/%Y", "%m/%d/%Y")), ("decimal", (",", ".")))


def test_the_likeliest_choice_is_taken_and_each_question_kept():
    found = settle(reader(*TWO), {"encoding": "utf-8"})
    assert found.value == found.settings == {"encoding": "utf-8", "date_format": "%d/%m/%Y", "decimal": ","}
    assert found.questions == (
        Question("date_format", ("%d/%m/%Y", "%m/%d/%Y"), "as in date_format"),
        Question("decimal", (",", "."), "as in decimal"),
    )
    assert [question.taken for question in found.questions] == ["%d/%m/%Y", ","]


def test_what_is_given_is_no_question():
    found = settle(reader(*TWO), {"date_format": "%m/%d/%Y", "decimal": "."})
    assert found.questions == ()
    assert found.value == {"date_format": "%m/%d/%Y", "decimal": "."}


def test_a_setting_that_contradicts_the_data_is_an_error_and_not_asked_for_ever():
    def read(_settings):
        raise UnsettledError("the data contradict it", "decimal", [","])

    with pytest.raises(UnsettledError, match="contradict"):
        settle(read, {"decimal": "."})
    with pytest.raises(UnsettledError, match="contradict"):
        settle(read, {})


def test_a_question_without_choices_is_an_error():
    with pytest.raises(UnsettledError, match="sheet is open"):
        settle(reader(("sheet", ())), {})


def test_any_other_error_is_raised():
    def read(_settings):
        raise DataError("damaged")

    with pytest.raises(DataError, match="damaged"):
        settle(read, {})


def test_warnings_of_ours_are_kept_once_and_others_left_alone():
    def read():
        for _ in range(2):
            warnings.warn(ClvlabWarning("doubtful", code="ids_alike", examples="x"), stacklevel=1)
        return 7

    value, doubts = heard(read)
    assert value == 7
    assert [(doubt.code, str(doubt)) for doubt in doubts] == [("ids_alike", "doubtful")]


def test_doubts_of_readings_that_failed_are_not_kept():
    def read(settings):
        warnings.warn(ClvlabWarning(f"with {len(settings)}", code="other"), stacklevel=1)
        return reader(*TWO)(settings)

    assert [str(doubt) for doubt in settle(read, {}).doubts] == ["with 2"]


def test_a_report_can_run_where_nothing_is_wrong_or_open():
    question, remark = Question("decimal", (",",), "1,5"), Remark("check.problem_other", {"message": "x"})
    assert Verdict().is_ready
    assert Verdict(remarks=(remark,)).is_ready
    assert not Verdict(questions=(question,)).is_ready
    assert not Verdict(problems=(remark,)).is_ready


def test_an_error_is_told_by_the_catalogue_where_it_has_the_words():
    missing = Remark.of_error(MissingColumnsError("log.csv", ["date"], ["a", "b"]))
    assert dict(missing.figures) == {"table": "log.csv", "missing": "'date'", "found": "'a', 'b'"}
    assert Remark.of_error(DataError("damaged")) == Remark("check.problem_other", {"message": "damaged"})
    assert Remark.of_warning(ClvlabWarning("w", code="ids_alike", examples="x")).key == "doubts.ids_alike"
