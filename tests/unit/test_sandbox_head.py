"""The simulated head moves as a solid head does, and a photo of it as a plane."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from app.errors import InputError
from app.sandbox.head import Head, build_head
from app.sandbox.outline import EAR_LEFT, EAR_RIGHT, face_width
from app.sandbox.pose import NEUTRAL, HeadMotion, HeadPose, IdleLife, minimum_jerk, rotation
from app.sandbox.render import ScreenLight
from tests.simulator.attacks import photo_sheet
from tests.simulator.camera import Webcam
from tests.simulator.drawn import NOSE_TIP, drawn_landmarks, drawn_photo
from tests.simulator.scenes import two_people

MOVED = HeadPose(yaw_deg=25, pitch_deg=8, distance=0.9)


@pytest.fixture(scope="module")
def head() -> Head:
    return build_head(drawn_photo(), drawn_landmarks())


def nose(head: Head, pose: HeadPose) -> NDArray[np.float64]:
    return np.asarray(head.landmarks(pose)[NOSE_TIP])


def homography_residual(subject: Head, pose: HeadPose) -> float:
    """Largest distance in pixels between the moved landmarks and the best plane-to-plane map."""
    before, after = subject.landmarks()[:, :2], subject.landmarks(pose)[:, :2]
    plane, _ = cv2.findHomography(before, after)
    mapped = cv2.perspectiveTransform(before[None], plane)[0]
    return float(np.linalg.norm(mapped - after, axis=1).max())


def test_turning_to_the_own_left_moves_the_nose_steadily_to_the_right_edge(head: Head) -> None:
    columns = [nose(head, HeadPose(yaw_deg=yaw))[0] for yaw in range(-30, 31, 10)]
    assert np.all(np.diff(columns) > 5)


def test_looking_up_moves_the_nose_steadily_to_the_upper_edge(head: Head) -> None:
    rows = [nose(head, HeadPose(pitch_deg=pitch))[1] for pitch in range(-20, 21, 10)]
    assert np.all(np.diff(rows) < -3)


def test_rolling_clockwise_lowers_the_ear_at_the_right_edge(head: Head) -> None:
    tilted = head.landmarks(HeadPose(roll_deg=15))
    assert tilted[EAR_LEFT, 1] - tilted[EAR_RIGHT, 1] > 20


def test_coming_nearer_makes_the_face_larger(head: Head) -> None:
    widths = [face_width(head.landmarks(HeadPose(distance=d))) for d in (1.4, 1.2, 1.0, 0.8, 0.65)]
    assert np.all(np.diff(widths) > 10)


def test_coming_nearer_magnifies_the_nose_more_than_the_ears(head: Head) -> None:
    """A pinhole camera does that to a solid head; zooming a photo does not."""

    def depth_cue(subject: Head, pose: HeadPose) -> float:
        at = subject.landmarks(pose)[:, :2]
        eyes = np.linalg.norm(at[33] - at[263])
        return float(np.linalg.norm(at[EAR_LEFT] - at[EAR_RIGHT]) / eyes)

    near, sheet = HeadPose(distance=0.65), photo_sheet(head)
    assert depth_cue(head, near) < 0.96 * depth_cue(head, NEUTRAL)
    assert depth_cue(sheet, near) == pytest.approx(depth_cue(sheet, NEUTRAL))


def test_a_flat_photo_obeys_a_homography(head: Head) -> None:
    assert homography_residual(photo_sheet(head), MOVED) < 0.01


def test_a_head_does_not_obey_a_homography(head: Head) -> None:
    assert homography_residual(head, MOVED) > 5


def test_a_bent_photo_is_neither_a_plane_nor_as_deep_as_a_head(head: Head) -> None:
    bent = homography_residual(photo_sheet(head, bend_deg=60), MOVED)
    assert 0.1 < bent < 0.5 * homography_residual(head, MOVED)


def test_the_picture_of_a_flat_photo_is_the_photo_warped(head: Head) -> None:
    sheet = photo_sheet(head)
    plane, _ = cv2.findHomography(sheet.landmarks()[:, :2], sheet.landmarks(MOVED)[:, :2])
    expected = cv2.warpPerspective(head.render(), plane, sheet.frame)
    inside = cv2.warpPerspective(np.full((480, 640), 255, np.uint8), plane, sheet.frame) == 255
    assert np.abs(expected.astype(int) - sheet.render(MOVED))[inside].mean() < 2


def test_the_landmarks_are_where_the_texture_is_drawn(head: Head) -> None:
    """A white dot painted on the nose of the photo is found at the landmark of the turned head."""
    photo = drawn_photo()
    x, y = drawn_landmarks()[NOSE_TIP, :2]
    cv2.circle(photo, (round(float(x)), round(float(y))), 4, (255, 255, 255), -1)
    picture = build_head(photo, drawn_landmarks()).render(MOVED)
    rows, columns = np.nonzero(picture.min(axis=2) > 250)
    assert np.hypot(*(np.array([columns.mean(), rows.mean()]) - nose(head, MOVED)[:2])) < 2


def test_a_head_that_was_turned_in_its_photo_looks_straight_at_rest() -> None:
    middle = drawn_landmarks().mean(axis=0)
    turned = (drawn_landmarks() - middle) @ rotation(HeadPose(yaw_deg=12)).T + middle
    rest = build_head(drawn_photo(), turned).landmarks()
    assert abs(turned[EAR_LEFT, 2] - turned[EAR_RIGHT, 2]) > 0.2 * face_width(turned)
    assert abs(rest[EAR_LEFT, 2] - rest[EAR_RIGHT, 2]) < 0.03 * face_width(rest)


def test_the_room_stays_where_it_is_while_the_head_turns(head: Head) -> None:
    before, after = head.render(NEUTRAL), head.render(MOVED)
    assert np.abs(before[:200, :10].astype(int) - after[:200, :10]).mean() < 1
    assert np.abs(before[150:300, 250:390].astype(int) - after[150:300, 250:390]).mean() > 5


@pytest.mark.parametrize("size", [(320, 240), (480, 640), (800, 450)])
def test_a_picture_has_the_size_that_was_asked_for(head: Head, size: tuple[int, int]) -> None:
    picture = head.render(MOVED, size)
    assert picture.shape == (size[1], size[0], 3)
    assert nose(head, NEUTRAL)[0] == pytest.approx(320, abs=10)
    assert head.landmarks(NEUTRAL, size)[NOSE_TIP, 0] == pytest.approx(size[0] / 2, abs=15)


def test_a_red_screen_reddens_the_face_more_than_the_wall(head: Head) -> None:
    plain, red = (head.render(light=ScreenLight(rgb)).astype(float) for rgb in ((0, 0, 0), (0.5, 0, 0)))
    x, y = nose(head, NEUTRAL)[:2].astype(int)
    face = (red / plain)[y - 20 : y + 20, x - 20 : x + 20].mean(axis=(0, 1))
    wall = (red / plain)[150:250, :20].mean(axis=(0, 1))
    assert face[0] > 1.05 > 1.001 > face[1]
    assert face[0] - 1 > 2 * (wall[0] - 1)


def test_the_room_takes_as_much_of_the_screens_light_as_it_is_told(head: Head) -> None:
    plain, far, near = (
        head.render(light=ScreenLight((0.5, 0.5, 0.5), room=room)).astype(float) for room in (0.0, 0.5, 1.0)
    )
    corner = (slice(0, 60), slice(0, 60))
    np.testing.assert_allclose(plain[corner], head.render()[corner], atol=1)
    assert plain[corner].mean() < far[corner].mean() < near[corner].mean()
    face = (slice(180, 260), slice(290, 350))
    np.testing.assert_allclose(plain[face], near[face], atol=1)


def test_no_light_but_the_screen_leaves_a_dark_picture_dark(head: Head) -> None:
    assert head.render(light=ScreenLight(ambient=0.0)).max() == 0


def test_two_frames_of_somebody_who_holds_still_are_never_identical(head: Head) -> None:
    life = IdleLife(3)
    frames = [head.render(NEUTRAL.swayed(life.sway(at / 15))) for at in range(4)]
    assert len({frame.tobytes() for frame in frames}) == 4


def test_two_frames_of_a_motionless_photo_differ_by_the_noise_of_the_camera(head: Head) -> None:
    camera = Webcam(seed=5)
    assert np.any(head.render(camera=camera) != head.render(camera=camera))


def test_idle_life_is_small_and_repeatable() -> None:
    sways = [IdleLife(4).sway(at / 10) for at in range(600)]
    assert sways == [IdleLife(4).sway(at / 10) for at in range(600)]
    assert 0.1 < max(abs(sway.yaw_deg) for sway in sways) < 0.6
    assert max(abs(sway.distance - 1) for sway in sways) < 0.005


def test_a_movement_begins_where_the_head_is_and_ends_at_its_goal() -> None:
    motion = HeadMotion(IdleLife(0))
    motion.move(HeadPose(yaw_deg=28), at=1.0, lasts=0.5)
    yaws = [motion.pose(at).yaw_deg for at in (0.5, 1.25, 2.0)]
    assert yaws == pytest.approx([0, 14, 28], abs=0.6)


def test_a_movement_starts_and_stops_softly() -> None:
    assert [minimum_jerk(t) for t in (-1, 0, 0.5, 1, 2)] == [0, 0, 0.5, 1, 1]
    assert minimum_jerk(0.1) < 0.01


def test_two_people_share_a_picture(head: Head) -> None:
    other = replace(head, texture=255 - head.texture)
    picture = two_people(head, other)
    assert picture.shape == (480, 640, 3)
    np.testing.assert_allclose(picture[:, :320], 255.0 - picture[:, 320:], atol=1)


@pytest.mark.parametrize(
    ("photo", "landmarks", "field"),
    [
        (drawn_photo()[..., 0], drawn_landmarks(), "photo"),
        (drawn_photo().astype(float), drawn_landmarks(), "photo"),
        (drawn_photo(), drawn_landmarks()[:400], "landmarks"),
        (drawn_photo(), drawn_landmarks()[:, :2], "landmarks"),
        (drawn_photo(), drawn_landmarks() * np.nan, "landmarks"),
        (drawn_photo(), drawn_landmarks() * 0.01, "landmarks"),
    ],
)
def test_what_is_no_face_makes_no_head(
    photo: NDArray[np.uint8], landmarks: NDArray[np.float32], field: str
) -> None:
    with pytest.raises(InputError, match=field):
        build_head(photo, landmarks)


@pytest.mark.parametrize("distance", [0.3, 0.0, -1.0, float("nan")])
def test_a_head_cannot_be_inside_of_the_camera(distance: float) -> None:
    with pytest.raises(InputError):
        HeadPose(distance=distance)
