"""A session moves from one browser to another: from a desktop to the phone that reads the code.

An offer is good once and for minutes. Whoever takes it holds the session from then on, and the browser that
made it only watches, and takes the result home in the end. Opening the link again ends both, as always.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.errors import LinkGoneError, StateConflictError
from app.models import Handover, VerificationSession
from app.runtime import Runtime
from app.sealing import Purpose
from app.sessions.clock import enforce_clock
from app.sessions.opening import BROWSER_TOKEN_BYTES, OpenedSession, hash_token
from app.sessions.steps import ACCEPTS_FRAMES, load, require_accepting
from app.verifications.configuration import Configuration

# Long enough to fetch a phone from another room; a photo of the screen is worth nothing afterwards.
OFFER_SECONDS = 180.0
_GONE = "this code is no longer good"


@dataclass(frozen=True, slots=True)
class Offer:
    """What the code says, and until when it is good."""

    token: str
    expires_at: float


def is_offered(configuration: Configuration) -> bool:
    """Tell whether sessions of this verification may move to another device."""
    return configuration.experience_config.device_handoff


def make_offer(runtime: Runtime, session_id: str, now: float) -> Offer:
    """Make the one offer of this session; one that nobody took is good no more."""
    enforce_clock(runtime, session_id, now)
    token = secrets.token_urlsafe(BROWSER_TOKEN_BYTES)
    with runtime.database.transaction() as db:
        visit, configuration = load(db, session_id)
        require_accepting(visit)
        if not is_offered(configuration):
            raise StateConflictError("this verification stays on one device")
        row = db.get(Handover, session_id)
        if has_moved(visit, row):
            raise StateConflictError("this session has moved once already")
        expires_at = min(now + OFFER_SECONDS, visit.expires_at)
        db.merge(
            Handover(
                session_id=session_id, token_hash=_hashes(runtime, token)[0],
                watcher_hash=visit.browser_token_hash, created_at=now, expires_at=expires_at,
                claimed_at=None, phone_hash=None,
            )
        )  # fmt: skip
    return Offer(token, expires_at)


def withdraw_offer(runtime: Runtime, session_id: str) -> None:
    """End an offer that nobody took."""
    with runtime.database.transaction() as db:
        load(db, session_id)
        row = db.get(Handover, session_id)
        if row is not None and row.claimed_at is None:
            db.delete(row)


def look_at_offer(runtime: Runtime, token: str, now: float) -> str:
    """Return the session that an offer is for and change nothing; `LinkGoneError` when it is no good."""
    with runtime.database.reading() as db:
        row = _offer_of(runtime, db, token)
        visit = db.get_one(VerificationSession, row.session_id)
        _require_good(row, visit, now)
        return visit.id


def take_offer(runtime: Runtime, token: str, now: float) -> OpenedSession:
    """Let the browser that reads the code hold the session; of several that try exactly one does."""
    with runtime.database.transaction() as db:
        row = _offer_of(runtime, db, token)
        visit, _ = load(db, row.session_id)
        _require_good(row, visit, now)
        browser_token = secrets.token_urlsafe(BROWSER_TOKEN_BYTES)
        _claim(db, row, hash_token(browser_token), now)
        visit.browser_token_hash = hash_token(browser_token)
        visit.page_generation += 1
        return OpenedSession(visit.id, browser_token, max(1, int(visit.expires_at - now)))


def offer_of_session(db: Session, session_id: str) -> Handover | None:
    """Return the newest offer of a session, if it ever had one."""
    return db.get(Handover, session_id)


def may_watch(row: Handover | None, browser_token: str) -> bool:
    """Tell in constant time whether this browser made the offer."""
    return row is not None and hmac.compare_digest(row.watcher_hash, hash_token(browser_token))


def has_moved(visit: VerificationSession, row: Handover | None) -> bool:
    """Tell whether the session is held by the browser that took an offer."""
    return row is not None and row.phone_hash is not None and row.phone_hash == visit.browser_token_hash


def _claim(db: Session, row: Handover, phone_hash: str, now: float) -> None:
    claimed = db.execute(
        update(Handover)
        .where(
            Handover.session_id == row.session_id,
            Handover.token_hash == row.token_hash,
            Handover.claimed_at.is_(None),
        )
        .values(claimed_at=now, phone_hash=phone_hash)
        .execution_options(synchronize_session=False)
    )
    if claimed.rowcount != 1:  # type: ignore[attr-defined]
        raise LinkGoneError(_GONE)


def _offer_of(runtime: Runtime, db: Session, token: str) -> Handover:
    row = db.scalar(select(Handover).where(Handover.token_hash.in_(_hashes(runtime, token))))
    if row is None:
        raise LinkGoneError(_GONE)
    return row


def _require_good(row: Handover, visit: VerificationSession, now: float) -> None:
    is_open = visit.state in ACCEPTS_FRAMES and now < visit.expires_at
    if row.claimed_at is not None or now >= row.expires_at or not is_open:
        raise LinkGoneError(_GONE)
    # Whoever opened the link again since then holds the session now, and made no offer.
    if not hmac.compare_digest(row.watcher_hash, visit.browser_token_hash):
        raise LinkGoneError(_GONE)


def _hashes(runtime: Runtime, token: str) -> list[str]:
    """Return what may be stored of a token, newest master key first: worth nothing to whoever reads it."""
    keys = runtime.sealer.derive_all(Purpose.HAND_OVER)
    return [hmac.new(key, token.encode(), hashlib.sha256).hexdigest() for key in keys]
