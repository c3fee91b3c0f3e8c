import polars as pl
import pytest

import clvlab as cl
from clvlab.errors import ParamsError, UnsettledError


def frame_of(*currencies, amounts=None):
    count = len(currencies)
    return pl.DataFrame(
        {
            "customer_id": ["a"] * count,
            "date": ["2024-01-31"] * count,
            "amount": amounts or ["10"] * count,
            "cost": ["5"] * count,
            "currency": currencies,
        },
        schema_overrides={"currency": pl.String},
    )


def test_one_currency_needs_nothing():
    log = cl.read_transactions(frame_of("CNY", "CNY"))
    assert log.detected["currencies"] == ["CNY"]
    assert log.data["amount"].sum() == 20.0


def test_mixed_currencies_are_an_error_that_shows_the_way():
    with pytest.raises(UnsettledError, match="not in one currency: CNY in 2 rows, USD in 1 row") as caught:
        cl.read_transactions(frame_of("CNY", "USD", "CNY"))
    assert "`currency_rates: {CNY: 1, USD: ...}`" in str(caught.value)
    assert caught.value.key == "currency_rates"


def test_rates_turn_all_money_into_one_currency():
    log = cl.read_transactions(frame_of("CNY", "USD"), currency_rates={"CNY": 1, "USD": 7.2})
    assert log.data["amount"].to_list() == [10.0, 72.0]
    assert log.data["cost"].to_list() == [5.0, 36.0]
    assert log.data["currency"].to_list() == ["CNY", "USD"]
    assert log.quality["amount"][0] == 82.0


def test_another_currency_than_the_runs_needs_a_rate():
    with pytest.raises(UnsettledError, match=r"not in one currency, EUR: CNY in 1 row.*\{EUR: 1, CNY: \.\.\.\}"):
        cl.read_transactions(frame_of("CNY"), currency="EUR")


def test_a_row_without_a_currency_is_refused():
    log = cl.read_transactions(frame_of("CNY", None, " "))
    assert log.rejected["rule"].to_list() == ["missing_currency"] * 2


def test_a_column_of_currencies_that_is_blank_says_nothing():
    log = cl.read_transactions(frame_of(None, None))
    assert log.rejected.is_empty()
    assert "currency" not in log.data.columns


def test_marks_in_the_amounts_count_as_currencies():
    amounts = ["$10", "€10", "USD 5"]
    with pytest.raises(UnsettledError, match="USD in 2 rows, EUR in 1 row"):
        cl.read_transactions(frame_of(None, None, None, amounts=amounts).drop("currency"))
    log = cl.read_transactions(frame_of(None, None, amounts=["￥10", "5元"]).drop("currency"))
    assert log.detected["currencies"] == ["CNY"]


@pytest.mark.parametrize(
    ("frame", "rates", "error", "message"),
    [
        (frame_of("CNY", "JPY"), {"CNY": 1}, UnsettledError, r"currency_rates lacks 'JPY'.*Add a rate"),
        (frame_of("CNY"), {"CNY": 0}, ParamsError, "A rate is a number above 0"),
        (frame_of("CNY"), {"CNY": float("nan")}, ParamsError, "A rate is a number above 0"),
        (frame_of("CNY"), {"CNY": "1"}, ParamsError, "A rate is a number above 0"),
        (frame_of("CNY").drop("currency"), {"CNY": 1}, ParamsError, "needs a column of currencies"),
    ],
)
def test_wrong_rates_are_told(frame, rates, error, message):
    with pytest.raises(error, match=message):
        cl.read_transactions(frame, currency_rates=rates)


@pytest.mark.parametrize(("currency", "found"), [("JPY", ["JPY"]), ("CNY", ["CNY"]), (None, ["CNY"])])
def test_a_shared_symbol_stands_for_the_runs_currency(currency, found):
    frame = frame_of(None, amounts=["¥10"]).drop("currency")
    assert cl.read_transactions(frame, currency=currency).detected["currencies"] == found


def test_a_symbol_beside_a_code_that_shares_it_is_that_currency():
    log = cl.read_transactions(frame_of(None, None, amounts=["$10", "5 CAD"]).drop("currency"))
    assert log.detected["currencies"] == ["CAD"]


def test_marks_of_two_currencies_need_a_column():
    with pytest.raises(UnsettledError, match="Put each row's currency into a column and map it"):
        cl.read_transactions(frame_of(None, None, amounts=["$10", "€5"]).drop("currency"))
