"""One currency per log: the rows' own, or one into which a table of rates turns them."""

from collections import Counter
from collections.abc import Mapping

import polars as pl

from clvlab.errors import ParamsError, UnsettledError, counted
from clvlab.sources import OURS
from clvlab.sources.numbers import SHARED, currency_mark, read_numbers

_MONEY = ("amount", "cost", "unit_price")


def one_currency(
    rows: pl.LazyFrame, found: Mapping[str, int], rates: Mapping[str, float] | None, currency: str | None
) -> pl.LazyFrame:
    """The rows with all money in one currency.

    Parameters
    ----------
    rows
        the log; where it says each row's currency, that is its column `currency`
    found
        the log's currencies, from `found_currencies`
    rates
        what one unit of each currency is worth in the run's; None where the log has but one
    currency
        the run's currency; None takes the log's

    Raises
    ------
    UnsettledError : several currencies and no rates, a currency without a rate, or another currency than the run's
    ParamsError : rates for a log that does not say its rows' currencies, or a rate that is not above 0
    """
    name = OURS + "currency"
    if rates is None:
        if len(found) > 1 or (currency and found and currency not in found):
            raise UnsettledError(
                _mixture(found, currency, has_column=name in rows.collect_schema()), "currency_rates"
            )
        return rows if found or name not in rows.collect_schema() else rows.drop(name)
    if name not in rows.collect_schema():
        raise ParamsError(
            "currency_rates needs a column of currencies. Map it: `columns: {currency: <your column>}`."
        )
    wrong = {code: rate for code, rate in rates.items() if not (_is_number(rate) and 0 < rate < float("inf"))}
    if wrong:
        raise ParamsError(f"currency_rates has {wrong}. A rate is a number above 0.")
    lacking = [code for code in found if code not in rates]
    if lacking:
        raise UnsettledError(
            f"currency_rates lacks {', '.join(map(repr, lacking))}, in which the log has rows. Add a rate.",
            "currency_rates",
        )
    rate = pl.col(name).replace_strict(list(rates), list(map(float, rates.values())), default=None)
    money = [OURS + column for column in _MONEY if OURS + column in rows.collect_schema()]
    return rows.with_columns(pl.col(money) * rate)


def found_currencies(rows: pl.LazyFrame, texts: pl.DataFrame, currency: str | None) -> dict[str, int]:
    """Currency -> rows, most frequent first: from the column of currencies, else from marks in the amounts' texts.

    A symbol that several currencies share means the run's if that is one of them, or another that was found.

    Parameters
    ----------
    rows
        the log; where it says each row's currency, that is its column `currency`
    texts
        text, rows; the different texts of the amounts
    currency
        the run's
    """
    name = OURS + "currency"
    if name in rows.collect_schema():
        codes = rows.group_by(code=pl.col(name)).agg(rows=pl.len()).collect(engine="streaming")
    else:
        is_number = read_numbers(texts["text"], ".").is_not_null() | read_numbers(texts["text"], ",").is_not_null()
        codes = texts.filter(is_number).select(currency_mark(pl.col("text")).alias("code"), "rows")
    counts = (
        codes.drop_nulls().group_by("code").agg(pl.col("rows").sum()).sort("rows", "code", descending=[True, False])
    )
    found: Counter[str] = Counter()
    for mark, count in counts.iter_rows():
        meanings = SHARED.get(mark, (mark,))
        found[next((code for code in (currency, *counts["code"]) if code in meanings), meanings[0])] += count
    return dict(found.most_common())


def _mixture(found: Mapping[str, int], currency: str | None, *, has_column: bool) -> str:
    wanted = currency or next(iter(found))
    table = ", ".join(f"{code}: {1 if code == wanted else '...'}" for code in dict.fromkeys([wanted, *found]))
    counts = ", ".join(f"{code} in {counted(rows, 'row')}" for code, rows in found.items())
    column = "" if has_column else "Put each row's currency into a column and map it. "
    return (
        f"The log is not in one currency{f', {currency}' if currency else ''}: {counts}. {column}"
        f"Say what one unit of each is worth in the run's: `currency_rates: {{{table}}}`."
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
