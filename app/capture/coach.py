"""Leads a person through the capture: position, challenge, collect. A pure function of what was measured.

A batch is taken as a whole: the neutral pose, and the head's place when a target is released, are those
of the last frames of a batch, which the verifiers find again in the record.
"""

from collections.abc import Sequence
from dataclasses import replace

from app.capture.challenge import Challenge
from app.capture.guidance import advise
from app.capture.light import LightProgress, Shown
from app.capture.progress import CapturePhase, CaptureProgress, Collected
from app.pipeline.movement import (
    MIN_REACTION_MS,
    NEUTRAL_FRAMES,
    StepWatch,
    are_near,
    excursions,
    is_near,
    neutral_pose,
    pose_of,
    strongest,
)
from app.pipeline.planning import is_frontal
from app.pipeline.types import ChallengeStep, FaceMeasurement, FrameMeasurement, MeasurementNeeds
from app.vocabulary import GUIDANCE_OF_ACTION, ChallengeAction, Guidance, PathReason, Reason

__all__ = ["CapturePhase", "CaptureProgress", "advance", "begin"]

# A person needs about 1 s to read and 0.5 s to turn; 8 s leave room for somebody slow or with a screen
# reader.
STEP_LIMIT_MS = 8000.0
MAX_MISSES = 1
# Bystanders get this long to step out of the picture before the verifiers are told about them.
CROWDED_MS, CROWDED_FRAMES = 3000.0, 8
# Three fused frames are what the false match rates were measured with; five leave room for a blink.
WANTED_EMBEDDINGS, WANTED_SPAN_MS = 5, 800.0
# The face after the challenge must be the face before it: continuity compares each one with all others.
WANTED_AFTER_CHALLENGE = 1
WANTED_DEMOGRAPHICS, WANTED_BONA_FIDE = 3, 4
# Shares of the progress bar.
POSITIONING_SHARE, CHALLENGE_SHARE, LIGHT_SHARE = 0.2, 0.6, 0.3


def begin(challenge: Challenge, needs: MeasurementNeeds, *, single_person: bool) -> CaptureProgress:
    """Return the state before the first frame."""
    return CaptureProgress(challenge=challenge, needs=needs, single_person=single_person)


def advance(
    progress: CaptureProgress,
    measurements: Sequence[FrameMeasurement],
    now_ms: float,
    *,
    shown: Sequence[Shown] = (),
    before: Sequence[FrameMeasurement] = (),
) -> CaptureProgress:
    """Take one batch of consecutive frames; `now_ms`: server clock since the attempt began.

    `shown`: light steps that the page says it painted; `before`: the frames of earlier batches.
    """
    if progress.complete or progress.failed:
        return progress
    if progress.light is not None:
        progress = replace(progress, light=progress.light.note_shown(shown))
    for frame in measurements:
        progress = _take(progress, frame, now_ms)
    if not measurements or progress.failed:
        return progress
    progress = _move_on(progress, measurements[-1], now_ms)
    if progress.phase is CapturePhase.LIGHT:
        progress = _move_light(progress, [*before, *measurements], now_ms)
    if progress.phase is CapturePhase.COLLECTING and _has_enough(progress):
        progress = replace(progress, phase=CapturePhase.COMPLETE)
    return replace(
        progress,
        guidance=_guidance(progress, measurements[-1]),
        share_done=max(progress.share_done, _share_done(progress)),
    )


def _take(progress: CaptureProgress, frame: FrameMeasurement, now_ms: float) -> CaptureProgress:
    progress = _count_people(progress, frame, now_ms)
    offset = min(progress.clock_offset_ms, frame.received_ms - frame.client_ms)
    progress = replace(progress, collected=_collect(progress, frame), clock_offset_ms=offset)
    if progress.phase is CapturePhase.POSITIONING:
        return _take_neutral(progress, frame)
    if progress.phase is CapturePhase.CHALLENGE:
        return _take_step(progress, frame, now_ms)
    return progress


def _count_people(progress: CaptureProgress, frame: FrameMeasurement, now_ms: float) -> CaptureProgress:
    if not progress.single_person or frame.face_count <= 1:
        return replace(progress, crowded=0)
    since = progress.crowded_since_ms if progress.crowded else now_ms
    return replace(progress, crowded=progress.crowded + 1, crowded_since_ms=since)


def _collect(progress: CaptureProgress, frame: FrameMeasurement) -> Collected:
    face, held = frame.face, progress.collected
    if face is None:
        return held
    held = replace(
        held,
        estimated=(*held.estimated, pose_of(face)) if face.demographics is not None else held.estimated,
        bona_fide=held.bona_fide + (face.bona_fide is not None),
    )
    counts = face.embedding is not None and _is_straight(progress, face)
    return _with_embedding(progress, held, frame) if counts else held


def _is_straight(progress: CaptureProgress, face: FaceMeasurement) -> bool:
    """Tell whether recognition and continuity can use this pose: near neutral, once that is known."""
    return is_frontal(face) if progress.neutral is None else is_near(face, progress.neutral)


def _with_embedding(progress: CaptureProgress, held: Collected, frame: FrameMeasurement) -> Collected:
    after = progress.phase in (CapturePhase.LIGHT, CapturePhase.COLLECTING)
    return replace(
        held,
        embeddings=held.embeddings + 1,
        first_ms=held.first_ms if held.embeddings else frame.client_ms,
        last_ms=frame.client_ms,
        after_challenge=held.after_challenge + after,
    )


def _take_neutral(progress: CaptureProgress, frame: FrameMeasurement) -> CaptureProgress:
    if frame.face is None or advise(frame, single_person=progress.single_person) is not Guidance.GOOD:
        return replace(progress, good=())
    return replace(progress, good=(*progress.good, pose_of(frame.face))[-NEUTRAL_FRAMES:])


def _take_step(progress: CaptureProgress, frame: FrameMeasurement, now_ms: float) -> CaptureProgress:
    step = progress.steps[-1]
    waits = progress.recentring or step.reached_ms is not None
    too_early = frame.client_ms + progress.clock_offset_ms < step.released_ms + MIN_REACTION_MS
    if frame.face is None or progress.neutral is None or waits or too_early:
        return progress
    watch = progress.watch.observe(excursions(frame.face, progress.neutral), step.action)
    progress = replace(progress, watch=watch)
    if watch.reached:
        return replace(progress, steps=(*progress.steps[:-1], replace(step, reached_ms=now_ms)))
    return _miss(progress) if watch.missed else progress


def _miss(progress: CaptureProgress) -> CaptureProgress:
    """Forgive the first missed target, which costs further ones; the second ends the attempt."""
    progress = replace(progress, misses=progress.misses + 1, recentring=True)
    if progress.misses <= MAX_MISSES:
        return progress
    return replace(progress, phase=CapturePhase.FAILED, reason=Reason.LIVENESS_FAILED)


def _guidance(progress: CaptureProgress, frame: FrameMeasurement) -> Guidance:
    advice = advise(frame, single_person=progress.single_person)
    if progress.phase is CapturePhase.CHALLENGE:
        disturbed = advice in (Guidance.NO_FACE, Guidance.ONE_PERSON_ONLY)
        return advice if disturbed else _order(progress)
    if progress.light_is_on and advice not in (Guidance.NO_FACE, Guidance.ONE_PERSON_ONLY):
        return Guidance.WATCH_LIGHT
    if (
        progress.phase not in (CapturePhase.LIGHT, CapturePhase.COLLECTING)
        or frame.face is None
        or advice is not Guidance.GOOD
    ):
        return advice
    return Guidance.HOLD_STILL if _is_straight(progress, frame.face) else Guidance.LOOK_STRAIGHT


def _order(progress: CaptureProgress) -> Guidance:
    return GUIDANCE_OF_ACTION[progress.target] if progress.target else Guidance.LOOK_STRAIGHT


def _move_on(progress: CaptureProgress, last: FrameMeasurement, now_ms: float) -> CaptureProgress:
    """Make the transition that is due at the end of a batch whose last frame is `last`."""
    if progress.crowded >= CROWDED_FRAMES and now_ms - progress.crowded_since_ms >= CROWDED_MS:
        # Nobody leaves the picture: the verifiers see it, and the policy answers `multiple_faces`.
        return replace(progress, phase=CapturePhase.COMPLETE)
    if progress.phase is CapturePhase.POSITIONING:
        progress = _end_positioning(progress, now_ms)
    elif progress.phase is CapturePhase.CHALLENGE:
        progress = _end_step(progress, last, now_ms)
    return progress


def _end_positioning(progress: CaptureProgress, now_ms: float) -> CaptureProgress:
    if len(progress.good) < NEUTRAL_FRAMES:
        return progress
    progress = replace(progress, neutral=neutral_pose(progress.good))
    if not progress.challenge.targets:
        return replace(progress, phase=CapturePhase.COLLECTING)
    return _release(replace(progress, phase=CapturePhase.CHALLENGE), None, now_ms)


def _end_step(progress: CaptureProgress, last: FrameMeasurement, now_ms: float) -> CaptureProgress:
    step, place = progress.steps[-1], _place(progress, last)
    if step.reached_ms is None and not progress.recentring and now_ms - step.released_ms > STEP_LIMIT_MS:
        progress = _miss(progress)
    if progress.failed or (step.reached_ms is None and not progress.recentring):
        return progress
    if progress.step_number == progress.step_count:
        return _end_targets(progress)
    if progress.recentring and (last.face is None or place is not None):
        return progress
    return _release(progress, place, now_ms)


def _end_targets(progress: CaptureProgress) -> CaptureProgress:
    if not progress.challenge.light:
        return replace(progress, phase=CapturePhase.COLLECTING)
    light = LightProgress(progress.challenge.light, spares=progress.challenge.light_spares)
    return replace(progress, phase=CapturePhase.LIGHT, light=light)


def _move_light(
    progress: CaptureProgress, frames: Sequence[FrameMeasurement], now_ms: float
) -> CaptureProgress:
    """Begin the light once the head is back, tell what is due, and end it with its last answer."""
    light, last = progress.light, frames[-1]
    if light is None or (not light.released and not _is_back(progress, last)):
        return progress
    light = light.release(now_ms) if light.released else light.at_the_pace_of(frames).release(now_ms)
    progress = replace(progress, light=light)
    if not light.is_over(last.client_ms, now_ms):
        return progress
    if light.drowned(frames):
        return _leave_light(progress, last, now_ms)
    if light.in_doubt(frames):
        return replace(progress, light=light.prolonged().release(now_ms))
    return replace(progress, phase=CapturePhase.COLLECTING)


def _is_back(progress: CaptureProgress, last: FrameMeasurement) -> bool:
    return last.face is not None and _is_straight(progress, last.face)


def _leave_light(progress: CaptureProgress, last: FrameMeasurement, now_ms: float) -> CaptureProgress:
    """Go on with targets: the room is too bright for the light of the screen."""
    challenge = progress.challenge.without_light(PathReason.TOO_BRIGHT, progress.misses)
    progress = replace(progress, challenge=challenge, light=None, phase=CapturePhase.CHALLENGE)
    return _release(progress, _place(progress, last), now_ms)


def _place(progress: CaptureProgress, last: FrameMeasurement) -> ChallengeAction | None:
    if last.face is None or progress.neutral is None:
        return None
    return strongest(excursions(last.face, progress.neutral))


def _release(progress: CaptureProgress, place: ChallengeAction | None, now_ms: float) -> CaptureProgress:
    action = progress.challenge.sequence(progress.misses)[progress.step_number]
    return replace(
        progress,
        steps=(*progress.steps, ChallengeStep(action, now_ms, None)),
        watch=StepWatch(leaving=place),
        recentring=False,
    )


def _has_enough(progress: CaptureProgress) -> bool:
    held, needs = progress.collected, progress.needs
    return (
        held.embeddings >= WANTED_EMBEDDINGS
        and held.last_ms - held.first_ms >= WANTED_SPAN_MS
        and (held.after_challenge >= WANTED_AFTER_CHALLENGE or not progress.steps)
        and (_estimates(progress) >= WANTED_DEMOGRAPHICS or not needs.demographics)
        and (held.bona_fide >= WANTED_BONA_FIDE or not needs.bona_fide)
    )


def _estimates(progress: CaptureProgress) -> int:
    """Return how many age estimates are of the pose that the verifiers will look at."""
    neutral = progress.neutral
    return sum(neutral is None or are_near(pose, neutral) for pose in progress.collected.estimated)


def _share_done(progress: CaptureProgress) -> float:
    if progress.complete:
        return 1.0
    share = POSITIONING_SHARE * len(progress.good) / NEUTRAL_FRAMES
    light_share = LIGHT_SHARE if progress.challenge.light else 0.0
    challenge_share = CHALLENGE_SHARE - light_share if progress.step_count else 0.0
    if progress.step_count:
        share += challenge_share * progress.steps_reached / progress.step_count
    if progress.light is not None:
        share += light_share * len(progress.light.shown) / len(progress.light.steps)
    rest = 0.99 - POSITIONING_SHARE - challenge_share - light_share
    collected = min(1.0, progress.collected.embeddings / WANTED_EMBEDDINGS)
    return share + rest * collected * (progress.phase is CapturePhase.COLLECTING)
