"""`flask evaluate liveness`: from labelled presentations to error rates that say what they rest on."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import skimage.data
from click.testing import CliRunner, Result

from app.commands import evaluate as evaluate_module
from app.commands import evaluate_liveness as liveness_module
from app.decision.policy import Policy
from app.errors import InputError, SettingsError
from app.evaluation.intervals import clopper_pearson
from app.evaluation.labels import UNNAMED_ATTACK, LabelledPresentation, read_presentations
from app.evaluation.liveness import PresentationAnswer, passive_limit, score_presentations
from app.evaluation.liveness_captures import MAX_FRAMES, WIDTH, read_frames, read_still
from app.evaluation.liveness_card import render_card
from app.evaluation.liveness_rates import auc, auc_interval, liveness_report
from app.factory import ROOT
from app.inference.types import Embedding, FaceEngine, FaceGeometry, RgbImage
from app.pipeline.planning import MAX_BONA_FIDE
from tests.measurements import embedding_of
from tests.unit.labelled_pictures import BLACK, ColourEngine, write_list

HEIGHT, BROAD = 120, 200
LIVE, ATTACK, TURNED = (204, 10, 0), (51, 10, 0), (204, 10, 200)
OTHER_PERSON = (204, 120, 0)
POLICY = Policy.load(ROOT / "config" / "policy.toml")
COLUMNS = ("path", "live", "attack_type")
Colour = tuple[int, int, int]


class PaintedFaces(ColourEngine):
    """A face in every picture that is not black: red says how live, green who, any blue that it is turned."""

    pad_model = "human-liveness-v1"
    recognition_model = "dlib-resnet29-v1"

    def __init__(self, landmarks: np.ndarray) -> None:
        middle = landmarks.mean(axis=0)
        frontal = landmarks - middle
        self._frontal = (frontal + middle).astype(np.float32)
        turn = np.deg2rad(40)
        rotation = np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]])
        self._turned = (frontal @ rotation.T + middle).astype(np.float32)

    def detect(self, image: RgbImage, max_faces: int) -> list[FaceGeometry]:
        red, _green, blue = image.reshape(-1, 3).mean(axis=0)
        points = self._turned if blue > 50 else self._frontal
        return [FaceGeometry(points, (20.0, 20.0, 40.0, 40.0), 1.0)] if red > 20 else []

    def embed(self, image: RgbImage, face: FaceGeometry) -> Embedding:
        return embedding_of(round(float(image[..., 1].mean()) / 50))

    def bona_fide_score(self, image: RgbImage, face: FaceGeometry) -> float:
        return float(image[..., 0].mean()) / 255


@pytest.fixture(scope="module")
def painted(engine: FaceEngine) -> PaintedFaces:
    [face] = engine.detect(np.ascontiguousarray(skimage.data.astronaut()), 1)
    return PaintedFaces(face.landmarks * np.float32(0.6))


def picture(colour: Colour, seed: int = 0, width: int = BROAD) -> np.ndarray:
    """Return a noisy picture of a colour, blue first, as OpenCV writes it."""
    noise = np.random.default_rng(seed).integers(-8, 9, (HEIGHT, width, 3))
    dark = colour == BLACK
    return np.clip(np.array(colour[::-1]) + (0 if dark else noise), 0, 255).astype(np.uint8)


def still(path: Path, colour: Colour, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), picture(colour, seed))
    return path


def film(path: Path, colours: Sequence[Colour], rate: float = 10.0, width: int = BROAD) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), rate, (width, HEIGHT))
    for number, colour in enumerate(colours):
        writer.write(picture(colour, number, width))
    writer.release()
    return path


def answers_of(engine: FaceEngine, *paths: Path) -> list[PresentationAnswer]:
    labels = [LabelledPresentation(path, live=True, species="") for path in paths]
    return score_presentations(engine, labels, POLICY)


def answered(species: str, *scores: float | None) -> list[PresentationAnswer]:
    label = LabelledPresentation(Path("x"), live=not species, species=species)
    return [
        PresentationAnswer(
            label, score, 1, near_frontal=True, why_not=None if score is not None else "no face found"
        )
        for score in scores
    ]


# Labels ----------------------------------------------------------------------------------------------------


def test_stills_folders_and_videos_are_listed_alike(tmp_path: Path) -> None:
    still(tmp_path / "a.png", LIVE)
    (tmp_path / "frames").mkdir()
    listed = write_list(tmp_path / "pad.csv", COLUMNS, [("a.png", 1, ""), ("frames", 0, "print")])
    assert read_presentations(listed, tmp_path) == [
        LabelledPresentation(tmp_path / "a.png", live=True, species=""),
        LabelledPresentation(tmp_path / "frames", live=False, species="print"),
    ]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (("gone.png", 1, ""), "line 3, path: there is no file or folder"),
        (("", 1, ""), "line 3, path: there is no file or folder"),
        (("a.png", "yes", ""), "line 3, live: must be 1 or 0, not 'yes'"),
        (("a.png", 1, "print"), "line 3, attack_type: must be empty for a live person, not 'print'"),
        (("a.png",), "line 3, live: must be 1 or 0"),
    ],
)
def test_a_mistake_names_its_line(tmp_path: Path, row: tuple[object, ...], problem: str) -> None:
    still(tmp_path / "a.png", LIVE)
    listed = write_list(tmp_path / "pad.csv", COLUMNS, [("a.png", 1, ""), row])
    with pytest.raises(InputError, match=problem):
        read_presentations(listed, tmp_path)


def test_an_attack_without_a_type_has_a_name_of_its_own(tmp_path: Path) -> None:
    still(tmp_path / "a.png", LIVE)
    listed = write_list(tmp_path / "pad.csv", COLUMNS, [("a.png", 0, " ")])
    assert read_presentations(listed, tmp_path)[0].species == UNNAMED_ATTACK


# Captures --------------------------------------------------------------------------------------------------


def test_a_video_is_read_at_the_rate_and_size_of_the_page(tmp_path: Path) -> None:
    frames = list(read_frames(film(tmp_path / "a.avi", [LIVE] * 30, rate=30.0, width=2 * WIDTH)))
    assert [frame.number for frame in frames] == list(range(10))
    assert [frame.client_ms for frame in frames] == pytest.approx([100.0 * i for i in range(10)], abs=1)
    assert frames[0].image.shape == (HEIGHT // 2, WIDTH, 3)
    assert len({frame.digest for frame in frames}) == 10


def test_a_slow_video_is_read_whole_and_a_long_one_for_half_a_minute(tmp_path: Path) -> None:
    slow = list(read_frames(film(tmp_path / "slow.avi", [LIVE] * 12, rate=4.0)))
    assert [frame.client_ms for frame in slow[:3]] == [0.0, 250.0, 500.0]
    assert len(list(read_frames(film(tmp_path / "long.avi", [LIVE] * (MAX_FRAMES + 5))))) == MAX_FRAMES


def test_frames_of_a_folder_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for number in range(12):
        still(tmp_path / "frames" / f"frame{number}.png", (60 + number * 10, 0, 0))
    (tmp_path / "frames" / "notes.txt").write_text("not a frame")
    reds = [frame.image[..., 0].mean() for frame in read_frames(tmp_path / "frames")]
    assert reds == sorted(reds)
    assert len(reds) == 12


def test_a_still_keeps_its_size_and_its_colours(tmp_path: Path) -> None:
    sample = read_still(still(tmp_path / "a.png", LIVE))
    assert sample.image.shape == (HEIGHT, BROAD, 3)
    assert sample.image[..., 0].mean() > sample.image[..., 2].mean()


# Scores ----------------------------------------------------------------------------------------------------


def test_the_score_of_a_video_is_the_median_over_the_frames_that_the_service_scores(
    painted: PaintedFaces, tmp_path: Path
) -> None:
    [answer] = answers_of(painted, film(tmp_path / "a.avi", [LIVE] * 40 + [ATTACK] * 20))
    assert answer.frames == MAX_BONA_FIDE
    assert answer.score == pytest.approx(0.8, abs=0.03)
    assert answer.near_frontal
    [short] = answers_of(painted, film(tmp_path / "b.avi", [LIVE] * 9 + [ATTACK] * 30))
    assert short.score == pytest.approx(0.2, abs=0.03)


def test_a_turned_still_is_scored_but_a_turned_video_is_not(painted: PaintedFaces, tmp_path: Path) -> None:
    alone, moving = answers_of(
        painted, still(tmp_path / "a.png", TURNED), film(tmp_path / "a.avi", [TURNED] * 8)
    )
    assert alone.score == pytest.approx(0.8, abs=0.03)
    assert not alone.near_frontal
    assert (moving.score, moving.why_not) == (None, "no face near frontal")


def test_what_cannot_be_scored_says_why(painted: PaintedFaces, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    faceless, *broken = answers_of(
        painted,
        still(tmp_path / "wall.png", BLACK),
        tmp_path / "empty",
        tmp_path / "broken.jpg",
        tmp_path / "broken.mp4",
    )
    assert (faceless.score, faceless.why_not) == (None, "no face found")
    assert [each.score for each in broken] == [None] * 3
    assert [each.why_not for each in broken] == [
        "has no picture that can be read",
        "is not a picture that can be read",
        "has no picture that can be read",
    ]


def test_a_recording_in_which_the_person_changes_is_refused_by_continuity_alone(
    painted: PaintedFaces, tmp_path: Path
) -> None:
    steady, changed, alone = answers_of(
        painted,
        film(tmp_path / "steady.avi", [LIVE] * 20),
        film(tmp_path / "changed.avi", [LIVE] * 10 + [OTHER_PERSON] * 10),
        still(tmp_path / "a.png", LIVE),
    )
    assert steady.refused_by == {"capture_integrity": False, "continuity": False}
    assert changed.refused_by == {"capture_integrity": False, "continuity": True}
    assert alone.refused_by == {}


def test_a_recording_that_repeats_itself_is_refused_by_integrity(
    painted: PaintedFaces, tmp_path: Path
) -> None:
    for number in range(20):
        still(tmp_path / "loop" / f"{number}.png", LIVE, seed=number % 5)
    [answer] = answers_of(painted, tmp_path / "loop")
    assert answer.refused_by == {"capture_integrity": True, "continuity": False}


def test_the_threshold_is_that_of_the_model_in_use() -> None:
    names = ("human-liveness-v1", "minifasnet-v2-2.7+minifasnet-v1se-4.0")
    assert [passive_limit(POLICY, name).value for name in names] == [0.5, 0.4]
    with pytest.raises(SettingsError, match="no limit on the score of the passive liveness model mine"):
        passive_limit(POLICY, "mine")


# Rates -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "total", "bounds"),
    [
        # R, binom.test(k, n)
        (0, 20, (0.0, 0.1684335)),
        (20, 20, (0.8315665, 1.0)),
        (3, 100, (0.006229972, 0.085176053)),
        (1, 1, (0.025, 1.0)),
    ],
)
def test_the_exact_interval_equals_published_values(
    count: int, total: int, bounds: tuple[float, float]
) -> None:
    assert clopper_pearson(count, total) == pytest.approx(bounds, abs=1e-6)


def test_without_trials_nothing_is_known() -> None:
    assert clopper_pearson(0, 0) == (0.0, 1.0)


def test_the_area_under_the_curve_counts_ties_half() -> None:
    assert auc(np.array([0.9, 0.5]), np.array([0.5, 0.1])) == 0.875
    assert auc(np.array([]), np.array([0.5])) is None


def test_a_few_presentations_without_a_mistake_prove_little() -> None:
    few = auc_interval(np.array([0.8, 0.9]), np.array([0.1, 0.2]))
    many = auc_interval(np.linspace(0.8, 0.9, 200), np.linspace(0.1, 0.2, 200))
    assert few is not None
    assert many is not None
    assert few[0] < 0.7 < 0.97 < many[0]
    assert few[1] == many[1] == 1.0


def test_rates_are_counted_by_species_at_the_threshold() -> None:
    answers = [
        *answered("", 0.9, 0.8, 0.5, 0.3, None),
        *answered("print", 0.5, 0.1, 0.1, 0.1, None, None),
        *answered("screen", 0.6, 0.7),
    ]
    report = liveness_report(answers, 0.5, "m")
    assert (report["n"], report["live"], report["notScored"]) == (10, 4, 3)
    assert report["bpcer"] == 0.25
    assert report["apcer"] == {"print": 0.25, "screen": 1.0}
    assert (report["apcerWorst"], report["apcerAll"]) == (1.0, 0.5)
    assert report["acer"] == pytest.approx((0.25 + 1.0) / 2)
    assert report["auc"] == (6 + 6 + 3.5 + 3) / 24
    assert report["notScoredByKind"] == {"live": 1, "print": 2}
    assert report["bpcer95"] == clopper_pearson(1, 4)


def test_an_operating_point_refuses_no_more_than_it_says() -> None:
    live = [number / 100 for number in range(100)]
    points: Any = liveness_report([*answered("", *live), *answered("print", 0.05, 0.5)], 0.5, "m")[
        "operatingPoints"
    ]
    assert [point["bpcer"] for point in points] == [0.01, 0.02, 0.05, 0.1, 0.2]
    assert [point["threshold"] for point in points] == [0.01, 0.02, 0.05, 0.1, 0.2]
    assert [point["apcerAll"] for point in points] == [1.0, 1.0, 1.0, 0.5, 0.5]


@pytest.mark.parametrize("answers", [answered("", 0.9, 0.1), answered("print", 0.9, 0.1), answered("", None)])
def test_a_list_of_one_kind_or_of_nothing_still_gives_a_report_and_a_card(
    answers: list[PresentationAnswer],
) -> None:
    report = liveness_report(answers, 0.5, "m")
    assert report["auc"] is None
    assert report["acer"] is None
    assert "–" in render_card(report, "a list")


# The command -----------------------------------------------------------------------------------------------

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, painted: PaintedFaces, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(evaluate_module, "load_engine", lambda *_: painted)
    rows = [
        *((still(tmp_path / f"live{i}.png", (150 + 10 * i, 10, 0), i).name, 1, "") for i in range(6)),
        *((still(tmp_path / f"print{i}.png", (40 + 25 * i, 10, 0), i).name, 0, "print") for i in range(6)),
        (film(tmp_path / "replay.avi", [ATTACK] * 12).name, 0, "replay"),
        (still(tmp_path / "wall.png", BLACK).name, 0, "print"),
    ]
    listed = write_list(tmp_path / "pad.csv", COLUMNS, rows)

    def command(*arguments: object) -> Result:
        common = ["liveness", "--labels", str(listed), "--root", str(tmp_path)]
        common += ["--config-dir", str(ROOT / "config")]
        return CliRunner().invoke(
            liveness_module.evaluate_commands, common + [str(argument) for argument in arguments]
        )

    return command


def test_the_command_writes_figures_card_and_picture(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run("--json", out / "pad.json", "--markdown", out / "card.md", "--plot", out / "det.png")
    assert result.exit_code == 0, result.output
    report = json.loads((out / "pad.json").read_text())
    assert (report["n"], report["notScored"], report["threshold"]) == (13, 1, 0.5)
    assert report["bpcer"] == 0.0
    assert report["apcer"] == {"print": pytest.approx(1 / 3), "replay": 0.0}
    assert 0.9 < report["auc"] <= 1.0
    assert len(report["items"]) == 14
    assert [item["whyNotScored"] for item in report["items"]][-1] == "no face found"
    card = (out / "card.md").read_text()
    assert "| print accepted (APCER) | 6 | 33.3 % | 4.3 % … 77.7 % |" in card
    assert "What they cannot show" in card
    assert (out / "det.png").read_bytes().startswith(b"\x89PNG")
    assert "auc" in result.output


def test_a_bad_list_ends_the_command_with_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "pad.csv").write_text("path,live\nlive0.png,1\n")
    result = run()
    assert result.exit_code == 1
    assert "needs the column attack_type" in result.output
    assert "Traceback" not in result.output
