"""Faces as the relying site sees them: ids, keys, payload and dates, never templates."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import InputError
from app.faces.collections import lock_collection
from app.faces.enrolment import face_of
from app.faces.keys import keys_of
from app.faces.payload import checked_payload
from app.models import Collection, Face

MAX_PAGE = 1000


@dataclass(frozen=True, slots=True)
class FaceRecord:
    """One enrolled face without its template; moments are unix seconds."""

    face_id: str
    """32 hex."""
    external_keys: tuple[str, ...]
    """Sorted."""
    payload: object
    created_at: float
    last_seen_at: float
    purge_at: float | None
    effective_size: float
    """How many independent frames the template is worth."""
    recognition_model: str


def read_face(session: Session, collection: Collection, face_id: str) -> FaceRecord:
    """Return one face; `NotFoundError` when the collection has none of that id."""
    return record_of(session, face_of(session, collection, face_id))


def list_faces(
    session: Session, collection: Collection, limit: int = 100, after: str = ""
) -> list[FaceRecord]:
    """Return up to `limit` faces by id, those after the id `after`: the way to page through all of them."""
    if not 1 <= limit <= MAX_PAGE:
        raise InputError("limit", f"must be 1 to {MAX_PAGE}")
    page = select(Face).where(Face.collection_id == collection.id, Face.id > after).order_by(Face.id)
    return [record_of(session, face) for face in session.scalars(page.limit(limit))]


def set_payload(session: Session, collection: Collection, face_id: str, payload: object) -> FaceRecord:
    """Replace what the relying site keeps with a face; None removes it."""
    checked = checked_payload(payload)
    lock_collection(session, collection)
    face = face_of(session, collection, face_id)
    face.payload = checked
    session.flush()
    return record_of(session, face)


def record_of(session: Session, face: Face) -> FaceRecord:
    """Return what a stored face shows of itself."""
    return FaceRecord(
        face_id=face.id, external_keys=keys_of(session, face.id), payload=face.payload,
        created_at=face.created_at, last_seen_at=face.last_seen_at, purge_at=face.purge_at,
        effective_size=face.effective_size, recognition_model=face.recognition_model,
    )  # fmt: skip
