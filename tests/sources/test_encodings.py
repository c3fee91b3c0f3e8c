import codecs

import pytest

from clvlab.errors import DataError, ParamsError
from clvlab.sources.encodings import check_encoding, marked_encoding


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("encodings") / "log.csv"


def marked(path, content):
    path.write_bytes(content)
    return marked_encoding(path, "log.csv")


@pytest.mark.parametrize(
    ("given_", "standard"),
    [("UTF8", "utf-8"), ("utf-8", "utf-8"), ("GBK", "gbk"), ("Latin1", "iso8859-1"), ("cp1252", "cp1252")],
)
def test_an_encoding_goes_by_many_names(given_, standard):
    assert check_encoding(given_) == standard


@pytest.mark.parametrize("wrong", ["utf-9", "", "excel", "base64", "hex", "\0"])
def test_what_is_not_an_encoding_of_text_is_refused_with_common_ones(wrong):
    with pytest.raises(ParamsError, match=r"which is unknown. Common ones: utf-8, gb18030, utf-16, latin-1"):
        check_encoding(wrong)


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
        (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF32_BE, "utf-32"),
    ],
)
def test_a_byte_order_mark_gives_the_encoding_away(path, mark, encoding):
    # That of UTF-32 begins as that of UTF-16 does.
    assert marked(path, mark + b"a\0\0\0") == encoding


@pytest.mark.parametrize(("codec", "encoding"), [("utf-16-le", "utf-16-le"), ("utf-16-be", "utf-16-be")])
def test_every_second_byte_zero_is_utf_16_without_a_mark(path, codec, encoding):
    assert marked(path, "id,date\n1,2024-01-31\n".encode(codec)) == encoding


@pytest.mark.parametrize("content", [b"", b"a,b\n", "客户,日期\n".encode("gb18030"), b"a\tb\r\n\x0b\x0c\x1a\x1b"])
def test_a_text_without_marks_gives_nothing_away(path, content):
    assert marked(path, content) is None


@pytest.mark.parametrize("content", [b"\x00\x01\x02\x03" * 50, b"\x7fELF" + bytes(200), b"text\x01" * 1000])
def test_a_binary_file_is_refused_by_name(path, content):
    with pytest.raises(DataError, match=r"log\.csv is a binary file of an unknown kind\. CSV, Excel, Parquet, gz"):
        marked(path, content)


def test_a_few_stray_control_characters_do_not_make_a_binary_file(path):
    assert marked(path, b"\x01\x02\x03" + b"text,text\n" * 10) is None
