"""What the made-up Zoho CRM answers, line by line of what is documented; Z01 to Z29 are those lines."""

import csv
import io
import threading
import zipfile

import httpx
import pytest

from clvlab.crm.fakes import Fault
from clvlab.crm.fakes.trial import CREDENTIALS
from tests.crm.organisation import account_id

FORM = {
    "grant_type": "refresh_token",
    "client_id": CREDENTIALS["ZOHO_CLIENT_ID"],
    "client_secret": CREDENTIALS["ZOHO_CLIENT_SECRET"],
    "refresh_token": CREDENTIALS["ZOHO_REFRESH_TOKEN"],
}
ALL_FIRED = ["workflow", "approval", "blueprint", "pathfinder", "orchestration"]
SKIP = [{"name": name} for name in ("cadences", "assignment_rules", "connected_workflows")]


def token(zoho, **other):
    return httpx.post(f"{zoho.url}/oauth/v2/token", data=FORM | other)


@pytest.fixture
def call(zoho):
    """A call with a token that is good."""
    held = token(zoho).json()["access_token"]

    def called(method, path, *, headers=None, **given):
        head = {"Authorization": f"Zoho-oauthtoken {held}"} | (headers or {})
        return httpx.request(method, f"{zoho.url}/crm/{path}", headers=head, **given)

    return called


def listed(call, **values):
    return call("GET", "v8/Accounts", params={"fields": "Account_Name"} | values)


def put(call, rows, **more):
    return call("PUT", "v8/Accounts", json={"data": rows, "trigger": [], "skip_feature_execution": SKIP} | more)


def query(call, text):
    return call("POST", "v8/coql", json={"select_query": text})


# Z01 to Z05: authorisation


@pytest.mark.parametrize("how", ["data", "params"])
@pytest.mark.parametrize("tells_scope", [True, False])
def test_z01_a_refresh_by_query_or_body(zoho, how, tells_scope):
    zoho.switches.scope_in_token = tells_scope
    answer = httpx.post(f"{zoho.url}/oauth/v2/token", **{how: FORM})
    body = answer.json()
    assert (answer.status_code, body["api_domain"], body["expires_in"]) == (200, zoho.url, 3600)
    assert ("scope" in body) == tells_scope


def test_z02_a_wrong_token_or_client_is_told_with_200(zoho):
    for other, said in (({"refresh_token": "1000.other"}, "invalid_code"), ({"client_id": "x"}, "invalid_client")):
        answer = token(zoho, **other)
        assert (answer.status_code, answer.json()) == (200, {"error": said})


def test_z03_the_eleventh_refresh_is_refused_and_asking_prolongs_it(zoho):
    assert [token(zoho).status_code for _ in range(11)] == [200] * 10 + [400]
    zoho.pass_time(minutes=9)
    assert token(zoho).json()["error"] == "Access Denied"
    zoho.pass_time(minutes=2)
    assert token(zoho).status_code == 200


def test_z04_the_sixteenth_token_kills_the_first(zoho):
    held = []
    for _ in range(16):
        held.append(token(zoho).json()["access_token"])
        zoho.pass_time(minutes=2)
    found = [
        httpx.get(
            f"{zoho.url}/crm/v8/Accounts",
            params={"fields": "Account_Name"},
            headers={"Authorization": f"Zoho-oauthtoken {each}"},
        ).status_code
        for each in held
    ]
    assert found == [401] + [200] * 15


def test_z05_bearer_and_an_expired_token_fail_by_three_names(zoho, call):
    head = {"Authorization": "Bearer 1000.access.1"}
    assert listed(call).status_code == 200
    codes = [call("GET", "v8/Accounts", headers=head).json()["code"] for _ in range(3)]
    assert set(codes) == {"INVALID_TOKEN", "AUTHENTICATION_FAILURE", "INVALID_OAUTHTOKEN"}
    zoho.pass_time(minutes=61)
    assert listed(call).status_code == 401


# Z06 to Z14: lists


def test_z06_fields_are_a_must_and_fifty_at_most(call):
    for values, code in (({"fields": ""}, "REQUIRED_PARAM_MISSING"), ({"fields": "x," * 51}, "LIMIT_EXCEEDED")):
        answer = call("GET", "v8/Accounts", params=values)
        assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_z07_pages_by_token(zoho, call):
    counts, values = [], {"sort_order": "asc"}
    while True:
        body = listed(call, **values).json()
        counts.append(len(body["data"]))
        if not body["info"]["more_records"]:
            break
        values["page_token"] = body["info"]["next_page_token"]
        assert len(values["page_token"]) <= 96
    assert counts == [200, 200, 50]
    other = listed(call, fields="Industry", **values)
    assert other.json()["code"] == "TOKEN_BOUND_DATA_MISMATCH"
    zoho.pass_time(hours=24)
    new = token(zoho).json()["access_token"]
    late = listed(call, **values)
    assert late.status_code == 401
    head = {"Authorization": f"Zoho-oauthtoken {new}"}
    late = httpx.get(f"{zoho.url}/crm/v8/Accounts", params={"fields": "Account_Name"} | values, headers=head)
    assert late.json()["code"] == "EXPIRED_VALUE"


def test_z08_pages_by_number_end_at_two_thousand(call):
    answer = listed(call, page="11")
    assert answer.json()["details"] == {"limit": 2000}
    assert answer.json()["code"] == "DISCRETE_PAGINATION_LIMIT_EXCEEDED"
    both = listed(call, page="2", page_token="x")
    assert both.json()["code"] == "AMBIGUITY_DURING_PROCESSING"


def test_z09_pages_by_token_end_too(zoho, call):
    zoho.switches.list_limit = 200
    first = listed(call).json()["info"]["next_page_token"]
    assert listed(call, page_token=first).json()["code"] == "PAGINATION_LIMIT_EXCEEDED"


def test_z10_nothing_there_and_nothing_newer_have_no_body(zoho, call):
    newer = {"If-Modified-Since": "2026-01-06T00:00:00+08:00"}
    answer = call("GET", "v8/Accounts", params={"fields": "Account_Name"}, headers=newer)
    assert (answer.status_code, answer.content) == (304, b"")
    older = {"If-Modified-Since": "2026-01-04T00:00:00+08:00"}
    assert len(call("GET", "v8/Accounts", params={"fields": "Industry"}, headers=older).json()["data"]) == 200
    zoho.modules["Deals"].records.clear()
    answer = call("GET", "v8/Deals", params={"fields": "Stage"})
    assert (answer.status_code, answer.content) == (204, b"")


def test_z11_the_newest_id_is_first_unless_asked_otherwise(call):
    ids = [int(row["id"]) for row in listed(call).json()["data"]]
    assert ids == sorted(ids, reverse=True)
    ids = [int(row["id"]) for row in listed(call, sort_order="asc").json()["data"]]
    assert ids == sorted(ids)


def test_z12_a_record_that_changes_between_pages_comes_twice(zoho, call):
    values = {"sort_by": "Modified_Time", "sort_order": "asc"}
    first = listed(call, **values).json()
    zoho.modules["Accounts"].records[first["data"][0]["id"]]["Modified_Time"] = "2026-02-01T00:00:00+08:00"
    seen = [row["id"] for row in first["data"]]
    token = first["info"]["next_page_token"]
    while token:
        page = listed(call, **values, page_token=token).json()
        seen += [row["id"] for row in page["data"]]
        token = page["info"]["next_page_token"]
    assert seen.count(seen[0]) == 2
    assert len(set(seen)) == 449  # and another one, which has moved up, not at all


def test_z13_values_as_they_travel(call):
    fields = "Account_Name,Grand_Total,Created_Time"
    rows = call("GET", "v8/Invoices", params={"fields": fields, "sort_order": "asc"}).json()["data"]
    assert rows[0]["Grand_Total"] == "100.50"
    assert rows[1]["Grand_Total"] == 101
    assert isinstance(rows[0]["id"], str)
    assert rows[0]["Account_Name"] == {"name": "Firm 0", "id": account_id(0)}
    assert rows[0]["Created_Time"].endswith("+08:00")
    assert "$currency_symbol" in rows[0]
    industry = listed(call, fields="Industry", sort_order="asc").json()["data"]
    assert [each["Industry"] for each in industry[:2]] == [None, "Home"]
    about = call("GET", "v8/settings/fields", params={"module": "Accounts"}).json()["fields"]
    [choices] = [each["pick_list_values"] for each in about if each["api_name"] == "Industry"]
    assert choices[0] == {"display_value": "家居", "actual_value": "Home", "type": "used"}


@pytest.mark.parametrize(("case", "key"), [("title", "Quantity"), ("lower", "quantity")])
def test_z14_line_items_come_with_a_single_record_alone(zoho, call, case, key):
    zoho.switches.key_case = case
    [first, *_] = call("GET", "v8/Invoices", params={"fields": "Grand_Total"}).json()["data"]
    assert "Invoiced_Items" not in first
    [single] = call("GET", f"v8/Invoices/{first['id']}").json()["data"]
    assert key in single["Invoiced_Items"][0]
    assert single["$has_more"] == {"Invoiced_Items": False}


# Z15: COQL


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("select id from Accounts", "SYNTAX_ERROR"),
        ("select id from Accounts where id > '1' and Rating = 'a' and Industry = 'b'", "SYNTAX_ERROR"),
        ("select id from Accounts where id > '1' limit 0, 2001", "LIMIT_EXCEEDED"),
        ("select id from Accounts where id > '1' limit 100000, 1", "LIMIT_EXCEEDED"),
        (f"select id from Accounts where id in ({', '.join(['1'] * 51)})", "LIMIT_EXCEEDED"),
        ("select id, No_Such from Accounts where id > '1'", "INVALID_QUERY"),
        ("select id from Nothing where id > '1'", "INVALID_MODULE"),
    ],
)
def test_z15_queries_that_are_refused(call, text, code):
    answer = query(call, text)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_z15_queries_that_are_answered(zoho, call):
    assert query(call, "select id from Accounts where id > '9999999999999999999'").status_code == 204
    body = query(call, "select id, Rating from Accounts where id > '1' order by id asc limit 0, 300").json()
    assert (body["info"], len(body["data"])) == ({"count": 300, "more_records": True}, 300)
    two = query(call, f"select id from Accounts where id in ('{account_id(0)}', '{account_id(7)}')").json()
    assert [row["id"] for row in two["data"]] == [account_id(0), account_id(7)]
    both = "select id from Accounts where (Rating = 'Active' and Industry = 'Home' and Billing_State = 'Zhejiang')"
    assert {int(row["id"]) for row in query(call, both).json()["data"]} == {
        int(account_id(at)) for at in range(450) if at % 3 == 0 and at % 2
    }
    zoho.switches.quoted_ids = "bare"
    assert query(call, "select id from Accounts where id > '1'").json()["code"] == "INVALID_QUERY"


# Z16 to Z22: writing


def test_z16_some_rows_are_refused_and_the_others_written(zoho, call):
    zoho.locked.add(account_id(1))
    rows = [{"id": account_id(at), "Clv_Group": "loyal"} for at in range(100)]
    rows[0] = {"id": account_id(0), "Clv_Value": "much"}
    rows[2] = {"id": "1", "Clv_Group": "loyal"}
    answer = put(call, rows)
    assert answer.status_code == 207
    codes = [row["code"] for row in answer.json()["data"]]
    assert codes == ["INVALID_DATA", "RECORD_LOCKED", "INVALID_DATA"] + ["SUCCESS"] * 97
    records = zoho.modules["Accounts"].records
    assert [records[account_id(at)]["Clv_Group"] for at in range(4)] == [None, None, None, "loyal"]


def test_z17_requests_that_are_refused_as_a_whole(call):
    all_bad = put(call, [{"id": "1", "Clv_Group": "x"}])
    assert (all_bad.status_code, len(all_bad.json()["data"])) == (400, 1)
    too_many = put(call, [{"id": account_id(0)}] * 101)
    assert (too_many.status_code, too_many.json()["code"]) == (400, "LIMIT_EXCEEDED")
    flat = call("PUT", "v8/Accounts", json={"id": account_id(0), "Clv_Group": "x"})
    assert (flat.status_code, "data" in flat.json()) == (400, False)


@pytest.mark.parametrize(
    ("body", "fired"),
    [
        ({"trigger": [], "skip_feature_execution": SKIP}, []),
        ({"skip_feature_execution": SKIP}, ALL_FIRED),
        ({"trigger": []}, ["cadence", "assignment rule", "connected workflow"]),
        ({"trigger": ["workflow"], "skip_feature_execution": SKIP}, ["workflow"]),
    ],
)
def test_z18_all_automation_fires_unless_it_is_told_not_to(zoho, call, body, fired):
    call("PUT", "v8/Accounts", json={"data": [{"id": account_id(0), "Clv_Group": "x"}], **body})
    assert zoho.ledger == [(each, account_id(0)) for each in fired]


def test_z19_left_out_stays_null_clears_an_empty_list_deletes(zoho, call):
    record = zoho.modules["Accounts"].records[account_id(1)]
    put(call, [{"id": account_id(1), "Clv_Group": "x"}])
    assert (record["Industry"], record["Clv_Group"]) == ("Home", "x")
    put(call, [{"id": account_id(1), "Industry": None}])
    assert record["Industry"] is None
    put(call, [{"id": account_id(1), "Contacts_List": []}])
    assert (record["Contacts_List"], zoho.ledger) == ([], [("rows deleted", account_id(1))])


def test_z20_texts_too_long_numbers_and_unknown_choices(zoho, call):
    long = put(call, [{"id": account_id(0), "Clv_Group": "x" * 31}]).json()["data"][0]
    assert (long["code"], long["details"]["maximum_length"]) == ("INVALID_DATA", 30)
    for stored in ("stored", "refused"):
        zoho.switches.number_into_text = zoho.switches.unknown_choice = stored
        number = put(call, [{"id": account_id(0), "Clv_Group": 7}]).json()["data"][0]["status"]
        choice = put(call, [{"id": account_id(0), "Industry": "New"}]).json()["data"][0]["status"]
        assert (number, choice) == ("success",) * 2 if stored == "stored" else ("error",) * 2


def test_z21_calls_that_a_writer_of_labels_must_not_make_mark_the_ledger(zoho, call):
    call("POST", "v8/Accounts/upsert", json={"data": [{"Account_Name": "New"}]})
    call("POST", "v8/Accounts", json={"data": [{"Account_Name": "New"}]})
    call("POST", "v8/Accounts/actions/mass_update", json={"data": []})
    call("DELETE", f"v8/Accounts/{account_id(0)}")
    assert [what for what, _ in zoho.ledger] == ["upsert", "create", "mass_update", "delete"]
    assert len(zoho.modules["Accounts"].records) == 450 + 2 - 1


def test_z22_tags_written_over_are_gone(zoho, call):
    record = zoho.modules["Accounts"].records[account_id(0)]
    body = {"tags": [{"name": "clv:loyal"}], "ids": [account_id(0)]}
    call("POST", "v8/Accounts/actions/add_tags", json=body | {"over_write": False})
    assert ([it["name"] for it in record["Tag"]], zoho.ledger) == (["VIP", "clv:loyal"], [])
    call("POST", "v8/Accounts/actions/add_tags", json=body | {"over_write": True})
    assert ([it["name"] for it in record["Tag"]], zoho.ledger) == (["clv:loyal"], [("tags gone", account_id(0))])


# Z23 to Z25: limits, outages, rights


def test_z23_too_many_at_once_and_too_many_a_day(zoho, call):
    zoho.switches.concurrency = 1
    zoho.faults.append(Fault("GET", "/crm/v8/Accounts", "delay", seconds=0.5, times=2))
    found = []
    threads = [threading.Thread(target=lambda: found.append(listed(call))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in found) == [200, 429]
    [busy] = [answer for answer in found if answer.status_code == 429]
    assert not {"retry-after", "x-api-credits-remaining"} & set(busy.headers)
    zoho.switches.credits = 4
    zoho.credits = 0
    heads = [listed(call).headers.get("X-API-CREDITS-REMAINING") for _ in range(4)]
    assert heads == [None, "2", "1", "0"]
    spent = listed(call)
    assert (spent.status_code, spent.headers["X-API-CREDITS-REMAINING"]) == (429, "0")


@pytest.mark.parametrize(
    ("kind", "written"), [("before", None), ("after", "x"), ("cut_after", "x"), ("cut_before", None)]
)
def test_z24_whether_it_was_written_only_the_record_tells(zoho, call, kind, written):
    zoho.faults.append(Fault("PUT", "/crm/v8/Accounts", kind))
    row = [{"id": account_id(0), "Clv_Group": "x"}]
    if kind.startswith("cut"):
        with pytest.raises(httpx.TransportError):
            put(call, row)
    else:
        assert put(call, row).status_code == 500
    assert zoho.modules["Accounts"].records[account_id(0)]["Clv_Group"] == written


@pytest.mark.parametrize("status", [401, 403])
def test_z25_scopes_and_hidden_fields(zoho, call, status):
    zoho.switches.scope_status = status
    zoho.switches.missing_scopes = {"Deals.READ"}
    answer = call("GET", "v8/Deals", params={"fields": "Stage"})
    assert (answer.status_code, answer.json()["code"]) == (status, "OAUTH_SCOPE_MISMATCH")
    zoho.switches.hidden = {"Clv_Group"}
    assert "Clv_Group" not in listed(call, fields="Clv_Group,Rating").json()["data"][0]
    assert put(call, [{"id": account_id(0), "Clv_Group": "x"}]).status_code == 200
    assert zoho.modules["Accounts"].records[account_id(0)]["Clv_Group"] is None


# Z26 and Z27: in bulk


def job_of(answer):
    body = answer.json()
    return (body["data"][0] if "data" in body else body)["details"]["id"]


def test_z26_a_bulk_read_is_a_job(zoho, call):
    asked = {"module": {"api_name": "Accounts"}, "fields": ["id", "Industry", "Owner"], "page": 1}
    job = job_of(call("POST", "bulk/v8/read", json={"query": asked, "file_type": "csv"}))
    assert call("GET", f"bulk/v8/read/{job}/result").status_code == 404
    states = [call("GET", f"bulk/v8/read/{job}").json()["data"][0]["state"] for _ in range(3)]
    assert states == ["ADDED", "IN PROGRESS", "COMPLETED"]
    answer = call("GET", f"bulk/v8/read/{job}/result")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        rows = list(csv.DictReader(io.StringIO(packed.read(f"{job}.csv").decode())))
    assert (len(rows), list(rows[0])) == (450, ["id", "Industry", "Owner"])
    assert [row["id"] for row in rows] != sorted(row["id"] for row in rows)
    assert [call("GET", f"bulk/v8/read/{job}/result").status_code for _ in range(10)] == [200] * 9 + [429]
    job = job_of(call("POST", "bulk/v8/read", json={"query": asked, "file_type": "csv"}))
    zoho.fail_jobs()
    assert call("GET", f"bulk/v8/read/{job}").json()["data"][0]["state"] == "FAILURE"


def packed(rows):
    text, file = io.StringIO(), io.BytesIO()
    csv.writer(text).writerows([["id", "Clv_Group"], *rows])
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("labels.csv", text.getvalue())
    return file.getvalue()


def bulk_write(zoho, call, rows, **resource):
    head = {"feature": "bulk-write", "X-CRM-ORG": zoho.zgid}
    file = {"file": ("labels.zip", packed(rows))}
    uploaded = call("POST", "v8/upload", headers=head, files=file).json()["details"]["file_id"]
    mapped = [{"api_name": "id", "index": 0}, {"api_name": "Clv_Group", "index": 1}]
    one = {"type": "data", "module": {"api_name": "Accounts"}, "file_id": uploaded, "find_by": "id"}
    body = {"operation": "update", "resource": [one | {"field_mappings": mapped} | resource]}
    return call("POST", "bulk/v8/write", json=body)


def test_z27_a_bulk_write_is_an_upload_and_a_job(zoho, call):
    refused = call("POST", "v8/upload", headers={"feature": "bulk-write"}, files={"file": ("a.zip", packed([]))})
    assert refused.status_code == 400
    many = bulk_write(zoho, call, [[account_id(0), "x"]] * 25_001)
    assert (many.status_code, many.json()["code"]) == (400, "LIMIT_EXCEEDED")
    before = zoho.credits
    job = job_of(bulk_write(zoho, call, [[account_id(0), "loyal"], ["1", "loyal"]]))
    assert zoho.credits - before == 500
    record = zoho.modules["Accounts"].records[account_id(0)]
    assert call("GET", f"bulk/v8/write/{job}/result").status_code == 404
    states = [call("GET", f"bulk/v8/write/{job}").json()["data"][0]["status"] for _ in range(2)]
    assert (states, record["Clv_Group"]) == (["ADDED", "INPROGRESS"], None)
    done = call("GET", f"bulk/v8/write/{job}").json()["data"][0]
    assert (done["status"], record["Clv_Group"]) == ("COMPLETED", "loyal")
    with zipfile.ZipFile(
        io.BytesIO(call("GET", done["result"]["download_url"].partition("/crm/")[2]).content)
    ) as result:
        rows = list(csv.reader(io.StringIO(result.read(result.namelist()[0]).decode())))
    assert rows[0] == ["id", "Clv_Group", "STATUS", "RECORD_ID", "ERRORS"]
    assert sorted(rows[1:]) == [
        ["1", "loyal", "SKIPPED", "", "INVALID_DATA-id"],
        [account_id(0), "loyal", "UPDATED", account_id(0), ""],
    ]
    bulk_write(zoho, call, [[account_id(0), ""]], ignore_empty=True)
    zoho.finish_jobs()
    assert record["Clv_Group"] == "loyal"
    bulk_write(zoho, call, [[account_id(0), ""]], ignore_empty=False)
    zoho.finish_jobs()
    assert record["Clv_Group"] is None
    assert zoho.ledger == []
    zoho.switches.bulk_fires = True
    bulk_write(zoho, call, [[account_id(0), "x"]])
    zoho.finish_jobs()
    assert ("workflow", account_id(0)) in zoho.ledger
    unknown = bulk_write(zoho, call, [], file_id="1")
    assert (unknown.status_code, unknown.json()["code"]) == (400, "INVALID_DATA")


# Z28 and Z29: deleted records, and money that an edit changes


def test_z28_deleted_records_are_listed_apart(zoho, call):
    assert call("GET", "v8/Accounts/deleted", params={"type": "all"}).status_code == 204
    zoho.modules["Accounts"].deleted += [
        {"id": "1", "display_name": "Merged", "type": "permanent", "deleted_time": zoho.written_now()},
        {"id": "2", "display_name": "Binned", "type": "recycle", "deleted_time": zoho.written_now()},
    ]
    found = {
        kind: [row["id"] for row in call("GET", "v8/Accounts/deleted", params={"type": kind}).json()["data"]]
        for kind in ("all", "permanent", "recycle")
    }
    assert found == {"all": ["1", "2"], "permanent": ["1"], "recycle": ["2"]}


@pytest.mark.parametrize(("refreshes", "rate"), [(True, 7.171), (False, 7.1)])
def test_z29_an_edit_may_move_the_rate(zoho, call, refreshes, rate):
    zoho.switches.refreshes_rate = refreshes
    record = zoho.modules["Accounts"].records[account_id(0)]
    before = record["Modified_Time"]
    put(call, [{"id": account_id(0), "Clv_Group": "x"}])
    assert (record["Exchange_Rate"], record["Modified_Time"] > before) == (pytest.approx(rate), True)


def test_paths_that_are_not_there_and_secrets_in_the_log(zoho, call):
    assert call("GET", "v8/Nothing", params={"fields": "x"}).json()["code"] == "INVALID_MODULE"
    assert call("GET", "v9/Accounts").json()["code"] == "INVALID_URL_PATTERN"
    assert call("GET", "v8/Accounts/actions/none").status_code == 404
    text = "\n".join(zoho.log)
    assert not any(secret in text for secret in CREDENTIALS.values())
