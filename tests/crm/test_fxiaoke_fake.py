"""What the made-up 纷享销客 answers, line by line of what is documented; F01 to F24 are those lines."""

import threading

import httpx
import pytest

from clvlab.crm.fakes import FakeFxiaoke, Fault
from clvlab.crm.fakes.trial import FXIAOKE_CREDENTIALS
from tests.crm.tenant import CUSTOMERS, DAY, GROUP, MIDNIGHT, ORDERS, VALUE, customer_id, order_id, tenant

APP = {
    "appId": FXIAOKE_CREDENTIALS["FXIAOKE_APP_ID"],
    "appSecret": FXIAOKE_CREDENTIALS["FXIAOKE_APP_SECRET"],
    "permanentCode": FXIAOKE_CREDENTIALS["FXIAOKE_PERMANENT_CODE"],
}
OFF = {"triggerWorkFlow": False, "triggerApprovalFlow": False}
OLD = "/cgi/corpAccessToken/get/V2"


@pytest.fixture(scope="module")
def client():
    with httpx.Client(timeout=5.0) as opened:
        yield opened


@pytest.fixture
def ask(fxiaoke, client):
    """What is answered at a path to a body."""

    def asked(path, body, headers=None):
        answer = client.post(f"{fxiaoke.url}{path}", json=body, headers=headers)
        assert answer.status_code == 200
        return answer.json()

    return asked


@pytest.fixture
def token(ask):
    def asked(**other):
        return ask("/oauth2.0/token", APP | {"grantType": "app_secret"} | other)

    return asked


@pytest.fixture
def call(ask, token):
    """A call with a token that is good."""
    held = token()
    head = {"Authorization": f"Bearer {held['accessToken']}", "x-fs-ea": held["ea"], "x-fs-userid": "1000"}

    def called(path, body, **headers):
        return ask(f"/cgi/crm/v2/{path}", body, head | headers)

    return called


def query(call, kind="SalesOrderObj", top=None, **info):
    return call("data/query", {"data": {"dataObjectApiName": kind, "search_query_info": info}} | (top or {}))


def rows(call, kind="SalesOrderObj", **info):
    return query(call, kind, **{"limit": 100, "offset": 0} | info)["data"]["dataList"]


def where(name, operator, *values):
    return {"filters": [{"field_name": name, "operator": operator, "field_values": list(values)}]}


def update(call, at, top=OFF, **values):
    given = {"_id": customer_id(at), "dataObjectApiName": "AccountObj", **values}
    return call("data/update", {**top, "data": {"object_data": given}})


def record(fxiaoke, at):
    return fxiaoke.objects["AccountObj"].records[customer_id(at)]


# F01 to F04: authorisation


def test_f01_a_token_and_a_wrong_secret(token):
    body = token()
    assert (body["errorCode"], body["expiresIn"], body["ea"]) == (0, 7084, "retailer")
    refused = token(appSecret="wrong")
    assert (refused["errorCode"], "accessToken" in refused) == (10006, False)


@pytest.mark.parametrize("code", [30004, 20005])
def test_f02_the_same_token_then_a_new_one_then_too_many(fxiaoke, token, call, code):
    fxiaoke.switches.token_refusal = code
    first = token()["accessToken"]
    fxiaoke.pass_time(seconds=6_500)
    again = token()
    assert (again["accessToken"], again["expiresIn"]) == (first, 7084 - 6_500)
    fxiaoke.pass_time(seconds=200)
    second = token()["accessToken"]
    assert second != first
    assert query(call, limit=1)["errorCode"] == 0  # with the first one
    assert [token()["errorCode"] for _ in range(10)] == [0] * 9 + [code]


def test_f02_two_at_once_are_refused(fxiaoke):
    fxiaoke.faults.append(Fault("POST", "/oauth2.0/token", "delay", times=2, seconds=0.3))
    found = []

    def ask():
        body = APP | {"grantType": "app_secret"}
        found.append(httpx.post(f"{fxiaoke.url}/oauth2.0/token", json=body).json()["errorCode"])

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [0, 30004]


def test_f03_without_credentials_with_unknown_ones_and_with_both_kinds(fxiaoke, ask, call):
    body = {"data": {"dataObjectApiName": "AccountObj", "search_query_info": {"limit": 1}}}
    assert ask("/cgi/crm/v2/data/query", body)["errorCode"] == 20017
    unknown = query(lambda path, body: call(path, body, Authorization="Bearer x"))
    assert (unknown["errorCode"], "data" in unknown) == (20016, False)
    assert query(lambda path, body: call(path, body, **{"x-fs-userid": "1"}))["errorCode"] == 20016
    old = ask(OLD, APP)
    given = {name: old[name] for name in ("corpAccessToken", "corpId")} | {"currentOpenUserId": "FSUID_1"}
    assert ask("/cgi/crm/v2/data/query", body | given)["errorCode"] == 0
    assert call("data/query", body | given)["errorCode"] == 20017
    fxiaoke.pass_time(seconds=7_200)
    assert query(call)["errorCode"] == 20016


def test_f04_a_token_dies_in_the_middle_of_a_listing(fxiaoke, call):
    assert query(call, limit=100)["errorCode"] == 0
    fxiaoke.revoke()
    assert query(call, limit=100, offset=100)["errorCode"] == 20016


# F05 to F12: reading


@pytest.mark.parametrize("large", ["refused", "cut"])
def test_f05_pages_of_a_hundred_at_most_and_offsets_that_end(fxiaoke, call, large):
    fxiaoke.switches.large_page = large
    found = query(call, limit=101)
    assert found["errorCode"] == (15002 if large == "refused" else 0)
    assert large == "refused" or len(found["data"]["dataList"]) == 100
    assert query(call, limit=100, offset=150)["errorCode"] == 15002
    assert query(call, limit=100, offset=10_100)["errorCode"] == 10013


@pytest.mark.parametrize("counts", [False, True])
def test_f06_all_of_them_by_the_last_id(fxiaoke, call, counts):
    fxiaoke.switches.counts = counts
    seen, last = [], {}
    while True:
        body = query(call, limit=100, offset=0, orders=[{"fieldName": "_id", "isAsc": True}], **last)["data"]
        assert body["total"] == (ORDERS - len(seen) if counts else 0)
        seen += [row["_id"] for row in body["dataList"]]
        if len(body["dataList"]) < 100:
            break
        last = where("_id", "GT", seen[-1])
    assert seen == [order_id(at) for at in range(ORDERS)]


@pytest.mark.parametrize("empty", ["absent", "text", "list"])
@pytest.mark.parametrize("version", ["text", "number"])
def test_f07_values_as_they_travel(fxiaoke, call, empty, version):
    fxiaoke.switches.empty_as, fxiaoke.switches.version_as = empty, version
    order = rows(call)[0]
    assert (order["order_amount"], order["order_time"]) == ("100.50", MIDNIGHT)
    assert (order["account_id"], order["account_id__r"]) == (customer_id(0), "A firm's name")
    assert order["version"] == ("4" if version == "text" else 4)
    first, second = rows(call, "AccountObj")[:2]
    assert (second["industry_level1"], second["industry_level1__r"]) == ("x7Kp2Qw9Z", "商业照明")
    assert first["owner"] == ["1000"]
    assert {"phone", "email"} <= first["owner__l"][0].keys() & first["owner__r"].keys()
    assert first.get("industry_level1") == {"absent": None, "text": "", "list": []}[empty]
    assert ("industry_level1" in first) == (empty != "absent")


def test_f07_labels_may_not_be_there(fxiaoke, call):
    fxiaoke.switches.has_labels = False
    assert "industry_level1__r" not in rows(call, "AccountObj")[1]


def test_f08_empty_fields_appear_where_they_are_asked_for(call):
    info = {"limit": 1, "fieldProjection": ["industry_level1"]}
    [shown] = query(call, "AccountObj", {"includeNull": True}, **info)["data"]["dataList"]
    assert shown == {"_id": customer_id(0), "industry_level1": None}


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (where("life_status", "EQ", "正常"), 0),
        (where("life_status", "EQ", "under_review"), 25),
        (where("life_status", "N", "normal"), 25),
        (where("life_status", "NIN", "under_review", "normal"), 0),
        (where("order_amount", "BETWEEN", "100", "109.6"), 10),
        (where("order_amount", "LT", "1000"), 100),  # as text 105.50 comes after 1000
        (where("order_time", "GTE", str(MIDNIGHT + 1)), 0),
        (where("name", "STARTWITH", "20200404-00000"), 10),
        (where("name", "ISN"), 100),
        (where("owner", "HASANYOF", "1000", "7"), 100),
    ],
)
def test_f09_filters_compare_codes_and_numbers(call, given, found):
    assert len(rows(call, **given)) == found


def test_f09_an_operator_that_is_not_there(call):
    assert query(call, **where("life_status", "NE", "normal"))["errorCode"] == 15002
    assert query(call, **where("no_such", "EQ", "normal"))["errorCode"] == 15002


@pytest.mark.parametrize("top", [True, False])
def test_f10_where_records_stand(fxiaoke, call, top):
    fxiaoke.switches.rows_at = "top" if top else "data"
    fxiaoke.switches.one_as = "record" if top else "objectData"
    body = query(call, limit=1)
    assert ("dataList" in body, "dataList" in body["data"]) == (top, not top)
    one = call("data/findOne", {"data": {"dataObjectApiName": "AccountObj", "search_query_info": {}}})["data"]
    assert (one if top else one["objectData"])["_id"] == customer_id(0)
    got = call("data/get", {"data": {"dataObjectApiName": "AccountObj", "objectDataId": customer_id(7)}})
    assert got["data"]["_id"] == customer_id(7)


def test_f11_without_rights_there_are_fewer_rows_and_no_error(fxiaoke, call):
    fxiaoke.unseen |= {customer_id(at) for at in range(100)}
    assert len(rows(call, "AccountObj")) == CUSTOMERS - 100
    fields = call("object/describe", {"includeDetail": True, "data": {"apiName": "AccountObj"}})
    assert "industry_level1" in fields["data"]["describe"]["fields"]


@pytest.mark.parametrize("shows", [False, True])
def test_f12_what_was_invalidated_or_deleted(fxiaoke, call, shows):
    fxiaoke.switches.shows_invalid = shows
    fxiaoke.invalidate("SalesOrderObj", order_id(3))
    fxiaoke.delete("SalesOrderObj", order_id(4))
    states = {it["_id"]: (it["life_status"], it["is_deleted"]) for it in rows(call)}
    assert states.get(order_id(3)) == (("invalid", False) if shows else None)
    assert states.get(order_id(4)) == (("invalid", True) if shows else None)


# F13 to F17: writing


@pytest.mark.parametrize(
    ("top", "fired"),
    [
        ({}, ["workflow", "approval"]),
        ({"triggerWorkFlow": False}, ["approval"]),
        ({"triggerWorkFlow": True, "triggerApprovalFlow": False}, ["workflow"]),
        (OFF, []),
    ],
)
def test_f13_workflows_and_approvals_run_unless_they_are_told_not_to(fxiaoke, call, top, fired):
    before = dict(record(fxiaoke, 5))
    answer = update(call, 5, top, **{GROUP: "loyal", VALUE: "1234.50", DAY: MIDNIGHT})
    assert (answer["errorCode"], "data" in answer) == (0, False)
    assert fxiaoke.ledger == [(each, customer_id(5)) for each in fired]
    after = record(fxiaoke, 5)
    changed = {name: value for name, value in after.items() if before.get(name) != value}
    assert {GROUP: "loyal", VALUE: "1234.50", DAY: MIDNIGHT, "version": 5}.items() <= changed.items()
    assert changed.keys() == {GROUP, VALUE, DAY, "version", "last_modified_time"}
    update(call, 5, **{GROUP: None})
    assert record(fxiaoke, 5)[GROUP] is None


def test_f14_updates_that_are_refused(fxiaoke, call):
    outside = {"data": {"_id": customer_id(0), "object_data": {"dataObjectApiName": "AccountObj", GROUP: "x"}}}
    failed = call("data/update", OFF | outside)
    assert (failed["errorCode"], "NullPointerException" in failed["errorMessage"]) == (-2, True)
    for values in ({"owner": ["1"]}, {"deal_status": "1"}, {GROUP: "x" * 31}, {VALUE: "much"}, {DAY: "2020-04-04"}):
        assert update(call, 0, **values)["errorCode"] != 0
    assert GROUP not in record(fxiaoke, 0)


@pytest.mark.parametrize(("switch", "code"), [("ignored", 0), ("refused", 15002)])
def test_f14_a_field_that_is_not_there(fxiaoke, call, switch, code):
    fxiaoke.switches.unknown_field = switch
    assert update(call, 0, no_such__c="x", **{GROUP: "x"})["errorCode"] == code
    assert record(fxiaoke, 0).get(GROUP) == ("x" if code == 0 else None)


@pytest.mark.parametrize(("switch", "code"), [("both", 0), ("text", 15002)])
def test_f14_a_number_for_a_number(fxiaoke, call, switch, code):
    fxiaoke.switches.numbers = switch
    assert update(call, 0, **{VALUE: 12.5})["errorCode"] == code
    assert update(call, 0, **{VALUE: "12.5"})["errorCode"] == 0


def test_f15_a_locked_record(fxiaoke, call):
    fxiaoke.locked.add(customer_id(1))
    answer = update(call, 1, **{GROUP: "x"})
    assert (answer["errorCode"], answer["errorMessage"]) == (50009, "不能进行[编辑]操作，以下这些数据已被锁定。")
    got = call("data/get", {"data": {"dataObjectApiName": "AccountObj", "objectDataId": customer_id(1)}})["data"]
    assert (got["lock_status"], GROUP in got) == ("1", False)


@pytest.mark.parametrize(("kind", "written"), [("before", None), ("after", "x")])
def test_f16_a_time_out_of_which_the_record_tells(fxiaoke, call, kind, written):
    body = {"errorCode": 50009, "errorMessage": "timeout", "traceId": "E-O.x"}
    fxiaoke.faults.append(Fault("POST", "/cgi/crm/v2/data/update", kind, status=200, body=body))
    assert update(call, 0, **{GROUP: "x"})["errorCode"] == 50009
    assert record(fxiaoke, 0).get(GROUP) == written


def test_f17_records_of_nobody_and_of_others(fxiaoke, call):
    fxiaoke.pool.add(customer_id(1))
    fxiaoke.unseen.add(customer_id(2))
    for at in (1, 2):
        answer = update(call, at, **{GROUP: "x"})
        assert (answer["errorCode"], answer["errorMessage"]) == (20015, "无此操作的数据权限")
        assert GROUP not in record(fxiaoke, at)


# F18 to F20: limits


def test_f18_a_hundred_calls_in_twenty_seconds_at_one_path(fxiaoke, call):
    fxiaoke.switches.per_window = 3
    assert [query(call, limit=1)["errorCode"] for _ in range(4)] == [0, 0, 0, 30004]
    assert update(call, 0, **{GROUP: "x"})["errorCode"] == 0
    fxiaoke.pass_time(seconds=20)
    assert query(call, limit=1)["errorCode"] == 0
    assert FakeFxiaoke().switches.per_window == 100


def test_f19_the_calls_of_a_day(fxiaoke, call, token):
    fxiaoke.switches.per_day = 2
    assert [query(call, limit=1)["errorCode"] for _ in range(3)] == [0, 0, 30002]
    fxiaoke.pass_time(hours=6)  # 23:00 in China
    head = {"Authorization": f"Bearer {token()['accessToken']}"}
    assert query(lambda path, body: call(path, body, **head))["errorCode"] == 30002
    fxiaoke.pass_time(hours=1)
    assert query(lambda path, body: call(path, body, **head))["errorCode"] == 0


@pytest.mark.parametrize("code", [30003, 20021, 20022])
def test_f19_other_refusals_are_by_script(fxiaoke, call, code):
    body = {"errorCode": code, "errorMessage": "no", "traceId": "E-O.x"}
    fxiaoke.faults.append(Fault("POST", "/cgi/crm", "before", status=200, body=body))
    assert query(call)["errorCode"] == code


@pytest.mark.parametrize("path", ["/cgi/crm/v2/data/list", "/cgi/crm/v1/data/query", "/"])
def test_f20_a_path_that_is_not_there(fxiaoke, client, path):
    answer = client.post(f"{fxiaoke.url}{path}", json={})
    assert (answer.status_code, answer.headers["Location"], b"<html>" in answer.content) == (
        302,
        "/notfound.html",
        True,
    )


# F21 to F24


def test_f21_the_same_update_twice(fxiaoke, call):
    answers = [update(call, 0, **{GROUP: "x"})["errorCode"] for _ in range(2)]
    assert (answers, record(fxiaoke, 0)[GROUP]) == ([0, 0], "x")


@pytest.mark.parametrize("money", ["order_amount", "field_Ab12C__c"])
def test_f22_what_fields_are(fxiaoke, call, money):
    fxiaoke.objects = tenant(money)
    body = call("object/describe", {"includeDetail": True, "data": {"apiName": "SalesOrderObj"}})
    fields = body["data"]["describe"]["fields"]
    assert fields["order_time"]["time_zone"] == "GMT+8"
    assert (fields[money]["decimal_places"], fields[money]["currency_unit"]) == (2, "￥")
    assert fields["approved__c"]["options"][0] == {"label": "已审核", "value": "yes9"}
    assert money in rows(call)[0]
    assert call("object/describe", {"data": {"apiName": "NoObj"}})["errorCode"] == 20012


@pytest.mark.parametrize("has_currencies", [False, True])
def test_f23_several_currencies(fxiaoke, call, has_currencies):
    fxiaoke.objects = tenant(has_currencies=has_currencies)
    assert rows(call)[0].get("mc_currency") == ("CNY" if has_currencies else None)


def test_f24_slow_and_cut_replies_and_a_gateway_that_speaks_html(fxiaoke, client, call):
    path = "/cgi/crm/v2/data/query"
    slow = Fault("POST", path, "delay", seconds=0.2)
    html = Fault("POST", path, "before", status=502, body=b"<html>Bad Gateway</html>")
    fxiaoke.faults += [slow, html, Fault("POST", path, "cut_before")]
    assert query(call, limit=1)["errorCode"] == 0
    assert client.post(f"{fxiaoke.url}{path}", json={}).status_code == 502
    with pytest.raises(httpx.TransportError):
        query(call, limit=1)


def test_calls_that_a_writer_of_labels_must_not_make_mark_the_ledger(fxiaoke, call):
    for path in ("data/create", "data/invalid", "data/delete", "data/changeOwner", "object/lock", "object/unlock"):
        assert call(path, {"data": {"dataObjectApiName": "AccountObj"}})["errorCode"] == 0
    assert [what for what, _ in fxiaoke.ledger] == ["create", "invalid", "delete", "changeOwner", "lock", "unlock"]
    text = "\n".join(fxiaoke.log)
    assert not any(secret in text for name, secret in FXIAOKE_CREDENTIALS.items() if name != "FXIAOKE_USER_ID")
