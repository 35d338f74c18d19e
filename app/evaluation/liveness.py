"""Runs the passive liveness evidence of the service over labelled presentations."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.decision.policy import Condition, Limit, Policy
from app.errors import InputError, SettingsError
from app.evaluation.labels import LabelledPresentation
from app.evaluation.liveness_captures import is_still, read_frames, read_still
from app.evaluation.photos import Progress, unwatched
from app.inference.types import FaceEngine
from app.pipeline.measure import MAX_FACES, measure_batch, measure_frame
from app.pipeline.planning import FramePlan, is_frontal
from app.pipeline.runner import run
from app.pipeline.types import CaptureRecord, FaceMeasurement, Finding, FrameMeasurement, MeasurementNeeds
from app.pipeline.verifiers.capture_integrity import CaptureIntegrityVerifier
from app.pipeline.verifiers.continuity import ContinuityVerifier
from app.pipeline.verifiers.presentation_attack import PresentationAttackVerifier
from app.vocabulary import Evidence

# Evidence of a capture of several frames for which nobody has to be told what to do.
OTHER_VERIFIERS = (CaptureIntegrityVerifier(), ContinuityVerifier())
# A recording arrives at no time of its own, so what compares clocks says nothing about it.
_CLOCK_MEASURES = frozenset({"clock_ratio", "frame_rate"})
# Frames held in memory at once.
BATCH = 4
_CHALLENGE_FREE = (Condition.ALWAYS, Condition.LIVENESS)


@dataclass(frozen=True, slots=True)
class PresentationAnswer:
    """One labelled presentation and what was measured of it."""

    label: LabelledPresentation
    score: float | None = None
    """Passive liveness, fused over frames, 0…1, higher = more like a live capture; None = not scored."""
    frames: int = 0
    """How many frames the passive model saw."""
    near_frontal: bool = False
    """Whether the service itself would have let the model see the face."""
    why_not: str | None = None
    """Why there is no score."""
    refused_by: Mapping[Evidence, bool] = field(default_factory=dict)
    """Evidence beside the passive model → whether a limit of the policy refuses; only of several frames."""


@dataclass(frozen=True)
class _AnyPose(FramePlan):
    """A still has only this one frame: it is scored whichever way the face looks."""

    def wants_bona_fide(self, face: FaceMeasurement) -> bool:
        """Score it."""
        return True


def passive_limit(policy: Policy, pad_model: str) -> Limit:
    """Return the shipped limit on the score of a passive model; `SettingsError` when there is none."""
    for limit in policy.limits:
        fits = not limit.methods or pad_model in limit.methods
        if limit.evidence is Evidence.PRESENTATION_ATTACK and limit.measure == "score" and fits:
            return limit
    raise SettingsError(f"policy.toml: has no limit on the score of the passive liveness model {pad_model}")


def score_presentations(
    engine: FaceEngine,
    labels: Sequence[LabelledPresentation],
    policy: Policy,
    progress: Progress = unwatched,
) -> list[PresentationAnswer]:
    """Score every presentation; what cannot be read or has no face gets an answer without a score."""
    return [_answer(engine, label, policy) for label in progress(labels, "presentations")]


def _answer(engine: FaceEngine, label: LabelledPresentation, policy: Policy) -> PresentationAnswer:
    still = is_still(label.path)
    try:
        frames = _measure_still(engine, label) if still else _measure_frames(engine, label)
    except InputError as error:
        return PresentationAnswer(label, why_not=error.detail)
    record = CaptureRecord(
        tuple(frames), (), engine.landmarker_name, engine.recognition_model, engine.pad_model, ()
    )
    scored = [frame.face for frame in frames if frame.face is not None and frame.face.bona_fide is not None]
    finding = PresentationAttackVerifier().verify(record)
    return PresentationAnswer(
        label,
        finding.score,
        len(scored),
        any(is_frontal(face) for face in scored),
        None if finding.score is not None else _why_not(frames),
        {} if still else {each.evidence: _refuses(policy, each) for each in run(record, OTHER_VERIFIERS)},
    )


def _measure_still(engine: FaceEngine, label: LabelledPresentation) -> list[FrameMeasurement]:
    return [measure_frame(read_still(label.path), engine, _AnyPose(), max_faces=MAX_FACES)]


def _measure_frames(engine: FaceEngine, label: LabelledPresentation) -> list[FrameMeasurement]:
    frames, measured = read_frames(label.path), list[FrameMeasurement]()
    while batch := list(itertools.islice(frames, BATCH)):
        measured += measure_batch(batch, engine, MeasurementNeeds(bona_fide=True), measured)
    return measured


def _why_not(frames: Sequence[FrameMeasurement]) -> str:
    return "no face near frontal" if any(frame.face is not None for frame in frames) else "no face found"


def _refuses(policy: Policy, finding: Finding) -> bool:
    """Tell whether a limit that needs no challenge is broken, or nothing could be measured."""
    limits = [
        limit
        for limit in policy.limits
        if limit.evidence is finding.evidence
        and limit.when in _CHALLENGE_FREE
        and limit.measure not in _CLOCK_MEASURES
        and limit.applies_to(finding)
    ]
    return not finding.measurable or any(not _holds(limit, finding) for limit in limits)


def _holds(limit: Limit, finding: Finding) -> bool:
    value = limit.measured(finding)
    return value is not None and limit.allows(value)
