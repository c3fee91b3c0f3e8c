"""Rows that are no transactions but totals of the others."""

import polars as pl

from clvlab.money import to_millionths
from clvlab.sources import OURS
from clvlab.sources.texts import is_among

_WORDS = (
    r"(?i)(?:合计|总计|小计|共计|合計|總計|小計|합계|총계|소계)\s*[:：]?$|^(?:汇总|累计|总和|总数)\s*[:：]?$"
    r"|^(?:(?:grand|sub|overall|report|page|net)[- ]?)?totals?\s*:?$|^total general$|^sum\s*:?$"
    r"|^(?:gesamt(?:summe)?|summe|insgesamt|zwischensumme|total g[ée]n[ée]ral|sous-total|totale|suma|итого)\s*:?$"
)
_OF_A_CUSTOMER = r"(?i)^(.+?)\s+total$|^total\s+(.+)$"
# With a digit, and no space but before another one.
_CODE = r"^[!-~]*[0-9](?:[!-~]| [0-9])*$"
_ENOUGH = 4  # other rows: of fewer, one may well be the sum


def says_total(rows: pl.LazyFrame, customers: pl.Series, *, by_itself: bool) -> pl.Expr:
    """Whether a row says that it is a total, in place of a customer, a day or an order.

    A customer's total, such as "Miller Total" in a pivot table, is one where Miller is a customer: by itself no row
    tells. `customers` are the words among ids, see `words_among`.
    """
    found = rows.collect_schema()
    said = {name: words_among(rows, name) for name in ("date_text", "order_id") if OURS + name in found}
    said["customer_id"] = customers
    totals = {name: words.filter(words.str.strip_chars().str.contains(_WORDS)) for name, words in said.items()}
    if not by_itself:
        totals["customer_id"] = totals["customer_id"].append(_of_customers(rows, said["customer_id"]))
    return pl.any_horizontal(is_among(pl.col(OURS + name), values) for name, values in totals.items())


def words_among(rows: pl.LazyFrame, name: str) -> pl.Series:
    """The different values of a column that may be words: codes, numbers and moments are none."""
    text = pl.col(OURS + name)
    return rows.select(text).filter(~text.str.contains(_CODE)).unique().collect(engine="streaming").to_series()


def _of_customers(rows: pl.LazyFrame, said: pl.Series) -> pl.Series:
    """Ids that say that they are the total of another."""
    named = said.str.extract(_OF_A_CUSTOMER, 1).fill_null(said.str.extract(_OF_A_CUSTOMER, 2))
    customer = pl.col(OURS + "customer_id")
    there = rows.select(customer).filter(is_among(customer, named.drop_nulls())).unique().collect(engine="streaming")
    return said.filter(named.is_in(there.to_series().implode()).fill_null(False))


def sums_up(passed: pl.LazyFrame, n_files: int) -> pl.Expr:
    """Whether a row is the first or the last of its file, of an id of its own, and as much as all others together."""
    file, row, customer = (pl.col(OURS + name) for name in ("file", "row", "customer_id"))
    rows = passed.select(file=file, row=row, customer=customer, money=to_millionths(pl.col(OURS + "amount")))
    money, at = pl.col("money"), pl.col("row")
    figures = {"n": pl.len(), "total": money.sum(), "first": at.min(), "last": at.max()}
    each = rows.group_by("file").agg(**figures) if n_files > 1 else rows.select(pl.col("file").first(), **figures)
    files = each.filter(pl.col("n") > _ENOUGH).collect(engine="streaming")
    # Few rows have the number of a file's first or last one: only these meet their file.
    near = rows.filter(at.is_in(files["first"].append(files["last"]).implode()))
    is_sum = (money != 0) & (money * 2 == pl.col("total")) & ((at == pl.col("first")) | (at == pl.col("last")))
    ends = near.join(files.lazy(), on="file").filter(is_sum).collect(engine="streaming")
    found = pl.lit(False)
    for name, place, who in ends.select("file", "row", "customer").iter_rows():
        of_its_own = rows.filter(file=name, customer=who).select(pl.len()).collect(engine="streaming").item() == 1
        found |= (file == name) & (row == place) & of_its_own
    return found
