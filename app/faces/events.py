"""What is told of faces: enrolled and deleted, written in the transaction in which it happens.

Which verifications hear of it is looked up when it is sent: a collection may be used by many, and whoever
enrols holds the collection meanwhile.
"""

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.models import Collection, CollectionKind, FaceEvent
from app.plain import PlainStatement

ENROLLED, DELETED = "FaceEnrolled", "FaceDeleted"

_NEW_EVENT = PlainStatement(insert(FaceEvent))


def note_enrolled(session: Session, collection: Collection, face_id: str, now: float) -> None:
    """Tell that a face was stored."""
    _note(session, collection, ENROLLED, face_id, now)


def note_deleted(session: Session, collection: Collection, face_id: str | None, now: float) -> None:
    """Tell that a face is gone; None = every face of the collection is."""
    _note(session, collection, DELETED, face_id, now)


def _note(session: Session, collection: Collection, event: str, face_id: str | None, now: float) -> None:
    # The block list is the operator's: a relying site must not learn from it who is watched for.
    if collection.kind != CollectionKind.FACES:
        return
    where = {"project_id": collection.project_id, "collection_name": collection.name}
    _NEW_EVENT.write(session, {"event": event, **where, "face_id": face_id, "created_at": now})
