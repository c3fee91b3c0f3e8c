"""Which files a run reads, what its log is known by, and that the log survives the way from runner to kernel."""

import gzip
import hashlib
import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from clvlab import inputs, memory_limit
from clvlab.errors import DataError
from clvlab.inputs import EMBEDDED, attribute_tables, fingerprint, hand_over, read_log
from clvlab.params import LOG_FOLDER, CompareParams, ReportParams
from tests.run_files import files_read

LOG = "customer_id,date,amount\na,2024-01-31,1.5\nb,2024-02-29,2\n,2024-03-01,4\n"
ATTRIBUTES = "customer_id,region\na,north\n"
DAY = date(2024, 6, 30)


def params(source="log.csv", **given):
    return ReportParams(**{"name": "r", "source": source, "as_of": DAY.isoformat(), "max_refused": 1.0, **given})


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture(autouse=True)
def workplace(tmp_path, monkeypatch):
    """A folder with a log and attributes, as the working directory; the home folder is another."""
    (tmp_path / "log.csv").write_text(LOG, encoding="utf-8")
    (tmp_path / "attributes.csv").write_text(ATTRIBUTES, encoding="utf-8")
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv(LOG_FOLDER, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_files_of_a_run_are_those_of_its_source_and_of_its_attributes():
    assert files_read(params()) == {"log.csv": sha(LOG)}
    both = files_read(params(attributes="attributes.csv"))
    assert both == {"log.csv": sha(LOG), "attributes.csv": sha(ATTRIBUTES)}


def test_a_map_of_the_users_is_a_file_of_the_run(workplace):
    (workplace / "own.yaml").write_text("n_bins: 2\n", encoding="utf-8")
    assert list(files_read(params(strategy="own.yaml"))) == ["log.csv", "own.yaml"]
    compared = CompareParams(
        name="c", source="log.csv", as_of=DAY.isoformat(), max_refused=1.0, strategies=["rfm11", "own.yaml"]
    )
    assert list(files_read(compared)) == ["log.csv", "own.yaml"]
    with pytest.raises(DataError, match=r"There is no file 'absent\.yaml'"):
        files_read(params(strategy="absent.yaml"))


def test_a_playbook_of_the_users_is_a_file_of_the_run(workplace):
    (workplace / "ours.yaml").write_text("vip: {owner: Li}\n", encoding="utf-8")
    assert list(files_read(params(playbook="ours.yaml"))) == ["log.csv", "ours.yaml"]
    with pytest.raises(DataError, match=r"There is no file 'absent\.yaml'"):
        files_read(params(playbook="absent.yaml"))


def test_attributes_are_those_of_the_params_and_those_of_the_log(workplace):
    with_country = LOG.replace("amount", "amount,Country").replace("1.5", "1.5,UK")
    (workplace / "log.csv").write_text(with_country, encoding="utf-8")
    given = params(attributes="attributes.csv", log_attributes=["Country"], attribute_columns={"area": "region"})
    tables = attribute_tables(given, read_log(given))
    assert [(table.name, table.columns) for table in tables] == [
        ("attributes.csv", ["area"]),
        ("log.csv", ["Country"]),
    ]


def test_attributes_are_read_as_the_log_is_unless_told_otherwise(workplace):
    (workplace / "attributes.csv").write_bytes("customer_id;größe;birthday\na;1,5;01/02/1990\n".encode("utf-16"))
    of_log = {"date_format": "%Y-%m-%d", "separator": ","}
    own = {"date_format": "%m/%d/%Y", "decimal": ",", "separator": ";"}
    (table,) = attribute_tables(params(attributes="attributes.csv", reading=of_log, attribute_reading=own), no_log())
    assert table.data.rows() == [("a", 1.5, date(1990, 1, 2))]
    both = {"date_format": "%d/%m/%Y", "decimal": ",", "separator": ";"}
    (table,) = attribute_tables(params(attributes="attributes.csv", reading=both), no_log())
    assert table.data.rows() == [("a", 1.5, date(1990, 2, 1))]


def no_log():
    return read_log(params("cdnow_sample"))


def test_every_file_of_a_glob_counts_in_the_order_in_which_it_is_read(workplace):
    for name in ("2024/b.csv", "2024/a.csv", "2023/c.csv"):
        (workplace / name).parent.mkdir(exist_ok=True)
        (workplace / name).write_text(LOG, encoding="utf-8")
    read = files_read(params("20*/*.csv"))
    assert list(read) == ["2023/c.csv", "2024/a.csv", "2024/b.csv"]
    assert [file["name"] for file in read_log(params("20*/*.csv")).detected["files"]] == list(read)
    assert list(files_read(params("**/a.csv", attributes="attrib*"))) == ["2024/a.csv", "attributes.csv"]


@pytest.mark.parametrize("source", ["~/log.csv", "~/l*.csv"])
def test_tilde_is_the_home_folder_for_the_list_and_for_the_reader(workplace, source):
    (workplace / "home" / "log.csv").write_text(LOG, encoding="utf-8")
    assert files_read(params(source, attributes="attributes.csv")) == {
        str(workplace / "home" / "log.csv"): sha(LOG),
        "attributes.csv": sha(ATTRIBUTES),
    }
    assert read_log(params(source)).data.height == 2


def test_name_with_the_signs_of_a_glob_is_a_name(workplace):
    (workplace / "log[1].csv").write_text(LOG, encoding="utf-8")
    assert list(files_read(params("log[1].csv"))) == ["log[1].csv"]


def test_archive_is_one_file(workplace):
    packed = gzip.compress(LOG.encode())
    (workplace / "log.csv.gz").write_bytes(packed)
    assert files_read(params("log.csv.gz")) == {"log.csv.gz": hashlib.sha256(packed).hexdigest()}


@pytest.mark.parametrize("source", EMBEDDED)
def test_embedded_log_is_read_from_no_file_of_the_user(workplace, source):
    (workplace / source).write_text(ATTRIBUTES, encoding="utf-8")
    assert files_read(params(source)) == {}
    assert files_read(params(source, attributes=source)) == {source: sha(ATTRIBUTES)}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"source": "absent.csv"}, r"There is no file 'absent\.csv'"),
        ({"attributes": "absent*.csv"}, r"There is no file 'absent\*\.csv'"),
        ({"attributes": "home"}, "'home' is a folder. Name its files by a glob"),
    ],
)
def test_file_that_is_not_there_is_named(given, message):
    with pytest.raises(DataError, match=message):
        files_read(params(**given))


def test_file_that_may_not_be_read_is_named(monkeypatch):
    def refuse(_path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(inputs, "sha256", refuse)
    with pytest.raises(DataError, match=r"log\.csv cannot be read: .*Permission denied"):
        files_read(params())


def test_fingerprint_is_that_of_the_sorted_rows_up_to_the_day():
    log = read_log(params())
    assert fingerprint(log, date(2024, 2, 28)) == sha("amount,customer_id,date\n1.5,a,2024-01-31\n")
    assert fingerprint(log, DAY) == sha("amount,customer_id,date\n1.5,a,2024-01-31\n2.0,b,2024-02-29\n")
    assert fingerprint(log, date(2023, 1, 1)) == sha("amount,customer_id,date\n")


def test_fingerprint_does_not_depend_on_the_order_of_rows_and_columns(workplace):
    before = fingerprint(read_log(params()), DAY)
    pl.read_csv("log.csv").select("date", "amount", "customer_id").reverse().write_csv(workplace / "log.csv")
    assert fingerprint(read_log(params()), DAY) == before


def test_fingerprint_is_computed_once():
    log = read_log(params())
    found = fingerprint(log, DAY)
    assert log.fingerprints == {DAY: found}
    log.fingerprints[DAY] = "known"
    assert fingerprint(log, DAY) == "known"


@pytest.fixture
def handed_over(tmp_path, monkeypatch):
    """What a kernel reads of a log that a runner hands over, in a folder with a difficult name."""
    folder = tmp_path / "log {0} [a] *"

    def of(log, given):
        folder.mkdir()
        hand_over(log, given, folder)
        monkeypatch.setenv(LOG_FOLDER, str(folder))
        return read_log(given)

    return of


def assert_same(log, other):
    assert_frame_equal(log.data, other.data)
    assert_frame_equal(log.rejected, other.rejected)
    assert_frame_equal(log.quality, other.quality)
    assert len(log.attributes) == len(other.attributes)
    for one, another in zip(log.attributes, other.attributes, strict=True):
        assert_frame_equal(one, another)
    assert dict(log.detected) == dict(other.detected)
    assert log.fingerprints == other.fingerprints


@pytest.mark.parametrize("source", EMBEDDED)
def test_embedded_logs_survive_being_handed_over(handed_over, source):
    log = read_log(params(source))
    fingerprint(log, DAY)
    taken = handed_over(log, params(source))
    assert_same(taken, log)
    assert len(taken.attributes) == (4 if source == "lighting" else 0)


def test_columns_of_every_kind_survive_among_the_refused_rows(workplace, handed_over):
    rows = pl.DataFrame(
        {
            "customer_id": ["a", None, "c"],
            "date": [datetime(2024, 1, 1, 9), datetime(2024, 1, 2), None],
            "amount": [Decimal("1.25"), Decimal("2.50"), Decimal("3.75")],
            "channel": pl.Series(["web", "shop", "web"], dtype=pl.Categorical),
            "state": pl.Series(["won", "won", "lost"], dtype=pl.Enum(["lost", "won"])),
            "seen": pl.Series([datetime(2024, 1, 1)] * 3).dt.replace_time_zone("Asia/Shanghai"),
            "items": [["x", "y"], [], None],
            "place": [{"city": "上海", "lines": 2}] * 3,
            "empty": [None, None, None],
            "raw": [b"\x00", b"\xff", None],
        }
    )
    rows.write_parquet(workplace / "log.parquet")
    given = params("log.parquet", columns={"order_id": "state"})
    log = read_log(given)
    assert log.rejected["rule"].to_list() == ["missing_customer", "missing_date"]
    taken = handed_over(log, given)
    assert_same(taken, log)
    assert taken.rejected.schema["amount"] == rows.schema["amount"]
    assert taken.rejected.schema["place"] == rows.schema["place"]


def test_what_the_reader_found_out_survives(workplace, handed_over):
    text = "客户编号;下单日期;实付金额\n甲;31.01.2024;¥1,5\n乙;29.02.2024;¥2,5\n乙;29.02.2024;¥2,5\n"
    (workplace / "log.csv").write_text(text, encoding="gb18030")
    columns = {"customer_id": "客户编号", "date": "下单日期", "amount": "实付金额"}
    given = params(columns=columns, currency="CNY", reading={"decimal": ",", "duplicates": "drop"})
    log = read_log(given)
    taken = handed_over(log, given)
    assert_same(taken, log)
    assert taken.detected["files"][0]["encoding"] == "gb18030"
    assert taken.detected["duplicate_rows"] == 1
    with pytest.raises(TypeError):
        taken.detected["files"] = []


def test_log_that_was_handed_over_is_not_read_again(workplace, handed_over):
    log = read_log(params())
    (workplace / "log.csv").unlink()
    assert_same(handed_over(log, params()), log)


@pytest.mark.parametrize(
    "other",
    [
        {"source": "other.csv"},
        {"columns": {"amount": "amount"}},
        {"currency": "EUR"},
        {"reading": {"zero_amounts": "refuse"}},
    ],
)
def test_parameters_that_read_another_log_read_it_by_themselves(workplace, handed_over, other):
    (workplace / "other.csv").write_text(LOG, encoding="utf-8")
    handed_over(read_log(params()), params())
    (workplace / "log.csv").write_text(LOG + "c,2024-04-01,0\n", encoding="utf-8")
    (workplace / "other.csv").write_text(LOG + "c,2024-04-01,0\n", encoding="utf-8")
    assert read_log(params(**other)).quality["rows"][0] == 4


def test_parameters_that_do_not_touch_the_reading_take_what_was_handed_over(handed_over):
    log = read_log(params())
    handed_over(log, params())
    Path("log.csv").unlink()
    assert_same(read_log(params(lang="zh", strategy="abc", attributes="attributes.csv")), log)
    assert_same(read_log(CompareParams(name="c", source="log.csv", as_of="2024-03-31", max_refused=1.0)), log)


def test_log_that_is_large_is_scanned_by_every_step(monkeypatch, handed_over):
    monkeypatch.setattr(memory_limit, "DEFAULT", 1)
    log = read_log(params())
    taken = handed_over(log, params())
    assert "SCAN" in taken.accepted.explain()
    assert_same(taken, log)


def test_full_disk_is_told_by_whoever_writes(tmp_path):
    (tmp_path / "accepted.parquet").symlink_to("/dev/full")
    with pytest.raises(pl.exceptions.ComputeError, match=r"No space left on device \(os error 28\)"):
        hand_over(read_log(params()), params(), tmp_path)


def test_what_is_handed_over_is_parquet_and_json(workplace):
    hand_over(read_log(params()), params(), workplace)
    assert pl.read_parquet(workplace / "accepted.parquet").height == 2
    assert pl.read_parquet(workplace / "rejected.parquet")["rule"].to_list() == ["missing_customer"]
    assert pl.read_parquet(workplace / "quality.parquet")["rule"][0] == "read"
    about = json.loads((workplace / "log.json").read_text(encoding="utf-8"))
    assert about["read_by"] == {
        "source": "log.csv", "items": [], "returns": [], "columns": {}, "currency": None, "reading": {},
        "log_attributes": [], "known_until": None,
    }  # fmt: skip
    assert about["detected"]["files"][0]["format"] == "text"


def test_a_report_of_a_series_is_handed_a_log_of_its_own_day_alone(workplace, monkeypatch):
    (workplace / "log.csv").write_text("customer_id,date,amount\na,2024-01-31,1\nb,2024-02-01,2\n", encoding="utf-8")
    january = params(every="month", as_of="2024-01-31")
    hand_over(read_log(january), january, workplace)
    monkeypatch.setenv(LOG_FOLDER, str(workplace))
    assert read_log(january).data["customer_id"].to_list() == ["a"]
    february = params(every="month", as_of="2024-02-29")
    assert read_log(february).data["customer_id"].to_list() == ["a", "b"]
    assert read_log(params(as_of="2024-01-31")).data.height == 2
