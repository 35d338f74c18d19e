"""Collections: made on first use, changed under a lock, destroyed key first."""

import os
import uuid
from dataclasses import dataclass

from sqlalchemy import delete as delete_rows
from sqlalchemy import func, select
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import Session

from app.db import hold
from app.errors import InputError, NotFoundError, SettingsError, StateConflictError
from app.faces import events
from app.faces.protection import Randomness, Rotation, open_rotation, random_rotation, seal_rotation
from app.faces.usage import verifications_using
from app.models import Collection, CollectionKind, Face
from app.sealing import Sealer

MAX_NAME = 200
MAX_DESCRIPTION = 1000
# Names that begin so are the service's own.
RESERVED_PREFIX = "~"

# Sessions note in `info` which collections they changed: an index in memory must not keep what may yet
# be rolled back.
CHANGED = "visavis.changed_collections"


@dataclass(frozen=True, slots=True)
class CollectionSummary:
    """A collection and how many faces are in it."""

    collection: Collection
    faces: int


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
    lock_name(session, project_id, name)
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
    _require_free_name(session, project_id, name)
    _require_length("description", description, 0, MAX_DESCRIPTION)
    collection = new_collection(sealer, project_id, name, dimensions, now, randomness)
    collection.description = description
    session.add(collection)
    session.flush()
    return collection


def new_collection(
    sealer: Sealer,
    project_id: str,
    name: str,
    dimensions: int,
    now: float,
    randomness: Randomness,
    kind: CollectionKind = CollectionKind.FACES,
) -> Collection:
    """Return an empty collection with a rotation of its own, not yet in the database."""
    collection = Collection(
        id=str(uuid.UUID(bytes=randomness(16), version=4)), project_id=project_id, name=name, kind=kind,
        description="", sealed_rotation=b"", dimensions=dimensions, revision=0,
        created_at=now, updated_at=now,
    )  # fmt: skip
    _renew_rotation(sealer, collection, randomness)
    return collection


def find(session: Session, project_id: str, name: str) -> Collection | None:
    """Return the project's collection of that name, or None; the block list has no name to be found by."""
    return session.scalar(
        select(Collection).filter_by(project_id=project_id, name=name, kind=CollectionKind.FACES)
    )


def get(session: Session, project_id: str, name: str) -> Collection:
    """Return the project's collection of that name; `NotFoundError` when there is none."""
    collection = find(session, project_id, name)
    if collection is None:
        raise NotFoundError(f"there is no collection {name!r}")
    return collection


def list_collections(session: Session, project_id: str) -> list[CollectionSummary]:
    """Return the project's collections by name, each with the number of its faces."""
    faces = select(func.count()).where(Face.collection_id == Collection.id).scalar_subquery()
    rows = session.execute(
        select(Collection, faces)
        .filter_by(project_id=project_id, kind=CollectionKind.FACES)
        .order_by(Collection.name)
    )
    return [CollectionSummary(row[0], row[1]) for row in rows]


def count_faces(session: Session, collection: Collection) -> int:
    """Return how many faces the collection holds, whatever they were made with."""
    return session.scalar(select(func.count()).select_from(Face).filter_by(collection_id=collection.id)) or 0


def update(
    session: Session,
    collection: Collection,
    now: float,
    *,
    name: str | None = None,
    description: str | None = None,
) -> None:
    """Change name or description; None leaves it as it is.

    Raises `StateConflictError` when the new name is taken, or while a verification uses the old one: its
    next visitor would silently begin an empty collection of that name, and every duplicate would pass.
    """
    lock_collection(session, collection)
    if name is not None and name != collection.name:
        _require_free_name(session, collection.project_id, name)
        users = verifications_using(session, collection)
        if users:
            raise StateConflictError(f"the collection is used by the verification {users[0]!r}")
        collection.name = name
    if description is not None:
        _require_length("description", description, 0, MAX_DESCRIPTION)
        collection.description = description
    next_revision(session, collection, now)


def reset(
    session: Session, sealer: Sealer, collection: Collection, now: float, randomness: Randomness = os.urandom
) -> None:
    """Delete every face and renew the rotation: templates in old backups stay unreadable."""
    lock_collection(session, collection)
    _renew_rotation(sealer, collection, randomness)
    collection.sealed_next_rotation = collection.next_dimensions = None
    next_revision(session, collection, now)
    _delete_faces(session, collection, now)


def delete(session: Session, collection: Collection, now: float) -> None:
    """Destroy the key first, then the faces and the collection itself."""
    lock_collection(session, collection)
    collection.sealed_rotation, collection.sealed_next_rotation = b"", None
    session.flush()
    _note_change(session, collection)
    _delete_faces(session, collection, now)
    session.delete(collection)
    session.flush()


def _delete_faces(session: Session, collection: Collection, now: float) -> None:
    gone = delete_rows(Face).where(Face.collection_id == collection.id).returning(Face.id)
    if session.execute(gone).all():
        events.note_deleted(session, collection, None, now)


def rotation_of(sealer: Sealer, collection: Collection) -> Rotation:
    """Open the collection's secret rotation."""
    return open_rotation(sealer, collection.id, collection.sealed_rotation, collection.dimensions)


def lock_collection(session: Session, collection: Collection) -> None:
    """Let nobody else change the collection's faces until this transaction ends, and read it afresh.

    Compare-then-enrol is one step under it: a face that nobody resembles when it is compared still
    resembles nobody when it is stored. `NotFoundError` when the collection was deleted in the meantime.
    """
    hold(session, collection.id)
    try:
        session.refresh(collection)
    except InvalidRequestError:
        raise NotFoundError("the collection was deleted") from None


def lock_name(session: Session, project_id: str, name: str) -> None:
    """Let nobody else make a collection of that name until this transaction ends."""
    hold(session, f"{project_id}/{name}")


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


def _require_free_name(session: Session, project_id: str, name: str) -> None:
    _require_length("collectionId", name, 1, MAX_NAME)
    if name.startswith(RESERVED_PREFIX):
        raise InputError("collectionId", f"must not begin with {RESERVED_PREFIX}")
    lock_name(session, project_id, name)
    if find(session, project_id, name) is not None:
        raise StateConflictError(f"the collection {name!r} exists already")


def _note_change(session: Session, collection: Collection) -> None:
    session.info.setdefault(CHANGED, set()).add(collection.id)


def _require_length(field: str, text: str, least: int, most: int) -> None:
    if not least <= len(text) <= most:
        raise InputError(field, f"must have {least} to {most} characters")
