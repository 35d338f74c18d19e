"""Thresholds come from the calibration file, or not at all."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.decision.types import RecognitionMode
from app.errors import InputError, SettingsError
from app.faces.calibration import (
    Calibration,
    SizeTable,
    load_calibration,
    rate_per_comparison,
    read_calibration,
    thresholds,
)

CONFIG = Path(__file__).resolve().parents[2] / "config"
MODE = RecognitionMode.UNIQUE_MATCH


def table(smaller: int, larger: int, base: float) -> dict[str, Any]:
    """Thresholds that rise by 0.01 a decade."""
    points = [
        {"fmr": float(f"1e-{decade}"), "threshold": round(base + 0.01 * decade, 6), "fnmr": 0.01,
         "extrapolated": decade > 5, "fmr95": 0.1}
        for decade in range(1, 10)
    ]  # fmt: skip
    return {"smaller": smaller, "larger": larger, "people": 9, "impostorComparisons": 100,
            "genuineComparisons": 100, "points": points}  # fmt: skip


def document() -> dict[str, Any]:
    return {
        "model": "test-net", "landmarker": "test-mesh", "dataset": "made up", "people": 9, "photos": 90,
        "date": "2026-01-01", "method": "made up",
        "singlePhoto": {"threshold": 0.9, "fmr": 0.001, "provenance": "made up"},
        "tables": [table(1, 1, 0.80), table(1, 2, 0.82), table(2, 2, 0.84)],
    }  # fmt: skip


CALIBRATION = Calibration.model_validate(document())


def write(folder: Path, name: str, content: str) -> Path:
    path = folder / "calibration" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)
    return path


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [(1, 1, 0.85), (1, 2, 0.87), (2, 1, 0.87), (2, 2, 0.89), (0.5, 1, 0.85), (9, 9, 0.89)],
)
def test_calibrated_sizes_have_their_own_thresholds(first: float, second: float, expected: float) -> None:
    assert CALIBRATION.threshold(first, second, 1e-5) == pytest.approx(expected)


def test_between_two_sizes_the_threshold_is_interpolated_on_the_strict_side() -> None:
    halfway = CALIBRATION.threshold(1.5, 1.0, 1e-5)
    straight_line = (0.85 + 0.87) / 2
    assert straight_line < halfway < 0.87
    assert halfway == pytest.approx(0.85 + 0.02 * 2 / 3)  # 1/1.5 is two thirds of the way from 1 to 1/2


def test_between_two_rates_the_stricter_threshold_holds() -> None:
    assert CALIBRATION.threshold(1, 1, 3e-5) == CALIBRATION.threshold(1, 1, 1e-5)


def test_a_rate_that_nobody_measured_is_refused() -> None:
    with pytest.raises(SettingsError, match="falseMatchRate"):
        CALIBRATION.threshold(1, 1, 1e-12)


@pytest.mark.parametrize("rate", [0.0, 1.0, -1e-5, float("nan")])
def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    with pytest.raises(InputError, match="falseMatchRate"):
        thresholds(CALIBRATION, MODE, rate, (1, 1), 1)


def test_a_match_holds_the_configured_rate_for_both_sizes() -> None:
    required = thresholds(CALIBRATION, MODE, 1e-5, (2, 1), 1)
    assert required.mode is MODE
    assert required.match_threshold == pytest.approx(0.87)


@pytest.mark.parametrize("size", [1, 10, 1000, 50_000])
def test_a_search_is_wrong_about_a_stranger_at_most_once_in_a_thousand(size: int) -> None:
    rate = rate_per_comparison(1e-3, size)
    assert 1 - (1 - rate) ** size == pytest.approx(1e-3, rel=1e-6)
    required = thresholds(CALIBRATION, MODE, 1e-2, (1, 1), size, found_size=1)
    assert required.search_threshold >= CALIBRATION.threshold(1, 1, rate)


def test_a_search_is_never_looser_than_the_configured_rate() -> None:
    required = thresholds(CALIBRATION, MODE, 1e-5, (1, 1), 2, found_size=1)
    assert required.search_threshold == required.match_threshold


def test_a_search_threshold_rises_with_the_collection() -> None:
    rising = [
        thresholds(CALIBRATION, MODE, 1e-3, (1, 1), size).search_threshold for size in (1, 10, 100, 10_000)
    ]
    assert rising == sorted(rising)
    assert rising[0] < rising[-1]


def test_the_strictest_size_is_taken_for_a_face_of_unknown_size() -> None:
    unknown = thresholds(CALIBRATION, MODE, 1e-5, (1, 1), 1).search_threshold
    assert unknown == thresholds(CALIBRATION, MODE, 1e-5, (1, 1), 1, found_size=2).search_threshold


def test_without_review_there_is_no_uncertain_band() -> None:
    required = thresholds(CALIBRATION, MODE, 1e-3, (1, 1), 10_000)
    assert required.review_threshold == required.search_threshold


def test_the_review_band_reaches_down_but_spares_the_operators() -> None:
    small = thresholds(CALIBRATION, MODE, 1e-3, (1, 1), 10, review_uncertain=True, found_size=1)
    assert small.review_threshold == CALIBRATION.threshold(1, 1, 1e-3)
    large = thresholds(CALIBRATION, MODE, 1e-3, (1, 1), 10_000, review_uncertain=True, found_size=1)
    assert large.review_threshold == CALIBRATION.threshold(1, 1, rate_per_comparison(0.05, 10_000))
    assert large.review_threshold < large.search_threshold


def test_a_missing_calibration_stops_the_service(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no calibration of test-net on test-mesh"):
        read_calibration(tmp_path, "test-net", "test-mesh")


def test_a_calibration_of_another_landmarker_stops_the_service(tmp_path: Path) -> None:
    write(tmp_path, "test-net.json", json.dumps(document()))
    assert read_calibration(tmp_path, "test-net", "test-mesh").date == "2026-01-01"
    with pytest.raises(SettingsError, match="there is: test-net on test-mesh"):
        read_calibration(tmp_path, "test-net", "another-mesh")


def test_a_file_that_is_named_after_another_model_does_not_count(tmp_path: Path) -> None:
    write(tmp_path, "other-net.json", json.dumps(document()))
    with pytest.raises(SettingsError, match="no calibration"):
        read_calibration(tmp_path, "other-net", "test-mesh")


def test_each_landmarker_may_have_a_file_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, "test-net.json", json.dumps(document()))
    write(tmp_path, "test-net.second.json", json.dumps(document() | {"landmarker": "second", "date": "x"}))
    assert read_calibration(tmp_path, "test-net", "second").date == "x"


def broken(**changes: Any) -> str:
    return json.dumps(document() | changes)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("{", "file"),
        (broken(people=1), "people"),
        (broken(extra=1), "extra"),
        (broken(tables=[table(1, 1, 0.8), table(2, 2, 0.8)]), "every pair of sizes"),
        (broken(tables=[table(2, 2, 0.8)]), "every pair of sizes"),
        (broken(tables=[table(1, 1, 0.8) | {"points": table(1, 1, 0.8)["points"][::-1]}]), "lower fmr"),
        (broken(tables=[table(1, 1, 0.95)]), "threshold"),
    ],
    ids=["no JSON", "a value", "unknown field", "a hole", "no size 1", "not monotone", "cosine above 1"],
)
def test_a_broken_calibration_names_what_is_wrong(tmp_path: Path, content: str, named: str) -> None:
    path = write(tmp_path, "test-net.json", content)
    with pytest.raises(SettingsError, match=f"(?s){path}.*{named}"):
        load_calibration(path)


SHIPPED = sorted((CONFIG / "calibration").glob("*.json"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_the_shipped_calibrations_cover_ten_million_faces(path: Path) -> None:
    calibration = load_calibration(path)
    required = thresholds(calibration, MODE, 1e-5, (1.0, 1.0), 10_000_000)
    assert calibration.threshold(1, 1, 1e-5) < required.search_threshold < 1
    assert path.name.startswith(calibration.model)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_larger_templates_never_have_lower_thresholds(path: Path) -> None:
    calibration = load_calibration(path)
    for smaller, larger in ((1, 2), (2, 3), (3, 5)):
        for point in calibration.tables[0].points:
            lower = calibration.threshold(smaller, smaller, point.fmr)
            assert lower <= calibration.threshold(smaller, larger, point.fmr)
            assert lower <= calibration.threshold(larger, larger, point.fmr)


def test_a_table_must_have_points() -> None:
    with pytest.raises(ValueError, match="points"):
        SizeTable.model_validate(table(1, 1, 0.8) | {"points": []})


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_the_shipped_calibrations_say_what_operators_choose_from_with_bounds(path: Path) -> None:
    calibration = load_calibration(path)
    assert calibration.sizes == [1, 2, 3, 5]
    for table in calibration.tables:
        chosen = {point.one_in: point for point in table.points}
        for one_in in (100, 1000, 10_000, 100_000, 1_000_000):
            point = chosen[one_in]
            assert point.fnmr < point.fnmr95 < 1
            assert point.extrapolated or point.fmr <= point.fmr95
    assert calibration.photos + calibration.failed_to_acquire == 2585
    assert calibration.date >= "2026-11-20"
