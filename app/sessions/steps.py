"""The small moves of a session that `app.flow` is told with."""

from sqlalchemy.orm import Session

from app.capture import attempts, challenge, coach
from app.capture.batches import FrameBatch
from app.db import writes
from app.decision.types import Requirements
from app.errors import InputError, NotFoundError, StateConflictError
from app.models import CaptureAttempt, VerificationSession
from app.pipeline.types import CaptureRecord, MeasurementNeeds
from app.runtime import Runtime
from app.sessions import conclusion, lifecycle
from app.verifications.configuration import Configuration
from app.verifications.overrides import Overrides
from app.verifications.requirements import requirements_of
from app.verifications.store import load_version
from app.vocabulary import PathReason, Reason, SessionState

# At the pace that the page is told to keep this is more than any attempt's time limit.
MAX_FRAMES_PER_SESSION = 600
ACCEPTS_FRAMES = frozenset({SessionState.CREATED, SessionState.CAPTURING})


def load(db: Session, session_id: str) -> tuple[VerificationSession, Configuration]:
    """Return a session with the configuration version it began with.

    In a write transaction nobody else moves it until the end: the steps of one session follow each other.
    """
    lock = {"key_share": True} if writes(db) else None  # rows that refer to it may still be added
    visit = db.get(VerificationSession, session_id, with_for_update=lock)
    if visit is None:
        raise NotFoundError("no such session")
    return visit, load_version(db, visit.version_id).configuration


def require_accepting(visit: VerificationSession) -> None:
    """Raise `StateConflictError` unless frames and answers are still welcome."""
    if visit.state not in ACCEPTS_FRAMES:
        raise StateConflictError(f"this session is {visit.state}")


def cancel(
    db: Session, visit: VerificationSession, configuration: Configuration, reason: Reason, now: float
) -> None:
    """End a session because the person, or the lack of a camera, says so."""
    conclusion.conclude_early(
        db, visit, configuration, SessionState.CANCELLED, reason, actor="person", now=now
    )


def begin_attempt(
    runtime: Runtime,
    db: Session,
    visit: VerificationSession,
    configuration: Configuration,
    camera: str,
    now: float,
    no_light: PathReason | None = None,
) -> None:
    """Begin the next attempt with a challenge that nobody has seen, or give up when none is left."""
    if _uses_up_an_attempt(runtime, db, visit):
        visit.attempt_number += 1
    if visit.attempt_number > configuration.security_config.max_attempts:
        visit.attempt_number = configuration.security_config.max_attempts
        conclusion.conclude_early(
            db,
            visit,
            configuration,
            SessionState.CANCELLED,
            Reason.ATTEMPTS_EXHAUSTED,
            actor="policy",
            now=now,
        )
        return
    requirements = requirements_of(configuration, Overrides.from_json(visit.overrides))
    deadline = min(now + configuration.experience_config.timeouts.challenge_seconds, visit.expires_at)
    attempts.begin_attempt(
        db,
        runtime.sealer,
        visit,
        _prepare(runtime, requirements, no_light),
        camera=camera,
        now=now,
        deadline=deadline,
    )


def attempt_for(db: Session, visit: VerificationSession, batch: FrameBatch) -> CaptureAttempt | None:
    """Return the attempt that a batch belongs to; None when the batch comes too late.

    Too late is one that was received before, and one whose session went on without it: the page then
    learns from the answer how things stand. Raises `InputError` for frames of another attempt or with a
    gap before them.
    """
    if visit.state not in ACCEPTS_FRAMES:
        return None
    attempt = attempts.current_attempt(db, visit.id)
    if attempt is None:
        raise StateConflictError("no attempt is under way; start one first")
    if batch.attempt != attempt.number:
        raise InputError("meta.attempt", f"attempt {attempt.number} is under way")
    if batch.first > attempt.next_frame:
        raise InputError("meta.first", f"frame {attempt.next_frame} is next")
    return attempt if batch.first == attempt.next_frame else None


def follow_capture(
    db: Session,
    visit: VerificationSession,
    configuration: Configuration,
    new_frames: int,
    progress: coach.CaptureProgress,
    now: float,
) -> None:
    """Move the session's state after an accepted batch."""
    visit.frame_count += new_frames
    if visit.state == SessionState.CREATED:
        lifecycle.advance(db, visit, SessionState.CAPTURING, actor="person", now=now)
    visit.reason = None
    if progress.complete or progress.failed:
        lifecycle.advance(db, visit, SessionState.PROCESSING, actor="person", now=now)
    elif visit.frame_count >= MAX_FRAMES_PER_SESSION:
        conclusion.conclude_early(
            db,
            visit,
            configuration,
            SessionState.EXPIRED,
            Reason.TIMEOUT,
            actor="clock",
            now=now,
        )


def _prepare(
    runtime: Runtime, requirements: Requirements, no_light: PathReason | None
) -> coach.CaptureProgress:
    needs = MeasurementNeeds(
        demographics=requirements.age is not None or requirements.gender,
        bona_fide=requirements.liveness is not None,
    )
    drawn = challenge.prepare(runtime.rng, requirements.liveness, no_light)
    return coach.begin(drawn, needs, single_person=requirements.fail_on_multiple_faces)


def _uses_up_an_attempt(runtime: Runtime, db: Session, visit: VerificationSession) -> bool:
    """Tell whether starting now takes another number.

    A reload before the first target was told is free; afterwards the challenge is spent, or else
    reloading would be a way to shop for an easy one.
    """
    live = attempts.current_attempt(db, visit.id)
    if live is None:
        return True
    return bool(attempts.load_progress(runtime.sealer, live).steps)


def capture_record(runtime: Runtime, db: Session, attempt: CaptureAttempt) -> CaptureRecord:
    """Return all that was measured in an attempt, and with which models."""
    engine = runtime.engine
    progress = attempts.load_progress(runtime.sealer, attempt)
    return CaptureRecord(
        frames=tuple(attempts.load_measurements(db, runtime.sealer, attempt)),
        steps=tuple(progress.steps),
        light=progress.light.record if progress.light else None,
        path=progress.challenge.path,
        path_reason=progress.challenge.path_reason,
        landmarker=engine.landmarker_name,
        recognition_model=engine.recognition_model,
        pad_model=engine.pad_model,
        demographics_models=engine.demographics_models,
        next_landmarker=runtime.successor.landmarker_name if runtime.successor else None,
        next_recognition_model=runtime.successor.recognition_model if runtime.successor else None,
    )
