"""The connector to 纷享销客, by what its interface does; F01 to F24 as in `test_fxiaoke_fake.py`."""

import io
import json
import stat
from contextlib import closing
from datetime import date

import polars as pl
import pytest
from click.testing import CliRunner

from clvlab.cli import main
from clvlab.crm import labels
from clvlab.crm.fakes import Answer, FakeServer, Fault
from clvlab.crm.fakes.fxiaoke import milliseconds
from clvlab.crm.fakes.trial import FXIAOKE_CREDENTIALS
from clvlab.crm.fxiaoke import FxiaokeCrm, records_of
from clvlab.crm.protocol import Outcome, Row
from clvlab.crm.reading import read
from clvlab.crm.transport import Transport
from clvlab.errors import DataError, ParamsError, TryLaterError
from clvlab.inputs import attribute_tables, read_log
from clvlab.params import ReportParams
from clvlab.wording import Words
from tests.crm.tenant import (
    CUSTOMERS,
    DAY,
    GROUP,
    LABELS,
    MIDNIGHT,
    ORDER_DAY,
    ORDERS,
    VALUE,
    customer_id,
    order_id,
    tenant,
)

QUERY, UPDATE, TOKEN = "/cgi/crm/v2/data/query", "/cgi/crm/v2/data/update", "/oauth2.0/token"
TODAY = date(2026, 2, 2)
SECRETS = [value for name, value in FXIAOKE_CREDENTIALS.items() if name != "FXIAOKE_USER_ID"]


def rows(*places, group="loyal"):
    return [Row(customer_id(at), {GROUP: group}) for at in places]


def record(fxiaoke, at):
    return fxiaoke.objects["AccountObj"].records[customer_id(at)]


def calls(fxiaoke, path):
    return [each for each in fxiaoke.requests if each.path == path]


def refusal(code, path=QUERY, kind="before", **more):
    body = {"errorCode": code, "errorMessage": "no", "traceId": "E-O.x"}
    return Fault("POST", path, kind, status=200, body=body, **more)


# F01 to F04: authorisation


def test_f01_one_token_serves_all_runs_and_stands_in_no_address(fxiaoke, linked, tmp_path):
    assert linked().orders().height == linked().orders().height == ORDERS
    assert len(calls(fxiaoke, TOKEN)) == 1
    assert not any(secret in line for line in fxiaoke.log for secret in [*SECRETS, "access-1"])
    assert all(len(each.values["thirdTraceId"]) == 36 for each in calls(fxiaoke, QUERY))
    [path] = (tmp_path / "cache").rglob("*.json")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["FXIAOKE_APP_ID", "FXIAOKE_APP_SECRET", "FXIAOKE_PERMANENT_CODE"])
def test_f01_a_wrong_secret_is_told_by_what_to_check(fxiaoke, linked, monkeypatch, name):
    monkeypatch.setenv(name, "wrong-and-secret")
    with pytest.raises(ParamsError, match=r"errorCode 10006, traceId E-O.1. Check FXIAOKE_APP_ID") as caught:
        linked().orders()
    assert "wrong-and-secret" not in str(caught.value)
    assert fxiaoke.url in str(caught.value)
    assert "没有发放访问令牌" in Words("zh").error(caught.value)


def test_f01_missing_credentials_are_named(monkeypatch, linked):
    monkeypatch.delenv("FXIAOKE_USER_ID")
    with pytest.raises(ParamsError, match="Credentials are missing: FXIAOKE_USER_ID"):
        linked()


def test_f02_tokens_that_are_refused_for_now_are_waited_for(fxiaoke, linked, waits):
    fxiaoke.faults.append(refusal(30004, TOKEN, times=2))
    assert linked().orders().height == ORDERS
    assert len(waits) == 2
    assert min(waits) >= 20


def test_f02_tokens_that_are_refused_otherwise_are_told(fxiaoke, linked, waits):
    fxiaoke.faults.append(refusal(20005, TOKEN))
    with pytest.raises(ParamsError, match=r"gives no access token: errorCode 20005, traceId E-O\.x"):
        linked().orders()
    assert waits == []


@pytest.mark.parametrize("passed", [6_500, 6_700, 6_990])
def test_f02_a_token_near_its_end_is_renewed_in_time(fxiaoke, linked, passed):
    """A new one comes after 6,600 seconds, before the old one dies."""
    crm = linked()
    crm._cache._clock = lambda: fxiaoke.now.timestamp()
    crm.label_fields([GROUP])
    fxiaoke.pass_time(seconds=passed)
    assert crm.orders().height == ORDERS
    assert len(calls(fxiaoke, TOKEN)) == (1 if passed < 7084 - 120 else 2)


def test_f03_no_call_has_both_kinds_of_credentials(fxiaoke, linked):
    crm = linked()
    crm.orders()
    crm.write_labels(rows(0))
    asked = [each for each in fxiaoke.requests if each.path != TOKEN]
    assert all({"authorization", "x-fs-ea", "x-fs-userid"} <= each.headers.keys() for each in asked)
    assert not any("corpAccessToken" in each.body for each in asked)


def test_f03_a_user_who_is_none_is_told(fxiaoke, linked, monkeypatch):
    monkeypatch.setenv("FXIAOKE_USER_ID", "7")
    with pytest.raises(DataError, match=r"made just now. Check `source.api`, FXIAOKE_USER_ID"):
        linked().orders()
    assert len(calls(fxiaoke, TOKEN)) == 2


@pytest.mark.parametrize("page", [1, 2])
def test_f04_a_token_that_dies_in_the_middle_of_a_list_loses_and_doubles_nothing(fxiaoke, linked, page):
    fxiaoke.on_page = lambda _, at: fxiaoke.revoke() if at == page else None
    orders = linked().orders()
    assert orders["order_id"].to_list() == [order_id(at) for at in range(ORDERS)]
    assert len(calls(fxiaoke, TOKEN)) == 2


# F05 to F12: reading


@pytest.mark.parametrize("large", ["refused", "cut"])
@pytest.mark.parametrize("counts", [False, True])
def test_f05_f06_all_are_read_once_by_their_ids(fxiaoke, linked, large, counts):
    fxiaoke.switches.large_page, fxiaoke.switches.counts = large, counts
    crm = linked()
    assert crm.orders()["order_id"].to_list() == [order_id(at) for at in range(ORDERS)]
    asked = [each.body["data"]["search_query_info"] for each in calls(fxiaoke, QUERY)]
    assert [(each["limit"], each["offset"]) for each in asked] == [(100, 0)] * 3
    assert [each["filters"] for each in asked[1:]] == [
        [{"field_name": "_id", "operator": "GT", "field_values": [order_id(at)]}] for at in (99, 199)
    ]
    [told] = crm.reads
    assert (told.module, told.rows, told.pages) == ("SalesOrderObj", ORDERS, 3)
    assert told.last_modified == "2020-04-04T01:10:47+08:00"


def test_f06_twelve_thousand_orders_need_no_offset(fxiaoke, linked):
    orders = fxiaoke.objects["SalesOrderObj"].records
    one = orders[order_id(0)]
    orders.clear()
    orders |= {order_id(at): one | {"_id": order_id(at)} for at in range(12_345)}
    fxiaoke.switches.per_window = 1_000
    found = linked().orders()
    assert (found.height, found["order_id"].n_unique()) == (12_345, 12_345)


@pytest.mark.parametrize("has_labels", [True, False])
@pytest.mark.parametrize("empty", ["absent", "text", "list"])
@pytest.mark.parametrize("version", ["text", "number"])
def test_f07_values_are_read_as_what_they_are(fxiaoke, linked, has_labels, empty, version):
    fxiaoke.switches.has_labels, fxiaoke.switches.empty_as = has_labels, empty
    fxiaoke.switches.version_as = version
    crm = linked(fields={"tags": "tags__c"})
    assert crm.orders().row(1, named=True) == {
        "customer_id": customer_id(1),
        "date": ORDER_DAY.isoformat(),
        "amount": 101.5,
        "order_id": order_id(1),
        "life_status": "normal",
    }
    customers = crm.customers()
    first, second = customers.lasting.head(2).iter_rows(named=True)
    assert (first["industry"], second["industry"]) == (None, "商业照明")
    assert (first["customer_type"], first["province"], first["owner"]) == ("经销商", "浙江", "1000")
    assert (first["tags"], second["tags"]) == ("甲, 乙", None)
    assert customers.passing.head(2).rows() == [
        (customer_id(0), "重要客户", ORDER_DAY.isoformat()),
        (customer_id(1), None, None),
    ]
    assert customers.lasting.height == CUSTOMERS


def test_f07_a_label_that_only_the_reply_has_is_taken(fxiaoke, linked):
    known = fxiaoke.objects["AccountObj"].fields
    fault = known["province"]
    shown = fxiaoke._value
    known["province"] = type(fault)("province", "province")
    fxiaoke._value = lambda of, *more: shown(fault if of.name == "province" else of, *more)
    assert linked().customers().lasting["province"][0] == "浙江"


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("GMT+8", "2020-04-04"),
        ("", "2020-04-04"),
        ("of the moon", "2020-04-04"),
        ("UTC-05:30", "2020-04-03"),
        ("America/New_York", "2020-04-03"),
    ],
)
def test_f07_days_begin_where_their_field_says(fxiaoke, linked, zone, day):
    known = fxiaoke.objects["SalesOrderObj"].fields
    known["order_time"] = type(known["order_time"])("order_time", "date", more={"time_zone": zone})
    assert linked().orders()["date"][0] == day


def test_f08_only_fields_that_are_used_are_asked_for_never_how_to_reach_somebody(fxiaoke, linked):
    crm = linked()
    crm.orders()
    crm.customers()
    names = {
        name for each in calls(fxiaoke, QUERY) for name in each.body["data"]["search_query_info"]["fieldProjection"]
    }
    assert names == {
        *("_id", "account_id", "order_time", "order_amount", "life_status", "last_modified_time", "is_deleted"),
        *("industry_level1", "account_type", "province", "owner", "account_level", "last_followed_time"),
    }
    with pytest.raises(ParamsError, match="'tel', which is for contacting somebody"):
        linked(fields={"contact": "tel"}).customers()
    with pytest.raises(ParamsError, match=r"AccountObj has no field 'acount_type'.*Did you mean 'account_type'"):
        linked(fields={"kind": "acount_type"}).customers()


def test_f08_what_nobody_asked_for_is_dropped(fxiaoke, linked):
    fxiaoke.switches.ignores_projection = True
    crm = linked()
    for row in [*crm._page("AccountObj", ["owner", "province"], []), *crm._page("SalesOrderObj", ["owner"], [])]:
        assert row.keys() <= {"_id", "owner", "province", "province__r"}
    told = [*crm.orders().iter_rows(), *crm.customers().lasting.iter_rows()]
    assert not any(each in str(told) for each in ("@", "8800", "Firm"))


def test_f09_states_are_kept_by_code_and_others_by_label(fxiaoke, linked):
    orders = linked(states=["approved__c"]).orders()
    assert orders["life_status"].head(2).to_list() == ["under_review", "normal"]
    assert orders["approved__c"].head(2).to_list() == ["未审核", "已审核"]
    with pytest.raises(ParamsError, match=r"SalesOrderObj has no field 'aproved__c'"):
        linked(states=["aproved__c"]).orders()
    assert all(each.body["data"]["search_query_info"]["filters"] == [] for each in calls(fxiaoke, QUERY)[:1])


@pytest.mark.parametrize("top", [True, False])
def test_f10_records_are_found_wherever_they_stand(fxiaoke, linked, top):
    fxiaoke.switches.rows_at, fxiaoke.switches.one_as = ("top", "record") if top else ("data", "objectData")
    crm = linked()
    assert crm.orders().height == ORDERS
    given = {"data": {"dataObjectApiName": "AccountObj", "search_query_info": {}, "objectDataId": customer_id(0)}}
    for path in ("data/findOne", "data/get"):
        [found] = records_of(crm._call(path, given).body)
        assert found["_id"] == customer_id(0)
    assert records_of({"errorCode": 0, "data": {}}) == []


def test_f11_what_the_user_may_not_see_is_not_there_and_counted(fxiaoke, linked):
    fxiaoke.unseen |= {customer_id(at) for at in range(100)}
    crm = linked()
    assert crm.customers().lasting.height == CUSTOMERS - 100
    assert crm.reads[0].rows == CUSTOMERS - 100


@pytest.mark.parametrize("shows", [False, True])
def test_f12_what_was_invalidated_or_deleted_is_no_purchase_and_no_customer(fxiaoke, linked, shows):
    fxiaoke.switches.shows_invalid = shows
    fxiaoke.invalidate("SalesOrderObj", order_id(3))
    fxiaoke.delete("SalesOrderObj", order_id(4))
    fxiaoke.objects["SalesOrderObj"].records[order_id(4)]["life_status"] = "normal"
    fxiaoke.delete("AccountObj", customer_id(7))
    crm = linked()
    orders = crm.orders().filter(life_status="normal")
    assert not {order_id(3), order_id(4)} & {*orders["order_id"]}
    customers = crm.customers()
    assert customer_id(7) not in customers.lasting["customer_id"]
    assert customers.gone == ({customer_id(7)} if shows else frozenset())
    assert customer_id(7) not in crm.labels([GROUP])["customer_id"]
    assert crm.deleted() is None


# Incremental readings


def test_only_what_has_changed_is_asked_for(fxiaoke, linked):
    crm = linked()
    fxiaoke.pass_time(hours=1)
    fxiaoke.change("SalesOrderObj", order_id(7), order_amount="1.00")
    fxiaoke.change("AccountObj", customer_id(9), account_level="1")
    since = dict.fromkeys(("SalesOrderObj", "AccountObj"), fxiaoke.now.isoformat())
    assert crm.orders(since).select("order_id", "amount").rows() == [(order_id(7), 1.0)]
    assert crm.customers(since).passing["customer_id"].to_list() == [customer_id(9)]
    [asked] = {json.dumps(each.body["data"]["search_query_info"]["filters"]) for each in calls(fxiaoke, QUERY)}
    moment = {"field_name": "last_modified_time", "operator": "GTE", "field_values": [str(milliseconds(fxiaoke.now))]}
    assert json.loads(asked) == [moment]


def params_of(folder, fxiaoke, where=None, **source):
    crm = {"crm": "fxiaoke", "api": fxiaoke.url} | source
    reading = {"where": where or {"life_status": ["normal"]}}
    return ReportParams(name="shop", source=crm, as_of="2026-01-31", output=str(folder), reading=reading)


def in_force(over):
    """The orders that count, as they are kept."""
    return pl.read_parquet(over.source).filter(life_status="normal")


def read_now(crm, given, today=TODAY):
    crm.reads.clear()
    return read(given, crm, today), {each.module: each.rows for each in crm.reads}


@pytest.mark.parametrize("shows", [False, True])
def test_a_reading_of_what_has_changed_is_like_one_of_all(fxiaoke, linked, tmp_path, shows):
    """An order that is invalidated is seen at once where the interface shows it, else within a week."""
    fxiaoke.switches.shows_invalid = shows
    crm, given = linked(), params_of(tmp_path, fxiaoke)
    fxiaoke.change("SalesOrderObj", order_id(0))  # the last one before, which is read again
    fxiaoke.change("AccountObj", customer_id(0))
    over, counts = read_now(crm, given)
    assert counts == {"SalesOrderObj": ORDERS, "AccountObj": CUSTOMERS}
    assert in_force(over).height == ORDERS - 25
    fxiaoke.pass_time(hours=24)
    fxiaoke.change("SalesOrderObj", order_id(1), order_amount="1.00")
    fxiaoke.invalidate("SalesOrderObj", order_id(2))
    fxiaoke.delete("AccountObj", customer_id(129))
    over, counts = read_now(crm, given, date(2026, 2, 3))
    assert counts == {"SalesOrderObj": 2 + shows, "AccountObj": 1 + shows}
    log = in_force(over)
    assert log.height == ORDERS - 25 - shows
    assert log.filter(order_id=order_id(1))["amount"].to_list() == [1.0]
    over, counts = read_now(crm, given, date(2026, 2, 9))
    assert counts == {"SalesOrderObj": ORDERS - 1 + shows, "AccountObj": CUSTOMERS - 1 + shows}
    assert in_force(over).height == ORDERS - 26


def test_open_opportunities_are_the_pipeline_and_won_ones_the_purchases(fxiaoke, linked, tmp_path):
    given = params_of(tmp_path, fxiaoke, {"sales_status": ["赢单"]}, orders="NewOpportunityObj")
    over, _ = read_now(linked(orders="NewOpportunityObj"), given)
    assert read_log(over).data.select("customer_id", "amount").rows() == [(customer_id(0), 10.0)]
    history = pl.read_parquet(tmp_path / "shop" / ".crm" / "history.parquet")
    assert history.drop_nulls("pipeline").select("customer_id", "pipeline").rows() == [(customer_id(1), 20.0)]


def test_open_opportunities_are_the_pipeline_next_to_orders(fxiaoke, linked, tmp_path):
    over, counts = read_now(linked(deals=True), params_of(tmp_path, fxiaoke, deals=True))
    assert read_log(over).data.height == ORDERS - 25
    assert {"SalesOrderObj", "NewOpportunityObj"} <= counts.keys()
    history = pl.read_parquet(tmp_path / "shop" / ".crm" / "history.parquet")
    assert history.drop_nulls("pipeline").select("customer_id", "pipeline").rows() == [(customer_id(1), 20.0)]


def test_what_came_back_is_taken_off_and_what_customers_answered_is_dated(fxiaoke, linked, tmp_path):
    source = {"returns": True, "satisfaction": "score__c"}
    over, counts = read_now(linked(**source), params_of(tmp_path, fxiaoke, **source))
    assert counts == {
        "SalesOrderObj": ORDERS,
        "ReturnedGoodsInvoiceObj": 2,
        "AccountObj": CUSTOMERS,
        "AppraiseObj": 3,
    }
    found = read_log(over)
    log = found.data
    assert log.height == ORDERS - 25 + 1
    assert log.filter(pl.col("amount") < 0).select("customer_id", "date", "amount").rows() == [
        (customer_id(0), ORDER_DAY, -40.25)
    ]
    *_, surveys = attribute_tables(over, found)
    assert surveys.data.rows() == [(customer_id(0), ORDER_DAY, 5), (customer_id(1), ORDER_DAY, 2)]
    with pytest.raises(ParamsError, match=r"AppraiseObj has no field 'score_c'"):
        linked(satisfaction="score_c").customers()
    del fxiaoke.objects["ReturnedGoodsInvoiceObj"]
    with pytest.raises(DataError, match="object/describe ReturnedGoodsInvoiceObj: HTTP 200, errorCode 20012"):
        linked(returns=True).orders()


# F13 to F17: writing


def test_f13_nothing_is_set_off_and_only_labels_are_sent(fxiaoke, linked):
    values = {GROUP: "loyal", VALUE: 1234.5, DAY: "2020-04-04"}
    assert linked().write_labels([Row(customer_id(5), values)]) == [Outcome(customer_id(5), "written")]
    [asked] = calls(fxiaoke, UPDATE)
    assert asked.body == {
        "triggerWorkFlow": False,
        "triggerApprovalFlow": False,
        "data": {
            "object_data": {
                "_id": customer_id(5),
                "dataObjectApiName": "AccountObj",
                GROUP: "loyal",
                VALUE: "1234.5",
                DAY: MIDNIGHT,
            }
        },
    }
    assert fxiaoke.ledger == []
    assert linked().labels([*values], [customer_id(5)]).row(0)[1:] == tuple(values.values())
    assert len(linked().labels([GROUP])) == CUSTOMERS


def test_f14_fields_that_take_no_labels_are_told_before_anything_is_written(fxiaoke, linked):
    for name, said in (
        ("owner", "'owner' of AccountObj .* takes no labels"),
        ("deal_status", "takes no labels"),
        ("account_level", "takes no labels"),
        ("tags__c", "takes no labels"),
        ("clv_grup__c", r"AccountObj has no field 'clv_grup__c'.*Did you mean 'clv_group__c'"),
    ):
        with pytest.raises(ParamsError, match=said):
            linked().label_fields([name])
    assert calls(fxiaoke, UPDATE) == []


@pytest.mark.parametrize("numbers", ["both", "text"])
@pytest.mark.parametrize("unknown", ["ignored", "refused"])
def test_f14_an_update_is_one_that_every_tenant_takes(fxiaoke, linked, numbers, unknown):
    fxiaoke.switches.numbers, fxiaoke.switches.unknown_field = numbers, unknown
    crm = linked()
    crm.label_fields([GROUP, VALUE])
    [done] = crm.write_labels([Row(customer_id(0), {GROUP: "x", VALUE: 0.25})])
    assert (done.status, record(fxiaoke, 0)[VALUE]) == ("written", "0.25")
    del fxiaoke.objects["AccountObj"].fields[GROUP]  # since its metadata were read
    [done] = crm.write_labels(rows(0, group="y"))
    assert done.status == ("written" if unknown == "ignored" else "refused")
    assert record(fxiaoke, 0)[GROUP] == "x"


def test_f15_a_locked_record_is_refused_and_not_asked_again(fxiaoke, linked):
    fxiaoke.locked.add(customer_id(1))
    one, other = linked().write_labels(rows(1, 2))
    assert (one.status, one.code) == ("refused", "50009 不能进行[编辑]操作，以下这些数据已被锁定。")
    assert (other.status, record(fxiaoke, 1).get(GROUP)) == ("written", None)
    assert len(calls(fxiaoke, UPDATE)) == 2
    assert fxiaoke.ledger == []


@pytest.mark.parametrize("code", [50009, -1])
@pytest.mark.parametrize(("kind", "asked"), [("after", 1), ("before", 2)])
def test_f16_the_record_tells_whether_it_was_written(fxiaoke, linked, code, kind, asked):
    fxiaoke.faults.append(refusal(code, UPDATE, kind))
    assert linked().write_labels(rows(0)) == [Outcome(customer_id(0), "written")]
    assert (record(fxiaoke, 0)[GROUP], len(calls(fxiaoke, UPDATE))) == ("loyal", asked)


def test_f16_a_record_that_takes_too_long_twice_is_unknown(fxiaoke, linked):
    fxiaoke.faults.append(refusal(50009, UPDATE, times=2))
    assert linked().write_labels(rows(0)) == [Outcome(customer_id(0), "unknown")]
    assert len(calls(fxiaoke, UPDATE)) == 2


def test_f17_records_of_nobody_and_of_others_are_told_one_by_one(fxiaoke, linked):
    fxiaoke.pool.add(customer_id(1))
    fxiaoke.unseen.add(customer_id(2))
    done = linked().write_labels([*rows(0, 1, 2), Row("none", {GROUP: "x"})])
    assert [(it.status, it.code) for it in done] == [
        ("written", ""),
        ("refused", "20015 无此操作的数据权限"),
        ("refused", "20015 无此操作的数据权限"),
        ("refused", "20010 数据不存在或已删除"),
    ]


def test_f17_a_sentence_of_the_crm_gives_nobodys_number_away(fxiaoke, linked):
    said = f"联系 office@firm.example 或 +86 571 8800 1234 {'。' * 200}"
    body = {"errorCode": 20006, "errorMessage": said, "traceId": "x"}
    fxiaoke.faults.append(Fault("POST", UPDATE, "before", status=200, body=body))
    [done] = linked().write_labels(rows(0))
    assert (done.code[:20], len(done.code)) == ("20006 联系 *** 或 *** 。", 86)


# F18 to F20: limits


def test_f18_a_window_that_is_full_is_waited_out(fxiaoke, linked, waits):
    fxiaoke.switches.per_window = 3
    done = linked().write_labels(rows(*range(7)))
    assert [it.status for it in done] == ["written"] * 7
    assert len(waits) == 2
    assert all(20 <= seconds < 21 for seconds in waits)
    assert len(calls(fxiaoke, UPDATE)) == 9


def test_f18_reading_waits_as_well(fxiaoke, linked, waits):
    fxiaoke.switches.per_window = 1
    assert linked().orders().height == ORDERS
    assert len(waits) == 2


def test_f19_the_calls_of_a_day_that_are_used_up_are_for_tomorrow(fxiaoke, linked, waits):
    fxiaoke.switches.per_day = 3
    with pytest.raises(TryLaterError, match=r"calls of today are used up\. Try again after midnight"):
        linked().orders()
    with pytest.raises(TryLaterError):
        linked().write_labels(rows(0))
    assert waits == []


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (30003, "has no calls for this tenant"),
        (20021, r"The app is stopped, or may not call data/query \(errorCode 20021\)"),
        (20022, "white list"),
        (15003, "errorCode 15003"),
        (20017, "Check FXIAOKE_APP_ID"),
    ],
)
def test_f19_what_somebody_has_to_put_right_stops_the_run(fxiaoke, linked, waits, code, said):
    fxiaoke.faults.append(refusal(code))
    with pytest.raises(ParamsError, match=said):
        linked().orders()
    assert waits == []


@pytest.mark.parametrize("code", [10013, 15002, 32000, 20006, -2])
def test_f19_other_refusals_of_a_request_are_told_by_their_code_and_trace(fxiaoke, linked, waits, code):
    fxiaoke.faults.append(refusal(code))
    with pytest.raises(DataError, match=rf"data/query SalesOrderObj: HTTP 200, errorCode {code}, traceId E-O.x"):
        linked().orders()
    assert waits == []


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
        (Answer(302, b"<html>", {"Location": "https://elsewhere.example"}), "refers to another address"),
        (Answer(200, []), "gives no access token: errorCode None"),
    ],
)
def test_f20_what_is_no_crm_is_told_and_gets_no_token(answer, said, waits):
    with Elsewhere() as server:
        server.answers = answer
        source = {"crm": "fxiaoke", "api": server.url}
        refused = pytest.raises((DataError, ParamsError), match=said)
        with closing(FxiaokeCrm(source, Transport(sleep=waits.append))) as crm, refused:
            crm.orders()
        assert [each.path for each in server.requests] == [TOKEN]


def test_f20_a_wrong_path_of_the_crm_itself_is_no_list(fxiaoke, waits):
    source = {"crm": "fxiaoke", "api": f"{fxiaoke.url}/wrong"}
    refused = pytest.raises(DataError, match="refers to another address")
    with closing(FxiaokeCrm(source, Transport(sleep=waits.append))) as crm, refused:
        crm.orders()


@pytest.mark.parametrize("url", ["http://open.fxiaoke.com", "https://a:b@open.fxiaoke.com", "open.fxiaoke.com"])
def test_an_address_that_credentials_must_not_go_to_is_refused(url, linked):
    with pytest.raises(ParamsError, match=r"source\.api"):
        linked(api=url)


# F21 to F24


def test_f21_the_same_labels_twice_are_the_same(fxiaoke, linked):
    crm = linked()
    assert crm.write_labels(rows(0)) == crm.write_labels(rows(0)) == [Outcome(customer_id(0), "written")]
    assert record(fxiaoke, 0)[GROUP] == "loyal"


def test_f22_the_money_of_orders_may_be_in_a_field_of_ones_own(fxiaoke, linked):
    fxiaoke.objects = tenant("field_Ab12C__c")
    with pytest.raises(ParamsError, match="SalesOrderObj has no field 'order_amount'"):
        linked().orders()
    assert linked(amount="field_Ab12C__c").orders()["amount"][1] == 101.5
    fields = linked().label_fields([*LABELS.values()])
    assert [(it.kind, it.length, it.decimals) for it in fields] == [
        ("text", 30, None),
        ("number", None, 2),
        ("number", None, 4),
        ("day", None, None),
    ]


@pytest.mark.parametrize("has_currencies", [False, True])
def test_f23_currencies_are_there_where_a_tenant_has_several(fxiaoke, linked, has_currencies):
    fxiaoke.objects = tenant(has_currencies=has_currencies)
    orders = linked().orders()
    assert ("currency" in orders.columns) == has_currencies
    assert not has_currencies or orders["currency"].unique().to_list() == ["CNY"]


@pytest.mark.parametrize("kind", ["before", "cut_before", "cut_after"])
def test_f24_reading_outlasts_an_outage_and_gives_up_in_the_end(fxiaoke, linked, waits, kind):
    html = {"status": 502, "body": b"<html>Bad Gateway</html>"}
    fxiaoke.faults.append(Fault("POST", QUERY, kind, times=3, **html))
    assert linked().orders().height == ORDERS
    assert len(waits) == 3
    fxiaoke.faults.append(Fault("POST", QUERY, kind, times=99, **html))
    with pytest.raises(TryLaterError, match="does not answer"):
        linked().orders()


@pytest.mark.parametrize("code", [14001, -1, 50009, 30004])
def test_f24_a_busy_system_is_asked_again(fxiaoke, linked, waits, code):
    fxiaoke.faults.append(refusal(code))
    assert linked().orders().height == ORDERS
    assert len(waits) == 1


def test_f24_a_slow_reply_is_an_outage(fxiaoke, linked):
    fxiaoke.faults.append(Fault("POST", QUERY, "delay", times=99, seconds=0.3))
    with pytest.raises(TryLaterError, match="ReadTimeout"):
        linked(timeout=0.03).orders()


@pytest.mark.parametrize(("kind", "asked"), [("before", 2), ("after", 1), ("cut_after", 1), ("cut_before", 2)])
def test_f24_a_lost_reply_to_an_update_is_followed_by_reading(fxiaoke, linked, kind, asked):
    fxiaoke.faults.append(Fault("POST", UPDATE, kind, status=502))
    assert linked().write_labels(rows(0, 1)) == [Outcome(customer_id(at), "written") for at in (0, 1)]
    assert len([each for each in calls(fxiaoke, UPDATE) if customer_id(0) in each.raw.decode()]) == asked


@pytest.mark.parametrize("status", [401, 403, 429])
def test_other_statuses_are_understood_should_they_come(fxiaoke, linked, waits, status):
    fxiaoke.faults.append(Fault("POST", QUERY, "before", status=status, body={"errorCode": 20006}))
    if status == 403:
        with pytest.raises(ParamsError, match="no right to data/query"):
            linked().orders()
    else:
        assert linked().orders().height == ORDERS
    assert (len(waits), len(calls(fxiaoke, TOKEN))) == {401: (0, 2), 403: (0, 1), 429: (1, 1)}[status]


# The command


AS_OF = date(2026, 1, 31)
N = 100  # of 130 customers: the others are not in the report


@pytest.fixture
def labelled(fxiaoke, tmp_path):
    """Run `clvlab label` over a published report."""
    fxiaoke.switches.per_window = 100_000
    ids = [customer_id(at) for at in range(N)]
    folder = tmp_path / "shop" / AS_OF.isoformat()
    folder.mkdir(parents=True)
    groups = [("champions", "loyal")[at % 2] for at in range(N)]
    values, alive = [100 + at / 3 for at in range(N)], [at / N for at in range(N)]
    table = pl.DataFrame({"customer_id": ids, "group": groups, "clv": values, "p_alive": alive})
    table.write_parquet(folder / "customers.parquet")
    given = params_of(tmp_path, fxiaoke, labels=LABELS)
    (tmp_path / "crm.yaml").write_text(given.to_yaml(), encoding="utf-8")

    def run(*more):
        return CliRunner().invoke(main, ["label", str(tmp_path / "crm.yaml"), *more])

    return run


def state_of(fxiaoke):
    left = ("last_modified_time", "version")
    records = fxiaoke.objects["AccountObj"].records
    return {
        key: {name: it for name, it in fields.items() if name not in left and it is not None}
        for key, fields in records.items()
    }


def test_labels_are_looked_at_written_and_taken_back(labelled, fxiaoke, linked, tmp_path):
    before = state_of(fxiaoke)
    done = labelled()
    assert (done.exit_code, f"Records with labels that change: {N}" in done.stdout) == (0, True)
    assert calls(fxiaoke, UPDATE) == []
    fxiaoke.locked.add(customer_id(5))
    done = labelled("--apply")
    assert (done.exit_code, f"Written: {N - 1}" in done.stdout) == (1, True)
    assert f"{customer_id(5)}: 50009" in done.stdout
    present = linked().labels([*LABELS.values()], [customer_id(1)]).row(0)
    assert present == (customer_id(1), "loyal", 100.33, 0.01, "2026-01-31")
    asked = len(calls(fxiaoke, UPDATE))
    fxiaoke.locked.clear()
    done = labelled("--apply")
    assert (done.exit_code, len(calls(fxiaoke, UPDATE)) - asked) == (0, 1)
    for place in (2, 1):
        undo = tmp_path / "shop" / labels.FOLDER / f"{AS_OF}-{place:03d}.undo.jsonl"
        assert labelled("--undo", str(undo), "--apply").exit_code == 0
    assert (state_of(fxiaoke), fxiaoke.ledger) == (before, [])


def test_an_import_file_has_the_numbers_and_labels_of_a_template(labelled, fxiaoke, tmp_path):
    done = labelled("--to-file", str(tmp_path / "labels.xlsx"))
    assert (done.exit_code, calls(fxiaoke, UPDATE)) == (0, [])
    table = pl.read_excel(io.BytesIO((tmp_path / "labels.xlsx").read_bytes()), infer_schema_length=0)
    assert table.columns == ["客户编号", "客户分组", "客户价值", "活跃概率", "分组截止日"]
    assert table.row(1) == ("KH-0001", "loyal", "100.33", "0.01", "2026-01-31")
    assert table.height == N
    assert labelled("--to-file", str(tmp_path / "labels.csv")).exit_code == 2
    record(fxiaoke, 3)["account_no"] = None
    done = labelled("--to-file", str(tmp_path / "other.xlsx"))
    assert (done.exit_code, "1 record has no account number" in done.stderr) == (2, True)


def test_more_than_two_thousand_records_are_for_the_import(labelled, fxiaoke, monkeypatch):
    monkeypatch.setattr(FxiaokeCrm, "most", N - 1)
    done = labelled("--apply")
    assert (done.exit_code, "`--to-file` writes a file for its own import" in done.stderr) == (2, True)
    assert calls(fxiaoke, UPDATE) == []
    assert labelled("--apply", "--most", str(N)).exit_code == 0
    assert FxiaokeCrm.most == N - 1


def test_wrong_keys_are_told_by_name(fxiaoke, tmp_path):
    for source, said in (
        ({"order": "SalesOrderObj"}, r"`source.order` is unknown. Did you mean 'orders'"),
        ({"login": "https://open.fxiaoke.com"}, r"`source.login` is unknown\."),
        ({"orders": "Deals"}, r"`source.orders` is 'Deals': input should be 'SalesOrderObj' or 'NewOpportunityObj'"),
        ({"crm": "fxiaoki"}, r"no CRM of this kind is known. Did you mean 'fxiaoke'"),
        ({"labels": {"grup": "x"}}, r"`source.labels.grup` is unknown. Did you mean 'group'"),
    ):
        with pytest.raises(ParamsError, match=said):
            params_of(tmp_path, fxiaoke, **source)
