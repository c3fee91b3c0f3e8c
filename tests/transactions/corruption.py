"""Tables with any subset of corruptions, as hypothesis strategies, and the account that must hold for each."""

import warnings
from datetime import date, datetime
from typing import Any

import polars as pl
from hypothesis import strategies as st

import clvlab as cl
from clvlab.errors import ClvlabError, ClvlabWarning

GOOD_IDS = st.sampled_from(["a", "b", "0007", "客户", "z9"])
GOOD_DAYS = st.dates(date(2023, 1, 1), date(2024, 12, 31))
GOOD_CENTS = st.integers(0, 100_000)

BAD_IDS = st.sampled_from(
    [
        None,
        "",
        "  ",
        "nan",
        "7",
        "007",
        "7.0",
        "=1+1",
        "<b>",
        "\u202ex",
        "a\0b",
        "é" * 300,
        'say "x"',
        "x\ny",
        ";,\t|",
    ]
)
BAD_DAYS = st.sampled_from(
    [None, "", "soon", "2024-02-30", "31/01/2024", "01/31/2024", "02/03/2024", "31.01.24", "20240131", "45322",
     "45322.5", "1e400", "0001-01-01", "9999-12-31", "2024年1月31日", "2024-01-31T23:59:59+14:00", "Jan 31, 2024",
     "31-Jan-24", "2024", "-1", "32/13/2024"]
)  # fmt: skip
BAD_AMOUNTS = st.sampled_from(
    [None, "", "NaN", "inf", "-Infinity", "1e308", "-1e16", "1e999", "free", "12,50", "1,234.50",
     "1.234,50", "¥5", "$5", "€5",
     "5 CNY", "(7.50)", "7-", "--", "0", "-0.0", "-3.10", "１２", "0x1F", "1e-9", "1_000"]
)  # fmt: skip
ENCODINGS = ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le"]


@st.composite
def text_rows(draw: st.DrawFn) -> list[tuple[str | None, str | None, str | None]]:
    """Rows of text; each kind of corruption strikes or spares the whole table."""
    ids = draw(st.sampled_from([GOOD_IDS, GOOD_IDS | BAD_IDS]))
    style = draw(st.sampled_from(["%Y-%m-%d", "%Y-%m-%d", "%d/%m/%Y", "%m/%d/%y", "%Y/%m/%d %H:%M"]))
    days = GOOD_DAYS.map(lambda day: datetime(day.year, day.month, day.day).strftime(style))
    days = draw(st.sampled_from([days, days | BAD_DAYS]))
    amounts = GOOD_CENTS.map(lambda cents: f"{cents / 100:.2f}")
    amounts = draw(st.sampled_from([amounts, amounts | BAD_AMOUNTS]))
    rows = draw(st.lists(st.tuples(ids, days, amounts), max_size=12))
    good = ("a", datetime(2024, 1, 31).strftime(style), "7.25")
    return [*rows, *draw(st.sampled_from([[good], [good, good], []]))]


@st.composite
def frames(draw: st.DrawFn) -> pl.DataFrame:
    """Rows of text, of which one column may be in another type that could hold it."""
    frame = pl.DataFrame(
        draw(text_rows()), schema=dict.fromkeys(["customer_id", "date", "amount"], pl.String), orient="row"
    )
    name, dtype = draw(st.sampled_from(TYPES))
    frame = frame.with_columns(_cast(frame[name], dtype))
    return draw(
        st.sampled_from([frame, frame.rename({"amount": "cost"}), frame.with_columns(currency=pl.lit("CNY"))])
    )


OPTIONS = st.fixed_dictionaries(
    {"duplicates": st.sampled_from(["keep", "drop"]), "zero_amounts": st.sampled_from(["keep", "refuse"])},
    optional={"decimal": st.sampled_from([".", ".", ","]), "date_format": st.sampled_from(["%d/%m/%Y", "%Y-%m-%d"])},
)
TYPES = [
    ("customer_id", pl.String),
    ("customer_id", pl.Int64),
    ("customer_id", pl.Float32),
    ("customer_id", pl.Categorical),
    ("date", pl.String),
    ("date", pl.Int64),
    ("date", pl.Date),
    ("date", pl.Datetime),
    ("amount", pl.Float64),
    ("amount", pl.Int32),
    ("amount", pl.Decimal(38, 4)),
]


def check_account(source: Any, rows: int | None = None, **options: Any) -> bool:
    """Read the source; raise AssertionError unless every row and every cent is accounted for.

    False where the source is refused with an error of ours; any other exception goes through.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ClvlabWarning)
            log = cl.read_transactions(source, **options)
    except ClvlabError:
        return False
    quality = {row["rule"]: row for row in log.quality.iter_rows(named=True)}
    read, accepted = quality.pop("read"), quality["accepted"]
    assert rows is None or read["rows"] == rows
    assert read["rows"] == sum(row["rows"] for row in quality.values())
    refused = {rule: row["rows"] for rule, row in quality.items() if rule not in ("accepted", "merged")}
    assert dict(log.rejected["rule"].value_counts().iter_rows()) == refused
    assert log.data.height == accepted["rows"]
    assert log.data.select("customer_id", "date").null_count().row(0) == (0, 0)
    if log.has_amounts:
        _check_money(log, read["amount"], {rule: row["amount"] for rule, row in quality.items()})
    return True


def _check_money(log: cl.TransactionLog, read: float, parts: dict[str, float]) -> None:
    scale = max(1.0, abs(read), *(abs(part) for part in parts.values()))
    assert abs(read - sum(parts.values())) <= 1e-9 * scale
    amounts = log.data["amount"]
    assert amounts.is_finite().all()
    assert amounts.null_count() == 0
    middle = log.data["date"].sort()[log.data.height // 2]
    later = log.data.filter(pl.col("date") > middle)["amount"].sum()
    try:
        spend = cl.summarise_customers(log, middle).data["total_spend"].sum()
    except ClvlabError:
        return
    assert abs(spend + later - parts["accepted"]) <= 1e-9 * max(scale, amounts.abs().sum())


def _cast(column: pl.Series, dtype: Any) -> pl.Series:
    """The column in another type: ids as numbers of their own, the rest as what it says where it says so."""
    if column.name == "customer_id" and dtype in (pl.Int64, pl.Float32):
        return column.rank("dense").cast(dtype)
    if column.name == "date" and dtype != pl.String:
        day = column.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
        return day.dt.strftime("%Y%m%d").cast(dtype, strict=False) if dtype == pl.Int64 else day.cast(dtype)
    return column.cast(dtype, strict=False)
