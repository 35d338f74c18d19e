"""Verifications in the database: publish a version, read the current one, read an old one."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import uuid4
from weakref import WeakKeyDictionary

from sqlalchemy import Pool, bindparam, select
from sqlalchemy.orm import Session

from app.db import hold, writes
from app.errors import NotFoundError
from app.models import Verification, VerificationVersion
from app.plain import PlainStatement
from app.verifications.configuration import Configuration, read_configuration, write_configuration

MAX_HELD_VERSIONS = 1024
_CURRENT = PlainStatement(
    select(VerificationVersion.id)
    .select_from(Verification)
    .outerjoin(
        VerificationVersion,
        (VerificationVersion.verification_id == Verification.id)
        & (VerificationVersion.number == Verification.current_version),
    )
    .where(Verification.id == bindparam("verification_id"), Verification.deleted_at.is_(None))
)


@dataclass(frozen=True)
class PublishedConfiguration:
    """A configuration with the version that it is."""

    configuration: Configuration
    project_id: str
    version_id: int
    number: int


def publish(db: Session, project_id: str, document: dict[str, Any], now: float) -> PublishedConfiguration:
    """Validate a document and make it the current version; the same content makes no new version.

    A document without `id` gets one. Raises `ConfigurationRefusedError` before anything is written.
    """
    document = {**document}
    if not any(name.lower() == "id" for name in document):
        document["id"] = str(uuid4())
    configuration = read_configuration(document)
    text = write_configuration(configuration)
    # Versions are numbered one after the other, and the same content published twice at once is one.
    hold(db, f"verification/{configuration.id}")
    verification = _get_or_add(db, project_id, configuration, now)
    latest = _version(db, verification.id, verification.current_version)
    if latest is None or latest.document != text:
        latest = _add_version(db, verification, configuration, text, now)
    return PublishedConfiguration(configuration, project_id, latest.id, latest.number)


def load_current(db: Session, verification_id: str) -> PublishedConfiguration:
    """Return what new sessions begin with; `NotFoundError` for an unknown or deleted verification."""
    found = _CURRENT.first(db, {"verification_id": verification_id})
    if found is None:
        raise NotFoundError("no such verification")
    (version_id,) = found
    if version_id is None:
        raise NotFoundError("this verification was never published")
    return load_version(db, version_id)


def load_version(db: Session, version_id: int) -> PublishedConfiguration:
    """Return the immutable version that a session began with."""
    held = _versions_of(db)
    found = held.get(version_id) or _read_version(db, version_id)
    # What a write transaction sees may be rolled back, and its number be given to another version.
    if not writes(db):
        if len(held) >= MAX_HELD_VERSIONS:
            held.clear()
        held[version_id] = found
    return found


def _versions_of(db: Session) -> dict[int, PublishedConfiguration]:
    """Return what this process has read of the database's committed versions: they never change."""
    return _held_versions.setdefault(db.get_bind().engine.pool, {})


def _read_version(db: Session, version_id: int) -> PublishedConfiguration:
    version = db.get(VerificationVersion, version_id)
    if version is None:
        raise NotFoundError("no such version")
    verification = db.get_one(Verification, version.verification_id)
    return _published(verification, version)


def list_verifications(db: Session) -> list[Verification]:
    """Return all verifications that were not deleted, by name."""
    query = select(Verification).where(Verification.deleted_at.is_(None)).order_by(Verification.name)
    return list(db.scalars(query))


def _published(verification: Verification, version: VerificationVersion) -> PublishedConfiguration:
    configuration = _parsed(version.document)
    return PublishedConfiguration(configuration, verification.project_id, version.id, version.number)


# Versions never change and their rows are never deleted, so a process reads each of a database once.
_held_versions: WeakKeyDictionary[Pool, dict[int, PublishedConfiguration]] = WeakKeyDictionary()


@lru_cache(maxsize=256)
def _parsed(document: str) -> Configuration:
    """Parse a stored document once: it was validated when published, never changes and is frozen."""
    return Configuration.model_validate_json(document)


def _get_or_add(db: Session, project_id: str, configuration: Configuration, now: float) -> Verification:
    verification = db.get(Verification, configuration.id, populate_existing=True)
    if verification is None:
        verification = Verification(
            id=configuration.id, project_id=project_id, current_version=0, created_at=now
        )
        db.add(verification)
    elif verification.project_id != project_id:
        raise NotFoundError("no such verification in this project")
    verification.name = configuration.name
    db.flush()
    return verification


def _add_version(
    db: Session, verification: Verification, configuration: Configuration, text: str, now: float
) -> VerificationVersion:
    version = VerificationVersion(
        verification_id=verification.id,
        number=verification.current_version + 1,
        document=text,
        published_at=now,
    )
    db.add(version)
    verification.current_version = version.number
    db.flush()
    return version


def _version(db: Session, verification_id: str, number: int) -> VerificationVersion | None:
    return db.scalar(
        select(VerificationVersion).where(
            VerificationVersion.verification_id == verification_id, VerificationVersion.number == number
        )
    )
