"""`flask evaluate` and `flask calibrate` from label files to numbers, files and pictures."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.commands import calibrate as calibrate_module
from app.commands import evaluate as evaluate_module
from app.evaluation.photos import read_photo, with_border
from app.faces.calibration import read_calibration
from tests.unit.labelled_pictures import BLACK, ColourEngine, paint, write_list

PEOPLE, PHOTOS = 12, 10
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command with an engine that knows colours, without key or database."""

    def load_engine(_models_dir: Path, _landmarker: str) -> ColourEngine:
        return ColourEngine()

    monkeypatch.setattr(evaluate_module, "load_engine", load_engine)
    monkeypatch.setattr(calibrate_module, "load_engine", load_engine)

    def command(*arguments: object) -> Result:
        group = {
            "evaluate": evaluate_module.evaluate_commands,
            "calibrate": calibrate_module.calibrate_commands,
        }
        common = ["--root", str(tmp_path), "--config-dir", str(tmp_path / "config")]
        name, *rest = [str(argument) for argument in arguments]
        return CliRunner().invoke(group[name], [*rest, *common])

    return command


@pytest.fixture
def people(tmp_path: Path) -> Path:
    rows = [
        (paint(tmp_path, f"{person}/{photo}.png", (person * 10 + 5, photo * 7, 0)), f"person {person}")
        for person in range(PEOPLE)
        for photo in range(PHOTOS)
    ]
    return write_list(tmp_path / "people.csv", ("path", "identity"), rows)


def read_json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def test_a_calibration_is_written_and_can_be_evaluated(run: Run, people: Path, tmp_path: Path) -> None:
    made = run("calibrate", "recognition", "--identities", people, "--dataset", "colours")
    assert made.exit_code == 0, made.output
    assert "1 in 1,000,000" in made.output
    assert "no face in 0 more" in made.output
    calibration = read_calibration(tmp_path / "config", "test-net", "test-mesh")
    assert (calibration.dataset, calibration.people, calibration.photos) == (
        "colours",
        PEOPLE,
        PEOPLE * PHOTOS,
    )

    pairs = write_list(
        tmp_path / "pairs.csv",
        ("path_a", "path_b", "same"),
        [
            ("0/0.png", "0/1.png", 1),
            ("0/0.png", "1/0.png", 0),
            ("2/0.png", "2/5.png", 1),
            ("3/0.png", "4/0.png", 0),
        ],
    )
    done = run(
        "evaluate", "recognition", "--pairs", pairs, "--identities", people,
        "--json", tmp_path / "r.json", "--pictures", tmp_path / "pictures",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    report = read_json(tmp_path / "r.json")
    assert set(report) == {"pairs", "templates"}
    assert {"n", "accuracy", "accuracyAtShippedThreshold", "failedToAcquire"} <= set(report["pairs"])
    assert report["pairs"]["n"] == 4
    assert report["templates"]["size"] == 3
    assert (report["templates"]["photos"], report["templates"]["failedToAcquire"]) == (PEOPLE * PHOTOS, 0)
    assert {"fmr", "fnmr", "threshold", "fnmr95", "fmr95", "oneIn"} <= set(
        report["templates"]["operatingPoints"][0]
    )
    assert sorted(path.name for path in (tmp_path / "pictures").iterdir()) == [
        "pairs-det.png", "pairs-scores.png", "templates-det.png", "templates-scores.png",
    ]  # fmt: skip


def test_templates_of_several_sizes_are_measured_in_one_run(run: Run, people: Path, tmp_path: Path) -> None:
    assert run("calibrate", "recognition", "--identities", people).exit_code == 0
    out = tmp_path / "report.json"
    sizes = ("--template-size", 2, "--template-size", 1)
    ran = run("evaluate", "recognition", "--identities", people, *sizes, "--json", out)
    assert ran.exit_code == 0, ran.output
    report = read_json(out)
    assert {name: part and part["size"] for name, part in report.items()} == {
        "pairs": None, "templates": 2, "templates of 1": 1,
    }  # fmt: skip


def test_recognition_without_a_calibration_says_what_to_do(run: Run, people: Path) -> None:
    failed = run("evaluate", "recognition", "--identities", people)
    assert failed.exit_code == 1
    assert "flask calibrate recognition" in failed.output


def test_recognition_needs_something_to_compare(run: Run) -> None:
    assert run("evaluate", "recognition").exit_code == 2


def test_too_few_people_are_no_calibration(run: Run, tmp_path: Path) -> None:
    lonely = write_list(
        tmp_path / "one.csv", ("path", "identity"), [(paint(tmp_path, "a.png", (9, 9, 0)), "anna")]
    )
    failed = run("calibrate", "recognition", "--identities", lonely)
    assert failed.exit_code == 1
    assert "two people" in failed.output
    assert not (tmp_path / "config").exists()


def test_ages_are_measured_by_band_and_gender_from_sixteen(run: Run, tmp_path: Path) -> None:
    rows = [
        (paint(tmp_path, "child.png", (12, 200, 0)), 10, "f"),  # two years off, wrong gender
        (paint(tmp_path, "adult.png", (34, 200, 0)), 30, "m"),  # four years off
        (paint(tmp_path, "old.png", (70, 10, 0)), 70, "f"),
        (paint(tmp_path, "nobody.png", BLACK), 40, "m"),
    ]
    listed = write_list(tmp_path / "ages.csv", ("path", "age", "gender"), rows)
    done = run(
        "evaluate", "age", "--labels", listed, "--json", tmp_path / "a.json", "--pictures", tmp_path / "p"
    )
    assert done.exit_code == 0, done.output
    report = read_json(tmp_path / "a.json")
    assert (report["n"], report["mae"], report["failedToAcquire"]) == (3, 2.0, 1)
    assert report["maeByBand"]["0-12"] == 2.0
    assert report["maeByBand"]["25-34"] == 4.0
    assert report["maeByBand"]["13-17"] is None
    assert report["genderAccuracy"] == pytest.approx(2 / 3)
    assert report["genderAccuracyFrom16"] == 1.0
    assert len(list((tmp_path / "p").iterdir())) == 2


def test_detection_counts_exactly_and_keeps_empty_scenes_apart(run: Run, tmp_path: Path) -> None:
    rows = [
        (paint(tmp_path, "empty.png", BLACK), 0),
        (paint(tmp_path, "animal.png", (9, 0, 0)), 0),  # one face found where there is none
        (paint(tmp_path, "three.png", (9, 0, 3)), 3),
        (paint(tmp_path, "crowd.png", (9, 0, 30)), 32),
    ]
    listed = write_list(tmp_path / "detect.csv", ("path", "n_faces"), rows)
    done = run(
        "evaluate",
        "detection",
        "--labels",
        listed,
        "--json",
        tmp_path / "d.json",
        "--pictures",
        tmp_path / "p",
    )
    assert done.exit_code == 0, done.output
    report = read_json(tmp_path / "d.json")
    assert (report["n"], report["exactCount"], report["emptyScenesClean"]) == (4, 0.5, 0.5)
    assert report["byFaces"]["6+"] == {"n": 1, "exactCount": 0.0, "faces": 32, "found": 30}
    assert (tmp_path / "p" / "detection-confusion.png").stat().st_size > 0


def test_a_file_that_is_no_picture_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "note.png").write_text("hello")
    listed = write_list(tmp_path / "detect.csv", ("path", "n_faces"), [("note.png", 0)])
    failed = run("evaluate", "detection", "--labels", listed)
    assert failed.exit_code == 1
    assert "note.png: is not a picture" in failed.output


def test_missing_matplotlib_is_said_before_the_work(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    listed = write_list(tmp_path / "detect.csv", ("path", "n_faces"), [(paint(tmp_path, "a.png", BLACK), 0)])
    failed = run("evaluate", "detection", "--labels", listed, "--pictures", tmp_path / "p")
    assert failed.exit_code == 1
    assert "needs matplotlib" in failed.output


def test_a_border_leaves_the_picture_in_the_middle(tmp_path: Path) -> None:
    image = read_photo(tmp_path / paint(tmp_path, "a.png", (1, 2, 3)))
    framed = with_border(image, 0.5)
    assert framed.shape == (64, 64, 3)
    assert framed[0, 0].tolist() == [0, 0, 0]
    assert framed[32, 32].tolist() == [1, 2, 3]
