"""Many labels are written as files, by jobs that go on by themselves."""

import json

import pytest

from clvlab.crm import labels
from clvlab.crm.fakes import Fault
from clvlab.crm.fakes.zoho import Field
from clvlab.crm.protocol import Row
from clvlab.crm.zoho import bulk
from clvlab.crm.zoho.bulk import BULK_ABOVE
from clvlab.crm.zoho.connection import Connection
from clvlab.errors import DataError, ParamsError, TryLaterError
from tests.crm.organisation import LABELS, account_id
from tests.crm.test_labels import DAY, Killed, N, params_of, published, state_of, written_ids

BULK = {"organisation": "700012345"}
ABOVE = 200
NULL = [at for at in range(N) if at % 7 == 0]  # customers without a value, whose rows have the other fields alone


@pytest.fixture(autouse=True)
def low(monkeypatch):
    monkeypatch.setattr(bulk, "BULK_ABOVE", ABOVE)


@pytest.fixture
def given(tmp_path, zoho):
    published(tmp_path)
    return params_of(tmp_path, zoho, bulk=BULK)


@pytest.fixture
def crm(connected):
    return connected(labels=LABELS, bulk=BULK)


def applied(given, crm):
    return labels.apply(labels.plan(given, crm), crm, given.folder, given.as_of)


def jobs(zoho):
    return [each for each in zoho.requests if each.method == "POST" and each.path.endswith("/bulk/v8/write")]


def test_rows_of_the_same_fields_go_as_a_file_where_there_are_many(given, crm, zoho):
    before = state_of(zoho)
    done = applied(given, crm)
    assert (done.is_whole, len(done.outcomes)) == (True, N)
    [job] = jobs(zoho)
    assert job.body["operation"] == "update"
    assert job.body["resource"][0]["find_by"] == "id"
    assert [each["api_name"] for each in job.body["resource"][0]["field_mappings"]] == ["id", *LABELS.values()]
    assert written_ids(zoho) == [account_id(at) for at in NULL]
    labels.apply(labels.undoing(done.undo, crm), crm, given.folder, DAY)
    assert state_of(zoho) == before
    assert len(jobs(zoho)) == 2
    assert zoho.ledger == []


def test_what_a_file_writes_is_what_updates_write(given, crm, zoho, tmp_path, connected):
    applied(given, crm)
    by_file = state_of(zoho)
    labels.apply(
        labels.undoing(next((given.folder / labels.FOLDER).glob("*.undo.jsonl")), crm), crm, given.folder, DAY
    )
    applied(params_of(tmp_path, zoho), connected(labels=LABELS))
    assert state_of(zoho) == by_file


def test_five_thousand_records_cost_as_much_either_way():
    assert (BULK_ABOVE, BULK_ABOVE // 10) == (5_000, 500)


def test_without_the_organisation_nothing_goes_as_a_file(given, connected, zoho):
    assert applied(given, connected(labels=LABELS)).is_whole
    assert jobs(zoho) == []


def test_a_file_has_25_000_rows_at_most(crm):
    rows = [Row(str(at), {"Clv_Group": "x"}) for at in range(25_250)]
    assert [len(batch) for batch in crm.batches(rows)] == [25_000, 250]


def test_rows_that_are_refused_are_told_one_by_one(crm, zoho):
    zoho.locked |= {account_id(5), account_id(8)}
    zoho.modules["Accounts"].fields["Clv_Value"] = Field("Clv_Value", "date", custom=True)
    zoho.modules["Accounts"].records.pop(account_id(9))
    found = [Row(account_id(at), {"Clv_Group": "x" * (31 if at == 4 else 2)}) for at in range(ABOVE + 1)]
    done = {it.id: it for it in crm.write_labels(found)}
    assert [(done[account_id(at)].status, done[account_id(at)].code) for at in (3, 4, 5, 8, 9)] == [
        ("written", ""),
        ("refused", "INVALID_DATA-Clv_Group"),
        ("refused", "RECORD_LOCKED-id"),
        ("refused", "RECORD_LOCKED-id"),
        ("refused", "INVALID_DATA-id"),
    ]


@pytest.mark.parametrize("moment", ["upload", "asked", "begun", "polled", "downloaded"])
def test_broken_off_it_goes_on_without_writing_a_row_twice(given, crm, zoho, monkeypatch, moment):
    before = state_of(zoho)
    once = Connection.call
    dies_at = {
        "upload": ("POST", "upload", False),
        "asked": ("POST", "bulk/write", False),
        "begun": ("GET", "bulk/write", False),
        "polled": ("GET", "bulk/write", True),
        "downloaded": ("GET", "/crm/bulk", True),
    }[moment]

    def called(self, method, path, **how):
        if (method, path.startswith(dies_at[1])) == (dies_at[0], True):
            if dies_at[2]:
                once(self, method, path, **how)
            raise Killed
        return once(self, method, path, **how)

    monkeypatch.setattr(Connection, "call", called)
    with pytest.raises(Killed):
        applied(given, crm)
    monkeypatch.setattr(Connection, "call", once)
    applied(given, crm)
    assert labels.plan(given, crm).changes == ()
    assert len(jobs(zoho)) == 1
    for path in sorted((given.folder / labels.FOLDER).glob("*.undo.jsonl")):
        labels.apply(labels.undoing(path, crm), crm, given.folder, DAY)
    assert state_of(zoho) == before


def test_a_job_whose_reply_is_lost_is_unknown_until_it_is_looked_at_again(given, crm, zoho):
    zoho.faults.append(Fault("POST", "/crm/bulk/v8/write", "cut_after"))
    done = applied(given, crm)
    assert done.counts == {"written": len(NULL), "unknown": N - len(NULL)}
    zoho.finish_jobs()
    assert labels.plan(given, crm).changes == ()


def test_a_job_that_fails_is_told_and_what_it_wrote_is_written(given, crm, zoho, waits):
    zoho.faults.append(
        Fault("GET", "/crm/bulk/v8/write", "before", status=200, body={"data": [{"status": "FAILED", "id": "1"}]})
    )
    done = applied(given, crm)
    assert done.counts == {"written": len(NULL), "refused": N - len(NULL)}
    assert {it.code for it in done.outcomes if it.status == "refused"} == {"FAILED"}
    assert waits == []


def test_a_job_that_takes_too_long_is_for_later(given, crm, zoho, waits, monkeypatch):
    monkeypatch.setattr(bulk, "_POLLS", 4)
    body = {"data": [{"status": "INPROGRESS", "id": "1"}]}
    zoho.faults.append(Fault("GET", "/crm/bulk/v8/write", "before", times=4, status=200, body=body))
    with pytest.raises(TryLaterError, match="more than an hour"):
        applied(given, crm)
    assert len(waits) == 4
    [journal] = (given.folder / labels.FOLDER).glob("*.done.jsonl")
    assert "begun" in json.loads(journal.read_text(encoding="utf-8").splitlines()[-1])
    assert applied(given, crm).is_whole  # those that no file has
    assert len(jobs(zoho)) == 1


def test_a_result_elsewhere_gets_no_token(given, crm, zoho):
    told = {"status": "COMPLETED", "id": "1", "result": {"download_url": "https://elsewhere.example/result.zip"}}
    zoho.faults.append(Fault("GET", "/crm/bulk/v8/write", "before", status=200, body={"data": [told]}))
    with pytest.raises(DataError, match="no token is sent there"):
        applied(given, crm)


@pytest.mark.parametrize(
    ("key", "value", "said"), [("organisation", "1", "POST upload"), ("upload", "http://x.de", "bulk")]
)
def test_what_does_not_take_a_file_is_told(given, connected, zoho, key, value, said):
    with pytest.raises((DataError, ParamsError), match=said):
        applied(given, connected(labels=LABELS, bulk=BULK | {key: value}))
    zoho.switches.missing_scopes = {"bulk.CREATE"}
    with pytest.raises(ParamsError, match="lacks the scope for bulk/write"):
        applied(given, connected(labels=LABELS, bulk=BULK))
