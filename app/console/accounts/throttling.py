"""Guessing passwords and codes is slow: failures are counted per account and per address."""

import hashlib

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.db import hold
from app.errors import RateLimitedError
from app.models import LoginThrottle

# NIST SP 800-63B, section 5.2.2 allows 100 tries in all. An account pauses after five, for half a minute,
# then twice as long each time; never longer than a quarter of an hour, so that nobody can lock out an owner.
FAILURES_PER_ACCOUNT = 5
# Several operators may share one office's address.
FAILURES_PER_ADDRESS = 20
FIRST_PAUSE_SECONDS = 30.0
MAX_PAUSE_SECONDS = 15 * 60.0
FORGET_SECONDS = 24 * 3600.0


def account_key(email: str) -> tuple[str, int]:
    """Return what failures of one account are counted under, and how many are free."""
    return _hashed(f"account/{email}"), FAILURES_PER_ACCOUNT


def address_key(address: str) -> tuple[str, int]:
    """Return what failures from one address are counted under, and how many are free."""
    return _hashed(f"address/{address}"), FAILURES_PER_ADDRESS


def require_patience(db: Session, keys: list[tuple[str, int]], now: float) -> None:
    """Raise `RateLimitedError` while one of the keys is to wait."""
    until = max((row.blocked_until for row in _rows(db, keys)), default=0.0)
    if until > now:
        raise RateLimitedError(int(until - now) + 1)


def count_failure(db: Session, keys: list[tuple[str, int]], now: float) -> None:
    """Count one failure under each key and set how long it waits."""
    db.execute(delete(LoginThrottle).where(LoginThrottle.last_failure_at <= now - FORGET_SECONDS))
    for key, free in keys:
        hold(db, f"login/{key}")
        row = db.get(LoginThrottle, key, populate_existing=True)
        if row is None:
            row = LoginThrottle(key=key, failures=0, last_failure_at=now, blocked_until=0.0)
            db.add(row)
        row.failures, row.last_failure_at = row.failures + 1, now
        row.blocked_until = now + pause_seconds(row.failures, free)
        db.flush()


def forgive(db: Session, key: str) -> None:
    """Forget the failures of an account that has proved itself; an address stays counted."""
    row = db.get(LoginThrottle, key)
    if row is not None:
        db.delete(row)


def pause_seconds(failures: int, free: int) -> float:
    """Return how long to wait after so many failures in a row."""
    if failures < free:
        return 0.0
    return min(FIRST_PAUSE_SECONDS * 2.0 ** min(failures - free, 10), MAX_PAUSE_SECONDS)


def _rows(db: Session, keys: list[tuple[str, int]]) -> list[LoginThrottle]:
    found = [db.get(LoginThrottle, key) for key, _ in keys]
    return [row for row in found if row is not None]


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
