"""Goes through the chain and names the first entry that is not as it was written."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audit.canonical import GENESIS, canonical_json, document_of, hash_of
from app.audit.log import HEAD, AuditFilter, oldest_first
from app.errors import InputError
from app.models import AuditEntry, AuditHead

Progress: TypeAlias = Callable[[Iterable[AuditEntry], int], Iterable[AuditEntry]]
"""Wraps the entries, of which there are so many, so that a person can watch them pass."""


@dataclass(frozen=True, slots=True)
class KnownEntry:
    """An entry whose hash somebody noted outside of the database."""

    number: int
    hash: str

    @classmethod
    def parse(cls, text: str) -> "KnownEntry":
        """Read `NUMBER:HASH`."""
        found = re.fullmatch(r"(\d{1,18}):([0-9a-f]{64})", text)
        if found is None:
            raise InputError("known", "must be NUMBER:HASH as `flask audit verify` prints it")
        return cls(int(found[1]), found[2])


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verifying found."""

    entries: int
    """How many entries were good."""
    head: KnownEntry
    """The last good entry: note it elsewhere, and later give it to the next verification."""
    bad: int | None = None
    """Number of the first entry that is wrong or missing; None = all are as they were written."""
    problem: str | None = None

    @property
    def is_good(self) -> bool:
        """True when nothing was found."""
        return self.bad is None


def verify(db: Session, progress: Progress, known: KnownEntry | None = None) -> Verdict:
    """Check every entry, that none is missing, and that the chain still has the entry that is `known`.

    Whoever can write to the database can also forge the whole chain from some entry on, hashes and all: only
    a hash that was noted elsewhere shows that.
    """
    count = db.scalar(select(func.count()).select_from(AuditEntry)) or 0
    head = KnownEntry(0, GENESIS)
    for entry in progress(oldest_first(db, AuditFilter()), count):
        problem = _problem(entry, head, known)
        if problem is not None:
            return Verdict(head.number, head, head.number + 1, problem)
        head = KnownEntry(entry.number, entry.hash)
    problem = _end_problem(db, head, known)
    return Verdict(head.number, head, None if problem is None else head.number + 1, problem)


def _problem(entry: AuditEntry, last: KnownEntry, known: KnownEntry | None) -> str | None:
    if entry.number != last.number + 1:
        return f"it is missing; the next one there is {entry.number}"
    if entry.previous_hash != last.hash:
        return "it does not follow the entry before it: one was inserted, removed, changed or moved"
    if not _is_as_written(entry):
        return "its content is not what its hash was made of"
    if known is not None and known.number == entry.number and known.hash != entry.hash:
        return "its hash is not the one that was noted: the chain was forged"
    return None


def _is_as_written(entry: AuditEntry) -> bool:
    try:
        document = document_of(entry)
        texts = [(entry.before, document["before"]), (entry.after, document["after"])]
        canonical = all(text is None or canonical_json(value) == text for text, value in texts)
        return canonical and hash_of(entry) == entry.hash
    except (TypeError, ValueError):
        return False


def _end_problem(db: Session, last: KnownEntry, known: KnownEntry | None) -> str | None:
    head = db.get(AuditHead, HEAD)
    number, noted = (0, GENESIS) if head is None else (head.number, head.hash)
    if (number, noted) != (last.number, last.hash):
        return f"it is missing, or was added by hand: the log ends with entry {number}"
    if known is not None and known.number > last.number:
        return f"it is missing: entry {known.number} was noted and is gone"
    return None
