"""Going back to an earlier version of a verification, byte for byte."""

import json

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import hold
from app.errors import NotFoundError
from app.models import Verification, VerificationVersion
from app.verifications.configuration import read_configuration
from app.verifications.store import PublishedConfiguration, load_version


def restore(db: Session, verification_id: str, number: int, now: float) -> PublishedConfiguration:
    """Publish an earlier version anew, as a further version with the very same bytes.

    Versions after it stay where they are. Raises `NotFoundError`, and `ConfigurationRefusedError` when
    this release does not accept what an old one did.
    """
    hold(db, f"verification/{verification_id}")
    verification = db.get(Verification, verification_id, populate_existing=True)
    if verification is None or verification.deleted_at is not None:
        raise NotFoundError("no such verification")
    old = _version(db, verification_id, number)
    current = _version(db, verification_id, verification.current_version)
    if current.document == old.document:
        return load_version(db, current.id)
    return _publish_anew(db, verification, old, now)


def _publish_anew(
    db: Session, verification: Verification, old: VerificationVersion, now: float
) -> PublishedConfiguration:
    name = read_configuration(_document(old)).name
    version = VerificationVersion(
        verification_id=verification.id,
        number=verification.current_version + 1,
        document=old.document,
        published_at=now,
    )
    db.add(version)
    verification.current_version, verification.name = version.number, name
    db.flush()
    return load_version(db, version.id)


def _document(version: VerificationVersion) -> object:
    return json.loads(version.document)


def _version(db: Session, verification_id: str, number: int) -> VerificationVersion:
    version = db.scalar(
        select(VerificationVersion).where(
            VerificationVersion.verification_id == verification_id, VerificationVersion.number == number
        )
    )
    if version is None:
        raise NotFoundError(f"there is no version {number}")
    return version
