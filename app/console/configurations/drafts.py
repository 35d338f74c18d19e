"""Drafts: one per verification, saved by whoever edited the latest one, published on purpose."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.console.configurations.differences import canonical
from app.db import hold
from app.errors import NotFoundError, StateConflictError
from app.models import ConfigurationDraft, Verification, VerificationVersion
from app.verifications.configuration import read_configuration, write_configuration
from app.verifications.store import PublishedConfiguration, publish


@dataclass(frozen=True, slots=True)
class Edited:
    """What the editor shows: the draft, or the published version when there is none."""

    verification_id: str
    project_id: str
    text: str
    """Canonical JSON."""
    revision: int
    """0: nobody has begun a draft."""
    current_version: int
    """0: never published."""
    base_version: int
    changed_at: float | None = None
    changed_by: str | None = None

    @property
    def document(self) -> dict[str, Any]:
        """The configuration as JSON values."""
        parsed: dict[str, Any] = json.loads(self.text)
        return parsed

    @property
    def is_draft(self) -> bool:
        """True when somebody has saved something that is not published."""
        return self.revision > 0


class DraftMovedError(StateConflictError):
    """Somebody else saved or published after this editor had opened the page."""

    def __init__(self, by: str, at: float) -> None:
        """Say who and when."""
        super().__init__("it was changed after you had opened it")
        self.by, self.at = by, at


def create_draft(
    db: Session, project_id: str, name: str, document: dict[str, Any], author: str, now: float
) -> str:
    """Begin a configuration that nobody has published yet; return its id."""
    verification_id = str(uuid4())
    text = write_configuration(read_configuration({"id": verification_id, "name": name, **document}))
    db.add(
        ConfigurationDraft(
            verification_id=verification_id,
            project_id=project_id,
            document=text,
            revision=1,
            base_version=0,
            changed_at=now,
            changed_by=author,
        )
    )
    return verification_id


def load_edited(db: Session, verification_id: str) -> Edited:
    """Return what there is to edit; `NotFoundError` for what was deleted or never there."""
    verification = db.get(Verification, verification_id, populate_existing=True)
    draft = db.get(ConfigurationDraft, verification_id, populate_existing=True)
    if verification is not None and verification.deleted_at is not None:
        raise NotFoundError("this verification was deleted")
    current = verification.current_version if verification is not None else 0
    if draft is not None:
        return Edited(
            verification_id, draft.project_id, draft.document, draft.revision, current, draft.base_version,
            draft.changed_at, draft.changed_by,
        )  # fmt: skip
    if verification is None or not current:
        raise NotFoundError("no such verification")
    version = load_numbered(db, verification_id, current)
    text = canonical(version.document)
    return Edited(verification_id, verification.project_id, text, 0, current, current)


def save_draft(
    db: Session, verification_id: str, document: dict[str, Any], seen_revision: int, author: str, now: float
) -> Edited:
    """Validate and save over the revision that the editor has seen; return what is there now.

    Raises `ConfigurationRefusedError` with every problem, and `DraftMovedError` when somebody else was
    faster. The same document again changes nothing.
    """
    text = write_configuration(read_configuration({**document, "id": verification_id}))
    hold(db, f"draft/{verification_id}")
    edited = load_edited(db, verification_id)
    if edited.revision != seen_revision:
        raise DraftMovedError(edited.changed_by or "somebody", edited.changed_at or now)
    if text == edited.text:
        return edited
    draft = db.get(ConfigurationDraft, verification_id)
    if draft is None:
        draft = ConfigurationDraft(
            verification_id=verification_id,
            project_id=edited.project_id,
            revision=0,
            base_version=edited.current_version,
        )
        db.add(draft)
    draft.document, draft.revision = text, draft.revision + 1
    draft.changed_at, draft.changed_by = now, author
    db.flush()
    return load_edited(db, verification_id)


def publish_draft(
    db: Session, verification_id: str, seen_revision: int, seen_version: int, now: float
) -> PublishedConfiguration:
    """Make the draft the current version, if it and the published one are what the editor has seen."""
    hold(db, f"draft/{verification_id}")
    edited = load_edited(db, verification_id)
    if not edited.is_draft:
        raise StateConflictError("there is no draft to publish")
    if (edited.revision, edited.current_version) != (seen_revision, seen_version):
        raise DraftMovedError(edited.changed_by or "somebody", edited.changed_at or now)
    published = publish(db, edited.project_id, edited.document, now)
    discard_draft(db, verification_id)
    return published


def discard_draft(db: Session, verification_id: str) -> None:
    """Forget what is not published."""
    draft = db.get(ConfigurationDraft, verification_id)
    if draft is not None:
        db.delete(draft)
        db.flush()


def load_numbered(db: Session, verification_id: str, number: int) -> VerificationVersion:
    """Return one version; `NotFoundError` when there is none with this number."""
    version = db.scalar(
        select(VerificationVersion).where(
            VerificationVersion.verification_id == verification_id, VerificationVersion.number == number
        )
    )
    if version is None:
        raise NotFoundError(f"there is no version {number}")
    return version
