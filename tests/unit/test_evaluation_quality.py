"""What the quality gate gains is counted right, and every damage does what its name says."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from app.commands import evaluate, evaluate_quality
from app.errors import InputError
from app.evaluation.gating import TEMPLATE_SIZE, UNDAMAGED, Trial, damages, gating_report, try_photos
from app.evaluation.labels import LabelledIdentity
from app.faces.calibration import read_calibration
from app.inference.types import RgbImage
from tests.benchmark.sections import quality
from tests.unit.labelled_pictures import ColourEngine, paint, write_list

MODEL, MESH = "dlib-resnet29-v1", "mediapipe-0.10.30/blazeface-short+facemesh-468"
THRESHOLD = 0.9


def trial(damage: str, limit: str | None, genuine: float, impostor: float) -> Trial:
    return Trial("anna", damage, limit, genuine, np.array([impostor, 0.0], np.float32))


TRIALS = [
    trial(UNDAMAGED, None, 0.95, 0.1),
    trial(UNDAMAGED, None, 0.85, 0.1),
    trial("blurred", "sharpness", 0.5, 0.95),
    trial("darkened", "luminance", 0.95, 0.2),
]


@pytest.fixture
def picture() -> RgbImage:
    return np.random.default_rng(1).integers(60, 180, (64, 64, 3)).astype(np.uint8)


def people(folder: Path, photos: int) -> list[LabelledIdentity]:
    return [
        LabelledIdentity(folder / paint(folder, f"{name}/{photo}.png", (10 * name + 5, photo, 0)), str(name))
        for name in range(3)
        for photo in range(photos)
    ]


def test_the_gate_is_judged_by_what_is_left_behind_it() -> None:
    report = gating_report(TRIALS, Counter({"darkened": 2}), THRESHOLD)
    assert report["photos"] == 6
    assert report["ungated"] == {
        "trials": 4, "fnmr": {"share": 0.5, "bounds95": pytest.approx((0.15, 0.85), abs=0.01), "of": 4},
        "fmr": 1 / 8,
    }  # fmt: skip
    assert report["gated"]["fnmr"]["share"] == 0.5
    assert report["gated"]["fmr"] == 0.0


def test_what_is_refused_is_said_by_damage_and_component() -> None:
    report = gating_report(TRIALS, Counter(), THRESHOLD)
    shares = {name: share["share"] for name, share in report["refusedByDamage"].items()}
    assert shares == {"blurred": 1.0, "darkened": 1.0, UNDAMAGED: 0.0}
    assert report["refusedFor"] == {"luminance mean": 1, "sharpness": 1}
    assert report["refusedThatWouldNotHaveMatched"]["share"] == 0.5
    assert report["refused"]["share"] == 0.5


def test_every_damage_does_what_its_name_says(picture: RgbImage) -> None:
    damaged = {name: apply(picture) for name, apply in damages(np.random.default_rng(2)).items()}
    assert (damaged[UNDAMAGED] == picture).all()
    assert damaged["darkened"].mean() < picture.mean() < damaged["over-exposed"].mean()
    assert damaged["flattened"].std() < picture.std() > damaged["blurred"].std()
    assert damaged["flattened"].mean() == pytest.approx(picture.mean(), abs=2)
    assert damaged["shrunk"].shape[0] < picture.shape[0]
    assert all(image.dtype == np.uint8 for image in damaged.values())


def test_photos_beyond_the_template_are_tried_in_every_damage(tmp_path: Path) -> None:
    entries = people(tmp_path, TEMPLATE_SIZE + 2)
    trials, missed = try_photos(ColourEngine(), entries, np.random.default_rng(1))
    assert len(trials) + sum(missed.values()) == 3 * 2 * 6
    best = {each.person: each.genuine for each in trials if each.damage == UNDAMAGED}
    assert sorted(best) == ["0", "1", "2"]
    assert min(best.values()) > 0.9


def test_who_has_no_photo_to_spare_is_not_tried(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="two people with more than 3 photos"):
        try_photos(ColourEngine(), people(tmp_path, TEMPLATE_SIZE), np.random.default_rng(1))


def test_the_command_prints_and_writes_what_it_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = people(tmp_path, TEMPLATE_SIZE + 1)
    rows = [(entry.path.relative_to(tmp_path), entry.identity) for entry in entries]
    listed = write_list(tmp_path / "people.csv", ("path", "identity"), rows)
    monkeypatch.setattr(evaluate, "load_engine", lambda *_: ColourEngine())
    monkeypatch.setattr(
        evaluate_quality, "read_calibration", lambda *_: read_calibration(Path("config"), MODEL, MESH)
    )
    arguments = ["quality", "--identities", listed, "--root", tmp_path, "--json", tmp_path / "out.json"]
    ran = CliRunner().invoke(evaluate.evaluate_commands, list(map(str, arguments)), catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    assert "ungated fnmr share" in ran.output
    assert json.loads((tmp_path / "out.json").read_text())["photos"] == 3 * 6


def test_the_section_shows_both_sides_of_the_gate() -> None:
    report = {**gating_report(TRIALS, Counter(), THRESHOLD), "rate": 1e-4}
    text = quality.render({"sets": {"faces": report}})
    assert "| those that pass the gate | 2 | 50.00 % | 9.45 % … 90.55 % | 0.0000 % |" in text
    assert (
        "Of the refused 50.00 % would not have matched. Refused for: luminance mean 1, sharpness 1." in text
    )
