"""Events of faces become deliveries to every verification that uses the collection and asked for them."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import NotFoundError
from app.models import FaceEvent, Verification
from app.verifications.configuration import Configuration, RecognitionType
from app.verifications.store import load_current
from app.webhooks.deliveries import BATCH, add_delivery, subscribed_url
from app.webhooks.message import body_of


def dispatch_events(db: Session, now: float) -> int:
    """Turn new events of faces into deliveries, each exactly once."""
    events = db.scalars(
        select(FaceEvent)
        .where(FaceEvent.delivered_at.is_(None))
        .order_by(FaceEvent.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for event in events:
        event.delivered_at = now
        for verification_id in _users(db, event):
            _tell(db, event, verification_id)
    return len(events)


def _tell(db: Session, event: FaceEvent, verification_id: str) -> None:
    url = subscribed_url(db, verification_id, event.event)
    if url is None:
        return
    more = {"faceId": event.face_id, "collectionId": event.collection_name}
    body = body_of(event.event, None, verification_id, event.created_at, more)
    add_delivery(db, url, event.event, None, verification_id, body, event.created_at)


def _users(db: Session, event: FaceEvent) -> list[str]:
    """Return the ids of the project's verifications that now use the event's collection."""
    query = select(Verification.id).where(
        Verification.project_id == event.project_id, Verification.deleted_at.is_(None)
    )
    return [each for each in db.scalars(query) if _uses(_current(db, each), event.collection_name)]


def _current(db: Session, verification_id: str) -> Configuration | None:
    try:
        return load_current(db, verification_id).configuration
    except NotFoundError:
        return None


def _uses(configuration: Configuration | None, collection_name: str) -> bool:
    if configuration is None:
        return False
    recognition = configuration.verifier_configs.face_recognition
    used = recognition.collection_id or configuration.id
    return recognition.type is not RecognitionType.DISABLED and used == collection_name
