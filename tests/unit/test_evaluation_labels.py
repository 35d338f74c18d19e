"""Label files are read as they are meant, and every mistake names its line."""

from pathlib import Path

import pytest

from app.errors import InputError
from app.evaluation.labels import (
    LabelledAge,
    LabelledPair,
    read_ages,
    read_counts,
    read_identities,
    read_pairs,
)
from tests.unit.labelled_pictures import BLACK, paint, write_list


def test_pairs_are_found_below_the_root(tmp_path: Path) -> None:
    first, second = paint(tmp_path, "one/a.png", BLACK), paint(tmp_path, "b.png", BLACK)
    listed = write_list(tmp_path / "pairs.csv", ("path_a", "path_b", "same"), [(first, second, 1)])
    assert read_pairs(listed, tmp_path) == [LabelledPair(tmp_path / first, tmp_path / second, same=True)]


def test_further_columns_and_a_byte_order_mark_are_no_harm(tmp_path: Path) -> None:
    paint(tmp_path, "a.png", BLACK)
    listed = tmp_path / "ages.csv"
    listed.write_text("\ufeffpath,age,gender,race_code\na.png,24,f,4\n", encoding="utf-8")
    assert read_ages(listed, tmp_path) == [LabelledAge(tmp_path / "a.png", 24.0, is_male=False)]


def test_names_keep_their_letters(tmp_path: Path) -> None:
    paint(tmp_path, "a.png", BLACK)
    listed = write_list(tmp_path / "people.csv", ("path", "identity"), [("a.png", "José Ortega")])
    assert read_identities(listed, tmp_path)[0].identity == "José Ortega"


@pytest.mark.parametrize(
    ("columns", "row", "problem"),
    [
        (("path", "n_faces"), ("gone.png", 1), "line 3, path: there is no file"),
        (("path", "n_faces"), ("a.png", "many"), "line 3, n_faces: must be a whole number, not 'many'"),
        (("path", "n_faces"), ("a.png", -1), "line 3, n_faces"),
        (("path", "faces"), ("a.png", 1), "needs the column n_faces"),
        (("path", "n_faces"), ("a.png",), "line 3, n_faces"),
    ],
)
def test_a_mistake_names_its_line(
    tmp_path: Path, columns: tuple[str, ...], row: tuple[object, ...], problem: str
) -> None:
    paint(tmp_path, "a.png", BLACK)
    listed = write_list(tmp_path / "detect.csv", columns, [("a.png", 0), row])
    with pytest.raises(InputError, match=problem):
        read_counts(listed, tmp_path)


@pytest.mark.parametrize("same", ["", "yes", "2"])
def test_same_is_one_or_zero(tmp_path: Path, same: str) -> None:
    paint(tmp_path, "a.png", BLACK)
    listed = write_list(tmp_path / "pairs.csv", ("path_a", "path_b", "same"), [("a.png", "a.png", same)])
    with pytest.raises(InputError, match="same: must be 1 or 0"):
        read_pairs(listed, tmp_path)


@pytest.mark.parametrize(
    ("age", "gender", "named"), [("-1", "m", "age"), ("nan", "m", "age"), ("9", "x", "gender")]
)
def test_ages_and_genders_are_checked(tmp_path: Path, age: str, gender: str, named: str) -> None:
    paint(tmp_path, "a.png", BLACK)
    listed = write_list(tmp_path / "ages.csv", ("path", "age", "gender"), [("a.png", age, gender)])
    with pytest.raises(InputError, match=named):
        read_ages(listed, tmp_path)


def test_a_list_without_rows_is_refused(tmp_path: Path) -> None:
    listed = write_list(tmp_path / "people.csv", ("path", "identity"), [])
    with pytest.raises(InputError, match="no rows"):
        read_identities(listed, tmp_path)


def test_a_list_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    listed = tmp_path / "people.csv"
    listed.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="cannot be read"):
        read_identities(listed, tmp_path)
