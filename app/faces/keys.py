"""External keys: the relying site's own names of a face, each naming one face of a collection."""

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.errors import InputError, StateConflictError, TooLargeError
from app.models import Collection, Face, FaceKey

MAX_KEY = 256
MAX_KEYS_OF_FACE = 100


def require_key(key: str, field: str) -> None:
    """Raise `InputError` naming `field` unless the key has 1 to 256 characters."""
    if not 1 <= len(key) <= MAX_KEY or "\x00" in key:
        raise InputError(field, f"must have 1 to {MAX_KEY} characters, none of them zero")


def face_named(session: Session, collection: Collection, key: str | None) -> Face | None:
    """Return the face that a key names in this collection, or None."""
    if key is None:
        return None
    return session.scalar(
        select(Face)
        .join(FaceKey, FaceKey.face_id == Face.id)
        .where(FaceKey.collection_id == collection.id, FaceKey.external_id == key)
    )


def keys_of(session: Session, face_id: str) -> tuple[str, ...]:
    """Return the keys that name a face, sorted."""
    keys = select(FaceKey.external_id).filter_by(face_id=face_id).order_by(FaceKey.external_id)
    return tuple(session.scalars(keys))


def add_key(
    session: Session, collection: Collection, face: Face, key: str, now: float, field: str = "externalKey"
) -> None:
    """Let a key name a face; nothing happens when it does already. Hold the collection's lock.

    Raises `StateConflictError` when it names another face of the collection: a key never moves by itself.
    """
    require_key(key, field)
    named = face_named(session, collection, key)
    if named is not None and named.id != face.id:
        raise StateConflictError("the external id names a face already")
    if named is None:
        _require_room(session, face, field)
        session.add(FaceKey(collection_id=collection.id, external_id=key, face_id=face.id, created_at=now))
        session.flush()


def remove_key(session: Session, face: Face, key: str) -> bool:
    """Let a key no longer name this face, which stays; False when it did not."""
    removed = session.execute(
        delete(FaceKey)
        .where(
            FaceKey.collection_id == face.collection_id,
            FaceKey.external_id == key,
            FaceKey.face_id == face.id,
        )
        .returning(FaceKey.face_id)
    ).all()
    return bool(removed)


def _require_room(session: Session, face: Face, field: str) -> None:
    taken = session.scalar(select(func.count()).select_from(FaceKey).filter_by(face_id=face.id)) or 0
    if taken >= MAX_KEYS_OF_FACE:
        raise TooLargeError(field, f"a face has at most {MAX_KEYS_OF_FACE} external ids")
