"""Any column as text, the texts that mean nothing, and ids."""

import re
import unicodedata

import polars as pl

from clvlab.errors import within
from clvlab.sources.faults import fault

MISSING = (
    "", "nan", "null", "none", "nil", "na", "n/a", "n.a.", "#n/a", "nat", "<na>", "<null>", "(null)", "[null]", r"\n",
    "undefined", "not available", "(blank)", "(none)", "(unknown)", "#",
    "-", "--", "---", "–", "—", "——", "/", ".", "?", "??", "？",
    "#value!", "#ref!", "#name?", "#div/0!", "#num!", "#null!", "unknown",
    "无", "未知", "空", "暂无", "不详", "没有", "未填", "未填写", "(空)", "(空白)", "空白", "(无)", "不明", "无数据",
)  # fmt: skip
"""What is written where nothing is known: by people, by databases, and by spreadsheets where a formula fails."""

INVISIBLE = r"[\p{Cf}\u{34F}\u{115F}\u{1160}\u{17B4}\u{17B5}\u{180B}-\u{180E}\u{3164}\u{FE00}-\u{FE0F}]"
"""Marks that show nothing: zero-width spaces, directions of writing, soft hyphens, fillers."""

ANY_DIGIT = r"\p{N}"
"""A digit of any script or width: a text without one says no number and no day."""

_READABLE = (pl.Boolean, pl.Null, pl.Date, pl.Datetime)
_NO_WORD = rf"(?i:{'|'.join(map(re.escape, MISSING))})"
_NOTHING, _ODD_ID = rf"^\s*{_NO_WORD}\s*$", rf"[^!-~]|^['=]|^zcrm_|^{_NO_WORD}$"
_BEYOND_FLOAT = 2**53
_FOREIGN_DIGIT = r"[\p{Nd}--0-9]"


def is_text(dtype: pl.DataType) -> bool:
    """Whether a column of this type holds texts."""
    return isinstance(dtype, pl.String | pl.Categorical | pl.Enum)


def as_text(column: str, dtype: pl.DataType, table: str) -> pl.Expr:
    """A column as trimmed text, null where it says nothing; whole numbers without the ".0" of a column of decimals.

    Raises
    ------
    DataError : the column holds lists, binary data or the like
    """
    value = pl.col(column)
    if is_text(dtype):
        return missing_to_null(value.cast(pl.String))
    if dtype.is_float():
        whole = (value == value.round()) & (value.abs() < 2**63)
        text = value.cast(pl.Int64, strict=False).cast(pl.String)
        return pl.when(value.is_not_nan()).then(pl.when(whole).then(text).otherwise(value.cast(pl.String)))
    if isinstance(dtype, pl.Decimal):
        return value.cast(pl.String).str.replace(r"(\.\d*?)0+$", "$1").str.replace(r"\.$", "")
    if dtype.is_numeric() or isinstance(dtype, _READABLE):
        return value.cast(pl.String)
    raise fault("no_texts", column=repr(column), table=within(table), type=dtype)


def as_id(column: str, dtype: pl.DataType, table: str) -> pl.Expr:
    """A column of ids as text, each folded as `fold_ids` does; errors as in `as_text`."""
    text = pl.col(column).cast(pl.String) if is_text(dtype) else as_text(column, dtype, table)
    return text.map_batches(fold_ids, return_dtype=pl.String, is_elementwise=True)


def fold_ids(ids: pl.Series) -> pl.Series:
    r"""Ids without what only the way of writing adds; null where nothing is left.

    Letters and digits are as in `plain_text`, spaces are one; the wrappings by which spreadsheets keep an id a text
    ('007, ="007") go, and so does the prefix of exports of Zoho CRM.

    >>> fold_ids(pl.Series(["ＶＩＰ００７", "VIP\u200b007", '="007"', "'007", "٠٠٧", "zcrm_42", "－"])).to_list()
    ['VIP007', 'VIP007', '007', '007', '007', '42', None]
    """
    odd = ids.filter(ids.str.contains(_ODD_ID).fill_null(False)).unique()
    if odd.is_empty():
        return ids
    bare = plain_text(_known(odd)).str.replace_all(r"\s+", " ")
    bare = bare.str.replace('^="(.*)"$', "$1").str.replace(r"^'(\d)", "$1").str.replace(r"^zcrm_(\d+)$", "$1")
    return ids.replace(odd, _known(bare))


def _known(texts: pl.Series) -> pl.Series:
    return texts.to_frame("text").select(missing_to_null(pl.col("text"))).to_series()


def plain_text(texts: pl.Series) -> pl.Series:
    """Texts with plain letters for full-width ones, the digits 0 to 9 for those of any script, no invisible marks.

    >>> plain_text(pl.Series(["ＶＩＰ００７", "٢٠٢٤/٠١/٣١", "२०२४", "7"])).to_list()
    ['VIP007', '2024/01/31', '2024', '7']
    """
    bare = texts.str.normalize("NFKC").str.replace_all(INVISIBLE, "")
    if not bare.str.contains(_FOREIGN_DIGIT).any():
        return bare
    digits = bare.str.extract_all(_FOREIGN_DIGIT).explode().drop_nulls().unique().to_list()
    return bare.str.replace_many(digits, [str(unicodedata.decimal(digit)) for digit in digits])


def printable(text: str) -> str:
    """A text with a question mark for each control character, which a terminal would obey."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def is_among(text: pl.Expr, values: pl.Series) -> pl.Expr:
    """Whether a text is one of these; no row is looked at where there are none."""
    return text.is_in(values.implode()).fill_null(False) if len(values) else pl.lit(False)


def missing_to_null(text: pl.Expr) -> pl.Expr:
    """The trimmed text; null where it is blank or a word for nothing, such as nan."""
    return pl.when(~text.str.contains(_NOTHING)).then(text.str.strip_chars())


def spelled_apart(ids: pl.Series, limit: int = 3) -> list[tuple[str, ...]]:
    """Ids that differ in case, accents, separators, leading zeros or a trailing ".0" alone: perhaps one customer's.

    >>> spelled_apart(pl.Series(["7", "007", "7.0", "8", "vip-1", "VIP 1"]))
    [('007', '7', '7.0'), ('VIP 1', 'vip-1')]
    """
    if _are_of_one_kind(ids):
        return []
    plain = pl.col("id").str.normalize("NFKD").str.replace_all("[\u0300-\u036f]", "").str.to_lowercase()
    # Between digits alone a separator counts: 1-23 and 12-3 are two.
    joined = plain.str.replace_all(r"[\s._/-]+", "")
    plain = pl.when(plain.str.contains(r"\p{L}")).then(joined).otherwise(plain.str.replace(r"\.0+$", ""))
    plain = plain.str.strip_chars_start("0")
    spelled = ids.unique().alias("id").to_frame().with_columns(plain=plain)
    alike = spelled.filter(pl.col("plain").is_duplicated()).group_by("plain").agg(pl.col("id").sort()).sort("plain")
    return [tuple(spellings) for spellings in alike["id"].head(limit)]


def _are_of_one_kind(ids: pl.Series) -> bool:
    """Whether ids can only differ in what counts: digits and letters of one case, with zeros in front all as long."""
    if ids.str.contains("[^0-9A-Za-z]").any() or (
        ids.str.contains("[a-z]").any() and ids.str.contains("[A-Z]").any()
    ):
        return False
    return not ids.str.starts_with("0").any() or ids.str.len_bytes().n_unique() == 1


def cut_short(ids: pl.Series) -> pl.Series:
    """Ids that a spreadsheet has cut: in scientific notation, or with zeros alone from the 16th digit on.

    Many ids may have become one. One long id that ends in a zero proves nothing, so that zeros count only where every
    long id ends in them.

    >>> cut_short(pl.Series(["3.91E+16", "7", "391000000000001"])).to_list()
    ['3.91E+16']
    """
    scientific = ids.filter(ids.str.contains(r"^\d([.,]\d+[eE]\+?|[eE]\+)\d+$"))
    long = ids.filter(ids.str.contains(r"^\d{16,}$"))
    rounded = long.filter(long.str.contains(r"^\d{15}0+$"))
    all_rounded = len(rounded) == len(long) >= 3
    return pl.concat([scientific, rounded]) if all_rounded else scientific


def is_beyond_float(number: pl.Expr) -> pl.Expr:
    """Whether a floating-point number is too large to be told from the next whole number."""
    return number.abs() >= _BEYOND_FLOAT
