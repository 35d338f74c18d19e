"""From pixels to numbers, with simulated heads and the real models."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from app.inference.types import Demographics, FaceEngine, FaceGeometry, RgbImage
from app.pipeline.colour import OUTLINE, background_rgb, face_rgb, rim_rgb
from app.pipeline.landmarks import TrackedPoints, face_middle, face_width, keep_tracked, rows
from app.pipeline.measure import measure_batch, measure_frame
from app.pipeline.movement import NeutralPose
from app.pipeline.noise import noise_floor
from app.pipeline.planning import SLOW_SPACING_FRAMES, FramePlan, plan_frame
from app.pipeline.pose import head_pose
from app.pipeline.quality import face_quality, limiting_component
from app.pipeline.types import CaptureSample, FrameMeasurement, HeadPose, MeasurementNeeds
from app.sandbox.head import Head
from app.sandbox.pose import HeadPose as TruePose
from tests.measurements import a_face, a_frame, embedding_of
from tests.simulator import faces

ALL = FramePlan(embedding_due=True, demographics_due=True, bona_fide_due=True)


@pytest.fixture(scope="module")
def head(engine: FaceEngine) -> Head:
    return faces.head("astronaut", engine)


@pytest.fixture(scope="module")
def portrait(head: Head) -> RgbImage:
    return head.render(TruePose())


def sample(image: RgbImage, number: int = 0) -> CaptureSample:
    return CaptureSample(number, image, number * 100.0, number * 100.0 + 50, f"{number}")


def pose_in(engine: FaceEngine, image: RgbImage) -> HeadPose:
    return head_pose(keep_tracked(engine.detect(image, 1)[0].landmarks))


@pytest.mark.parametrize(
    ("true", "axis", "sign"),
    [
        (TruePose(yaw_deg=20), "yaw", 1),
        (TruePose(yaw_deg=-20), "yaw", -1),
        (TruePose(pitch_deg=15), "pitch", 1),
        (TruePose(pitch_deg=-15), "pitch", -1),
        (TruePose(roll_deg=15), "roll", 1),
    ],
)
def test_pose_has_the_sign_of_the_movement_and_leaves_other_axes_alone(
    engine: FaceEngine, head: Head, portrait: RgbImage, true: TruePose, axis: str, sign: int
) -> None:
    before, after = pose_in(engine, portrait), pose_in(engine, head.render(true))
    moved = {name: getattr(after, name) - getattr(before, name) for name in ("yaw", "pitch", "roll")}
    assert sign * moved.pop(axis) > 9
    assert max(map(abs, moved.values())) < 7


def test_a_mirrored_picture_turns_the_other_way(engine: FaceEngine, head: Head) -> None:
    turned = head.render(TruePose(yaw_deg=20, roll_deg=10))
    pose = pose_in(engine, turned)
    mirrored = pose_in(engine, np.ascontiguousarray(turned[:, ::-1]))
    assert mirrored.yaw == pytest.approx(-pose.yaw, abs=4)
    assert mirrored.roll == pytest.approx(-pose.roll, abs=3)
    assert mirrored.pitch == pytest.approx(pose.pitch, abs=4)


def test_blur_darkness_and_glare_show_in_the_quality(engine: FaceEngine, portrait: RgbImage) -> None:
    points = keep_tracked(engine.detect(portrait, 1)[0].landmarks)
    good = face_quality(portrait, points)
    blurred = face_quality(cv2.GaussianBlur(portrait, (0, 0), 14), points)
    dark, bright = face_quality(portrait // 32, points), face_quality(np.full_like(portrait, 255), points)
    assert limiting_component(good) is None
    assert limiting_component(blurred) == "sharpness"
    assert blurred.sharpness < good.sharpness / 20
    assert (limiting_component(dark), limiting_component(bright)) == ("luminance", "luminance")
    assert bright.over_exposure == 1.0


def test_quality_does_not_depend_on_the_size_of_the_picture(engine: FaceEngine, head: Head) -> None:
    small, large = head.render(size=(480, 360)), head.render(size=(960, 720))
    a, b = (
        face_quality(image, keep_tracked(engine.detect(image, 1)[0].landmarks)) for image in (small, large)
    )
    assert b.inter_eye_distance == pytest.approx(2 * a.inter_eye_distance, rel=0.05)
    assert b.sharpness == pytest.approx(a.sharpness, rel=0.6)
    assert b.luminance == pytest.approx(a.luminance, abs=0.02)


def a_room(portrait: RgbImage, wall: tuple[int, int, int] = (120, 120, 120), shade: int = 30) -> RgbImage:
    """Return a wall, darker towards one side by so many levels."""
    slope = np.linspace(0, shade, portrait.shape[1])[None, :, None]
    return np.clip(np.full(portrait.shape, wall) - slope, 0, 255).astype(np.uint8)


def before(wall: RgbImage, points: TrackedPoints, skin: tuple[int, int, int] = (160, 110, 90)) -> RgbImage:
    """Return the wall with a face of one colour before it."""
    x, y = face_middle(points)
    return np.asarray(cv2.circle(wall.copy(), (round(x), round(y)), 130, skin, -1), np.uint8)


@pytest.fixture(scope="module")
def points(engine: FaceEngine, portrait: RgbImage) -> TrackedPoints:
    return keep_tracked(engine.detect(portrait, 1)[0].landmarks)


def test_colours_are_linear_and_of_the_right_place(portrait: RgbImage, points: TrackedPoints) -> None:
    painted = before(a_room(portrait, (90, 90, 188)), points, (188, 20, 20))
    red, green, blue = face_rgb(painted, points)
    assert (red, green, blue) == pytest.approx((0.503, 0.007, 0.007), abs=0.01)
    background = background_rgb(painted, points)
    assert background is not None
    assert 0.3 < background[2] < 0.5
    assert rim_rgb(painted, points)[0] > 0.4


def test_the_rim_is_still_the_face_and_no_longer_its_middle(
    portrait: RgbImage, points: TrackedPoints
) -> None:
    painted = a_room(portrait)
    outline = points[rows(OUTLINE), :2].round().astype(np.int32)
    cv2.fillConvexPoly(painted, cv2.convexHull(outline), (188, 120, 90))
    cv2.circle(painted, tuple(round(v) for v in face_middle(points)), round(0.3 * face_width(points)), 0, -1)
    assert rim_rgb(painted, points) == pytest.approx((0.503, 0.188, 0.102), rel=0.2)


def test_a_face_that_fills_the_picture_has_no_background(portrait: RgbImage, points: TrackedPoints) -> None:
    near = points.copy()
    near[:, :2] += 5 * (near[:, :2] - face_middle(near).astype(np.float32))
    assert background_rgb(portrait, near) is None


def test_a_window_does_not_hide_a_colour_laid_over_the_picture(
    portrait: RgbImage, points: TrackedPoints
) -> None:
    room = before(a_room(portrait), points)
    room[:, : room.shape[1] // 3] = 255
    tinted = np.clip(room * np.array([1.3, 1.0, 1.0]), 0, 255).astype(np.uint8)
    untinted, seen = background_rgb(room, points), background_rgb(tinted, points)
    assert untinted is not None
    assert seen is not None
    assert seen[0] / untinted[0] == pytest.approx(1.3**2.2, rel=0.05)


@pytest.mark.parametrize(
    ("wall", "shade"),
    [((254, 254, 254), 5), ((330, 200, 150), 40), ((210, 210, 210), 0), ((5, 3, 3), 0), ((0, 90, 200), 40)],
    ids=["clipped", "clipped in one channel", "clipped, then darkened", "black", "without any red"],
)
def test_a_wall_that_could_hide_a_colour_is_no_background(
    portrait: RgbImage, points: TrackedPoints, wall: tuple[int, int, int], shade: int
) -> None:
    assert background_rgb(before(a_room(portrait, wall, shade), points), points) is None


@pytest.mark.parametrize(
    ("wall", "shade"),
    [((235, 235, 235), 30), ((210, 205, 200), 10), ((60, 60, 60), 0), ((25, 20, 20), 6)],
    ids=["white", "white, softly lit", "even, but darker than the face", "dark"],
)
def test_an_ordinary_wall_is_a_background(
    portrait: RgbImage, points: TrackedPoints, wall: tuple[int, int, int], shade: int
) -> None:
    assert background_rgb(before(a_room(portrait, wall, shade), points), points) is not None


@pytest.mark.parametrize("sigma", [1.0, 3.0, 8.0])
def test_the_noise_floor_is_found_below_a_structure(sigma: float) -> None:
    ramp = np.add.outer(np.linspace(60, 120, 480), np.linspace(0, 60, 640))
    scene = ramp + 20 * (np.indices(ramp.shape).sum(axis=0) // 40 % 2)
    grey = scene + np.random.default_rng(0).normal(0, sigma, scene.shape)
    image = np.clip(np.round(grey), 0, 255).astype(np.uint8)
    assert noise_floor(np.repeat(image[..., None], 3, axis=2)) == pytest.approx(sigma, rel=0.2)
    flat = np.full((200, 200, 3), 90, np.uint8)
    assert noise_floor(flat) == 0.0


def test_a_frame_is_described_completely(engine: FaceEngine, portrait: RgbImage) -> None:
    frame = measure_frame(sample(portrait, 3), engine, ALL)
    assert (frame.number, frame.size, frame.face_count) == (3, (640, 480), 1)
    assert frame.face is not None
    assert frame.face.center == pytest.approx((0.5, 0.5), abs=0.1)
    assert 0.25 < frame.face.width_share < 0.5
    assert frame.face.embedding is not None
    assert frame.face.demographics is not None
    assert frame.face.bona_fide is not None


def test_an_empty_room_has_no_face_to_describe(engine: FaceEngine) -> None:
    frame = measure_frame(sample(np.full((480, 640, 3), 128, np.uint8)), engine, ALL)
    assert (frame.face_count, frame.face) == (0, None)


class Models:
    """A face engine that finds the same face everywhere and remembers what it was asked for."""

    landmarker_name, recognition_model, pad_model, demographics_models = "l", "r", "p", ("d",)

    def __init__(self, landmarks: np.ndarray) -> None:
        self.asked: list[str] = []
        self._face = FaceGeometry(landmarks, (0.0, 0.0, 100.0, 100.0), 1.0)

    def detect(self, image: RgbImage, max_faces: int) -> list[FaceGeometry]:
        return [self._face]

    def embed(self, image: RgbImage, face: FaceGeometry) -> np.ndarray:
        self.asked.append("embed")
        return embedding_of(1)

    def estimate_demographics(self, image: RgbImage, face: FaceGeometry) -> Demographics:
        self.asked.append("demographics")
        return Demographics(30.0, 0.5)

    def bona_fide_score(self, image: RgbImage, face: FaceGeometry) -> float:
        self.asked.append("pad")
        return 0.9


def test_a_long_capture_asks_the_dear_models_rarely(engine: FaceEngine, portrait: RgbImage) -> None:
    models = Models(engine.detect(portrait, 1)[0].landmarks)
    needs = MeasurementNeeds(demographics=True, bona_fide=True)
    measured = measure_batch([sample(portrait, i) for i in range(60)], models, needs)
    assert [frame.number for frame in measured] == list(range(60))
    assert models.asked.count("embed") <= 20
    assert models.asked.count("demographics") == 3
    assert models.asked.count("pad") == 8


def test_what_nobody_needs_is_not_measured(engine: FaceEngine, portrait: RgbImage) -> None:
    models = Models(engine.detect(portrait, 1)[0].landmarks)
    measure_batch([sample(portrait, i) for i in range(9)], models, MeasurementNeeds())
    assert set(models.asked) == {"embed"}


def planned(measured: list[FrameMeasurement], client_ms: float) -> FramePlan:
    return plan_frame(measured, client_ms, MeasurementNeeds())


def test_a_stopped_clock_cannot_keep_a_face_from_being_checked() -> None:
    count = SLOW_SPACING_FRAMES
    frames = [a_frame(i, a_face(person=1 if i == 0 else None), client_ms=0.0) for i in range(count)]
    assert not planned(frames[:3], 0.0).wants_embedding(a_face())
    assert planned(frames, 0.0).wants_embedding(a_face())


def test_frontal_faces_are_embedded_twice_as_often_while_they_are_collected() -> None:
    plan = planned([a_frame(0, a_face(yaw=15)), a_frame(1, a_face(person=None))], 200.0)
    assert plan.wants_embedding(a_face(yaw=15))
    assert not plan.wants_embedding(a_face(yaw=20))


def test_what_cannot_be_fused_is_not_embedded_while_frames_are_collected() -> None:
    frames = [a_frame(0, a_face(yaw=5)), a_frame(1, a_face(yaw=14, person=None))]
    neutral = NeutralPose(yaw=0.0, pitch=0.0, width_share=0.35)
    plan = plan_frame(frames, 300.0, MeasurementNeeds(), quick=True, neutral=neutral)
    assert plan.wants_embedding(a_face(yaw=11))
    assert not plan.wants_embedding(a_face(yaw=14))


def test_estimates_of_another_pose_than_the_straight_one_do_not_use_up_what_the_capture_waits_for() -> None:
    aside = a_face(yaw=16, demographics=Demographics(30.0, 0.5))
    straight = replace(aside, pose=a_face(yaw=2).pose)
    neutral = NeutralPose(yaw=0.0, pitch=0.0, width_share=0.35)
    needs = MeasurementNeeds(demographics=True)
    frames = [a_frame(3 * i, aside) for i in range(3)]
    plan = plan_frame(frames, 900.0, needs, neutral=neutral)
    assert plan.wants_demographics(a_face())
    assert not plan.wants_demographics(a_face(yaw=14))
    frames = [a_frame(3 * i, straight) for i in range(3)]
    assert not plan_frame(frames, 900.0, needs, neutral=neutral).wants_demographics(a_face())


def test_a_face_in_a_new_pose_is_checked_at_once() -> None:
    plan = planned([a_frame(0, a_face())], 10.0)
    assert not plan.wants_embedding(a_face(yaw=3))
    assert plan.wants_embedding(a_face(yaw=14))
    assert plan.wants_embedding(a_face(width=0.5))


def test_a_face_that_no_model_can_read_is_left_out() -> None:
    tiny = replace(a_face().quality, inter_eye_distance=9.0)
    assert not ALL.wants_embedding(a_face(yaw=60))
    assert not ALL.wants_embedding(a_face(quality=tiny))
    assert not ALL.wants_demographics(a_face(yaw=25))


class Finder(Models):
    """Counts how often a face is looked for."""

    def __init__(self, landmarks: np.ndarray) -> None:
        super().__init__(landmarks)
        self.looked = 0

    def detect(self, image: RgbImage, max_faces: int) -> list[FaceGeometry]:
        self.looked += 1
        return super().detect(image, max_faces)


def test_under_the_colours_a_face_is_looked_for_in_every_third_frame_and_followed_in_the_others(
    engine: FaceEngine, portrait: RgbImage
) -> None:
    models = Finder(engine.detect(portrait, 1)[0].landmarks)
    tinted = [np.roll(portrait, number, axis=2) for number in range(6)]
    samples = [sample(image, number) for number, image in enumerate(tinted)]
    found, followed, *_ = measure_batch(samples, models, MeasurementNeeds(), follow=True)
    assert models.looked == 2
    assert followed.face is not None
    assert found.face is not None
    assert followed.face.embedding is None
    assert followed.face_count == 1
    assert np.array_equal(followed.face.landmarks, found.face.landmarks)
    assert followed.face.face_rgb == pytest.approx(np.roll(found.face.face_rgb, 1), abs=1e-6)


def test_a_face_that_was_not_found_is_not_followed(engine: FaceEngine, portrait: RgbImage) -> None:
    models = Finder(engine.detect(portrait, 1)[0].landmarks)
    empty = a_frame(0, None)
    measure_batch([sample(portrait, 1)], models, MeasurementNeeds(), [empty], follow=True)
    assert models.looked == 1


def test_a_picture_of_another_size_has_no_face_where_the_last_one_was(
    engine: FaceEngine, portrait: RgbImage
) -> None:
    models = Finder(engine.detect(portrait, 1)[0].landmarks)
    samples = [sample(portrait, 0), sample(portrait[:-2], 1)]
    _, other = measure_batch(samples, models, MeasurementNeeds(), follow=True)
    assert other.face is None
    assert other.face_count == 0


def test_where_a_second_person_fails_the_session_every_frame_is_searched(
    engine: FaceEngine, portrait: RgbImage
) -> None:
    models = Finder(engine.detect(portrait, 1)[0].landmarks)
    samples = [sample(portrait, number) for number in range(4)]
    measure_batch(samples, models, MeasurementNeeds(), follow=True, count_always=True)
    assert models.looked == 4


class Crowd(Models):
    """A second person steps in at the second frame and is seen only by whoever looks for two."""

    def __init__(self, landmarks: np.ndarray) -> None:
        super().__init__(landmarks)
        self.frames = 0

    def detect(self, image: RgbImage, max_faces: int) -> list[FaceGeometry]:
        self.frames += 1
        return [self._face] * min(max_faces, 1 if self.frames == 1 else 2)


@pytest.mark.parametrize(("always", "counts"), [(True, [1, 2, 2, 2]), (False, [1, 1, 1, 1])])
def test_a_second_person_is_noticed_at_once_where_it_matters(
    engine: FaceEngine, portrait: RgbImage, always: bool, counts: list[int]
) -> None:
    crowd = Crowd(engine.detect(portrait, 1)[0].landmarks)
    frames = [sample(portrait, i) for i in range(4)]
    measured = measure_batch(frames, crowd, MeasurementNeeds(), count_always=always)
    assert [frame.face_count for frame in measured] == counts
