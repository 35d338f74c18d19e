"""One polling loop for everything that happens without a person: expiry, lost verdicts, counting, retention.

Any number of workers may run: every step is a transaction of its own that checks again what it found.
"""

import logging
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import delete, or_, select

from app import flow
from app.checks.heartbeat import beat
from app.errors import StateConflictError
from app.faces import enrolment
from app.faces.erasure import erase_traces
from app.metrics.counting import count_concluded, forget_old_hours
from app.models import (
    AttemptLimit,
    CaptureAttempt,
    FaceEvent,
    OutboxEvent,
    ResultCode,
    SpentNonce,
    VerificationSession,
    WebhookDelivery,
)
from app.runtime import Runtime
from app.sessions import conclusion
from app.sessions.clock import enforce_clock
from app.sessions.steps import load
from app.vocabulary import Reason, SessionState

log = logging.getLogger(__name__)

# A verdict that fails again and again (a poisoned row) must not be tried for ever.
GIVE_UP_AFTER_SECONDS = 300.0
BATCH = 200
DAY_SECONDS = 24 * 3600
LIMITS_KEPT_SECONDS = 90 * DAY_SECONDS
EVENTS_KEPT_SECONDS = 30 * DAY_SECONDS


@dataclass(frozen=True, slots=True)
class Tick:
    """What one round did."""

    expired: int
    decided: int
    counted: int
    purged: int
    faces_forgotten: int


def run_once(runtime: Runtime, now: float) -> Tick:
    """Do everything that is due at `now`."""
    return Tick(
        expired=_expire(runtime, now),
        decided=_decide_lost(runtime, now),
        counted=count_concluded(runtime.database, now),
        purged=_purge(runtime, now),
        faces_forgotten=_forget_faces(runtime, now),
    )


def run_forever(runtime: Runtime, sleep: Callable[[float], bool], interval: float) -> None:
    """Tick until `sleep(interval)` says that the process shall stop."""
    while True:
        try:
            run_once(runtime, runtime.clock())
        except Exception:
            # One bad round must not end expiry and retention for good.
            log.exception("a worker round failed")
        if sleep(interval):
            return


def _expire(runtime: Runtime, now: float) -> int:
    with runtime.database.reading() as db:
        query = (
            select(VerificationSession.id)
            .outerjoin(CaptureAttempt, CaptureAttempt.session_id == VerificationSession.id)
            .where(
                VerificationSession.state.in_(
                    [SessionState.CREATED, SessionState.CAPTURING, SessionState.REVIEW]
                ),
                or_(VerificationSession.expires_at <= now, CaptureAttempt.deadline_at <= now),
            )
            .limit(BATCH)
        )
        due = list(db.scalars(query))
    for session_id in due:
        enforce_clock(runtime, session_id, now)
    return len(due)


def _decide_lost(runtime: Runtime, now: float) -> int:
    """Decide captures whose worker died between the last frame and the verdict."""
    with runtime.database.reading() as db:
        query = (
            select(VerificationSession.id, CaptureAttempt.last_batch_at)
            .join(CaptureAttempt, CaptureAttempt.session_id == VerificationSession.id)
            .where(
                VerificationSession.state == SessionState.PROCESSING,
                CaptureAttempt.last_batch_at <= now - flow.LOST_AFTER_SECONDS,
            )
            .limit(BATCH)
        )
        lost = [(row.id, row.last_batch_at) for row in db.execute(query)]
    for session_id, last_batch_at in lost:
        _decide_one(runtime, session_id, last_batch_at, now)
    return len(lost)


def _decide_one(runtime: Runtime, session_id: str, last_batch_at: float, now: float) -> None:
    try:
        flow.run_verification(runtime, session_id, now)
    except StateConflictError:
        return  # another worker decided it first
    except Exception:
        log.exception("the verdict of session %s failed", session_id)
        if now - last_batch_at > GIVE_UP_AFTER_SECONDS:
            _give_up(runtime, session_id, now)


def _give_up(runtime: Runtime, session_id: str, now: float) -> None:
    with runtime.database.transaction() as db:
        visit, configuration = load(db, session_id)
        conclusion.conclude_early(
            db,
            visit,
            configuration,
            SessionState.ERRORED,
            Reason.INTERNAL_ERROR,
            actor="worker",
            now=now,
        )


def _purge(runtime: Runtime, now: float) -> int:
    """Delete sessions past their retention, with all that hangs on them, and rows nobody needs."""
    with runtime.database.transaction() as db:
        due = select(VerificationSession.id).where(VerificationSession.purge_at <= now).limit(BATCH)
        ids = list(db.scalars(due))
        # What is still to be told outlives its session: it says nothing but ids.
        told, settled = OutboxEvent.delivered_at.is_not(None), WebhookDelivery.state != "pending"
        db.execute(delete(OutboxEvent).where(OutboxEvent.session_id.in_(ids), told))
        db.execute(delete(WebhookDelivery).where(WebhookDelivery.session_id.in_(ids), settled))
        db.execute(delete(VerificationSession).where(VerificationSession.id.in_(ids)))
        db.execute(delete(SpentNonce).where(SpentNonce.forget_at <= now))
        db.execute(delete(ResultCode).where(ResultCode.expires_at <= now - DAY_SECONDS))
        db.execute(delete(AttemptLimit).where(AttemptLimit.updated_at <= now - LIMITS_KEPT_SECONDS))
        for table in (OutboxEvent, FaceEvent, WebhookDelivery):
            db.execute(delete(table).where(table.created_at <= now - EVENTS_KEPT_SECONDS))
        forget_old_hours(db, now)
        beat(db, worker_id(), now)
    return len(ids)


def worker_id() -> str:
    """Return who this process is among all workers."""
    return f"{socket.gethostname()[:60]}:{os.getpid()}"


def _forget_faces(runtime: Runtime, now: float) -> int:
    with runtime.database.transaction() as db:
        forgotten = enrolment.forget_expired(db, now)
    # Evidence and templates that were deleted must leave the write-ahead log too.
    erase_traces(runtime.database)
    return forgotten
