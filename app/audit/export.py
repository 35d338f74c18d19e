"""The log as JSON lines: each line is the canonical JSON of one entry, with its hash."""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from app.audit.canonical import canonical_json, document_of
from app.audit.log import AuditFilter, oldest_first


def json_lines(db: Session, wanted: AuditFilter) -> Iterator[str]:
    """Yield one line, with its line feed, for each entry that matches, the oldest first.

    Without `hash`, a line's canonical JSON (names sorted, no spaces) is what its SHA-256 is made of.
    """
    for entry in oldest_first(db, wanted):
        yield canonical_json({**document_of(entry), "hash": entry.hash}) + "\n"
