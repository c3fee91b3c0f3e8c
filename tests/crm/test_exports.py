"""Exports of Zoho CRM and 纷享销客 are read as they come, and give what the same purchases as plain files give."""

import warnings
from functools import partial

import polars as pl
import pytest
import xlsxwriter
from polars.testing import assert_frame_equal

import clvlab as cl
from clvlab.check import check_source
from clvlab.customers import read_attributes
from clvlab.errors import ClvlabWarning
from clvlab.inputs import attribute_tables, read_log
from clvlab.params import ReportParams
from tests.crm import exports

pytestmark = pytest.mark.usefixtures("few_futures")
WON, UNCANCELLED, NORMAL = {"Stage": ["Closed Won"]}, {"Status": ["Approved"]}, {"生命状态": ["正常"]}
EXPORTS = {
    "deals": ("Deals_*.csv", WON, "Accounts_*.csv"),
    "invoices": ("Invoices_*.csv", UNCANCELLED, "Accounts_*.csv"),
    "fxiaoke": ("销售订单*.xlsx", NORMAL, "客户*.xlsx"),
}


@pytest.fixture(scope="module")
def shop():
    return exports.retailer(n_customers=250)


@pytest.fixture(scope="module")
def folder(shop, tmp_path_factory):
    made = tmp_path_factory.mktemp("exports")
    for write in (exports.plain, exports.zoho, exports.fxiaoke):
        write(shop, made)
    return made


def params_of(folder, source, where, attributes):
    reading = {"where": where} if where else {}
    return ReportParams(
        name="shop",
        source=str(folder / source),
        attributes=str(folder / attributes),
        as_of="2025-12-31",
        reading=reading,
        currency="USD" if "csv" in source and "orders" not in source else None,
    )


def tables_of(given):
    """The sections of a report that groups, values and money make, without what says where the rows come from."""
    results = cl.analyse(given)
    return {
        (section, name): table
        for section in ("summary", "segments", "value", "base_health", "cohorts")
        for name, table in results[section].items()
    }


@pytest.fixture(scope="module")
def plain_log(folder):
    return cl.read_transactions(str(folder / "orders.csv"))


def renamed(shop, log):
    """The log's rows with the ids of Zoho CRM in place of the numbers of 纷享销客."""
    numbers = dict(shop.accounts.select("number", "customer_id").iter_rows())
    return log.data.with_columns(pl.col("customer_id").replace(numbers)).select("customer_id", "date", "amount")


@pytest.mark.parametrize("kind", EXPORTS)
def test_an_export_gives_the_purchases_of_the_plain_file(folder, shop, plain_log, kind):
    source, where, _ = EXPORTS[kind]
    log = cl.read_transactions(str(folder / source), where=where)
    wanted = plain_log.data.select("customer_id", "date", "amount")
    by = ["customer_id", "date", "amount"]
    assert_frame_equal(renamed(shop, log).sort(by), wanted.sort(by))
    counts = dict(log.quality.select("rule", "rows").iter_rows())
    extra = len(range(0, shop.orders.height, exports.EVERY))
    assert counts == {
        "read": shop.orders.height + extra,
        "accepted": shop.orders.height,
        "merged": 0,
        "filtered": extra,
    }


def test_orders_are_told_by_the_id_of_their_record(folder, plain_log):
    for kind in ("deals", "invoices"):
        source, where, _ = EXPORTS[kind]
        log = cl.read_transactions(str(folder / source), where=where)
        assert sorted(log.data["order_id"]) == sorted(plain_log.data["order_id"]), kind


def test_customers_of_one_name_are_two(folder, shop):
    names = shop.orders.select("customer_id", "name").unique()
    assert names["customer_id"].n_unique() > names["name"].n_unique()
    log = cl.read_transactions(str(folder / "Deals_*.csv"), where=WON)
    assert log.data["customer_id"].n_unique() == names["customer_id"].n_unique()


@pytest.mark.parametrize("kind", EXPORTS)
def test_the_accounts_meet_the_customers_of_their_purchases(folder, shop, kind):
    given = params_of(folder, *EXPORTS[kind])
    log = read_log(given)
    [table] = attribute_tables(given, log)
    assert not table.is_dated
    assert {"industry", "province", "customer_type"} <= set(table.columns)
    assert set(log.data["customer_id"]) <= set(table.data["customer_id"])
    assert table.data.height == shop.accounts.height


def test_orders_without_numbers_of_customers_meet_the_accounts_by_name(shop, tmp_path):
    first = exports.Retailer(
        shop.accounts.unique("name", maintain_order=True),
        shop.orders.join(shop.accounts.unique("name", maintain_order=True), on="customer_id", how="semi"),
    )
    exports.fxiaoke(first, tmp_path, has_numbers=False)
    given = params_of(tmp_path, *EXPORTS["fxiaoke"])
    log = read_log(given)
    [table] = attribute_tables(given, log)
    assert log.detected["columns"]["customer_id"] == "客户名称"
    assert set(log.data["customer_id"]) <= set(table.data["customer_id"])


def test_the_day_on_which_an_account_was_entered_does_not_date_it(folder):
    [table] = read_attributes(str(folder / "Accounts_*.csv"))
    assert (table.is_dated, "Created Time" in table.columns) == (False, True)


@pytest.mark.parametrize("kind", EXPORTS)
def test_rows_that_are_no_purchases_are_told_where_nothing_leaves_them_out(folder, kind):
    source, where, _ = EXPORTS[kind]
    [column] = where
    with pytest.warns(ClvlabWarning, match=f"the column '{column}' is not used. Its values are"):
        cl.read_transactions(str(folder / source))
    found = check_source(str(folder / source))
    assert [doubt.key for doubt in found.verdict.questions] == ["where"]
    assert check_source(str(folder / source), where=where).verdict.questions == ()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_check_says_the_values_with_their_counts(folder, lang):
    text = check_source(str(folder / "Deals_*.csv"), lang).text()
    assert "'Closed Won' (" in text
    assert "'Closed Lost' (" in text


@pytest.fixture(scope="module")
def wanted(folder):
    """The tables of the report on the plain files."""
    return tables_of(params_of(folder, "orders.csv", None, "customers.csv"))


@pytest.mark.parametrize("kind", EXPORTS)
def test_the_report_is_that_of_the_plain_files(folder, wanted, kind):
    """Figure by figure; pseudonyms and orders of equal rows depend on ids, which 纷享销客 has others of."""
    found = tables_of(params_of(folder, *EXPORTS[kind]))
    assert found.keys() == wanted.keys()
    for key, table in wanted.items():
        assert_frame_equal(found[key], table, check_exact=False, rel_tol=1e-9), key


def test_ids_of_a_workbook_stay_texts(tmp_path):
    rows = [("4768000000000100001", "4768000000000900001"), ("zcrm_4768000000000100002", "zcrm_4768000000000900002")]
    with xlsxwriter.Workbook(tmp_path / "deals.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Record Id", "Account Name.id", "Account Name", "Closing Date", "Amount", "Stage"])
        for at, (customer, deal) in enumerate(rows, start=1):
            for column, text in enumerate([deal, customer, "Firm", "2025-10-01"]):
                sheet.write_string(at, column, text)
            sheet.write_number(at, 4, 100)
            sheet.write_string(at, 5, "Closed Won")
    log = cl.read_transactions(tmp_path / "deals.xlsx")
    assert log.data["customer_id"].to_list() == ["4768000000000100001", "4768000000000100002"]
    assert log.data["order_id"].to_list() == ["4768000000000900001", "4768000000000900002"]


def test_ids_that_a_spreadsheet_has_made_numbers_are_told(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "deals.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Record Id", "Account Name.id", "Account Name", "Closing Date", "Amount"])
        for at in (1, 2):
            sheet.write_row(at, 0, [4768000000000900000 + at, 4768000000000100000 + at, "Firm", "2025-10-01", 100])
    with pytest.warns(ClvlabWarning, match="has lost its last digits"):
        cl.read_transactions(tmp_path / "deals.xlsx")


def test_a_renamed_module_is_known_by_the_id_next_to_its_name():
    rows = {"Record Id": ["zcrm_1"], "Company Name.id": ["zcrm_9"], "Company Name": ["Firm"]}
    frame = pl.DataFrame(rows | {"Closing Date": ["2025-10-01"], "Amount": ["100"]})
    assert cl.read_transactions(frame).data["customer_id"].to_list() == ["9"]


def test_a_list_that_is_no_export_is_asked_about():
    frame = pl.DataFrame(
        {"Record Id": ["1"], "Account Name": ["Firm"], "Closing Date": ["2025-10-01"], "Amount": ["1"]}
    )
    with pytest.raises(cl.errors.MissingColumnsError, match="customer_id: Account Name"):
        cl.read_transactions(frame)


def test_a_column_that_is_named_goes_before_what_is_known(folder):
    log = cl.read_transactions(str(folder / "Deals_*.csv"), columns={"customer_id": "Account Name"}, where=WON)
    assert log.detected["columns"]["customer_id"] == "Account Name"
    assert log.detected["columns"]["date"] == "Closing Date"


def test_no_warning_is_left_where_the_filter_is_set(folder):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for source, where, _ in EXPORTS.values():
            partial(cl.read_transactions, str(folder / source), where=where)()
