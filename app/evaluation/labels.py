"""Label files: CSV with a header, paths relative to a root folder; every mistake names its row."""

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from app.errors import InputError

T = TypeVar("T")
Row = Mapping[str, str]

UNNAMED_ATTACK = "unnamed"


@dataclass(frozen=True, slots=True)
class LabelledPair:
    """Two photos and whether they show one person."""

    first: Path
    second: Path
    same: bool


@dataclass(frozen=True, slots=True)
class LabelledIdentity:
    """One photo and the name of who is on it."""

    path: Path
    identity: str


@dataclass(frozen=True, slots=True)
class LabelledAge:
    """One photo with age and gender of who is on it."""

    path: Path
    age: float
    """Years."""
    is_male: bool


@dataclass(frozen=True, slots=True)
class LabelledCount:
    """One photo and how many faces are on it."""

    path: Path
    faces: int


@dataclass(frozen=True, slots=True)
class LabelledPresentation:
    """One still, folder of frames or video of a live person or of an attack."""

    path: Path
    live: bool
    species: str
    """Kind of attack; empty for a live person."""


def read_pairs(csv_path: Path, root: Path) -> list[LabelledPair]:
    """Read `path_a,path_b,same`, the last one 1 or 0."""
    read_same = {"1": True, "0": False}.__getitem__

    def pair(row: Row) -> LabelledPair:
        return LabelledPair(
            _photo(row, "path_a", root), _photo(row, "path_b", root), _value(row, "same", read_same, "1 or 0")
        )

    return _read(csv_path, ("path_a", "path_b", "same"), pair)


def read_identities(csv_path: Path, root: Path) -> list[LabelledIdentity]:
    """Read `path,identity`."""

    def photo(row: Row) -> LabelledIdentity:
        return LabelledIdentity(_photo(row, "path", root), _value(row, "identity", _name, "a name"))

    return _read(csv_path, ("path", "identity"), photo)


def read_ages(csv_path: Path, root: Path) -> list[LabelledAge]:
    """Read `path,age,gender`, the last one m or f."""
    read_gender = {"m": True, "f": False}.__getitem__

    def photo(row: Row) -> LabelledAge:
        return LabelledAge(
            _photo(row, "path", root),
            _value(row, "age", _years, "a number of years"),
            _value(row, "gender", read_gender, "m or f"),
        )

    return _read(csv_path, ("path", "age", "gender"), photo)


def read_counts(csv_path: Path, root: Path) -> list[LabelledCount]:
    """Read `path,n_faces`."""

    def photo(row: Row) -> LabelledCount:
        return LabelledCount(_photo(row, "path", root), _value(row, "n_faces", _count, "a whole number"))

    return _read(csv_path, ("path", "n_faces"), photo)


def read_presentations(csv_path: Path, root: Path) -> list[LabelledPresentation]:
    """Read `path,live,attack_type`: `live` 1 or 0, `path` a file or a folder.

    An attack without a type counts as `UNNAMED_ATTACK`; a live person must have none.
    """
    read_live = {"1": True, "0": False}.__getitem__

    def presentation(row: Row) -> LabelledPresentation:
        path, live = _capture(row, "path", root), _value(row, "live", read_live, "1 or 0")
        species = (row["attack_type"] or "").strip()
        if live and species:
            raise InputError("attack_type", f"must be empty for a live person, not {species!r}")
        return LabelledPresentation(path, live, species if live else species or UNNAMED_ATTACK)

    return _read(csv_path, ("path", "live", "attack_type"), presentation)


def _read(csv_path: Path, columns: tuple[str, ...], parse: Callable[[Row], T]) -> list[T]:
    try:
        with csv_path.open(encoding="utf-8-sig", newline="") as stream:
            entries = list(_parsed(csv_path, csv.DictReader(stream), columns, parse))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(str(csv_path), f"cannot be read ({error})") from None
    if not entries:
        raise InputError(str(csv_path), "has no rows")
    return entries


def _parsed(
    csv_path: Path, reader: "csv.DictReader[str]", columns: tuple[str, ...], parse: Callable[[Row], T]
) -> Iterator[T]:
    missing = [column for column in columns if column not in (reader.fieldnames or ())]
    if missing:
        raise InputError(str(csv_path), f"needs the column {missing[0]} (columns: {','.join(columns)}, …)")
    for row in reader:
        try:
            yield parse(row)
        except InputError as error:
            raise InputError(f"{csv_path} line {reader.line_num}, {error.field}", error.detail) from None


def _photo(row: Row, column: str, root: Path) -> Path:
    path = root / (row[column] or "")
    if not path.is_file():
        raise InputError(column, f"there is no file {path}")
    return path


def _capture(row: Row, column: str, root: Path) -> Path:
    name = (row[column] or "").strip()
    path = root / name
    if not name or not (path.is_file() or path.is_dir()):
        raise InputError(column, f"there is no file or folder {path}")
    return path


def _value(row: Row, column: str, parse: Callable[[str], T], wanted: str) -> T:
    try:
        return parse((row[column] or "").strip().lower() if column != "identity" else row[column])
    except (KeyError, ValueError):
        raise InputError(column, f"must be {wanted}, not {row[column]!r}") from None


def _name(text: str) -> str:
    if not text or not text.strip():
        raise ValueError
    return text.strip()


def _years(text: str) -> float:
    years = float(text)
    if not 0 <= years <= 150:
        raise ValueError
    return years


def _count(text: str) -> int:
    count = int(text)
    if count < 0:
        raise ValueError
    return count
