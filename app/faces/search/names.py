"""External ids of the faces that a search leaves out or finds."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Collection, FaceKey


def ids_named(session: Session, collection: Collection, external_id: str | None) -> list[str]:
    """Return the ids of the faces that an external id names; none for None."""
    if external_id is None:
        return []
    named = select(FaceKey.face_id).filter_by(collection_id=collection.id, external_id=external_id)
    return list(session.scalars(named))


def names_of(session: Session, face_ids: list[str]) -> dict[str, tuple[str, ...]]:
    """Return the external ids of each face that has any, sorted as Python sorts on every database."""
    names: dict[str, tuple[str, ...]] = {}
    keys = select(FaceKey.face_id, FaceKey.external_id).where(FaceKey.face_id.in_(face_ids))
    for face_id, external_id in sorted(tuple(row) for row in session.execute(keys)):
        names[face_id] = (*names.get(face_id, ()), external_id)
    return names
