"""Failed visits per external id: a pause that doubles, then a hard stop (NIST SP 800-63B numbers)."""

import hashlib

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from app.db import hold
from app.errors import AttemptsExhaustedError, RateLimitedError
from app.models import AttemptLimit
from app.plain import PlainStatement
from app.verifications.configuration import AttemptLimits
from app.vocabulary import CLASS_OF_REASON, Reason, ReasonClass

# Only these say something about who is in front of the camera; a dark room is nobody's attack.
COUNTED_CLASSES = frozenset({ReasonClass.FRAUD, ReasonClass.IDENTITY})
LONGEST_PAUSE_SECONDS = 24 * 3600

_COUNT = PlainStatement(
    select(AttemptLimit.failures, AttemptLimit.blocked_until)
    .where(
        AttemptLimit.verification_id == bindparam("verification"),
        or_(AttemptLimit.external_id == bindparam("hashed"), AttemptLimit.external_id == bindparam("plain")),
    )
    .order_by(AttemptLimit.external_id == bindparam("plain"))
)


def check_limit(
    db: Session, limits: AttemptLimits, verification_id: str, external_id: str | None, now: float
) -> None:
    """Raise `RateLimitedError` or `AttemptsExhaustedError` when this id must not try now."""
    if not external_id:
        return
    names = {"hashed": _hashed(verification_id, external_id), "plain": external_id}
    row = _COUNT.first(db, {"verification": verification_id, **names})
    if row is None:
        return
    failures, blocked_until = row
    if failures >= limits.hard_stop:
        raise AttemptsExhaustedError("too many failed visits; the site has to unlock this person")
    if now < blocked_until:
        raise RateLimitedError(max(1, round(blocked_until - now)))


def count_outcome(
    db: Session,
    limits: AttemptLimits,
    verification_id: str,
    external_id: str | None,
    reason: Reason | None,
    now: float,
) -> None:
    """Count a failed visit, or forget all failures after a passed one (`reason` None)."""
    if external_id is None:
        return
    # Several visits of one id may end at once, each adding one; the first of them makes the row.
    hold(db, f"attempt-limit/{verification_id}/{external_id}")
    row = _row(db, verification_id, external_id)
    if reason is None:
        if row is not None:
            db.delete(row)
        return
    if CLASS_OF_REASON[reason] not in COUNTED_CLASSES:
        return
    if row is None:
        row = AttemptLimit(
            verification_id=verification_id,
            external_id=_hashed(verification_id, external_id),
            failures=0,
            blocked_until=0.0,
        )
        db.add(row)
    row.failures += 1
    row.updated_at = now
    row.blocked_until = now + _pause(limits, row.failures)


def conceal(db: Session, verification_id: str, external_id: str | None) -> None:
    """Keep the count of an external id whose session is redacted, but no longer under the id itself."""
    row = db.get(AttemptLimit, (verification_id, external_id)) if external_id else None
    if row is not None and external_id is not None:
        row.external_id = _hashed(verification_id, external_id)
        db.flush()


def _row(db: Session, verification_id: str, external_id: str) -> AttemptLimit | None:
    """Return the count of an external id; earlier releases kept it under the id itself."""
    hashed = db.get(AttemptLimit, (verification_id, _hashed(verification_id, external_id)))
    return hashed or db.get(AttemptLimit, (verification_id, external_id))


def _hashed(verification_id: str, external_id: str) -> str:
    """Return the name under which an id is counted: nobody needs to read it there, only to find it."""
    text = f"visavis-attempt-limit-v1\n{verification_id}\n{external_id}"
    return hashlib.sha256(text.encode()).hexdigest()


def _pause(limits: AttemptLimits, failures: int) -> float:
    over = failures - limits.failures_before_pause
    if over < 0:
        return 0.0
    return float(min(limits.pause_seconds * 2**over, LONGEST_PAUSE_SECONDS))
