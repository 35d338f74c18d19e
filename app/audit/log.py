"""Appends to the audit log and reads it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.audit.actions import Actor
from app.audit.canonical import GENESIS, canonical_json, hash_of
from app.audit.withholding import withheld
from app.db import hold
from app.models import AuditEntry, AuditHead

HEAD = 1
READ_AT_ONCE = 1000


def record(
    db: Session,
    actor: Actor,
    action: str,
    subject: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    now: float,
) -> AuditEntry:
    """Append one entry in the caller's transaction: deed and entry are there together, or neither is.

    Entries follow each other: from here to the end of the transaction nobody else appends, so call it last.
    `action` is one of `Action` or another `noun.verb`; `subject` a kind and an id (`session/3f2a…`), never a
    name or external id of a person. Secrets and biometrics in `before` and `after` are replaced
    (`app.audit.withholding`).
    """
    hold(db, "audit")
    head = db.get(AuditHead, HEAD, populate_existing=True)
    if head is None:
        head = AuditHead(id=HEAD, number=0, hash=GENESIS)
        db.add(head)
    entry = AuditEntry(
        number=head.number + 1,
        at=float(now),
        actor=actor.name,
        role=actor.role,
        action=str(action),
        subject=subject,
        before=_written(before),
        after=_written(after),
        previous_hash=head.hash,
    )
    entry.hash = hash_of(entry)
    head.number, head.hash = entry.number, entry.hash
    db.add(entry)
    db.flush()
    return entry


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries; whatever is None does not matter."""

    actor: str | None = None
    action: str | None = None
    subject: str | None = None
    """A part of the subject."""
    since: float | None = None
    until: float | None = None
    before_number: int | None = None
    """Only older entries: the next page."""


def newest(db: Session, wanted: AuditFilter, limit: int) -> list[AuditEntry]:
    """Return up to `limit` entries that match, the newest first."""
    return list(db.scalars(_matching(wanted).order_by(AuditEntry.number.desc()).limit(limit)))


def oldest_first(db: Session, wanted: AuditFilter) -> Iterator[AuditEntry]:
    """Yield every entry that matches in its order, without holding all of them."""
    query, last = _matching(wanted).order_by(AuditEntry.number).limit(READ_AT_ONCE), None
    while page := list(db.scalars(query if last is None else query.where(AuditEntry.number > last))):
        yield from page
        last = page[-1].number


def _matching(wanted: AuditFilter) -> Select[AuditEntry]:
    query = select(AuditEntry)
    if wanted.actor is not None:
        query = query.where(AuditEntry.actor == wanted.actor)
    if wanted.action is not None:
        query = query.where(AuditEntry.action == wanted.action)
    if wanted.subject is not None:
        query = query.where(AuditEntry.subject.contains(wanted.subject, autoescape=True))
    if wanted.since is not None:
        query = query.where(AuditEntry.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(AuditEntry.at < wanted.until)
    if wanted.before_number is not None:
        query = query.where(AuditEntry.number < wanted.before_number)
    return query


def _written(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else canonical_json(withheld(value))
