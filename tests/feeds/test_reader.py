"""Rows come out of every format alike; what can't be read is named with its place."""

from __future__ import annotations

import datetime
import gzip
import tracemalloc

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from pbm360.feeds.decoding import encoding_name
from pbm360.feeds.errors import FeedError, MappingError
from pbm360.feeds.reader import TextFormat, file_format, place_word, read_rows

CSV = "order_no,what,when\nA1,IN,2026-11-20 10:00:00\nB2,OUT,2026-11-20 11:00:00\n"
ROWS = [
    {"order_no": "A1", "when": "2026-11-20 10:00:00"},
    {"order_no": "B2", "when": "2026-11-20 11:00:00"},
]
COLUMNS = ("order_no", "when")


def write(path, content):
    data = content.encode() if isinstance(content, str) else content
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def write_parquet(path, **columns):
    parquet.write_table(pa.table(columns), path)
    return path


@pytest.mark.parametrize("name", ["log.csv", "LOG.CSV", "log.csv.gz"])
def test_a_csv_gives_the_columns_asked_for_by_line(tmp_path, name):
    assert list(read_rows(write(tmp_path / name, CSV), COLUMNS)) == [(2, ROWS[0]), (3, ROWS[1])]


@pytest.mark.parametrize("name", ["log.ndjson", "log.jsonl", "log.ndjson.gz"])
def test_ndjson_gives_the_same_rows_by_line(tmp_path, name):
    lines = (
        '{"order_no":"A1","what":"IN","when":"2026-11-20 10:00:00"}\n\n{"when":"2026-11-20 11:00:00","order_no":"B2"}'
    )
    assert list(read_rows(write(tmp_path / name, lines), COLUMNS)) == [(1, ROWS[0]), (3, ROWS[1])]


def test_parquet_gives_the_same_rows_by_row(tmp_path):
    path = write_parquet(
        tmp_path / "log.parquet", order_no=["A1", "B2"], what=["IN", "OUT"], when=[r["when"] for r in ROWS]
    )
    assert list(read_rows(path, COLUMNS)) == [(1, ROWS[0]), (2, ROWS[1])]


def test_parquet_times_keep_their_type_cut_to_microseconds_and_nulls_are_absent(tmp_path):
    nanoseconds = pa.array([1_795_000_000_123_456_789, None], pa.timestamp("ns", "UTC"))
    path = write_parquet(tmp_path / "log.parquet", when=nanoseconds, day=pa.array([datetime.date(2026, 11, 18), None]))
    instant = datetime.datetime(2026, 11, 18, 11, 6, 40, 123_456, tzinfo=datetime.UTC)
    assert [row for _, row in read_rows(path, ("when", "day"))] == [
        {"when": instant, "day": datetime.date(2026, 11, 18)},
        {},
    ]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-16-le", "utf-32"])
def test_other_encodings_are_read_where_the_mapping_says_so(tmp_path, encoding):
    path = write(tmp_path / "log.csv", "order_no,when\nA1,Köln\nÄ2,x\n".encode(encoding))
    rows = list(read_rows(path, COLUMNS, TextFormat(encoding=encoding)))
    assert rows == [(2, {"order_no": "A1", "when": "Köln"}), (3, {"order_no": "Ä2", "when": "x"})]


@pytest.mark.parametrize(
    ("encoding", "content", "message"),
    [
        (
            "utf-8",
            b"order_no,when\nA1,K\xf6ln\n",
            r"line 2 is not UTF-8 \(byte 0xf6 at position 5\).*`encoding: cp1252`",
        ),
        ("utf-8", b"order_no,when\nA1,K\x81ln\n", r"`encoding: iso8859-1` in the mapping if it is that"),
        ("cp1252", b"order_no,when\nA1,K\x81ln\n", r"line 2 is not CP1252 \(byte 0x81 at position 5\); correct"),
        ("ascii", b"order_no,when\nA1,\xe4\n", r"line 2 is not ASCII \(byte 0xe4 at position 4\)"),
        (
            "utf-16",
            "order_no,when\nA1,x\n".encode("utf-16")[:-1],
            r"is not utf-16 after line \d: .*correct `encoding:`",
        ),
    ],
)
def test_a_wrong_encoding_is_refused_with_the_byte_and_what_helps(tmp_path, encoding, content, message):
    with pytest.raises(FeedError, match=message):
        list(read_rows(write(tmp_path / "log.csv", content), COLUMNS, TextFormat(encoding=encoding)))


@pytest.mark.parametrize("name", ["zip", "base64", "utf-99", ""])
def test_an_encoding_that_is_none_is_refused(name):
    with pytest.raises(MappingError, match="encoding must be that of a text file"):
        encoding_name(name)


@pytest.mark.parametrize("name", ["log.csv", "log.csv.gz", "log.parquet"])
def test_it_is_told_how_much_of_how_much_is_read(tmp_path, name):
    if name.endswith("parquet"):
        path, total = write_parquet(tmp_path / name, order_no=["A1"] * 5000, when=["x"] * 5000), 5000
    else:
        path = write(tmp_path / name, "order_no,when\n" + "A1,2026-11-20 10:00:00\n" * 30_000)
        total = path.stat().st_size
    told = []
    assert sum(1 for _ in read_rows(path, COLUMNS, progress=lambda *counts: told.append(counts)))
    assert told[-1] == (total, total) and sorted(told) == told


def test_quotes_hold_delimiters_and_line_breaks_and_other_delimiters_are_read(tmp_path):
    path = write(tmp_path / "log.csv", 'order_no;note\n"A;1";"two\nlines"\n\nB2;\n')
    assert list(read_rows(path, ("order_no", "note"), TextFormat(";"))) == [
        (3, {"order_no": "A;1", "note": "two\nlines"}),
        (5, {"order_no": "B2", "note": ""}),
    ]


def test_a_byte_order_mark_and_blanks_in_the_header_do_no_harm(tmp_path):
    path = write(tmp_path / "log.csv", b"\xef\xbb\xbforder_no , when\r\n\xc3\x84 17,x\r\n")
    assert list(read_rows(path, COLUMNS)) == [(2, {"order_no": "Ä 17", "when": "x"})]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("log.csv", b"", "log.csv is empty; expected a header and rows"),
        ("log.csv", b"order_no,when\n", "log.csv holds no rows"),
        ("log.csv.gz", b"", "log.csv.gz is empty"),
        ("log.ndjson", b"\n\n", "log.ndjson holds no rows"),
        ("log.csv", b"order,when\nA1,x\n", "log.csv has no column 'order_no'; it has order, when"),
        ("log.csv", b"order_no,when,when\nA1,x,y\n", "log.csv has 2 columns 'when'"),
        ("log.ndjson", b'{"order_no":"A1"}\n{"time":"x"}\n', "log.ndjson has no column 'when'; it has order_no, time"),
        (
            "log.csv",
            b"order_no,when\nA1,x\nB2,\xe4\n",
            r"line 3 is not UTF-8 \(byte 0xe4 at position 4\); export it as",
        ),
        ("log.csv", "order_no,when\nA1,x\n".encode("utf-16"), "line 1 is not UTF-8"),
        ("log.ndjson", b'{"order_no":"\xff"}', "line 1 is not UTF-8"),
        ("log.csv", b"order_no,when\nA1,x\nB2,y,z\n", "line 3 has 3 cells, the header has 2; is ',' the delimiter"),
        ("log.csv", b"order_no,when\nA1\n", "line 2 has 1 cells, the header has 2"),
        ("log.csv", b'order_no,when\nA1,"x" y\n', "line 2 is no CSV"),
        ("log.csv", b'order_no,when\nA1,"never closed\n', "line 2 is no CSV"),
        ("log.ndjson", b'{"order_no":"A1","when":"x"}\n{"order_no"\n', "line 2 is no JSON"),
        ("log.ndjson", b"[1]\n", "line 1 must hold an object; it holds a list"),
        ("log.parquet", b"PAR1 but not really", "log.parquet is no Parquet file, or a broken one"),
    ],
)
def test_a_file_that_can_not_be_read_is_refused_with_its_place(tmp_path, name, content, message):
    with pytest.raises(FeedError, match=message):
        list(read_rows(write(tmp_path / name, content), COLUMNS))


def test_an_empty_parquet_file_and_one_that_lacks_a_column_are_refused(tmp_path):
    with pytest.raises(FeedError, match="holds no rows"):
        list(read_rows(write_parquet(tmp_path / "a.parquet", order_no=pa.array([], pa.string()), when=[]), COLUMNS))
    with pytest.raises(FeedError, match="has no column 'when'; it has order_no"):
        list(read_rows(write_parquet(tmp_path / "b.parquet", order_no=["A1"]), COLUMNS))


def test_a_zipped_file_that_is_cut_off_or_not_zipped_is_refused(tmp_path):
    path = tmp_path / "log.csv.gz"
    path.write_bytes(gzip.compress((CSV * 1000).encode())[:-20])
    with pytest.raises(FeedError, match="broken or cut off"):
        list(read_rows(path, ()))
    path.write_bytes(CSV.encode())
    with pytest.raises(FeedError, match="broken or cut off"):
        list(read_rows(path, ()))


@pytest.mark.parametrize("name", ["log.xlsx", "log", "log.parquet.gz", "log.csv.zip"])
def test_other_formats_are_refused_by_name(tmp_path, name):
    with pytest.raises(FeedError, match=f"a log is a .csv, .ndjson, .jsonl .* file; got {name}"):
        file_format(tmp_path / name)


def test_places_are_lines_but_rows_in_parquet(tmp_path):
    assert (place_word(tmp_path / "a.csv.gz"), place_word(tmp_path / "a.parquet")) == ("line", "row")


@pytest.mark.parametrize("name", ["long.csv", "long.ndjson"])
def test_a_long_file_is_read_in_little_memory(tmp_path, name):
    path = tmp_path / name
    line = '{"order_no":"A1","when":"2026-11-20 10:00:00"}\n' if name.endswith("ndjson") else "A1,2026-11-20 10:00:00\n"
    with path.open("w") as lines:
        lines.write("" if name.endswith("ndjson") else "order_no,when\n")
        lines.writelines(line for _ in range(30_000))
    tracemalloc.start()
    count = sum(1 for _ in read_rows(path, COLUMNS))
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 30_000
    assert peak_bytes < path.stat().st_size / 2
