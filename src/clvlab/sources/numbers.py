"""Numbers from text: signs, thousands separators and currency symbols, with one decimal mark for a column."""

import polars as pl

_NOISE = r"[\s\u00a0\u202f'’]|CNY|RMB|USD|EUR|GBP|[¥￥$€£元]"


def read_numbers(text: pl.Expr, decimal: str) -> pl.Expr:
    """Numbers of `text`; null where it is none.

    Brackets and a trailing minus mean negative, as in accounts. A thousands separator counts only between groups of
    three digits, so that "12,50" is not twelve hundred and fifty.
    """
    thousands = "," if decimal == "." else "."
    plain = text.str.normalize("NFKC").str.replace_all("−", "-", literal=True).str.replace_all(_NOISE, "")
    plain = plain.str.replace(r"^\((.*)\)$", "-$1").str.replace(r"^([^-].*)-$", "-$1")
    t, d = rf"\{thousands}", rf"\{decimal}"
    grouped = plain.str.contains(rf"^[-+]?\d{{1,3}}({t}\d{{3}})+({d}\d*)?$")
    plain = pl.when(grouped).then(plain.str.replace_all(thousands, "", literal=True)).otherwise(plain)
    number = plain.str.contains(rf"^[-+]?(\d+({d}\d*)?|{d}\d+)([eE][-+]?\d+)?$")
    plain = plain.str.replace(decimal, ".", literal=True)
    return pl.when(number).then(plain).cast(pl.Float64, strict=False)
