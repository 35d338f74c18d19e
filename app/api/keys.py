"""API keys: made, found, rotated, revoked.

A key is `vvk_<id>_<secret>`: the id finds the row, the secret proves the caller. The secret has 256 random
bits, so nobody can try them all and a slow hash would only slow every call down; the hash is keyed with the
master key, so that a database that somebody can write to does not let them in either.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from app.api.scopes import Scope
from app.errors import InputError, NotFoundError, UnauthenticatedError
from app.models import ApiKey
from app.sealing import Purpose, Sealer

# Lets a secret scanner, or a tired engineer, tell it from a signing secret.
KEY_PREFIX = "vvk"
ID_BYTES = 8
SECRET_BYTES = 32
MAX_NAME = 200
# A write for every call would make all calls queue for SQLite's one writer.
USE_NOTED_EVERY_SECONDS = 60.0
_NO_KEY = "the API key is not known, expired or revoked"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls the API."""

    project_id: str
    key_id: str
    scopes: frozenset[Scope]
    is_token: bool
    """True for a short-lived token, False for the secret key itself."""


def create_key(
    db: Session,
    sealer: Sealer,
    project_id: str,
    name: str,
    scopes: Iterable[Scope],
    now: float,
    expires_at: float | None = None,
) -> tuple[ApiKey, str]:
    """Make a key; return its row and its text, which nobody can be shown again."""
    granted = sorted(set(scopes))
    if not granted:
        raise InputError("scope", "a key needs at least one scope")
    if not 1 <= len(name) <= MAX_NAME:
        raise InputError("name", f"must have 1 to {MAX_NAME} characters")
    key_id, secret = secrets.token_hex(ID_BYTES), secrets.token_urlsafe(SECRET_BYTES)
    row = ApiKey(
        id=key_id,
        project_id=project_id,
        name=name,
        secret_hash=_hash(sealer, key_id, secret),
        scopes=granted,
        created_at=now,
        expires_at=expires_at,
    )
    db.add(row)
    db.flush()
    return row, f"{KEY_PREFIX}_{key_id}_{secret}"


def list_keys(db: Session, project_id: str) -> Sequence[ApiKey]:
    """Return every key of a project, newest first."""
    return db.scalars(
        select(ApiKey).filter_by(project_id=project_id).order_by(ApiKey.created_at.desc(), ApiKey.id)
    ).all()


def revoke_key(db: Session, key_id: str, now: float) -> None:
    """End a key, and every token made with it, at once."""
    _live_key(db, key_id, now).revoked_at = now


def rotate_key(
    db: Session, sealer: Sealer, key_id: str, now: float, grace_seconds: float
) -> tuple[ApiKey, str]:
    """Make a key like this one; the old one ends after the grace, or when it would have anyway."""
    old = _live_key(db, key_id, now)
    lifetime = None if old.expires_at is None else old.expires_at - old.created_at
    successor = create_key(
        db, sealer, old.project_id, old.name, [Scope(scope) for scope in old.scopes], now,
        None if lifetime is None else now + lifetime,
    )  # fmt: skip
    old.expires_at = min(old.expires_at or now + grace_seconds, now + grace_seconds)
    return successor


def caller_of_key(db: Session, sealer: Sealer, text: str, now: float) -> Caller:
    """Return who a key belongs to; raise `UnauthenticatedError` without saying which part was wrong.

    A key that nobody has is compared too, so that the time taken does not tell that its id is unknown.
    """
    key_id, secret = _parse(text)
    row = db.get(ApiKey, key_id)
    expected = row.secret_hash if row is not None else ""
    matches = hmac.compare_digest(expected.encode(), _hash(sealer, key_id, secret).encode())
    if row is None or not matches or not _is_live(row, now):
        raise UnauthenticatedError(_NO_KEY)
    return Caller(row.project_id, row.id, _scopes(row), is_token=False)


def caller_of_token(db: Session, key_id: str, scopes: Iterable[str], now: float) -> Caller:
    """Return who a token speaks for: its key must still be good and still have the scopes."""
    row = db.get(ApiKey, key_id)
    if row is None or not _is_live(row, now):
        raise UnauthenticatedError("the API key that this token was made with is expired or revoked")
    return Caller(row.project_id, row.id, _scopes(row) & _known(scopes), is_token=True)


def note_use(db: Session, key_id: str, now: float) -> None:
    """Remember, to the minute, that a key was used, so that nobody revokes one that is in use."""
    not_yet = or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at <= now - USE_NOTED_EVERY_SECONDS)
    db.execute(update(ApiKey).where(ApiKey.id == key_id, not_yet).values(last_used_at=now))


def use_is_due(db: Session, key_id: str, now: float) -> bool:
    """Tell whether `note_use` would write."""
    row = db.get(ApiKey, key_id)
    return row is not None and (row.last_used_at or 0.0) <= now - USE_NOTED_EVERY_SECONDS


def _parse(text: str) -> tuple[str, str]:
    prefix, _, rest = text.partition("_")
    key_id, _, secret = rest.partition("_")
    if prefix != KEY_PREFIX or not key_id or not secret:
        raise UnauthenticatedError("this is not an API key; one begins with vvk_")
    return key_id, secret


def _hash(sealer: Sealer, key_id: str, secret: str) -> str:
    message = f"{key_id}.{secret}".encode("utf-8", "surrogatepass")
    return hmac.new(sealer.derive(Purpose.API_KEY), message, hashlib.sha256).hexdigest()


def _is_live(row: ApiKey, now: float) -> bool:
    return row.revoked_at is None and (row.expires_at is None or now < row.expires_at)


def _live_key(db: Session, key_id: str, now: float) -> ApiKey:
    row = db.get(ApiKey, key_id)
    if row is None or not _is_live(row, now):
        raise NotFoundError(f"no live API key {key_id}")
    return row


def _scopes(row: ApiKey) -> frozenset[Scope]:
    return _known(row.scopes)


def _known(names: Iterable[str]) -> frozenset[Scope]:
    return frozenset(scope for scope in Scope if scope in set(names))
