"""Tables of volumes: what is read, what is set in order and said, and what is refused with a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from limner.errors import InputError
from limner.forecast.series import read_series

HEAD = "patient,day,volume_ml\n"
CROWD = "".join(f"p{number},0,1\np{number},40,2\np{number},80,\n" for number in range(20))


def _table(folder: Path, text: str | bytes) -> Path:
    path = folder / "series.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_series_in_the_order_of_the_table(tmp_path: Path) -> None:
    rows = "b,-8,4\na,0,1.5\nb,30,0\na,40,\nb,70,\nb,110,\n"
    table = read_series(_table(tmp_path, HEAD + rows))
    assert list(table.series) == ["b", "a"] and table.problems == ()
    assert table.series["b"].days.tolist() == [-8, 30] and table.series["b"].volumes_ml.tolist() == [4, 0]
    assert table.asked == (("a", 40.0), ("b", 70.0), ("b", 110.0))


@pytest.mark.parametrize(
    "text",
    [
        b"\xef\xbb\xbf" + (HEAD + "a,0,1.5\na,40,\n").encode(),
        "Patient;Day;Volume_ml\r\na;0;1,5\r\na;40;\r\n",
        "volume_ml\tnote\tpatient\tday\n1.5\tx\ta\t0\n\t\ta\t40\n\n",
    ],
    ids=["byte order mark", "semicolons and decimal commas", "tabs and another order"],
)
def test_forms_that_spreadsheets_write(tmp_path: Path, text: str | bytes) -> None:
    table = read_series(_table(tmp_path, text))
    assert table.series["a"].volumes_ml.tolist() == [1.5] and table.asked == (("a", 40.0),)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["empty", "patient, day, volume_ml"]),
        (HEAD, ["no rows"]),
        ("patient,day,volume\na,0,1\na,9,\n", ["lacks", "volume_ml", "mean 'volume'"]),
        ("patient,days,volume_ml\na,0,1\na,9,\n", ["lacks", "'day'", "mean 'days'"]),
        ("patient,day,day,volume_ml\na,0,0,1\na,9,9,\n", ["twice"]),
        (HEAD + "a,0,big\na,9,\n", ["line 2", "volume_ml is 'big'"]),
        (HEAD + "a,2024-01-05,1\na,9,\n", ["line 2", "day is '2024-01-05'", "numbers"]),
        (HEAD + "a,0,-1\na,9,\n", ["line 2", "negative"]),
        (HEAD + "a,0,nan\na,9,\n", ["line 2", "'nan'"]),
        (HEAD + "a,0,inf\na,9,\n", ["line 2", "'inf'"]),
        (HEAD + "a,inf,1\na,9,\n", ["line 2", "day is 'inf'"]),
        (HEAD + "a,0,52000000\na,9,\n", ["line 2", "mm³"]),
        (HEAD + "a,0,1,5\na,9,\n", ["line 2", "4 values under 3 columns"]),
        (HEAD + ",0,1\na,9,\n", ["line 2", "patient is empty"]),
        (HEAD + "a,,1\na,9,\n", ["line 2", "day is empty"]),
        (HEAD + "a,0,1\na,9,2\n", ["asks for nothing", "empty"]),
        (HEAD + "a,0,1\na,9,\nb,5,\n", ["nothing is known", "line 4"]),
        (HEAD + "a,0,1\na,30,2\na,20,3\na,60,\n", ["line 4", "back from day 30 to 20"]),
        (HEAD + "a,0,1\na,30,2\na,10,\n", ["line 4", "day 10", "not after the last reading (day 30)"]),
        (HEAD + "a,0,1\na,0,2\na,10,\n", ["line 3", "second reading"]),
        ("\xff\xfe".encode("latin-1"), ["UTF-8"]),
        (b"patient,day,volume_ml\0", ["zero bytes"]),
    ],
)
def test_bad_tables_are_refused_with_the_reason(tmp_path: Path, text: str | bytes, words: list[str]) -> None:
    with pytest.raises(InputError) as refused:
        read_series(_table(tmp_path, text))
    for word in words:
        assert word in str(refused.value)


def test_no_message_names_a_patient(tmp_path: Path) -> None:
    for rows in ("Meyer,0,-1\n", "Meyer,9,\n", "Meyer,9,1\nMeyer,8,2\nMeyer,10,\n", "Meyer,0,1\n"):
        with pytest.raises(InputError) as refused:
            read_series(_table(tmp_path, HEAD + rows))
        assert "Meyer" not in str(refused.value)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no table at 'nowhere.csv'"):
        read_series(tmp_path / "nowhere.csv")


def test_one_patient_out_of_order_does_not_stop_twenty(tmp_path: Path) -> None:
    table = read_series(_table(tmp_path, HEAD + CROWD + "x,50,4\nx,0,1\nx,50,2\nx,30,\nx,90,\n"))
    assert table.series["x"].days.tolist() == [0, 50] and table.series["x"].volumes_ml.tolist() == [1, 3]
    assert len(table.problems) == 1 and "line 63" in table.problems[0]
    assert table.series["x"].until(30).days.tolist() == [0]


def test_the_same_reading_twice_is_no_fault(tmp_path: Path) -> None:
    table = read_series(_table(tmp_path, HEAD + "a,0,1\na,0,1\na,40,\n"))
    assert table.series["a"].days.tolist() == [0] and table.problems == ()


def test_what_is_smaller_than_a_millimetre_counts_as_not_seen_and_is_told(tmp_path: Path) -> None:
    path = tmp_path / "series.csv"
    path.write_text("patient,day,volume_ml\na,0,1\na,30,0.0001\na,60,\nb,0,0.0006\nb,30,\n")
    found = read_series(path)
    assert found.series["a"].volumes_ml.tolist() == [1.0, 0.0]
    assert found.series["b"].volumes_ml.tolist() == [0.0006]
    assert found.problems == ("1 reading(s) under 0.00052 ml, a ball of 1 mm, count as not seen.",)
