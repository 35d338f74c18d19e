"""Where the browser goes when a session is over, with the signed result."""

import secrets

from sqlalchemy.orm import Session

from app.delivery.result_codes import hash_code
from app.delivery.result_parameters import result_parameters
from app.errors import StateConflictError
from app.models import ResultCode, VerificationSession
from app.signing.keyring import Keyring
from app.signing.result_link import sign_result
from app.verifications.configuration import Configuration
from app.verifications.overrides import Overrides
from app.vocabulary import SessionState

RESULT_CODE_BYTES = 32
RESULT_CODE_SECONDS = 60


def target_url(visit: VerificationSession, configuration: Configuration) -> str | None:
    """Return the configured or overridden target, None when the result page is the end."""
    overrides = Overrides.from_json(visit.overrides)
    redirect = configuration.redirect_config
    if visit.state == SessionState.PASSED:
        return overrides.passed_url or redirect.passed_url
    return overrides.failed_url or redirect.failed_url


def result_url(
    db: Session, visit: VerificationSession, configuration: Configuration, keyring: Keyring, now: float
) -> str | None:
    """Return the URL that carries the signed result; None when there is nowhere to go.

    With `delivery: Code` a fresh one-time code is stored, so this must run in a write transaction.
    Raises `StateConflictError` while the session is open.
    """
    if SessionState(visit.state).is_open and visit.state != SessionState.REVIEW:
        raise StateConflictError("this session has no result yet")
    target = target_url(visit, configuration)
    if target is None:
        return None
    config = configuration.result_parameter_config
    if config.delivery == "Code":
        parameters = _code_parameters(db, visit, now)
    else:
        switched = Overrides.from_json(visit.overrides).includes or {}
        parameters = result_parameters(visit, config, switched)
    return sign_result(target, parameters, visit.verification_id, keyring)


def _code_parameters(db: Session, visit: VerificationSession, now: float) -> list[tuple[str, str]]:
    code = secrets.token_urlsafe(RESULT_CODE_BYTES)
    db.add(
        ResultCode(
            code_hash=hash_code(code),
            session_id=visit.id,
            expires_at=now + RESULT_CODE_SECONDS,
        )
    )
    return [("reVerificationSessionId", visit.id), ("reResultCode", code)]
