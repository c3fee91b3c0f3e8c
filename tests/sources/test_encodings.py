import codecs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clvlab.errors import DataError, ParamsError
from clvlab.sources import encodings
from clvlab.sources.encodings import check_encoding, guess_encoding, is_utf8, marked_encoding


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


@settings(max_examples=30, deadline=None)
@given(text=st.text("a,é客🙂\n", max_size=40), cut=st.integers(1, 3))
def test_whole_letters_are_utf_8_and_a_cut_one_is_not(path, text, cut):
    whole = text.encode()
    path.write_bytes(whole)
    assert is_utf8(path)
    path.write_bytes(whole + "🙂".encode()[:cut])
    assert not is_utf8(path)


def test_a_letter_across_two_reads_is_whole(path, monkeypatch):
    monkeypatch.setattr(encodings, "_BYTES_AT_ONCE", 2)
    path.write_bytes("客户🙂".encode())
    assert is_utf8(path)


@pytest.mark.parametrize(
    ("text", "codec", "guess"),
    [
        ("客户编号,下单日期\n王芳,1\n", "gb18030", "gb18030"),
        ("客户编号,下单日期\n王芳,1\n", "gbk", "gb18030"),
        ("Käufer,Straße\nMüller,1\n", "cp1252", "cp1252"),
        ("café,naïve,señor,€5\n", "cp1252", "cp1252"),
        ("\x81\x8d", "latin-1", "latin-1"),
    ],
)
def test_what_is_not_utf_8_is_chinese_where_that_gives_common_characters(path, text, codec, guess):
    path.write_bytes(b"ascii,first\n" * 10 + text.encode(codec))
    assert guess_encoding(path) == guess


def test_most_of_the_letters_decide(path):
    # Nine common characters to one that hardly occurs.
    path.write_bytes(("王芳李明张伟刘洋陈" + "\ue000").encode("gb18030"))
    assert guess_encoding(path) == "gb18030"
