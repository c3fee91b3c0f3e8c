"""The untidy export: what was put into it is what is found in it."""

import pytest

import clvlab as cl
from clvlab.datasets.untidy import N_CUSTOMERS, SEED
from clvlab.errors import ClvlabError, ParamsError

# The log has 13,028 rows that come to 5,770,980.14, and every thousandth is there twice: rows 0, 1000, ..., 13000.
LOG, TWICE, MONEY, MONEY_TWICE = 13_028, 14, 5_770_980.14, 7_568.00
BROKEN = {
    "total_row": (1, MONEY),
    "missing_customer": (3, 388.00 + 1250.00 + 96.50),
    "guest": (2, 45.00 + 59.90),
    "missing_date": (1, 720.00),
    "unreadable_date": (4, 310.00 + 2480.00 + 75.25 + 640.00),
    "implausible_date": (1, 150.00),
    "missing_amount": (2, 0.00),
    "unreadable_amount": (3, 0.00),
}


@pytest.fixture(scope="module", params=["en", "zh"])
def export(request, tmp_path_factory):
    return cl.datasets.untidy_export(tmp_path_factory.mktemp("export") / "new", request.param), request.param


@pytest.fixture(scope="module")
def log(export):
    return cl.check_source(str(export[0])).log


def test_every_row_is_accounted_for(log):
    found = {rule: (rows, money) for rule, rows, money in log.quality.select("rule", "rows", "amount").iter_rows()}
    refused = sum(rows for rows, _ in BROKEN.values())
    assert refused == 17
    assert found.pop("read")[0] == LOG + TWICE + refused
    assert found.pop("accepted") == (LOG + TWICE, pytest.approx(MONEY + MONEY_TWICE, abs=0.005))
    assert found.pop("merged") == (0, 0)
    assert found == {rule: (rows, pytest.approx(money, abs=0.005)) for rule, (rows, money) in BROKEN.items()}


def test_what_is_accepted_is_the_retailers_log(log, export):
    rows = log.data.select("customer_id", "order_id", "date", "category", "quantity", "amount")
    truth = cl.datasets.lighting(N_CUSTOMERS, SEED, export[1]).data.select(rows.columns)
    assert log.detected["duplicate_rows"] == TWICE
    assert rows.unique(maintain_order=True).equals(truth.unique(maintain_order=True))
    assert (rows["amount"] < 0).sum() == 353


def test_it_is_written_as_tills_write(export):
    path, lang = export
    encoding = {"en": "utf-8", "zh": "gb18030"}[lang]
    lines = path.read_bytes().decode(encoding).split("\r\n")
    assert (
        lines[0]
        == {
            "en": "Customer No.,Order No.,Order date,Category,Quantity,Amount (CNY),Sold by",
            "zh": "客户编号,订单编号,下单日期,商品类别,数量,金额(元),成交方式",
        }[lang]
    )
    assert lines[1] == lines[2]
    assert '"1,320.81"' in lines[1]
    assert lines[3] == ",T0001,2023/5/17,,,388.00,"
    if lang == "zh":
        with pytest.raises(UnicodeDecodeError):
            path.read_text(encoding="utf-8")


def test_it_is_the_same_every_time(export):
    path, lang = export
    before = path.read_bytes()
    assert cl.datasets.untidy_export(path.parent, lang).read_bytes() == before


def test_a_folder_that_cannot_be_and_a_language_that_is_not_known_are_told(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ClvlabError, match=r"Cannot write .*file.*Name another folder"):
        cl.datasets.untidy_export(tmp_path / "file")
    with pytest.raises(ParamsError, match=r"lang is 'fr'\. Choose one of en, zh"):
        cl.datasets.untidy_export(tmp_path, "fr")
