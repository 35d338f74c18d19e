"""Results for the backend: by session id, or for the code that the browser brought."""

import logging
from typing import Annotated

from pydantic import StringConstraints

from app import flow
from app.api import idempotency
from app.api.owned import owned_session
from app.api.result_document import result_of
from app.api.result_shapes import SessionResult
from app.api.scopes import Scope
from app.api.sessions import NamedSession
from app.api.shapes import Guid, Request, Text
from app.api.verifications import section
from app.delivery.result_codes import hash_code, redeem
from app.errors import NotFoundError, ResultCodeGoneError
from app.hosted.guards import runtime
from app.models import ResultCode
from app.sessions.clock import enforce_clock

log = logging.getLogger(__name__)


class RedeemCode(Request):
    """The code that the browser brought."""

    result_code: Annotated[Text, StringConstraints(min_length=1, max_length=200)]
    """`reResultCode`."""
    verification_session_id: Guid | None = None
    """`reVerificationSessionId`; given, a code of another session is refused."""


@section.operation(
    "get-session-result",
    methods=("GET",),
    need=Scope.SESSIONS_READ,
    request=NamedSession,
    answer=SessionResult,
    errors=(NotFoundError,),
)
def get_session_result(which: NamedSession) -> SessionResult:
    """Show everything that is known of a session.

    Every verifier's line, the numbers behind it with the limits that they were held against, how alike the
    faces were, models, attempts and transitions, whatever the redirect carries. A session that is still
    open has `verificationResult` null.
    """
    parts = runtime()
    with parts.database.reading() as db:
        session_id = owned_session(db, which.verification_session_id).id
    flow.rescue_verification(parts, session_id, parts.clock())
    enforce_clock(parts, session_id, parts.clock())
    with parts.database.reading() as db:
        return result_of(db, parts, owned_session(db, session_id))


@section.operation(
    "redeem-result-code",
    methods=("POST",),
    need=Scope.SESSIONS_READ,
    request=RedeemCode,
    answer=SessionResult,
    errors=(NotFoundError, ResultCodeGoneError),
)
def redeem_result_code(wish: RedeemCode) -> SessionResult:
    """Get the result for the code that came with the browser.

    A code is good once and for 60 seconds. Every further try is refused with 410 and counted in the
    session's `resultCodes`: somebody else may have been there first.
    """
    parts = runtime()
    code_hash = hash_code(wish.result_code)
    with parts.database.transaction() as db:
        code = db.get(ResultCode, code_hash)
        if code is None or wish.verification_session_id not in {None, code.session_id}:
            raise NotFoundError("no such result code")
        session_id = owned_session(db, code.session_id).id
        redeemed = redeem(db, code_hash, parts.clock())
    if not redeemed:
        log.warning("a result code of session %s was presented again or too late", session_id)
        raise ResultCodeGoneError("this result code was redeemed before or is older than a minute")
    idempotency.concerns_session(session_id)
    with parts.database.reading() as db:
        return result_of(db, parts, owned_session(db, session_id))
