"""Which encoding a text file is in."""

import codecs
from pathlib import Path

from clvlab.errors import DataError, ParamsError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HEAD = 64 * 1024
_ENOUGH = 256 * 1024
_BYTES_AT_ONCE = 4 * 1024**2


def check_encoding(encoding: str) -> str:
    """The encoding's standard name; ParamsError where Python knows none of that name."""
    try:
        name = codecs.lookup(encoding).name
        "".encode(name)
    except (LookupError, ValueError):
        raise ParamsError(
            f"encoding is {encoding!r}, which is unknown. Common ones: utf-8, gb18030, utf-16, latin-1."
        ) from None
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
        raise DataError(f"{name} is a binary file of an unknown kind. CSV, Excel, Parquet, gz and zip can be read.")
    return None


def is_utf8(path: Path) -> bool:
    """Whether the whole file is UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            while chunk := file.read(_BYTES_AT_ONCE):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def guess_encoding(path: Path) -> str:
    """The encoding of a file that is not UTF-8: gb18030 if that gives common Chinese, else cp1252, else latin-1.

    Western text may decode as GB18030 too, but then into characters that hardly occur.
    """
    text = _lines_beyond_ascii(path)
    try:
        foreign = [character for character in text.decode("gb18030") if ord(character) > 127]
        if sum(map(_is_common, foreign)) >= 0.8 * len(foreign):
            return "gb18030"
    except UnicodeDecodeError:
        pass
    try:
        text.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252"


def _lines_beyond_ascii(path: Path) -> bytes:
    lines, size = [], 0
    with path.open("rb") as file:
        while size < _ENOUGH and (line := file.readline(_ENOUGH)):
            if not line.isascii():
                lines.append(line)
                size += len(line)
    return b"".join(lines)


def _is_common(character: str) -> bool:
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True
