"""A run over what a CRM holds: kept in files, equal to the same data as files, without what is not needed."""

import sys
from contextlib import closing
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

import clvlab as cl
from clvlab.cli import main
from clvlab.crm.connect import connect
from clvlab.crm.fakes.zoho import Field, Module
from clvlab.crm.reading import read
from clvlab.crm.transport import Transport
from clvlab.customers import read_attributes, refuse_perishable
from clvlab.customers.attributes import attributes_as_of
from clvlab.errors import DataError, ParamsError
from clvlab.inputs import attribute_tables, read_log
from clvlab.params import ReportParams
from tests.crm.organisation import account_id, lead_id

TODAY = date(2026, 2, 2)
WON = {"Stage": ["Closed Won"]}


def params_of(folder, server, where=WON, **source):
    where = {"where": where} if where is not None else {}
    crm = {"crm": "zoho", "orders": "Deals", "login": server.url, "api": server.url} | source
    return ReportParams(name="shop", source=crm, as_of="2025-12-31", output=str(folder), reading=where)


def read_now(given, today=TODAY):
    with closing(connect(given, Transport(sleep=lambda _: None))) as crm:
        return read(given, crm, today), crm.reads


def test_what_was_read_is_kept_and_a_run_is_one_over_it(zoho, tmp_path):
    given, accounts = read_now(params_of(tmp_path, zoho))
    folder = tmp_path / "shop" / ".crm"
    assert given.source == str(folder / "zoho_deals.parquet")
    assert given.attributes == (str(folder / "customers.parquet"), str(folder / "history.parquet"))
    assert [(it.module, it.rows) for it in accounts] == [("Deals", 4), ("Accounts", 450)]
    assert sorted(path.name for path in folder.iterdir()) == [
        "account.json",
        "answers.parquet",
        "customers.parquet",
        "deals.parquet",
        "history.parquet",
        "passing.parquet",
        "zoho_deals.parquet",
    ]
    log = read_log(given)
    assert log.data["amount"].to_list() == [10.0]
    counts = dict(log.quality.select("rule", "rows").iter_rows())
    assert counts == {"read": 4, "accepted": 1, "merged": 0, "filtered": 3}
    before = {path: path.read_bytes() for path in folder.glob("*.parquet")}
    read_now(params_of(tmp_path, zoho), date(2026, 3, 1))
    assert {path: path.read_bytes() for path in folder.glob("*.parquet")} == before


def test_stages_that_nothing_uses_are_told(zoho, tmp_path):
    given, _ = read_now(params_of(tmp_path, zoho, where=None))
    with pytest.warns(cl.errors.ClvlabWarning, match="the column 'Stage' is not used") as said:
        read_log(given)
    assert "states_unused" in [each.message.code for each in said]


def test_prospects_are_there_and_what_changes_has_its_day(zoho, tmp_path):
    given, _ = read_now(params_of(tmp_path, zoho))
    lasting, passing = attribute_tables(given, read_log(given))
    assert (lasting.is_dated, lasting.data.height) == (False, 450)
    assert passing.is_dated
    assert passing.as_of(date(2026, 2, 1)).is_empty()
    known = passing.as_of(TODAY)
    first = [str(4768000000000100001 + at) for at in range(2)]
    assert known.filter(pl.col("customer_id").is_in(first)).select("customer_id", "rating", "pipeline").rows() == [
        (first[0], "Active", None),
        (first[1], None, 20.0),
    ]


def test_leads_are_prospects_until_they_are_accounts(zoho, tmp_path):
    zoho.convert(lead_id(2))
    given, _ = read_now(params_of(tmp_path, zoho, leads=True))
    [lasting, *_] = attribute_tables(given, read_log(given))
    found = lasting.data.filter(pl.col("customer_id").is_in([lead_id(at) for at in range(3)]))
    assert found.select("customer_id", "industry", "lead_source").rows() == [
        (lead_id(0), "Home", "Web"),
        (lead_id(1), "Home", "Web"),
    ]
    assert lasting.data.height == 452
    zoho.convert(lead_id(0))
    read_now(given := params_of(tmp_path, zoho, leads=True))
    assert lead_id(0) not in pl.read_parquet(given.folder / ".crm" / "customers.parquet")["customer_id"]
    fields = {each.values["fields"] for each in zoho.requests if each.path.endswith("/Leads")}
    assert not [each for each in fields if "Email" in each or "Company" in each]


def test_answers_count_from_the_day_of_their_case(zoho, tmp_path):
    given, _ = read_now(params_of(tmp_path, zoho, satisfaction="Satisfaction"))
    *_, surveys = attribute_tables(given, read_log(given))
    assert surveys.data.rows() == [(account_id(0), date(2026, 1, 20), 5), (account_id(1), date(2026, 1, 20), 2)]
    with pytest.raises(ParamsError, match="Cases has no field 'Satisfied'"):
        read_now(params_of(tmp_path, zoho, satisfaction="Satisfied"))


def test_without_answers_there_are_no_surveys(zoho, tmp_path):
    for record in zoho.modules["Cases"].records.values():
        record["Satisfaction"] = None
    given, _ = read_now(params_of(tmp_path, zoho, satisfaction="Satisfaction"))
    assert [Path(each).name for each in given.attributes] == ["customers.parquet", "history.parquet"]


def test_visits_tags_and_the_last_contact_are_of_the_day_of_reading(zoho, tmp_path):
    contacts = {"Date_of_Birth": "1980-05-06", "Days_Visited": 4, "Last_Visited_Time": "2026-01-30T23:00:00+08:00"}
    contacts |= {"Last_Activity_Time": "2026-01-29T08:00:00+08:00", "Tag": [{"name": "b"}, {"name": "a"}]}
    moment = {"Modified_Time": "2026-01-30T23:00:00+08:00", "Created_Time": "2026-01-30T23:00:00+08:00"}
    zoho.modules["Contacts"] = Module(
        {name: Field(name) for name in (*contacts, *moment)}, {"7": {"id": "7", **contacts, **moment}}
    )
    zoho.modules["Deals"].fields["Contact_Name"] = Field("Contact_Name")
    for deal in zoho.modules["Deals"].records.values():
        deal["Contact_Name"] = {"name": "A", "id": "7"}
    given, _ = read_now(params_of(tmp_path, zoho, customers="Contacts"))
    lasting, passing = attribute_tables(given, read_log(given))
    assert lasting.data.row(0, named=True) == {"customer_id": "7", "birthday": date(1980, 5, 6)}
    assert passing.data.row(0, named=True) == {
        "customer_id": "7",
        "date": TODAY,
        "tags": "a;b",
        "last_contact": date(2026, 1, 29),
        "visits": 4,
        "last_visit": date(2026, 1, 30),
        "pipeline": 60.0,
    }


PERISHABLE = ("account_level", "deal_status", "total_order_amount", "visits", "tags_of_ours")


def test_what_a_crm_knows_today_is_not_seen_by_a_comparison(shop, tmp_path):
    """A level that says who will have bought: as a plain attribute it would be the best of all groupings."""
    cutoff = date(2025, 6, 30)
    later = {
        deal["Account_Name"]["id"]
        for deal in shop.modules["Deals"].records.values()
        if deal["Stage"] == "Closed Won" and deal["Closing_Date"] > cutoff.isoformat()
    }
    for name in PERISHABLE:
        shop.modules["Accounts"].fields[name] = Field(name)
    for key, record in shop.modules["Accounts"].records.items():
        record |= dict.fromkeys(PERISHABLE, "high" if key in later else "low")
    source = {"fields": {name: name for name in PERISHABLE}, "leads": True}
    over, _ = read_now(params_of(tmp_path, shop, **source))
    log = read_log(over)
    tables = attribute_tables(over, log)
    known = attributes_as_of(tables, date(2025, 12, 31))
    assert not {*PERISHABLE, "rating", "tags", "last_contact", "pipeline"} & {
        name for name in known.columns if known[name].null_count() < known.height
    }
    assert known["industry"].null_count() < known.height
    assert set(PERISHABLE) <= set(attributes_as_of(tables, TODAY).drop_nulls("account_level").columns)
    refuse_perishable(tables)
    level = {"attribute": "account_level"}
    board = cl.compare([level], log, cutoff=cutoff, end="2025-12-31", attributes=tables, n_rounds=20)
    found = dict(board.data.filter(strategy="account_level").select("metric", "value").iter_rows())
    assert (found["coverage"], found["gini"]) == (0.0, 0.0)


def test_deals_next_to_invoices_are_the_pipeline_and_no_purchases(zoho, tmp_path):
    stages = ["Closed Won", "Qualification", "Closed Lost", None]
    for at, (record, stage) in enumerate(zip(zoho.modules["Deals"].records.values(), stages, strict=True)):
        record |= {"Stage": stage, "Amount": 10.0 + at, "Account_Name": {"name": "Firm", "id": account_id(1)}}
    approved = {"Status": ["Approved"]}
    plain, _ = read_now(params_of(tmp_path / "plain", zoho, orders="Invoices", where=approved))
    over, _ = read_now(params_of(tmp_path, zoho, orders="Invoices", deals=True, where=approved))
    assert read_log(over).data.equals(read_log(plain).data)
    of = [pl.read_parquet(each.folder / ".crm" / "history.parquet") for each in (plain, over)]
    assert of[0]["pipeline"].null_count() == of[0].height
    assert of[1].drop_nulls("pipeline").select("customer_id", "date", "pipeline").rows() == [
        (account_id(1), TODAY, 11.0)
    ]


@pytest.mark.parametrize(
    ("rates", "pipeline"),
    [(None, [None, None]), ({"CNY": 1.0, "USD": 7.0}, [20.0, 280.0]), ({"CNY": 1.0}, [20.0, None])],
)
def test_deals_of_several_currencies_are_not_added_up(zoho, tmp_path, rates, pipeline):
    zoho.modules["Deals"].fields["Currency"] = Field("Currency")
    for record, code, at in zip(
        zoho.modules["Deals"].records.values(), ("CNY", "CNY", "CNY", "USD"), (0, 1, 2, 3), strict=True
    ):
        record |= {"Currency": code, "Account_Name": {"name": "Firm", "id": account_id(at)}}
    given = params_of(tmp_path, zoho)
    reading = given.reading | ({"currency_rates": rates} if rates else {})
    over, _ = read_now(given.model_copy(update={"reading": reading}))
    history = pl.read_parquet(over.attributes[1])
    of = [history.filter(customer_id=account_id(at)) for at in (1, 3)]
    assert [each["pipeline"].item() if "pipeline" in each.columns else None for each in of] == pipeline


def test_the_history_grows_by_what_has_changed(zoho, tmp_path):
    path = tmp_path / "shop" / ".crm" / "history.parquet"
    read_now(params_of(tmp_path, zoho))
    rows = pl.read_parquet(path).height
    account = str(4768000000000100002)
    zoho.modules["Accounts"].records[account]["Rating"] = "Lost"
    [deal] = [it for it in zoho.modules["Deals"].records.values() if it["Stage"] == "Qualification"]
    deal["Stage"] = "Closed Lost"
    read_now(params_of(tmp_path, zoho), date(2026, 3, 1))
    history = pl.read_parquet(path)
    assert history.height == rows + 1
    assert history.tail(1).rows() == [(account, date(2026, 3, 1), "Lost", "VIP", 0.0)]
    [table] = read_attributes(str(path))
    assert table.as_of(date(2026, 2, 28)).filter(customer_id=account)["pipeline"].to_list() == [20.0]
    assert table.as_of(date(2026, 3, 1)).filter(customer_id=account)["pipeline"].to_list() == [0.0]


def test_invoices_are_the_usual_purchases(zoho, tmp_path):
    given, _ = read_now(params_of(tmp_path, zoho, {"Status": ["Approved"]}, orders="Invoices"))
    assert read_log(given).data.height == 405
    given, _ = read_now(
        params_of(tmp_path, zoho, {"Status": ["Approved"]}, orders="Invoices", fields={"kind": "Owner"})
    )
    assert "kind" in attribute_tables(given, read_log(given))[0].columns


def test_a_crm_without_orders_is_told(zoho, tmp_path):
    zoho.modules["Deals"].records.clear()
    with pytest.raises(DataError, match="gives no record of Deals"):
        read_now(params_of(tmp_path, zoho))


def test_a_source_that_is_a_crm_is_read_by_the_command_line(zoho, tmp_path):
    with pytest.raises(ParamsError, match="which the command line reads before a run"):
        cl.analyse(params_of(tmp_path, zoho))
    with pytest.raises(ParamsError, match="The params name files as the source"):
        connect(ReportParams(name="x", source="cdnow", as_of="2025-12-31"))
    assert params_of(tmp_path, zoho).sources == ()


def test_wrong_keys_of_a_crm_are_told_by_name(zoho, tmp_path):
    with pytest.raises(ParamsError, match=r"`source.order_` is unknown. Did you mean 'orders'"):
        params_of(tmp_path, zoho, order_="Deals")
    with pytest.raises(ParamsError, match=r"`source.labels.grup` is unknown. Did you mean 'group'"):
        params_of(tmp_path, zoho, labels={"grup": "x"})


def test_without_what_calls_a_crm_it_is_told_what_to_install(zoho, tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("clvlab.crm")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "httpx", None)
    path = tmp_path / "crm.yaml"
    path.write_text(params_of(tmp_path, zoho).to_yaml(), encoding="utf-8")
    done = CliRunner().invoke(main, ["label", str(path)])
    assert (done.exit_code, "pip install 'clvlab[crm]'" in done.stderr) == (2, True)
