"""Attempts in the database: sealed progress and measurements between two requests, gone afterwards."""

import json
from collections.abc import Sequence

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from app.capture.coach import CaptureProgress
from app.capture.evidence_codec import (
    decode_measurements,
    decode_progress,
    encode_measurements,
    encode_progress,
)
from app.errors import StateConflictError
from app.models import CaptureAttempt, CaptureBatch, VerificationSession
from app.pipeline.types import FrameMeasurement
from app.plain import PlainStatement
from app.sealing import Purpose, Sealer

_NEW_BATCH = PlainStatement(insert(CaptureBatch))
_MOVE_ON = PlainStatement(
    update(CaptureAttempt)
    .where(CaptureAttempt.id == bindparam("attempt"), CaptureAttempt.next_frame == bindparam("first"))
    .values(next_frame=bindparam("next"), last_batch_at=bindparam("now"), sealed_progress=bindparam("sealed"))
)
_BATCHES = PlainStatement(
    select(CaptureBatch.first_frame, CaptureBatch.sealed_measurements)
    .where(CaptureBatch.attempt_id == bindparam("attempt"))
    .order_by(CaptureBatch.first_frame)
)


def begin_attempt(
    db: Session,
    sealer: Sealer,
    visit: VerificationSession,
    progress: CaptureProgress,
    *,
    camera: str,
    now: float,
    deadline: float,
) -> CaptureAttempt:
    """Replace whatever attempt the session had by a fresh one numbered `visit.attempt_number`."""
    discard_attempts(db, visit.id)
    attempt = CaptureAttempt(
        session_id=visit.id,
        number=visit.attempt_number,
        started_at=now,
        deadline_at=deadline,
        last_batch_at=now,
        next_frame=0,
        sealed_progress=_seal_progress(sealer, visit.id, progress),
        camera=camera,
    )
    db.add(attempt)
    db.flush()
    return attempt


def current_attempt(db: Session, session_id: str) -> CaptureAttempt | None:
    """Return the attempt under way, if any."""
    return db.scalar(select(CaptureAttempt).where(CaptureAttempt.session_id == session_id))


def append_batch(
    db: Session,
    sealer: Sealer,
    attempt: CaptureAttempt,
    measurements: Sequence[FrameMeasurement],
    progress: CaptureProgress,
    now: float,
) -> None:
    """Add one measured batch at `attempt.next_frame`, and move that on.

    Raises `StateConflictError` when another worker added one in the meantime: frames count once.
    """
    first = attempt.next_frame
    moved = {
        "attempt": attempt.id,
        "first": first,
        "next": first + len(measurements),
        "now": now,
        "sealed": _seal_progress(sealer, attempt.session_id, progress),
    }
    if _MOVE_ON.write(db, moved) != 1:
        raise StateConflictError("these frames were already received")
    owner = f"{attempt.session_id}/{attempt.number}/{first}"
    sealed = sealer.seal(Purpose.CAPTURE_EVIDENCE, owner, encode_measurements(measurements))
    batch = {"attempt_id": attempt.id, "first_frame": first, "sealed_measurements": sealed}
    _NEW_BATCH.write(db, batch)
    attempt.next_frame = first + len(measurements)


def load_progress(sealer: Sealer, attempt: CaptureAttempt) -> CaptureProgress:
    """Open the challenge and how far it went."""
    opened = sealer.open(Purpose.CHALLENGE, attempt.session_id, attempt.sealed_progress)
    return decode_progress(json.loads(opened))


def load_measurements(db: Session, sealer: Sealer, attempt: CaptureAttempt) -> list[FrameMeasurement]:
    """Open everything measured in this attempt, in order."""
    measurements: list[FrameMeasurement] = []
    for first_frame, sealed in _BATCHES.rows(db, {"attempt": attempt.id}):
        owner = f"{attempt.session_id}/{attempt.number}/{first_frame}"
        opened = sealer.open(Purpose.CAPTURE_EVIDENCE, owner, sealed)
        measurements.extend(decode_measurements(opened))
    return measurements


def discard_attempts(db: Session, session_id: str) -> None:
    """Delete attempts and measurements of a session; the database overwrites what is deleted."""
    own = select(CaptureAttempt.id).where(CaptureAttempt.session_id == session_id)
    db.execute(delete(CaptureBatch).where(CaptureBatch.attempt_id.in_(own)))
    db.execute(delete(CaptureAttempt).where(CaptureAttempt.session_id == session_id))


def _seal_progress(sealer: Sealer, session_id: str, progress: CaptureProgress) -> bytes:
    return sealer.seal(Purpose.CHALLENGE, session_id, json.dumps(encode_progress(progress)).encode())
