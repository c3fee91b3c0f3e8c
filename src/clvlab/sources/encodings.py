"""Which encoding a text file is in, and how sure that is.

A file that decodes as UTF-8 is UTF-8; one in which damage is rare among letters that decode is UTF-8, damaged. Any
other is in the encoding that makes the likeliest text of it: letters that its language uses, common ones above all,
in words as that language writes them.
"""

import codecs
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from clvlab.errors import ParamsError
from clvlab.shipped import shipped
from clvlab.sources.faults import fault

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HEAD = 64 * 1024
_ENOUGH = 64 * 1024
_BYTES_AT_ONCE = 4 * 1024**2
_LOST = "\ufffd"
_LIKELY, _APART = 0.7, 0.1


def check_encoding(encoding: str) -> str:
    """The encoding's standard name; ParamsError where Python knows none of that name."""
    try:
        name = codecs.lookup(encoding).name
        "".encode(name)
    except (LookupError, ValueError):
        raise fault("unknown_encoding", ParamsError, encoding=repr(encoding)) from None
    return name


def marked_encoding(path: Path, name: str) -> str | None:
    """The encoding that the first bytes of a file give away: a byte order mark, or every second byte zero.

    Raises
    ------
    DataError : the file is binary
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    for offset, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if len(head) > 3 and head[offset::2].count(0) > 0.6 * len(head) / 2 > 4 * head[1 - offset :: 2].count(0):
            return encoding
    control = sum(head.count(byte) for byte in range(32) if byte not in b"\t\n\r\x0b\x0c\x1a\x1b")
    if control > 0.02 * len(head) + 8:
        raise fault("binary", file=name)
    return None


@dataclass(frozen=True)
class FoundEncoding:
    """The encoding of a file.

    Attributes
    ----------
    encoding : its name for Python
    damaged : how many places do not decode; they are read as U+FFFD
    is_sure : whether no other encoding is nearly as likely
    """

    encoding: str
    damaged: int = 0
    is_sure: bool = True


def find_encoding(path: Path, name: str) -> FoundEncoding:
    """The encoding of a file by its marks, its bytes and its letters; DataError where the file is binary."""
    marked = marked_encoding(path, name)
    if marked is not None:
        return FoundEncoding(marked)
    if _damage(path, "utf-8", at_most=0) == 0:
        return FoundEncoding("utf-8")
    sample = _lines_beyond_ascii(path)
    decoded = _beyond_ascii(sample.decode("utf-8", "replace"))
    if len(decoded) > 3 * decoded.count(_LOST):
        return FoundEncoding("utf-8", damaged=_damage(path, "utf-8"))
    return _likeliest(path, sample)


def _likeliest(path: Path, sample: bytes) -> FoundEncoding:
    likelihood = {encoding: _likelihood(sample, encoding) for encoding in _CANDIDATES}
    best = max(likelihood, key=lambda encoding: likelihood[encoding])
    damaged = _damage(path, best)
    if best == "cp1252" and damaged:
        # Five of its bytes mean nothing: latin-1 keeps them as control characters, which no text has.
        return FoundEncoding("latin-1", is_sure=False)
    text = _decoded(sample, best)
    rivals = [likelihood[other] for other in _CANDIDATES if other != best and _decoded(sample, other) != text]
    return FoundEncoding(best, damaged, is_sure=likelihood[best] >= max(_LIKELY, max(rivals) + _APART))


def _damage(path: Path, encoding: str, at_most: int | None = None) -> int:
    """How many places of the file do not decode; counted no further than what is above `at_most`."""
    decoder, damaged = codecs.getincrementaldecoder(encoding)("replace"), 0
    with path.open("rb") as file:
        while chunk := file.read(_BYTES_AT_ONCE):
            damaged += decoder.decode(chunk).count(_LOST)
            damaged -= chunk.count(_LOST.encode("utf-8")) if encoding == "utf-8" else 0
            if at_most is not None and damaged > at_most:
                return damaged
    return damaged + decoder.decode(b"", final=True).count(_LOST)


def _likelihood(sample: bytes, encoding: str) -> float:
    """From 0 (never) to 1 (surely) how well the sample reads in an encoding."""
    at_home, language = _CANDIDATES[encoding]
    text = _decoded(sample, encoding)
    foreign, lost = _beyond_ascii(text), text.count(_LOST)
    fitting = "".join(at_home(text))
    common = sum(letter in _common()[language] for letter in fitting.lower())
    return max((len(fitting) + common - 4 * lost) / (2 * len(foreign)), 0.0) if foreign else 0.0


def _decoded(sample: bytes, encoding: str) -> str:
    """The sample's text; a letter that is cut at its end is left out."""
    return codecs.getincrementaldecoder(encoding)("replace").decode(sample)


def _beyond_ascii(text: str) -> str:
    return re.sub(r"[\x00-\x7f]+", "", text)


def _lines_beyond_ascii(path: Path) -> bytes:
    lines, size = [], 0
    with path.open("rb") as file:
        while size < _ENOUGH and (line := file.readline(_ENOUGH)):
            if not line.isascii():
                lines.append(line)
                size += len(line)
    return b"".join(lines)


@cache
def _common() -> Mapping[str, frozenset[str]]:
    """Language -> its commonest letters."""
    written = shipped("sources", "letters.yaml")
    return {language: frozenset(letters.replace(" ", "")) for language, letters in written.items()}


def _in_rows(codec: str, first: int, last: int) -> Callable[[str], list[str]]:
    """Letters that a character set has in these rows (its first bytes), where it keeps the common ones, and signs."""

    def at_home(text: str) -> list[str]:
        letters = []
        for letter in _beyond_ascii(text):
            code = letter.encode(codec, "ignore")
            if len(code) == 2 and (
                first <= code[0] <= last or letter in "，。、；：？！（）《》【】「」・ー～￥＃％－"
            ):
                letters.append(letter)
        return letters

    return at_home


def _in_words(alphabet: str) -> Callable[[str], list[str]]:
    """Letters of words that are all of one alphabet and in lower case, capitalised or in capitals."""

    def at_home(text: str) -> list[str]:
        words = re.findall(rf"(?<![^\W\d_])[{alphabet}]+(?![^\W\d_])", text)
        return [
            letter for word in words if word in (word.lower(), word.capitalize(), word.upper()) for letter in word
        ]

    return at_home


def _among_latin(text: str) -> list[str]:
    """Letters next to plain letters, and signs apart from others; no run of more than three."""
    runs = re.finditer(r"(?<![^\x00-\x7f])[^\x00-\x7f]{1,3}(?![^\x00-\x7f])", text)
    return [letter for run in runs if _is_latin(text, run) for letter in run.group()]


def _is_latin(text: str, run: "re.Match[str]") -> bool:
    before, letters, after = text[max(run.start() - 1, 0) : run.start()], run.group(), text[run.end() : run.end() + 1]
    if letters.isalpha():
        is_capital_inside = before.islower() and not letters.islower()
        return not is_capital_inside and (before.isalpha() or after.isalpha() or len(letters) == 1)
    return letters == "’" or not (before.isalpha() and after.isalpha())


_CANDIDATES: Mapping[str, tuple[Callable[[str], list[str]], str]] = {
    "cp1252": (_among_latin, "western"),
    "gb18030": (_in_rows("gb2312", 0xB0, 0xD7), "chinese"),
    "big5": (_in_rows("big5", 0xA4, 0xC6), "taiwanese"),
    "cp932": (_in_rows("shift_jis", 0x82, 0x98), "japanese"),
    "euc_jp": (_in_rows("euc_jp", 0xA4, 0xCF), "japanese"),
    "cp949": (_in_rows("euc_kr", 0xB0, 0xC8), "korean"),
    "cp1251": (_in_words("а-яёА-ЯЁ"), "russian"),
    "koi8-r": (_in_words("а-яёА-ЯЁ"), "russian"),
    "cp1255": (_in_words("א-ת"), "hebrew"),
    "cp1253": (_in_words("α-ωά-ώΐΰςΑ-ΩΆ-Ώ"), "greek"),
    "cp1250": (_among_latin, "polish"),
    "cp1254": (_among_latin, "turkish"),
}
"""Encoding -> what in its texts is where it belongs, and the language whose common letters count twice."""
