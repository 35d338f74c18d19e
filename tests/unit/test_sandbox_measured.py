"""What the real models see when they look at the simulated people."""

import numpy as np
import pytest

from app.inference.types import FaceEngine
from app.sandbox.head import Head
from app.sandbox.pose import NEUTRAL, POSE_OF_GUIDANCE, HeadPose
from app.vocabulary import Guidance
from tests.simulator import faces
from tests.simulator.attacks import photo_sheet
from tests.simulator.camera import CAMERAS
from tests.simulator.morph import morphed
from tests.simulator.scenes import empty_room, two_people

SOLO = ("astronaut", "obama", "biden")
# dlib's network at a false match rate of 1e-3, templates of three frames: cosine 0.948.
SAME, OTHER = 0.93, 0.90


@pytest.fixture(scope="module", params=SOLO)
def head(request: pytest.FixtureRequest, engine: FaceEngine) -> Head:
    return faces.head(request.param, engine)


def angles(engine: FaceEngine, subject: Head, pose: HeadPose) -> tuple[float, float]:
    """Measured yaw and pitch in degrees, from the lines between the ears and from forehead to chin."""
    (face,) = engine.detect(subject.render(pose), 2)
    at = face.landmarks
    yaw = np.arctan2(at[454, 2] - at[234, 2], at[454, 0] - at[234, 0])
    pitch = np.arctan2(at[10, 2] - at[152, 2], at[152, 1] - at[10, 1])
    return float(np.degrees(yaw)), float(np.degrees(pitch))


def test_the_measured_yaw_follows_the_head(engine: FaceEngine, head: Head) -> None:
    yaws = [angles(engine, head, HeadPose(yaw_deg=yaw))[0] for yaw in (-30, -15, 0, 15, 30)]
    assert np.all(np.diff(yaws) > 0.6 * 15)
    assert yaws[-1] - yaws[0] > 0.7 * 60


def test_the_measured_pitch_follows_the_head(engine: FaceEngine, head: Head) -> None:
    pitches = [angles(engine, head, HeadPose(pitch_deg=pitch))[1] for pitch in (-20, -10, 0, 10, 20)]
    assert np.all(np.diff(pitches) > 0.6 * 10)
    assert pitches[-1] - pitches[0] > 0.7 * 40


@pytest.mark.parametrize("distance", [0.65, 1.0, 1.4])
def test_a_face_is_found_at_the_ends_of_every_movement(
    engine: FaceEngine, head: Head, distance: float
) -> None:
    corners = [HeadPose(yaw, pitch, 0, distance) for yaw in (-30, 30) for pitch in (-20, 20)]
    assert [len(engine.detect(head.render(pose), 3)) for pose in corners] == [1, 1, 1, 1]


def test_the_landmarks_are_found_where_they_were_put(engine: FaceEngine, head: Head) -> None:
    pose = HeadPose(15, 8)
    (face,) = engine.detect(head.render(pose), 1)
    errors = np.linalg.norm(face.landmarks[:468, :2] - head.landmarks(pose)[:, :2], axis=1)
    assert errors.mean() < 3.5


def test_a_person_stays_the_same_person_through_every_movement(engine: FaceEngine, head: Head) -> None:
    rest = head.render(NEUTRAL)
    reference = engine.embed(rest, engine.detect(rest, 1)[0])
    for pose in POSE_OF_GUIDANCE.values():
        picture = head.render(pose, camera=CAMERAS["laptop"](1))
        assert engine.embed(picture, engine.detect(picture, 1)[0]) @ reference > SAME


def test_different_people_are_different(engine: FaceEngine) -> None:
    people = ("astronaut", "obama", "biden", "singer", "straps")
    pictures = [faces.head(name, engine).render() for name in people]
    embeddings = np.array([engine.embed(one, engine.detect(one, 1)[0]) for one in pictures])
    alike = embeddings @ embeddings.T
    assert alike[~np.eye(len(people), dtype=bool)].max() < OTHER


def test_a_morph_is_neither_of_its_parents(engine: FaceEngine) -> None:
    obama, singer = (faces.head(name, engine) for name in ("obama", "singer"))
    pictures = [one.render() for one in (obama, singer, morphed(obama, singer))]
    host, guest, child = (engine.embed(one, engine.detect(one, 1)[0]) for one in pictures)
    assert max(child @ host, child @ guest) < 0.94


def test_a_turned_photo_barely_turns_the_measured_face(engine: FaceEngine) -> None:
    sheet = photo_sheet(faces.head("obama", engine))
    still, turned = (angles(engine, sheet, HeadPose(yaw_deg=yaw))[0] for yaw in (0, 25))
    assert abs(turned - still) < 8


@pytest.mark.parametrize("camera", CAMERAS)
def test_a_face_is_found_by_every_camera(engine: FaceEngine, camera: str) -> None:
    head = faces.head("astronaut", engine)
    picture = head.render(POSE_OF_GUIDANCE[Guidance.LOOK_LEFT], camera=CAMERAS[camera](3))
    assert len(engine.detect(picture, 2)) == 1


@pytest.mark.parametrize("name", faces.PORTRAITS)
def test_every_test_photo_shows_exactly_one_face(engine: FaceEngine, name: str) -> None:
    assert len(engine.detect(faces.head(name, engine).render(), 5)) == 1


def test_two_people_are_two_faces_and_a_room_is_none(engine: FaceEngine) -> None:
    both = two_people(faces.head("obama", engine), faces.head("biden", engine))
    assert len(engine.detect(both, 5)) == 2
    assert engine.detect(empty_room().render(), 5) == []
