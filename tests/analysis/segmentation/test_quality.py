"""Where every row went, and which customers the attributes meet."""

from dataclasses import replace

import polars as pl

from clvlab.analysis.segmentation import quality
from tests.analysis.pages import sentences_of
from tests.analysis.segmentation.logs import context_of

ROWS = (("a1", "2024-01-05", 10.0), ("b2", "2024-02-05", 20.0), ("late", "2024-07-01", 5.0))
PEOPLE = pl.DataFrame({"customer_id": ["a1", "B2", "p", "q", None], "city": ["x"] * 5})
SURVEYS = pl.DataFrame({"customer_id": ["a1", "late"], "date": ["2024-01-31", "2024-08-01"], "nps": [9, 3]})


def section(*tables, as_of="2024-06-30"):
    context = context_of(*ROWS, as_of=as_of)
    return quality.compute(replace(context, log=replace(context.log, attributes=tables)))


def test_without_attributes_nothing_is_said_of_them():
    assert set(section()) == {"rows", "gate"}
    assert "attributes" not in section().findings


def test_returns_and_repetitions_among_the_rows_used_are_told():
    rows = (*ROWS, ROWS[0], ROWS[0], ("b2", "2024-03-05", -4.0), ("b2", "2024-07-05", -9.0))
    findings = quality.compute(context_of(*rows, as_of="2024-06-30")).findings
    assert dict(findings["returns"].figures) == {"rows": 1, "amount": -4.0}
    assert dict(findings["repeated"].figures) == {"rows": 2}
    assert not {"returns", "repeated"} & quality.compute(context_of(*ROWS, as_of="2024-06-30")).findings.keys()


def test_questions_that_no_parameter_answers_are_told():
    context = context_of(*ROWS, as_of="2024-06-30")
    doubts = [
        {
            "code": "states_unused",
            "figures": {"file": "/home/me/log.csv", "column": "'s'", "states": "'x'", "rows": 2},
        },
        {"code": "one_id_above_all", "figures": {"id": "'a1'", "rows": 900, "next": 9}},
    ]
    open_ = replace(context, log=replace(context.log, detected={"doubts": doubts}))
    [asked] = quality.compute(open_).findings["questions"].figures.values()
    assert [it.key for it in asked] == ["doubts.states_unused", "quality.one_id_above_all"]
    said = "\n".join(sentences_of("quality", quality.compute(open_), context.params))
    assert "One customer id has 900 rows, the next one 9" in said
    assert "a1" not in said
    assert asked[0].figures["file"] == "log.csv"
    params = context.params.model_copy(update={"reading": {"where": {}, "guests": ()}})
    assert "questions" not in quality.compute(replace(open_, params=params)).findings


def test_every_table_says_how_many_customers_it_meets():
    found = section(PEOPLE.filter(pl.col("customer_id").is_not_null()), SURVEYS)["attributes"]
    assert found.rows() == [("rows", 4, 1, 3, 0.5, 0), ("rows", 1, 1, 0, 0.5, 0)]


def test_rows_that_say_nothing_of_anybody_are_counted():
    people = pl.concat([PEOPLE, pl.DataFrame({"customer_id": [f"p{n}" for n in range(20)], "city": ["x"] * 20})])
    assert section(people)["attributes"]["refused"].to_list() == [1]


def test_customers_whom_only_the_attributes_know_are_told_and_those_whose_ids_nearly_meet():
    findings = section(PEOPLE.filter(pl.col("customer_id").is_not_null())).findings
    assert findings["attributes"].key == "quality.attributes"
    assert dict(findings["attributes"].figures) == {"prospects": 3, "buyers": 2}
    assert dict(findings["alike"].figures) == {"ids": 1}


def test_where_all_have_bought_no_stranger_is_told():
    findings = section(SURVEYS).findings
    assert findings["attributes"].key == "quality.attributes_met"
    assert "alike" not in findings


def test_who_returned_all_is_known_to_the_log_and_no_prospect():
    people = pl.DataFrame({"customer_id": ["a1", "back"], "city": ["x", "x"]})
    context = context_of(*ROWS, ("back", "2024-03-01", -5.0), as_of="2024-06-30")
    found = quality.compute(replace(context, log=replace(context.log, attributes=(people,))))
    assert found["attributes"].select("customers", "buyers", "prospects").row(0) == (2, 1, 0)
    assert found.findings["attributes"].key == "quality.attributes_met"


def test_ids_of_the_log_alone_that_are_alike_are_no_strangers():
    context = context_of(*ROWS, as_of="2024-06-30")
    strange = replace(
        context, log=replace(context.log, attributes=(pl.DataFrame({"customer_id": ["z", "a1"], "x": [1, 2]}),))
    )
    assert "alike" not in quality.compute(strange).findings
