"""Reading what has changed gives the files that reading all of it gives."""

import json
import random
from contextlib import closing
from datetime import date, datetime, timedelta

import polars as pl
import pytest

from clvlab.crm.connect import connect
from clvlab.crm.fakes import FakeZoho, Fault
from clvlab.crm.fakes import zoho as fake
from clvlab.crm.fakes.zoho import Field
from clvlab.crm.reading import OVERLAP, WHOLE_EVERY, read
from clvlab.crm.transport import Transport
from clvlab.errors import TryLaterError
from clvlab.params import ReportParams
from tests.crm.organisation import account_id, organisation

TODAY = date(2026, 2, 2)
WHOLE = {"Deals": 4, "Accounts": 450}
DEALS = [str(4768000000000600001 + at) for at in range(4)]


def params_of(folder, server, **source):
    crm = {"crm": "zoho", "orders": "Deals", "login": server.url, "api": server.url} | source
    won = {"where": {"Stage": ["Closed Won"]}}
    return ReportParams(name="shop", source=crm, as_of="2026-01-31", output=str(folder), reading=won)


def read_now(given, today=TODAY):
    with closing(connect(given, Transport(sleep=lambda _: None))) as crm:
        read(given, crm, today)
        return crm.reads


def account_of(folder):
    return json.loads((folder / "shop" / ".crm" / "account.json").read_text(encoding="utf-8"))


def tables_of(folder):
    return {path.name: path.read_bytes() for path in (folder / "shop" / ".crm").glob("*.parquet")}


class Two:
    """The same CRM read into two folders: into one whole each time, into the other as it is usually read."""

    def __init__(self, server, folder, **source):
        self.server, self.folder = server, folder
        source = {"leads": True, "satisfaction": "Satisfaction"} | source
        self.given = {name: params_of(folder / name, server, **source) for name in ("whole", "parts")}
        self.today = TODAY

    def read(self):
        """Read twice; how many deals and accounts were read in the usual way."""
        (self.folder / "whole" / "shop" / ".crm" / "account.json").unlink(missing_ok=True)
        read_now(self.given["whole"], self.today)
        reads = read_now(self.given["parts"], self.today)
        assert tables_of(self.folder / "parts") == tables_of(self.folder / "whole")
        return {each.module: each.rows for each in reads if each.module in WHOLE}

    @property
    def orders(self):
        return pl.read_parquet(self.folder / "parts" / "shop" / ".crm" / "zoho_deals.parquet")


@pytest.fixture
def two(zoho, tmp_path):
    return Two(zoho, tmp_path)


def test_only_what_has_changed_is_asked_for(two, zoho):
    assert two.read() == WHOLE
    assert two.read() == WHOLE  # all of one moment, which the overlap reads again
    zoho.pass_time(hours=1)
    zoho.change("Deals", DEALS[0], Amount=99.0)
    zoho.change("Accounts", account_id(3), Industry="Works", Rating="Lost")
    two.read()
    zoho.pass_time(hours=1)
    zoho.change("Deals", DEALS[1], Stage="Closed Won")
    assert two.read() == {"Deals": 2, "Accounts": 1}
    assert two.orders.filter(order_id=DEALS[0])["amount"].to_list() == [99.0]
    zoho.requests.clear()
    assert two.read() == {"Deals": 1, "Accounts": 1}
    headers = [each.headers.get("if-modified-since") for each in zoho.requests if each.path.endswith("/Deals")]
    assert headers == [None, (datetime.fromisoformat(zoho.written_now()) - OVERLAP).isoformat()]


def test_a_change_is_seen_however_near_it_is_to_the_last_reading(two, zoho):
    """Changed in the very second of the last change that was read, or told later than one that was made after it."""
    zoho.pass_time(hours=1)
    zoho.change("Deals", DEALS[0], Amount=1.0)
    two.read()
    zoho.change("Deals", DEALS[1], Amount=2.0)
    two.read()
    late = (zoho.now - OVERLAP + timedelta(seconds=1)).astimezone().isoformat()
    zoho.modules["Deals"].records[DEALS[2]] |= {"Amount": 3.0, "Modified_Time": late}
    two.read()
    assert two.orders["amount"].to_list() == [1.0, 2.0, 3.0, 40.0]


def test_deals_next_to_invoices_are_kept_like_purchases(zoho, tmp_path):
    two = Two(zoho, tmp_path, orders="Invoices", deals=True)
    assert two.read() == WHOLE
    zoho.pass_time(hours=1)
    zoho.change("Deals", DEALS[1], Stage="Closed Lost")
    zoho.change("Deals", DEALS[2], Amount=7.0)
    two.read()
    zoho.pass_time(hours=1)
    zoho.change("Deals", DEALS[0], Stage="Qualification")
    zoho.delete("Deals", DEALS[3])
    assert two.read()["Deals"] == 3  # the last two changes before, and this one
    kept = pl.read_parquet(tmp_path / "parts" / "shop" / ".crm" / "deals.parquet")
    assert kept["order_id"].to_list() == DEALS[:3]


def test_moments_are_compared_as_such_though_their_offsets_differ(two, zoho):
    zoho.modules["Deals"].records[DEALS[0]]["Modified_Time"] = "2026-03-29T02:30:00+02:00"  # the later text
    zoho.modules["Deals"].records[DEALS[1]]["Modified_Time"] = "2026-03-29T01:45:00+01:00"  # the later moment
    two.read()
    assert account_of(two.folder / "parts")["since"]["Deals"] == "2026-03-29T01:45:00+01:00"


@pytest.mark.parametrize("touches", [True, False])
def test_a_record_that_is_deleted_goes_and_comes_back_when_it_is_restored(two, zoho, touches):
    zoho.switches.touches_others = touches
    two.read()
    zoho.pass_time(hours=1)
    zoho.delete("Deals", DEALS[2])
    zoho.delete("Accounts", account_id(400), "permanent")
    two.read()
    assert DEALS[2] not in two.orders["order_id"]
    zoho.pass_time(hours=1)
    zoho.restore("Deals", DEALS[2])
    two.read()
    assert DEALS[2] in two.orders["order_id"]


@pytest.mark.parametrize("touches", [True, False])
def test_orders_of_a_customer_who_is_merged_are_the_other_ones(two, zoho, touches):
    zoho.switches.touches_others = touches
    two.read()
    zoho.pass_time(hours=1)
    zoho.merge(account_id(9), account_id(1))
    two.read()
    assert two.orders.filter(order_id=DEALS[1])["customer_id"].to_list() == [account_id(9)]


def test_a_record_that_is_deleted_between_the_lists_is_gone_at_the_next_reading(two, zoho):
    two.read()
    zoho.pass_time(hours=1)

    def delete_once(module, _):
        if module == "Deals" and account_id(7) in zoho.modules["Accounts"].records:
            zoho.delete("Accounts", account_id(7))

    zoho.on_page = delete_once
    zoho.change("Deals", DEALS[0], Amount=1.0)
    read_now(two.given["parts"])
    two.read()


def test_many_deleted_records_are_told_on_several_pages(two, zoho):
    two.read()
    for at in range(10, 300):
        zoho.delete("Accounts", account_id(at))
    two.read()
    assert len(account_of(two.folder / "parts")["gone"]) == 290
    zoho.switches.page_limit = 200  # beyond which pages are not told by their number
    zoho.delete("Deals", DEALS[0])
    assert two.read() == {"Deals": 3, "Accounts": 160}


@pytest.mark.parametrize("source", [{"fields": {"kind": "Account_Type"}}, {"amount": "Probability"}])
def test_where_other_fields_are_chosen_all_is_read(two, zoho, source):
    zoho.modules["Deals"].fields["Probability"] = Field("Probability", "currency")
    two.read()
    zoho.pass_time(hours=1)
    zoho.change("Deals", DEALS[0], Amount=7.0)
    two.read()
    two.given = Two(zoho, two.folder, **source).given
    assert two.read() == WHOLE


def test_labels_are_no_choice_of_what_is_read_and_a_field_that_comes_up_is(two, zoho):
    zoho.pass_time(hours=1)
    zoho.change("Deals", DEALS[0], Amount=7.0)
    zoho.change("Accounts", account_id(0))
    two.read()
    two.given = Two(zoho, two.folder, labels={"group": "Clv_Group"}).given
    assert two.read() == {"Deals": 1, "Accounts": 1}
    zoho.switches.hidden = {"Industry"}
    assert two.read()["Accounts"] == 450
    zoho.switches.hidden = set()
    assert two.read()["Accounts"] == 450


def test_another_organisation_is_read_whole(two, monkeypatch):
    two.read()
    before = account_of(two.folder / "parts")["selection"]
    monkeypatch.setattr(fake, "REFRESH", "1000.another")
    monkeypatch.setenv("ZOHO_REFRESH_TOKEN", "1000.another")
    two.read()
    assert account_of(two.folder / "parts")["selection"] != before


def test_all_is_read_once_a_week(two, zoho):
    zoho.pass_time(hours=1)
    zoho.change("Accounts", account_id(0))
    zoho.change("Deals", DEALS[0])
    two.read()
    two.today = TODAY + WHOLE_EVERY - timedelta(days=1)
    assert two.read() == {"Deals": 1, "Accounts": 1}
    two.today += timedelta(days=1)
    assert two.read() == WHOLE
    assert account_of(two.folder / "parts")["whole_on"] == two.today.isoformat()
    two.today = TODAY  # a clock that was put back
    assert two.read() == WHOLE


@pytest.mark.parametrize("damage", ["{", "[]", '{"selection": 1}'])
@pytest.mark.parametrize("name", ["account.json", "zoho_deals.parquet", "passing.parquet"])
def test_where_what_was_kept_is_damaged_all_is_read(two, zoho, name, damage):
    two.read()
    (two.folder / "parts" / "shop" / ".crm" / name).write_text(damage, encoding="utf-8")
    zoho.pass_time(hours=1)
    zoho.change("Deals", DEALS[0])
    assert two.read() == WHOLE


def test_a_reading_that_is_broken_off_leaves_what_was_there(two, zoho):
    two.read()
    before = tables_of(two.folder / "parts")
    zoho.pass_time(hours=1)
    zoho.change("Deals", DEALS[0], Amount=7.0)
    zoho.faults.append(Fault("GET", "/crm/v8/Accounts", "before", nth=2, times=99, status=502))
    with pytest.raises(TryLaterError):
        read_now(two.given["parts"])
    assert tables_of(two.folder / "parts") == before
    zoho.faults.clear()
    two.read()


class Forgetful:
    """A CRM that does not tell what was deleted."""

    def __init__(self, crm):
        self.crm = crm

    def __getattr__(self, name):
        return getattr(self.crm, name)

    def deleted(self):
        return None


def test_a_crm_that_tells_nothing_of_the_deleted_loses_them_within_a_week(zoho, tmp_path):
    given = params_of(tmp_path, zoho)

    def ids_on(day):
        with closing(Forgetful(connect(given, Transport(sleep=lambda _: None)))) as crm:
            read(given, crm, day)
        return pl.read_parquet(tmp_path / "shop" / ".crm" / "zoho_deals.parquet")["order_id"].to_list()

    assert ids_on(TODAY) == DEALS
    zoho.delete("Deals", DEALS[3])
    assert ids_on(TODAY + timedelta(days=1)) == DEALS
    assert ids_on(TODAY + WHOLE_EVERY) == DEALS[:3]


def happen(zoho, chance):
    """Something that people do in a CRM."""
    deals, accounts = zoho.modules["Deals"].records, zoho.modules["Accounts"].records
    leads, cases = zoho.modules["Leads"].records, zoho.modules["Cases"].records
    what = chance.choice(
        ["deal", "new", "account", "binned", "deleted", "restored", "merged", "emptied", "converted", "answered"]
    )
    binned = [(name, row["id"]) for name, module in zoho.modules.items() for row in module.deleted]
    zoho.pass_time(minutes=chance.choice([0, 1, 30]))
    match what:
        case "deal":
            zoho.change("Deals", chance.choice(list(deals)), Stage=chance.choice(["Closed Won", "Qualification"]))
        case "new":
            new = str(max(map(int, deals)) + 1)
            lookup = {"name": "Firm", "id": chance.choice(list(accounts))}
            deals[new] = {"id": new, "Account_Name": lookup, "Closing_Date": "2026-01-06", "Stage": "Closed Won"}
            zoho.change("Deals", new, Amount=chance.choice([5.0, None]), Lead_Source=chance.choice([None, "Web"]))
        case "account":
            zoho.change("Accounts", chance.choice(list(accounts)), Rating=chance.choice([None, "Active", "Lost"]))
        case "binned" | "deleted":
            module = chance.choice(["Deals", "Accounts", "Cases", "Leads"])
            if len(zoho.modules[module].records) > 2:
                kind = "recycle" if what == "binned" else "permanent"
                zoho.delete(module, chance.choice(list(zoho.modules[module].records)), kind)
        case "converted":
            zoho.convert(chance.choice(list(leads)))
        case "answered":
            zoho.change("Cases", chance.choice(list(cases)), Satisfaction=chance.choice([1, 5, None]))
        case "restored" if binned:
            zoho.restore(*chance.choice(binned))
        case "merged":
            zoho.merge(*chance.sample(list(accounts), 2))
        case "emptied":
            zoho.change("Deals", chance.choice(list(deals)), Account_Name=None)


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_reading_in_parts_is_reading_all(tmp_path, seed):
    chance = random.Random(seed)
    modules = organisation()
    kept = dict(list(modules["Accounts"].records.items())[:30])
    modules["Accounts"].records = kept
    with FakeZoho(modules) as zoho:
        zoho.switches.touches_others = bool(seed % 2)
        two = Two(zoho, tmp_path)
        two.read()
        for _ in range(4):
            for _ in range(chance.randrange(1, 6)):
                happen(zoho, chance)
            two.today += timedelta(days=chance.choice([0, 1]))
            two.read()
        assert two.orders["order_id"].is_unique().all()
