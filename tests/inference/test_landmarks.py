"""Geometry, not counts: a wrongly wired bundle returns 478 points of garbage without an error."""

import threading
from collections.abc import Callable
from pathlib import Path

import cv2
import mediapipe
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray

from app.inference.engine import OpenPackEngine
from app.inference.eye_contours import LEFT_EYE_CONTOUR, RIGHT_EYE_CONTOUR
from app.inference.face_landmarker import _create, run_task
from app.inference.types import FaceGeometry, RgbImage
from tests.simulator.faces import picture

# x, y, z in pixels of the astronaut, from the bundle that MediaPipe's own pipeline agrees with.
GOLDEN = {
    33: (194.7, 100.9, 3.9),
    133: (213.8, 103.7, 0.5),
    362: (237.4, 104.8, 0.8),
    263: (256.7, 104.1, 4.5),
    1: (224.1, 131.2, -23.3),
    2: (224.0, 133.9, -11.8),
    61: (201.9, 139.5, 6.9),
    291: (245.9, 142.2, 7.2),
    152: (221.3, 175.5, 8.7),
    234: (179.0, 111.1, 41.4),
    454: (270.9, 116.3, 42.1),
}
YAW_POINTS = [(33, 263), (234, 454)]
ENGINES = ["engine", "onnx_engine"]


def mirrored(image: RgbImage) -> RgbImage:
    return np.ascontiguousarray(image[:, ::-1])


def yaw_degrees(landmarks: NDArray[np.float32], right: int, left: int) -> float:
    across = landmarks[left] - landmarks[right]
    return float(np.degrees(np.arctan2(across[2], across[0])))


def eye_distance(landmarks: NDArray[np.float32]) -> float:
    return float(np.linalg.norm(landmarks[33] - landmarks[263]))


def share_of_eye_distance(first: FaceGeometry, second: FaceGeometry) -> float:
    """Return the mean distance of all points in the picture plane."""
    apart = np.linalg.norm(first.landmarks[:, :2] - second.landmarks[:, :2], axis=1)
    return float(apart.mean()) / eye_distance(first.landmarks)


@pytest.fixture(params=ENGINES)
def either(request: pytest.FixtureRequest) -> OpenPackEngine:
    engine: OpenPackEngine = request.getfixturevalue(request.param)
    return engine


def test_reading_the_numbers_where_they_lie_gives_what_the_task_itself_returns(models_dir: Path) -> None:
    group = picture("sample5.jpg")
    task = _create(models_dir / "face_landmarker.task")
    result = task.detect(mediapipe.Image(mediapipe.ImageFormat.SRGB, group))
    expected = [np.array([(p.x, p.y, p.z) for p in face], np.float32) for face in result.face_landmarks]
    found = run_task(task, group)
    assert len(found) == len(expected) > 1
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("point", GOLDEN)
def test_mediapipe_puts_each_landmark_where_it_belongs(face: FaceGeometry, point: int) -> None:
    assert face.landmarks[point] == pytest.approx(GOLDEN[point], abs=0.5)


def test_the_onnx_mesh_agrees_with_mediapipe_on_a_portrait(
    onnx_engine: OpenPackEngine, astronaut: RgbImage, face: FaceGeometry
) -> None:
    [other] = onnx_engine.detect(astronaut, 1)
    assert share_of_eye_distance(face, other) < 0.02


def test_the_onnx_mesh_agrees_with_mediapipe_on_a_turned_head(
    engine: OpenPackEngine, onnx_engine: OpenPackEngine, portrait: Callable[[str], RgbImage]
) -> None:
    image = portrait("curls")
    [first], [second] = engine.detect(image, 1), onnx_engine.detect(image, 1)
    assert share_of_eye_distance(first, second) < 0.03


@pytest.mark.parametrize("name", ["obama_speaking", "curls"])
def test_mirroring_turns_the_head_the_other_way(
    either: OpenPackEngine, name: str, portrait: Callable[[str], RgbImage]
) -> None:
    image = portrait(name)
    [seen], [seen_mirrored] = either.detect(image, 1), either.detect(mirrored(image), 1)
    for points in YAW_POINTS:
        yaw = yaw_degrees(seen.landmarks, *points)
        assert abs(yaw) > 8
        assert yaw_degrees(seen_mirrored.landmarks, *points) == pytest.approx(-yaw, abs=5)


def test_the_last_ten_points_are_the_middles_of_the_eyes(either: OpenPackEngine, astronaut: RgbImage) -> None:
    [found] = either.detect(astronaut, 1)
    for first, contour in ((468, RIGHT_EYE_CONTOUR), (473, LEFT_EYE_CONTOUR)):
        middle = found.landmarks[list(contour)].mean(axis=0)
        assert found.landmarks[first : first + 5] == pytest.approx(np.tile(middle, (5, 1)), abs=0.05)


def test_the_same_picture_gives_the_same_landmarks(either: OpenPackEngine, astronaut: RgbImage) -> None:
    [first], [second] = either.detect(astronaut, 1), either.detect(astronaut, 1)
    assert np.array_equal(first.landmarks, second.landmarks)


def test_the_box_is_square_and_holds_the_features(either: OpenPackEngine, astronaut: RgbImage) -> None:
    [found] = either.detect(astronaut, 1)
    x, y, width, height = found.box
    assert width == height
    for point in (33, 263, 1, 61, 291):
        px, py = found.landmarks[point, :2]
        assert x < px < x + width
        assert y < py < y + height


def test_both_engines_draw_nearly_the_same_box(
    onnx_engine: OpenPackEngine, astronaut: RgbImage, face: FaceGeometry
) -> None:
    [other] = onnx_engine.detect(astronaut, 1)
    assert face.box == pytest.approx(other.box, abs=0.1 * face.box[2])


@pytest.mark.parametrize("scene", ["coffee", "brick", "rocket", "chelsea"])
def test_a_picture_without_people_has_no_face(either: OpenPackEngine, scene: str) -> None:
    image = np.asarray(getattr(skimage.data, scene)(), dtype=np.uint8)
    image = image if image.ndim == 3 else np.dstack([image] * 3)
    assert either.detect(np.ascontiguousarray(image), 5) == []


@pytest.mark.parametrize(("file", "people"), [("sample1.jpg", 3), ("sample4.jpg", 4), ("sample5.jpg", 5)])
def test_everybody_in_a_group_is_counted(either: OpenPackEngine, file: str, people: int) -> None:
    assert len(either.detect(picture(file), 20)) == people


def test_the_largest_face_comes_first_and_alone_if_one_is_wanted(
    either: OpenPackEngine, astronaut: RgbImage
) -> None:
    scene = np.zeros((512, 768, 3), np.uint8)
    scene[:256, :256] = cv2.resize(astronaut, (256, 256), interpolation=cv2.INTER_AREA)
    scene[:, 256:] = astronaut
    both = either.detect(scene, 5)
    assert [len(both), len(either.detect(scene, 1))] == [2, 1]
    assert both[0].box[2] > both[1].box[2]
    assert either.detect(scene, 1)[0].box[0] > 256


def test_a_far_away_face_is_found_where_it_is(
    either: OpenPackEngine, astronaut: RgbImage, face: FaceGeometry
) -> None:
    scene = np.full((960, 1280, 3), 90, np.uint8)
    scene[300:812, 500:1012] = astronaut
    [found] = either.detect(scene, 3)
    moved = face.landmarks + np.array([500, 300, 0], np.float32)
    apart = np.linalg.norm(found.landmarks[:, :2] - moved[:, :2], axis=1).mean()
    assert apart < 0.05 * eye_distance(face.landmarks)


def test_threads_share_one_engine(either: OpenPackEngine, astronaut: RgbImage) -> None:
    expected = either.detect(astronaut, 1)[0].landmarks
    seen: list[NDArray[np.float32]] = []
    threads = [
        threading.Thread(target=lambda: seen.append(either.detect(astronaut, 1)[0].landmarks))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 4
    assert all(np.array_equal(landmarks, expected) for landmarks in seen)
