"""Who is signed in where: sessions on the server, found by the hash of a cookie, ended at will."""

import hashlib
import secrets
from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.models import Operator, OperatorSession

# NIST SP 800-63B, section 4.2.3 (AAL2): at most 12 hours, and 30 minutes without a click.
ABSOLUTE_SECONDS = 12 * 3600.0
IDLE_SECONDS = 30 * 60.0
# Between password and code nobody needs long.
HALF_WAY_SECONDS = 10 * 60.0
# What reads secrets or deletes wants password or code once more after this long.
FRESH_SECONDS = 10 * 60.0
# A write for every click would make clicks queue for SQLite's one writer.
SEEN_EVERY_SECONDS = 60.0
TOKEN_BYTES = 32
MAX_ADDRESS, MAX_USER_AGENT = 45, 200


class Stage(StrEnum):
    """How far somebody has signed in."""

    SECOND_FACTOR = "second_factor"
    ENROLMENT = "enrolment"
    FULL = "full"


def begin_session(
    db: Session, operator: Operator, stage: Stage, now: float, address: str = "", user_agent: str = ""
) -> str:
    """Make a session and return its token, which is kept nowhere but in the cookie."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    db.add(
        OperatorSession(
            token_hash=hash_token(token),
            operator_id=operator.id,
            stage=stage.value,
            created_at=now,
            last_seen_at=now,
            proved_at=now,
            address=address[:MAX_ADDRESS],
            user_agent=user_agent[:MAX_USER_AGENT],
        )
    )
    return token


def find_session(db: Session, token: str, now: float) -> tuple[OperatorSession, Operator] | None:
    """Return the live session of a token and its operator."""
    row = db.get(OperatorSession, hash_token(token))
    if row is None or not is_live(row, now):
        return None
    operator = db.get_one(Operator, row.operator_id)
    return None if operator.disabled_at is not None else (row, operator)


def is_live(row: OperatorSession, now: float) -> bool:
    """Tell whether neither limit has passed."""
    whole = ABSOLUTE_SECONDS if row.stage == Stage.FULL else HALF_WAY_SECONDS
    return now - row.created_at < whole and now - row.last_seen_at < IDLE_SECONDS


def is_fresh(proved_at: float, now: float) -> bool:
    """Tell whether password or code were entered lately."""
    return now - proved_at < FRESH_SECONDS


def list_sessions(db: Session, operator_id: str, now: float) -> Sequence[OperatorSession]:
    """Return the browsers in which an operator is signed in, the latest used first."""
    rows = db.scalars(
        select(OperatorSession)
        .where(OperatorSession.operator_id == operator_id)
        .order_by(OperatorSession.last_seen_at.desc(), OperatorSession.token_hash)
    )
    return [row for row in rows if is_live(row, now)]


def end_session(db: Session, token_hash: str) -> None:
    """Sign one browser out."""
    db.execute(delete(OperatorSession).where(OperatorSession.token_hash == token_hash))


def end_sessions(db: Session, operator_id: str, but: str = "") -> None:
    """Sign an operator out everywhere, but in the browser whose hash is given."""
    db.execute(
        delete(OperatorSession).where(
            OperatorSession.operator_id == operator_id, OperatorSession.token_hash != but
        )
    )


def forget_dead_sessions(db: Session, now: float) -> None:
    """Delete what no cookie can bring back."""
    db.execute(delete(OperatorSession).where(OperatorSession.created_at <= now - ABSOLUTE_SECONDS))
    db.execute(delete(OperatorSession).where(OperatorSession.last_seen_at <= now - IDLE_SECONDS))


def hash_token(token: str) -> str:
    """Return the SHA-256 under which a token is kept: 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
