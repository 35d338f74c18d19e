"""Sessions: open one from the backend, list, cancel, redact."""

import secrets
from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from app.api import idempotency
from app.api.auditing import note
from app.api.guards import demand
from app.api.links import NONCE_BYTES
from app.api.owned import owned_session
from app.api.scopes import Scope
from app.api.session_links import ad_hoc_verification, create_session
from app.api.shapes import Answer, ExternalId, Guid, Request, Text, moment
from app.api.verifications import section
from app.audit.actions import Action
from app.errors import (
    AttemptsExhaustedError,
    InputError,
    NotFoundError,
    RateLimitedError,
    StateConflictError,
    TooLargeError,
)
from app.faces.erasure import erase_traces
from app.hosted.guards import runtime
from app.sessions import conclusion, redaction
from app.sessions.clock import enforce_clock
from app.sessions.steps import load
from app.signing import parameters as names
from app.signing.request_link import MAX_CUSTOM_PARAMETERS
from app.verifications.configuration import VerifierConfigs
from app.vocabulary import Reason, SessionState, VerifierName

ShortText = Annotated[Text, StringConstraints(max_length=1024)]
ParameterName = Annotated[Text, StringConstraints(min_length=1, max_length=200)]


class CreateSession(Request):
    """Whom a session is for, and what it may do without."""

    verification_id: Guid | None = None
    verifier_configs: VerifierConfigs | None = None
    """Instead of a verification: verifiers for this session alone; needs `verifications:write` too."""
    external_id: ExternalId | None = None
    correlation_id: ShortText | None = None
    locale: Annotated[Text, StringConstraints(max_length=35)] | None = None
    disabled_verifiers: Annotated[tuple[VerifierName, ...], Field(max_length=4)] = ()
    """Skipped in this session, where the verification allows it."""
    passed_url: Annotated[Text, StringConstraints(max_length=2048)] | None = None
    failed_url: Annotated[Text, StringConstraints(max_length=2048)] | None = None
    custom_parameters: Annotated[dict[ParameterName, ShortText], Field(max_length=MAX_CUSTOM_PARAMETERS)] = (
        Field(default_factory=dict)
    )
    """Passed through to the result, where the verification passes them on; names that begin with `re` and a
    capital are reserved."""


class CreatedSession(Answer):
    """A session that waits for its person."""

    verification_session_id: str
    session_token: str
    """The query of `url`: what lets a browser into the session."""
    url: str
    """Send the person here. Good until the session ends."""
    verification_id: str
    expires_at: datetime


class NamedSession(Request):
    """Which session."""

    verification_session_id: Guid


class CancelledSession(Answer):
    """How the session stands now."""

    verification_session_id: str
    state: SessionState


class RedactedSession(Answer):
    """That the session was emptied."""

    verification_session_id: str
    state: SessionState
    redacted_at: datetime


@section.operation(
    "create-session",
    methods=("POST",),
    need=Scope.SESSIONS_WRITE,
    request=CreateSession,
    answer=CreatedSession,
    errors=(NotFoundError, RateLimitedError, AttemptsExhaustedError, TooLargeError),
)
def create_backend_session(wish: CreateSession) -> CreatedSession:
    """Open a session and get the URL for its person; there is no link to sign.

    Name a verification, or send `verifierConfigs` for this session alone. The session is the same as that
    of a signed link: one use, the same checks, the same result.
    """
    parts = runtime()
    now = parts.clock()
    with parts.database.transaction() as db:
        verification_id = wish.verification_id
        if wish.verifier_configs is not None:
            _refuse_both(wish)
            demand(Scope.VERIFICATIONS_WRITE)
            verification_id = ad_hoc_verification(db, wish.verifier_configs, now)
        if verification_id is None:
            raise InputError("verificationId", "is required, unless verifierConfigs are given")
        nonce = secrets.token_hex(NONCE_BYTES)
        created = create_session(db, parts, verification_id, _parameters(wish), nonce, now)
    idempotency.concerns_session(created.session_id)
    return CreatedSession(
        verification_session_id=created.session_id,
        session_token=created.query,
        url=f"{parts.settings.public_url}/verification/{created.verification_id}?{created.query}",
        verification_id=created.verification_id,
        expires_at=moment(created.expires_at),
    )


@section.operation(
    "cancel-session",
    methods=("POST",),
    need=Scope.SESSIONS_WRITE,
    request=NamedSession,
    answer=CancelledSession,
    errors=(NotFoundError, StateConflictError),
)
def cancel_session(which: NamedSession) -> CancelledSession:
    """End an open session.

    Its page says so, its link is spent, and the result is `failed` with the reason `cancelled`.
    """
    parts = runtime()
    now = parts.clock()
    with parts.database.reading() as db:
        session_id = owned_session(db, which.verification_session_id).id
    enforce_clock(parts, session_id, now)
    with parts.database.transaction() as db:
        visit, configuration = load(db, session_id)
        conclusion.conclude_early(
            db, visit, configuration, SessionState.CANCELLED, Reason.CANCELLED, actor="backend", now=now
        )
        note(db, Action.SESSION_CANCEL, f"session/{visit.id}")
        return CancelledSession(verification_session_id=visit.id, state=SessionState(visit.state))


@section.operation(
    "redact-session",
    methods=("POST",),
    need=Scope.SESSIONS_WRITE,
    request=NamedSession,
    answer=RedactedSession,
    errors=(NotFoundError, StateConflictError),
)
def redact_session(which: NamedSession) -> RedactedSession:
    """Remove all that a session says of its person, now.

    Findings, results, ids, overrides and the link are gone when this returns; ids and state of the session
    and keyed hashes stay. An open session is cancelled first. A face that was enrolled is deleted with
    `/v1/face/delete`.
    """
    parts = runtime()
    now = parts.clock()
    with parts.database.transaction() as db:
        visit = owned_session(db, which.verification_session_id)
        done = redaction.redact_session(db, parts.sealer, visit, load(db, visit.id)[1], now)
        state = SessionState(visit.state)
        note(db, Action.SESSION_REDACT, f"session/{visit.id}")
    # What was deleted must leave the write-ahead log too.
    erase_traces(parts.database)
    return RedactedSession(verification_session_id=done.session_id, state=state, redacted_at=moment(done.at))


def _refuse_both(wish: CreateSession) -> None:
    if wish.verification_id is not None:
        raise InputError("verifierConfigs", "is not possible together with verificationId")


def _parameters(wish: CreateSession) -> list[tuple[str, str]]:
    """Return the wish as a link would carry it."""
    reserved = {
        names.EXTERNAL_ID: wish.external_id,
        names.CORRELATION_ID: wish.correlation_id,
        names.LOCALE: wish.locale,
        names.PASSED_URL: wish.passed_url,
        names.FAILED_URL: wish.failed_url,
    }
    disabled = [
        name for name, verifier in names.DISABLE_PARAMETERS.items() if verifier in wish.disabled_verifiers
    ]
    for name in wish.custom_parameters:
        if names.is_reserved(name):
            raise InputError(
                f"customParameters.{name}", "names that begin with re and a capital are reserved"
            )
    pairs = [(name, value) for name, value in reserved.items() if value is not None]
    return pairs + [(name, "true") for name in disabled] + list(wish.custom_parameters.items())
