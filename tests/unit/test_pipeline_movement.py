"""Whether a head followed the released targets: judged again from the measurements alone."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from app.pipeline.movement import NeutralPose, excursions, strongest
from app.pipeline.types import CaptureRecord, ChallengeStep, FaceMeasurement, Finding
from app.pipeline.verifiers.head_movement import HeadMovementVerifier
from app.pipeline.verifiers.solid_head import SolidHeadVerifier
from app.vocabulary import ChallengeAction
from tests.measurements import a_face, a_frame, a_record

LEFT, RIGHT, UP = ChallengeAction.LEFT, ChallengeAction.RIGHT, ChallengeAction.UP
NEARER, FARTHER = ChallengeAction.NEARER, ChallengeAction.FARTHER
NEUTRAL = NeutralPose(0.0, 0.0, 0.35)

Motion = Callable[[float], FaceMeasurement]
"""What the face looks like a number of ms after the target was released."""


def turn(degrees: float, begins: float = 400.0, lasts: float = 500.0) -> Motion:
    return lambda ms: a_face(yaw=degrees * float(np.clip((ms - begins) / lasts, 0, 1)))


def film(motion: Motion, action: ChallengeAction = LEFT, reached: float | None = 1200.0) -> CaptureRecord:
    """Return five neutral frames, a target released at 500 ms, and what happened then, frame by frame."""
    frames = [a_frame(i, a_face(), received_ms=i * 100.0) for i in range(5)]
    for i in range(6, 25):
        frames.append(
            a_frame(len(frames), motion(i * 100.0 - 500.0), received_ms=i * 100.0, client_ms=i * 100.0)
        )
    step = ChallengeStep(action, 500.0, None if reached is None else 500.0 + reached)
    return a_record(frames, (step,))


def judged(record: CaptureRecord) -> Finding:
    return HeadMovementVerifier().verify(record)


def course(record: CaptureRecord) -> str:
    return str(judged(record).details["course"])


def test_a_turn_to_the_ordered_side_is_obeyed() -> None:
    finding = judged(film(turn(22)))
    assert finding.score == 1.0
    assert finding.details["turns_obeyed"] == 1
    assert finding.details["quickest_reaction_ms"] == pytest.approx(600)


@pytest.mark.parametrize(
    ("motion", "fault"),
    [
        (turn(0), "not shown"),
        (turn(12), "not shown"),
        (turn(-22), "went elsewhere"),
        (lambda ms: a_face(yaw=20 if ms < 140 else 0), "not shown"),
        (turn(45, begins=690, lasts=1), "too fast for a head"),
        (lambda ms: a_face(yaw=30 if 700 < ms < 790 else 0), "not shown"),
    ],
    ids=["nothing", "too little", "other side", "before it was told", "jump cut", "single frame"],
)
def test_what_does_not_count_as_obeying(motion: Motion, fault: str) -> None:
    assert course(film(motion)) == f"left: {fault}"


def test_the_wrong_side_first_and_the_right_one_then_is_not_obeyed() -> None:
    def wavering(ms: float) -> FaceMeasurement:
        return a_face(yaw=-20.0 if 300 < ms < 800 else 20.0 * (ms > 1000))

    assert course(film(wavering)) == "left: went elsewhere"


def test_a_target_that_the_coach_never_saw_reached_is_not_obeyed_whatever_the_frames_show() -> None:
    assert course(film(turn(22), reached=None)) == "left: not reached"


def test_frames_after_the_target_was_reached_do_not_count() -> None:
    assert course(film(turn(22, begins=1300), reached=600.0)) == "left: not shown"


def test_a_phone_that_comes_nearer_may_change_its_angle() -> None:
    def nearer(ms: float) -> FaceMeasurement:
        share = float(np.clip((ms - 300) / 600, 0, 1))
        return a_face(pitch=-13 * share, width=0.35 * (1 + 0.45 * share))

    assert course(film(nearer, NEARER)) == "nearer: obeyed"


def test_the_way_back_from_the_last_target_is_no_mistake() -> None:
    record = film(lambda ms: a_face(yaw=max(0.0, 22 - ms / 20), pitch=14.0 * (ms > 700)), UP)
    held_left = [replace(frame, face=a_face(yaw=22)) for frame in record.frames[3:5]]
    before = [a_frame(i, a_face(), received_ms=10.0 * i) for i in range(3)]
    first = ChallengeStep(LEFT, 50.0, 450.0)
    frames = (*before, *held_left, *record.frames[5:])
    steps = (first, record.steps[0])
    assert "up: obeyed" in course(replace(record, frames=frames, steps=steps))


def test_a_nod_counts_only_once_the_head_is_no_longer_turned() -> None:
    """A sheet of paper that is still turned shows other angles than it has; so a nod may be none."""
    turned = film(lambda _: a_face(yaw=20, pitch=14), UP)
    before = [a_frame(i, a_face(), received_ms=10.0 * i) for i in range(3)]
    record = replace(turned, frames=(*before, *turned.frames[3:]))
    assert "up: not shown" in course(record)
    assert SolidHeadVerifier().verify(record).score is None


def test_without_targets_or_neutral_frames_nothing_is_measured() -> None:
    assert judged(a_record([a_frame(i, a_face()) for i in range(9)])).score is None
    late = film(turn(22))
    assert judged(replace(late, frames=late.frames[4:])).score is None


def test_the_score_is_the_share_of_targets() -> None:
    record = film(turn(22))
    record = replace(record, steps=(*record.steps, ChallengeStep(RIGHT, 1750.0, None)))
    assert judged(record).score == 0.5


def test_excursions_are_one_at_the_target_and_opposite_ones_are_negative() -> None:
    reach = excursions(a_face(yaw=15, pitch=-9, width=0.35 * 1.22), NEUTRAL)
    assert [round(reach[action], 2) for action in (LEFT, RIGHT, UP, NEARER)] == [1.0, -1.0, -1.0, 1.0]
    assert reach[FARTHER] == pytest.approx(-1.0, abs=0.01)


def test_a_neutral_head_is_nowhere() -> None:
    assert strongest(excursions(a_face(yaw=5), NEUTRAL)) is None
    assert strongest(excursions(a_face(yaw=14), NEUTRAL)) is LEFT


def test_a_capture_without_a_turn_and_a_nod_says_nothing_about_a_solid_head() -> None:
    for record in (film(lambda ms: a_face(pitch=ms / 60), UP), film(turn(22), LEFT)):
        assert SolidHeadVerifier().verify(record).score is None
