"""From a checked link to a session: claim the nonce, resume what is open, or begin anew.

All of it happens in one write transaction that holds the link, so that of any number of simultaneous opens
of one link exactly one creates the session and the others resume it.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import hold
from app.errors import LinkGoneError
from app.models import SpentNonce, VerificationSession
from app.sealing import Purpose, Sealer
from app.sessions import lifecycle
from app.sessions.conclusion import conclude_early
from app.signing.request_link import VerificationRequest
from app.verifications.overrides import Overrides
from app.verifications.store import PublishedConfiguration, load_version
from app.vocabulary import Reason, SessionState

BROWSER_TOKEN_BYTES = 32

HeldToken = Callable[[str], str | None]
"""Session id → token that the opening browser holds for it, if any."""


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """The session that a link led to, and the token that its browser must keep."""

    session_id: str
    browser_token: str
    lives_for: int
    """Seconds until the session expires."""


def open_session(
    db: Session,
    published: PublishedConfiguration,
    request: VerificationRequest,
    overrides: Overrides,
    held_token: HeldToken,
    now: float,
) -> OpenedSession:
    """Create or resume the one session of this link; `LinkGoneError` when it is used up."""
    # Two links may share a nonce, and the session that either of them looks for may not exist yet.
    hold(db, f"link/{request.verification_id}/{request.nonce or request.fingerprint}")
    visit = _session_of_link(db, request)
    if visit is not None and _expire_if_due(db, visit, now):
        visit = None
    if visit is None:
        _refuse_spent_nonce(db, request)
        return _begin(db, published, request, overrides, now)
    if visit.state == SessionState.CREATED:
        return _resume(visit, secrets.token_urlsafe(BROWSER_TOKEN_BYTES), now)
    token = held_token(visit.id)
    if token is not None and holds(visit, token):
        return _resume(visit, token, now)
    if request.nonce is not None:
        raise LinkGoneError("this link is in use in another browser")
    return _begin(db, published, request, overrides, now)


def keep_link(db: Session, sealer: Sealer, opened: OpenedSession, raw_query: bytes) -> None:
    """Remember the link, so that the page can send the person on to a browser that has a camera."""
    visit = db.get_one(VerificationSession, opened.session_id)
    visit.sealed_link = sealer.seal(Purpose.LINK, visit.id, raw_query)


def link_of(sealer: Sealer, visit: VerificationSession) -> str | None:
    """Return the path and query that opened this session, None once it is over."""
    if visit.sealed_link is None:
        return None
    query = sealer.open(Purpose.LINK, visit.id, visit.sealed_link).decode("ascii")
    return f"/verification/{visit.verification_id}?{query}"


def holds(visit: VerificationSession, browser_token: str) -> bool:
    """Tell in constant time whether this token is the session's."""
    return hmac.compare_digest(visit.browser_token_hash, hash_token(browser_token))


def hash_token(token: str) -> str:
    """Return what is stored of a token: 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def _session_of_link(db: Session, request: VerificationRequest) -> VerificationSession | None:
    """Find the open session of this very link, newest first."""
    open_states = [state for state in SessionState if state.is_open]
    return db.scalar(
        select(VerificationSession)
        .where(
            VerificationSession.link_fingerprint == request.fingerprint,
            VerificationSession.state.in_(open_states),
        )
        .order_by(VerificationSession.created_at.desc())
        .limit(1)
        .with_for_update(key_share=True)  # its page may be sending frames or leaving at this moment
    )


def _expire_if_due(db: Session, visit: VerificationSession, now: float) -> bool:
    if now < visit.expires_at:
        return False
    configuration = load_version(db, visit.version_id).configuration
    conclude_early(
        db,
        visit,
        configuration,
        SessionState.EXPIRED,
        Reason.SESSION_EXPIRED,
        actor="clock",
        now=now,
    )
    return True


def _refuse_spent_nonce(db: Session, request: VerificationRequest) -> None:
    if request.nonce is None:
        return
    if db.get(SpentNonce, (request.verification_id, request.nonce)) is not None:
        raise LinkGoneError("this link has been used")


def _begin(
    db: Session,
    published: PublishedConfiguration,
    request: VerificationRequest,
    overrides: Overrides,
    now: float,
) -> OpenedSession:
    token = secrets.token_urlsafe(BROWSER_TOKEN_BYTES)
    lifetime = published.configuration.experience_config.timeouts.session_seconds
    visit = _new_visit(published, request, overrides, token, now, now + lifetime)
    lifecycle.begin(db, visit, actor="person", now=now)
    _claim_nonce(db, request, visit)
    return OpenedSession(visit.id, token, lifetime)


def _new_visit(
    published: PublishedConfiguration,
    request: VerificationRequest,
    overrides: Overrides,
    token: str,
    now: float,
    expires_at: float,
) -> VerificationSession:
    passes_on = published.configuration.result_parameter_config.include_custom_input_parameters
    passes_on = (overrides.includes or {}).get("CustomInputParameters", passes_on)
    return VerificationSession(
        id=str(uuid4()),
        verification_id=request.verification_id,
        version_id=published.version_id,
        link_fingerprint=request.fingerprint,
        nonce=request.nonce,
        signed=request.signed,
        external_id=request.external_id,
        correlation_id=request.correlation_id,
        locale=request.locale,
        overrides=overrides.to_json(),
        ignored=list(overrides.ignored),
        custom_parameters=[list(pair) for pair in request.custom] if passes_on else [],
        browser_token_hash=hash_token(token),
        page_generation=1,
        attempt_number=0,
        frame_count=0,
        verifier_results={},
        decision_notes={},
        created_at=now,
        expires_at=expires_at,
    )


def _claim_nonce(db: Session, request: VerificationRequest, visit: VerificationSession) -> None:
    if request.nonce is None or request.expiration is None:
        return
    db.add(
        SpentNonce(
            verification_id=request.verification_id,
            nonce=request.nonce,
            session_id=visit.id,
            forget_at=float(request.expiration + 1),
        )
    )
    db.flush()


def _resume(visit: VerificationSession, token: str, now: float) -> OpenedSession:
    visit.browser_token_hash = hash_token(token)
    visit.page_generation += 1
    return OpenedSession(visit.id, token, max(1, int(visit.expires_at - now)))
