"""Labels into the CRM and back out of it: what changes, what does not, and what is left where it is broken off."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from clvlab.cli import main
from clvlab.crm import labels
from clvlab.crm.fakes import Fault
from clvlab.crm.fakes.zoho import Field
from clvlab.crm.zoho import ZohoCrm
from clvlab.errors import DataError, ParamsError
from clvlab.lock import locked
from clvlab.params import ReportParams
from tests.crm.organisation import LABELS, account_id

DAY = date(2026, 1, 31)
N = 430  # of 450 accounts: the others are not in the report
GROUPS = ("champions", "loyal", "at_risk")


def published(folder, n=N, **other):
    """What a report leaves of its customers; the last one is unknown to the CRM."""
    ids = [*map(account_id, range(n)), "999"]
    customers = pl.DataFrame(
        {
            "customer_id": ids,
            "group": [GROUPS[at % 3] for at in range(n + 1)],
            "clv": [100.0 + at / 3 if at % 7 else None for at in range(n + 1)],
            "p_alive": [round(at / (n + 1), 6) for at in range(n + 1)],
            **other,
        }
    )
    (folder / "shop" / DAY.isoformat()).mkdir(parents=True, exist_ok=True)
    customers.write_parquet(folder / "shop" / DAY.isoformat() / "customers.parquet")
    return customers


def params_of(folder, zoho, lang="en", **source):
    where = {"crm": "zoho", "login": zoho.url, "api": zoho.url, "labels": LABELS} | source
    return ReportParams(name="shop", source=where, as_of=DAY, output=str(folder), lang=lang)


def state_of(zoho):
    """The labels of all records, and all else of them but when they were changed."""
    return {
        record: {name: value for name, value in fields.items() if name != "Modified_Time"}
        for record, fields in zoho.modules["Accounts"].records.items()
    }


def written_ids(zoho):
    return [row["id"] for each in zoho.requests if each.method == "PUT" for row in each.body["data"]]


@pytest.fixture
def given(tmp_path, zoho):
    published(tmp_path)
    return params_of(tmp_path, zoho)


@pytest.fixture
def crm(connected):
    return connected(labels=LABELS)


def applied(given, crm, **how):
    return labels.apply(labels.plan(given, crm), crm, given.folder, given.as_of, **how)


# The plan


def test_a_plan_says_what_would_change_and_changes_nothing(given, crm, zoho):
    before = state_of(zoho)
    planned = labels.plan(given, crm)
    assert (len(planned.changes), planned.unchanged, planned.absent, planned.cleared) == (N, 0, 1, 0)
    assert planned.table.filter(id=account_id(1)).rows() == [
        (account_id(1), "Clv_Group", None, "loyal"),
        (account_id(1), "Clv_Value", None, "100.33"),
        (account_id(1), "Clv_P_Alive", None, "0.0"),
        (account_id(1), "Clv_As_Of", None, "2026-01-31"),
    ]
    assert state_of(zoho) == before
    assert zoho.ledger == []
    assert not any(each.method == "PUT" for each in zoho.requests)
    assert not (given.folder / labels.FOLDER).exists()


@pytest.mark.parametrize(("lang", "said"), [("en", "Champions"), ("zh", "冠军")])
def test_groups_have_their_names_in_the_language_of_the_report(tmp_path, zoho, crm, lang, said):
    published(tmp_path)
    fields = {"group_name": "Clv_Group"}
    planned = labels.plan(params_of(tmp_path, zoho, lang, labels=fields), crm)
    assert planned.changes[0].row.values["Clv_Group"].startswith(said)


def test_who_is_due_has_the_day(tmp_path, zoho, crm):
    published(tmp_path)
    due = pl.DataFrame({"customer_id": [account_id(3)]})
    due.write_parquet(tmp_path / "shop" / DAY.isoformat() / "due.parquet")
    planned = labels.plan(params_of(tmp_path, zoho, labels={"due": "Clv_As_Of"}), crm)
    assert planned.table.rows() == [(account_id(3), "Clv_As_Of", None, "2026-01-31")]


def test_what_does_not_fit_is_told_before_anything_is_written(tmp_path, zoho, crm):
    published(tmp_path)
    zoho.modules["Accounts"].fields["Clv_Group"] = Field("Clv_Group", length=5, custom=True)
    zoho.modules["Accounts"].fields["Whole"] = Field("Whole", "integer", custom=True)
    zoho.modules["Accounts"].fields["Percent"] = Field("Percent", "percent", custom=True)
    zoho.modules["Accounts"].fields["Closed"] = Field("Closed", custom=True, read_only=True)
    for fields, said in (
        (LABELS, "'Clv_Group' takes 5 characters"),
        ({"group": "Clv_Value"}, "group does not go into the field 'Clv_Value'"),
        ({"value": "Clv_As_Of"}, "value does not go into the field 'Clv_As_Of'"),
        ({"p_alive": "Whole"}, "p_alive does not go into the field 'Whole'"),
        ({"p_alive": "Percent"}, "'Percent' of Accounts .* takes no labels"),
        ({"group": "Closed"}, "'Closed' of Accounts .* takes no labels"),
        ({"group": "Account_Type"}, "'Account_Type' of Accounts .* takes no labels"),
        ({"group": "Clv_Grup"}, "Did you mean 'Clv_Group'"),
        ({}, "name no fields for labels"),
    ):
        with pytest.raises(ParamsError, match=said):
            labels.plan(params_of(tmp_path, zoho, labels=fields), crm)
    with pytest.raises(DataError, match="no published report"):
        labels.plan(params_of(tmp_path / "elsewhere", zoho), crm)
    assert not any(each.method == "PUT" for each in zoho.requests)


def test_a_field_of_whole_numbers_takes_values_without_decimals(tmp_path, zoho, crm):
    published(tmp_path)
    zoho.modules["Accounts"].fields["Whole"] = Field("Whole", "integer", custom=True)
    done = applied(params_of(tmp_path, zoho, labels={"value": "Whole"}), crm)
    assert done.is_whole
    assert zoho.modules["Accounts"].records[account_id(5)]["Whole"] == 102


# Writing, and taking it back


def test_written_read_back_equal_and_undone_as_before(given, crm, zoho, tmp_path):
    before = state_of(zoho)
    done = applied(given, crm)
    assert (done.is_whole, done.counts) == (True, {"written": N})
    customers = pl.read_parquet(tmp_path / "shop" / DAY.isoformat() / "customers.parquet")
    present = crm.labels(list(LABELS.values()))
    wanted = customers.filter(pl.col("customer_id") != "999").select(
        "customer_id",
        Clv_Group="group",
        Clv_Value=pl.col("clv").round(2),
        Clv_P_Alive=pl.col("p_alive").round(2),
        Clv_As_Of=pl.lit("2026-01-31"),
    )
    assert present.filter(pl.col("Clv_Group").is_not_null()).rows() == wanted.rows()
    assert labels.plan(given, crm).changes == ()
    assert stat.S_IMODE(done.undo.stat().st_mode) == 0o600
    back = labels.apply(labels.undoing(done.undo, crm), crm, given.folder, DAY)
    assert back.is_whole
    assert state_of(zoho) == before
    assert zoho.ledger == []


def test_labels_that_are_there_already_are_not_written_again(given, crm, zoho):
    applied(given, crm)
    zoho.requests.clear()
    done = applied(given, crm)
    assert (done.outcomes, done.undo, written_ids(zoho)) == ((), None, [])


def test_what_somebody_has_changed_since_stays_where_it_is_undone(given, crm, zoho):
    done = applied(given, crm)
    record = zoho.modules["Accounts"].records[account_id(4)]
    record["Clv_Group"] = "of a person"
    labels.apply(labels.undoing(done.undo, crm), crm, given.folder, DAY)
    assert (record["Clv_Group"], record["Clv_As_Of"]) == ("of a person", None)


def test_a_record_that_the_report_has_no_more_loses_its_labels_but_not_those_of_others(given, crm, zoho, tmp_path):
    records = zoho.modules["Accounts"].records
    records[account_id(440)]["Clv_Group"] = "of a person"
    applied(given, crm)
    records[account_id(429)]["Clv_Group"] = "of a person"
    published(tmp_path, n=N - 2)
    planned = labels.plan(given, crm)
    assert planned.cleared == 2
    labels.apply(planned, crm, given.folder, DAY)
    assert [records[account_id(at)]["Clv_Group"] for at in (428, 429, 440)] == [None, "of a person", "of a person"]
    assert records[account_id(429)]["Clv_Value"] is None


def test_the_cap_stops_before_the_first_request(given, crm, zoho):
    with pytest.raises(ParamsError, match=f"{N} records would be written, more than 429. Nothing was written"):
        applied(given, crm, most=N - 1)
    assert written_ids(zoho) == []
    assert not (given.folder / labels.FOLDER).exists()


def test_the_way_back_is_kept_before_the_first_request(given, crm, zoho):
    zoho.faults.append(Fault("PUT", "/crm/v8/Accounts", "before", status=403, body={"code": "NO_PERMISSION"}))
    with pytest.raises(ParamsError, match="no right to Accounts"):
        applied(given, crm)
    [undo] = (given.folder / labels.FOLDER).glob("*.undo.jsonl")
    head, changes = labels.read_undo(undo)
    assert (head["crm"], len(changes)) == ("zoho", N)


def test_rows_that_are_refused_are_told_and_the_others_written(given, crm, zoho):
    zoho.locked |= {account_id(5), account_id(205)}
    done = applied(given, crm)
    assert done.counts == {"written": N - 2, "refused": 2}
    assert not done.is_whole
    assert {it.id: it.code for it in done.outcomes if it.status == "refused"} == {
        account_id(5): "RECORD_LOCKED",
        account_id(205): "RECORD_LOCKED",
    }
    journal = [json.loads(line) for line in Path(str(done.undo).replace(".undo.", ".done.")).read_text().splitlines()]
    assert len(journal) == N


def test_what_is_accepted_and_not_there_is_told(given, crm, zoho):
    planned = labels.plan(given, crm)
    zoho.modules["Accounts"].fields["Clv_Group"] = Field("Clv_Group", length=30, custom=True, read_only=True)
    done = labels.apply(planned, crm, given.folder, DAY)
    assert done.counts == {"ignored": N}


@pytest.mark.parametrize("text", ["", "{", '{"id": 1}\n', "[]\n"])
def test_a_file_that_is_no_way_back_is_told(tmp_path, crm, text):
    (tmp_path / "x.jsonl").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"is not an undo file"):
        labels.undoing(tmp_path / "x.jsonl", crm)


# Broken off


class Killed(BaseException):
    """What a process that is killed does not catch."""


@pytest.mark.parametrize("moment", range(10))
def test_broken_off_at_any_moment_it_goes_on_without_writing_a_row_twice(given, crm, zoho, monkeypatch, moment):
    """Before or after each of the five requests for 430 rows."""
    before, at, is_after, count = state_of(zoho), moment // 2, moment % 2, [0]
    once = ZohoCrm._written

    def written(self, rows):
        count[0] += 1
        if count[0] == at + 1:
            if is_after:
                once(self, rows)
            raise Killed
        return once(self, rows)

    monkeypatch.setattr(ZohoCrm, "_written", written)
    with pytest.raises(Killed):
        applied(given, crm)
    monkeypatch.setattr(ZohoCrm, "_written", once)
    done = applied(given, crm)
    everything = written_ids(zoho)
    assert sorted(everything) == [account_id(at) for at in range(N)]
    assert len(done.outcomes) == max(N - 100 * (at + is_after), 0)
    for path in sorted((given.folder / labels.FOLDER).glob("*.undo.jsonl")):
        labels.apply(labels.undoing(path, crm), crm, given.folder, DAY)
    assert state_of(zoho) == before
    assert zoho.ledger == []


def written_yaml(given, folder):
    (folder / "crm.yaml").write_text(given.to_yaml(), encoding="utf-8")
    return folder / "crm.yaml"


def test_a_process_that_is_killed_leaves_a_way_back_and_goes_on(given, crm, zoho, tmp_path):
    before = state_of(zoho)
    zoho.faults.append(Fault("PUT", "/crm/v8/Accounts", "delay", times=9, seconds=0.3))
    run = ["-c", "from clvlab.cli import main; main()"]
    command = [sys.executable, *run, "label", str(written_yaml(given, tmp_path)), "--apply"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ))
    while not any(each.method == "PUT" for each in zoho.requests):
        assert process.poll() is None
        time.sleep(0.02)
    time.sleep(0.2)  # within the first batch
    process.send_signal(signal.SIGKILL)
    process.wait()
    time.sleep(0.5)  # what the server has in hand, it does
    zoho.faults.clear()
    applied(given, crm)
    assert sorted(written_ids(zoho)) == [account_id(at) for at in range(N)]
    for path in sorted((given.folder / labels.FOLDER).glob("*.undo.jsonl")):
        labels.apply(labels.undoing(path, crm), crm, given.folder, DAY)
    assert state_of(zoho) == before


# The command


@pytest.fixture
def command(given, tmp_path):
    def run(*more):
        return CliRunner().invoke(main, ["label", str(written_yaml(given, tmp_path)), *more])

    return run


def test_what_another_process_has_in_hand_is_not_planned_upon(given, command, zoho):
    with locked(given.folder):
        done = command("--apply")
        assert command().exit_code == 0
    assert done.exit_code == 75
    assert written_ids(zoho) == []


def test_the_command_is_a_dry_run_unless_told_otherwise(command, zoho):
    done = command()
    assert done.exit_code == 0
    assert f"Records with labels that change: {N}" in done.stdout
    assert f"{account_id(0)}  Clv_Group  (empty) -> champions" in done.stdout
    assert "Customers that the CRM does not have: 1" in done.stdout
    assert "Nothing was written" in done.stdout
    assert written_ids(zoho) == []


def test_the_command_writes_and_takes_back(command, zoho):
    before = state_of(zoho)
    done = command("--apply")
    assert (done.exit_code, f"Written: {N}" in done.stdout) == (0, True)
    undo = done.stdout.strip().rpartition("--undo ")[2].strip("`")
    assert command("--undo", undo).exit_code == 0
    assert state_of(zoho) != before
    assert command("--undo", undo, "--apply").exit_code == 0
    assert state_of(zoho) == before


def test_the_command_ends_with_1_where_rows_are_refused_and_with_75_where_it_may_come_later(command, zoho):
    zoho.locked.add(account_id(5))
    done = command("--apply")
    assert (done.exit_code, f"{account_id(5)}: RECORD_LOCKED" in done.stdout) == (1, True)
    zoho.switches.credits = 0
    assert command().exit_code == 75
    assert command("--most", "0").exit_code == 2


def test_the_command_writes_a_file_for_the_import_by_hand(command, zoho, tmp_path):
    zoho.modules["Accounts"].records[account_id(1)]["Clv_Group"] = "loyal"
    done = command("--to-file", str(tmp_path / "import.csv"))
    assert done.exit_code == 0
    table = pl.read_csv(tmp_path / "import.csv", infer_schema=False)
    assert (table.columns, table.height) == (["Record Id", *LABELS.values()], N)
    assert table.row(1) == (f"zcrm_{account_id(1)}", "loyal", "100.33", "0.0", "2026-01-31")
    assert written_ids(zoho) == []
    other = command("--to-file", str(tmp_path / "import.xlsx"))
    assert (other.exit_code, "takes a .csv file" in other.stderr) == (2, True)


def test_the_command_speaks_chinese(tmp_path, zoho):
    published(tmp_path)
    given = params_of(tmp_path, zoho, "zh")
    done = CliRunner().invoke(main, ["label", str(written_yaml(given, tmp_path))])
    assert f"标签有变化的记录：{N}" in done.stdout
    zoho.switches.missing_scopes = {"Accounts.READ"}
    done = CliRunner().invoke(main, ["label", str(written_yaml(given, tmp_path))])
    assert (done.exit_code, "访问令牌缺少" in done.stderr) == (2, True)


# What is taken back is theirs


def test_what_was_there_before_and_was_put_back_is_not_cleared(given, crm, zoho, tmp_path):
    record = zoho.modules["Accounts"].records[account_id(429)]
    record["Clv_Group"] = "by hand"
    done = applied(given, crm)
    labels.apply(labels.undoing(done.undo, crm), crm, given.folder, DAY)
    assert record["Clv_Group"] == "by hand"
    published(tmp_path, n=N - 1)
    assert account_id(429) not in {change.id for change in labels.plan(given, crm).changes}


def test_no_way_back_is_overwritten_where_an_earlier_one_is_gone(given, crm, zoho):
    first, second = applied(given, crm).undo, None
    zoho.modules["Accounts"].records[account_id(1)]["Clv_Group"] = "other"
    second = applied(given, crm).undo
    kept = second.read_bytes()
    first.unlink()
    zoho.modules["Accounts"].records[account_id(2)]["Clv_Group"] = "other"
    third = applied(given, crm).undo
    assert (third != second, second.read_bytes()) == (True, kept)


def test_a_port_that_is_taken_and_a_file_with_apply_are_told():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = CliRunner().invoke(main, ["crm", "fake", "zoho", "--port", str(taken.getsockname()[1])])
    assert (done.exit_code, "in use. Leave --port out" in done.stderr) == (2, True)
    done = CliRunner().invoke(main, ["label", "crm.yaml", "--to-file", "x.csv", "--apply"])
    assert (done.exit_code, "leave --apply and --undo out" in done.stderr) == (2, True)
