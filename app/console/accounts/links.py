"""Set-up links: single-use, for a day, kept as hashes. Whoever opens one sets the account's password."""

import hashlib
import hmac
import secrets

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.console.accounts.operators import (
    create_operator,
    find_by_email,
    is_first_start,
    load_operator,
    set_password,
)
from app.console.accounts.second_factor import forget_second_factor
from app.console.accounts.sessions import end_sessions, hash_token
from app.console.roles import Role
from app.db import hold
from app.errors import InputError, LinkGoneError
from app.models import Operator, OperatorLink
from app.sealing import Purpose, Sealer

LIFETIME_SECONDS = 24 * 3600.0
TOKEN_BYTES = 32
# Several processes start at once; one of them says the link.
ANNOUNCED_FOR_SECONDS = 60.0


def make_link(db: Session, operator_id: str, now: float) -> str:
    """Return the token of a new link for an account; its older links end."""
    db.execute(delete(OperatorLink).where(OperatorLink.operator_id == operator_id))
    token = secrets.token_urlsafe(TOKEN_BYTES)
    db.add(_row(token, now, operator_id=operator_id))
    return token


def first_link(db: Session, sealer: Sealer, now: float) -> str | None:
    """Return the token with which the first owner sets up an account; None once there is an owner.

    Every process that asks within the day is given the same token: it is derived from a random seed under
    the master key, so that the database alone does not tell it.
    """
    hold(db, "operator-first-link")
    if not is_first_start(db):
        return None
    row = db.scalar(select(OperatorLink).where(OperatorLink.operator_id.is_(None)))
    if row is not None and row.used_at is None and now < row.expires_at and row.seed is not None:
        token = _derived(sealer, row.seed)
        if hmac.compare_digest(hash_token(token), row.token_hash):
            return token
    db.execute(delete(OperatorLink).where(OperatorLink.operator_id.is_(None)))
    seed = secrets.token_hex(16)
    token = _derived(sealer, seed)
    db.add(_row(token, now, seed=seed))
    db.flush()
    return token


def announce_once(db: Session, token: str, now: float) -> bool:
    """Tell whether the caller is the one to say the link: the first in a minute."""
    row = db.get_one(OperatorLink, hash_token(token))
    if row.announced_at is not None and now - row.announced_at < ANNOUNCED_FOR_SECONDS:
        return False
    row.announced_at = now
    return True


def peek_link(db: Session, token: str, now: float) -> OperatorLink:
    """Return a link that can still be used; `LinkGoneError` otherwise, whatever the reason."""
    row = db.get(OperatorLink, hash_token(token))
    if row is None or row.used_at is not None or now >= row.expires_at:
        raise LinkGoneError("this set-up link was used, is older than a day, or never existed")
    if row.operator_id is None and not is_first_start(db):
        raise LinkGoneError("there is an owner already; ask for a link of your own")
    return row


def use_link(db: Session, token: str, email: str, password: str, now: float) -> Operator:
    """Set the account's password, use the link up, and return the operator.

    Whoever was signed in is signed out, and the second factor is set up anew: the link is also the way
    back for somebody who has lost everything.
    """
    hold(db, f"operator-link/{hash_token(token)}")
    row = peek_link(db, token, now)
    db.refresh(row)
    operator = _operator_of(db, row, email, now)
    if operator.disabled_at is not None:
        raise LinkGoneError("this account is disabled")
    set_password(operator, password)
    _use_up(db, row, now)
    end_sessions(db, operator.id)
    forget_second_factor(db, operator)
    return operator


def _operator_of(db: Session, row: OperatorLink, email: str, now: float) -> Operator:
    if row.operator_id is not None:
        return load_operator(db, row.operator_id)
    if not email.strip():
        raise InputError("email", "must be an e-mail address such as anna@shop.example")
    waiting = find_by_email(db, email)
    if waiting is None or waiting.password_hash is not None:
        return create_operator(db, email, Role.OWNER, now)
    waiting.role = Role.OWNER.value  # invited, but nobody was there to invite them: they are the first
    return waiting


def _use_up(db: Session, row: OperatorLink, now: float) -> None:
    used = db.execute(
        update(OperatorLink)
        .where(OperatorLink.token_hash == row.token_hash, OperatorLink.used_at.is_(None))
        .values(used_at=now)
    )
    if not used.rowcount:  # type: ignore[attr-defined]
        raise LinkGoneError("this set-up link was used")


def _row(token: str, now: float, operator_id: str | None = None, seed: str | None = None) -> OperatorLink:
    return OperatorLink(
        token_hash=hash_token(token),
        operator_id=operator_id,
        seed=seed,
        created_at=now,
        expires_at=now + LIFETIME_SECONDS,
    )


def _derived(sealer: Sealer, seed: str) -> str:
    key = sealer.derive(Purpose.OPERATOR_LINK)
    return hmac.new(key, seed.encode(), hashlib.sha256).hexdigest()
