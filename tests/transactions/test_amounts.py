"""Money that is not what it seems: totals among the rows, signs turned round, amounts out of all proportion."""

import warnings

import pandas as pd
import polars as pl
import pytest

import clvlab as cl
from clvlab.errors import ClvlabWarning, ParamsError, UnsettledError

ROWS = [(f"C{k}", f"2024-01-{k + 1:02}", 10.0 + k) for k in range(12)]
SUM = sum(amount for *_, amount in ROWS)


def frame_of(*rows):
    return pd.DataFrame(rows, columns=["customer_id", "date", "amount"])


def read(*rows, **settings):
    """A log, and the codes of the warnings that came with it."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        log = cl.read_transactions(frame_of(*rows), **settings)
    return log, [each.message.code for each in said]


def rules(log):
    return dict(log.quality.select("rule", "rows").iter_rows())


@pytest.mark.parametrize(
    "word",
    ["合计", "总计", "小计：", "合计:", "华东小计", "本页合计", "汇总", "Total", "TOTAL:", "Grand Total", "Sub-total",
     "subtotals", "Sum", "Summe", "Gesamtsumme", "Итого", "合計", "총계", "Ｔｏｔａｌ"],
)  # fmt: skip
def test_a_word_for_a_total_is_not_a_customer(word):
    log, said = read(*ROWS, (word, "2024-01-31", 7.0))
    assert rules(log) == {"read": 13, "accepted": 12, "merged": 0, "total_row": 1}
    assert log.quality["amount"].to_list() == [SUM + 7, SUM, 0.0, 7.0]
    assert (log.rejected["customer_id"].to_list(), said) == ([word], [])


@pytest.mark.parametrize("row", [("x", "合计", 5.0), ("", "Total", 5.0), ("Total", "", 5.0), ("合计", None, 5.0)])
def test_a_total_is_one_wherever_it_says_so(row):
    assert rules(read(*ROWS, row)[0])["total_row"] == 1


@pytest.mark.parametrize("name", ["Totally Bikes", "Sumner", "Total Wine", "合计会计师事务所", "Miller Total"])
def test_a_customer_with_such_a_name_stays_one(name):
    assert read(*ROWS, (name, "2024-01-31", 7.0))[0].data.height == 13


def test_a_customers_total_is_one_where_the_customer_is_there():
    log, _ = read(
        *ROWS, ("Miller", "2024-01-31", 7.0), ("Miller Total", "2024-01-31", 7.0), ("Total C1", "2024-01-31", 1)
    )
    assert log.rejected["customer_id"].to_list() == ["Miller Total", "Total C1"]


@pytest.mark.parametrize("at", ["first", "last"])
def test_an_amount_that_is_the_sum_of_all_others_is_their_total(at):
    total = ("所有客户", "2024-01-31", SUM)
    rows = [total, *ROWS] if at == "first" else [*ROWS, total]
    log, _ = read(*rows)
    assert log.rejected["rule"].to_list() == ["total_row"]
    assert log.data["amount"].sum() == SUM


@pytest.mark.parametrize(
    "rows",
    [
        [*ROWS[:6], ("x", "2024-01-31", SUM), *ROWS[6:]],
        [*ROWS, ("C3", "2024-01-31", SUM)],
        [*ROWS, ("x", "2024-01-31", SUM + 0.01)],
        [("a", "2024-01-01", 1.0), ("b", "2024-01-01", 1.0), ("c", "2024-01-01", 2.0)],
        [(f"C{k}", "2024-01-01", 0.0) for k in range(6)],
    ],
)
def test_other_rows_are_not_totals(rows):
    assert read(*rows)[0].data.height == len(rows)


def test_refused_rows_do_not_count_for_a_total():
    log, _ = read(*ROWS, ("", "2024-01-31", 100.0), ("all", "2024-01-31", SUM))
    assert rules(log) == {"read": 14, "accepted": 12, "merged": 0, "total_row": 1, "missing_customer": 1}


def test_every_file_may_end_in_a_total(tmp_path):
    for month in ("1", "2"):
        frame_of(*ROWS, ("all", "2024-01-31", SUM)).to_csv(tmp_path / f"{month}.csv", index=False)
    log = cl.read_transactions(str(tmp_path / "*.csv"))
    assert rules(log)["total_row"] == 2
    assert log.data["amount"].sum() == 2 * SUM


def negative(rows):
    return [(customer, day, -amount) for customer, day, amount in rows]


def test_signs_turned_round_are_asked_about():
    with pytest.raises(
        UnsettledError, match=r"12 of 12 amounts are negative, which means returns.*`signs: turn`"
    ) as caught:
        read(*negative(ROWS))
    assert (caught.value.key, caught.value.choices) == ("signs", ("turn", "keep"))
    assert read(*negative(ROWS), signs="turn")[0].data["amount"].sum() == SUM
    assert read(*negative(ROWS), signs="keep")[0].data["amount"].sum() == -SUM


def test_a_return_in_a_ledger_of_negative_sales_turns_as_well():
    log, _ = read(*negative(ROWS), ("C1", "2024-01-31", 11.0), signs="turn")
    assert log.data["amount"].to_list()[-1] == -11.0
    with pytest.raises(UnsettledError, match="12 of 13 amounts are negative"):
        read(*negative(ROWS), ("C1", "2024-01-31", 11.0))


@pytest.mark.parametrize("rows", [[*ROWS, *negative(ROWS)], negative(ROWS[:9]), [*ROWS[:2], *negative(ROWS[:10])]])
def test_many_returns_are_no_question(rows):
    assert read(*rows)[0].data.height == len(rows)


def test_signs_need_amounts():
    frame = pd.DataFrame({"customer_id": ["a"], "date": ["2024-01-31"]})
    assert not cl.read_transactions(frame, signs="turn").has_amounts
    with pytest.raises(ParamsError, match=r"signs is 'minus'. Choose one of 'turn', 'keep'"):
        cl.read_transactions(frame, signs="minus")


@pytest.mark.parametrize(
    ("amounts", "said"),
    [
        ([21_000.0], ["amount_out_of_proportion"]),
        ([-21_000.0], ["amount_out_of_proportion"]),
        ([20_999.0], []),
        ([21_000.0, -21_000.0], []),
        ([None], []),
    ],
)
def test_an_amount_out_of_all_proportion_is_warned_of(amounts, said):
    assert read(*ROWS, *(("C1", "2024-01-20", amount) for amount in amounts))[1] == said


def test_few_amounts_have_no_proportion():
    assert read(*ROWS[:3], ("C1", "2024-01-20", 10**6))[1] == []


def test_what_is_said_of_it():
    with pytest.warns(
        ClvlabWarning, match=r"The largest amount, 50,000\.00, is a thousand times the next largest, 21\.00"
    ):
        cl.read_transactions(frame_of(*ROWS, ("C1", "2024-01-20", 50_000)))


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ([f"{k}.{k}50" for k in range(1, 10)] + ["10.500"], ["points_of_thousands"]),
        ([f"{k}.{k}50 €" for k in range(1, 10)] + ["10.500", "999"], ["points_of_thousands"]),
        ([f"{k}.{k}50" for k in range(1, 10)] + ["10.50"], []),
        (["1.500"] * 12, []),
    ],
)
def test_points_that_may_separate_thousands_are_warned_of(texts, said):
    rows = [(f"C{k}", "2024-01-31", text) for k, text in enumerate(texts)]
    assert read(*rows)[1] == said


def test_amounts_of_nothing_and_next_to_nothing_are_told():
    for amount, code in ((0.0, "amounts_all_zero"), (4e-7, "amounts_below_millionth")):
        with pytest.warns(ClvlabWarning) as said:
            cl.read_transactions(frame_of(("a", "2024-01-31", amount), ("b", "2024-01-31", 0.0)))
        assert [warning.message.code for warning in said] == [code]


def test_amounts_beyond_the_largest_are_refused():
    rows = frame_of(("a", "2024-01-31", 10.0), ("b", "2024-01-31", -11.0), ("c", "2024-01-31", 11.0))
    log = cl.read_transactions(rows, largest_amount=10.5)
    assert log.data["customer_id"].to_list() == ["a"]
    assert log.rejected["rule"].to_list() == ["outlying_amount"] * 2
    for wrong in (0, -1, float("nan"), "many"):
        with pytest.raises(ParamsError, match="It is a number above 0"):
            cl.read_transactions(rows, largest_amount=wrong)


def test_credits_are_negative_and_that_is_said():
    frame = pl.DataFrame({"customer_id": "a", "date": "2024-01-31", "amount": ["12.50 DR", "2.50 CR", "7"]})
    with pytest.warns(ClvlabWarning, match=r"such as '2\.50 CR', are read as negative"):
        log = cl.read_transactions(frame)
    assert log.data["amount"].to_list() == [12.5, -2.5, 7.0]


def test_credits_of_a_currency_are_in_it_and_crores_are_none():
    frame = pl.DataFrame({"customer_id": "a", "date": "2024-01-31", "amount": ["12.50 USD DR", "2.50 USD CR"]})
    with pytest.warns(ClvlabWarning, match="marked as credits"):
        assert cl.read_transactions(frame).detected["currencies"] == ["USD"]
    frame = pl.DataFrame({"customer_id": "a", "date": "2024-01-31", "amount": ["₹5", "₹1.2 Cr"]})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert cl.read_transactions(frame).rejected["rule"].to_list() == ["unreadable_amount"]


def test_a_zero_before_an_amount_is_not_the_largest():
    assert read(("a", "2024-01-31", 0.0), ("b", "2024-01-31", 1.0))[1] == []
