"""A challenge is answered once, in order, in time, by the session it was drawn for; or not at all."""

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.capture.attempts import _seal_progress
from app.capture.challenge import Challenge, prepare
from app.capture.coach import advance, begin
from app.capture.light import LightProgress, Shown, draw_light
from app.capture.progress import CapturePhase, CaptureProgress
from app.pipeline.movement import MIN_REACTION_MS
from app.pipeline.types import FrameMeasurement, MeasurementNeeds
from app.pipeline.verifiers.head_movement import HeadMovementVerifier
from app.sealing import Purpose, SealBrokenError, Sealer
from app.vocabulary import ChallengeAction, ChallengeType
from tests.measurements import a_face, a_frame, a_record
from tests.unit.test_challenge_light import POSES

properties = settings(max_examples=60, deadline=None, database=None)
seeds = st.integers(0, 10_000)
LEVELS = st.sampled_from([ChallengeType.BALANCED, ChallengeType.ADVANCED])


def drawn(seed: int, level: ChallengeType = ChallengeType.BALANCED) -> Challenge:
    return prepare(random.Random(seed), level)


def answered(challenge: Challenge, poses: list[ChallengeAction | None], batch: int = 4) -> CaptureProgress:
    """Show straight frames, then each pose for a batch, whatever is being asked for."""
    progress, frames = begin(challenge, MeasurementNeeds(), single_person=False), list[FrameMeasurement]()
    for pose in [None, *poses]:
        shown = POSES[pose] if pose else {}
        news = [
            a_frame(len(frames) + n, a_face(**shown), client_ms=(len(frames) + n) * 100.0)  # type: ignore[arg-type]
            for n in range(batch)
        ]
        frames += news
        progress = advance(progress, news, news[-1].client_ms + 1, before=frames[:-batch])
    return progress


@properties
@given(seeds, seeds)
def test_the_answers_to_one_challenge_do_not_answer_another(one: int, other: int) -> None:
    mine, yours = drawn(one), drawn(other)
    progress = answered(mine, list(yours.targets))
    reached = progress.steps_reached == len(mine.targets) and progress.misses == 0
    assert reached == (mine.targets == yours.targets)


@properties
@given(seeds, st.permutations(range(4)))
def test_targets_answered_in_another_order_are_not_reached(seed: int, order: list[int]) -> None:
    challenge = drawn(seed)
    shuffled = [challenge.targets[place] for place in order]
    progress = answered(challenge, list(shuffled))
    reached = progress.steps_reached == 4 and progress.misses == 0
    assert reached == (tuple(shuffled) == challenge.targets)


@properties
@given(seeds, LEVELS, st.floats(0, MIN_REACTION_MS - 1))
def test_a_pose_shown_before_anybody_could_have_answered_does_not_count(
    seed: int, level: ChallengeType, early_ms: float
) -> None:
    challenge = drawn(seed, level)
    progress = answered(challenge, [])
    released = progress.steps[0].released_ms
    shown = POSES[challenge.targets[0]]
    news = [
        a_frame(4 + n, a_face(**shown), client_ms=released + early_ms * n / 4, received_ms=released + 400)  # type: ignore[arg-type]
        for n in range(4)
    ]
    assert advance(progress, news, released + 400).steps_reached == 0


@properties
@given(seeds, st.integers(1, 3))
def test_an_answer_that_never_comes_is_a_miss_and_two_misses_end_the_attempt(seed: int, level: int) -> None:
    progress = answered(drawn(seed), [None] * 60)
    assert progress.phase is CapturePhase.FAILED
    assert progress.misses == 2


@properties
@given(seeds, st.lists(st.tuples(st.integers(0, 8), st.floats(0, 9000)), max_size=30))
def test_whatever_a_page_reports_the_colours_count_once_each_in_order_and_after_they_were_told(
    seed: int, reports: list[tuple[int, float]]
) -> None:
    light = LightProgress(draw_light(random.Random(seed)))
    for now, (step, at) in enumerate(reports):
        light = light.release(now * 200.0).note_shown([Shown(step, at)])
    assert len(light.shown) <= len(light.released) <= len(light.steps)
    assert all(later > earlier for earlier, later in pairwise(light.shown))
    assert light.shown == tuple(at for at in light.shown if (at in {moment for _, moment in reports}))


@given(seeds)
@properties
def test_a_challenge_does_not_open_for_another_session(seed: int) -> None:
    sealer = Sealer(bytes(32))
    progress = begin(drawn(seed), MeasurementNeeds(), single_person=False)
    sealed = _seal_progress(sealer, "session-a", progress)
    assert sealer.open(Purpose.CHALLENGE, "session-a", sealed)
    with pytest.raises(SealBrokenError):
        sealer.open(Purpose.CHALLENGE, "session-b", sealed)


def test_the_verifier_counts_no_answer_that_arrived_before_its_question() -> None:
    progress = answered(drawn(1), list(drawn(1).targets))
    assert progress.steps_reached == 4
    frames = [
        a_frame(n, a_face(**(POSES[drawn(1).targets[0]] if n > 3 else {})), received_ms=n * 10.0)  # type: ignore[arg-type]
        for n in range(8)
    ]
    finding = HeadMovementVerifier().verify(a_record(frames, progress.steps))
    assert finding.details["obeyed"] == 0
