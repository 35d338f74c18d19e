"""Collections: made on first use, changed under a lock, destroyed key first."""

import hashlib
import os
import uuid

from sqlalchemy import delete as delete_rows
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.errors import InputError, NotFoundError, SettingsError, StateConflictError
from app.faces.protection import Randomness, Rotation, open_rotation, random_rotation, seal_rotation
from app.models import Collection, Face
from app.sealing import Sealer

MAX_NAME = 200
MAX_DESCRIPTION = 1000

# Sessions note in `info` which collections they changed: an index in memory must not keep what may yet
# be rolled back.
CHANGED = "visavis.changed_collections"


def get_or_create(
    session: Session,
    sealer: Sealer,
    project_id: str,
    name: str,
    dimensions: int,
    now: float,
    randomness: Randomness = os.urandom,
) -> Collection:
    """Return the project's collection of that name, made with a fresh rotation on first use.

    Raises `SettingsError` when it exists but holds templates of another length.
    """
    _advisory_lock(session, f"{project_id}/{name}")
    collection = find(session, project_id, name)
    if collection is None:
        return create(session, sealer, project_id, name, dimensions, now, randomness=randomness)
    require_dimensions(collection, dimensions)
    return collection


def create(
    session: Session,
    sealer: Sealer,
    project_id: str,
    name: str,
    dimensions: int,
    now: float,
    *,
    description: str = "",
    randomness: Randomness = os.urandom,
) -> Collection:
    """Make an empty collection; `StateConflictError` when the project has one of that name."""
    _require_length("collectionId", name, 1, MAX_NAME)
    _require_length("description", description, 0, MAX_DESCRIPTION)
    if find(session, project_id, name) is not None:
        raise StateConflictError(f"the collection {name!r} exists already")
    collection = Collection(
        id=str(uuid.UUID(bytes=randomness(16), version=4)), project_id=project_id, name=name,
        description=description, sealed_rotation=b"", dimensions=dimensions, revision=0,
        created_at=now, updated_at=now,
    )  # fmt: skip
    _renew_rotation(sealer, collection, randomness)
    session.add(collection)
    session.flush()
    return collection


def find(session: Session, project_id: str, name: str) -> Collection | None:
    """Return the project's collection of that name, or None."""
    return session.scalar(select(Collection).filter_by(project_id=project_id, name=name))


def get(session: Session, project_id: str, name: str) -> Collection:
    """Return the project's collection of that name; `NotFoundError` when there is none."""
    collection = find(session, project_id, name)
    if collection is None:
        raise NotFoundError(f"there is no collection {name!r}")
    return collection


def update(session: Session, collection: Collection, description: str, now: float) -> None:
    """Change the description; the name is what configurations point at and stays."""
    _require_length("description", description, 0, MAX_DESCRIPTION)
    lock_collection(session, collection)
    collection.description = description
    next_revision(session, collection, now)


def reset(
    session: Session, sealer: Sealer, collection: Collection, now: float, randomness: Randomness = os.urandom
) -> None:
    """Delete every face and renew the rotation: templates in old backups stay unreadable."""
    lock_collection(session, collection)
    _renew_rotation(sealer, collection, randomness)
    next_revision(session, collection, now)
    session.execute(delete_rows(Face).where(Face.collection_id == collection.id))


def delete(session: Session, collection: Collection) -> None:
    """Destroy the key first, then the faces and the collection itself."""
    lock_collection(session, collection)
    collection.sealed_rotation = b""
    session.flush()
    _note_change(session, collection)
    session.execute(delete_rows(Face).where(Face.collection_id == collection.id))
    session.delete(collection)
    session.flush()


def rotation_of(sealer: Sealer, collection: Collection) -> Rotation:
    """Open the collection's secret rotation."""
    return open_rotation(sealer, collection.id, collection.sealed_rotation, collection.dimensions)


def lock_collection(session: Session, collection: Collection) -> None:
    """Let nobody else change the collection's faces until this transaction ends, and read it afresh.

    SQLite's write transactions already exclude each other (`Database.transaction`); PostgreSQL gets an
    advisory lock, so that compare-then-enrol is one step there as well.
    """
    _advisory_lock(session, collection.id)
    session.refresh(collection)


def next_revision(session: Session, collection: Collection, now: float) -> int:
    """Raise the revision counter, under the lock, and return the new number for the rows changed with it."""
    collection.revision += 1
    collection.updated_at = now
    session.flush()
    _note_change(session, collection)
    return collection.revision


def require_dimensions(collection: Collection, dimensions: int) -> None:
    """Raise `SettingsError` when the engine's embeddings do not fit into the collection."""
    if collection.dimensions != dimensions:
        raise SettingsError(
            f"the collection {collection.name!r} holds {collection.dimensions}-dimensional templates,"
            f" the recognition model gives {dimensions}: use a new collection for the new model"
        )


def _renew_rotation(sealer: Sealer, collection: Collection, randomness: Randomness) -> None:
    rotation = random_rotation(collection.dimensions, randomness)
    collection.sealed_rotation = seal_rotation(sealer, collection.id, rotation)


def _note_change(session: Session, collection: Collection) -> None:
    session.info.setdefault(CHANGED, set()).add(collection.id)


def _require_length(field: str, text: str, least: int, most: int) -> None:
    if not least <= len(text) <= most:
        raise InputError(field, f"must have {least} to {most} characters")


def _advisory_lock(session: Session, name: str) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(advisory_key(name))))


def advisory_key(name: str) -> int:
    """Return the signed 64-bit number under which PostgreSQL locks `name`; a collision only costs time."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
