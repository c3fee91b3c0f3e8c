"""Which encoding a file is in: told apart as far as its letters can tell, and said where they cannot."""

import warnings

import pytest

import clvlab as cl
from clvlab.errors import ClvlabWarning, DataError
from clvlab.sources import FileSettings, encodings, open_source
from clvlab.sources.encodings import find_encoding

LOG = "customer_id,date,amount,category\n"
SOUND = LOG + "".join(f"客户{i:03d},2024-01-{i % 28 + 1:02d},10,文具\n" for i in range(200))


def rows_of(category, count=30):
    return LOG + f"1,2024-01-01,5,{category}\n" * count


def write(folder, content):
    path = folder / "log.csv"
    path.write_bytes(content)
    return path


def read(path):
    """The log and the warnings that came with it."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        log = cl.read_transactions(path)
    return log, [each.message for each in said]


TEXTS = [
    ("gb18030", "gb18030", rows_of("办公用品")),
    ("gb18030", "gb18030", "客户编号,日期,金额\n1,2024-01-01,3\n"),
    ("gbk", "gb18030", "id,name\n1,曾惠\n2,许安\n3,宋良\n4,万兰\n5,欧阳娜\n6,诸葛亮\n7,聂卫平\n"),
    ("gb18030", "gb18030", "id,gender\n" + "1,男\n2,女\n" * 20),
    ("big5", "big5", rows_of("電子產品")),
    ("big5", "big5", "客戶編號,訂單日期,金額\n王小明,2024,5\n陳淑芬,3,4\n"),
    ("shift_jis", "cp932", rows_of("テスト商品")),
    ("shift_jis", "cp932", "顧客番号,注文日,金額\n佐藤,2024,5\n鈴木,3,1\n"),
    ("euc_jp", "euc_jp", "顧客番号,注文日,金額\n佐藤さん,2024,5\nテスト,3,1\n"),
    ("euc-kr", "cp949", rows_of("전자제품")),
    ("cp949", "cp949", "고객번호,주문일자,금액\n김민수,2024-01-01,5\n이영희,3,1\n"),
    ("cp1251", "cp1251", rows_of("Электроника")),
    ("cp1251", "cp1251", "Клиент,Дата,Сумма\nИванов,1,2\nПЕТРОВА А.,1,3\n"),
    ("koi8-r", "koi8-r", "Клиент,Дата,Сумма\nИванов,1,2\n"),
    ("cp1253", "cp1253", "Πελάτης,Ημερομηνία,Ποσό\nΠαπαδόπουλος,1,2\n"),
    ("cp1252", "cp1252", "Käufer,Datum,Betrag\nMüller,1,2\nJosé,1,2\n"),
    ("cp1252", "cp1252", "Référence,Prénom,Prix\n1,Éléonore d’Été à Noël,5 €\n2,François,£6\n"),
    ("cp1252", "cp1252", "id,amount\n1,12 €\n2,£5\n"),
    ("cp1252", "cp1252", "cliente,año\nÑoño,1\nMuñoz,2\n"),
    ("cp1250", "cp1250", "klient,data\nŁukasz Wiśniewski,1\nWłodzimierz Dąbrowski,2\n"),
    ("cp1254", "cp1254", "Müşteri,Tarih\nŞükrü,1\nIğdır,2\n"),
]  # fmt: skip


@pytest.mark.parametrize(("codec", "found", "text"), TEXTS)
def test_letters_tell_encodings_apart(tmp_path, codec, found, text):
    path = write(tmp_path, text.encode(codec))
    got = find_encoding(path, "log.csv")
    assert (got.encoding, got.damaged, got.is_sure) == (found, 0, True)
    assert path.read_bytes().decode(got.encoding) == text


def test_a_stray_byte_in_utf8_is_marked_where_it_is(tmp_path):
    log, [said] = read(write(tmp_path, SOUND.encode() + b"K\xe9,2024-02-01,5,x\n"))
    assert log.data["customer_id"].to_list()[::200] == ["客户000", "K\ufffd"]
    assert log.detected["files"][0]["encoding"] == "utf-8"
    assert (said.code, said.figures["places"]) == ("damaged_text", 1)
    assert "1 place of it does not decode" in str(said)
    assert "set `encoding:`" in str(said)


def test_a_file_that_ends_inside_a_letter_is_utf8(tmp_path):
    log, [said] = read(write(tmp_path, SOUND.encode()[:-2]))
    assert log.data["category"].to_list()[-2:] == ["文具", "文\ufffd"]
    assert said.code == "damaged_text"


@pytest.mark.parametrize(
    ("codec", "category"), [("gb18030", "办公用品"), ("shift_jis", "テスト商品"), ("big5", "電子產品")]
)
@pytest.mark.parametrize("damage", [b"9\x81,2024-01-02,5,x\n", b""])
def test_damage_does_not_change_other_encodings_either(tmp_path, codec, category, damage):
    content = rows_of(category).encode(codec)
    log, [said] = read(write(tmp_path, content + damage if damage else content[:-2]))
    assert log.data["category"][0] == category
    assert said.code == "damaged_text"


def test_a_sign_that_says_it_was_lost_before_is_not_damage(tmp_path):
    log, said = read(write(tmp_path, rows_of("文\ufffd").encode()))
    assert (log.data["category"][0], said) == ("文\ufffd", [])


def test_one_byte_in_plain_text_is_western(tmp_path):
    log, said = read(write(tmp_path, (LOG + "a,2024-01-01,1,b\n" * 500 + "a,2024-01-01,1,Café\n").encode("latin-1")))
    assert (log.data["category"][-1], said) == ("Café", [])


@pytest.mark.parametrize(
    ("codec", "text"),
    [("cp1255", "מוצרי חשמל וטלפון"), ("cp874", "ลูกค้า"), ("cp850", "Büro für Öl"), ("cp1256", "زبون")],
)
def test_what_the_letters_leave_open_is_said(tmp_path, codec, text):
    log, [said] = read(write(tmp_path, rows_of(text).encode(codec)))
    assert log.data.height == 30
    assert said.code in ("doubtful_encoding", "damaged_text")
    assert "set `encoding:`" in str(said)
    assert said.figures["encoding"] in str(said)


def test_control_characters_mean_a_wrong_guess(tmp_path):
    log, [said] = read(write(tmp_path, rows_of("Müller\x81").encode("latin-1")))
    assert log.data["category"][0] == "Müller\x81"
    assert (said.code, said.figures["encoding"]) == ("doubtful_encoding", "latin-1")


def test_a_given_encoding_is_not_doubted(tmp_path):
    path = write(tmp_path, rows_of("לקוח").encode("cp1255"))
    assert cl.read_transactions(path, encoding="cp1255").data["category"][0] == "לקוח"
    damaged = write(tmp_path, SOUND.encode()[:-2])
    with pytest.raises(DataError, match="is not text in utf-8"):
        cl.read_transactions(damaged, encoding="utf-8")


def test_damage_across_the_seam_of_two_chunks_is_counted_once(tmp_path, monkeypatch):
    monkeypatch.setattr(encodings, "_BYTES_AT_ONCE", 7)
    path = write(tmp_path, SOUND.encode() + b"K\xe9,2024-02-01,5,x\n")
    assert find_encoding(path, "log.csv").damaged == 1


def test_a_warning_names_the_line_that_reads(tmp_path):
    path = write(tmp_path, SOUND.encode()[:-2])
    with pytest.warns(ClvlabWarning) as caught:
        open_source(path, FileSettings())
    assert caught[0].filename == __file__
