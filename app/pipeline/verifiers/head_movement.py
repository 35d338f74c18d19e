"""Whether the head followed the released targets, in order, as a person who was just told does."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.pipeline.movement import (
    DOWN_DEGREES,
    MIN_REACTION_MS,
    NEUTRAL_FRAMES,
    NODS,
    TURNS,
    UP_DEGREES,
    YAW_DEGREES,
    NeutralPose,
    StepWatch,
    excursions,
    neutral_pose,
    pose_of,
    strongest,
)
from app.pipeline.timeline import capture_times
from app.pipeline.types import CaptureRecord, ChallengeStep, FaceMeasurement, Finding
from app.pipeline.verifier import unmeasurable
from app.vocabulary import ChallengeAction, Evidence

# A movement has begun when half of the way from where the head was is done.
ONSET = 0.5
# Excursions per second: 360°/s in yaw, 300°/s in pitch, a fourfold change of size in 0.4 s. Two to three
# times a quick, comfortable movement; a cut between two recordings changes the pose within one frame.
MAX_SPEED: dict[ChallengeAction, float] = {
    ChallengeAction.LEFT: 360 / YAW_DEGREES,
    ChallengeAction.RIGHT: 360 / YAW_DEGREES,
    ChallengeAction.UP: 300 / UP_DEGREES,
    ChallengeAction.DOWN: 300 / DOWN_DEGREES,
    ChallengeAction.NEARER: 18.0,
    ChallengeAction.FARTHER: 18.0,
}
MIN_INTERVAL_MS = 30.0


@dataclass(frozen=True, slots=True)
class TimedFace:
    """A face and when it was captured and received, ms of the server's clock."""

    face: FaceMeasurement
    captured_ms: float
    received_ms: float


@dataclass(frozen=True, slots=True)
class StepResult:
    """How one released target was answered."""

    action: ChallengeAction
    fault: str | None
    """None: obeyed."""
    reaction_ms: float | None = None
    speed: float = 0.0
    """Largest excursion per second on the way."""


class HeadMovementVerifier:
    """The score is the share of released targets that were obeyed."""

    evidence = Evidence.HEAD_MOVEMENT
    unit = "share of targets obeyed, 0…1"
    method = "pose against random targets v1"

    def verify(self, record: CaptureRecord) -> Finding:
        """Judge every step from the measurements alone; what the coach thought of it does not count."""
        faces = timed_faces(record)
        neutral = neutral_before(faces, record.steps)
        if not record.steps or neutral is None:
            return unmeasurable(self, "no target was released" if not record.steps else "no neutral frame")
        results = [judge_step(faces, step, neutral) for step in record.steps]
        obeyed = [result for result in results if result.fault is None]
        reactions = [result.reaction_ms for result in obeyed if result.reaction_ms is not None]
        details = {
            "steps": len(results),
            "obeyed": len(obeyed),
            "turns_obeyed": sum(result.action in TURNS for result in obeyed),
            "nods_obeyed": sum(result.action in NODS for result in obeyed),
            "quickest_reaction_ms": min(reactions, default=None),
            "largest_speed": max(result.speed for result in results),
            "course": ", ".join(f"{result.action}: {result.fault or 'obeyed'}" for result in results),
        }
        return Finding(self.evidence, len(obeyed) / len(results), self.unit, self.method, details)


def timed_faces(record: CaptureRecord) -> list[TimedFace]:
    """Return every dominant face with its times."""
    times = capture_times(record.frames)
    return [
        TimedFace(frame.face, time, frame.received_ms)
        for frame, time in zip(record.frames, times, strict=True)
        if frame.face is not None
    ]


def neutral_before(faces: Sequence[TimedFace], steps: Sequence[ChallengeStep]) -> NeutralPose | None:
    """Return the pose before the first target, None without enough frames."""
    before = [timed.face for timed in faces if steps and timed.received_ms <= steps[0].released_ms]
    if len(before) < NEUTRAL_FRAMES:
        return None
    return neutral_pose([pose_of(face) for face in before[-NEUTRAL_FRAMES:]])


def faces_within(faces: Sequence[TimedFace], step: ChallengeStep) -> list[TimedFace]:
    """Return the faces received after the target was released and until it was reached."""
    until = step.reached_ms if step.reached_ms is not None else float("inf")
    return [timed for timed in faces if step.released_ms < timed.received_ms <= until]


def judge_step(faces: Sequence[TimedFace], step: ChallengeStep, neutral: NeutralPose) -> StepResult:
    """Judge one step."""
    action = step.action
    if step.reached_ms is None:
        return StepResult(action, "not reached")
    before = [timed for timed in faces if timed.received_ms <= step.released_ms]
    if not before:
        return StepResult(action, "no frame before")
    start = before[-1]
    answers = [
        timed
        for timed in faces_within(faces, step)
        if timed.captured_ms >= step.released_ms + MIN_REACTION_MS
    ]
    path = _path_to_target(answers, start, action, neutral)
    if isinstance(path, str):
        return StepResult(action, path)
    reaction = _onset(path, start, action, neutral) - step.released_ms
    speed = _largest_speed([start, *path], action, neutral)
    return StepResult(action, "too fast for a head" if speed > MAX_SPEED[action] else None, reaction, speed)


def _path_to_target(
    faces: Sequence[TimedFace], start: TimedFace, action: ChallengeAction, neutral: NeutralPose
) -> list[TimedFace] | str:
    """Return the faces up to the one that holds the target, or what was wrong."""
    watch = StepWatch(leaving=strongest(excursions(start.face, neutral)))
    for index, timed in enumerate(faces):
        watch = watch.observe(excursions(timed.face, neutral), action)
        if watch.reached:
            return list(faces[: index + 1])
        if watch.missed:
            return "went elsewhere"
    return "not shown"


def _onset(
    path: Sequence[TimedFace], start: TimedFace, action: ChallengeAction, neutral: NeutralPose
) -> float:
    """Return when the movement towards the target had visibly begun, ms."""
    from_here = excursions(start.face, neutral)[action]
    begun = from_here + ONSET * max(0.0, 1 - from_here)
    return next(
        (timed.captured_ms for timed in path if excursions(timed.face, neutral)[action] >= begun),
        path[-1].captured_ms,
    )


def _largest_speed(path: Sequence[TimedFace], action: ChallengeAction, neutral: NeutralPose) -> float:
    """Return the largest change of excursion per second between consecutive frames."""
    reach = [excursions(timed.face, neutral)[action] for timed in path]
    times = [timed.captured_ms for timed in path]
    return max(
        abs(reach[i + 1] - reach[i]) / max(times[i + 1] - times[i], MIN_INTERVAL_MS) * 1000
        for i in range(len(path) - 1)
    )
