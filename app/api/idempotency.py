"""`Idempotency-Key`: a repeated POST gets the first one's answer, and nothing is done twice.

The key is claimed before the work begins and released when it ends in a 5xx. Work whose process died is
never answered: after `LOST_AFTER_SECONDS` the key may be used again.
"""

import hashlib
import re
from collections.abc import Callable

from flask import g, request
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.errors import IdempotencyMismatchError, InputError, RequestInProgressError
from app.hosted.guards import runtime
from app.models import IdempotentRequest
from app.sealing import Purpose

HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotency-Replayed"
KEPT_SECONDS = 24 * 3600
LOST_AFTER_SECONDS = 60.0
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


def once(key_id: str, respond: Callable[[], Response]) -> Response:
    """Answer with `respond()`, or with what it answered when this key came first."""
    key = request.headers.get(HEADER)
    if key is None:
        return respond()
    if not _KEY.fullmatch(key):
        raise InputError(HEADER, "must be 1 to 255 visible ASCII characters")
    replayed = _claim(key_id, key)
    if replayed is not None:
        return replayed
    response = respond()
    _settle(key_id, key, response)
    return response


def concerns_session(session_id: str) -> None:
    """Note that the answer speaks of this session, so that redacting it deletes the kept answer."""
    g.idempotency_session = session_id


def _claim(key_id: str, key: str) -> Response | None:
    """Claim the key for this request; return the kept answer when there is one."""
    parts = runtime()
    now = parts.clock()
    fingerprint = _fingerprint()
    try:
        with parts.database.transaction() as db:
            _forget_old(db, now)
            row = db.get(IdempotentRequest, (key_id, key))
            if row is not None and not _is_lost(row, now):
                return _answer_again(row, fingerprint)
            if row is not None:
                db.delete(row)
                db.flush()
            db.add(IdempotentRequest(api_key_id=key_id, key=key, request_hash=fingerprint, created_at=now))
    except IntegrityError:
        raise RequestInProgressError("the first request with this Idempotency-Key began just now") from None
    return None


def _answer_again(row: IdempotentRequest, fingerprint: str) -> Response:
    if row.request_hash != fingerprint:
        raise IdempotencyMismatchError(HEADER, "was used for another request; take a new one")
    if row.status is None or row.sealed_answer is None:
        raise RequestInProgressError("the first request with this Idempotency-Key is still under way")
    opened = runtime().sealer.open(
        Purpose.IDEMPOTENT_RESPONSE, _owner(row.api_key_id, row.key), row.sealed_answer
    )
    media_type, _, body = opened.partition(b"\n")
    response = Response(body, row.status, mimetype=media_type.decode())
    response.headers[REPLAYED_HEADER] = "true"
    return response


def _settle(key_id: str, key: str, response: Response) -> None:
    """Keep the answer; after a fault of ours let the caller try again instead."""
    parts = runtime()
    with parts.database.transaction() as db:
        row = db.get_one(IdempotentRequest, (key_id, key))
        if response.status_code >= 500:
            db.delete(row)
            return
        content = f"{response.mimetype}\n".encode() + response.get_data()
        row.status = response.status_code
        row.sealed_answer = parts.sealer.seal(Purpose.IDEMPOTENT_RESPONSE, _owner(key_id, key), content)
        row.session_id = g.get("idempotency_session")


def _fingerprint() -> str:
    parts = (request.method, request.full_path, hashlib.sha256(request.get_data()).hexdigest())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _owner(key_id: str, key: str) -> str:
    return f"{key_id}/{key}"


def _is_lost(row: IdempotentRequest, now: float) -> bool:
    return row.status is None and now - row.created_at >= LOST_AFTER_SECONDS


def _forget_old(db: Session, now: float) -> None:
    db.execute(delete(IdempotentRequest).where(IdempotentRequest.created_at <= now - KEPT_SECONDS))
