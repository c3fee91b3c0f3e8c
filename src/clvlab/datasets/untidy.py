"""The lighting retailer's orders as a till exports them for a spreadsheet: nothing in it is as it should be."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import polars as pl

from clvlab.datasets.lighting import lighting
from clvlab.errors import ClvlabError
from clvlab.money import exact_sum
from clvlab.wording import Language

N_CUSTOMERS, SEED = 900, 2023
REPEATED_EVERY = 1_000
"""So many rows lie between two that the till has exported twice."""

_ENCODINGS: Mapping[Language, str] = MappingProxyType({"en": "utf-8", "zh": "gb18030"})
_FILES: Mapping[Language, str] = MappingProxyType({"en": "orders_export.csv", "zh": "订单导出.csv"})
_HEADERS: Mapping[Language, tuple[str, ...]] = MappingProxyType(
    {
        "en": ("Customer No.", "Order No.", "Order date", "Category", "Quantity", "Amount (CNY)", "Sold by"),
        "zh": ("客户编号", "订单编号", "下单日期", "商品类别", "数量", "金额(元)", "成交方式"),
    }
)
_SAID: Mapping[str, Mapping[Language, str]] = MappingProxyType(
    {
        "guest": {"en": "guest", "zh": "散客"},
        "total": {"en": "Total", "zh": "合计"},
        "gift": {"en": "free gift", "zh": "赠品"},
        "to agree": {"en": "to be agreed", "zh": "面议"},
    }
)
"""What people write where an id, a day or an amount belongs."""

_BROKEN: tuple[tuple[str, str, str, str], ...] = (
    ("", "T0001", "2023/5/17", "388.00"),
    ("", "T0002", "2024/3/8", "1,250.00"),
    ("", "T0003", "2025/9/1", "96.50"),
    ("guest", "T0004", "2023/11/11", "45.00"),
    ("guest", "T0005", "2024/11/11", "59.90"),
    ("00017", "T0006", "", "720.00"),
    ("00023", "T0007", "2023/2/30", "310.00"),
    ("00101", "T0008", "2024/13/5", "2,480.00"),
    ("00230", "T0009", "2025/6/31", "75.25"),
    ("00314", "T0010", "to agree", "640.00"),
    ("00415", "T0011", "1900/1/1", "150.00"),
    ("00092", "T0012", "2024/7/2", ""),
    ("00653", "T0013", "2025/1/19", ""),
    ("00589", "T0014", "2023/8/8", "gift"),
    ("00793", "T0015", "2024/12/24", "gift"),
    ("00238", "T0016", "2025/4/4", "to agree"),
)
"""Customer, order, day and amount of the rows that nobody can use."""


def untidy_export(folder: str | Path, lang: Language = "zh") -> Path:
    """Write three years of a simulated lighting retailer's orders as an untidy CSV file, and say where it is.

    Headers and words are Chinese and the file is in GB18030, or English in UTF-8. Days are written 2024/3/8,
    amounts 1,250.00; returns are negative amounts; some rows are there twice; some have no customer, a day that is
    none, or an amount in words; the last one is the total of what the till counts. The file is the same every time.

    Parameters
    ----------
    folder
        made, if it is not there; a file of that name in it is written anew
    lang
        "zh" or "en"

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     print(untidy_export(folder).read_bytes().decode("gb18030").splitlines()[1])
    00113,O000001,2023/1/2,灯带,29,"1,320.81",门店
    """
    rows = _rows(lang)
    path, content = Path(folder) / _FILES[lang], rows.write_csv(line_terminator="\r\n").encode(_ENCODINGS[lang])
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise ClvlabError(f"Cannot write {path}: {error.strerror}. Name another folder.") from None
    return path


def _rows(lang: Language) -> pl.DataFrame:
    """All rows of the file as texts: those of the log, some twice, the broken ones among them, and their total."""
    log = lighting(N_CUSTOMERS, SEED, lang).data
    written, broken = _written(log, lang), _broken(lang)
    every = log.height // broken.height
    rows = pl.concat(
        [
            written.with_row_index("place"),
            written.with_row_index("place").gather_every(REPEATED_EVERY),
            broken.with_row_index("place").with_columns(pl.col("place") * every),
        ]
    )
    total = (
        _SAID["total"][lang],
        "",
        "",
        "",
        "",
        _with_separators(log.select(exact_sum(pl.col("amount"))).item()),
        "",
    )
    return pl.concat([rows.sort("place", maintain_order=True).drop("place"), _table([total], lang)])


def _written(log: pl.DataFrame, lang: Language) -> pl.DataFrame:
    """The log's rows as the till writes them."""
    day = pl.col("date").dt.to_string("%Y/%-m/%-d")
    money = pl.col("amount").map_elements(_with_separators, pl.String)
    pieces = pl.col("quantity").cast(pl.Int64).cast(pl.String)
    return _table(log.select("customer_id", "order_id", day, "category", pieces, money, "channel").rows(), lang)


def _broken(lang: Language) -> pl.DataFrame:
    said = [tuple(_SAID[text][lang] if text in _SAID else text for text in row) for row in _BROKEN]
    return _table([(who, order, day, "", "", money, "") for who, order, day, money in said], lang)


def _table(rows: list[tuple[str, ...]], lang: Language) -> pl.DataFrame:
    """Rows under the headers, with nothing where a text is empty."""
    schema = dict.fromkeys(_HEADERS[lang], pl.String)
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(pl.all().replace("", None))


def _with_separators(amount: float) -> str:
    return f"{amount:,.2f}"
