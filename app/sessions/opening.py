"""From a checked link to a session: claim the nonce, resume what is open, or begin anew.

All of it happens in one write transaction that holds the link, so that of any number of simultaneous opens
of one link exactly one creates the session and the others resume it.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import bindparam, insert, select
from sqlalchemy.orm import Session

from app.db import hold
from app.errors import LinkGoneError
from app.models import SpentNonce, VerificationSession
from app.plain import PlainStatement
from app.sealing import Purpose, Sealer
from app.sessions import lifecycle
from app.sessions.conclusion import conclude_early
from app.signing.request_link import VerificationRequest
from app.verifications.overrides import Overrides
from app.verifications.store import PublishedConfiguration, load_version
from app.vocabulary import Reason, SessionState

BROWSER_TOKEN_BYTES = 32
# After its link has expired; so long because the clocks of two hosts may differ.
NONCE_KEPT_SECONDS = 3600

HeldToken = Callable[[str], str | None]
"""Session id → token that the opening browser holds for it, if any."""
SealLink = Callable[[str], bytes]
"""Session id → the link's query, sealed for that session."""

# Nearly every link is new: these find that out in a tenth of the time that loading a session takes.
_ANY_VISIT_OF_LINK = PlainStatement(
    select(VerificationSession.id)
    .where(VerificationSession.link_fingerprint == bindparam("fingerprint"))
    .limit(1)
)
_SPENT = PlainStatement(
    select(SpentNonce.session_id).where(
        SpentNonce.verification_id == bindparam("verification"), SpentNonce.nonce == bindparam("nonce")
    )
)
_SPEND = PlainStatement(insert(SpentNonce))


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
    seal_link: SealLink,
    now: float,
) -> OpenedSession:
    """Create or resume the one session of this link; `LinkGoneError` when it is used up."""
    # Two links may share a nonce, and the session that either of them looks for may not exist yet.
    hold(db, f"link/{request.verification_id}/{request.nonce or request.fingerprint}")
    spent = _is_spent(db, request)
    # The nonce is claimed with the first session of its link: unspent, there is none to look for.
    visit = _session_of_link(db, request) if spent or request.nonce is None else None
    if visit is not None and _expire_if_due(db, visit, now):
        visit = None
    if visit is None:
        if spent:
            raise LinkGoneError("this link has been used")
        return _begin(db, published, request, overrides, seal_link, now)
    if visit.state == SessionState.CREATED:
        return _resume(visit, secrets.token_urlsafe(BROWSER_TOKEN_BYTES), seal_link, now)
    token = held_token(visit.id)
    if token is not None and holds(visit.browser_token_hash, token):
        return _resume(visit, token, seal_link, now)
    if request.nonce is not None:
        raise LinkGoneError("this link is in use in another browser")
    return _begin(db, published, request, overrides, seal_link, now)


def link_sealer(sealer: Sealer, raw_query: bytes) -> SealLink:
    """Return how to keep the link, so that the page can send the person on to a browser with a camera."""
    return lambda session_id: sealer.seal(Purpose.LINK, session_id, raw_query)


def link_of(sealer: Sealer, visit: VerificationSession) -> str | None:
    """Return the path and query that opened this session, None once it is over."""
    if visit.sealed_link is None:
        return None
    query = sealer.open(Purpose.LINK, visit.id, visit.sealed_link).decode("ascii")
    return f"/verification/{visit.verification_id}?{query}"


def holds(browser_token_hash: str, browser_token: str) -> bool:
    """Tell in constant time whether this token is the one that a session keeps the hash of."""
    return hmac.compare_digest(browser_token_hash, hash_token(browser_token))


def hash_token(token: str) -> str:
    """Return what is stored of a token: 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def _session_of_link(db: Session, request: VerificationRequest) -> VerificationSession | None:
    """Find the open session of this very link, newest first."""
    if _ANY_VISIT_OF_LINK.first(db, {"fingerprint": request.fingerprint}) is None:
        return None
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


def _is_spent(db: Session, request: VerificationRequest) -> bool:
    if request.nonce is None:
        return False
    claim = {"verification": request.verification_id, "nonce": request.nonce}
    return _SPENT.first(db, claim) is not None


def _begin(
    db: Session,
    published: PublishedConfiguration,
    request: VerificationRequest,
    overrides: Overrides,
    seal_link: SealLink,
    now: float,
) -> OpenedSession:
    session_id, token = str(uuid4()), secrets.token_urlsafe(BROWSER_TOKEN_BYTES)
    lifetime = published.configuration.experience_config.timeouts.session_seconds
    visit = _new_visit(published, request, overrides, token, now)
    visit |= {"id": session_id, "expires_at": now + lifetime, "sealed_link": seal_link(session_id)}
    lifecycle.begin(db, visit, actor="person", now=now)
    _claim_nonce(db, request, session_id)
    return OpenedSession(session_id, token, lifetime)


def _new_visit(
    published: PublishedConfiguration,
    request: VerificationRequest,
    overrides: Overrides,
    token: str,
    now: float,
) -> dict[str, Any]:
    """Return the columns of a new session."""
    passes_on = published.configuration.result_parameter_config.include_custom_input_parameters
    passes_on = (overrides.includes or {}).get("CustomInputParameters", passes_on)
    return dict(
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
    )


def _claim_nonce(db: Session, request: VerificationRequest, session_id: str) -> None:
    if request.nonce is None or request.expiration is None:
        return
    claim = {"verification_id": request.verification_id, "nonce": request.nonce, "session_id": session_id}
    _SPEND.write(db, {**claim, "forget_at": float(request.expiration + NONCE_KEPT_SECONDS)})


def _resume(visit: VerificationSession, token: str, seal_link: SealLink, now: float) -> OpenedSession:
    visit.browser_token_hash = hash_token(token)
    visit.page_generation += 1
    visit.sealed_link = seal_link(visit.id)
    return OpenedSession(visit.id, token, max(1, int(visit.expires_at - now)))
