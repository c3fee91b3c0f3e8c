"""The connector to Zoho CRM, by what its interface does; Z01 to Z29 as in `test_zoho_fake.py`."""

import json
import stat
import subprocess
import sys
from contextlib import closing, suppress

import pytest

from clvlab.crm import tokens
from clvlab.crm.credentials import FILE, Secret, credentials
from clvlab.crm.fakes import Answer, FakeServer, FakeZoho, Fault
from clvlab.crm.fakes.trial import CREDENTIALS
from clvlab.crm.protocol import Outcome, Row
from clvlab.crm.transport import Transport, checked_url
from clvlab.crm.zoho import ZohoCrm
from clvlab.errors import ClvlabError, DataError, ParamsError, TryLaterError
from clvlab.wording import Words
from tests.crm.organisation import ACCOUNTS, INVOICES, account_id, organisation

GROUP = ["Clv_Group"]


def rows(*ids, group="loyal"):
    return [Row(each, {"Clv_Group": group}) for each in ids]


def group_of(zoho, at):
    return zoho.modules["Accounts"].records[account_id(at)]["Clv_Group"]


def calls(zoho, method, path):
    return [each for each in zoho.requests if each.method == method and each.path.startswith(path)]


def token_calls(zoho):
    return calls(zoho, "POST", "/oauth/")


# Z01 to Z05: authorisation


@pytest.mark.parametrize("tells_scope", [True, False])
def test_z01_credentials_go_in_the_body_and_one_token_serves_all_runs(zoho, connected, tells_scope):
    zoho.switches.scope_in_token = tells_scope
    assert connected().orders().height == connected().orders().height == INVOICES
    [asked] = token_calls(zoho)
    assert b"refresh_token=" in asked.raw
    assert not any(secret in line for line in zoho.log for secret in CREDENTIALS.values())
    assert all("Bearer" not in each.headers.get("authorization", "") for each in zoho.requests)


@pytest.mark.parametrize("name", CREDENTIALS)
def test_z02_what_is_refused_with_200_is_an_error_that_names_what_to_check(zoho, connected, monkeypatch, name):
    monkeypatch.setenv(name, "wrong-and-secret")
    with pytest.raises(ParamsError, match=r"no access token: invalid_(code|client). Check ZOHO_CLIENT_ID") as caught:
        connected().orders()
    assert "wrong-and-secret" not in str(caught.value)
    assert zoho.url in str(caught.value)


def test_z03_where_tokens_are_throttled_nobody_asks_again(zoho, connected, tmp_path, waits):
    for _ in range(10):
        connected().label_fields(GROUP)
        next((tmp_path / "cache").rglob("*.json")).unlink()
    asked = len(token_calls(zoho))
    with pytest.raises(TryLaterError, match="ten minutes"):
        connected().label_fields(GROUP)
    assert (len(token_calls(zoho)), waits) == (asked + 1, [])


def test_z04_a_token_that_others_have_killed_is_renewed(zoho, connected):
    crm = connected()
    crm.label_fields(GROUP)
    zoho.revoke()
    assert crm.orders().height == INVOICES
    assert len(token_calls(zoho)) == 2


@pytest.mark.parametrize("place", range(3))
def test_z05_a_token_that_is_gone_is_renewed_once_by_whichever_name(zoho, connected, place):
    crm = connected()
    crm.label_fields(GROUP)
    zoho.pass_time(minutes=61)
    zoho._refused = place
    assert crm.orders().height == INVOICES
    assert len(token_calls(zoho)) == 2


def test_z05_a_token_that_is_refused_at_once_is_told(zoho, connected):
    body = {"code": "INVALID_TOKEN", "message": "", "details": {}, "status": "error"}
    zoho.faults.append(Fault("GET", "/crm/v8/settings", "before", times=5, status=401, body=body))
    with pytest.raises(DataError, match="refuses an access token that was made just now"):
        connected().orders()
    assert len(token_calls(zoho)) == 2


# Z06 to Z15: reading


def test_z06_only_fields_that_are_used_are_asked_for_never_how_to_reach_somebody(zoho, connected):
    connected().customers()
    [asked] = {each.values["fields"] for each in calls(zoho, "GET", "/crm/v8/Accounts")}
    assert asked == "Industry,Account_Type,Billing_State,Owner,Rating,Tag,Modified_Time"
    with pytest.raises(ParamsError, match="'Phone', which is for contacting somebody"):
        connected(fields={"contact": "Phone"}).customers()
    with pytest.raises(ParamsError, match=r"Accounts has no field 'Industri'.*Did you mean 'Industry'"):
        connected(fields={"trade": "Industri"}).customers()


@pytest.mark.parametrize("code", ["EXPIRED_VALUE", "TOKEN_BOUND_DATA_MISMATCH"])
def test_z07_all_pages_are_read_and_a_list_whose_place_is_lost_is_begun_again(zoho, connected, code):
    body = {"code": code, "message": "", "details": {}, "status": "error"}
    zoho.faults.append(Fault("GET", "/crm/v8/Invoices", "before", nth=3, status=400, body=body))
    crm = connected()
    orders = crm.orders()
    assert orders["order_id"].n_unique() == orders.height == INVOICES
    [account] = crm.reads
    assert (account.module, account.rows, account.pages) == ("Invoices", INVOICES, 3)
    assert account.first_modified == "2026-01-05T01:10:47+08:00"


def test_z08_pages_are_never_asked_for_by_number(zoho, connected):
    connected().orders()
    asked = calls(zoho, "GET", "/crm/v8/Invoices")
    assert [("page_token" in each.values, "page" in each.values) for each in asked] == [
        (False, False),
        (True, False),
        (True, False),
    ]


@pytest.mark.parametrize("quoted", ["both", "quoted", "bare"])
def test_z09_what_lists_do_not_reach_is_queried_by_id(zoho, connected, quoted):
    zoho.switches.list_limit, zoho.switches.quoted_ids = 200, quoted
    orders = connected().orders()
    assert orders["order_id"].to_list() == sorted(zoho.modules["Invoices"].records)


def test_z10_a_module_without_records_has_none(zoho, connected):
    zoho.modules["Invoices"].records.clear()
    assert connected().orders().is_empty()


def test_z10_a_module_without_changes_has_none_to_tell(zoho, connected):
    found = connected().orders({"Invoices": "2030-01-01T00:00:00+08:00"})
    assert found.is_empty()
    assert calls(zoho, "GET", "/crm/v8/Invoices")[0].headers["if-modified-since"] == "2030-01-01T00:00:00+08:00"


def test_z11_lists_are_asked_for_by_id_from_the_first_on(zoho, connected):
    connected().orders()
    asked = calls(zoho, "GET", "/crm/v8/Invoices")
    assert {(each.values["sort_by"], each.values["sort_order"]) for each in asked} == {("id", "asc")}


def test_z12_a_record_that_comes_twice_counts_once(zoho, connected):
    """A record that is made between two pages moves no other: pages are by id."""

    def change(module, page):
        if page == 1:
            record = dict(next(iter(zoho.modules[module].records.values())))
            zoho.modules[module].records["1"] = record | {"id": "1"}

    zoho.on_page = change
    orders = connected().orders()
    assert orders["order_id"].n_unique() == orders.height == INVOICES


def test_z13_values_are_read_as_what_they_are(connected):
    orders = connected().orders()
    assert orders.row(0, named=True) == {
        "customer_id": account_id(0),
        "date": "2026-01-05",
        "amount": 100.5,
        "order_id": str(4768000000001000001),
        "Status": "Cancelled",
    }
    customers = connected().customers()
    first, second = customers.lasting.head(2).iter_rows(named=True)
    assert (first["industry"], second["industry"]) == (None, "Home")
    assert (first["owner"], first["province"]) == ("77", "Zhejiang")
    assert customers.passing.row(0, named=True) == {"customer_id": account_id(0), "rating": "Active", "tags": "VIP"}
    assert customers.lasting.height == ACCOUNTS


def test_z13_a_moment_counts_on_the_day_as_written(zoho, connected):
    zoho.modules["Sales_Orders"] = zoho.modules["Invoices"]
    first = zoho.modules["Invoices"].records[str(4768000000001000001)]
    first["Created_Time"] = "2026-01-05T00:30:00+08:00"  # the day before in UTC
    assert connected(orders="Sales_Orders").orders()["date"][0] == "2026-01-05"


def test_z13_deals_have_their_stage_and_channel_and_may_lack_a_customer(connected):
    deals = connected(orders="Deals").orders()
    assert deals["Stage"].to_list() == ["Closed Won", "Qualification", "Closed Lost", "Negotiation"]
    assert deals["channel"].to_list() == ["Fair"] * 4
    assert deals["customer_id"].to_list() == [account_id(0), account_id(1), account_id(2), None]


def test_z13_the_fields_of_purchases_can_be_others(connected):
    deals = connected(orders="Deals", date="Created_Time", amount="Amount").orders()
    assert deals["date"].to_list() == ["2026-01-05"] * 4
    with pytest.raises(ParamsError, match="Deals has no field 'Amout'"):
        connected(orders="Deals", amount="Amout").orders()


def test_z14_line_items_are_not_asked_for(zoho, connected):
    connected().orders()
    assert not any("Invoiced_Items" in each.values.get("fields", "") for each in zoho.requests)


def test_z15_queries_are_as_documented(zoho, connected):
    ids = [account_id(at) for at in range(120)]
    found = connected().labels(GROUP, ids)
    assert found["customer_id"].to_list() == ids
    asked = [each.body["select_query"] for each in calls(zoho, "POST", "/crm/v8/coql")]
    assert [text.count("47680000") for text in asked] == [50, 50, 20]
    assert all(" where id in (" in text for text in asked)
    assert [text.rpartition(" ")[2] for text in asked] == ["50", "50", "20"]


# Z16 to Z22: writing


def test_z16_rows_are_told_one_by_one_by_their_place(zoho, connected):
    zoho.locked.add(account_id(1))
    done = connected().write_labels(rows(account_id(0), account_id(1), "999", account_id(2)))
    assert done == [
        Outcome(account_id(0), "written"),
        Outcome(account_id(1), "refused", "RECORD_LOCKED"),
        Outcome("999", "refused", "INVALID_DATA id"),
        Outcome(account_id(2), "written"),
    ]
    assert [group_of(zoho, at) for at in range(3)] == ["loyal", None, "loyal"]


def test_z17_a_reply_that_refuses_all_is_told_row_by_row_and_one_without_rows_as_a_whole(zoho, connected):
    assert connected().write_labels(rows("998", "999")) == [
        Outcome("998", "refused", "INVALID_DATA id"),
        Outcome("999", "refused", "INVALID_DATA id"),
    ]
    with pytest.raises(DataError, match="refuses PUT Accounts: HTTP 400, LIMIT_EXCEEDED"):
        connected().write_labels(rows(*(account_id(at) for at in range(101))))
    assert group_of(zoho, 0) is None


def test_z18_no_automation_fires(zoho, connected):
    connected().write_labels(rows(*(account_id(at) for at in range(100))))
    assert zoho.ledger == []
    [asked] = calls(zoho, "PUT", "/crm/v8/Accounts")
    assert asked.body["trigger"] == []
    assert {it["name"] for it in asked.body["skip_feature_execution"]} == {
        "cadences",
        "assignment_rules",
        "connected_workflows",
    }


def test_z19_only_the_fields_that_are_given_change_and_none_clears(zoho, connected):
    before = dict(zoho.modules["Accounts"].records[account_id(1)])
    connected().write_labels(rows(account_id(1)))
    connected().write_labels([Row(account_id(1), {"Clv_Group": None})])
    after = dict(zoho.modules["Accounts"].records[account_id(1)])
    assert {**after, "Modified_Time": None} == {**before, "Modified_Time": None}


@pytest.mark.parametrize("stored", ["stored", "refused"])
def test_z20_a_value_that_does_not_fit_is_refused_with_its_field(zoho, connected, stored):
    zoho.switches.number_into_text = zoho.switches.unknown_choice = stored
    long, number = connected().write_labels(
        [Row(account_id(0), {"Clv_Group": "x" * 31}), Row(account_id(1), {"Clv_Group": 7})]
    )
    assert long == Outcome(account_id(0), "refused", "INVALID_DATA Clv_Group")
    refused = Outcome(account_id(1), "refused", "INVALID_DATA Clv_Group")
    assert number == (refused if stored == "refused" else Outcome(account_id(1), "written"))
    with pytest.raises(ParamsError, match=r"'Industry' of Accounts \(picklist\) takes no labels"):
        connected().label_fields(["Industry"])


def test_z21_nothing_is_created_deleted_or_changed_in_masses(zoho, connected):
    crm = connected()
    crm.orders(), crm.customers()
    crm.write_labels(rows(account_id(0), "999"))
    assert zoho.ledger == []
    assert len(zoho.modules["Accounts"].records) == ACCOUNTS
    asked = {(each.method, each.path.partition("/v8/")[2].partition("/")[0]) for each in zoho.requests}
    assert asked == {
        ("POST", ""),
        ("GET", "settings"),
        ("GET", "Invoices"),
        ("GET", "Accounts"),
        ("PUT", "Accounts"),
    }


def test_z22_tags_stay_as_they_are(zoho, connected):
    connected().write_labels(rows(account_id(0)))
    assert [it["name"] for it in zoho.modules["Accounts"].records[account_id(0)]["Tag"]] == ["VIP"]


# Z23 to Z25: limits, outages, rights


def test_z23_a_busy_system_is_asked_again_and_one_whose_day_is_used_up_is_not(zoho, connected, waits):
    busy = {"code": "TOO_MANY_REQUESTS", "message": "", "details": {}, "status": "error"}
    zoho.faults.append(Fault("GET", "/crm/v8/Invoices", "before", times=2, status=429, body=busy))
    assert connected().orders().height == INVOICES
    assert len(waits) == 2
    zoho.switches.credits = zoho.credits
    with pytest.raises(TryLaterError, match="calls of the last 24 hours are used up"):
        connected().orders()
    assert len(waits) == 2


@pytest.mark.parametrize(("kind", "asked"), [("before", 2), ("after", 1), ("cut_after", 1), ("cut_before", 2)])
def test_z24_a_lost_reply_is_followed_by_reading_and_no_row_is_written_twice(zoho, connected, kind, asked):
    zoho.faults.append(Fault("PUT", "/crm/v8/Accounts", kind))
    done = connected().write_labels(rows(account_id(0), account_id(1)))
    assert {it.status for it in done} == {"written"}
    assert [group_of(zoho, at) for at in range(2)] == ["loyal"] * 2
    assert len(calls(zoho, "PUT", "/crm/v8/Accounts")) == asked


def test_z24_a_row_whose_reply_is_lost_again_is_unknown(zoho, connected):
    zoho.faults.append(Fault("PUT", "/crm/v8/Accounts", "before", times=2))
    assert connected().write_labels(rows(account_id(0))) == [Outcome(account_id(0), "unknown")]
    assert len(calls(zoho, "PUT", "/crm/v8/Accounts")) == 2


def test_z24_reading_outlasts_an_outage_and_gives_up_in_the_end(zoho, connected, waits):
    zoho.faults.append(Fault("GET", "/crm/v8/Invoices", "before", times=3, status=502))
    assert connected().orders().height == INVOICES
    assert len(waits) == 3
    zoho.faults.append(Fault("GET", "/crm/v8/Invoices", "cut_before", times=99))
    with pytest.raises(TryLaterError, match=r"127\.0\.0\.1:\d+ does not answer \(.*\), after 6 attempts"):
        connected().orders()


def test_z24_a_slow_reply_is_an_outage(zoho, connected):
    zoho.faults.append(Fault("GET", "/crm/v8/settings", "delay", times=99, seconds=0.6))
    with pytest.raises(TryLaterError, match="ReadTimeout"):
        connected(timeout=0.05).orders()


@pytest.mark.parametrize("status", [401, 403])
def test_z25_a_missing_scope_is_told(zoho, connected, status):
    zoho.switches.scope_status = status
    zoho.switches.missing_scopes = {"Accounts.UPDATE"}
    with pytest.raises(ParamsError, match="lacks the scope for Accounts"):
        connected().write_labels(rows(account_id(0)))
    assert len(token_calls(zoho)) == 1


@pytest.mark.parametrize("unknown", ["left out", "refused"])
def test_z25_a_field_that_the_user_does_not_see_is_told_before_anything_is_asked(zoho, connected, unknown):
    zoho.switches.unknown_field = unknown
    zoho.switches.hidden = {"Clv_Group", "Industry"}
    with pytest.raises(ParamsError, match=r"Accounts has no field 'Clv_Group', or the user .* does not see it"):
        connected().label_fields(GROUP)
    assert "industry" not in connected().customers().lasting.columns


def test_z26_z27_nothing_is_read_or_written_in_bulk(zoho, connected):
    """Jobs cost fifty and five hundred calls, and whether a bulk write fires automation is not documented."""
    crm = connected()
    crm.orders(), crm.write_labels(rows(account_id(0)))
    assert not any("/bulk/" in each.path or each.path.endswith("/upload") for each in zoho.requests)


def test_z28_a_record_that_is_deleted_is_gone_with_the_next_reading(zoho, connected):
    assert connected().customers().lasting.height == ACCOUNTS
    gone = zoho.modules["Accounts"].records.pop(account_id(7))
    zoho.modules["Accounts"].deleted.append({"id": gone["id"], "type": "permanent"})
    assert account_id(7) not in connected().customers().lasting["customer_id"]
    assert account_id(7) in connected().deleted()
    assert connected().write_labels(rows(account_id(7))) == [Outcome(account_id(7), "refused", "INVALID_DATA id")]


def test_z29_only_records_whose_labels_change_are_touched(zoho, connected):
    """An edit may move the rate of a record with money: `test_labels.py` sees that equal labels are not written."""
    zoho.switches.refreshes_rate = True
    connected().write_labels(rows(account_id(0)))
    assert zoho.ledger == [("exchange rate", account_id(0))]


# Security


def test_a_token_goes_only_where_zoho_or_the_parameters_are(zoho, waits):
    """A forged reply must not collect tokens."""
    forged = pytest.raises(DataError, match="not one of Zoho's: no token is sent there")
    with closing(ZohoCrm({"crm": "zoho", "login": zoho.url}, Transport(sleep=waits.append))) as crm, forged:
        crm.orders()
    assert [each.path for each in zoho.requests] == ["/oauth/v2/token"]


@pytest.mark.parametrize(
    "url",
    ["http://accounts.zoho.com", "https://a:b@accounts.zoho.com", "https://x.com/?token=1", "accounts.zoho.com"],
)
def test_an_address_that_credentials_must_not_go_to_is_refused(url):
    with pytest.raises(ParamsError, match=r"source\.login"):
        checked_url(url, "login")


def test_missing_credentials_are_named(monkeypatch, connected):
    monkeypatch.delenv("ZOHO_CLIENT_SECRET")
    with pytest.raises(ParamsError, match="Credentials are missing: ZOHO_CLIENT_SECRET"):
        connected()


def test_credentials_may_be_in_a_file_that_nobody_else_reads(monkeypatch, tmp_path):
    path = tmp_path / "zoho.env"
    path.write_text("# ours\nZOHO_CLIENT_ID = from-file\n", encoding="utf-8")
    monkeypatch.setenv(FILE, str(path))
    monkeypatch.delenv("ZOHO_CLIENT_ID")
    path.chmod(0o644)
    with pytest.raises(ParamsError, match="others can read it"):
        credentials(["ZOHO_CLIENT_ID"])
    path.chmod(0o600)
    assert credentials(["ZOHO_CLIENT_ID"])["ZOHO_CLIENT_ID"].text == "from-file"
    monkeypatch.setenv(FILE, str(tmp_path / "none"))
    with pytest.raises(ParamsError, match="cannot be read"):
        credentials(["ZOHO_CLIENT_ID"])


def test_a_secret_does_not_show_itself():
    assert "hush" not in f"{Secret('hush')} {Secret('hush')!r} {[Secret('hush')]}"


def test_the_token_is_kept_where_only_its_owner_reads_it(connected, tmp_path):
    connected().label_fields(GROUP)
    [path] = (tmp_path / "cache").rglob("*.json")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text())["token"].startswith("1000.access.")
    path.write_text("{damaged", encoding="utf-8")
    connected().label_fields(GROUP)
    assert json.loads(path.read_text())["token"] == "1000.access.2"


class Elsewhere(FakeServer):
    """Something that is no CRM."""

    answers = Answer(200, b"<html>")

    def answer(self, request):
        del request
        return self.answers


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(200, b"<html>"), "not as a CRM does"),
        (Answer(302, b"", {"Location": "https://elsewhere.example"}), "refers to another address"),
    ],
)
def test_what_is_no_crm_is_told(answer, said, waits):
    with Elsewhere() as server:
        server.answers = answer
        source = {"crm": "zoho", "login": server.url, "api": server.url}
        with closing(ZohoCrm(source, Transport(sleep=waits.append))) as crm, pytest.raises(DataError, match=said):
            crm.orders()


def test_errors_are_in_chinese_as_well(zoho, connected):
    zoho.switches.missing_scopes = {"Invoices.READ"}
    with pytest.raises(ParamsError) as caught:
        connected().orders()
    assert Words("zh").error(caught.value) == "访问令牌缺少Invoices所需的范围（scope）。请用该范围重新生成刷新令牌。"


def test_the_field_that_may_be_meant_is_named_in_chinese(connected):
    with pytest.raises(ParamsError) as caught:
        connected().label_fields(["Clv_Grup"])
    told = Words("zh").error(caught.value)
    assert ("是否指'Clv_Group'" in told, "Did you mean" in told) == (True, False)


def test_importing_clvlab_loads_nothing_that_calls():
    program = "import sys, clvlab, clvlab.cli; print(sorted({'httpx', 'tenacity', 'clvlab.crm'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_token_goes_to_the_address_that_is_named_and_to_no_other(zoho, waits):
    def reached(api):
        """How many calls the organisation had once a connector has asked for its accounts."""
        given = {"crm": "zoho", "login": zoho.url, "api": api}
        with closing(ZohoCrm(given, Transport(sleep=waits.append, timeout=5.0))) as crm, suppress(ClvlabError):
            crm.customers()
        return len([each for each in zoho.requests if each.path.startswith("/crm/")])

    before = reached(zoho.url)
    assert before > 0
    with FakeZoho(organisation()) as sandbox:
        assert reached(sandbox.url) == before
        assert [each for each in sandbox.requests if each.path.startswith("/crm/")]


def test_a_list_that_ends_early_twice_is_for_later(zoho, connected):
    body = {"code": "EXPIRED_VALUE", "message": "", "details": {}, "status": "error"}
    gone = [Fault("GET", "/crm/v8/Accounts", "before", nth=nth, status=400, body=body) for nth in (2, 4)]
    zoho.faults.extend(gone)
    with pytest.raises(TryLaterError, match="The list of Accounts ended early, twice"):
        connected().customers()


def test_who_waits_too_long_for_a_token_is_told(connected, monkeypatch):
    monkeypatch.setattr(tokens, "_PATIENCE", 0.05)
    crm = connected()
    with crm._connection._cache.locked(), pytest.raises(TryLaterError, match="Another process has been asking"):
        connected().customers()
