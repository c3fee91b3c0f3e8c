"""One round of damage: what is changed, and what must hold."""

import random
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

from clvlab.check import check_source
from clvlab.customers import read_attributes
from clvlab.errors import ClvlabError
from tests.transactions.corruption import check_account

CORPUS = Path(__file__).parent / "corpus"
_TOKENS = [
    b"", b"\n", b"\r", b"\r\n", b'"', b'""', b",", b";", b"\t", b"|", b"\0", b"\xef\xbb\xbf", b"\xff\xfe", b"\xff",
    b"nan", b"inf", b"-", b"(", b")", b"1e400", b"1e15", b"99999999999999999999", b"0", b"=", b"'", b" ", b"\xa0",
    b"customer_id", b"date", b"amount", b"quantity", b"unit_price", b"currency", b"cost", b"CNY", b"USD",
    b"\xe5\xae\xa2", b"\xbf\xcd\xbb\xa7", b"2024-02-30", b"31/12/2024", b"12/31/2024", b"01/02/03", b"45322",
    b"20240131", b"PK\x03\x04", b"\x1f\x8b", b"PAR1",
]  # fmt: skip


def damaged(chance: random.Random, seeds: list[bytes]) -> bytes:
    """A file of the corpus with a few changes."""
    content = bytearray(chance.choice(seeds))
    for _ in range(chance.choice([0, 1, 1, 2, 3, 5, 8])):
        at = chance.randrange(len(content) + 1)
        length = chance.choice([0, 1, 1, 2, 8, 64])
        chance.choice([_replace, _repeat, _cut, _splice, _flip])(chance, content, at, length, seeds)
    return bytes(content)


def options_of(chance: random.Random) -> dict[str, Any]:
    """Settings of the reader, mostly none."""
    every = {
        "decimal": [",", "."],
        "date_format": ["%d/%m/%Y", "%Y-%m-%d", "%m/%d/%y"],
        "encoding": ["utf-8", "gb18030", "utf-16", "latin-1"],
        "separator": [",", ";", "\t"],
        "duplicates": ["drop"],
        "zero_amounts": ["refuse"],
        "currency": ["CNY"],
        "currency_rates": [{"CNY": 1, "USD": 7.2}],
    }
    return {name: chance.choice(values) for name, values in every.items() if chance.random() < 0.15}


def exercise(path: Path, options: dict[str, Any]) -> bool:
    """Read the file in every way; whether it was accounted for as a log."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        accounted = check_account(path, **options)
        for attempt in (lambda: read_attributes(path), lambda: _check(path)):
            with suppress(ClvlabError):
                attempt()
    return accounted


def _check(path: Path) -> None:
    check = check_source(str(path))
    assert check.text()
    if check.log is not None:
        assert check.params_yaml()


def _replace(chance: random.Random, content: bytearray, at: int, length: int, _: list[bytes]) -> None:
    content[at : at + length] = chance.choice(_TOKENS)


def _repeat(chance: random.Random, content: bytearray, at: int, length: int, _: list[bytes]) -> None:
    content[at:at] = content[at : at + length] * chance.randrange(1, 50)


def _cut(chance: random.Random, content: bytearray, at: int, length: int, _: list[bytes]) -> None:
    del content[at : at + length * chance.choice([1, 1, 1, 100])]


def _splice(chance: random.Random, content: bytearray, at: int, length: int, seeds: list[bytes]) -> None:
    other = chance.choice(seeds)
    start = chance.randrange(len(other) + 1)
    content[at : at + length] = other[start : start + chance.choice([8, 64, 1024])]


def _flip(chance: random.Random, content: bytearray, at: int, length: int, _: list[bytes]) -> None:
    for place in range(at, min(at + max(length, 1), len(content))):
        content[place] = chance.randrange(256)
