"""Leading a person through the capture, batch by batch, with made-up measurements."""

from dataclasses import replace

import pytest

from app.capture.challenge import Challenge
from app.capture.coach import STEP_LIMIT_MS, advance, begin
from app.capture.progress import CapturePhase, CaptureProgress
from app.pipeline.types import FaceMeasurement, MeasurementNeeds
from app.vocabulary import ChallengeAction, ChallengeType, Guidance, Reason
from tests.measurements import GOOD_QUALITY, a_face, a_frame

LEFT, UP, NEARER = ChallengeAction.LEFT, ChallengeAction.UP, ChallengeAction.NEARER
CHALLENGE = Challenge(
    ChallengeType.BALANCED, (LEFT, UP, NEARER), (ChallengeAction.RIGHT, ChallengeAction.DOWN)
)
NOTHING = Challenge(ChallengeType.BASIC, (), ())
NEEDS = MeasurementNeeds(demographics=True, bona_fide=True)

POSES = {
    LEFT: a_face(yaw=18),
    ChallengeAction.RIGHT: a_face(yaw=-18),
    UP: a_face(pitch=11),
    ChallengeAction.DOWN: a_face(pitch=-11),
    NEARER: a_face(width=0.35 * 1.3),
    ChallengeAction.FARTHER: a_face(width=0.35 * 0.7),
}
STRAIGHT = a_face()


class Visit:
    """Sends batches and keeps the clock."""

    def __init__(self, challenge: Challenge = CHALLENGE, *, single_person: bool = False) -> None:
        self.progress = begin(challenge, NEEDS, single_person=single_person)
        self.frames = 0
        self.now = 0.0

    def show(self, *faces: FaceMeasurement | None, count: int | None = None) -> CaptureProgress:
        self.now += 100.0 * len(faces)
        batch = [a_frame(self.frames + i, face, self.now) for i, face in enumerate(faces)]
        if count is not None:
            batch = [replace(frame, face_count=count) for frame in batch]
        self.frames += len(faces)
        self.progress = advance(self.progress, batch, self.now)
        return self.progress


def test_three_good_frames_release_the_first_target() -> None:
    visit = Visit()
    assert visit.show(STRAIGHT, STRAIGHT).target is None
    progress = visit.show(STRAIGHT)
    assert progress.target is LEFT
    assert progress.guidance is Guidance.LOOK_LEFT
    assert progress.steps[0].released_ms == visit.now


@pytest.mark.parametrize(
    ("face", "guidance"),
    [
        (None, Guidance.NO_FACE),
        (a_face(width=0.1), Guidance.MOVE_CLOSER),
        (a_face(width=0.8), Guidance.MOVE_BACK),
        (a_face(center=(0.9, 0.5)), Guidance.CENTER_FACE),
        (a_face(yaw=25), Guidance.LOOK_STRAIGHT),
        (a_face(quality=replace(GOOD_QUALITY, luminance=0.05)), Guidance.TOO_DARK),
        (a_face(quality=replace(GOOD_QUALITY, luminance=0.95)), Guidance.TOO_BRIGHT),
        (a_face(quality=replace(GOOD_QUALITY, sharpness=1.0)), Guidance.HOLD_STILL),
    ],
)
def test_a_frame_that_is_not_good_gets_the_most_helpful_advice(
    face: FaceMeasurement | None, guidance: Guidance
) -> None:
    progress = Visit().show(STRAIGHT, STRAIGHT, STRAIGHT, face)
    assert progress.guidance is guidance
    assert progress.phase is CapturePhase.POSITIONING


def test_targets_are_released_one_at_a_time_as_they_are_reached() -> None:
    visit = Visit()
    visit.show(STRAIGHT, STRAIGHT, STRAIGHT)
    released = [step.action for step in visit.show(STRAIGHT, POSES[LEFT], POSES[LEFT], POSES[LEFT]).steps]
    assert released == [LEFT, UP]
    visit.show(STRAIGHT, POSES[UP], POSES[UP])
    progress = visit.show(STRAIGHT, POSES[NEARER], POSES[NEARER])
    assert progress.steps_reached == progress.step_count == 3
    assert progress.phase is CapturePhase.COLLECTING


def test_one_frame_on_the_target_is_not_enough() -> None:
    visit = Visit()
    visit.show(STRAIGHT, STRAIGHT, STRAIGHT)
    assert visit.show(POSES[LEFT], STRAIGHT, POSES[LEFT], STRAIGHT).steps_reached == 0


def test_the_rest_of_a_batch_cannot_answer_a_target_it_never_heard_of() -> None:
    visit = Visit()
    visit.show(STRAIGHT, STRAIGHT, STRAIGHT)
    progress = visit.show(STRAIGHT, POSES[LEFT], POSES[LEFT], POSES[UP], POSES[UP])
    assert [step.reached_ms is not None for step in progress.steps] == [True, False]


def test_a_frame_from_before_anybody_could_have_read_the_target_does_not_answer_it() -> None:
    visit = Visit()
    visit.show(STRAIGHT, STRAIGHT, STRAIGHT)
    assert visit.show(POSES[LEFT], POSES[LEFT], STRAIGHT, STRAIGHT).steps_reached == 0


def test_a_whole_capture_is_complete_within_four_seconds() -> None:
    visit = Visit()
    visit.show(STRAIGHT, STRAIGHT, STRAIGHT)
    for action in CHALLENGE.targets:
        visit.show(STRAIGHT, STRAIGHT, STRAIGHT, STRAIGHT)
        visit.show(STRAIGHT, POSES[action], POSES[action], POSES[action])
    progress = visit.show(STRAIGHT, STRAIGHT, STRAIGHT)
    assert progress.complete
    assert progress.share_done == 1.0
    assert visit.now < 4000


def test_without_liveness_a_second_is_enough() -> None:
    visit = Visit(NOTHING)
    while not visit.progress.complete:
        visit.show(STRAIGHT, STRAIGHT)
    assert visit.now <= 1000


def test_a_capture_is_not_complete_without_embeddings() -> None:
    visit = Visit(NOTHING)
    for _ in range(10):
        visit.show(*[a_face(person=None)] * 4)
    assert visit.progress.phase is CapturePhase.COLLECTING


def test_the_face_after_the_challenge_is_waited_for() -> None:
    visit = Visit()
    visit.show(STRAIGHT, STRAIGHT, STRAIGHT)
    for action in CHALLENGE.targets:
        visit.show(*[POSES[action]] * 4)
    assert visit.show(POSES[LEFT], None).phase is CapturePhase.COLLECTING


def test_the_face_after_the_challenge_has_to_look_where_it_looked_before() -> None:
    visit = Visit()
    visit.show(STRAIGHT, STRAIGHT, STRAIGHT)
    for action in CHALLENGE.targets:
        visit.show(STRAIGHT, *[POSES[action]] * 4)
    for _ in range(3):
        progress = visit.show(*[a_face(pitch=16)] * 4)
    assert (progress.phase, progress.guidance) == (CapturePhase.COLLECTING, Guidance.LOOK_STRAIGHT)
    assert visit.show(STRAIGHT, STRAIGHT, STRAIGHT).complete


def missed_once() -> Visit:
    visit = Visit()
    visit.show(STRAIGHT, STRAIGHT, STRAIGHT)
    visit.show(*[POSES[ChallengeAction.RIGHT]] * 4)
    return visit


def test_going_the_other_way_costs_two_further_targets() -> None:
    visit = missed_once()
    assert visit.progress.misses == 1
    assert visit.progress.step_count == 5
    assert visit.progress.guidance is Guidance.LOOK_STRAIGHT


def test_after_a_miss_the_next_target_waits_for_a_neutral_head() -> None:
    visit = missed_once()
    assert visit.show(POSES[ChallengeAction.RIGHT]).target is None
    assert visit.show(STRAIGHT).target is UP


def test_a_second_miss_ends_the_attempt() -> None:
    visit = missed_once()
    visit.show(STRAIGHT)
    progress = visit.show(*[POSES[ChallengeAction.DOWN]] * 4)
    assert progress.failed
    assert progress.reason is Reason.LIVENESS_FAILED


def test_who_does_nothing_in_time_has_missed_the_target() -> None:
    visit = Visit()
    visit.show(STRAIGHT, STRAIGHT, STRAIGHT)
    visit.now += STEP_LIMIT_MS
    assert visit.show(STRAIGHT).misses == 1
    visit.now += STEP_LIMIT_MS
    assert visit.show(STRAIGHT).failed


def test_a_mistake_and_four_right_answers_end_well() -> None:
    visit = missed_once()
    visit.show(STRAIGHT)
    for action in (UP, NEARER, *CHALLENGE.spares):
        visit.show(STRAIGHT, POSES[action], POSES[action], STRAIGHT)
    assert visit.show(STRAIGHT, STRAIGHT, STRAIGHT, STRAIGHT).complete


def test_progress_never_goes_back() -> None:
    visit = Visit()
    shares = [visit.show(*faces).share_done for faces in ([STRAIGHT] * 3, [None], [POSES[LEFT]] * 2, [None])]
    visit.show(*[POSES[ChallengeAction.DOWN]] * 4)
    assert [*shares, visit.progress.share_done] == sorted([*shares, visit.progress.share_done])


def test_a_bystander_is_sent_away_when_only_one_may_be_there() -> None:
    assert Visit(single_person=True).show(STRAIGHT, count=2).guidance is Guidance.ONE_PERSON_ONLY
    assert Visit().show(STRAIGHT, count=2).guidance is Guidance.GOOD


def test_a_bystander_who_stays_is_left_to_the_verifiers() -> None:
    visit = Visit(single_person=True)
    for _ in range(9):
        visit.show(*[STRAIGHT] * 4, count=2)
    assert visit.progress.complete


def test_a_bystander_who_leaves_in_time_costs_nothing() -> None:
    visit = Visit(NOTHING, single_person=True)
    visit.show(*[STRAIGHT] * 20, count=2)
    assert visit.progress.phase is CapturePhase.POSITIONING
    visit.show(*[STRAIGHT] * 12, count=1)
    assert visit.progress.complete


def test_a_finished_attempt_takes_no_further_frames() -> None:
    visit = missed_once()
    visit.show(STRAIGHT)
    failed = visit.show(*[POSES[ChallengeAction.DOWN]] * 4)
    assert advance(failed, [a_frame(99, STRAIGHT)], 1e6) is failed
